"""Fixtures that pack and load real TorchScript models, run by the real runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cartonml.sync
from cartonml.sync import SyncCarton


@pytest.fixture
def pack_model(tmp_path: Path) -> Callable[..., str]:
    """Pack a torch module, with further parameters of `pack`; the path of the carton."""
    from .torch_models import save

    def pack(model: Any, **options: Any) -> str:
        options.setdefault("runner_opts", {"num_threads": 1})
        return cartonml.sync.pack(
            str(save(model, tmp_path)),
            runner_name="torchscript",
            required_framework_version="=2.13",
            output_path=tmp_path / "model.carton",
            **options,
        )

    return pack


@pytest.fixture
def load_model(pack_model: Callable[..., str]) -> Iterator[Callable[..., SyncCarton]]:
    """Pack and load a torch module; closed at the end."""
    models = []

    def load(model: Any, **options: Any) -> SyncCarton:
        models.append(cartonml.sync.load(pack_model(model, **options)))
        return models[-1]

    yield load
    for model in models:
        model.close()
