"""`carton runner build`, with a stand-in for CMake: what is built, installed, kept and reported."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cartonml.cli import torchscript_build

from .transcript import Result, carton

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NAME = f"torchscript-2.13.0-{torchscript_build.platform_triple()}"

# Takes the place of cmake: notes each call, and "builds" a runner that can be started.
CMAKE = """#!/bin/sh
echo "$@" >> "$CMAKE_CALLS"
echo "compiling something"
[ -z "$CMAKE_FAILS" ] || { echo "model.cpp:1: error: no such thing"; exit 2; }
[ "$1" = --build ] || exit 0
sleep 0.2
mkdir -p "$2"
printf '#!/bin/sh\\nexit 2\\n' > "$2/runner"
chmod +x "$2/runner"
"""
VERSION_H = "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION_PATCH 0\n"


@pytest.fixture
def torch(tmp_path: Path) -> Path:
    """A folder that looks like a libtorch 2.13.0."""
    folder = tmp_path / "site-packages" / "torch"
    for name, content in {
        "lib/libtorch_cpu.so": "library",
        "lib/libc10.so": "library",
        "include/torch/csrc/jit/serialization/import.h": "",
        "include/torch/headeronly/version.h": VERSION_H,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the stand-in for cmake notes its calls."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "cmake").write_text(CMAKE)
    (tools / "cmake").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("CMAKE_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("CARTON_RUNNER_DIR", str(tmp_path / "runners"))
    (tmp_path / "calls").touch()
    return tmp_path / "calls"


def build(torch: Path, *options: str) -> Result:
    return carton("runner", "build", "torchscript", "--torch", str(torch), *options)


def test_build_installs_a_runner_that_says_what_it_is(torch: Path, calls: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runners" / NAME
    result = build(torch, "--jobs", "3")
    assert (result.code, result.out) == (0, f"torchscript 2.13.0: installed in {folder}\n")
    configure, compile_ = calls.read_text().splitlines()
    assert f"-DTORCH_DIR={torch}" in configure
    assert compile_.endswith("--parallel 3")
    toml = tomllib.loads((folder / "runner.toml").read_text())
    (runner,) = toml["runner"]
    assert toml["version"] == 1
    assert runner.pop("runner_release_date").endswith("+00:00")
    assert runner == {
        "runner_name": "torchscript",
        "framework_version": "2.13.0",
        "runner_compat_version": 1,
        "runner_interface_version": 2,
        "runner_path": "./runner",
        "platform": torchscript_build.platform_triple(),
        "library_dirs": [str(torch / "lib")],
    }
    assert os.access(folder / "runner", os.X_OK)
    assert sorted(path.name for path in folder.iterdir()) == ["runner", "runner.toml"]


def test_the_library_finds_what_was_installed(torch: Path, calls: Path) -> None:
    build(torch)
    result = carton("runners")
    assert "torchscript  2.13.0" in result.out
    assert "skipped" not in result.out


def test_second_build_does_nothing(torch: Path, calls: Path) -> None:
    build(torch)
    before = calls.read_text()
    result = build(torch)
    assert result.code == 0
    assert "up to date" in result.out
    assert calls.read_text() == before


def test_force_builds_again(torch: Path, calls: Path) -> None:
    build(torch)
    assert "installed in" in build(torch, "--force").out
    assert len(calls.read_text().splitlines()) == 4


def test_another_torch_library_builds_again(torch: Path, calls: Path) -> None:
    build(torch)
    (torch / "lib" / "libtorch_cpu.so").write_text("another library")
    assert "installed in" in build(torch).out


def test_two_builds_at_once_compile_once(torch: Path, calls: Path) -> None:
    with ThreadPoolExecutor() as pool:
        results = [future.result() for future in [pool.submit(build, torch) for _ in range(3)]]
    assert [result.code for result in results] == [0, 0, 0]
    assert sum("installed in" in result.out for result in results) == 1
    assert len(calls.read_text().splitlines()) == 2


def test_failed_build_shows_the_end_of_its_log_and_keeps_the_old_runner(
    torch: Path, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(torch)
    before = (tmp_path / "runners" / NAME / "runner.toml").read_text()
    monkeypatch.setenv("CMAKE_FAILS", "1")
    result = build(torch, "--force")
    assert result.code == 1
    assert "  | model.cpp:1: error: no such thing\n" in result.err
    assert "BuildError: `cmake -S` failed with exit status 2\nhint: the whole log: " in result.err
    log = Path(result.err.rpartition("the whole log: ")[2].strip())
    assert "compiling something" in log.read_text()
    assert (tmp_path / "runners" / NAME / "runner.toml").read_text() == before


def test_runner_that_cannot_start_is_not_installed(torch: Path, calls: Path, tmp_path: Path) -> None:
    cmake = tmp_path / "tools" / "cmake"
    cmake.write_text(CMAKE.replace("exit 2\\n' >", "echo libc10.so: cannot open >&2; exit 127\\n' >"))
    result = build(torch)
    assert result.code == 1
    assert "does not start" in result.err
    assert "libc10.so: cannot open" in result.err
    assert not (tmp_path / "runners" / NAME).exists()


def test_missing_cmake_names_the_package(
    torch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = build(torch, "--runner-dir", str(tmp_path / "runners"))
    assert result.code == 1
    assert result.err.startswith("BuildError: `cmake` is not on the PATH")
    assert "apt-get install cmake" in result.err


@pytest.mark.parametrize(
    "missing", ["lib/libtorch_cpu.so", "lib/libc10.so", "include/torch/headeronly/version.h"]
)
def test_folder_that_is_no_libtorch_is_refused(torch: Path, calls: Path, missing: str) -> None:
    (torch / missing).unlink()
    result = build(torch)
    assert result.code == 2
    assert result.err.startswith("InvalidError: ")
    assert calls.read_text() == ""


def test_site_packages_may_be_given_instead_of_torch(torch: Path, calls: Path) -> None:
    assert build(torch.parent).code == 0


def test_other_runner_names_are_refused() -> None:
    result = carton("runner", "build", "tensorflow")
    assert result.code == 2
    assert "`torchscript`" in result.err


def test_without_torch_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchscript_build, "installed_torch", lambda: None)
    with pytest.raises(ValueError, match="pip install torch"):
        torchscript_build.find_torch(None)


def test_finding_torch_does_not_import_it() -> None:
    code = "import sys, cartonml._paths as p; p.installed_torch(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
