"""Fixtures for all Python tests: models to pack, and a runner directory with the `noop` runner."""

from __future__ import annotations

import io
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Helpers beside the tests are imported by name, whatever pytest's import mode.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def torchscript_bytes() -> bytes:
    """A file laid out as a TorchScript archive: packing looks at the layout alone, and needs no torch."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("data.pkl", "code/__torch__.py", "constants.pkl", "version"):
            archive.writestr(zipfile.ZipInfo(f"model/{name}"), b"content of " + name.encode())
    return buffer.getvalue()


@pytest.fixture
def torchscript_file(tmp_path: Path, torchscript_bytes: bytes) -> Path:
    path = tmp_path / "model.pt"
    path.write_bytes(torchscript_bytes)
    return path


@pytest.fixture(scope="session")
def noop_runner_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A runner directory with the session's own `noop` runner, beside the runners that were there before.

    CARTON_RUNNER_DIR names it from then on.
    """
    from cartonml._paths import noop_dir

    before = os.environ.get("CARTON_RUNNER_DIR")
    folder = tmp_path_factory.mktemp("runners")
    shutil.copytree(noop_dir(), folder / "noop")
    for other in Path(before).glob("[!.]*") if before else ():
        if other.name != "noop":
            (folder / other.name).symlink_to(other.resolve())
    os.environ["CARTON_RUNNER_DIR"] = str(folder)
    yield folder
    del os.environ["CARTON_RUNNER_DIR"]
    if before is not None:
        os.environ["CARTON_RUNNER_DIR"] = before
