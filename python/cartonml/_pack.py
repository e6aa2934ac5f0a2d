"""`pack`: one model and what is to be said of it, into one `.carton` file."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Union

from . import _torchscript
from ._errors import CartonError, InvalidError, InvalidTypeError
from ._format.carton_toml import render_metadata
from ._format.carton_writer import CartonWriter, Content
from ._format.limits import ENTRIES, check_limit
from ._format.metadata import (
    Metadata,
    check_links,
    check_misc_files,
    check_platforms,
    check_runner,
    check_runner_name,
    check_texts,
)
from ._format.model_files import collect_folder
from ._format.names import check_distinct, check_name
from ._format.os_errors import os_errors
from ._format.output import new_file
from ._format.specs import check_examples, check_self_tests, check_specs
from ._progress import ProgressOption, progress_of
from ._spec import Example, OptionValue, SelfTest, TensorSpec

StrPath = Union[str, "os.PathLike[str]"]

# The layout of model/ that each runner of this project reads.
_COMPAT_VERSIONS = {_torchscript.RUNNER_NAME: _torchscript.COMPAT_VERSION, "noop": 1}


async def pack(
    path: StrPath,
    runner_name: str,
    required_framework_version: str,
    runner_compat_version: int | None = None,
    runner_opts: Mapping[str, OptionValue] | None = None,
    model_name: str | None = None,
    short_description: str | None = None,
    model_description: str | None = None,
    license: str | None = None,
    repository: str | None = None,
    homepage: str | None = None,
    required_platforms: Sequence[str] | None = None,
    inputs: Sequence[TensorSpec] | None = None,
    outputs: Sequence[TensorSpec] | None = None,
    self_tests: Sequence[SelfTest] | None = None,
    examples: Sequence[Example] | None = None,
    misc_files: Mapping[str, bytes] | None = None,
    linked_files: Mapping[str, Sequence[str]] | None = None,
    *,
    output_path: StrPath | None = None,
    progress: ProgressOption = None,
) -> str:
    """Packs a model into a `.carton` file and returns its path.

    The same model packed twice gives the same bytes. Everything is checked before anything is written,
    and a failure leaves nothing behind. The file is streamed: memory stays small whatever its size.

    Args:
        path: The model. For `torchscript` the file that `torch.jit.save` wrote, which needs no runner
            installed; for other runners a file or folder.
        runner_name: Such as `"torchscript"`.
        required_framework_version: The framework's versions that can run the model, as a semver
            requirement; `"=2.13"` (every 2.13.x) is the recommended form.
        runner_compat_version: The layout of the packed files; 1 for `torchscript`.
        runner_opts: Options for the runner. TorchScript: `num_threads`, `num_interop_threads`,
            `inference_mode` ("auto", "on", "off").
        model_name: What people call the model.
        short_description: At most 100 characters.
        model_description: Maybe Markdown, with images at https URLs or as `@misc/name`.
        license: An SPDX expression.
        repository: URL of the sources.
        homepage: URL.
        required_platforms: Target triples; None is any platform.
        inputs: Specs of the inputs; checked at every call if given.
        outputs: Specs of the outputs.
        self_tests: Inputs with expected outputs; checked against the specs.
        examples: Inputs and outputs to show.
        misc_files: Further files: name to content.
        linked_files: sha256 to URLs. Files of the model with such a hash are left out of the carton and
            fetched from there when it is loaded.
        output_path: Where the carton goes; an existing file is replaced at the end, at once. By default
            a new temporary folder, which the caller deletes.
        progress: None shows a bar on a terminal when it takes more than a second; True always, False
            never; a callable gets (bytes done, bytes in all), on the thread that packs.

    Raises:
        InvalidError: an argument is wrong; the message says which and why.
        PolicyError: the folder holds what must not be packed silently (hidden files, links that leave it).
        LimitError: names or metadata beyond the limits of the format.
        IoError, NoSpaceError: the operating system refused to read or write.

    Examples:
        path = await cartonml.pack("model.pt", "torchscript", "=2.13", output_path="model.carton")
    """
    arguments = dict(locals())
    import asyncio  # Here, because it takes long to import.

    stop = threading.Event()
    work = asyncio.ensure_future(asyncio.to_thread(functools.partial(_pack, stop, **arguments)))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        with contextlib.suppress(CartonError):
            await work
        raise


def pack_sync(
    path: StrPath,
    runner_name: str,
    required_framework_version: str,
    runner_compat_version: int | None = None,
    runner_opts: Mapping[str, OptionValue] | None = None,
    model_name: str | None = None,
    short_description: str | None = None,
    model_description: str | None = None,
    license: str | None = None,
    repository: str | None = None,
    homepage: str | None = None,
    required_platforms: Sequence[str] | None = None,
    inputs: Sequence[TensorSpec] | None = None,
    outputs: Sequence[TensorSpec] | None = None,
    self_tests: Sequence[SelfTest] | None = None,
    examples: Sequence[Example] | None = None,
    misc_files: Mapping[str, bytes] | None = None,
    linked_files: Mapping[str, Sequence[str]] | None = None,
    *,
    output_path: StrPath | None = None,
    progress: ProgressOption = None,
) -> str:
    """`pack` for callers without an event loop; the same parameters and errors."""
    arguments = dict(locals())
    return _pack(threading.Event(), **arguments)


def _pack(
    stop: threading.Event, *, path: Any, output_path: Any, progress: ProgressOption, **arguments: Any
) -> str:
    source = _as_path(path, "path")
    with os_errors("read", source):
        source.is_dir()  # a name that no file can have, or a folder that may not be entered
    metadata = _check_metadata(**arguments)
    model_files = _model_files(source, metadata.runner.runner_name)
    # Metadata last, beside the directory: a remote reader gets both at once.
    entries: dict[str, Content] = {**model_files, **dict(sorted(render_metadata(metadata).items()))}
    check_limit("the number of files", len(entries) + 2, ENTRIES, "pack fewer, for example as an archive")
    for name in entries:
        check_name(name, "file")
    check_distinct(entries)
    title = metadata.texts.get("model_name") or source.stem
    target = None if output_path is None else _check_output(_as_path(output_path, "output_path"), source)
    with new_file(target, title) as (file, final_path):
        _write(file, entries, metadata.links, title, progress, stop)
    return str(final_path)


def _check_metadata(
    *,
    runner_name: Any,
    required_framework_version: Any,
    runner_compat_version: Any,
    runner_opts: Any,
    required_platforms: Any,
    inputs: Any,
    outputs: Any,
    self_tests: Any,
    examples: Any,
    misc_files: Any,
    linked_files: Any,
    **texts: Any,
) -> Metadata:
    check_runner_name(runner_name)
    if runner_compat_version is None:
        runner_compat_version = _default_compat_version(runner_name)
    runner = check_runner(runner_name, required_framework_version, runner_compat_version, runner_opts)
    if runner.runner_name == _torchscript.RUNNER_NAME:
        _torchscript.check_options(runner.opts or {})
    checked_inputs = check_specs(inputs, "inputs")
    checked_outputs = check_specs(outputs, "outputs")
    misc = check_misc_files(misc_files)
    return Metadata(
        runner=runner,
        texts=check_texts(texts, misc),
        required_platforms=check_platforms(required_platforms),
        inputs=checked_inputs,
        outputs=checked_outputs,
        self_tests=check_self_tests(self_tests, checked_inputs, checked_outputs),
        examples=check_examples(examples, checked_inputs, checked_outputs),
        misc_files=misc,
        links=check_links(linked_files),
    )


def _default_compat_version(runner_name: str) -> int:
    if runner_name in _COMPAT_VERSIONS:
        return _COMPAT_VERSIONS[runner_name]
    raise InvalidError(
        f"runner_compat_version is needed for the runner {runner_name!r}",
        hint=f"it is known for {', '.join(_COMPAT_VERSIONS)}; the makers of other runners document theirs",
    )


def _as_path(value: Any, what: str) -> Path:
    if not isinstance(value, (str, os.PathLike)):
        raise InvalidTypeError(f"{what} is a `{type(value).__name__}`, expected str or os.PathLike")
    if "\0" in os.fsdecode(value):
        raise InvalidError(f"{what} contains a NUL character")
    return Path(os.fsdecode(value))


def _model_files(source: Path, runner_name: str) -> dict[str, Content]:
    if runner_name == _torchscript.RUNNER_NAME:
        _torchscript.check_model(source)
        return {f"model/{_torchscript.MODEL_FILE}": source.resolve()}
    if source.is_dir():
        return {f"model/{name}": file for name, file in collect_folder(source).items()}
    with os_errors("read", source):
        return {f"model/{source.name}": source.resolve(strict=True)}


def _check_output(target: Path, source: Path) -> Path:
    with contextlib.suppress(RuntimeError):  # a `~name` that is nobody's home is a name like any other
        target = target.expanduser()
    target = target.absolute()
    with os_errors("write", target):
        special = target.exists() and not target.is_file() and not target.is_dir()
    if special:
        raise InvalidError(
            f"output_path `{target}` is a device, socket or pipe",
            hint="give the name of a file, such as `model.carton`",
        )
    if target.is_dir():
        raise InvalidError(
            f"output_path `{target}` is a folder", hint="give the name of the file, such as `model.carton`"
        )
    if not target.parent.is_dir():
        raise InvalidError(
            f"output_path `{target}`: its folder does not exist", hint=f"mkdir -p {target.parent}"
        )
    resolved, packed = target.resolve(), source.resolve()
    if resolved == packed or packed in resolved.parents:
        raise InvalidError(
            f"output_path `{target}` lies in what is packed, `{packed}`", hint="choose a path outside of it"
        )
    return target


def _write(
    file: BinaryIO,
    entries: Mapping[str, Content],
    links: dict[str, list[str]],
    title: str,
    progress: ProgressOption,
    stop: threading.Event,
) -> None:
    total = sum(len(item) if isinstance(item, bytes) else item.stat().st_size for item in entries.values())
    with (
        progress_of(f"packing {title}", total, progress) as advanced,
        CartonWriter(file, advanced, stop) as writer,
    ):
        for name, content in entries.items():
            if links and name.startswith("model/") and isinstance(content, Path):
                writer.add_unless_linked(name, content, links)
            else:
                writer.add(name, content)
        writer.finish(links)
