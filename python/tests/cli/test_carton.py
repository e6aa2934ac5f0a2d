"""The `carton` command from end to end, on the `noop` runner, which returns its inputs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from cartonml.cli.values import DTYPES as ALL_DTYPES

from .transcript import carton

pytestmark = pytest.mark.usefixtures("noop_runner_dir")

DTYPES = [dtype for dtype in ALL_DTYPES if dtype != "string"]
SPECS = [
    "--input",
    "a:float32:[n]",
    "--input",
    "b:string:[]",
    "--output",
    "a:float32:[n]",
    "--output",
    "b:string:[]",
]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"weights")
    return tmp_path / "model"


@pytest.fixture
def packed(model: Path) -> str:
    """A carton with the inputs `a` (float32 [n]) and `b` (string)."""
    path = model.parent / "test.carton"
    result = carton("pack", str(model), "--runner", "noop", "--requires", "=1.0", "-o", str(path), *SPECS)
    assert (result.code, result.out, result.err) == (0, f"{path}\n", "")
    return str(path)


@pytest.fixture
def free(model: Path) -> str:
    """A carton that declares no inputs or outputs."""
    path = model.parent / "free.carton"
    assert carton("pack", str(model), "--runner", "noop", "--requires", "=1.0", "-o", str(path)).code == 0
    return str(path)


# ---- The command itself ----------------------------------------------------------------------------------


def test_help_names_every_command_and_the_exit_codes() -> None:
    result = carton("--help")
    assert result.code == 0
    for word in ("pack", "info", "run", "verify", "runners", "runner", "Exit codes"):
        assert word in result.out


@pytest.mark.parametrize(
    "command", [["pack"], ["info"], ["run"], ["verify"], ["runners"], ["runner", "build"]]
)
def test_every_command_has_help(command: list[str]) -> None:
    result = carton(*command, "--help")
    assert (result.code, result.err) == (0, "")
    assert "Usage: carton" in result.out


def test_help_imports_no_framework_and_nothing_heavy() -> None:
    code = (
        "import sys, cartonml.cli.app\n"
        "loaded = {'torch', 'rich', 'zstandard', 'asyncio'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_version_is_the_package_version() -> None:
    result = carton("--version")
    assert result.code == 0
    assert result.out.startswith("carton ")


@pytest.mark.parametrize("arguments", [["bogus"], ["info"], ["run"], ["pack"], ["info", "--bogus", "x"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    result = carton(*arguments)
    assert result.code == 2
    assert "Usage: carton" in result.err


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cartonml.cli", "--debug", "info", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


# ---- pack and info ---------------------------------------------------------------------------------------


def test_pack_takes_everything_that_a_carton_says(model: Path) -> None:
    folder = model.parent
    np.savez(folder / "in.npz", a=np.float32([1, 2]), b=np.array("text"))
    (folder / "notes.txt").write_text("notes")
    (folder / "about.md").write_text("# About\nlines")
    result = carton(
        *["pack", "model", "--runner", "noop", "--requires", ">= 1.0, <2", "--compat", "1", "--name", "mine"],
        *["--short-description", "short", "--description", "@about.md", "--license", "MIT"],
        *["--repository", "https://example.com/r", "--homepage", "https://example.com/"],
        *["--platform", "x86_64-linux-gnu", "--opt", "threads=2", "--opt", "fast=true", "--opt", "mode=on"],
        *[
            "--self-test",
            "first=in.npz,in.npz",
            "--example",
            "in.npz,in.npz",
            "--misc",
            "notes.txt=notes.txt",
        ],
        *SPECS,
        cwd=folder,
    )
    assert (result.code, result.err) == (0, "")
    about = json.loads(carton("info", str(folder / "mine.carton"), "--json").out)
    assert about["model_name"] == "mine"
    assert about["short_description"] == "short"
    assert about["model_description"] == "# About\nlines"
    assert about["license"] == "MIT"
    assert about["repository"] == "https://example.com/r"
    assert about["homepage"] == "https://example.com/"
    assert about["required_platforms"] == ["x86_64-unknown-linux-gnu"]
    assert about["runner"] == {
        "runner_name": "noop",
        "required_framework_version": ">=1.0, <2",
        "runner_compat_version": 1,
        "opts": {"threads": 2, "fast": True, "mode": "on"},
    }
    assert [(spec["name"], spec["dtype"], spec["shape"]) for spec in about["inputs"]] == [
        ("a", "float32", ["n"]),
        ("b", "string", []),
    ]
    assert about["misc_files"] == ["notes.txt"]
    assert about["self_tests"][0]["name"] == "first"
    assert set(about["self_tests"][0]["expected_out"]) == {"a", "b"}
    assert len(about["examples"]) == 1


def test_info_shows_specs_runner_and_files(packed: str) -> None:
    result = carton("info", packed)
    assert (result.code, result.err) == (0, "")
    for line in (
        "inputs:\n  a  float32  [n]\n  b  string   []\n",
        "runner: noop =1.0 (compat 1), installed here: 1.0.0\n",
        "model/weights",
    ):
        assert line in result.out


def test_info_says_when_the_runner_is_missing(model: Path) -> None:
    assert (
        carton("pack", str(model), "--runner", "noop", "--requires", "=7.1", "-o", f"{model}.carton").code
        == 0
    )
    assert "runner: noop =7.1 (compat 1), not installed here" in carton("info", f"{model}.carton").out


def test_control_characters_of_a_carton_do_not_reach_the_terminal(model: Path) -> None:
    arguments = ["--runner", "noop", "--requires", "=1.0", "-o", f"{model}.carton"]
    carton("pack", str(model), *arguments, "--name", "evil\x1b[2J\x07", "--description", "a\u202eb\nc")
    result = carton("info", f"{model}.carton")
    assert "evil\\x1b[2J\\x07" in result.out
    assert "a\\u202eb\n" in result.out
    assert "\x1b" not in result.out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--opt", "x"], "expected `key=value`"),
        (["--input", "x"], "expected `name:dtype:shape`"),
        (["--input", "x:complex64:*"], "complex64"),
        (["--misc", "../x=/etc/hostname"], "../x"),
        (["--self-test", "none.npz"], "none.npz"),
        (["--requires", "==1"], "==1"),
        (["--short-description", "x" * 101], "100"),
    ],
)
def test_wrong_metadata_is_refused_and_nothing_is_written(
    model: Path, arguments: list[str], part: str
) -> None:
    out = model.parent / "out.carton"
    result = carton("pack", str(model), "--runner", "noop", "--requires", "=1.0", "-o", str(out), *arguments)
    assert result.code == 2
    assert part in result.err
    assert not out.exists()


def test_pack_without_requirement_asks_for_it(model: Path) -> None:
    result = carton("pack", str(model), "--runner", "noop")
    assert result.code == 2
    assert "--requires" in result.err


# ---- run -------------------------------------------------------------------------------------------------


def test_run_prints_every_output(packed: str) -> None:
    result = carton("run", packed, "a=[1, 2.5]", "b=hello world")
    assert (result.code, result.err) == (0, "")
    assert result.out == 'a: float32 [2]\n  [1. , 2.5]\nb: string []\n  "hello world"\n'


def test_run_prints_json_that_run_reads_again(packed: str) -> None:
    first = carton("run", packed, "a=[1, NaN, -Infinity]", "b=text", "--json")
    assert first.code == 0
    again = carton("run", packed, "-", "--json", stdin=first.out)
    assert again.out == first.out


def test_run_writes_npz_that_run_reads_again(free: str, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    first = carton(
        "run", free, 'file={"data": [[1, 2]]}', 'allow_pickle=["é", ""]', "flag=true", "-o", str(out)
    )
    assert (first.code, first.out, first.err) == (0, "", "")
    with np.load(out) as arrays:
        assert arrays["file"].tolist() == [[1, 2]]
        assert arrays["allow_pickle"].tolist() == ["é", ""]
        assert arrays["flag"].dtype == np.bool_
    again = carton("run", free, str(out), "--json")
    assert json.loads(again.out)["allow_pickle"] == {"dtype": "string", "shape": [2], "data": ["é", ""]}


def test_terminal_without_utf8_gets_escapes(free: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    result = carton("run", free, "x=🙂")
    assert (result.code, result.out) == (0, 'x: string []\n  "\\U0001f642"\n')


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_goes_through(free: str, dtype: str) -> None:
    result = carton("run", free, f"x:{dtype}=[[1], [0]]", "--json")
    assert result.code == 0, result.err
    value = json.loads(result.out)["x"]
    assert (value["dtype"], value["shape"]) == (dtype, [2, 1])
    assert value["data"] == [[1], [0]]


def test_bfloat16_is_written_to_npz_as_float32(free: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1.5], dtype=ml_dtypes.bfloat16))
    out = tmp_path / "out.npz"
    assert carton("run", free, f"x:bfloat16=@{tmp_path}/x.npy", "-o", str(out)).code == 0
    with np.load(out) as arrays:
        assert arrays["x"].dtype == np.float32
        assert arrays["x"].tolist() == [1.5]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["a=[1]"], "`b`"),
        (["a=[1]", "b=x", "c=1"], "`c`"),
        (["a=text", "b=x"], "`a`"),
        (["a:float64=[1]", "b=x"], "float64"),
        (["a=1", "b=x"], "`a`"),
        (["a=@none.npy", "b=x"], "none.npy"),
        (["nonsense"], "name=value"),
    ],
)
def test_wrong_inputs_are_named_with_exit_code_2(packed: str, arguments: list[str], part: str) -> None:
    result = carton("run", packed, *arguments)
    assert result.code == 2
    assert result.err.startswith("InputError: ")
    assert part in result.err
    assert result.out == ""


def test_no_runner_is_exit_code_4_with_what_is_installed(packed: str) -> None:
    result = carton("run", packed, "a=[1]", "b=x", "--requires", "=9.9")
    assert result.code == 4
    assert result.err.startswith("NoRunnerError: ")
    assert "1.0.0" in result.err


def test_runner_override_that_is_not_installed_names_the_build_command(packed: str) -> None:
    result = carton("run", packed, "a=[1]", "b=x", "--runner", "torchscript", "--requires", "=1.4")
    assert result.code == 4
    assert "carton runner build torchscript" in result.err


def test_missing_carton_is_exit_code_6(tmp_path: Path) -> None:
    result = carton("run", str(tmp_path / "none.carton"))
    assert result.code == 6
    assert "none.carton" in result.err


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
@pytest.mark.parametrize("command", ["info", "run", "verify"])
def test_what_is_no_carton_is_exit_code_3(tmp_path: Path, content: bytes, command: str) -> None:
    (tmp_path / "bad.carton").write_bytes(content)
    result = carton(command, str(tmp_path / "bad.carton"))
    assert result.code == 3
    assert result.err.split(":")[0].endswith("Error")


def test_output_name_must_end_in_npz(packed: str, tmp_path: Path) -> None:
    result = carton("run", packed, "a=[1]", "b=x", "-o", str(tmp_path / "out.txt"))
    assert result.code == 2
    assert ".npz" in result.err


def test_output_that_cannot_be_written_is_exit_code_6(packed: str, tmp_path: Path) -> None:
    result = carton("run", packed, "a=[1]", "b=x", "-o", str(tmp_path / "none" / "out.npz"))
    assert result.code == 6
    assert "out.npz" in result.err


# ---- verify and runners ----------------------------------------------------------------------------------


def test_verify_accepts_what_was_packed(packed: str) -> None:
    result = carton("verify", packed)
    assert (result.code, result.out, result.err) == (0, "ok: 3 files\n", "")


def test_verify_lists_the_changed_file_with_exit_code_1(packed: str, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    unpack(Path(packed), folder)
    (folder / "model" / "weights").write_bytes(b"Weights")
    result = carton("verify", str(folder))
    assert result.code == 1
    assert result.out.startswith("model/weights: expected sha256 ")
    assert result.out.endswith("1 of 3 files differ from MANIFEST\n")
    report = json.loads(carton("verify", str(folder), "--json").out)
    assert report["ok"] is False


def unpack(path: Path, folder: Path) -> None:
    """Writes a carton's files as a directory, through the library's own reader."""
    from cartonml import _native

    info = _native.Info(os.fsencode(path))
    for file in json.loads(info.json)["files"]:
        target = folder / file["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(info.read(file["path"], 0, file["size"]))
    with zipfile.ZipFile(path) as archive:
        (folder / "MANIFEST").write_bytes(archive.read("MANIFEST"))


def test_runners_lists_the_installed_ones(
    noop_runner_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(noop_runner_dir / "noop", tmp_path / "noop")
    monkeypatch.setenv("CARTON_RUNNER_DIR", str(tmp_path))
    result = carton("runners")
    assert result.code == 0
    assert result.out.startswith(f"runner_dir: {tmp_path}\nname")
    assert "noop" in result.out
    found = json.loads(carton("runners", "--json").out)
    assert [runner["name"] for runner in found["runners"]] == ["noop"]


def test_runners_says_what_was_skipped_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "runner.toml").write_text("version = ")
    monkeypatch.setenv("CARTON_RUNNER_DIR", str(tmp_path))
    result = carton("runners")
    assert result.code == 0
    assert "no runners are installed; `carton runner build torchscript` builds one" in result.out
    assert f"skipped: {tmp_path}/broken" in result.out


@pytest.mark.parametrize(("name", "file"), [("org/model", "org_model.carton"), ("../x", "_x.carton")])
def test_default_output_stays_in_the_current_folder(
    name: str, file: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model.parent)
    result = carton("pack", str(model), "--runner", "noop", "--requires", "=1.0", "--name", name)
    assert (result.code, result.out) == (0, f"{model.parent / file}\n")


def test_an_empty_requirement_is_refused_and_not_replaced(model: Path) -> None:
    result = carton("pack", str(model), "--runner", "noop", "--requires", "")
    assert result.code == 2
    assert "requirement" in result.err


def test_run_writes_to_out_as_pack_does(packed: str, tmp_path: Path) -> None:
    assert carton("run", packed, "a=[1]", "b=x", "--out", str(tmp_path / "o.npz")).code == 0
    assert np.load(tmp_path / "o.npz")["a"].tolist() == [1.0]
