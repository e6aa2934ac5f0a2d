"""What is packed comes back equal from the native reader: the two halves agree on the format."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from test_pack import PNG, everything, pack_everything

from cartonml._format.dtypes import DTYPES
from cartonml._load import get_model_info, read_info
from cartonml._pack import pack_sync
from cartonml._types import CartonInfo, Example, SelfTest, TensorSpec


def packed(model: Path, **arguments: Any) -> CartonInfo:
    return read_info(pack_sync(model, "torchscript", "=2.13", **arguments))


async def test_every_feature_comes_back_equal(torchscript_file: Path) -> None:
    given_ = everything()
    info = await get_model_info(pack_everything(torchscript_file))
    for key in ("model_name", "short_description", "model_description", "license", "repository", "homepage"):
        assert getattr(info, key) == given_[key]
    assert info.required_platforms == ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin"]
    assert info.inputs == given_["inputs"]
    assert info.outputs == given_["outputs"]
    assert info.self_tests == given_["self_tests"]
    assert info.examples == given_["examples"]
    assert info.links == given_["linked_files"]
    assert info.runner.opts == given_["runner_opts"]
    assert info.runner.required_framework_version == ">=2.13, <3"
    assert await info.misc_files["img/p.png"].read() == PNG
    model = next(file for file in info.files if file.path == "model/model.pt")
    assert model.size == torchscript_file.stat().st_size


async def test_info_packs_again_to_the_same_bytes(torchscript_file: Path) -> None:
    first = pack_everything(torchscript_file)
    info = await get_model_info(first)
    given_ = everything(self_tests=info.self_tests, examples=info.examples, inputs=info.inputs)
    second = pack_sync(torchscript_file, "torchscript", ">=2.13, <3", **given_)
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_boolean_options_stay_boolean(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    options = {"yes": True, "one": 1, "float": 1.0, "text": "true", "model.dotted": -(2**63)}
    info = read_info(pack_sync(tmp_path / "file", "noop", "=1.0", runner_opts=options))
    assert info.runner.opts is not None
    assert info.runner.opts == options
    assert all(type(value) is type(options[name]) for name, value in info.runner.opts.items())


@pytest.mark.parametrize("shape", [None, "symbol", [], [0], [None], ["n", 3, None], [1] * 32])
@pytest.mark.parametrize("dtype", DTYPES)
def test_specs_of_every_dtype_and_shape(torchscript_file: Path, dtype: str, shape: Any) -> None:
    spec = TensorSpec('a name.with "quotes"', dtype, shape, "")
    spec.internal_name = "x"
    info = packed(torchscript_file, inputs=[spec], outputs=[])
    assert info.inputs == [spec]
    assert info.outputs == []


def test_stored_files_of_a_folder_are_found_where_they_lie(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub dir").mkdir(parents=True)
    content = np.random.default_rng(0).bytes(300_000)
    (folder / "sub dir" / "weights=1.bin").write_bytes(content)
    (folder / "empty").write_bytes(b"")
    info = read_info(pack_sync(folder, "noop", "=1.0"))
    files = {file.path: file for file in info.files}
    assert files["model/sub dir/weights=1.bin"].method == "stored"
    assert files["model/sub dir/weights=1.bin"].size == len(content)
    assert files["model/empty"].size == 0


names = st.text(string.ascii_letters + string.digits + " ._-äß模🎉=", min_size=1, max_size=12).filter(
    lambda name: name.strip(".") == name
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
dtypes = st.sampled_from([np.dtype(name) for name in DTYPES if name not in ("string", "bfloat16")])
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
tensors = st.one_of(
    hnp.arrays(dtypes, shapes),
    hnp.arrays(np.dtype(">i4"), shapes),
    shapes.map(lambda shape: np.ones(shape, ml_dtypes.bfloat16)),
    texts,
    st.lists(texts, max_size=4),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=texts,
    inputs=st.dictionaries(texts, tensors, max_size=4),
    outputs=st.dictionaries(texts, tensors, max_size=2),
    blob=st.binary(max_size=100),
    misc=st.dictionaries(names.map(str.casefold), st.binary(max_size=100), max_size=3),
)
def test_anything_packed_comes_back_equal(
    torchscript_file: Path, text: str, inputs: Any, outputs: Any, blob: bytes, misc: Any
) -> None:
    self_test = SelfTest(inputs, text, text, outputs)
    example = Example({**inputs, "blob": blob}, outputs, text)
    output = torchscript_file.with_suffix(".carton")
    pack_sync(
        torchscript_file,
        "torchscript",
        "=2.13",
        model_description=text,
        self_tests=[self_test],
        examples=[example],
        misc_files=misc,
        output_path=output,
    )
    info = read_info(output)
    assert info.model_description == text
    assert info.self_tests == [self_test]
    assert info.examples == [example]
    mine = {
        name: file.content_sync() for name, file in info.misc_files.items() if not name.startswith("_example")
    }
    assert mine == misc
