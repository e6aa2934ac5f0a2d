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
    from cartonml.cli.text import print_table, printable

    typer.echo(f"runner_dir: {printable(found['runner_dir'])}")
    if found["runners"]:
        rows = [[_cell(runner[column]) for column in COLUMNS] for runner in found["runners"]]
        print_table(rows, header=list(COLUMNS.values()))
    else:
        typer.echo("no runners are installed; `carton runner build torchscript` builds one")
    for skipped in found["skipped"]:
        typer.echo(f"skipped: {printable(skipped['path'])}: {printable(skipped['reason'])}")


COLUMNS = {
    "name": "name",
    "framework_version": "framework",
    "compat": "compat",
    "platform": "platform",
    "release_date": "released",
    "usable": "usable here",
    "path": "path",
}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def installed_runners() -> dict[str, Any]:
    """`{"runner_dir": …, "runners": […], "skipped": […]}`, as `carton_runners_json` gives it."""
    from cartonml import _native

    result: dict[str, Any] = json.loads(_native.runners_json())
    return result


def configured_runner_dir() -> Path:
    """The directory in which `load` looks for runners."""
    return Path(installed_runners()["runner_dir"])
