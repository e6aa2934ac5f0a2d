"""Existing Carton reads, with equal values, every feature of what is packed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from compat.reference import reference_info

from cartonml._format.dtypes import V1_STAND_INS
from cartonml._format.platforms import _ARCHITECTURES, _ENVIRONMENTS, _SYSTEMS, canonical_platform
from cartonml._pack import pack_sync
from cartonml._types import Example, SelfTest, TensorSpec

NUMERIC = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def packed(model: Path, **arguments: Any) -> dict[str, Any]:
    return reference_info(pack_sync(model, "torchscript", "=2.13", **arguments))


def test_minimal_carton(torchscript_file: Path) -> None:
    info = packed(torchscript_file)
    assert info["runner"] == {
        "runner_name": "torchscript",
        "required_framework_version": "=2.13",
        "runner_compat_version": 1,
        "opts": None,
    }
    assert info["inputs"] is None
    assert not info["self_tests"]
    assert info["misc_files"] == {}


def test_texts_with_every_kind_of_character(torchscript_file: Path) -> None:
    texts = {
        "model_name": "Modèle 模型 🎉",
        "short_description": "é" * 100,
        "model_description": "# Title\n\n'''three''' \"\"\"quotes\"\"\" \\ back\ttab\r\nline \x01 control",
        "license": "Apache-2.0 OR MIT",
        "repository": "https://example.com/r?a=b#c",
        "homepage": "https://example.com",
    }
    info = packed(torchscript_file, **texts)
    assert {key: info[key] for key in texts} == texts


def test_options_of_every_type(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    options = {
        "int": -(2**63),
        "float": 0.1,
        "text": "a = \"b\"\n'c'",
        "model.dotted key": 1,
        "inf": float("-inf"),
        "yes": True,
    }
    info = reference_info(pack_sync(tmp_path / "file", "acme/custom", ">=1, <2", 3, options))
    assert info["runner"]["opts"] == options
    assert info["runner"]["runner_compat_version"] == 3
    assert info["runner"]["required_framework_version"] == ">=1, <2"


def test_specs_of_every_shape_and_dtype(torchscript_file: Path) -> None:
    shapes: list[Any] = [None, "symbol", [], [None], ["sym"], [1, None, "sym", 0], [None, None, None]]
    inputs = [TensorSpec(f"shape{number}", "float32", shape) for number, shape in enumerate(shapes)]
    inputs[0].internal_name = "inner name"
    inputs[0].description = "described"
    dtypes = (*NUMERIC, "string", *V1_STAND_INS)
    outputs = [TensorSpec(f"dot.ted {dtype}", dtype, [2]) for dtype in dtypes]
    info = packed(torchscript_file, inputs=inputs, outputs=outputs)
    assert [spec["shape"] for spec in info["inputs"]] == shapes
    assert info["inputs"][0]["internal_name"] == "inner name"
    assert info["inputs"][0]["description"] == "described"
    assert [spec["dtype"] for spec in info["outputs"]] == [V1_STAND_INS.get(dtype, dtype) for dtype in dtypes]


def test_tensors_of_every_dtype_and_layout(torchscript_file: Path) -> None:
    base = np.array([[0, 1, 2], [3, 4, 5]])
    inputs: dict[str, Any] = {dtype: base.astype(dtype) for dtype in NUMERIC}
    inputs |= {
        "big_endian": base.astype(">f8"),
        "fortran": np.asfortranarray(base),
        "strided": np.arange(24).reshape(4, 6)[::-2, 1::2],
        "empty": np.zeros((0, 3), np.float32),
        "scalar": np.float64(1.5),
        "nan": np.array([np.nan, np.inf, -0.0]),
        "text": "one 🎉",
        "texts": ["", "b", "ccc"],
        "table": np.array([["a", "b"], ["c", "d\n"]]),
    }
    info = packed(torchscript_file, self_tests=[SelfTest(inputs, "name", "why", {"out": base})])
    test = info["self_tests"][0]
    assert (test["name"], test["description"]) == ("name", "why")
    for name, value in inputs.items():
        array = np.asarray(value)
        read = test["inputs"][name]
        assert (read.dtype, read.shape) == (array.dtype.newbyteorder("="), array.shape), name
        np.testing.assert_array_equal(read, array)
    np.testing.assert_array_equal(test["expected_out"]["out"], base)


def test_new_dtypes_are_seen_as_their_bits(torchscript_file: Path) -> None:
    inputs = {
        "bool": np.array([True, False]),
        "float16": np.array([0.5, -2], np.float16),
        "bfloat16": np.array([1.5], ml_dtypes.bfloat16),
    }
    info = packed(torchscript_file, self_tests=[SelfTest(inputs)])
    for name, array in inputs.items():
        stand_in = np.dtype(V1_STAND_INS[name])
        np.testing.assert_array_equal(info["self_tests"][0]["inputs"][name], array.view(stand_in))


def test_examples_with_files_and_tensors(torchscript_file: Path) -> None:
    png = bytes(range(256)) * 300
    example = Example({"image": png, "x": np.arange(3)}, {"label": "cat", "sound": b""}, "name", "why")
    info = packed(torchscript_file, examples=[example, Example({}, {})])
    read = info["examples"][0]
    assert (read["name"], read["description"]) == ("name", "why")
    assert read["inputs"]["image"] == png
    np.testing.assert_array_equal(read["inputs"]["x"], np.arange(3))
    assert read["sample_out"]["label"].item() == "cat"
    assert read["sample_out"]["sound"] == b""
    assert info["examples"][1]["inputs"] == {}


def test_misc_files_with_odd_names(torchscript_file: Path) -> None:
    files = {"a/b/c.txt": b"1", "with=equals": b"2", "日本 語.png": bytes(100_000), "empty": b""}
    assert packed(torchscript_file, misc_files=files)["misc_files"] == files


def test_carton_with_links_and_a_stored_model(tmp_path: Path, torchscript_bytes: bytes) -> None:
    model = tmp_path / "model.pt"
    model.write_bytes(torchscript_bytes)
    info = packed(model, linked_files={"ab" * 32: ["https://example.com/a"]}, model_name="linked")
    assert info["model_name"] == "linked"
    (tmp_path / "weights").write_bytes(np.random.default_rng(0).bytes(200_000))
    stored = reference_info(pack_sync(tmp_path / "weights", "noop", "=1.0", misc_files={"a": b"1"}))
    assert stored["misc_files"] == {"a": b"1"}


@pytest.mark.parametrize("part", ["architectures", "systems", "environments"])
def test_platforms_are_accepted_and_already_canonical(torchscript_file: Path, part: str) -> None:
    triples = {
        "architectures": [f"{word}-linux-gnu" for word in sorted(_ARCHITECTURES)],
        "systems": [f"x86_64-{word}" for word in sorted(_SYSTEMS)] + ["wasm32-wasi", "arm64-apple-darwin"],
        "environments": [f"x86_64-linux-{word}" for word in sorted(_ENVIRONMENTS)]
        + ["x86_64-acme-none-eabi"],
    }[part]
    expected = [canonical_platform(triple) for triple in triples]
    assert packed(torchscript_file, required_platforms=triples)["required_platforms"] == expected
