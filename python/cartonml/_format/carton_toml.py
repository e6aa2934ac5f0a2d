"""`carton.toml`, and the tensors and files that its self tests and examples refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import tomli_w

from .._lazy import LazyLoadedMiscFile, LazyLoadedTensor
from .._spec import Example, SelfTest, TensorSpec
from .dtypes import V1_STAND_INS, v1_dtype
from .limits import CARTON_TOML_BYTES, check_limit
from .metadata import EXAMPLE_FILE, Metadata
from .tensor_data import REFERENCE, render_tensor_data, tensor_name
from .values import to_array

if TYPE_CHECKING:
    from .values import Array

SPEC_VERSION = 1


def render_metadata(metadata: Metadata) -> dict[str, bytes]:
    """`carton.toml`, and all files of `tensor_data/` and `misc/`: path to content."""
    values = _Values()
    document: dict[str, Any] = {"spec_version": SPEC_VERSION, **metadata.texts}
    if metadata.required_platforms is not None:
        document["required_platforms"] = metadata.required_platforms
    document["runner"] = _runner_table(metadata)
    for key, specs in (("input", metadata.inputs), ("output", metadata.outputs)):
        if specs is not None:
            document[key] = [_spec_table(spec) for spec in specs]
    if metadata.self_tests is not None:
        document["self_test"] = [_self_test_table(test, values) for test in metadata.self_tests]
    if metadata.examples is not None:
        document["example"] = [_example_table(example, values) for example in metadata.examples]
    dtypes = _real_dtypes(metadata)
    if dtypes:
        document["carton_ext"] = {"dtypes": dtypes}
    content = tomli_w.dumps(document).encode()
    hint = "shorten the descriptions, or put long texts into misc_files"
    check_limit("the size of carton.toml, in bytes,", len(content), CARTON_TOML_BYTES, hint)
    misc = {**metadata.misc_files, **values.files}
    return {
        "carton.toml": content,
        **render_tensor_data(values.arrays),
        **{f"misc/{name}": content for name, content in misc.items()},
    }


class _Values:
    """Collects the values of self tests and examples, and names them in the order they come."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self.files: dict[str, bytes] = {}

    def refer_all(self, values: Mapping[str, LazyLoadedTensor | LazyLoadedMiscFile]) -> dict[str, str]:
        """References by name, sorted: the order of a dict makes no difference to the file."""
        return {name: self._refer(values[name]) for name in sorted(values)}

    def _refer(self, value: LazyLoadedTensor | LazyLoadedMiscFile) -> str:
        """Keeps the value and returns the reference that `carton.toml` holds for it."""
        if isinstance(value, LazyLoadedMiscFile):
            name = f"{EXAMPLE_FILE}{len(self.files)}"
            self.files[name] = value.content_sync()
            return f"@misc/{name}"
        self.arrays.append(to_array(value.get_sync(), "a tensor"))
        return REFERENCE + tensor_name(len(self.arrays) - 1)


def _runner_table(metadata: Metadata) -> dict[str, Any]:
    runner = metadata.runner
    table: dict[str, Any] = {
        "runner_name": runner.runner_name,
        "required_framework_version": runner.required_framework_version,
        "runner_compat_version": runner.runner_compat_version,
    }
    if runner.opts is not None:
        table["opts"] = dict(sorted(runner.opts.items()))
    return table


def _spec_table(spec: TensorSpec) -> dict[str, Any]:
    table: dict[str, Any] = {"name": spec.name, "dtype": v1_dtype(spec.dtype), "shape": _toml_shape(spec)}
    for key in ("description", "internal_name"):
        if getattr(spec, key) is not None:
            table[key] = getattr(spec, key)
    return table


def _toml_shape(spec: TensorSpec) -> Any:
    if isinstance(spec.shape, list):
        return ["*" if dim is None else dim for dim in spec.shape]
    return "*" if spec.shape is None else spec.shape


def _self_test_table(test: SelfTest, values: _Values) -> dict[str, Any]:
    table = _heading(test)
    table["inputs"] = values.refer_all(test.inputs)
    if test.expected_out is not None:
        table["expected_out"] = values.refer_all(test.expected_out)
    return table


def _example_table(example: Example, values: _Values) -> dict[str, Any]:
    table = _heading(example)
    table["inputs"] = values.refer_all(example.inputs)
    table["sample_out"] = values.refer_all(example.sample_out)
    return table


def _heading(test: SelfTest | Example) -> dict[str, Any]:
    heading = {"name": test.name, "description": test.description}
    return {key: value for key, value in heading.items() if value is not None}


def _real_dtypes(metadata: Metadata) -> dict[str, dict[str, str]]:
    """Which specs have a dtype that format v1 lacks; readers of v1 ignore this table."""
    dtypes = {}
    for key, specs in (("inputs", metadata.inputs), ("outputs", metadata.outputs)):
        real = {spec.name: spec.dtype for spec in specs or () if spec.dtype in V1_STAND_INS}
        if real:
            dtypes[key] = real
    return dtypes
