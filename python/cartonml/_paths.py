"""Where the installed package keeps what programs of other languages need."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import cartonml
from cartonml._errors import InternalError


def get_lib() -> str:
    """The folder with `libcarton.so`, for `-L` and `-Wl,-rpath`; `libcarton.so.1` is the file to `dlopen`."""
    return str(_find("lib"))


def get_include() -> str:
    """The folder with `carton/carton.h` and `carton/carton.hpp`, for `-I`."""
    return str(_find("include"))


def noop_dir() -> Path:
    """The folder of the `noop` runner, which returns its inputs; copied into a runner directory it serves."""
    return _find("runners/noop")


def runner_src() -> Path:
    """The sources that `carton runner build` compiles, laid out as in the source tree."""
    return _find("runner_src")


def installed_torch() -> Path | None:
    """The folder of the torch that is installed in this Python, found without importing it."""
    distribution = _torch()
    folder = Path(str(distribution.locate_file("torch"))) if distribution else None
    return folder if folder and folder.is_dir() else None


def torch_version() -> str | None:
    """The version of the torch that is installed in this Python, such as `2.13.0+cpu`."""
    distribution = _torch()
    return distribution.version if distribution else None


def _torch() -> importlib.metadata.Distribution | None:
    try:
        return importlib.metadata.distribution("torch")
    except importlib.metadata.PackageNotFoundError:
        return None


def _find(name: str) -> Path:
    # An editable install has two folders: the sources, and the one with what was compiled.
    for folder in cartonml.__path__:
        path = Path(folder, name)
        if path.is_dir():
            return path
    raise InternalError(
        f"`{name}` is missing from the installed package {list(cartonml.__path__)}",
        "install the package with pip; a plain source folder on PYTHONPATH has no compiled parts",
    )
