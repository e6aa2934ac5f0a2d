"""`carton runner build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer


def build(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The runner to build: torchscript.")],
    torch: Annotated[
        Optional[Path],
        typer.Option(
            help="The torch to build for: a folder with lib/ and include/, such as "
            "site-packages/torch. Default: the torch installed in this Python."
        ),
    ] = None,
    jobs: Annotated[
        Optional[int], typer.Option(min=1, help="Parallel compilations; default: all cores.")
    ] = None,
    runner_dir: Annotated[
        Optional[Path], typer.Option(help="Where to install; default: the configured runner_dir.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even if nothing changed.")] = False,
) -> None:
    """Build a runner from the sources in this package and install it. Needs g++ and CMake.

    One runner serves one version of the framework; several can be installed side by side. It uses the
    libraries of the torch it was built for in place, so that torch has to stay where it is.
    """
    from cartonml._errors import InvalidError
    from cartonml.cli import torchscript_build
    from cartonml.cli.runners import configured_runner_dir

    if name != "torchscript":
        raise InvalidError(f"`{name}` cannot be built from this package", "the one that can is `torchscript`")
    library = torchscript_build.find_torch(torch)
    folder = runner_dir.expanduser().absolute() if runner_dir else configured_runner_dir()
    installed = torchscript_build.build(library, folder, jobs=jobs, force=force)
    state = "installed in" if installed.fresh else "up to date in"
    typer.echo(f"torchscript {library.version}: {state} {installed.folder}")
