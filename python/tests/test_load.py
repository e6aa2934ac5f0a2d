"""Loading: arguments, errors, what a loaded model says of itself, and closing it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from native_helpers import FAST, open_descriptors, pack_noop, process_is_gone

import cartonml.sync
from cartonml import _native
from cartonml._load import get_model_info
from cartonml._types import Example, SelfTest, TensorSpec
from cartonml.errors import (
    CartonError,
    ClosedError,
    FormatError,
    InputError,
    InvalidError,
    IoError,
    NoRunnerError,
    RunnerStartError,
    RunnerTimeoutError,
)

pytest_plugins = ("native_fixtures",)


def test_a_path_may_be_str_or_pathlike(noop_carton: Path) -> None:
    for path in (noop_carton, str(noop_carton)):
        with cartonml.sync.load(path) as model:
            assert model.infer({"x": 1})["x"].item() == 1


def test_a_relative_path_is_relative_to_the_working_directory(
    noop_carton: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(noop_carton.parent)
    with cartonml.sync.load(noop_carton.name) as model:
        assert model.info.model_name == "echo"


@pytest.mark.parametrize(
    "name", ["with space.carton", "日本 😀.carton", os.fsdecode(b"not utf-8 \xff.carton")]
)
def test_any_file_name_can_be_loaded(noop_carton: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(noop_carton, path)
    with cartonml.sync.load(path) as model:
        assert model.infer({"x": 1})["x"].item() == 1


def test_a_directory_with_the_same_files_can_be_loaded(noop_carton: Path, tmp_path: Path) -> None:
    import zstandard

    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(noop_carton) as archive:
        for entry in archive.infolist():
            with noop_carton.open("rb") as file:
                file.seek(entry.header_offset + 26)
                skip = int.from_bytes(file.read(2), "little") + int.from_bytes(file.read(2), "little")
                file.seek(skip, os.SEEK_CUR)
                data = file.read(entry.compress_size)
            path = folder / entry.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(zstandard.decompress(data) if entry.compress_type == 93 else data)
    with cartonml.sync.load(folder) as model:
        assert model.infer({"x": 1})["x"].item() == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"path": 5}, TypeError, "expected str, bytes or os.PathLike"),
        ({"path": "a\0b"}, InvalidError, "NUL"),
        ({"visible_device": -1}, InvalidError, "visible_device must be 0 or more"),
        ({"visible_device": 1.5}, TypeError, "visible_device must be an int, a str or None, got float"),
        ({"visible_device": True}, TypeError, "visible_device"),
        ({"override_runner_name": 5}, TypeError, "override_runner_name must be a str or None"),
        ({"override_required_framework_version": 2.0}, TypeError, "override_required_framework_version"),
        ({"override_runner_opts": {1: 2}}, TypeError, "keys of override_runner_opts"),
        ({"override_runner_opts": {"a": [1]}}, TypeError, r"override_runner_opts\['a'\] .* got list"),
        ({"override_runner_opts": {"a": 2**63}}, InvalidError, "64 bits"),
        ({"override_runner_opts": {"a": float("nan")}}, InvalidError, "finite"),
        ({"verify": "sometimes"}, InvalidError, "verify must be one of 'once', 'always', 'never'"),
        ({"timeout": -1}, InvalidError, "timeout must be a number of seconds"),
        ({"timeout": float("nan")}, InvalidError, "timeout must be a number of seconds"),
        ({"kill_after": "1"}, InvalidError, "kill_after must be a number of seconds"),
        ({"memory": 0}, InvalidError, "memory must be a positive number of bytes"),
        ({"memory": 1.5}, TypeError, "memory must be an int"),
        ({"region_capacity": -5}, InvalidError, "region_capacity must be a positive number"),
        ({"log_level": "loud"}, InvalidError, "log_level must be a level"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)  # fmt: skip
def test_wrong_arguments_are_refused_by_name(
    noop_carton: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cartonml.sync.load(**{"path": noop_carton, **options})


def test_every_option_can_be_given(noop_carton: Path) -> None:
    with cartonml.sync.load(
        noop_carton,
        "cpu",
        "noop",
        ">=1",
        {"an_int": 1, "a_float": 0.5, "a_str": "x", "a_bool": True},
        verify="always",
        timeout=60,
        memory=2**30,
        region_capacity=2**24,
        kill_after=1.5,
        log_level="debug",
    ) as model:
        assert model.infer({"x": np.zeros(2**20)})["x"].shape == (2**20,)


def test_a_file_that_is_no_carton_is_a_format_error(tmp_path: Path) -> None:
    path = tmp_path / "model.carton"
    path.write_bytes(b"PK not a zip, but long enough to hold a header" * 10)
    with pytest.raises(FormatError):
        cartonml.sync.load(path)
    with pytest.raises(FormatError):
        cartonml.sync.get_model_info(path)


def test_a_missing_file_is_an_io_error_and_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(IoError, match=r"missing\.carton") as caught:
        cartonml.sync.load(tmp_path / "missing.carton")
    assert isinstance(caught.value, OSError)
    assert caught.value.code == "IO"


def test_a_missing_runner_lists_what_is_installed(noop_carton: Path) -> None:
    with pytest.raises(NoRunnerError, match=r"(?s)=9\.9.*1\.0\.0"):
        cartonml.sync.load(noop_carton, override_required_framework_version="=9.9")


def test_a_runner_that_ends_at_once_is_told_with_its_status_and_stderr(
    noop_carton: Path, scripted_runner: Callable[[str], None]
) -> None:
    scripted_runner("echo the reason >&2; exit 3")
    with pytest.raises(CartonError, match=r"status 3") as caught:
        cartonml.sync.load(noop_carton)
    assert caught.value.code in ("RUNNER_START", "RUNNER_CRASHED")
    assert "the reason" in caught.value.log


def test_a_runner_that_cannot_be_executed_is_a_start_error(
    noop_carton: Path, scripted_runner: Callable[[str], None]
) -> None:
    scripted_runner("")
    runner = Path(os.environ["CARTON_RUNNER_DIR"]) / "noop" / "runner"
    runner.write_text("#!/nonexistent/interpreter\n")
    with pytest.raises(RunnerStartError):
        cartonml.sync.load(noop_carton)


def test_a_runner_that_hangs_in_load_meets_the_deadline(
    noop_carton: Path, scripted_runner: Callable[[str], None]
) -> None:
    scripted_runner("exec sleep 1000")
    begin = time.monotonic()
    with pytest.raises(RunnerTimeoutError):
        cartonml.sync.load(noop_carton, timeout=0.3)
    assert time.monotonic() - begin < FAST


def test_a_model_shows_its_name_runner_and_process(noop_carton: Path) -> None:
    model = cartonml.sync.load(noop_carton)
    assert repr(model) == f"<SyncCarton 'echo', runner noop 1.0.0, process {model.runner_pid}>"
    model.close()
    assert repr(model) == "<SyncCarton 'echo', runner noop 1.0.0, its process has ended>"


def test_close_ends_the_runner_and_may_be_repeated(noop_carton: Path) -> None:
    model = cartonml.sync.load(noop_carton)
    pid = model.runner_pid
    assert not process_is_gone(pid)
    model.close()
    assert process_is_gone(pid)
    assert model.runner_pid == 0
    model.close()
    with pytest.raises(ClosedError) as caught:
        model.infer({"x": 1})
    assert isinstance(caught.value, RuntimeError)


def test_a_model_that_is_dropped_ends_its_runner(noop_carton: Path) -> None:
    model = cartonml.sync.load(noop_carton)
    pid = model.runner_pid
    del model
    gc.collect()
    assert process_is_gone(pid)


def test_loading_and_closing_leaves_no_handle_and_no_descriptor(noop_carton: Path) -> None:
    def cycle() -> None:
        with cartonml.sync.load(noop_carton) as model:
            model.infer({"x": 1})
            assert model.info.model_name == "echo"

    cycle()
    gc.collect()
    handles, descriptors = _native.live_objects(), open_descriptors()
    for _ in range(10):
        cycle()
    gc.collect()
    assert _native.live_objects() == handles
    assert open_descriptors() == descriptors


def test_several_models_at_once_are_separate_processes(noop_carton: Path) -> None:
    models = [cartonml.sync.load(noop_carton) for _ in range(3)]
    assert len({model.runner_pid for model in models}) == 3
    models[0].close()
    assert [model.infer({"x": i})["x"].item() for i, model in enumerate(models[1:])] == [0, 1]
    for model in models:
        model.close()


# ---- info ----


@pytest.fixture(scope="module")
def described_carton(noop_runner_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack_noop(
        tmp_path_factory.mktemp("described"),
        runner_opts={"flag": True, "n": 3},
        short_description="doubles nothing",
        inputs=[TensorSpec("x", "float32", ["n", 2]), TensorSpec("t", "string", [])],
        outputs=[TensorSpec("x", "float32", ["n", 2]), TensorSpec("t", "string", [])],
        self_tests=[SelfTest({"x": np.ones((3, 2), np.float32), "t": np.array("é")})],
        examples=[
            Example({"x": np.ones((1, 2), np.float32), "t": b"blob"}, {"x": np.zeros((1, 2), np.float32)})
        ],
        misc_files={"readme.txt": b"0123456789" * 1000},
    )


def test_info_is_the_same_before_and_after_loading(described_carton: Path) -> None:
    info = cartonml.sync.get_model_info(described_carton)
    with cartonml.sync.load(described_carton) as model:
        assert str(model.info) == str(info)
    assert asyncio.run(get_model_info(described_carton)).manifest_sha256 == info.manifest_sha256
    assert info.runner.opts == {"flag": True, "n": 3}


def test_stored_tensors_and_files_are_read_when_asked_for(described_carton: Path) -> None:
    info = cartonml.sync.get_model_info(described_carton)
    assert info.self_tests is not None
    stored = info.self_tests[0].inputs
    assert stored["x"].get_sync().tolist() == [[1, 1]] * 3
    assert stored["t"].get_sync().item() == "é"
    misc = info.misc_files["readme.txt"]
    assert misc.read_sync(5) == b"01234"
    assert misc.read_sync() == (b"0123456789" * 1000)[5:]
    assert misc.read_sync() == b""


def test_info_outlives_its_model(described_carton: Path) -> None:
    with cartonml.sync.load(described_carton) as model:
        info = model.info
    del model
    gc.collect()
    assert info.self_tests is not None
    assert info.self_tests[0].inputs["x"].get_sync().shape == (3, 2)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": np.ones((3, 2), np.float32)}, "t"),
        ({"x": np.ones((3, 2), np.float32), "t": "a", "y": 1}, "y"),
        ({"x": np.ones((3, 2)), "t": "a"}, r"float64(?s:.*)astype"),
        ({"x": np.ones((3, 3), np.float32), "t": "a"}, "x"),
        ({"x": np.ones(3, np.float32), "t": "a"}, "x"),
        ({"x": np.ones((3, 2), np.float32), "t": ["a"]}, "t"),
    ],
    ids=["missing", "extra", "dtype", "dimension", "rank", "list for str"],
)
def test_inputs_are_checked_against_the_declared_specs(
    described_carton: Path, inputs: dict[str, Any], message: str
) -> None:
    with cartonml.sync.load(described_carton) as model:
        with pytest.raises(InputError, match=message):
            model.infer(inputs)
        good = model.infer({"x": np.ones((3, 2), np.float32), "t": "a"})
        assert good["x"].shape == (3, 2)


def test_verify_reports_every_file_of_the_manifest(described_carton: Path) -> None:
    report = json.loads(_native.Info(os.fsencode(described_carton)).verify())
    assert report["ok"] is True
    listed = [file.path for file in cartonml.sync.get_model_info(described_carton).files]
    assert [file["path"] for file in report["files"]] == listed
