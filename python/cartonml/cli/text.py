"""Text for people: made safe for a terminal, sizes in units, tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def printable(text: str, *, newlines: bool = False) -> str:
    """The text with control characters written as escapes, so that a carton cannot drive the terminal.

    Bidirectional overrides count as control characters. With `newlines`, line breaks stay.
    """
    return "".join(
        c if c.isprintable() or (newlines and c == "\n") else c.encode("unicode_escape").decode()
        for c in text
    )


def size(count: int) -> str:
    """Bytes for people: `417 B`, `1.5 KiB`, `2.0 GiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1024 or unit == "TiB":
            break
    return f"{value:.1f} {unit}"


def console() -> Console:
    """Where readable output goes. A pipe gets plain text that is never cut to a width."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=10_000, no_color=True)


def table(*headers: str) -> Table:
    """A table with a header row and no lines, as wide as its content."""
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        grid.add_column(header, overflow="fold")
    return grid
