"""Text from a carton, made safe to show."""

from __future__ import annotations


def printable(text: str, *, newlines: bool = False) -> str:
    """The text with control characters written as escapes, so that a carton cannot drive the terminal.

    Bidirectional overrides count as control characters. With `newlines`, line breaks stay.
    """
    return "".join(
        c if c.isprintable() or (newlines and c == "\n") else c.encode("unicode_escape").decode()
        for c in text
    )
