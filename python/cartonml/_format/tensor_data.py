"""The folder `tensor_data/`: the arrays of self tests and examples, and their index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import tomli_w

from .dtypes import V1_STAND_INS, dtype_of, v1_dtype
from .limits import STRING_TENSOR_BYTES, TENSOR_INDEX_BYTES, check_limit
from .values import to_bytes

if TYPE_CHECKING:
    from .values import Array

REFERENCE = "@tensor_data/"


def tensor_name(number: int) -> str:
    """The name of the `number`-th tensor, as existing packers call it."""
    return f"_tensor_{number}"


def render_tensor_data(arrays: Sequence[Array]) -> dict[str, bytes]:
    """All files of `tensor_data/` for `arrays`, of which the n-th is named `tensor_name(n)`.

    Numeric tensors are raw little-endian C-order bytes; string tensors are TOML, `data = [...]`.
    """
    entries: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    dtypes: dict[str, str] = {}
    for number, array in enumerate(arrays):
        dtype = dtype_of(array)
        assert dtype is not None
        if dtype == "string":
            file, content = f"tensor_{number}.toml", _render_strings(array)
        else:
            file, content = f"tensor_{number}.bin", to_bytes(array)
        files[f"tensor_data/{file}"] = content
        # Existing readers demand `inner`, which only nested tensors use.
        entries.append(
            {
                "name": tensor_name(number),
                "dtype": v1_dtype(dtype),
                "shape": list(array.shape),
                "file": file,
                "inner": [],
            }
        )
        if dtype in V1_STAND_INS:
            dtypes[tensor_name(number)] = dtype
    index: dict[str, Any] = {"tensor": entries}
    if dtypes:
        index["carton_ext"] = {"dtypes": dtypes}
    rendered = tomli_w.dumps(index).encode()
    check_limit("the size of the index of all tensors, in bytes,", len(rendered), TENSOR_INDEX_BYTES)
    files["tensor_data/index.toml"] = rendered
    return files


def _render_strings(array: Array) -> bytes:
    content = tomli_w.dumps({"data": array.ravel(order="C").tolist()}).encode()
    check_limit("the size of a string tensor, in bytes,", len(content), STRING_TENSOR_BYTES)
    return content
