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
        rows = [_row(runner, found["runner_dir"]) for runner in found["runners"]]
        print_table(rows, header=HEADER, fold_last=True)
    else:
        typer.echo("no runners are installed; `carton runner build torchscript` builds one")
    for runner in found["runners"]:
        if not runner["usable"]:
            typer.echo(f"not usable: {printable(runner['path'])}: {printable(runner['unusable_reason'])}")
    for skipped in found["skipped"]:
        typer.echo(f"skipped: {printable(skipped['path'])}: {printable(skipped['reason'])}")


HEADER = ["name", "framework", "compat", "released", "usable here", "path in runner_dir"]


def _row(runner: dict[str, Any], runner_dir: str) -> list[str]:
    path = Path(runner["path"])
    return [
        runner["name"],
        runner["framework_version"],
        str(runner["compat"]),
        runner["release_date"][:10],
        "yes" if runner["usable"] else "no",
        str(path.relative_to(runner_dir)) if path.is_relative_to(runner_dir) else str(path),
    ]


def installed_runners() -> dict[str, Any]:
    """`{"runner_dir": …, "runners": […], "skipped": […]}`, as `carton_runners_json` gives it."""
    from cartonml import _native

    result: dict[str, Any] = json.loads(_native.runners_json())
    return result


def configured_runner_dir() -> Path:
    """The directory in which `load` looks for runners."""
    return Path(installed_runners()["runner_dir"])
