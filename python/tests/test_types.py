from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from cartonml._errors import InvalidError, LimitError
from cartonml._types import (
    CartonInfo,
    Example,
    LazyLoadedMiscFile,
    LazyLoadedTensor,
    RunnerInfo,
    SelfTest,
    TensorSpec,
)


class MemoryReader:
    """The reader of an open carton, over dictionaries; counts what is read."""

    def __init__(self, tensors: dict[str, Any] | None = None, files: dict[str, bytes] | None = None) -> None:
        self.tensors = tensors or {}
        self.files = files or {}
        self.reads = 0

    def tensor(self, name: str) -> Any:
        self.reads += 1
        return self.tensors[name]

    def read(self, path: str, offset: int, size: int) -> bytes:
        self.reads += 1
        return self.files[path][offset : offset + size]


def info_json(**changes: Any) -> dict[str, Any]:
    base = {
        "spec_version": 1,
        "model_name": "a model",
        "short_description": None,
        "model_description": None,
        "license": None,
        "repository": None,
        "homepage": None,
        "required_platforms": [],
        "inputs": None,
        "outputs": None,
        "self_tests": [],
        "examples": [],
        "runner": {
            "runner_name": "torchscript",
            "required_framework_version": "=2.13",
            "runner_compat_version": 1,
            "opts": {"num_threads": 2, "flag": True},
        },
        "misc_files": ["a/b.bin"],
        "manifest_sha256": "ab" * 32,
        "links": {},
        "files": [
            {"path": "misc/a/b.bin", "size": 4, "stored_size": 4, "method": "stored", "sha256": "cd" * 32}
        ],
    }
    return {**base, **changes}


def test_bad_dtype_says_what_existing_users_know_and_lists_the_dtypes() -> None:
    with pytest.raises(ValueError, match="Invalid datatype: `complex64`") as caught:
        TensorSpec("x", "complex64", None)
    assert "float32" in str(caught.value)
    assert "bfloat16" in str(caught.value)


@pytest.mark.parametrize("dtype", ["Float32", "", "nested", None, np.float32, 1])
def test_dtypes_are_exact_names(dtype: Any) -> None:
    with pytest.raises(InvalidError, match="Invalid datatype"):
        TensorSpec("x", dtype, None)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        ("*", None),
        ("image", "image"),
        ([], []),
        ((1, None, "n"), [1, None, "n"]),
        ([0, "*"], [0, None]),
        ([np.int64(3)], [3]),
    ],
)
def test_shapes_keep_their_meaning(given: Any, kept: Any) -> None:
    assert TensorSpec("x", "float32", given).shape == kept


@pytest.mark.parametrize("shape", [3, [1.0], [True], {1: 2}, b"n"])
def test_shape_of_wrong_type_is_a_type_error(shape: Any) -> None:
    with pytest.raises(TypeError, match="shape"):
        TensorSpec("x", "float32", shape)


@pytest.mark.parametrize("shape", [[-1], [2, -3], [2**63]])
def test_impossible_shape_is_refused(shape: Any) -> None:
    with pytest.raises(InvalidError, match="shape"):
        TensorSpec("x", "float32", shape)


def test_rank_has_a_limit() -> None:
    with pytest.raises(LimitError, match="limited to 32, got 33"):
        TensorSpec("x", "float32", [1] * 33)


def test_negative_dimension_hint_names_the_wildcard() -> None:
    with pytest.raises(InvalidError, match="of any size is None"):
        TensorSpec("x", "float32", [-1, 3])


def test_spec_attributes_can_be_set_and_are_checked() -> None:
    spec = TensorSpec("x", "float32", [1], "first")
    spec.internal_name = "input_0"
    spec.shape = None
    assert spec != TensorSpec("x", "float32", None, "first")
    with pytest.raises(InvalidError):
        spec.dtype = "double"
    assert spec.dtype == "float32"
    assert repr(spec) == "TensorSpec(name='x', dtype='float32', description='first', internal_name='input_0')"


async def test_self_test_values_read_back_lazily() -> None:
    test = SelfTest(
        {"x": np.arange(3), "s": "text", "l": ["a", "bc"], "i": 3, "f": 0.5, "b": True}, "name", "why"
    )
    assert all(isinstance(value, LazyLoadedTensor) for value in test.inputs.values())
    values = {name: await value.get() for name, value in test.inputs.items()}
    assert {name: (str(value.dtype), value.shape) for name, value in values.items()} == {
        "x": ("int64", (3,)),
        "s": ("<U4", ()),
        "l": ("<U2", (2,)),
        "i": ("int64", ()),
        "f": ("float64", ()),
        "b": ("bool", ()),
    }
    assert test.expected_out is None


@pytest.mark.parametrize("value", [None, object(), [1, 2], {"a": 1}, {1}])
def test_self_test_value_of_wrong_type_is_a_type_error_that_names_it(value: Any) -> None:
    with pytest.raises(TypeError, match=r"inputs\['x'\]"):
        SelfTest({"x": value})


def test_self_test_takes_no_bytes_but_an_example_does() -> None:
    with pytest.raises(TypeError):
        SelfTest({"x": b"png"})
    example = Example({"x": b"png", "y": np.zeros(2)}, {"z": bytearray(b"wav")})
    assert isinstance(example.inputs["x"], LazyLoadedMiscFile)
    assert isinstance(example.inputs["y"], LazyLoadedTensor)
    assert example.sample_out["z"].read_sync() == b"wav"


def test_equality_compares_values_with_nan_and_dtype() -> None:
    nan = np.array([np.nan, 1.0])
    assert SelfTest({"x": nan}) == SelfTest({"x": nan.copy()})
    assert SelfTest({"x": nan}) != SelfTest({"x": nan.astype(np.float32)})
    assert SelfTest({"x": np.zeros(2)}) != SelfTest({"x": np.zeros((2, 1))})
    assert SelfTest({"x": ["a"]}) == SelfTest({"x": np.array(["a"], dtype="<U9")})
    assert SelfTest({"x": ["a"]}) != SelfTest({"x": np.zeros(1)})
    bf16 = np.ones(2, ml_dtypes.bfloat16)
    assert SelfTest({"x": bf16}) == SelfTest({"x": bf16.copy()})
    assert Example({"x": b"1"}, {}) != Example({"x": b"2"}, {})


async def test_misc_file_cursor_moves() -> None:
    info = CartonInfo.from_json(info_json(), MemoryReader(files={"misc/a/b.bin": b"0123456789"}))
    file = info.misc_files["a/b.bin"]
    assert await file.read(4) == b"0123"
    assert await file.read(0) == b""
    assert file.read_sync(2) == b"45"
    assert await file.read() == b"6789"
    assert await file.read() == b""
    assert await file.read(5) == b""
    with pytest.raises(InvalidError):
        await file.read(-1)


def test_large_misc_file_is_read_in_pieces() -> None:
    content = bytes(range(256)) * 20_000
    reader = MemoryReader(files={"misc/a/b.bin": content})
    assert CartonInfo.from_json(info_json(), reader).misc_files["a/b.bin"].read_sync() == content
    assert reader.reads > 2


async def test_info_from_json_keeps_everything_and_reads_nothing_early() -> None:
    reader = MemoryReader({"t0": np.arange(3), "t1": np.array("out")}, {"misc/p.png": b"png"})
    spec = {"name": "x", "dtype": "bool", "shape": [2, None, "n"], "description": None, "internal_name": "X"}
    info = CartonInfo.from_json(
        info_json(
            inputs=[spec],
            outputs=[],
            required_platforms=["x86_64-unknown-linux-gnu"],
            self_tests=[
                {"name": "t", "description": None, "inputs": {"x": "t0"}, "expected_out": {"y": "t1"}}
            ],
            examples=[
                {
                    "name": None,
                    "description": "d",
                    "inputs": {"x": {"misc": "p.png"}},
                    "sample_out": {"y": {"tensor": "t1"}},
                }
            ],
            links={"ef" * 32: ["https://example.com/a"]},
        ),
        reader,
    )
    assert reader.reads == 0
    assert info.inputs is not None
    assert (info.inputs[0].shape, info.inputs[0].internal_name, info.outputs) == ([2, None, "n"], "X", [])
    assert info.runner == RunnerInfo("torchscript", "=2.13", 1, {"num_threads": 2, "flag": True})
    assert info.runner.opts is not None
    assert info.runner.opts["flag"] is True
    assert info.self_tests is not None
    assert info.self_tests[0].expected_out is not None
    np.testing.assert_array_equal(await info.self_tests[0].inputs["x"].get(), np.arange(3))
    assert (await info.self_tests[0].expected_out["y"].get()).item() == "out"
    assert info.examples is not None
    assert info.examples[0].inputs["x"].read_sync() == b"png"
    assert info.files[0].path == "misc/a/b.bin"
    assert info.links == {"ef" * 32: ["https://example.com/a"]}


def test_info_is_read_only_and_comparable() -> None:
    reader = MemoryReader(files={"misc/a/b.bin": b"0123"})
    info = CartonInfo.from_json(info_json(), reader)
    assert info == CartonInfo.from_json(info_json(), reader)
    assert info != CartonInfo.from_json(info_json(model_name="other"), reader)
    with pytest.raises(AttributeError):
        info.model_name = "new"  # type: ignore[misc]


def test_info_text_shows_every_value_that_is_there() -> None:
    text = str(CartonInfo.from_json(info_json(license="MIT", inputs=[]), MemoryReader()))
    assert "model_name: a model" in text
    assert "license: MIT" in text
    assert "runner_name: torchscript" in text
    assert "num_threads" in text
    assert "a/b.bin" in text
    assert "homepage" not in text


def test_printing_an_info_never_sends_control_characters_to_the_terminal() -> None:
    data = {
        **dict.fromkeys(("short_description", "license", "repository", "homepage", "inputs", "outputs")),
        "spec_version": 1,
        "model_name": "evil \x1b[31m \u202e name",
        "model_description": "two\nlines\x07",
        "required_platforms": [],
        "self_tests": [],
        "examples": [],
        "runner": {
            "runner_name": "noop",
            "required_framework_version": "^1",
            "runner_compat_version": 1,
            "opts": {},
        },
        "misc_files": [],
        "manifest_sha256": "0" * 64,
        "links": {},
        "files": [],
    }
    text = str(CartonInfo.from_json(data, None))  # type: ignore[arg-type]
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "two" in text
