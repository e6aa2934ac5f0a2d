from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest

from cartonml._errors import InvalidError, IoError
from cartonml._torchscript import check_model, check_options


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        archive("m/data.pkl", "m/code/__torch__.py", "m/constants.pkl", "m/version"),
        archive("archive/data.pkl", "archive/constants.pkl"),
    ],
)
def test_torchscript_archives_pass(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.pt").write_bytes(content)
    check_model(tmp_path / "m.pt")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"hello", "not a zip archive"),
        (pickle.dumps({"a": 1}), "a pickle"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02", "legacy `torch.save`"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"GGUF\x03\0\0\0", "GGUF"),
        ((64).to_bytes(8, "little") + b'{"w":{"dtype":"F32"', "safetensors"),
        (archive("m/data.pkl", "m/data/0", "m/version"), "`torch.save` checkpoint"),
        (archive("carton.toml", "MANIFEST", "model/model.pt"), "a carton already"),
        (archive("m/archive_format", "m/models/model.json"), "`torch.export`"),
        (archive("a.txt"), "zip archive of something else"),
        (archive("a/data.pkl", "a/constants.pkl", "b/other"), "checkpoint"),
        (archive("m/data.pkl", "m/constants.pkl")[:-10], "damaged or incomplete"),
    ],
)
def test_other_files_are_refused_by_what_they_are(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(content)
    with pytest.raises(InvalidError, match=says) as caught:
        check_model(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_folder_and_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="is a folder"):
        check_model(tmp_path)
    with pytest.raises(IoError, match="No such file"):
        check_model(tmp_path / "missing.pt")


def test_known_options_pass() -> None:
    check_options({"num_threads": 4, "num_interop_threads": 1, "inference_mode": "on"})


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("num_threads", "4", TypeError),
        ("num_threads", True, TypeError),
        ("num_threads", 1.0, TypeError),
        ("num_threads", 0, ValueError),
        ("num_interop_threads", -1, ValueError),
        ("inference_mode", "yes", ValueError),
        ("inference_mode", True, TypeError),
    ],
)
def test_wrong_option_is_refused_with_what_is_expected(
    name: str, value: object, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match="expected") as caught:
        check_options({name: value})
    assert isinstance(caught.value, InvalidError)
    assert name in str(caught.value)


def test_unknown_option_warns_and_lists_the_known_ones() -> None:
    with pytest.warns(UserWarning, match="num_thread`.*num_threads"):
        check_options({"num_thread": 4})


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_files_that_torch_writes_are_told_apart(tmp_path: Path) -> None:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(x)

    model, example = Model().eval(), torch.zeros(1, 2)
    torch.jit.script(model).save(tmp_path / "scripted.pt")
    torch.jit.trace(model, example).save(tmp_path / "traced.pt")
    torch.jit.freeze(torch.jit.script(model)).save(tmp_path / "frozen.pt")
    for name in ("scripted", "traced", "frozen"):
        check_model(tmp_path / f"{name}.pt")
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    torch.save(model.state_dict(), tmp_path / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.export.save(torch.export.export(model, (example,)), tmp_path / "program.pt2")
    for name, says in (
        ("weights.pt", "checkpoint"),
        ("legacy.pt", "legacy"),
        ("program.pt2", "torch.export"),
    ):
        with pytest.raises(InvalidError, match=says):
            check_model(tmp_path / name)
