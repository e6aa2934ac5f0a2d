"""What `carton run` prints and writes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cartonml._errors import IoError, UnsupportedError
from cartonml.cli.text import printable

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


def dtype_name(array: Array) -> str:
    """Carton's name of an array's dtype."""
    return "string" if array.dtype.kind in "UO" else array.dtype.name


def print_readable(outputs: Mapping[str, Array]) -> None:
    """One line with name, dtype and shape per output, and its values, long ones shortened."""
    import numpy as np

    for name, array in outputs.items():
        typer.echo(f"{printable(name)}: {dtype_name(array)} {list(array.shape)}")
        if dtype_name(array) == "string":
            text = _strings(array)
        else:
            text = np.array2string(array, threshold=100, edgeitems=3, max_line_width=100, separator=", ")
        typer.echo("\n".join(f"  {line}" for line in text.splitlines()))


def _strings(array: Array, limit: int = 100, longest: int = 1000) -> str:
    shown = [
        printable(json.dumps(_cut(str(text), longest), ensure_ascii=False)) for text in array.flat[:limit]
    ]
    more = [f"… {array.size - limit} more"] if array.size > limit else []
    return "\n".join(shown + more) or "(none)"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def print_json(outputs: Mapping[str, Array]) -> None:
    """One JSON object: `{name: {"dtype": …, "shape": […], "data": …}}`, which `carton run` reads as inputs.

    `data` is nested as the shape says. Infinities and NaN are written `Infinity`, `-Infinity` and `NaN`,
    as Python's json module reads them.
    """
    values = {
        name: {"dtype": dtype_name(array), "shape": list(array.shape), "data": _plain(array)}
        for name, array in outputs.items()
    }
    typer.echo(json.dumps(values))


def _plain(array: Array) -> Any:
    # numpy has no conversion of its own for bfloat16.
    return array.astype("float32").tolist() if dtype_name(array) == "bfloat16" else array.tolist()


def write_npz(path: Path, outputs: Mapping[str, Array]) -> None:
    """Writes all outputs to a .npz file, which appears whole or not at all.

    bfloat16, which numpy files do not know, is written as float32 (the same values).

    Raises:
        UnsupportedError: A string ends in NUL, which numpy's files lose.
        IoError: The file cannot be written.
    """
    import numpy as np

    arrays = {name: _storable(name, array) for name, array in outputs.items()}
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        # Not numpy.savez: its own parameters clash with outputs of the names `file` and `allow_pickle`.
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise IoError(f"cannot write {path}: {error.strerror or error}") from None


def _storable(name: str, array: Array) -> Array:
    if dtype_name(array) == "bfloat16":
        return array.astype("float32")
    if array.dtype.kind != "O":
        return array
    if any(str(text).endswith("\0") for text in array.flat):
        raise UnsupportedError(
            f"output `{name}` has a string that ends in NUL, which .npz cannot hold", "use --json"
        )
    return array.astype(str)
