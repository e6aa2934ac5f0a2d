"""`carton run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from cartonml.cli.pack import Many

INPUTS_HELP = (
    "name=value, where the value is JSON or plain text; name:float32=[1, 2] to say the dtype; "
    "name=@file.npy; a .npz or .json file; a JSON object; or - for JSON on standard input."
)


def run(
    carton: Annotated[str, typer.Argument(metavar="CARTON", help="A .carton file or directory.")],
    inputs: Annotated[Optional[list[str]], typer.Argument(metavar="INPUT", help=INPUTS_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outputs as one JSON object.")] = False,
    output: Annotated[
        Optional[Path], typer.Option("--out", "-o", help="Write the outputs to this .npz file.")
    ] = None,
    device: Annotated[
        Optional[str], typer.Option(help="cpu, a GPU's index, or its UUID. Default: GPU 0, else the CPU.")
    ] = None,
    runner: Annotated[Optional[str], typer.Option(help="Use this runner instead of the carton's.")] = None,
    requires: Annotated[
        Optional[str], typer.Option(help="Use this requirement on the framework's version instead.")
    ] = None,
    opt: Annotated[
        Many, typer.Option(metavar="KEY=VALUE", help="Lay this over the carton's options, typed as in TOML.")
    ] = None,
    timeout: Annotated[
        Optional[float], typer.Option(min=0.0, help="Give the inference up after so many seconds.")
    ] = None,
    logs: Annotated[bool, typer.Option("--logs", help="Show what the model prints, on stderr.")] = False,
) -> None:
    """Load a carton, run it once, and print what came back.

    Without a dtype, a number takes the one that the carton declares; else int64 or float64.
    """
    if output is not None and output.suffix != ".npz":
        raise typer.BadParameter(f"expected a name that ends in .npz, got {output}", param_hint="--out")
    from cartonml import sync
    from cartonml.cli.outputs import print_json, print_readable, write_npz
    from cartonml.cli.specs import parse_options
    from cartonml.cli.values import parse_inputs

    if logs:
        _show_logs()
    declared = {spec.name: spec.dtype for spec in sync.get_model_info(carton).inputs or ()}
    tensors: dict[str, Any] = dict(parse_inputs(inputs or (), declared))
    with sync.load(carton, device, runner, requires, parse_options(opt)) as model:
        outputs = model.infer(tensors, timeout=timeout)
    if output is not None:
        write_npz(output, outputs)
    if as_json:
        print_json(outputs)
    elif output is None:
        print_readable(outputs)


def _show_logs() -> None:
    import logging

    handler = logging.StreamHandler()
    handler.addFilter(lambda record: record.levelno < logging.WARNING)  # warnings are shown anyway
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("cartonml")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
