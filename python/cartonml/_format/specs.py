"""Checks specs, and that self tests and examples fit them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .._errors import InvalidError, InvalidTypeError
from .._lazy import LazyLoadedTensor
from .._spec import Example, SelfTest, TensorSpec
from .dtypes import dtype_of
from .metadata import check_text
from .values import to_array

if TYPE_CHECKING:
    from .values import Array

# What a symbol stands for: a size, or the whole shape.
Symbols = dict[str, tuple[Any, str]]


def check_specs(specs: Any, what: str) -> list[TensorSpec] | None:
    """`specs` as a list of specs with distinct, non-empty names; `what` is "inputs" or "outputs"."""
    if specs is None:
        return None
    checked = _check_list(specs, what, TensorSpec)
    names = set()
    for spec in checked:
        check_text(spec.name, f"the name of a spec in {what}")
        if not spec.name:
            raise InvalidError(f"{what}: the name of a spec is empty")
        if spec.name in names:
            raise InvalidError(
                f"{what}: the name `{spec.name}` is declared twice", hint="give each spec its own name"
            )
        names.add(spec.name)
        if isinstance(spec.shape, list):
            spec.shape = spec.shape  # Lists can be changed in place: check the dimensions again.
        for text in (spec.description, spec.internal_name, *_symbols_of(spec)):
            check_text(text or "", f"a text of the spec `{spec.name}` in {what}")
    return checked


def check_self_tests(
    tests: Any, inputs: Sequence[TensorSpec] | None, outputs: Sequence[TensorSpec] | None
) -> list[SelfTest] | None:
    """Self tests whose names, dtypes and shapes fit the specs, where specs are declared."""
    if tests is None:
        return None
    checked = _check_list(tests, "self_tests", SelfTest)
    for number, test in enumerate(checked, 1):
        where = _label("self test", number, test)
        symbols: Symbols = {}
        _check_values(test.inputs, inputs, f"{where}: input", symbols, complete=True)
        _check_values(test.expected_out or {}, outputs, f"{where}: expected output", symbols, complete=False)
    return checked


def check_examples(
    examples: Any, inputs: Sequence[TensorSpec] | None, outputs: Sequence[TensorSpec] | None
) -> list[Example] | None:
    """Examples whose names, and the dtypes and shapes of their tensors, fit the specs."""
    if examples is None:
        return None
    checked = _check_list(examples, "examples", Example)
    for number, example in enumerate(checked, 1):
        where = _label("example", number, example)
        symbols: Symbols = {}
        _check_values(example.inputs, inputs, f"{where}: input", symbols, complete=True)
        _check_values(example.sample_out, outputs, f"{where}: sample output", symbols, complete=False)
    return checked


def check_array(array: Array, spec: TensorSpec, where: str, symbols: Symbols) -> None:
    """Checks dtype and shape of `array` against `spec`; `symbols` collects what symbols stand for."""
    dtype = dtype_of(array)
    if dtype != spec.dtype:
        raise InvalidError(
            f"{where} has dtype {dtype}, its spec says {spec.dtype}",
            hint=f"convert it, for example with `.astype({spec.dtype!r})`, or change the spec",
        )
    if isinstance(spec.shape, str):
        _bind(spec.shape, array.shape, where, symbols)
    if not isinstance(spec.shape, list):
        return
    fits = len(spec.shape) == array.ndim and all(
        not isinstance(dim, int) or dim == size for dim, size in zip(spec.shape, array.shape)
    )
    if not fits:
        raise InvalidError(
            f"{where} has shape {_shape_text(array.shape)}, its spec says {_shape_text(spec.shape)}"
        )
    for dim, size in zip(spec.shape, array.shape):
        if isinstance(dim, str):
            _bind(dim, size, where, symbols)


def _bind(symbol: str, value: Any, where: str, symbols: Symbols) -> None:
    known, at = symbols.setdefault(symbol, (value, where))
    if known != value:
        raise InvalidError(f"the symbol `{symbol}` is {value} in {where}, but {known} in {at}")


def _check_values(
    values: Any, specs: Sequence[TensorSpec] | None, where: str, symbols: Symbols, *, complete: bool
) -> None:
    for name in values:
        check_text(name, f"the name of an {where}")
    by_name = None if specs is None else {spec.name: spec for spec in specs}
    if by_name is not None:
        _check_names(values, by_name, where, complete)
    for name, value in values.items():
        if isinstance(value, LazyLoadedTensor):
            label = f"{where} `{name}`"
            array = to_array(value.get_sync(), label)
            if by_name is not None:
                check_array(array, by_name[name], label, symbols)


def _check_names(values: Iterable[str], by_name: dict[str, TensorSpec], where: str, complete: bool) -> None:
    given = set(values)
    declared = ", ".join(f"`{name}`" for name in by_name) or "none"
    for name in sorted(given - set(by_name)):
        raise InvalidError(f"{where} `{name}` is not declared", hint=f"declared are: {declared}")
    if complete:
        for name in by_name:
            if name not in given:
                raise InvalidError(
                    f"{where} `{name}` is declared, but not given", hint=f"declared are: {declared}"
                )


def _check_list(items: Any, what: str, kind: type[Any]) -> list[Any]:
    if not isinstance(items, (list, tuple)):
        raise InvalidTypeError(f"{what} is a `{type(items).__name__}`, expected a list of {kind.__name__}")
    for item in items:
        if not isinstance(item, kind):
            raise InvalidTypeError(f"{what} holds a `{type(item).__name__}`, expected {kind.__name__}")
    return list(items)


def _label(kind: str, number: int, test: SelfTest | Example) -> str:
    for text, what in ((test.name, "name"), (test.description, "description")):
        if text is not None:
            check_text(text, f"the {what} of {kind} {number}")
    return f"{kind} {number}" + (f" ({test.name})" if test.name else "")


def _symbols_of(spec: TensorSpec) -> list[str]:
    dims = spec.shape if isinstance(spec.shape, list) else [spec.shape]
    return [dim for dim in dims if isinstance(dim, str)]


def _shape_text(shape: Sequence[Any]) -> str:
    return "[" + ", ".join("*" if dim is None else str(dim) for dim in shape) + "]"
