"""A streaming, deterministic zip writer for cartons.

Why not `zipfile`: Zstd entries, alignment of stored entries, and headers in which every byte is
determined by the contents. Each entry has fixed time 1980-01-01, Unix host, mode 0100644, no data
descriptor: sizes and CRC are patched into the local header once they are known. Stored entries begin
at a multiple of `ALIGNMENT`; the padding lies in an extra field that says so.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

ALIGNMENT = 64
STORED = 0
ZSTD = 93

_MAX_32 = 0xFFFFFFFF
_MAX_16 = 0xFFFF
_DOS_DATE = (0 << 9) | (1 << 5) | 1  # 1980-01-01; the time is 00:00
_UNIX = 3 << 8
_FILE_MODE = 0o100644 << 16
_UTF8_FLAG = 0x0800
_ZIP64_EXTRA = 0x0001
_ALIGNMENT_EXTRA = 0xD935  # "zipalign": u16 alignment, then zeros
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")


class Stream(NamedTuple):
    """What an entry turned out to be once it was written."""

    crc: int
    size: int
    stored_size: int


class _Entry(NamedTuple):
    name: bytes
    method: int
    offset: int
    zip64: bool
    stream: Stream


class ZipWriter:
    """Writes entries one after another into a seekable file opened for writing.

    Use `begin`, write the (already compressed) bytes to the file, then `end`; at last `finish`.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._entries: list[_Entry] = []
        self._current: _Entry | None = None

    def begin(self, name: str, method: int, max_stored_size: int) -> None:
        """Writes the local header. `max_stored_size` bounds both sizes and decides whether zip64 is used."""
        offset = self._file.tell()
        entry = _Entry(name.encode(), method, offset, max_stored_size >= _MAX_32, Stream(0, 0, 0))
        self._file.write(_local_header(entry))
        self._current = entry

    def end(self, stream: Stream) -> None:
        """Patches the local header, now that the content has been written after it."""
        assert self._current is not None
        entry = self._current._replace(stream=stream)
        self._file.seek(entry.offset)
        self._file.write(_local_header(entry))
        self._file.seek(0, 2)
        self._entries.append(entry)
        self._current = None

    def finish(self) -> None:
        """Writes the central directory and its end records."""
        start = self._file.tell()
        for entry in self._entries:
            self._file.write(_central_header(entry))
        size = self._file.tell() - start
        count = len(self._entries)
        if count > _MAX_16 - 1 or size >= _MAX_32 or start >= _MAX_32:
            self._file.write(_zip64_end(count, size, start))
        small_count = min(count, _MAX_16)
        end = struct.pack(
            "<4s4H2LH", b"PK\5\6", 0, 0, small_count, small_count, min(size, _MAX_32), min(start, _MAX_32), 0
        )
        self._file.write(end)


def _flags(entry: _Entry) -> int:
    return 0 if entry.name.isascii() else _UTF8_FLAG


def _needed_version(entry: _Entry) -> int:
    if entry.method == ZSTD:
        return 63
    return 45 if entry.zip64 else 20


def _sizes(entry: _Entry) -> tuple[int, int]:
    """Stored and plain size as the 32-bit fields show them; zip64 entries hold them in an extra field."""
    if entry.zip64:
        return _MAX_32, _MAX_32
    return entry.stream.stored_size, entry.stream.size


def _local_header(entry: _Entry) -> bytes:
    extra = b""
    if entry.zip64:
        extra = struct.pack("<HHQQ", _ZIP64_EXTRA, 16, entry.stream.size, entry.stream.stored_size)
    if entry.method == STORED:
        extra += _alignment_extra(entry.offset + _LOCAL.size + len(entry.name) + len(extra))
    header = _LOCAL.pack(
        b"PK\3\4",
        _needed_version(entry),
        _flags(entry),
        entry.method,
        0,
        _DOS_DATE,
        entry.stream.crc,
        *_sizes(entry),
        len(entry.name),
        len(extra),
    )
    return header + entry.name + extra


def _alignment_extra(position: int) -> bytes:
    """The extra field that moves the data, which would else begin at `position`, to an aligned offset."""
    padding = -(position + 6) % ALIGNMENT
    return struct.pack("<HHH", _ALIGNMENT_EXTRA, 2 + padding, ALIGNMENT) + bytes(padding)


def _central_header(entry: _Entry) -> bytes:
    wide: list[int] = [entry.stream.size, entry.stream.stored_size] if entry.zip64 else []
    offset = entry.offset
    if offset >= _MAX_32:
        wide.append(offset)
        offset = _MAX_32
    extra = struct.pack(f"<HH{len(wide)}Q", _ZIP64_EXTRA, 8 * len(wide), *wide) if wide else b""
    needed = max(_needed_version(entry), 45 if wide else 0)
    header = _CENTRAL.pack(
        b"PK\1\2",
        _UNIX | 63,
        needed,
        _flags(entry),
        entry.method,
        0,
        _DOS_DATE,
        entry.stream.crc,
        *_sizes(entry),
        len(entry.name),
        len(extra),
        0,
        0,
        0,
        _FILE_MODE,
        offset,
    )
    return header + entry.name + extra


def _zip64_end(count: int, size: int, start: int) -> bytes:
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, _UNIX | 63, 45, 0, 0, count, count, size, start)
    return end + struct.pack("<4sLQL", b"PK\6\7", 0, start + size, 1)
