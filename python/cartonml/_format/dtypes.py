"""The dtypes of Carton: their names, numpy equivalents, and what existing readers of format v1 see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import InvalidError

if TYPE_CHECKING:
    import numpy as np

# The dtypes of format v1, in the order of its specification.
V1_DTYPES = (
    "float32",
    "float64",
    "string",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)

# Dtypes that v1 lacks, and the v1 dtype of equal size under which existing readers see them; the real
# dtype stands in `carton_ext.dtypes`, which they ignore.
V1_STAND_INS = {"bool": "uint8", "float16": "uint16", "bfloat16": "uint16"}

DTYPES = (*V1_DTYPES, *V1_STAND_INS)

_NUMPY_NAMES = frozenset(DTYPES) - {"string"}


def check_dtype(name: Any) -> str:
    """`name` itself if it is a dtype of Carton; `InvalidError` otherwise."""
    if isinstance(name, str) and name in DTYPES:
        return name
    raise InvalidError(f"Invalid datatype: `{name}`", hint=f"the dtypes are {', '.join(DTYPES)}")


def v1_dtype(name: str) -> str:
    """The dtype of format v1 that holds `name`: itself, or its stand-in."""
    return V1_STAND_INS.get(name, name)


def dtype_of(array: np.ndarray[Any, Any]) -> str | None:
    """The name of an array's dtype in any byte order, or None if Carton has no such dtype."""
    if array.dtype.kind in "UO":
        return "string"
    name = array.dtype.name
    return name if name in _NUMPY_NAMES else None
