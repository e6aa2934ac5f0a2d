"""Turns what callers give as a tensor into a numpy array that the format can hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._errors import InvalidError, InvalidTypeError
from .dtypes import DTYPES, dtype_of
from .limits import TENSOR_RANK, check_limit

if TYPE_CHECKING:
    import numpy as np  # imported only where used: it costs more than all of this package

    Array = np.ndarray[Any, Any]


def to_array(value: Any, where: str) -> Array:
    """The array for a tensor value; numeric arrays come back as they are, in whatever layout.

    Args:
        value: A numpy array or scalar, `str`, list of `str`, bool, int (int64), float (float64), or
            anything with `__dlpack__`. Nothing is cast.
        where: Named in errors, such as "input `x` of self test 1".

    Raises:
        InvalidTypeError: not a tensor.
        InvalidError: a dtype or a string that the format cannot hold.
    """
    array = _as_array(value, where)
    check_limit(f"the rank of {where}", array.ndim, TENSOR_RANK)
    if array.dtype.kind in "UTO":
        return _checked_strings(array, where)
    if dtype_of(array) is None:
        hint = (
            "`.astype(str)` makes it a string tensor"
            if array.dtype.kind == "S"
            else (f"convert it with `.astype(...)` to one of {', '.join(DTYPES)}")
        )
        raise InvalidError(f"{where} has dtype `{array.dtype}`, which a carton cannot hold", hint=hint)
    return array


def to_bytes(array: Array) -> bytes:
    """The elements of a numeric array, little-endian, in C order."""
    import numpy as np

    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()


def string_array(items: Sequence[str], shape: tuple[int, ...]) -> Array:
    """An array of strings: `<U`, or of objects where numpy would strip NULs from the end of a string."""
    import numpy as np

    dtype: Any = object if any(item.endswith("\0") for item in items) else (str if items else "<U1")
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.astype(dtype).reshape(shape)


def _as_array(value: Any, where: str) -> Array:
    import numpy as np

    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if isinstance(value, str):
        return string_array([value], ())
    if isinstance(value, bool):
        return np.array(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise InvalidError(
                f"{where} is {value}, beyond int64", hint="give it as `numpy.uint64(...)` or a float"
            )
        return np.array(value, dtype=np.int64)
    if isinstance(value, float):
        return np.array(value, dtype=np.float64)
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return string_array(list(value), (len(value),))
    if hasattr(value, "__dlpack__"):
        return _from_dlpack(value, where)
    raise InvalidTypeError(
        f"{where} is a `{type(value).__name__}`, expected an array, str, list of str, bool, int or float",
        hint="convert it with `numpy.asarray(value, dtype=...)`",
    )


def _from_dlpack(value: Any, where: str) -> Array:
    import numpy as np

    try:
        return np.from_dlpack(value)
    except (RuntimeError, BufferError, TypeError, ValueError) as error:
        raise InvalidError(
            f"{where}: the `{type(value).__name__}` cannot be read as an array: {error}",
            hint="convert it to a numpy array first (torch: `tensor.detach().cpu().numpy()`)",
        ) from error


def _checked_strings(array: Array, where: str) -> Array:
    items = array.ravel(order="C").tolist()
    for item in items:
        if not isinstance(item, str):
            raise InvalidTypeError(
                f"{where} has dtype object and holds a `{type(item).__name__}`, expected only str",
                hint="give numbers as an array with a numeric dtype",
            )
        try:
            item.encode()
        except UnicodeEncodeError as error:
            raise InvalidError(f"{where} holds a string that is not valid Unicode: {error}") from error
    return string_array(items, array.shape)
