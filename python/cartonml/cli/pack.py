"""`carton pack`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Many = Optional[list[str]]


def pack(
    path: Annotated[
        Path, typer.Argument(metavar="MODEL", help="The model: for torchscript, the file of torch.jit.save.")
    ],
    out: Annotated[
        Optional[Path], typer.Option("--out", "-o", help="Where to write; default NAME.carton here.")
    ] = None,
    runner: Annotated[str, typer.Option(help="The runner that the model needs.")] = "torchscript",
    requires: Annotated[
        Optional[str],
        typer.Option(
            help="Versions of the framework that the model needs, as a semver requirement such as "
            "'=2.13'. Default for torchscript: that of the torch installed here."
        ),
    ] = None,
    compat: Annotated[Optional[int], typer.Option(help="The runner's compat version.")] = None,
    opt: Annotated[
        Many, typer.Option(metavar="KEY=VALUE", help="An option of the runner, typed as in TOML.")
    ] = None,
    name: Annotated[Optional[str], typer.Option(help="The model's name.")] = None,
    summary: Annotated[
        Optional[str], typer.Option("--short-description", help="At most 100 characters.")
    ] = None,
    description: Annotated[
        Optional[str], typer.Option(help="Markdown, or @FILE to read it from a file.")
    ] = None,
    license: Annotated[Optional[str], typer.Option(help="An SPDX expression.")] = None,
    repository: Annotated[Optional[str], typer.Option(help="URL.")] = None,
    homepage: Annotated[Optional[str], typer.Option(help="URL.")] = None,
    platform: Annotated[
        Many, typer.Option(metavar="TRIPLE", help="A platform it is limited to, such as x86_64-linux-gnu.")
    ] = None,
    input: Annotated[
        Many, typer.Option(metavar="NAME:DTYPE:SHAPE", help="An input, such as 'image:float32:[1, 3, *, *]'.")
    ] = None,
    output: Annotated[
        Many, typer.Option(metavar="NAME:DTYPE:SHAPE", help="An output, in the same form.")
    ] = None,
    self_test: Annotated[
        Many, typer.Option(metavar="[NAME=]INPUTS.npz[,EXPECTED.npz]", help="A self test.")
    ] = None,
    example: Annotated[
        Many, typer.Option(metavar="[NAME=]INPUTS.npz,OUTPUTS.npz", help="An example.")
    ] = None,
    misc: Annotated[
        Many, typer.Option(metavar="NAME=PATH", help="A file to carry along as misc/NAME.")
    ] = None,
    linked_file: Annotated[
        Many, typer.Option(metavar="SHA256=URL", help="A file that is left out, and where it is to be had.")
    ] = None,
) -> None:
    """Pack a model into a .carton file, and print the file's name."""
    from cartonml._format.output import file_stem
    from cartonml._pack import pack_sync
    from cartonml.cli import specs

    written = pack_sync(
        str(path),
        runner,
        _default_requirement(runner) if requires is None else requires,
        compat,
        specs.parse_options(opt),
        name,
        summary,
        _text_or_file(description),
        license,
        repository,
        homepage,
        platform or None,
        specs.parse_specs(input),
        specs.parse_specs(output),
        specs.parse_self_tests(self_test),
        specs.parse_examples(example),
        specs.parse_misc(misc),
        specs.parse_links(linked_file),
        output_path=out or Path(f"{file_stem(name or path.stem)}.carton"),
    )
    typer.echo(written)


def _default_requirement(runner: str) -> str:
    from cartonml._errors import InvalidError
    from cartonml._paths import torch_version

    version = torch_version() if runner == "torchscript" else None
    if version is None:
        raise InvalidError(
            f"which versions of the framework does the model need? ({runner})",
            "add --requires '=2.13', for example",
        )
    major, minor = version.split(".")[:2]
    typer.echo(f"requires: ={major}.{minor} (the torch installed here; --requires overrides)", err=True)
    return f"={major}.{minor}"


def _text_or_file(text: str | None) -> str | None:
    if text is None or not text.startswith("@"):
        return text
    from cartonml._errors import InvalidError

    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidError(f"--description: {text[1:]}: {reason}") from None
