"""A progress bar that shows itself only where somebody watches, and only when it takes long."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any, Callable, Union

DELAY = 1.0  # seconds

# None: a bar on a terminal; False: nothing; True: a bar; a callable gets (bytes done, bytes in all).
ProgressOption = Union[bool, Callable[[int, int], None], None]


@contextlib.contextmanager
def progress_of(title: str, total: int, option: ProgressOption) -> Iterator[Callable[[int], None]]:
    """Yields the function to call with each number of bytes done."""
    if callable(option):
        yield _counting(option, total)
    elif option is True or (option is None and sys.stderr is not None and sys.stderr.isatty()):
        with contextlib.closing(_Bar(title, total)) as bar:
            yield bar.advance
    else:
        yield lambda _: None


def _counting(report: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        report(done, total)

    return advance


class _Bar:
    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._start = time.monotonic()
        self._rich: tuple[Any, Any] | None = None

    def advance(self, count: int) -> None:
        self._done += count
        if self._rich is None and time.monotonic() - self._start < DELAY:
            return
        if self._rich is None:
            self._rich = self._show()
        progress, task = self._rich
        progress.update(task, completed=self._done)

    def _show(self) -> tuple[Any, Any]:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        progress = Progress(*columns, console=Console(stderr=True), transient=True)
        progress.start()
        return progress, progress.add_task(self._title, total=self._total)

    def close(self) -> None:
        if self._rich is not None:
            self._rich[0].stop()
