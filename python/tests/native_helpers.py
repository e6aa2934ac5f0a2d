"""Helpers of the tests that load and run models of the `noop` runner, which returns its inputs.

A test that needs a runner to hang stops its process (SIGSTOP); one that needs it to print puts a shell script
in front of it (the fixture `scripted_runner`). So what is tested is the real path, with nothing simulated.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from cartonml._pack import pack_sync

FAST = 10.0  # seconds that nothing here comes near, unless it hangs


def pack_noop(folder: Path, **options: object) -> Path:
    source = folder / "files"
    source.mkdir(exist_ok=True)
    (source / "data.txt").write_text("anything")
    output = folder / "noop.carton"
    pack_sync(source, "noop", "=1.0.0", output_path=output, **{"model_name": "echo", **options})  # type: ignore[arg-type]
    return output


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let a runner hang."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def run_python(code: str, *arguments: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a program in a fresh interpreter with this one's packages."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def open_descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def process_is_gone(pid: int) -> bool:
    """Whether no such process runs any more (a zombie does not run)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in "ZX"
