"""`carton verify`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer


def verify(
    carton: Annotated[str, typer.Argument(metavar="CARTON", help="A .carton file or directory.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Hash every file against MANIFEST; exit status 1 if any differs.

    This says that the carton is the one that was packed. It does not say that the model is harmless.
    """
    from cartonml import _native
    from cartonml.cli.report import FAILED, fail
    from cartonml.cli.text import printable

    report = json.loads(_native.Info(os.fsencode(carton)).verify())
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        wrong = [file for file in report["files"] if file["actual"] != file["expected"]]
        for file in wrong:
            typer.echo(f"{printable(file['path'])}: expected sha256 {file['expected']}, got {file['actual']}")
        count = len(report["files"])
        typer.echo(f"{len(wrong)} of {count} files differ from MANIFEST" if wrong else f"ok: {count} files")
    if not report["ok"]:
        fail(FAILED)
