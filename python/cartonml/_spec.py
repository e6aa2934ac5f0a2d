"""Specs, self tests and examples, which `pack` takes and a carton's info gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral  # numpy's integers are registered as such
from typing import Any, Union

from ._errors import InvalidError, InvalidTypeError
from ._format.dtypes import check_dtype
from ._format.limits import TENSOR_RANK, check_limit
from ._format.values import to_array
from ._lazy import LazyLoadedMiscFile, LazyLoadedTensor, file_in_memory, tensor_in_memory

Dim = Union[int, str, None]
Shape = Union[str, list[Dim], None]
OptionValue = Union[int, float, str, bool]
ExampleValue = Union[LazyLoadedTensor, LazyLoadedMiscFile]


class TensorSpec:
    """The declaration of one input or output of a model.

    Attributes:
        name: The name under which the tensor is passed or returned.
        dtype: `float32`, `float64`, `string`, `int8` … `int64`, `uint8` … `uint64`, `bool`, `float16` or
            `bfloat16`.
        shape: None for any shape, a str as a symbol for the whole shape, or a list with an int, None (any)
            or a str (a symbol) per dimension. Equal symbols stand for equal sizes in all of a model's
            specs.
        description: For people.
        internal_name: The name that the model itself uses, where it differs.

    Assigning a wrong dtype or shape raises `InvalidError` (a ValueError).
    """

    name: str
    dtype: str
    shape: Shape
    description: str | None
    internal_name: str | None

    def __init__(
        self, name: str, dtype: str, shape: str | Sequence[Dim] | None, description: str | None = None
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape  # type: ignore[assignment]
        self.description = description
        self.internal_name = None

    def __setattr__(self, key: str, value: Any) -> None:
        if key == "dtype":
            value = check_dtype(value)
        elif key == "shape":
            value = _check_shape(value)
        elif key == "name" and not isinstance(value, str):
            raise InvalidTypeError(f"name is a `{type(value).__name__}`, expected str")
        elif key in ("description", "internal_name") and not isinstance(value, (str, type(None))):
            raise InvalidTypeError(f"{key} is a `{type(value).__name__}`, expected str or None")
        object.__setattr__(self, key, value)

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, TensorSpec) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return _repr(self, "TensorSpec")


class SelfTest:
    """Inputs, and maybe the outputs that the model must give for them.

    Values are numpy arrays, `str`, lists of `str`, bool, int or float; they read back as `LazyLoadedTensor`.

    Attributes:
        inputs: Tensor per input.
        name, description: For people, or None.
        expected_out: Tensor per output, or None.
    """

    name: str | None
    description: str | None
    inputs: dict[str, LazyLoadedTensor]
    expected_out: dict[str, LazyLoadedTensor] | None

    def __init__(
        self,
        inputs: Mapping[str, Any],
        name: str | None = None,
        description: str | None = None,
        expected_out: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.description = description
        self.inputs = inputs  # type: ignore[assignment]
        self.expected_out = expected_out  # type: ignore[assignment]

    def __setattr__(self, key: str, value: Any) -> None:
        if key == "inputs" or (key == "expected_out" and value is not None):
            value = {name: _lazy_tensor(item, name, key) for name, item in _items(value, key)}
        object.__setattr__(self, key, value)

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, SelfTest) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return _repr(self, "SelfTest")


class Example:
    """Inputs and the outputs that go with them, to be shown to people.

    Values are as in `SelfTest`, or bytes: a file such as an image, which reads back as
    `LazyLoadedMiscFile`.
    """

    name: str | None
    description: str | None
    inputs: dict[str, ExampleValue]
    sample_out: dict[str, ExampleValue]

    def __init__(
        self,
        inputs: Mapping[str, Any],
        sample_out: Mapping[str, Any],
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        self.name = name
        self.description = description
        self.inputs = inputs  # type: ignore[assignment]
        self.sample_out = sample_out  # type: ignore[assignment]

    def __setattr__(self, key: str, value: Any) -> None:
        if key in ("inputs", "sample_out"):
            value = {name: _lazy_value(item, name, key) for name, item in _items(value, key)}
        object.__setattr__(self, key, value)

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, Example) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return _repr(self, "Example")


def _check_shape(shape: Any) -> Shape:
    if shape is None or shape == "*":
        return None
    if isinstance(shape, str):
        return shape
    if not isinstance(shape, (list, tuple)):
        raise InvalidTypeError(
            f"shape is a `{type(shape).__name__}`, expected None, a symbol (str) or a list of dimensions"
        )
    check_limit("the rank of a tensor", len(shape), TENSOR_RANK)
    return [_check_dim(dim, shape) for dim in shape]


def _check_dim(dim: Any, shape: Any) -> Dim:
    if dim is None or isinstance(dim, str):
        return None if dim == "*" else dim
    if isinstance(dim, bool) or not isinstance(dim, Integral):
        raise InvalidTypeError(
            f"shape {shape!r}: `{dim!r}` is not a dimension, expected an int, None (any) or a symbol (str)"
        )
    size = int(dim)
    if size < 0:
        raise InvalidError(
            f"shape {shape!r}: the dimension {dim} is negative",
            hint="a dimension of any size is None (on the command line, `*`)",
        )
    if size >= 2**63:
        raise InvalidError(f"shape {shape!r}: the dimension {dim} exceeds int64")
    return size


def _items(value: Any, key: str) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise InvalidTypeError(f"{key} is a `{type(value).__name__}`, expected a dict of name to tensor")
    for name in value:
        if not isinstance(name, str):
            raise InvalidTypeError(f"{key}: the name {name!r} is a `{type(name).__name__}`, expected str")
    return list(value.items())


def _lazy_tensor(value: Any, name: str, key: str) -> LazyLoadedTensor:
    if isinstance(value, LazyLoadedTensor):
        return value
    return tensor_in_memory(to_array(value, f"{key}[{name!r}]"))


def _lazy_value(value: Any, name: str, key: str) -> ExampleValue:
    if isinstance(value, LazyLoadedMiscFile):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return file_in_memory(bytes(value))
    return _lazy_tensor(value, name, key)


def _repr(value: Any, name: str) -> str:
    fields = ", ".join(f"{key}={item!r}" for key, item in vars(value).items() if item is not None)
    return f"{name}({fields})"
