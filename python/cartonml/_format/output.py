"""The file that is written: under a temporary name until it is whole."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .os_errors import os_errors


class OutputFile(io.FileIO):
    """An unbuffered file whose `write` writes everything.

    Python's buffered files copy large pieces through their buffer, which costs several times the write.
    """

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) or 0 :]
        return len(data)


@contextlib.contextmanager
def new_file(target: Path | None, title: str) -> Iterator[tuple[OutputFile, Path]]:
    """A file to write into, and the path that it gets at the end, all at once. On failure nothing is left.

    Without `target` it lies in a new temporary folder and is named after `title`.
    """
    folder = None
    if target is None:
        with os_errors("create a folder in", tempfile.gettempdir()):
            folder = Path(tempfile.mkdtemp(prefix="carton-"))
        target = folder / f"{file_stem(title)}.carton"
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with os_errors("write", target):
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            with OutputFile(descriptor, "w+") as file:
                yield file, target
                os.fsync(descriptor)
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        if folder is not None:
            folder.rmdir()
        raise


def file_stem(title: str) -> str:
    """`title` as a file name: without separators, control characters and a leading dot, and not too long."""
    clean = "".join("_" if char in "/\\:" or not char.isprintable() else char for char in title).strip()
    return clean.lstrip(".").encode()[:200].decode(errors="ignore") or "model"
