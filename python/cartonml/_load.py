"""Loading a carton, and reading what it says of itself."""

from __future__ import annotations

import json
import logging
import math
import os
from typing import TYPE_CHECKING, Any, Literal, Union

from . import _native
from ._errors import InvalidError, InvalidTypeError
from ._logging import native_level
from ._model import Carton, milliseconds
from ._types import CartonInfo
from ._waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Mapping

Verify = Literal["once", "always", "never"]
Option = Union[int, float, str, bool]

_VERIFY = {"once": 0, "always": 1, "never": 2}


async def load(
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
) -> Carton:
    """Load a carton: verify it, start its runner, and wait until the model is ready.

    Args:
        path: A `.carton` file, or a directory with the same tree.
        visible_device: A GPU's index or UUID, or "cpu"; None for GPU 0 if there is one, else the CPU.
        override_runner_name: A runner other than the one the carton names.
        override_required_framework_version: A semver requirement in place of the carton's, such as "=2.13".
        override_runner_opts: Options laid over the carton's, one by one: `{"num_threads": 2}`.
        verify: When the model's files are hashed: "once" (unless this very file was verified before),
            "always", or "never".
        timeout: Seconds for the whole load, else `RunnerTimeoutError`; None for no limit.
        memory: A cap on the runner's data memory, in bytes; None for no cap.
        region_capacity: Shared memory for tensors per direction, in bytes, taken as needed; None for 4 GiB.
        kill_after: Seconds that a call which was given up on (timeout, cancel) may go on before its runner is
            ended; None for as long as it takes.
        log_level: The least level of the runner's messages that reach the logger `cartonml.runner`, as a
            number or name of `logging`.

    Raises:
        FormatError, IntegrityError, IoError: The file is no carton, was changed, or cannot be read.
        NoRunnerError: No installed runner fits; the message lists those that there are.
        RunnerStartError, RunnerCrashedError, ModelError: The runner or the model failed to start.
        RunnerTimeoutError: `timeout` has passed.
        InvalidError: A wrong argument.

    A load that is cancelled closes its model as soon as it is there.

        model = await cartonml.load("model.carton")
        outputs = await model.infer({"x": np.zeros((2, 3), np.float32)})
    """
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
    try:
        await in_thread(loading.wait)
    except BaseException:
        loading.abandon()
        raise
    return Carton(loading.take())


async def get_model_info(url_or_path: str | os.PathLike[str]) -> CartonInfo:
    """Read what a carton says of itself; model files are not read, and no runner is needed.

    Raises:
        FormatError, UnsupportedError, IoError: The file is no carton, or cannot be read.
    """
    import asyncio  # here, since it is there whenever this runs, and costs programs without a loop 50 ms

    return await asyncio.to_thread(read_info, url_or_path)


def read_info(url_or_path: str | os.PathLike[str]) -> CartonInfo:
    """Do what `get_model_info` does, blocking."""
    info = _native.Info(_location(url_or_path))
    return CartonInfo.from_json(json.loads(info.json), info)


def begin_load(
    path: str | os.PathLike[str],
    visible_device: int | str | None,
    override_runner_name: str | None,
    override_required_framework_version: str | None,
    override_runner_opts: Mapping[str, Option] | None,
    *,
    verify: Verify,
    timeout: float | None,
    memory: int | None,
    region_capacity: int | None,
    kill_after: float | None,
    log_level: int | str,
) -> _native.Load:
    """Check the arguments of `load`, and start it."""
    if verify not in _VERIFY:
        raise InvalidError(
            f"verify must be one of {', '.join(map(repr, _VERIFY))}, got {verify!r}",
            hint='the default is "once"',
        )
    return _native.load(
        location=_location(path),
        visible_device=_device(visible_device),
        runner_name=_text(override_runner_name, "override_runner_name"),
        required_framework_version=_text(
            override_required_framework_version, "override_required_framework_version"
        ),
        runner_opts=_options_json(override_runner_opts),
        verify=_VERIFY[verify],
        log_level=native_level(log_level),
        timeout_ms=milliseconds(timeout, "timeout"),
        kill_after_ms=milliseconds(kill_after, "kill_after"),
        region_capacity=_size(region_capacity, "region_capacity"),
        memory=_size(memory, "memory") or 0,
    )


def _location(path: str | os.PathLike[str]) -> bytes:
    location = os.fsencode(path)
    if b"\0" in location:
        raise InvalidError(f"path holds a NUL character: {path!r}", hint="no file has such a name")
    return location


def _text(value: str | None, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidTypeError(f"{name} must be a str or None, got {type(value).__name__}")
    if value is not None and "\0" in value:
        raise InvalidError(f"{name} holds a NUL character: {value!r}", hint="remove it")
    return value


def _device(device: int | str | None) -> str | None:
    if isinstance(device, int) and not isinstance(device, bool):
        if device < 0:
            raise InvalidError(
                f"visible_device must be 0 or more, got {device}", hint='pass "cpu" to use no GPU'
            )
        return str(device)
    if device is not None and not isinstance(device, str):
        raise InvalidTypeError(f"visible_device must be an int, a str or None, got {type(device).__name__}")
    return _text(device, "visible_device")


def _size(size: int | None, name: str) -> int | None:
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, int):
        raise InvalidTypeError(f"{name} must be an int (bytes) or None, got {type(size).__name__}")
    if not 0 < size < 2**63:
        raise InvalidError(
            f"{name} must be a positive number of bytes, got {size}", hint="None is the default"
        )
    return size


def _options_json(options: Mapping[str, Option] | None) -> str | None:
    if options is None:
        return None
    for key, value in options.items():
        _check_option(key, value)
    return json.dumps(dict(options))


def _check_option(key: Any, value: Any) -> None:
    if not isinstance(key, str):
        raise InvalidTypeError(f"the keys of override_runner_opts must be str, got {key!r}")
    if not isinstance(value, (int, float, str)):
        raise InvalidTypeError(
            f"override_runner_opts[{key!r}] must be an int, float, str or bool, got {type(value).__name__}"
        )
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidError(
            f"override_runner_opts[{key!r}] must fit in 64 bits, got {value}",
            hint="pass it as a str or float",
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidError(
            f"override_runner_opts[{key!r}] must be finite, got {value}",
            hint="pack the option with the carton, where inf and nan can be written",
        )
