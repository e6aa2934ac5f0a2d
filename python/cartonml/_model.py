"""A loaded carton."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from ._errors import InvalidError
from ._types import CartonInfo
from ._waiting import CallWaiter, in_thread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import numpy.typing as npt
    from typing_extensions import Self

    from . import _native

    Tensors = Mapping[str, Any]
    Arrays = dict[str, npt.NDArray[Any]]


def milliseconds(seconds: float | None, name: str) -> int:
    """Return a duration for libcarton: rounded up, -1 for None and infinity (no limit)."""
    if seconds is None:
        return -1
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        raise InvalidError(
            f"{name} must be a number of seconds, 0 or more, or None, got {seconds!r}",
            hint=f"{name}=None sets no limit",
        )
    return -1 if math.isinf(seconds) else min(math.ceil(seconds * 1000), 2**62)


class LoadedModel:
    """What `Carton` and `cartonml.sync.SyncCarton` share. Models may be used from many threads at once."""

    __slots__ = ("__weakref__", "_model")

    def __init__(self, model: _native.Model) -> None:
        """Wrap a model of the extension module. Users get models from `load`."""
        self._model = model

    @property
    def info(self) -> CartonInfo:
        """What the carton says of itself; built anew at each access, usable after `close`."""
        info = self._model.info()
        return CartonInfo.from_json(json.loads(info.json), info)

    @property
    def runner_pid(self) -> int:
        """The process id of the runner, 0 when it has ended."""
        return self._model.runner_pid

    def __repr__(self) -> str:
        name = json.loads(self._model.info().json).get("model_name")
        runner = json.loads(self._model.runner_json)
        process = f"process {self.runner_pid}" if self.runner_pid else "its process has ended"
        title = f" {name!r}" if name else ""
        served_by = f"runner {runner['name']} {runner['framework_version']}"
        return f"<{type(self).__name__}{title}, {served_by}, {process}>"


class Carton(LoadedModel):
    """A loaded carton: its model, in a process of its own. Made by `cartonml.load`.

    Close it with `await model.close()`, or use it as a context manager (`async with`, or `with` where
    blocking for a moment at the end does no harm). A model that is dropped, or still open at exit, is closed
    too.
    """

    __slots__ = ("_waiter",)

    def __init__(self, model: _native.Model) -> None:
        """Wrap a model of the extension module. Users get models from `load`."""
        super().__init__(model)
        self._waiter = CallWaiter()

    async def infer(self, tensors: Tensors, *, timeout: float | None = None) -> Arrays:
        """Run the model once.

        Args:
            tensors: The inputs by name. A numpy array of bool, int8 to int64, uint8 to uint64, float16,
                float32, float64, `ml_dtypes.bfloat16`, or text (`<U`, or objects that are all str); anything
                with `__dlpack__` in host memory, or with the buffer protocol (bytes are uint8); a str (0-d);
                a list of str (1-d); an int, float or bool (0-d int64, float64, bool). Dtypes are never cast.
                A C-contiguous array in native byte order is not copied here: do not change it before the
                call has ended.
            timeout: Seconds until `RunnerTimeoutError`; None for no limit.

        Returns:
            The outputs by name, in the model's order: writable numpy arrays, which stay valid after the model
            is closed. Text is `<U{longest}`, or an object array of str when a string ends in NUL or the
            padded array would have more than four times the characters of its text.

        Raises:
            InputError: A value that Carton does not carry, or that does not fit the model's specs.
            ModelError: The model's own code failed; the runner lives on.
            RunnerTimeoutError: `timeout` has passed.
            RunnerCrashedError: The runner ended.
            ClosedError: The model was closed.

        Cancelling the task cancels the call.
        """
        started = self._model.start(tensors, milliseconds(timeout, "timeout"))
        if isinstance(started, dict):
            return started
        await self._waiter.wait(started)
        return started.take()

    async def close(self) -> None:
        """End the runner; calls in flight and later ones raise `ClosedError`. Outputs stay valid."""
        await in_thread(self._model.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model.close()
