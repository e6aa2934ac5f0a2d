"""`carton info`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cartonml.cli.text import print_table, printable, size


def info(
    carton: Annotated[str, typer.Argument(metavar="CARTON", help="A .carton file or directory.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what a carton says of itself: metadata, inputs, outputs, runner, files. Nothing is run."""
    from cartonml import _native

    text = _native.Info(os.fsencode(carton)).json
    if as_json:
        typer.echo(text)
        return
    about: dict[str, Any] = json.loads(text)
    _print_metadata(about)
    _print_specs("inputs", about["inputs"])
    _print_specs("outputs", about["outputs"])
    _print_tests("self tests", about["self_tests"])
    _print_tests("examples", about["examples"])
    _print_runner(about["runner"])
    _print_files(about)


FIELDS = ("model_name", "short_description", "license", "repository", "homepage", "model_description")


def _print_metadata(about: Mapping[str, Any]) -> None:
    for field in FIELDS:
        if about[field]:
            text = printable(about[field], newlines=True)
            typer.echo(f"{field + ':':<20}" + text.replace("\n", "\n" + " " * 20))
    if about["required_platforms"]:
        typer.echo(f"{'required_platforms:':<20}{printable(', '.join(about['required_platforms']))}")
    typer.echo(f"{'manifest_sha256:':<20}{about['manifest_sha256']}")


def _print_specs(title: str, specs: Sequence[Mapping[str, Any]] | None) -> None:
    if specs is None:
        typer.echo(f"\n{title}: not declared")
        return
    typer.echo(f"\n{title}:" if specs else f"\n{title}: none")
    rows = [
        [spec["name"], spec["dtype"], shape_text(spec["shape"]), spec["description"] or ""] for spec in specs
    ]
    if rows:
        print_table(rows, indent=2)


def shape_text(shape: str | Sequence[int | str | None] | None) -> str:
    """A declared shape as `carton pack` takes it: `*`, `symbol`, `[1, n, *]`."""
    if shape is None:
        return "*"
    if isinstance(shape, str):
        return shape
    return f"[{', '.join('*' if dim is None else str(dim) for dim in shape)}]"


def _print_tests(title: str, tests: Sequence[Mapping[str, Any]]) -> None:
    if tests:
        typer.echo(f"\n{title}:")
    for number, test in enumerate(tests, 1):
        text = ": ".join(printable(part) for part in (test["name"], test["description"]) if part)
        typer.echo(f"  {text or number}")


def _print_runner(runner: Mapping[str, Any]) -> None:
    compat = runner["runner_compat_version"]
    typer.echo(
        f"\nrunner: {printable(runner['runner_name'])} {printable(runner['required_framework_version'])} "
        f"(compat {compat}), {_met_by(runner)}"
    )
    for key, value in (runner["opts"] or {}).items():
        typer.echo(f"  {printable(key)} = {printable(json.dumps(value))}")


def _met_by(wanted: Mapping[str, Any]) -> str:
    """Which installed runner could serve, for people; `load` has the last word."""
    from cartonml._format.semver import Version, VersionReq
    from cartonml.cli.runners import installed_runners

    requirement = VersionReq.parse(wanted["required_framework_version"])
    versions = [
        runner["framework_version"]
        for runner in installed_runners()["runners"]
        if runner["name"] == wanted["runner_name"]
        and runner["compat"] == wanted["runner_compat_version"]
        and runner["usable"]
        and requirement.matches(Version.parse(runner["framework_version"]))
    ]
    return (
        f"installed here: {', '.join(versions)}" if versions else "not installed here (see `carton runners`)"
    )


def _print_files(about: Mapping[str, Any]) -> None:
    typer.echo("\nfiles (size, stored, method):")
    rows = []
    for file in about["files"]:
        linked = file["method"] == "linked"
        sizes = ["", ""] if linked else [size(file["size"]), size(file["stored_size"])]
        rows.append([*sizes, file["method"], file["path"]])
    if rows:
        print_table(rows, right=(0, 1), indent=2)
