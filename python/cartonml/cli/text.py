"""Text for people: made safe for a terminal, sizes in units, tables."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import Literal

from cartonml._text import printable

__all__ = ["print_table", "printable", "size"]


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
    rows: Sequence[Sequence[str]],
    *,
    header: Sequence[str] = (),
    right: Collection[int] = (),
    indent: int = 0,
    fold_last: bool = False,
) -> None:
    """Prints rows in aligned columns, those in `right` aligned to the right. The cells are made printable.

    A pipe gets lines of any length; a terminal gets them folded to its width: every column, or with
    `fold_last` only the last one.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None, pad_edge=False, header_style="bold", show_header=bool(header), padding=(0, 2, 0, 0)
    )
    columns = len(header or rows[0])
    for column in range(columns):
        title = header[column] if header else ""
        justify: Literal["left", "right"] = "right" if column in right else "left"
        table.add_column(title, justify=justify, overflow="fold", no_wrap=fold_last and column < columns - 1)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    on_terminal = sys.stdout.isatty()
    console = Console(highlight=False, width=None if on_terminal else 100_000)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        sys.stdout.write(" " * indent + line.rstrip() + "\n")
