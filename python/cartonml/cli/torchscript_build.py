"""Builds the TorchScript runner against one libtorch, and installs it where `load` finds it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from cartonml._errors import InvalidError
from cartonml._paths import installed_torch, runner_src
from cartonml.cli.report import BuildError

INTERFACE_VERSION = 2
COMPAT_VERSION = 1
LOG_TAIL = 25  # lines shown of the log of a failed build


@dataclass(frozen=True)
class Torch:
    """A libtorch: its folder (with lib/ and include/) and its version, such as `2.13.0`."""

    folder: Path
    version: str

    @property
    def lib(self) -> Path:
        return self.folder / "lib"


@dataclass(frozen=True)
class Installed:
    """An installed runner: its folder, and whether it was built by this call."""

    folder: Path
    fresh: bool


def find_torch(folder: Path | None) -> Torch:
    """The libtorch in `folder`, or, if that is None, the one that pip installed for this Python.

    Raises:
        InvalidError: There is none, or it lacks what a build needs.
    """
    if folder is None:
        folder = installed_torch()
        if folder is None:
            raise InvalidError(
                "no torch is installed in this Python",
                "run `pip install torch`, or give another one: `--torch /path/to/site-packages/torch`",
            )
    folder = folder.expanduser().resolve()
    # Both `site-packages` and `site-packages/torch` name it well enough.
    if not (folder / "lib").is_dir() and (folder / "torch" / "lib").is_dir():
        folder = folder / "torch"
    for needed in ("lib/libtorch_cpu.so", "lib/libc10.so", "include/torch/csrc/jit/serialization/import.h"):
        if not (folder / needed).is_file():
            raise InvalidError(
                f"`{folder}` is no libtorch: it has no `{needed}`",
                "give the folder that holds torch's lib/ and include/, such as site-packages/torch",
            )
    return Torch(folder, _version_of(folder))


def _version_of(folder: Path) -> str:
    header_names = ("torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h")
    for header in (folder / "include" / name for name in header_names):
        text = header.read_text(encoding="utf-8") if header.is_file() else ""
        parts = [
            re.search(rf"#define TORCH_VERSION_{part} (\d+)", text) for part in ("MAJOR", "MINOR", "PATCH")
        ]
        if all(parts):
            return ".".join(part[1] for part in parts if part)
    raise InvalidError(f"`{folder}` does not say which version of torch it is (no version.h)")


def platform_triple() -> str:
    """The target triple of this machine, as runner.toml names it."""
    return f"{os.uname().machine}-unknown-linux-gnu"


def build(torch: Torch, runner_dir: Path, *, jobs: int | None = None, force: bool = False) -> Installed:
    """Builds and installs the runner, unless the installed one has the same sources and the same torch.

    Every file is replaced atomically, runner.toml last, so that a `load` at any moment finds a whole runner.
    Of two builds at once the second waits, and then finds nothing to do.

    Raises:
        BuildError: A tool is missing, or compiling failed; the log stays beside the runner.
    """
    source = runner_src()
    name = f"torchscript-{torch.version}-{platform_triple()}"
    folder = runner_dir / name
    key = _key(source, torch)
    if not force and _is_current(folder, key):
        return Installed(folder, fresh=False)
    _require_tools()
    with _locked(runner_dir, name) as work:
        if not force and _is_current(folder, key):
            return Installed(folder, fresh=False)
        binary = _compile(source, torch, work, jobs or os.cpu_count() or 1)
        _install(binary, torch, folder, key)
        shutil.rmtree(work / "build", ignore_errors=True)
    return Installed(folder, fresh=True)


def _key(source: Path, torch: Torch) -> str:
    """A hash that changes with the sources and with the torch: its place, its version, its library file."""
    digest = hashlib.sha256()
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(source)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    library = (torch.lib / "libtorch_cpu.so").stat()
    digest.update(f"{torch.folder}\0{torch.version}\0{library.st_size}\0{library.st_mtime_ns}".encode())
    return digest.hexdigest()


def _is_current(folder: Path, key: str) -> bool:
    try:
        return (folder / "runner").is_file() and f'build_key = "{key}"' in (
            folder / "runner.toml"
        ).read_text()
    except OSError:
        return False


def _require_tools() -> None:
    compiler = os.environ.get("CXX", "c++")
    for tool, package in (("cmake", "cmake"), (compiler.split()[0], "g++")):
        if shutil.which(tool) is None:
            raise BuildError(
                f"`{tool}` is not on the PATH; building a runner needs CMake and a C++20 compiler",
                f"install it: `sudo apt-get install {package}`, for instance",
            )


@contextlib.contextmanager
def _locked(runner_dir: Path, name: str) -> Iterator[Path]:
    """The work folder of one runner's build, held by this process alone. Discovery skips `.tmp*`."""
    work = runner_dir / f".tmp-build-{name}"
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"another build of {name} is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield work


def _compile(source: Path, torch: Torch, work: Path, jobs: int) -> Path:
    tree, log = work / "build", work / "build.log"
    shutil.rmtree(tree, ignore_errors=True)
    configure = ["cmake", "-S", str(source / "runners/torchscript"), "-B", str(tree)]
    configure += [f"-DTORCH_DIR={torch.folder}", f"-Dnlohmann_json_DIR={source / 'third_party'}"]
    configure += ["-DCMAKE_BUILD_TYPE=Release"]
    if shutil.which("ninja"):
        configure += ["-G", "Ninja"]
    _say(f"building the torchscript runner for torch {torch.version} (a minute or two; log: {log})")
    log.write_bytes(b"")
    _run(configure, log)
    _run(["cmake", "--build", str(tree), "--target", "carton-torchscript", "--parallel", str(jobs)], log)
    binary = tree / "runner"
    _check_starts(binary, log)
    return binary


def _run(command: list[str], log: Path) -> None:
    with log.open("ab") as out:
        out.write(f"$ {' '.join(command)}\n".encode())
        out.flush()
        status = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False
        ).returncode
    if status:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL:]
        raise BuildError(
            f"`{' '.join(command[:2])}` failed with exit status {status}",
            f"the whole log: {log}",
            "\n".join(tail),
        )


def _check_starts(binary: Path, log: Path) -> None:
    """A runner that the loader cannot start (exit status 126, 127, a signal) is not worth installing."""
    result = subprocess.run(
        [str(binary)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    if result.returncode < 0 or result.returncode in (126, 127):
        raise BuildError(
            f"the runner was built but does not start (status {result.returncode})",
            f"is this torch complete? The log: {log}",
            result.stderr,
        )


def _install(binary: Path, torch: Torch, folder: Path, key: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / "runner", binary.read_bytes(), 0o755)
    _replace(folder / "runner.toml", _runner_toml(torch, key).encode(), 0o644)


def _replace(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_name(f".tmp-{path.name}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    temporary.replace(path)


def _runner_toml(torch: Torch, key: str) -> str:
    import tomli_w

    runner = {
        "runner_name": "torchscript",
        "framework_version": torch.version,
        "runner_compat_version": COMPAT_VERSION,
        "runner_interface_version": INTERFACE_VERSION,
        "runner_release_date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "runner_path": "./runner",
        "platform": platform_triple(),
        "library_dirs": [str(torch.lib)],
    }
    return tomli_w.dumps({"version": 1, "build_key": key, "runner": [runner]})


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
