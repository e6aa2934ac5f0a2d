from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from cartonml._errors import IoError
from cartonml._format.output import OutputFile, new_file


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel writes at most 2 GiB at a time, and less on a nearly full disk."""

    class Stingy(io.FileIO):
        def write(self, data: Any) -> int:
            return super().write(memoryview(data)[:1000])

    class File(OutputFile, Stingy):
        pass

    content = os.urandom(12_345)
    with File(os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT), "w+") as file:
        assert file.write(content) == len(content)
    assert (tmp_path / "x").read_bytes() == content


def test_file_appears_under_its_name_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.carton"
    with new_file(target, "title") as (file, path):
        file.write(b"content")
        assert path == target
        assert not target.exists()
    assert target.read_bytes() == b"content"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "out.carton"
    target.write_bytes(b"old")

    def fail() -> None:
        with new_file(target, "title") as (file, _):
            file.write(b"new")
            raise failure

    with pytest.raises(failure):
        fail()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("model", "model.carton"),
        ("a/b\\c:d", "a_b_c_d.carton"),
        ("..", "model.carton"),
        ("", "model.carton"),
        ("line\nbreak\0", "line_break_.carton"),
        ("模型 🎉", "模型 🎉.carton"),
        ("é" * 300, "é" * 100 + ".carton"),
    ],
)
def test_temporary_file_is_named_after_the_title(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, title: str, name: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with new_file(None, title) as (_, path):
        pass
    assert path.name == name
    assert path.parent.parent == tmp_path


def test_folder_that_cannot_be_written_is_an_io_error(tmp_path: Path) -> None:
    with (
        pytest.raises(IoError, match=r"cannot write .*out\.carton"),
        new_file(tmp_path / "no" / "out.carton", "x"),
    ):
        pass
