"""Whole programs that load the example model, print one result and wait: for startup.py and memory.py."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import programs

HERE = Path(__file__).parent
TORCH = "Python with torch"
CARTON = "Python with Carton"
COMMANDS = {
    TORCH: [sys.executable, str(HERE / "first_result_torch.py"), str(programs.SCRIPT)],
    CARTON: [sys.executable, str(HERE / "first_result_carton.py"), str(programs.CARTON)],
}
TIMEOUT_S = 120.0


@contextlib.contextmanager
def started(name: str) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """The program at its first result, and the seconds that it took to get there; ended on exit."""
    start = time.perf_counter()
    process = subprocess.Popen(COMMANDS[name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    alarm = threading.Timer(TIMEOUT_S, process.kill)
    alarm.start()
    try:
        assert process.stdout is not None
        result = process.stdout.readline().strip()
        seconds = time.perf_counter() - start
        if result != "[2. 4. 6.]":
            raise RuntimeError(f"{name} gave {result!r} instead of [2. 4. 6.]; its error is above")
        yield process, seconds
        process.communicate(timeout=30)
    finally:
        alarm.cancel()
        process.kill()
        process.wait()
