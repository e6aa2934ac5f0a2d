"""Fixtures of the tests that load and run models of the `noop` runner: `pytest_plugins` of their modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from native_helpers import pack_noop

import cartonml.sync
from cartonml.sync import SyncCarton


@pytest.fixture(scope="session")
def noop_carton(noop_runner_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A carton that any inputs fit."""
    return pack_noop(tmp_path_factory.mktemp("noop"))


@pytest.fixture(scope="module")
def model(noop_carton: Path) -> Iterator[SyncCarton]:
    """A loaded model, shared by a module's tests."""
    with cartonml.sync.load(noop_carton) as loaded:
        yield loaded


@pytest.fixture
def scripted_runner(
    noop_runner_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Make every load of the test go through a shell script, in which `$NOOP "$@"` is the real runner."""

    def install(script: str) -> None:
        folder = tmp_path / "runners" / "noop"
        folder.mkdir(parents=True)
        real = noop_runner_dir / "noop"
        (folder / "runner.toml").write_text((real / "runner.toml").read_text())
        (folder / "noop").write_bytes((real / "runner").read_bytes())
        (folder / "runner").write_text(f"#!/bin/sh\nNOOP={folder}/noop\n{script}\n")
        for name in ("noop", "runner"):
            (folder / name).chmod(0o755)
        monkeypatch.setenv("CARTON_RUNNER_DIR", str(folder.parent))

    return install
