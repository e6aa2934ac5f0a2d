from __future__ import annotations

import sys
import types
from dataclasses import dataclass
from typing import Any

import pytest

from cartonml._errors import InvalidError
from cartonml.utils.hf import get_linked_files

COMMIT = "c0ffee" * 6


@dataclass
class Lfs:
    sha256: str


@dataclass
class File:
    rfilename: str
    lfs: Lfs | None


class Api:
    """The one call of `huggingface_hub.HfApi` that is used."""

    def model_info(self, repo_id: str, *, revision: str, files_metadata: bool) -> Any:
        assert (repo_id, revision, files_metadata) == ("org/model", "main", True)
        files = [
            File("README.md", None),
            File("model.bin", Lfs("ab" * 32)),
            File("sub/copy of it.bin", Lfs("ab" * 32)),
            File("other.bin", Lfs("cd" * 32)),
        ]
        return types.SimpleNamespace(sha=COMMIT, siblings=files)


def hub() -> types.ModuleType:
    module = types.ModuleType("huggingface_hub")
    module.HfApi = Api  # type: ignore[attr-defined]
    module.hf_hub_url = lambda repo_id, filename, revision: f"https://hub/{repo_id}/{revision}/{filename}"  # type: ignore[attr-defined]
    return module


def test_large_files_are_linked_at_the_commit_of_the_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub())
    assert get_linked_files("org/model", "main") == {
        "ab" * 32: [
            f"https://hub/org/model/{COMMIT}/model.bin",
            f"https://hub/org/model/{COMMIT}/sub/copy of it.bin",
        ],
        "cd" * 32: [f"https://hub/org/model/{COMMIT}/other.bin"],
    }


def test_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InvalidError, match="not installed") as caught:
        get_linked_files("org/model", "main")
    assert caught.value.hint == "pip install huggingface_hub"
