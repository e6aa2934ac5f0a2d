"""Existing Carton packs through the stub runner; what it writes has the form that is promised of it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from compat.reference import reference_info, reference_pack


def test_reference_packs_every_feature_and_reads_it_back(torchscript_file: Path) -> None:
    path = reference_pack(
        torchscript_file,
        runner_opts={"num_threads": 2},
        model_name="by the reference",
        required_platforms=["x86_64-linux-gnu"],
        inputs=[{"name": "x", "dtype": "float32", "shape": ["n", None]}],
        outputs=[{"name": "y", "dtype": "string", "shape": "*"}],
        self_tests=[
            {"inputs": {"x": np.ones((2, 3), np.float32)}, "expected_out": {"y": np.array(["a", "b"])}}
        ],
        examples=[{"inputs": {"x": b"png"}, "sample_out": {"y": np.array("c")}}],
        misc_files={"note.txt": b"text"},
        linked_files={"ab" * 32: ["https://example.com"]},
    )
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    path.unlink()
    assert {"carton.toml", "MANIFEST", "LINKS", "model/model.pt", "tensor_data/index.toml"} <= set(names)


def test_what_the_reference_packs_it_reads(torchscript_file: Path) -> None:
    path = reference_pack(torchscript_file, model_name="m", misc_files={"note.txt": b"text"})
    info = reference_info(path)
    path.unlink()
    assert info["model_name"] == "m"
    assert info["misc_files"] == {"note.txt": b"text"}
    assert info["runner"]["required_framework_version"] == "=2.0"
