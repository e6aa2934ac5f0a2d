"""A small reader of cartons for tests, independent of the package: every byte of the zip is accounted for."""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomllib
import zstandard

ALIGNMENT_EXTRA = 0xD935


@dataclass
class Entry:
    name: str
    method: str
    size: int
    stored_size: int
    data_offset: int
    content: bytes


@dataclass
class Plain:
    """What a carton holds. `bytes` are the plain contents, by path."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def __getitem__(self, name: str) -> bytes:
        return self.entries[name].content

    @property
    def names(self) -> list[str]:
        return list(self.entries)

    @property
    def toml(self) -> dict[str, Any]:
        return tomllib.loads(self["carton.toml"].decode())

    @property
    def tensor_index(self) -> dict[str, Any]:
        return tomllib.loads(self["tensor_data/index.toml"].decode())

    @property
    def links(self) -> dict[str, Any]:
        return tomllib.loads(self["LINKS"].decode())

    @property
    def manifest(self) -> dict[str, str]:
        lines = self["MANIFEST"].decode().splitlines(keepends=True)
        assert all(line.endswith("\n") for line in lines)
        return dict(line[:-1].rsplit("=", 1) for line in lines)


def read_carton(path: str | Path, *, contents: bool = True) -> Plain:
    """Reads and checks a carton: headers agree, no gaps, hashes match. Without `contents`, structure only."""
    plain = Plain()
    with Path(path).open("rb") as file, zipfile.ZipFile(path) as archive:
        end = 0
        assert archive.comment == b""
        for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
            assert info.header_offset == end, f"gap before {info.filename}"
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.create_system == 3
            assert info.external_attr == 0o100644 << 16
            start = _check_local_header(file, info)
            end = start + info.compress_size
            content = _content(file, info, start) if contents else b""
            method = {0: "stored", 93: "zstd"}[info.compress_type]
            plain.entries[info.filename] = Entry(
                info.filename, method, info.file_size, info.compress_size, start, content
            )
        assert archive.start_dir == end
        assert [info.filename for info in archive.infolist()] == plain.names
    if contents:
        _check_manifest(plain)
    return plain


def _check_local_header(file: Any, info: zipfile.ZipInfo) -> int:
    file.seek(info.header_offset)
    (magic, _, flags, method, time, date, crc, stored, size, name_length, extra_length) = struct.unpack(
        "<4s5H3L2H", file.read(30)
    )
    assert magic == b"PK\3\4"
    assert flags == info.flag_bits
    assert flags & ~0x800 == 0
    assert (method, crc, time, date) == (info.compress_type, info.CRC, 0, 0x21)
    assert file.read(name_length).decode() == info.filename
    extras = _extras(file.read(extra_length))
    if 1 in extras:
        assert (stored, size) == (0xFFFFFFFF, 0xFFFFFFFF)
        size, stored = struct.unpack("<QQ", extras.pop(1))
    assert (size, stored) == (info.file_size, info.compress_size)
    start = int(file.tell())
    if method == 0:
        padding = extras.pop(ALIGNMENT_EXTRA)
        assert padding[:2] == struct.pack("<H", 64)
        assert not any(padding[2:])
        assert start % 64 == 0
    assert not extras
    return start


def _extras(data: bytes) -> dict[int, bytes]:
    extras = {}
    while data:
        kind, length = struct.unpack("<HH", data[:4])
        assert kind not in extras
        extras[kind] = data[4 : 4 + length]
        data = data[4 + length :]
    return extras


def _content(file: Any, info: zipfile.ZipInfo, start: int) -> bytes:
    file.seek(start)
    content = file.read(info.compress_size)
    if info.compress_type == 93:
        assert zstandard.get_frame_parameters(content).content_size == info.file_size
        decompressor = zstandard.ZstdDecompressor().decompressobj()
        content = decompressor.decompress(content)
        assert decompressor.eof
        assert decompressor.unused_data == b""
    assert len(content) == info.file_size
    assert zlib.crc32(content) == info.CRC
    return bytes(content)


def _check_manifest(plain: Plain) -> None:
    manifest = plain.manifest
    assert list(manifest) == sorted(manifest, key=str.encode)
    linked = plain.links["urls"] if "LINKS" in plain.entries else {}
    present = set(plain.names) - {"MANIFEST", "LINKS"}
    assert present <= set(manifest)
    for name, sha256 in manifest.items():
        if name in present:
            assert hashlib.sha256(plain[name]).hexdigest() == sha256, name
        else:
            assert sha256 in linked, name
