"""The command line as Typer sees it: the commands, their groups, and the text of `carton --help`."""

from __future__ import annotations

from typing import Annotated

import typer

from cartonml.cli import info, pack, run, runner, runners, verify

EPILOG = (
    "Exit codes: 0 done, 1 a check failed or the model's own code did, 2 wrong usage or input, "
    "3 the carton is invalid, 4 no runner fits, 5 the runner failed, 6 the system refused "
    "(files, space, memory), 70 a defect of Carton."
)

app = typer.Typer(
    name="carton",
    help="Pack any ML model into one .carton file and run it, each model in a process of its own.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: a third of the start-up time, and readable in a pipe
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("pack")(pack.pack)
app.command("info", short_help="Show what a carton says of itself.")(info.info)
app.command("run")(run.run)
app.command("verify", short_help="Hash every file against MANIFEST.")(verify.verify)
app.command("runners")(runners.runners)

runner_app = typer.Typer(help="Build runners: the programs that run models.", no_args_is_help=True)
runner_app.command("build")(runner.build)
app.add_typer(runner_app, name="runner")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"carton {version('cartonml')}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the full traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass
