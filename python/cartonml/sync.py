"""The calls of `cartonml` for programs without an event loop: the same parameters and errors, blocking.

    import cartonml.sync as carton

    with carton.load("model.carton") as model:
        outputs = model.infer({"x": np.zeros((2, 3), np.float32)})

Ctrl-C ends a wait: the load or call is given up, and KeyboardInterrupt raised.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ._load import Option, Verify, begin_load, read_info
from ._model import LoadedModel, milliseconds
from ._pack import pack_sync as pack

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

    from ._model import Arrays, Tensors
    from ._types import CartonInfo

__all__ = ["SyncCarton", "get_model_info", "load", "pack"]


class SyncCarton(LoadedModel):
    """A loaded carton, as `cartonml.Carton`, with calls that block. Made by `cartonml.sync.load`."""

    __slots__ = ()

    def infer(self, tensors: Tensors, *, timeout: float | None = None) -> Arrays:
        """Run the model once and wait. Inputs, outputs and errors as of `cartonml.Carton.infer`."""
        return self._model.infer(tensors, -1 if timeout is None else milliseconds(timeout, "timeout"))

    def close(self) -> None:
        """End the runner; calls in flight and later ones raise `ClosedError`. Outputs stay valid."""
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load(
    path: str | os.PathLike[str],
    visible_device: int | str | None = None,
    override_runner_name: str | None = None,
    override_required_framework_version: str | None = None,
    override_runner_opts: Mapping[str, Option] | None = None,
    *,
    verify: Verify = "once",
    timeout: float | None = 300.0,
    memory: int | None = None,
    region_capacity: int | None = None,
    kill_after: float | None = 30.0,
    log_level: int | str = logging.INFO,
) -> SyncCarton:
    """Load a carton and wait until its model is ready. Parameters and errors as of `cartonml.load`."""
    loading = begin_load(
        path,
        visible_device,
        override_runner_name,
        override_required_framework_version,
        override_runner_opts,
        verify=verify,
        timeout=timeout,
        memory=memory,
        region_capacity=region_capacity,
        kill_after=kill_after,
        log_level=log_level,
    )
    loading.wait()
    return SyncCarton(loading.take())


def get_model_info(url_or_path: str | os.PathLike[str]) -> CartonInfo:
    """Read what a carton says of itself. Parameters and errors as of `cartonml.get_model_info`."""
    return read_info(url_or_path)
