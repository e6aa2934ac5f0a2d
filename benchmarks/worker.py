"""Programs that are timed in turns: each runs its calls when told to and waits, asleep, in between."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

WARM_UP = 2000
TIMEOUT_S = 120.0


def counted_loop(call: Callable[[], dict[str, Any]]) -> None:
    """Serve a Worker from Python, as counted_loop.h does from C: a count in, nanoseconds out.

    `call` returns the outputs of the example model; they are checked once, not at every timed call.
    """
    outputs = call()
    assert list(outputs["doubled"]) == [2, 4, 6]
    assert outputs["string"] == "A string"
    assert list(outputs["stringlist"]) == ["A", "list", "of", "strings"]
    for _ in range(WARM_UP):
        call()
    print("ready", flush=True)
    for line in sys.stdin:
        rounds = range(int(line))
        start = time.perf_counter_ns()
        for _ in rounds:
            call()
        print(time.perf_counter_ns() - start, flush=True)


class Worker:
    """A benchmark program as a child process. Its errors are shown, and it never makes the caller hang."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        if self._answer() != "ready":
            raise RuntimeError(f"{name} did not get ready; its error is above")

    def run(self, calls: int) -> float:
        """Nanoseconds per call, over `calls` calls."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{calls}\n")
        self._process.stdin.flush()
        answer = self._answer()
        if not answer:
            raise RuntimeError(f"{self.name} ended in the middle; its error is above")
        return int(answer) / calls

    def _answer(self) -> str:
        assert self._process.stdout is not None
        alarm = threading.Timer(TIMEOUT_S, self._process.kill)
        alarm.start()
        try:
            return self._process.stdout.readline().strip()
        finally:
            alarm.cancel()

    def close(self) -> None:
        """End the program."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def take_turns(
    workers: Mapping[str, Worker],
    *,
    slice_s: float,
    repeats: int,
    tick: Callable[[int], object] = lambda repeat: None,
) -> dict[str, list[float]]:
    """Nanoseconds per call of each worker, `repeats` times, in turns of about `slice_s` seconds.

    Interleaved, so that a change of the machine's speed meets all alike.
    """
    calls = {name: max(1, int(slice_s * 1e9 / worker.run(500))) for name, worker in workers.items()}
    times: dict[str, list[float]] = {name: [] for name in workers}
    for repeat in range(repeats):
        for name, worker in workers.items():
            times[name].append(worker.run(calls[name]))
        tick(repeat)
    return times
