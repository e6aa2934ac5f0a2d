"""What existing Carton packs is read here, with equal values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compat.reference import reference_info, reference_pack

from cartonml._load import read_info
from cartonml._types import CartonInfo, TensorSpec

NUMERIC = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TEXTS = {
    "model_name": "by existing Carton 🎉",
    "short_description": "short",
    "model_description": "# Long\n\n'''quotes''' \\ and \"these\"\n",
    "license": "MIT",
    "repository": "https://example.com/r",
    "homepage": "https://example.com",
}
ARRAYS = {
    **{dtype: np.arange(6).reshape(2, 3).astype(dtype) for dtype in NUMERIC},
    "scalar": np.array(1.5),
    "text": np.array("één"),
    "texts": np.array([["a", "bb"], ["", "d"]]),
    "empty": np.zeros((0, 2), np.float32),
}


@pytest.fixture
def carton(torchscript_file: Path) -> Iterator[Path]:
    """Every feature of the format, in a file that existing Carton wrote."""
    path = reference_pack(
        torchscript_file,
        **TEXTS,
        runner_opts={"num_threads": 2, "flag": True, "rate": 0.5, "text": "x"},
        required_platforms=["x86_64-linux-gnu"],
        inputs=[
            {"name": "x", "dtype": "float32", "shape": ["n", None, 3], "description": "an image"},
            {"name": "any", "dtype": "string", "shape": None},
            {"name": "same", "dtype": "uint8", "shape": "shape"},
        ],
        outputs=[{"name": "y", "dtype": "int64", "shape": []}],
        self_tests=[{"name": "all", "inputs": ARRAYS, "expected_out": {"y": np.array(7)}}],
        examples=[{"inputs": {"x": b"png"}, "sample_out": {"y": np.array("c")}}],
        misc_files={"note.txt": b"text"},
        linked_files={"ab" * 32: ["https://example.com/a", "https://example.com/b"]},
    )
    yield path
    path.unlink()


@pytest.fixture
def info(carton: Path) -> CartonInfo:
    return read_info(carton)


def test_metadata(info: CartonInfo) -> None:
    assert {key: getattr(info, key) for key in TEXTS} == TEXTS
    assert info.required_platforms == ["x86_64-unknown-linux-gnu"]
    assert info.runner.runner_name == "torchscript"
    assert info.runner.required_framework_version == "=2.0"
    # Existing Carton stores booleans as integers.
    assert info.runner.opts == {"num_threads": 2, "flag": 1, "rate": 0.5, "text": "x"}
    assert info.links == {"ab" * 32: ["https://example.com/a", "https://example.com/b"]}


def test_specs(info: CartonInfo) -> None:
    assert info.inputs == [
        TensorSpec("x", "float32", ["n", None, 3], "an image"),
        TensorSpec("any", "string", None),
        TensorSpec("same", "uint8", "shape"),
    ]
    assert info.outputs == [TensorSpec("y", "int64", [])]


def test_tensors_of_self_tests(info: CartonInfo) -> None:
    assert info.self_tests is not None
    test = info.self_tests[0]
    assert test.name == "all"
    assert set(test.inputs) == set(ARRAYS)
    for name, array in ARRAYS.items():
        read = test.inputs[name].get_sync()
        assert (read.dtype.kind, read.shape) == (array.dtype.kind, array.shape), name
        np.testing.assert_array_equal(read, array)
    assert test.expected_out is not None
    assert test.expected_out["y"].get_sync().item() == 7


def test_examples_and_misc_files(info: CartonInfo) -> None:
    assert info.examples is not None
    example: Any = info.examples[0]
    assert example.inputs["x"].read_sync() == b"png"
    assert example.sample_out["y"].get_sync().item() == "c"
    assert info.misc_files["note.txt"].read_sync() == b"text"


def test_both_readers_see_the_same(carton: Path, info: CartonInfo) -> None:
    theirs = reference_info(carton)
    assert {key: getattr(info, key) for key in TEXTS} == {key: theirs[key] for key in TEXTS}
    assert sorted(info.misc_files) == sorted(theirs["misc_files"])
    assert info.inputs is not None
    assert [vars(spec) for spec in info.inputs] == theirs["inputs"]
