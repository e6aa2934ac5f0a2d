"""What the installed package holds besides Python: the library, headers, the noop runner, sources."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cartonml import _paths

PROGRAM = r"""
#include <carton/carton.h>
#include <stdio.h>
int main(void) {
  printf("%s %d\n", carton_version(), (int)carton_abi_version());
  return 0;
}
"""


def test_c_program_compiles_and_runs_against_the_package(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(PROGRAM)
    lib = _paths.get_lib()
    subprocess.run(
        [
            "cc",
            "main.c",
            "-o",
            "main",
            f"-I{_paths.get_include()}",
            f"-L{lib}",
            "-lcarton",
            f"-Wl,-rpath,{lib}",
        ],
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    output = subprocess.run(
        [tmp_path / "main"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    assert output == f"{version('cartonml')} 1\n"


def test_cpp_header_compiles_against_the_package(tmp_path: Path) -> None:
    (tmp_path / "main.cpp").write_text("#include <carton/carton.hpp>\nint main() { return 0; }\n")
    subprocess.run(
        ["c++", "-std=c++17", "-fsyntax-only", f"-I{_paths.get_include()}", "main.cpp"],
        cwd=tmp_path,
        check=True,
        timeout=60,
    )


def test_extension_uses_the_packaged_library() -> None:
    code = (
        "import cartonml._native\n"
        "maps = open('/proc/self/maps').read().split()\n"
        "print(*sorted({path for path in maps if 'libcarton' in path}))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    assert output.split() == [str(Path(_paths.get_lib(), "libcarton.so.1").resolve())]


def test_noop_runner_can_be_started_and_says_what_it_is() -> None:
    program = _paths.noop_dir() / "runner"
    done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode not in (0, 126, 127)
    assert "noop" in done.stderr


@pytest.mark.parametrize(
    "path",
    [
        "cmake/shared.cmake",
        "cmake/warnings.cmake",
        "runners/sdk/CMakeLists.txt",
        "runners/sdk/runner.h",
        "runners/torchscript/CMakeLists.txt",
        "core/src/base/error.h",
        "core/src/shm/arena.cpp",
        "third_party/nlohmann/json.hpp",
    ],
)
def test_sources_of_the_runner_travel_along(path: str) -> None:
    assert (_paths.runner_src() / path).is_file()


def test_tests_of_the_runner_stay_behind() -> None:
    assert not (_paths.runner_src() / "runners" / "torchscript" / "tests").exists()


def test_missing_part_names_the_cause(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import cartonml

    monkeypatch.setattr(cartonml, "__path__", [str(tmp_path)])
    with pytest.raises(RuntimeError, match="install the package with pip"):
        _paths.get_lib()
