"""What a pack writes, and that it writes nothing when something is wrong."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from plain_reader import read_carton

from cartonml import _pack
from cartonml._errors import CartonError, InvalidError, IoError, LimitError, NoSpaceError, PolicyError
from cartonml._pack import pack, pack_sync
from cartonml._types import Example, SelfTest, TensorSpec

PNG = b"\x89PNG not really"


@pytest.fixture(autouse=True)
def private_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def everything(**changes: Any) -> dict[str, Any]:
    """Arguments that use each feature of the format."""
    full: dict[str, Any] = {
        "runner_opts": {"num_threads": 2, "num_interop_threads": 1, "inference_mode": "off"},
        "model_name": "Everything",
        "short_description": "é" * 100,
        "model_description": "# Title\n\n![picture](@misc/img/p.png)\n'''quotes''' \\ \"",
        "license": "Apache-2.0",
        "repository": "https://example.com/repository",
        "homepage": "https://example.com",
        "required_platforms": ["x86_64-linux-gnu", "arm64-apple-darwin"],
        "inputs": [
            TensorSpec("x", "float32", ["batch", None, 3], "an image"),
            TensorSpec("flags", "bool", ["batch"]),
            TensorSpec("text", "string", "texts"),
            TensorSpec("half", "float16", None),
            TensorSpec("brain", "bfloat16", []),
        ],
        "outputs": [TensorSpec("y", "int64", [0]), TensorSpec("t", "string", "texts")],
        "self_tests": [
            SelfTest(
                {
                    "x": np.arange(18, dtype=">f4").reshape(2, 3, 3),
                    "flags": np.array([True, False]),
                    "text": [["a", "b"]][0],
                    "half": np.float16(0.5),
                    "brain": np.array(1.5, ml_dtypes.bfloat16),
                },
                "first",
                "what it shows",
                {"y": np.zeros(0, np.int64), "t": ["", "emoji 🎉 \0 and NUL\0"]},
            )
        ],
        "examples": [
            Example(
                {"x": PNG, "flags": np.array([True]), "text": "one", "half": 0.5, "brain": PNG},
                {"y": b"wav"},
                "shown",
            )
        ],
        "misc_files": {"img/p.png": PNG, "name=with=equals.txt": b""},
        "linked_files": {"ab" * 32: ["https://example.com/best", "http://example.com/other"]},
    }
    full["examples"][0].inputs = {**full["examples"][0].inputs, "half": np.float16(0.5)}
    return {**full, **changes}


def pack_everything(path: Path, **changes: Any) -> str:
    return pack_sync(path, "torchscript", ">= 2.13, <3", **everything(**changes))


def test_every_feature_is_written_as_the_format_says(torchscript_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.carton"
    assert pack_everything(torchscript_file, output_path=output) == str(output)
    plain = read_carton(output)
    toml = plain.toml
    assert toml["spec_version"] == 1
    assert toml["short_description"] == "é" * 100
    assert toml["model_description"] == everything()["model_description"]
    assert toml["required_platforms"] == ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin"]
    assert toml["runner"] == {
        "runner_name": "torchscript",
        "required_framework_version": ">=2.13, <3",
        "runner_compat_version": 1,
        "opts": {"num_threads": 2, "num_interop_threads": 1, "inference_mode": "off"},
    }
    assert toml["input"] == [
        {"name": "x", "dtype": "float32", "shape": ["batch", "*", 3], "description": "an image"},
        {"name": "flags", "dtype": "uint8", "shape": ["batch"]},
        {"name": "text", "dtype": "string", "shape": "texts"},
        {"name": "half", "dtype": "uint16", "shape": "*"},
        {"name": "brain", "dtype": "uint16", "shape": []},
    ]
    assert toml["carton_ext"]["dtypes"] == {
        "inputs": {"flags": "bool", "half": "float16", "brain": "bfloat16"}
    }
    assert plain["model/model.pt"] == torchscript_file.read_bytes()
    assert plain["misc/img/p.png"] == PNG
    assert plain["misc/name=with=equals.txt"] == b""
    assert plain.links == {"version": 1, "urls": everything()["linked_files"]}


def test_tensors_are_written_little_endian_with_real_dtypes_beside(torchscript_file: Path) -> None:
    plain = read_carton(pack_everything(torchscript_file))
    test = plain.toml["self_test"][0]
    assert (test["name"], test["description"]) == ("first", "what it shows")
    index = {entry["name"]: entry for entry in plain.tensor_index["tensor"]}
    dtypes = plain.tensor_index["carton_ext"]["dtypes"]

    def stored(reference: str) -> tuple[str, list[int], bytes]:
        name = reference.removeprefix("@tensor_data/")
        entry = index[name]
        assert entry["inner"] == []
        return dtypes.get(name, entry["dtype"]), entry["shape"], plain["tensor_data/" + entry["file"]]

    assert stored(test["inputs"]["x"]) == ("float32", [2, 3, 3], np.arange(18, dtype="<f4").tobytes())
    assert stored(test["inputs"]["flags"]) == ("bool", [2], b"\1\0")
    assert stored(test["inputs"]["half"]) == ("float16", [], b"\x00\x38")
    assert stored(test["inputs"]["brain"]) == ("bfloat16", [], b"\xc0\x3f")
    assert stored(test["expected_out"]["y"]) == ("int64", [0], b"")
    assert {entry["dtype"] for entry in index.values()} <= {"float32", "uint8", "uint16", "int64", "string"}


def test_strings_are_written_in_c_order_with_nul_and_emoji(torchscript_file: Path) -> None:
    import tomllib

    text = np.asfortranarray(np.array([["a", "b\0"], ["🎉", ""]], dtype=object))
    plain = read_carton(
        pack_sync(torchscript_file, "torchscript", "=2.13", self_tests=[SelfTest({"t": text})])
    )
    entry = plain.tensor_index["tensor"][0]
    assert (entry["dtype"], entry["shape"]) == ("string", [2, 2])
    content = tomllib.loads(plain["tensor_data/" + entry["file"]].decode())
    assert content == {"data": ["a", "b\0", "🎉", ""]}


def test_examples_hold_files_and_tensors(torchscript_file: Path) -> None:
    plain = read_carton(pack_everything(torchscript_file))
    example = plain.toml["example"][0]
    assert plain["misc/" + example["inputs"]["x"].removeprefix("@misc/")] == PNG
    assert example["inputs"]["text"].startswith("@tensor_data/")
    assert plain["misc/" + example["sample_out"]["y"].removeprefix("@misc/")] == b"wav"


def test_minimal_carton_still_has_a_tensor_index(torchscript_file: Path) -> None:
    plain = read_carton(pack_sync(torchscript_file, "torchscript", "=2.13"))
    assert sorted(plain.names) == ["MANIFEST", "carton.toml", "model/model.pt", "tensor_data/index.toml"]
    assert plain["tensor_data/index.toml"] == b"tensor = []\n"
    assert set(plain.toml) == {"spec_version", "runner"}
    assert "opts" not in plain.toml["runner"]


def test_manifest_and_links_are_stored_and_the_rest_is_compressed(torchscript_file: Path) -> None:
    entries = read_carton(pack_everything(torchscript_file)).entries
    assert {name for name, entry in entries.items() if entry.method == "stored"} == {"MANIFEST", "LINKS"}


def test_large_weights_are_stored_in_place(tmp_path: Path, torchscript_bytes: bytes) -> None:
    model = tmp_path / "folder"
    model.mkdir()
    weights = np.random.default_rng(0).standard_normal(3_000_000).astype(np.float32).tobytes()
    (model / "weights.bin").write_bytes(weights)
    (model / "zeros.bin").write_bytes(bytes(10_000_000))
    path = pack_sync(model, "noop", "=1.0")
    plain = read_carton(path)
    entry = plain.entries["model/weights.bin"]
    assert (entry.method, entry.data_offset % 64) == ("stored", 0)
    assert Path(path).read_bytes()[entry.data_offset :][: len(weights)] == weights
    assert plain.entries["model/zeros.bin"].method == "zstd"


def test_same_model_gives_same_bytes_in_any_process(torchscript_file: Path, tmp_path: Path) -> None:
    script = (
        "import sys, test_pack, pathlib\n"
        "print(test_pack.pack_everything(pathlib.Path(sys.argv[1]), output_path=sys.argv[2]))\n"
    )
    outputs = [tmp_path / f"{seed}.carton" for seed in (1, 2)]
    for seed, output in enumerate(outputs, 1):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", script, str(torchscript_file), str(output)]
        subprocess.run(command, env=environment, check=True, timeout=60, capture_output=True)
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    again = pack_everything(torchscript_file)
    assert Path(again).read_bytes() == outputs[0].read_bytes()


def test_order_of_dicts_makes_no_difference(torchscript_file: Path) -> None:
    def reversed_dict(value: dict[str, Any]) -> dict[str, Any]:
        return dict(reversed(value.items()))

    given = everything()
    for test in given["self_tests"]:
        test.inputs, test.expected_out = reversed_dict(test.inputs), reversed_dict(test.expected_out)
    for key in ("runner_opts", "misc_files", "linked_files"):
        given[key] = reversed_dict(given[key])
    first = pack_everything(torchscript_file)
    second = pack_everything(torchscript_file, **given)
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_without_output_path_the_file_is_temporary_and_named_after_the_model(
    torchscript_file: Path, private_temporary_folder: Path
) -> None:
    by_file = Path(pack_sync(torchscript_file, "torchscript", "=2.13"))
    by_name = Path(pack_sync(torchscript_file, "torchscript", "=2.13", model_name="../My: model\n"))
    assert by_file.name == "model.carton"
    assert by_name.name == "_My_ model_.carton"
    assert by_file.parent.parent == by_name.parent.parent == private_temporary_folder
    assert by_file.parent != by_name.parent


def test_existing_output_is_replaced_and_has_ordinary_permissions(
    torchscript_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.carton"
    output.write_text("old")
    umask = os.umask(0o022)
    try:
        pack_sync(torchscript_file, "torchscript", "=2.13", output_path=output)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(output.stat().st_mode) == 0o644
    read_carton(output)


def test_linked_model_file_is_left_out_but_listed(torchscript_file: Path) -> None:
    sha256 = hashlib.sha256(torchscript_file.read_bytes()).hexdigest()
    links = {sha256: ["https://example.com/model.pt"]}
    plain = read_carton(pack_sync(torchscript_file, "torchscript", "=2.13", linked_files=links))
    assert "model/model.pt" not in plain.names
    assert plain.manifest["model/model.pt"] == sha256
    same = pack_sync(torchscript_file, "torchscript", "=2.13")
    assert read_carton(same)["MANIFEST"] == plain["MANIFEST"]


def test_links_never_leave_out_misc_files(torchscript_file: Path) -> None:
    links = {hashlib.sha256(PNG).hexdigest(): ["https://example.com/p.png"]}
    plain = read_carton(
        pack_sync(torchscript_file, "torchscript", "=2.13", misc_files={"p.png": PNG}, linked_files=links)
    )
    assert plain["misc/p.png"] == PNG


def test_folder_of_another_runner_keeps_its_tree(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "file").write_bytes(b"1")
    (folder / "main.py").write_bytes(b"2")
    plain = read_carton(pack_sync(folder, "acme/custom", "1", 7))
    assert (plain["model/sub/file"], plain["model/main.py"]) == (b"1", b"2")
    assert plain.toml["runner"]["runner_compat_version"] == 7
    single = read_carton(
        pack_sync(folder / "main.py", "noop", "=1.0", runner_opts={"a.b": float("inf"), "c": True})
    )
    assert single["model/main.py"] == b"2"
    assert single.toml["runner"]["opts"] == {"a.b": float("inf"), "c": True}


def test_link_to_the_model_file_is_followed(torchscript_file: Path, tmp_path: Path) -> None:
    (tmp_path / "alias.pt").symlink_to(torchscript_file)
    path = pack_sync(tmp_path / "alias.pt", "torchscript", "=2.13")
    assert Path(path).name == "alias.carton"
    assert read_carton(path)["model/model.pt"] == torchscript_file.read_bytes()


def test_self_tests_of_a_loaded_info_can_be_packed_again(torchscript_file: Path) -> None:
    given = everything()
    again = [
        SelfTest(test.inputs, test.name, test.description, test.expected_out) for test in given["self_tests"]
    ]
    first = pack_everything(torchscript_file)
    second = pack_everything(torchscript_file, self_tests=again)
    assert Path(first).read_bytes() == Path(second).read_bytes()


def refused(model: Path, match: str, kind: type[CartonError] = InvalidError, **arguments: Any) -> CartonError:
    """Packs with a bad argument, and checks that it is refused and that nothing was written anywhere."""
    before = sorted(model.parent.rglob("*"))
    options = {"runner_name": "torchscript", "required_framework_version": "=2.13", **arguments}
    with pytest.raises(kind, match=match) as caught:
        pack_sync(options.pop("path", model), **options)
    assert sorted(model.parent.rglob("*")) == before
    return caught.value


SPEC = TensorSpec("x", "float32", ["n", 3])
OUT = TensorSpec("y", "float32", ["n"])
GOOD = np.zeros((2, 3), np.float32)
CLASHING = SelfTest({"x": GOOD}, "t", expected_out={"y": GOOD[0, :1]})


def changed_in_place() -> TensorSpec:
    spec = TensorSpec("x", "float32", [1, 2])
    assert isinstance(spec.shape, list)
    spec.shape[0] = -1
    return spec


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"required_framework_version": "==2.13"}, "requirement `==2.13`"),
        ({"required_framework_version": ""}, "requirement"),
        ({"required_framework_version": 2.13}, "is a `float`"),
        ({"runner_name": "../x"}, "runner_name"),
        ({"runner_name": "a/b/c"}, "runner_name"),
        ({"runner_name": "-rf"}, "runner_name"),
        ({"runner_name": "acme/unknown"}, "runner_compat_version is needed"),
        ({"runner_compat_version": -1}, "runner_compat_version"),
        ({"runner_compat_version": True}, "runner_compat_version"),
        ({"runner_opts": {"num_threads": "4"}}, "num_threads"),
        ({"runner_opts": {"x": [1]}}, "is a `list`"),
        ({"runner_opts": {"x": 2**63}}, "64-bit"),
        ({"runner_opts": {1: 1}}, "name 1"),
        ({"runner_opts": [1]}, "runner_opts is a `list`"),
        ({"short_description": "x" * 101}, "101 characters"),
        ({"license": 3}, "license is a `int`"),
        ({"model_name": "\ud800"}, "Unicode"),
        ({"required_platforms": ["linux"]}, "not a target triple"),
        ({"required_platforms": "x86_64-linux-gnu"}, "expected a list"),
        ({"inputs": [SPEC, TensorSpec("x", "int8", None)]}, "`x` is declared twice"),
        ({"inputs": [TensorSpec("", "int8", None)]}, "empty"),
        ({"inputs": [{"name": "x"}]}, "expected TensorSpec"),
        ({"inputs": SPEC}, "expected a list of TensorSpec"),
        ({"inputs": [changed_in_place()]}, "negative"),
        ({"misc_files": {"../x": b""}}, "climbs out"),
        ({"misc_files": {"/etc/x": b""}}, "absolute"),
        ({"misc_files": {"a\\b": b""}}, "contains"),
        ({"misc_files": {"@misc/x": b""}}, "without `@misc/`"),
        ({"misc_files": {"_example_misc_file_0": b""}}, "reserved"),
        ({"misc_files": {"x": "text"}}, "expected bytes"),
        ({"misc_files": {"A": b"", "a": b""}}, "one name"),
        ({"misc_files": {"a": b"", "a/b": b""}}, "both a file and the folder"),
        ({"model_description": "![x](@misc/../../secret)"}, "climbs out"),
        ({"linked_files": {"AB" * 32: ["https://example.com"]}}, "not a sha256"),
        ({"linked_files": {"ab": ["https://example.com"]}}, "not a sha256"),
        ({"linked_files": {"ab" * 32: []}}, "no URL"),
        ({"linked_files": {"ab" * 32: "https://example.com"}}, "expected a list"),
        ({"linked_files": {"ab" * 32: ["file:///etc/passwd"]}}, "https://"),
        ({"linked_files": {"ab" * 32: ["https://user:secret@example.com"]}}, "password"),
        ({"self_tests": [SelfTest({"z": GOOD})], "inputs": [SPEC]}, "`z` is not declared"),
        ({"self_tests": [SelfTest({})], "inputs": [SPEC]}, "`x` is declared, but not given"),
        ({"self_tests": [SelfTest({"x": GOOD.astype(int)})], "inputs": [SPEC]}, "dtype int64.*float32"),
        ({"self_tests": [SelfTest({"x": GOOD[0]})], "inputs": [SPEC]}, r"shape \[3\].*\[n, 3\]"),
        ({"self_tests": [SelfTest({"x": GOOD.T})], "inputs": [SPEC]}, r"shape \[3, 2\]"),
        (
            {"self_tests": [CLASHING], "inputs": [SPEC], "outputs": [OUT]},
            r"symbol `n` is 1 in self test 1 \(t\): expected output `y`, but 2",
        ),
        ({"self_tests": [SelfTest({}, expected_out={"q": GOOD})], "outputs": [OUT]}, "`q` is not declared"),
        ({"self_tests": [Example({}, {})]}, "expected SelfTest"),
        ({"examples": [Example({"x": b""}, {"q": b""})], "outputs": [OUT]}, "`q` is not declared"),
        ({"examples": [Example({"x": GOOD[0]}, {})], "inputs": [SPEC]}, "example 1: input `x` has shape"),
    ],
)  # fmt: skip
def test_bad_metadata_is_refused_before_anything_is_written(
    torchscript_file: Path, arguments: dict[str, Any], match: str
) -> None:
    refused(torchscript_file, match, **arguments)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"model_description": "x" * (1 << 20)}, "size of carton.toml"),
        ({"runner_opts": {"inference_mode": "x" * 70_000}}, "inference_mode.*limited to 65536"),
        ({"linked_files": {"ab" * 32: [f"https://example.com/{n}" for n in range(101)]}}, "number of URLs"),
        ({"misc_files": {"a" * 256: b""}}, "limited to 255"),
        ({"misc_files": {"/".join("a" * 32): b""}}, "limited to 32"),  # 33 with misc/ before it
    ],
)
def test_what_no_reader_takes_is_a_limit_error(
    torchscript_file: Path, arguments: dict[str, Any], match: str
) -> None:
    refused(torchscript_file, match, LimitError, **arguments)


def test_bad_paths_are_refused(torchscript_file: Path, tmp_path: Path) -> None:
    refused(torchscript_file, "No such file", IoError, path=tmp_path / "missing.pt")
    refused(torchscript_file, "No such file", IoError, path=tmp_path / "missing", runner_name="noop")
    refused(torchscript_file, "is a folder", path=tmp_path)
    refused(torchscript_file, "expected str", path=3)
    refused(torchscript_file, "NUL", path="a\0b")
    refused(torchscript_file, "output_path .* is a folder", output_path=tmp_path)
    refused(torchscript_file, "does not exist", output_path=tmp_path / "no" / "x.carton")
    refused(torchscript_file, "lies in what is packed", output_path=torchscript_file)
    refused(torchscript_file, "File name too long", IoError, output_path=tmp_path / ("x" * 300))
    refused(torchscript_file, "File name too long", IoError, path="x" * 5000)
    refused(torchscript_file, "does not exist", output_path="~nobody-has-this-name/x.carton")


def test_a_device_or_pipe_is_not_replaced_by_the_carton(torchscript_file: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused(torchscript_file, "is a device, socket or pipe", output_path=pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    (tmp_path / ".env").write_text("secret")
    refused(torchscript_file, "hidden", PolicyError, path=tmp_path, runner_name="noop")


def test_output_inside_the_packed_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "model").write_bytes(b"x")
    refused(folder, "lies in what", path=folder, runner_name="noop", output_path=folder / "out.carton")


def test_missing_description_image_and_odd_urls_warn(torchscript_file: Path) -> None:
    with pytest.warns(UserWarning, match=r"`@misc/p.png`, which is not in misc_files"):
        pack_sync(torchscript_file, "torchscript", "=2.13", model_description="![p](@misc/p.png)")
    with pytest.warns(UserWarning, match="homepage is `example.com`"):
        pack_sync(torchscript_file, "torchscript", "=2.13", homepage="example.com")
    with pytest.warns(UserWarning, match="accepts every future version"):
        pack_sync(torchscript_file, "torchscript", "*")


def test_full_disk_is_no_space_and_leaves_nothing(
    torchscript_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = os.open

    def open_full(path: Any, flags: int, *rest: Any) -> int:
        if flags & os.O_EXCL:
            Path(path).touch()  # The name exists, as it would on a full disk.
            return real_open("/dev/full", os.O_RDWR)
        return real_open(path, flags, *rest)

    monkeypatch.setattr(_pack.os, "open", open_full)
    refused(torchscript_file, "No space left", NoSpaceError, output_path=tmp_path / "out.carton")
    refused(torchscript_file, "No space left", NoSpaceError)


def test_file_that_changes_while_it_is_packed_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(os.urandom(20 << 20))

    def grow(done: int, total: int) -> None:
        with model.open("ab") as file:
            file.write(b"more")

    refused(model, "while it was read", runner_name="noop", progress=grow)


def test_progress_counts_every_byte(tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(os.urandom(9 << 20))
    reports: list[tuple[int, int]] = []
    pack_sync(model, "noop", "=1.0", progress=lambda done, total: reports.append((done, total)))
    assert len(reports) >= 3
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    done, total = reports[-1]
    assert total > 9 << 20
    assert done == total


async def test_cancelled_pack_stops_and_leaves_nothing(
    tmp_path: Path, private_temporary_folder: Path
) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(os.urandom(64 << 20))
    loop = asyncio.get_running_loop()
    started = asyncio.Event()
    task = asyncio.ensure_future(
        pack(model, "noop", "=1.0", progress=lambda done, total: loop.call_soon_threadsafe(started.set))
    )
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(private_temporary_folder.iterdir()) == []


async def test_pack_and_pack_sync_agree(torchscript_file: Path) -> None:
    assert inspect.signature(pack).parameters == inspect.signature(pack_sync).parameters
    path = await pack(torchscript_file, "torchscript", ">= 2.13, <3", **everything())
    assert Path(path).read_bytes() == Path(pack_everything(torchscript_file)).read_bytes()


def test_parameters_come_in_the_order_that_existing_users_know() -> None:
    parameters = inspect.signature(pack).parameters.values()
    positional = [item.name for item in parameters if item.kind is item.POSITIONAL_OR_KEYWORD]
    known = """
        path runner_name required_framework_version runner_compat_version runner_opts model_name
        short_description model_description license repository homepage required_platforms inputs outputs
        self_tests examples misc_files linked_files
    """
    assert positional == known.split()
    assert [item.name for item in parameters if item.kind is item.KEYWORD_ONLY] == ["output_path", "progress"]


def test_importing_pack_loads_no_framework_and_nothing_it_may_not_need() -> None:
    script = (
        "import sys, cartonml._pack\n"
        "print([name for name in ('torch', 'rich', 'zstandard', 'huggingface_hub') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert result.stdout.strip() == "[]"
