"""Rules for the names of files in a carton, so that every reader on every system agrees on them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from .._errors import InvalidError
from .limits import PATH_BYTES, PATH_DEPTH, SEGMENT_BYTES, check_limit

_FORBIDDEN = frozenset("\\:")
_RENAME = (
    "rename it: a name is a relative path with `/` between its parts, "
    "without `..`, `\\`, `:` and control characters"
)


def check_name(name: str, what: str) -> None:
    """Refuses a name that could leave its folder or that readers may understand differently.

    Args:
        name: A path inside the carton, or inside one of its folders.
        what: How to call it in the error, such as "misc file".

    Raises:
        InvalidError: absolute, climbing, empty parts, forbidden characters, not UTF-8.
        LimitError: too long or too deep.
    """
    fault = _fault(name)
    if fault:
        raise InvalidError(f"{what} `{_printable(name)}`: {fault}", hint=_RENAME)
    segments = name.split("/")
    shown = f"the {what} `{name[:80]}…`"
    check_limit(f"the length of {shown}, in bytes,", len(name.encode()), PATH_BYTES)
    check_limit(f"the depth of {shown}, in folders,", len(segments), PATH_DEPTH)
    longest = max(len(segment.encode()) for segment in segments)
    check_limit(f"the length of one part of {shown}, in bytes,", longest, SEGMENT_BYTES)


def check_distinct(names: Iterable[str]) -> None:
    """Refuses two names that some file system takes for one, and a file that is also a folder."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(_folded(name), name)
        if other is not name:
            raise InvalidError(
                f"`{other}` and `{name}` are one name on file systems that ignore case or Unicode form",
                hint="rename one of them",
            )
    for name in seen.values():
        parent = _folded(name)
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            if parent in seen:
                raise InvalidError(
                    f"`{seen[parent]}` is both a file and the folder of `{name}`", hint="rename one of them"
                )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _fault(name: str) -> str | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "the name is not valid UTF-8"
    if not name:
        return "the name is empty"
    if name.startswith("/"):
        return "the name is absolute"
    segments = name.split("/")
    if ".." in segments:
        return "the name climbs out of its folder"
    if "" in segments or "." in segments:
        return "the name has an empty or `.` part"
    bad = [char for char in name if char in _FORBIDDEN or ord(char) < 0x20 or ord(char) == 0x7F]
    return f"the name contains {bad[0]!r}" if bad else None


def _printable(name: str) -> str:
    return name.encode("unicode_escape").decode()
