"""Writes the entries of a carton: one pass that hashes, checks and stores or compresses each file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Callable, Union

from .._errors import CancelledError, InvalidError
from .compression import choose_method
from .manifest import render_links, render_manifest
from .os_errors import os_errors
from .zip_writer import STORED, ZSTD, Stream, ZipWriter

Content = Union[bytes, Path]
Consumer = Callable[[memoryview], Any]
Advanced = Callable[[int], None]

# Two such buffers are in use at a time: one is read into while the other is hashed and written.
BUFFER_SIZE = 1 << 20


class CartonWriter:
    """Writes one carton into `file`. `advanced` is called with the number of bytes read, again and again.

    Memory is constant, whatever the size of the files. If `stop` is set, the next call raises
    `CancelledError`.
    """

    def __init__(self, file: BinaryIO, advanced: Advanced, stop: threading.Event) -> None:
        self._file = file
        self._zip = ZipWriter(file)
        self._advanced = advanced
        self._stop = stop
        self._hashes: dict[str, str] = {}
        # Hash, CRC and output run side by side; all three release the GIL.
        self._threads = ThreadPoolExecutor(max_workers=3, thread_name_prefix="carton-pack")

    def __enter__(self) -> CartonWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def add(self, name: str, content: Content) -> None:
        """Writes a file and lists it in MANIFEST."""
        with _opened(content) as (source, size):
            sha256 = hashlib.sha256()
            method = choose_method(source, size)
            self._write_entry(name, source, size, method, sha256.update, self._advanced)
            self._hashes[name] = sha256.hexdigest()

    def add_unless_linked(self, name: str, content: Path, links: dict[str, list[str]]) -> None:
        """Like `add`, but a file whose hash is in `links` is only listed."""
        with _opened(content) as (source, size):
            sha256 = hashlib.sha256()
            self._read_all(source, size, name, [sha256.update], _silent)
        if sha256.hexdigest() in links:
            self._hashes[name] = sha256.hexdigest()
            self._advanced(size)
        else:
            self.add(name, content)

    def finish(self, links: dict[str, list[str]]) -> str:
        """Writes MANIFEST, LINKS (if there are any) and the directory; returns the sha256 of MANIFEST."""
        manifest = render_manifest(self._hashes)
        self._write_entry("MANIFEST", BytesIO(manifest), len(manifest), STORED, len, _silent)
        if links:
            rendered = render_links(links)
            self._write_entry("LINKS", BytesIO(rendered), len(rendered), STORED, len, _silent)
        self._zip.finish()
        return hashlib.sha256(manifest).hexdigest()

    def _write_entry(
        self, name: str, source: BinaryIO, size: int, method: int, hashed: Consumer, advanced: Advanced
    ) -> None:
        crc = _Crc()
        # Zstd adds at most 1/256 and some bytes to what it cannot compress.
        self._zip.begin(name, method, size + (size >> 8) + 1024 if method == ZSTD else size)
        start = self._file.tell()
        source.seek(0)
        if method == STORED:
            consumers: list[Consumer] = [hashed, crc.update, self._file.write]
            self._read_all(source, size, name, consumers, advanced)
        else:
            import zstandard

            compressor = zstandard.ZstdCompressor().compressobj(size=size)
            consumers = [hashed, crc.update, lambda piece: self._file.write(compressor.compress(piece))]
            self._read_all(source, size, name, consumers, advanced)
            self._file.write(compressor.flush())
        self._zip.end(Stream(crc.value, size, self._file.tell() - start))

    def _read_all(
        self, source: BinaryIO, size: int, name: str, consumers: Sequence[Consumer], advanced: Advanced
    ) -> None:
        """Feeds the whole source to every consumer, each in its own thread, piece by piece."""
        buffers = [bytearray(min(BUFFER_SIZE, size + 1)) for _ in range(2)]
        running: list[Future[Any]] = []
        total = 0
        while True:
            if self._stop.is_set():
                raise CancelledError(f"packing was cancelled at `{name}`")
            length = _fill(source, buffers[0])
            for future in running:
                future.result()
            total += length
            if length == 0 or total > size:
                break
            piece = memoryview(buffers[0])[:length]
            running = self._consume(piece, consumers)
            buffers.reverse()
            advanced(length)
        if total != size:
            raise InvalidError(
                f"`{name}` had {size} bytes first, but {'more' if total > size else total} while it was read",
                hint="something changes the file while it is packed; pack again when that has ended",
            )

    def _consume(self, piece: memoryview, consumers: Sequence[Consumer]) -> list[Future[Any]]:
        if len(piece) < BUFFER_SIZE // 16:  # Not worth a thread switch.
            for consumer in consumers:
                consumer(piece)
            return []
        return [self._threads.submit(consumer, piece) for consumer in consumers]


class _Crc:
    def __init__(self) -> None:
        self.value = 0

    def update(self, piece: memoryview) -> None:
        self.value = zlib.crc32(piece, self.value)


def _silent(_: int) -> None:
    """Passes that are no progress to report: hashing ahead, and what Carton itself adds."""


def _fill(source: BinaryIO, buffer: bytearray) -> int:
    length: int = source.readinto(buffer)  # type: ignore[attr-defined]
    return length


@contextlib.contextmanager
def _opened(content: Content) -> Iterator[tuple[BinaryIO, int]]:
    """The content as an unbuffered file, and its size."""
    if isinstance(content, bytes):
        yield BytesIO(content), len(content)
        return
    with os_errors("read", content):
        # The path was resolved before: a link there now was put in its place since.
        descriptor = os.open(content, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise InvalidError(f"`{content}` is not a regular file")
            yield file, status.st_size
