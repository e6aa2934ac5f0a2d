"""`carton runners`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def runners(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the installed runners, and what was passed over and why."""
    found = installed_runners()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    from cartonml.cli.text import console, printable, table

    out = console()
    out.print(f"runner_dir: {printable(found['runner_dir'])}", markup=False)
    if found["runners"]:
        grid = table("name", "framework", "compat", "platform", "released", "path", "usable here")
        for runner in found["runners"]:
            grid.add_row(*(_cell(runner[key]) for key in _COLUMNS))
        out.print(grid)
    else:
        out.print("no runners are installed; `carton runner build torchscript` builds one", markup=False)
    for skipped in found["skipped"]:
        text = f"skipped: {printable(skipped['path'])}: {printable(skipped['reason'])}"
        out.print(text, markup=False)


_COLUMNS = ("name", "framework_version", "compat", "platform", "release_date", "path", "usable")


def _cell(value: Any) -> Any:
    from rich.text import Text

    from cartonml.cli.text import printable

    if isinstance(value, bool):
        return "yes" if value else "no"
    return Text(printable(str(value)))


def installed_runners() -> dict[str, Any]:
    """`{"runner_dir": …, "runners": […], "skipped": […]}`, as `carton_runners_json` gives it."""
    from cartonml import _native

    result: dict[str, Any] = json.loads(_native.runners_json())
    return result


def configured_runner_dir() -> Path:
    """The directory in which `load` looks for runners."""
    return Path(installed_runners()["runner_dir"])
