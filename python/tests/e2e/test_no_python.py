"""Models run without Python: a C program, in an environment where no Python can be found."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import cartonml

from . import torch_models as models

PROGRAM = Path(__file__).parent / "run_and_wait.c"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    target = tmp_path / "run_and_wait"
    library, include = cartonml.get_lib(), cartonml.get_include()
    flags = [f"-I{include}", f"-L{library}", "-lcarton", f"-Wl,-rpath,{library}"]
    subprocess.run(["cc", "-std=c11", "-Werror", PROGRAM, "-o", target, *flags], check=True, timeout=60)
    return target


def mapped_files(pid: int) -> set[str]:
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6}


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found + [descendant for child in found for descendant in children(child)]


def test_neither_host_nor_runner_has_a_python(
    program: Path, pack_model: Callable[..., str], tmp_path: Path
) -> None:
    path = pack_model(models.AddOne())
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {
        "PATH": str(empty),
        "HOME": str(empty),
        "CARTON_RUNNER_DIR": os.environ["CARTON_RUNNER_DIR"],
        "CARTON_CACHE_DIR": str(tmp_path / "cache"),
    }
    with subprocess.Popen(
        [program, path], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        assert host.stdin is not None
        try:
            assert host.stdout.readline() == "y = 42\n"
            runner = int(host.stdout.readline())
            processes = [host.pid, *children(host.pid)]
            assert runner in processes
            for pid in processes:
                assert "python" not in str(Path(f"/proc/{pid}/exe").readlink())
                maps = mapped_files(pid)
                assert not [name for name in maps if "libpython" in name or "libtorch_python" in name]
            assert any("libtorch_cpu" in name for name in mapped_files(runner))
            assert not any("libtorch" in name for name in mapped_files(host.pid))
        finally:
            host.stdin.close()
    assert host.returncode == 0
