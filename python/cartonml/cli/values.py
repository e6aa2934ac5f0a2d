"""Inputs as typed on the command line, turned into what `infer` takes.

    a=[1, 2, 3]            a JSON scalar or (nested) list
    a:float32=[1, 2, 3]    the same with a dtype
    a=@input.npy           a file of numpy; `a:float32=@input.npy` converts it
    b=some text            what is not JSON is a string
    inputs.npz             every array of the file
    inputs.json  {"a": 1}  -       a JSON object, in a file, as an argument, from standard input

A value in JSON may also be `{"dtype": …, "shape": …, "data": …}`, as `carton run --json` prints it.
The dtype is the one written; else the one that the carton declares; else int64, float64, bool or string.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartonml._errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
MAX_RANK = 32
_TEXT_HINT = "after `@` comes a file; text that begins with `@` is quoted: `name='\"@text\"'`"
DTYPES = (*FLOATS, *INTEGERS, "bool", "string")


def parse_inputs(arguments: Sequence[str], declared: Mapping[str, str]) -> dict[str, Array | str]:
    """The inputs that the arguments name; later ones replace earlier ones.

    Args:
        arguments: In the forms at the top of this file.
        declared: The dtype of each input that the carton declares, by name.

    Raises:
        InputError: An argument has no such form, or its value does not fit its dtype.
    """
    inputs: dict[str, Array | str] = {}
    for argument in arguments:
        inputs.update(_parse_argument(argument, declared))
    return inputs


def _parse_argument(argument: str, declared: Mapping[str, str]) -> dict[str, Array | str]:
    if argument == "-":
        return _from_json(sys.stdin.read(), "standard input", declared)
    if argument.lstrip().startswith("{"):
        return _from_json(argument, "the argument", declared)
    left, equals, value = argument.partition("=")
    if equals:
        name, dtype = _split_dtype(left)
        return {name: _parse_value(name, value, dtype, declared.get(name))}
    if argument.endswith(".npz"):
        return _from_npz(argument, declared)
    if argument.endswith(".json"):
        return _from_json(_read_text(argument), argument, declared)
    raise InputError(
        f"expected an input such as `name=value`, got `{argument}`",
        "write `name=value`, `name:float32=[1, 2]`, `name=@file.npy`, or give a `.npz` or `.json` file",
    )


def _split_dtype(left: str) -> tuple[str, str | None]:
    name, colon, dtype = left.rpartition(":")
    if not colon:
        return left, None
    if dtype not in DTYPES:
        raise InputError(
            f"`{left}`: `{dtype}` is no dtype",
            f"use one of {', '.join(DTYPES)}, or JSON for a name with a colon",
        )
    return name, dtype


def _parse_value(name: str, text: str, dtype: str | None, declared: str | None) -> Array | str:
    if text.startswith("@"):
        return _convert_array(name, _load_npy(text[1:]), dtype, declared)
    wanted = dtype or declared
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    if wanted == "string" and not _is_text(value):
        value = text  # `b=12` for a declared string is the text "12"
    return to_array(name, value, wanted)


def to_array(name: str, value: Any, dtype: str | None) -> Array | str:
    """A JSON value as an array of the dtype, or of int64, float64, bool or string if that is `None`.

    Raises:
        InputError: The value is ragged, holds what is no scalar, or cannot be the dtype unchanged in meaning.
    """
    import numpy as np

    if isinstance(value, dict):
        return _from_object(name, value, dtype)
    shape = _shape_of(name, value)
    flat = list(_flatten(value))
    dtype = dtype or _natural_dtype(name, flat)
    if dtype == "string":
        _require(name, flat, dtype, lambda item: isinstance(item, str))
        return value if isinstance(value, str) else _text_array(flat, shape)
    if dtype == "bool":
        _require(name, flat, dtype, lambda item: isinstance(item, bool) or item in (0, 1))
    elif dtype in INTEGERS:
        _require(name, flat, dtype, lambda item: _is_integer(item) and _fits(int(item), dtype))
        flat = [int(item) for item in flat]
    else:
        _require(name, flat, dtype, _is_number)
    with np.errstate(over="ignore"):
        return np.array(flat, dtype=numpy_dtype(dtype)).reshape(shape)


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """The numpy dtype of a numeric dtype's name."""
    import numpy as np

    if dtype == "bfloat16":
        import ml_dtypes

        dtype = ml_dtypes.bfloat16
    result: np.dtype[Any] = np.dtype(dtype)
    return result


def _from_object(name: str, value: dict[str, Any], declared: str | None) -> Array | str:
    import numpy as np

    if not {"data"} <= set(value) <= {"dtype", "shape", "data"}:
        raise InputError(
            f"input `{name}`: expected a list, a scalar, or an object with `dtype`, `shape` and `data`; "
            f"got an object with {sorted(value)}"
        )
    dtype = value.get("dtype", declared)
    if dtype is not None and dtype not in DTYPES:
        raise InputError(f"input `{name}`: `{dtype}` is no dtype", f"use one of {', '.join(DTYPES)}")
    array = to_array(name, value["data"], dtype)
    shape = value.get("shape")
    if shape is None or isinstance(array, str):
        return array
    if not isinstance(shape, list) or not all(type(dim) is int and dim >= 0 for dim in shape):
        raise InputError(f"input `{name}`: expected a list of sizes as the shape, got {json.dumps(shape)}")
    if math.prod(shape) != array.size:
        raise InputError(f"input `{name}`: {array.size} elements do not fill the shape {shape}")
    return np.asarray(array).reshape(shape)


def _shape_of(name: str, value: Any, depth: int = 0) -> tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    if depth == MAX_RANK:
        raise InputError(f"input `{name}`: lists are nested more than {MAX_RANK} deep")
    shapes = {_shape_of(name, item, depth + 1) for item in value}
    if len(shapes) > 1:
        raise InputError(
            f"input `{name}`: the list is ragged, its items have the shapes {sorted(shapes)}",
            "all lists at one level must be equally long",
        )
    return (len(value), *(shapes.pop() if shapes else ()))


def _flatten(value: Any) -> Any:
    if isinstance(value, list):
        for item in value:
            yield from _flatten(item)
    else:
        yield value


def _natural_dtype(name: str, flat: list[Any]) -> str:
    kinds = {type(item) for item in flat}
    if not kinds:
        raise InputError(
            f"input `{name}`: an empty list has no dtype", f"say which: `{name}:float32=[]`, for instance"
        )
    for dtype, allowed in (("bool", {bool}), ("int64", {int}), ("float64", {int, float}), ("string", {str})):
        if kinds <= allowed:
            return dtype
    found = " and ".join(sorted(_json_type(kind) for kind in kinds))
    raise InputError(f"input `{name}`: expected numbers, strings or booleans, all of one kind, got {found}")


def _json_type(kind: type) -> str:
    names = {bool: "booleans", int: "integers", float: "floats", str: "strings", dict: "objects"}
    return names.get(kind, "null")


def _json_name(value: Any) -> str:
    """What a whole JSON document is, for errors."""
    names = {list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _require(name: str, flat: list[Any], dtype: str, fits: Any) -> None:
    for index, item in enumerate(flat):
        if not fits(item):
            raise InputError(
                f"input `{name}`: {json.dumps(item)} (element {index}) is no {dtype}",
                f"choose a dtype that holds it (`{name}:DTYPE=…`), or change the value",
            )


def _is_text(value: Any) -> bool:
    try:
        return all(isinstance(item, str) for item in _flatten(value))
    except RecursionError:
        return False


def _is_number(item: Any) -> bool:
    if isinstance(item, int) and not isinstance(item, bool):
        return abs(item) <= sys.float_info.max  # beyond it there is no float, not even infinity
    return isinstance(item, float)


def _is_integer(item: Any) -> bool:
    if isinstance(item, bool):
        return False
    return isinstance(item, int) or (isinstance(item, float) and item.is_integer())


def _fits(item: int, dtype: str) -> bool:
    import numpy as np

    limits = np.iinfo(dtype)
    return int(limits.min) <= item <= int(limits.max)


def _text_array(flat: list[str], shape: tuple[int, ...]) -> Array:
    import numpy as np

    # numpy drops NULs at the end of its fixed-width strings; objects keep them.
    dtype = object if any(item.endswith("\0") for item in flat) else np.str_
    array = np.empty(len(flat), dtype=object)
    array[:] = flat
    return array.astype(dtype).reshape(shape)


# ---- Files -----------------------------------------------------------------------------------------------


def _from_json(text: str, where: str, declared: Mapping[str, str]) -> dict[str, Array | str]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InputError(f"{where} is no JSON: {error}") from None
    except RecursionError:
        raise InputError(f"{where} is nested too deeply") from None
    if not isinstance(values, dict):
        raise InputError(f"{where}: expected a JSON object of inputs by name, got {_json_name(values)}")
    return {name: to_array(name, value, declared.get(name)) for name, value in values.items()}


def _from_npz(path: str, declared: Mapping[str, str]) -> dict[str, Array | str]:
    archive = load_numpy(path)
    if not isinstance(archive, dict):
        raise InputError(f"{path}: expected several arrays (`numpy.savez`), got one", f"use `name=@{path}`")
    return {name: _convert_array(name, array, None, declared.get(name)) for name, array in archive.items()}


def _load_npy(path: str) -> Array:
    array = load_numpy(path, _TEXT_HINT)
    if isinstance(array, dict):
        raise InputError(
            f"{path}: expected one array (`numpy.save`), got {len(array)}", f"use `{path}` alone"
        )
    return array


def load_numpy(path: str, hint: str = "") -> Array | dict[str, Array]:
    """The array of a `.npy` file, or the arrays of a `.npz` file by name. Pickled objects are refused.

    `hint` is given where the file cannot be opened.

    Raises:
        InputError: The file cannot be read, or is of another kind.
    """
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.lib.npyio.NpzFile):
            with loaded:
                return {name: loaded[name] for name in loaded.files}
        array: Array = loaded
        return array
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint) from None
    except (ValueError, EOFError) as error:
        if "pickle" in str(error):
            raise InputError(
                f"{path}: expected an array of numbers or of fixed-width strings, got something else",
                "write it with numpy.save or numpy.savez; object arrays and pickles are not read",
            ) from None
        raise InputError(f"{path}: {error}") from None


def _convert_array(name: str, array: Array, dtype: str | None, declared: str | None) -> Array:
    # numpy writes bfloat16 as two opaque bytes.
    if array.dtype.str == "|V2" and (dtype or declared) == "bfloat16":
        return array.view(numpy_dtype("bfloat16"))
    if dtype is None or (dtype == "string" and array.dtype.kind in "UO"):
        return array
    hint = "round or convert it where it is made"
    is_float, to_float = array.dtype.kind == "f", dtype in FLOATS
    if array.dtype.kind not in "biuf" or dtype == "string" or (is_float and not to_float):
        raise InputError(f"input `{name}`: an array of {array.dtype} is not converted to {dtype}", hint)
    converted = array.astype(numpy_dtype(dtype))
    if not to_float and not (converted == array).all():
        wrong = array[converted != array].flat[0]
        raise InputError(f"input `{name}`: {wrong} is no {dtype}", hint)
    return converted


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: {error}") from None
