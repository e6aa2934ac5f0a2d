"""Waiting beside an event loop, on threads of Carton's own.

The executor of a loop has few threads. Were they used here, some calls of a slow model would hold up the
calls of every other model, the program's own work, and even the `close` that is to end them.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from ._native import Call

Result = TypeVar("Result")

# How late the end of a call may be noticed that is not the oldest: by its deadline, or out of order.
_SLICE_MS = 20
_IDLE_SECONDS = 5.0


async def in_thread(function: Callable[..., Result], *arguments: object) -> Result:
    """Run a blocking function on a thread of its own."""
    import asyncio  # here, since it is there whenever this runs, and costs programs without a loop 50 ms

    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        try:
            result = function(*arguments)
        except Exception as error:
            _tell(loop, future, future.set_exception, error)
        else:
            _tell(loop, future, future.set_result, result)

    threading.Thread(target=run, name="carton-wait", daemon=True).start()
    return await future


class CallWaiter:
    """Waits for the calls of one model, whose runner answers them in order, on one thread for them all."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()  # the oldest first; only the thread removes
        self._running = False

    async def wait(self, call: Call) -> None:
        """Return when the call has ended; cancel it when this is cancelled."""
        import asyncio

        loop = asyncio.get_running_loop()
        waiting = _Waiting(call, loop, loop.create_future())
        try:
            self._add(waiting)
            await waiting.future
        except BaseException:
            call.cancel()
            raise

    def _add(self, waiting: _Waiting) -> None:
        with self._changed:
            if not self._running:
                threading.Thread(target=self._run, name="carton-calls", daemon=True).start()
                self._running = True
            self._waiting.append(waiting)
            self._changed.notify()

    def _run(self) -> None:
        while self._has_work():
            if not self._serve_oldest():
                self._serve_others()

    def _has_work(self) -> bool:
        with self._changed:
            if not self._waiting:
                self._changed.wait(_IDLE_SECONDS)
            self._running = bool(self._waiting)
            return self._running

    def _serve_oldest(self) -> bool:
        try:
            if not self._waiting[0].call.wait_for(_SLICE_MS):
                return False
        except Exception as error:
            self._waiting.popleft().fail(error)
        else:
            self._waiting.popleft().end()
        return True

    def _serve_others(self) -> None:
        waiting = list(self._waiting)
        for item, ended in zip(waiting, type(waiting[0].call).poll([item.call for item in waiting])):
            if ended:
                self._waiting.remove(item)
                item.end()


class _Waiting:
    __slots__ = ("_loop", "call", "future")

    def __init__(self, call: Call, loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
        self.call = call
        self.future = future
        self._loop = loop

    def end(self) -> None:
        _tell(self._loop, self.future, self.future.set_result, None)

    def fail(self, error: Exception) -> None:
        _tell(self._loop, self.future, self.future.set_exception, error)


def _tell(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], settle: Callable[[Any], None], value: object
) -> None:
    """Settle a future of another thread's loop, unless it was cancelled or the loop has ended."""

    def settle_if_wanted() -> None:
        if not future.done():
            settle(value)

    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(settle_if_wanted)
