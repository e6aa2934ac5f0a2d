from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from cartonml._errors import InvalidError, IoError, PolicyError
from cartonml._format.model_files import collect_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    (root / "sub").mkdir(parents=True)
    (root / "b.py").write_text("b")
    (root / "sub" / "a.bin").write_bytes(b"a")
    return root


def test_files_are_found_sorted_with_folders(folder: Path) -> None:
    (folder / "B").write_text("upper case sorts first")
    assert list(collect_folder(folder)) == ["B", "b.py", "sub/a.bin"]


def test_link_inside_the_folder_is_packed_as_its_file(folder: Path) -> None:
    (folder / "link").symlink_to("sub/a.bin")
    (folder / "chain").symlink_to("link")
    files = collect_folder(folder)
    assert files["link"] == files["chain"] == files["sub/a.bin"]


@pytest.mark.parametrize("target", ["../secret", "/etc/hostname", "sub/../../secret"])
def test_link_out_of_the_folder_is_refused(folder: Path, target: str) -> None:
    (folder.parent / "secret").write_text("key")
    (folder / "link").symlink_to(target)
    with pytest.raises(PolicyError, match="leaves the folder"):
        collect_folder(folder)


def test_link_to_a_folder_is_refused(folder: Path) -> None:
    (folder / "link").symlink_to("sub")
    with pytest.raises(PolicyError, match="not a file"):
        collect_folder(folder)


@pytest.mark.parametrize("target", ["missing", "loop"])
def test_dangling_or_looping_link_is_an_io_error_that_names_it(folder: Path, target: str) -> None:
    (folder / "loop").symlink_to(target)
    with pytest.raises(IoError, match="loop"):
        collect_folder(folder)


@pytest.mark.parametrize("name", [".env", ".git/config", "sub/.ssh/id"])
def test_hidden_files_are_refused_not_dropped(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("secret")
    with pytest.raises(PolicyError, match="hidden"):
        collect_folder(folder)


def test_file_with_another_name_outside_is_refused(folder: Path) -> None:
    (folder.parent / "id_rsa").write_text("key")
    os.link(folder.parent / "id_rsa", folder / "weights")
    with pytest.raises(PolicyError, match="hard links"):
        collect_folder(folder)


def test_hard_links_within_the_folder_are_fine(folder: Path) -> None:
    os.link(folder / "b.py", folder / "sub" / "c.py")
    assert list(collect_folder(folder)) == ["b.py", "sub/a.bin", "sub/c.py"]


def test_fifo_and_socket_are_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    with pytest.raises(PolicyError, match="fifo"):
        collect_folder(folder)
    (folder / "fifo").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        with pytest.raises(PolicyError, match="socket"):
            collect_folder(folder)


def test_folder_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    with pytest.raises(InvalidError, match="no file"):
        collect_folder(tmp_path / "empty")


def test_linked_folder_itself_may_be_given(folder: Path) -> None:
    (folder.parent / "alias").symlink_to(folder)
    assert list(collect_folder(folder.parent / "alias")) == ["b.py", "sub/a.bin"]
