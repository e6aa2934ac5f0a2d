"""Text for people: made safe for a terminal, sizes in units, tables."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence


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


def print_table(
    rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), right: Collection[int] = (), indent: int = 0
) -> None:
    """Prints rows in aligned columns, those in `right` aligned to the right. The cells are made printable.

    A pipe gets lines of any length; a terminal gets them folded to its width.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None, pad_edge=False, header_style="bold", show_header=bool(header), padding=(0, 2, 0, 0)
    )
    for column in range(len(header or rows[0])):
        title = header[column] if header else ""
        table.add_column(title, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    on_terminal = sys.stdout.isatty()
    console = Console(highlight=False, width=None if on_terminal else 100_000)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        sys.stdout.write(" " * indent + line.rstrip() + "\n")
