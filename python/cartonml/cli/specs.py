"""What options of `carton pack` mean: `name:dtype:shape`, `key=value`, and files of arrays."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from cartonml._errors import InvalidError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from cartonml._types import Example, SelfTest, TensorSpec

OptionValue = Union[int, float, str, bool]

_SPEC = re.compile(r"(?P<name>.+):(?P<dtype>\w+):(?P<shape>\[[^\[\]]*\]|[^:\[\]]+)")


def parse_specs(texts: Sequence[str] | None) -> list[TensorSpec] | None:
    """Each `name:dtype:shape` as a spec; `None` when there are none, which declares nothing."""
    return [parse_spec(text) for text in texts] if texts else None


def parse_spec(text: str) -> TensorSpec:
    """`name:dtype:shape` as a spec.

    The shape is a list of dimensions, each a number, `*` for any, or a word as a symbol (`[1, n, *]`; `[]`
    is a scalar); or `*` for any shape; or a word, a symbol for the whole shape.

    Raises:
        InvalidError: The text has another form, or names an unknown dtype.
    """
    from cartonml._types import TensorSpec

    match = _SPEC.fullmatch(text.strip())
    if not match:
        raise InvalidError(
            f"expected `name:dtype:shape`, got `{text}`",
            "for example `image:float32:[1, 3, *, *]`, `text:string:[]`, or `x:int64:*` for any shape",
        )
    name, dtype, shape = match["name"], match["dtype"], match["shape"].strip()
    if shape == "*":
        return TensorSpec(name, dtype, None)
    if re.fullmatch(r"[^\W\d]\w*", shape):
        return TensorSpec(name, dtype, shape)
    if not shape.startswith("["):
        raise InvalidError(
            f"`{text}`: `{shape}` is no shape", f"dimensions stand in brackets: `{name}:{dtype}:[{shape}]`"
        )
    return TensorSpec(name, dtype, _parse_dims(shape[1:-1], text))


def _parse_dims(inside: str, text: str) -> list[int | str | None]:
    dims: list[int | str | None] = []
    for part in inside.split(",") if inside.strip() else []:
        dim = part.strip().strip("'\"")
        if dim == "*":
            dims.append(None)
        elif re.fullmatch(r"-?\d+", dim):
            dims.append(int(dim))
        elif re.fullmatch(r"[^\W\d]\w*", dim):
            dims.append(dim)
        else:
            raise InvalidError(
                f"`{text}`: `{dim}` is no dimension", "use a number, `*` for any size, or a word as a symbol"
            )
    return dims


def parse_options(texts: Sequence[str] | None) -> dict[str, OptionValue] | None:
    """Each `key=value` with the value typed as TOML types it; what is no TOML value is a string.

    Raises:
        InvalidError: No `=`, or a value of a type that an option cannot have.
    """
    return dict(_parse_option(text) for text in texts) if texts else None


def _parse_option(text: str) -> tuple[str, OptionValue]:
    key, value = split_pair(text, "key=value")
    try:
        parsed: Any = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return key, value
    if set(parsed) != {"value"}:
        return key, value
    if not isinstance(parsed["value"], (bool, int, float, str)):
        raise InvalidError(
            f"option `{key}`: expected an integer, float, boolean or string, got `{value}`",
            f"quote it for a string: `{key}='\"{value}\"'`",
        )
    return key, parsed["value"]


def split_pair(text: str, form: str) -> tuple[str, str]:
    """The two sides of the first `=`; `form` names them in the error."""
    left, equals, right = text.partition("=")
    if not equals or not left:
        raise InvalidError(f"expected `{form}`, got `{text}`")
    return left, right


def parse_misc(texts: Sequence[str] | None) -> dict[str, bytes] | None:
    """Each `name=path` as a misc file's name and its content."""
    if not texts:
        return None
    files = {}
    for text in texts:
        name, path = split_pair(text, "name=path")
        if name in files:
            raise InvalidError(f"misc file `{name}` is given twice", "give each file its own name")
        try:
            files[name] = Path(path).read_bytes()
        except OSError as error:
            raise InvalidError(f"misc file `{name}`: {path}: {error.strerror}") from None
    return files


def parse_links(texts: Sequence[str] | None) -> dict[str, list[str]] | None:
    """Each `sha256=url`; several URLs of one hash keep their order."""
    if not texts:
        return None
    links: dict[str, list[str]] = {}
    for text in texts:
        sha256, url = split_pair(text, "sha256=url")
        links.setdefault(sha256, []).append(url)
    return links


def parse_self_tests(texts: Sequence[str] | None) -> list[SelfTest] | None:
    """Each `[name=]inputs.npz[,expected.npz]` as a self test."""
    from cartonml._types import SelfTest

    if not texts:
        return None
    tests = []
    for text in texts:
        name, files = _named_files(text)
        expected = load_arrays(files[1]) if len(files) > 1 else None
        tests.append(SelfTest(load_arrays(files[0]), name=name, expected_out=expected))
    return tests


def parse_examples(texts: Sequence[str] | None) -> list[Example] | None:
    """Each `[name=]inputs.npz,outputs.npz` as an example."""
    from cartonml._types import Example

    if not texts:
        return None
    examples = []
    for text in texts:
        name, files = _named_files(text)
        if len(files) != 2:
            raise InvalidError(f"expected `[name=]inputs.npz,outputs.npz`, got `{text}`")
        examples.append(Example(load_arrays(files[0]), load_arrays(files[1]), name=name))
    return examples


def _named_files(text: str) -> tuple[str | None, list[str]]:
    name, equals, files = text.rpartition("=")
    parts = [part.strip() for part in files.split(",")]
    if not all(parts) or len(parts) > 2:
        raise InvalidError(f"expected `[name=]inputs.npz[,outputs.npz]`, got `{text}`")
    return (name if equals else None), parts


def load_arrays(path: str) -> dict[str, Any]:
    """The arrays of a `.npz` file by name."""
    from cartonml.cli.values import load_numpy

    arrays = load_numpy(path)
    if not isinstance(arrays, dict):
        raise InvalidError(f"{path}: expected several arrays (`numpy.savez`), got one")
    return arrays
