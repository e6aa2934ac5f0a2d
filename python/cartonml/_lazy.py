"""Values of a carton that are read only when somebody asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Protocol

from ._errors import InvalidError

if TYPE_CHECKING:
    import numpy as np  # imported only where used: it costs more than all of this package

    Array = np.ndarray[Any, Any]

_PIECE = 1 << 20


class Reader(Protocol):
    """Reads from an open carton. Called from any thread."""

    def tensor(self, name: str) -> Array:
        """The tensor `name` of `tensor_data/`."""

    def read(self, path: str, offset: int, size: int) -> bytes:
        """Up to `size` bytes of the file `path` (as in MANIFEST) from `offset`; `b""` at its end."""


class LazyLoadedTensor:
    """A tensor of a self test or example.

    Equality loads both tensors and compares dtype, shape and elements; NaN equals NaN.
    """

    def __init__(self, load: Callable[[], Array]) -> None:
        self._load = load

    async def get(self) -> Array:
        """The tensor as a numpy array."""
        import asyncio  # Here, because it takes long to import.

        return await asyncio.to_thread(self._load)

    def get_sync(self) -> Array:
        """The tensor as a numpy array, for callers without an event loop."""
        return self._load()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LazyLoadedTensor):
            return NotImplemented
        ours, theirs = self._load(), other._load()
        if "U" in (ours.dtype.kind, theirs.dtype.kind):
            return ours.shape == theirs.shape and bool(ours.tolist() == theirs.tolist())
        if ours.dtype.newbyteorder("=") != theirs.dtype.newbyteorder("=") or ours.shape != theirs.shape:
            return False
        return bool(((ours == theirs) | ((ours != ours) & (theirs != theirs))).all())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "LazyLoadedTensor()"


class LazyLoadedMiscFile:
    """A file of `misc/`, read through a cursor that moves: a second full read gives `b""`.

    Not for use from several threads at once. Equality reads both files from their beginning and leaves
    the cursors alone.
    """

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        self._read = read
        self._offset = 0

    async def read(self, size_bytes: int | None = None) -> bytes:
        """The next `size_bytes` bytes, or all that is left; fewer at the end of the file."""
        import asyncio

        return await asyncio.to_thread(self.read_sync, size_bytes)

    def read_sync(self, size_bytes: int | None = None) -> bytes:
        """Like `read`, for callers without an event loop."""
        if size_bytes is not None and size_bytes < 0:
            raise InvalidError(f"size_bytes is {size_bytes}, expected None or a number from 0")
        content = self._read_from(self._offset, size_bytes)
        self._offset += len(content)
        return content

    def content_sync(self) -> bytes:
        """The whole file, from its beginning; leaves the cursor alone."""
        return self._read_from(0, None)

    def _read_from(self, offset: int, size: int | None) -> bytes:
        content = bytearray()
        while size is None or len(content) < size:
            wanted = _PIECE if size is None else min(_PIECE, size - len(content))
            piece = self._read(offset + len(content), wanted)
            if not piece:
                break
            content += piece
        return bytes(content)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LazyLoadedMiscFile):
            return NotImplemented
        return self.content_sync() == other.content_sync()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "LazyLoadedMiscFile()"


def tensor_in_memory(array: Array) -> LazyLoadedTensor:
    """A tensor that needs no loading."""
    return LazyLoadedTensor(lambda: array)


def file_in_memory(content: bytes) -> LazyLoadedMiscFile:
    """A misc file that needs no loading."""
    return LazyLoadedMiscFile(lambda offset, size: content[offset : offset + size])
