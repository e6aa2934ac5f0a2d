from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from plain_reader import read_carton

from cartonml._format import zip_writer
from cartonml._format.zip_writer import STORED, Stream, ZipWriter


def write(path: Path, entries: list[tuple[str, bytes]], *, wide: bool = False) -> None:
    with path.open("w+b") as file:
        writer = ZipWriter(file)
        for name, content in entries:
            writer.begin(name, STORED, 1 << 32 if wide else len(content))
            file.write(content)
            writer.end(Stream(zlib.crc32(content), len(content), len(content)))
        writer.finish()


@pytest.mark.parametrize("wide", [False, True])
def test_entries_read_back_aligned_without_gaps(tmp_path: Path, wide: bool) -> None:
    entries = [(f"f{size}", bytes([size % 256]) * size) for size in (0, 1, 57, 58, 63, 64, 65, 4096)]
    entries.append(("ünïcode/日本", b"text"))
    write(tmp_path / "x.zip", entries, wide=wide)
    plain = read_carton(tmp_path / "x.zip", contents=False)
    assert plain.names == [name for name, _ in entries]
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.testzip() is None
        assert [(info.filename, archive.read(info)) for info in archive.infolist()] == entries


def test_every_name_length_leaves_the_data_aligned(tmp_path: Path) -> None:
    write(tmp_path / "x.zip", [("n" * length, b"x") for length in range(1, 70)])
    plain = read_carton(tmp_path / "x.zip", contents=False)
    assert all(entry.data_offset % 64 == 0 for entry in plain.entries.values())


def test_empty_archive_is_a_zip(tmp_path: Path) -> None:
    write(tmp_path / "x.zip", [])
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.namelist() == []


def test_more_entries_than_16_bits_count_use_the_zip64_end_record(tmp_path: Path) -> None:
    write(tmp_path / "x.zip", [(f"f{number}", b"") for number in range(65_535)])
    assert b"PK\6\6" in (tmp_path / "x.zip").read_bytes()[-120:]
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert len(archive.namelist()) == 65_535


def test_small_archives_have_no_zip64_records(tmp_path: Path) -> None:
    write(tmp_path / "x.zip", [("a", b"1")])
    content = (tmp_path / "x.zip").read_bytes()
    assert b"PK\6\6" not in content
    assert b"PK\6\7" not in content


def test_offsets_beyond_4_gib_are_kept_in_zip64_fields() -> None:
    entry = zip_writer._Entry(b"x", STORED, 5 << 32, False, Stream(1, 2, 2))
    header = zip_writer._central_header(entry)
    assert header.endswith(b"\x01\x00\x08\x00" + (5 << 32).to_bytes(8, "little"))
    assert header[42:46] == b"\xff" * 4


def test_output_depends_on_contents_alone() -> None:
    files = [BytesIO(), BytesIO()]
    for file in files:
        writer = ZipWriter(file)
        writer.begin("a", STORED, 1)
        file.write(b"x")
        writer.end(Stream(zlib.crc32(b"x"), 1, 1))
        writer.finish()
    assert files[0].getvalue() == files[1].getvalue()
