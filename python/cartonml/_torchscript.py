"""What Carton knows of TorchScript when it packs: the file, and the options of its runner.

Nothing here imports torch.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Callable

from ._errors import InvalidError, InvalidTypeError
from ._format.os_errors import os_errors

RUNNER_NAME = "torchscript"
COMPAT_VERSION = 1
MODEL_FILE = "model.pt"

_SAVE = "save the model with `torch.jit.script(model).save(path)` (or `torch.jit.trace`), and pack that file"

# First bytes of files that are taken for TorchScript by mistake.
_KNOWN_STARTS = (
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "a legacy `torch.save` file (pickle)"),
    (b"\x80", "a pickle"),
    (b"\x89HDF", "an HDF5 file"),
    (b"GGUF", "a GGUF file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x08", "an ONNX file"),
)


def check_model(path: Path) -> None:
    """Refuses, with the reason, a `path` that is not a TorchScript archive."""
    if path.is_dir():
        raise InvalidError(f"`{path}` is a folder, expected a TorchScript file", hint=_SAVE)
    with os_errors("read", path), path.open("rb") as file:
        start = file.read(16)
        file.seek(0, 2)
        size = file.tell()
    if size == 0:
        raise InvalidError(f"`{path}` is empty, expected a TorchScript file", hint=_SAVE)
    if not start.startswith(b"PK\3\4"):
        raise InvalidError(f"`{path}` is {_kind(start)}, expected a TorchScript file", hint=_SAVE)
    import zipfile

    with os_errors("read", path):
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise InvalidError(
                f"`{path}` begins like a TorchScript file, but is damaged or incomplete: {error}",
                hint="save or copy it again",
            ) from error
    fault = _fault(names)
    if fault:
        raise InvalidError(f"`{path}` is {fault[0]}, not a TorchScript file", hint=fault[1])


def _kind(start: bytes) -> str:
    for signature, kind in _KNOWN_STARTS:
        if start.startswith(signature):
            return kind
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 32:
        return "a safetensors file, which holds weights without code"
    return "not a zip archive"


def _fault(names: list[str]) -> tuple[str, str] | None:
    """What an archive of these names is, and what to do; None if it is TorchScript."""
    folders = {name.partition("/")[0] for name in names}
    inner = {name.partition("/")[2] for name in names}
    has_code = "constants.pkl" in inner or any(name.startswith("code/") for name in inner)
    if len(folders) == 1 and "data.pkl" in inner and has_code:
        return None
    if "carton.toml" in names:
        return "a carton already", "load it as it is"
    if "data.pkl" in inner:
        return (
            "a `torch.save` checkpoint (weights, or a pickled module)",
            f"load it into its model, then {_SAVE}",
        )
    if any(name.endswith(("archive_format", "serialized_exported_program.json")) for name in names):
        return "a `torch.export` program", _SAVE
    return "a zip archive of something else", _SAVE


def _at_least_one(value: Any) -> bool:
    return bool(value >= 1)


def _is_mode(value: Any) -> bool:
    return value in ("auto", "on", "off")


# Name of an option: its type, whether a value is good, and what is expected.
_OPTIONS: dict[str, tuple[type, Callable[[Any], bool], str]] = {
    "num_threads": (int, _at_least_one, "an int of at least 1"),
    "num_interop_threads": (int, _at_least_one, "an int of at least 1"),
    "inference_mode": (str, _is_mode, '"auto", "on" or "off"'),
}


def check_options(options: dict[str, Any]) -> None:
    """Refuses wrong values of the runner's options; warns of options that it does not know."""
    for name, value in options.items():
        if name not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            warnings.warn(
                f"the torchscript runner does not know the option `{name}`; it knows {known}", stacklevel=2
            )
            continue
        kind, is_good, expected = _OPTIONS[name]
        if isinstance(value, bool) or not isinstance(value, kind):
            raise InvalidTypeError(f"runner_opts[{name!r}] is {value!r}, expected {expected}")
        if not is_good(value):
            raise InvalidError(f"runner_opts[{name!r}] is {value!r}, expected {expected}")
