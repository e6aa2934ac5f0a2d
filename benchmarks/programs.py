"""The example model and the compiled programs, built once per content under build/demo."""

from __future__ import annotations

import hashlib
import importlib.util
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cartonml

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "demo"
CARTON = BUILD / "example.carton"
SCRIPT = BUILD / "example.pt"


def make_example() -> None:
    """Make example.pt and example.carton, in a process of its own: this one needs no torch."""
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, str(ROOT / "examples/python/pack_and_run.py"), str(CARTON)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def carton_flags() -> list[str]:
    """What a compiler needs to build and link against the libcarton of the installed package."""
    folder = cartonml.get_lib()
    return [f"-I{cartonml.get_include()}", f"-L{folder}", f"-Wl,-rpath,{folder}", "-lcarton"]


def torch_flags() -> list[str]:
    """The same for the libtorch of the installed torch, which is found without importing it."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("torch is not installed in this Python; `make setup` installs it")
    torch = Path(spec.submodule_search_locations[0])
    # The library registers its operators as it is loaded, so it must be linked although few symbols are used.
    return [
        f"-isystem{torch / 'include'}",
        f"-L{torch / 'lib'}",
        f"-Wl,-rpath,{torch / 'lib'}",
        "-Wl,--no-as-needed",
        "-ltorch_cpu",
        "-lc10",
    ]


def output_for(source: Path, flags: Sequence[str]) -> Path:
    """Where the program lies that is made of these bytes with these flags."""
    return BUILD / f"{source.stem}-{_key(source, flags)}"


def command_for(source: Path, flags: Sequence[str], output: Path) -> list[str]:
    """The command that compiles one C or C++ file."""
    compiler = ["cc", "-std=c11"] if source.suffix == ".c" else ["c++", "-std=c++20"]
    return [*compiler, "-O2", str(source), *flags, "-o", str(output)]


def build(source: Path, flags: Sequence[str]) -> Path:
    """Compile `source` unless the same bytes were compiled with the same flags before."""
    BUILD.mkdir(parents=True, exist_ok=True)
    output = output_for(source, flags)
    if not output.exists():
        partial = output.with_suffix(".partial")
        command = command_for(source, flags, partial)
        done = subprocess.run(command, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{source.name} does not compile; the command was\n{shlex.join(command)}")
        partial.replace(output)
    return output


def _key(source: Path, flags: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join(flags).encode())
    headers = [*source.parent.glob("*.h"), *Path(cartonml.get_include()).rglob("*.h*")]
    for file in [source, *sorted(headers)]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
