"""Bad cartons and bad inputs, as a user of the Python package meets them: a typed error that says what
was expected, what came and what to do; nothing written outside the cache; no crash, no hang."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cartonml.sync
from cartonml import (
    CartonError,
    FormatError,
    InputError,
    IntegrityError,
    IoError,
    NoRunnerError,
    UnsupportedError,
)

TOML = """spec_version = 1
[runner]
runner_name = "noop"
required_framework_version = "^1"
runner_compat_version = 1
"""


def write_carton(path: Path, files: dict[str, bytes], manifest: bytes | None = None) -> Path:
    """A carton of Stored entries, written by a zip library that is not ours."""
    if manifest is None:
        lines = [f"{name}={hashlib.sha256(data).hexdigest()}\n" for name, data in sorted(files.items())]
        manifest = "".join(lines).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        if manifest:
            archive.writestr(zipfile.ZipInfo("MANIFEST"), manifest)
    return path


def good_files() -> dict[str, bytes]:
    return {
        "carton.toml": TOML.encode(),
        "model/weights": b"w" * 300,
        "tensor_data/index.toml": b"tensor = []\n",
    }


@pytest.fixture
def carton(tmp_path: Path, noop_runner_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARTON_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "model.carton"


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and "cache" not in p.parts
    }


def refused(path: Path, kind: type[CartonError], *words: str) -> CartonError:
    """Loading `path` fails so, tells so, and leaves the folder as it was."""
    before = snapshot(path.parent)
    with pytest.raises(kind) as raised:
        cartonml.sync.load(path)
    message = str(raised.value)
    for word in words:
        assert word in message, message
    assert snapshot(path.parent) == before
    return raised.value


def test_a_good_carton_loads(carton: Path) -> None:
    with cartonml.sync.load(write_carton(carton, good_files())) as model:
        assert model.infer({"x": 1})["x"] == 1


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04", b"\x80\x04pickle", bytes(100_000)])
def test_a_file_that_is_no_zip_is_a_format_error(carton: Path, content: bytes) -> None:
    carton.write_bytes(content)
    refused(carton, FormatError, "model.carton")


def test_a_missing_file_is_an_io_error(carton: Path) -> None:
    refused(carton, IoError, "model.carton")


def test_a_truncated_carton_is_a_format_error_at_every_length(carton: Path) -> None:
    whole = write_carton(carton, good_files()).read_bytes()
    for length in [*range(0, len(whole), 37), len(whole) - 1]:
        carton.write_bytes(whole[:length])
        refused(carton, FormatError)


@pytest.mark.parametrize("name", ["carton.toml", "model/weights"])
def test_a_changed_byte_in_any_file_is_an_integrity_error(carton: Path, name: str) -> None:
    whole = write_carton(carton, good_files()).read_bytes()
    data = good_files()[name]
    at = whole.index(data) + len(data) // 2
    carton.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    with pytest.raises((IntegrityError, FormatError)) as raised:
        cartonml.sync.load(carton).close()
    assert name in str(raised.value)


def test_a_wrong_hash_in_manifest_names_both(carton: Path) -> None:
    files = good_files()
    manifest = "".join(f"{n}={hashlib.sha256(d).hexdigest()}\n" for n, d in sorted(files.items()))
    real = hashlib.sha256(files["model/weights"]).hexdigest()
    write_carton(carton, files, manifest.replace(real, "0" * 64).encode())
    refused(carton, IntegrityError, "model/weights", "0" * 12, real[:12])


def test_a_missing_manifest_is_named(carton: Path) -> None:
    refused(write_carton(carton, good_files(), b""), FormatError, "MANIFEST")


def test_a_missing_carton_toml_is_named(carton: Path) -> None:
    files = good_files()
    del files["carton.toml"]
    refused(write_carton(carton, files), FormatError, "carton.toml")


def test_a_model_file_that_manifest_lists_but_the_zip_lacks_is_an_integrity_error(carton: Path) -> None:
    files = good_files()
    manifest = "".join(f"{n}={hashlib.sha256(d).hexdigest()}\n" for n, d in sorted(files.items())).encode()
    del files["model/weights"]
    refused(write_carton(carton, files, manifest), IntegrityError, "model/weights")


@pytest.mark.parametrize(
    ("version", "kind"), [("2", UnsupportedError), ("0", FormatError), ('"1"', FormatError)]
)
def test_another_spec_version_is_refused(carton: Path, version: str, kind: type[CartonError]) -> None:
    files = good_files()
    files["carton.toml"] = TOML.replace("spec_version = 1", f"spec_version = {version}").encode()
    refused(write_carton(carton, files), kind, "spec_version")


def test_an_unknown_runner_lists_what_is_installed(carton: Path) -> None:
    files = good_files()
    files["carton.toml"] = TOML.replace('"noop"', '"tensorrt"').encode()
    refused(write_carton(carton, files), NoRunnerError, "tensorrt", "noop 1.0.0")


def test_a_version_that_no_runner_has_names_the_command_that_helps(carton: Path) -> None:
    files = good_files()
    files["carton.toml"] = TOML.replace('"noop"', '"torchscript"').replace("^1", "=1.4").encode()
    error = refused(write_carton(carton, files), NoRunnerError, "torchscript", "=1.4")
    assert "carton runner build torchscript --torch" in error.hint
    assert "pip install" in error.hint


def test_nothing_is_written_outside_the_cache_by_traversing_names(carton: Path) -> None:
    files = {**good_files(), "model/../../escaped": b"x"}
    refused(write_carton(carton, files), FormatError)
    assert not (carton.parent.parent / "escaped").exists()


@pytest.fixture
def model(carton: Path) -> Any:
    with cartonml.sync.load(write_carton(carton, good_files())) as loaded:
        yield loaded


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (np.zeros(2, complex), "complex"),
        (np.array([{}], object), "object"),
        (np.array(["2026-01-01"], "datetime64[D]"), "datetime64"),
        (np.array([b"bytes"]), "S5"),
        (2**70, "int64"),
        (None, "is None"),
        ([1, 2], "list"),
        ({"a": 1}, "dict"),
    ],
    ids=["complex", "object", "datetime", "bytes", "huge int", "None", "list of ints", "dict"],
)
def test_a_value_that_is_no_tensor_is_named_with_what_came(model: Any, value: Any, word: str) -> None:
    with pytest.raises((InputError, TypeError)) as raised:
        model.infer({"the_input": value})
    assert "the_input" in str(raised.value)
    assert word in str(raised.value)
    assert model.infer({"x": 1})["x"] == 1


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (2, 0), (1, 1, 1)], ids=str)
def test_empty_and_scalar_shapes_survive(model: Any, shape: tuple[int, ...]) -> None:
    assert model.infer({"x": np.zeros(shape, np.float32)})["x"].shape == shape


def test_nan_and_negative_zero_keep_their_bits(model: Any) -> None:
    x = np.array([0x7FC00001, 0xFFC12345, 0x80000000, 1], np.uint32).view(np.float32)
    assert model.infer({"x": x})["x"].tobytes() == x.tobytes()


def test_verify_lists_every_mismatch(carton: Path, run_cli: Callable[..., Any]) -> None:
    whole = write_carton(carton, good_files()).read_bytes()
    carton.write_bytes(whole.replace(b"wwww", b"wwwx", 1))
    result = run_cli("verify", str(carton))
    assert result.returncode != 0
    assert "model/weights" in result.stdout + result.stderr


@pytest.fixture
def run_cli() -> Callable[..., Any]:
    import subprocess
    import sys

    def run(*arguments: str) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "cartonml.cli", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_a_directory_is_read_like_a_file_and_its_faults_too(carton: Path) -> None:
    archive = write_carton(carton, good_files())
    folder = carton.parent / "unpacked"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    with cartonml.sync.load(folder) as loaded:
        assert loaded.infer({"x": 1})["x"] == 1
    (folder / "model" / "weights").write_bytes(b"changed")
    refused(folder, IntegrityError, "model/weights")
    shutil.rmtree(folder / "model")
    refused(folder, IntegrityError, "model/weights")
