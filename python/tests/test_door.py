"""The public door: complete, sorted, light."""

from __future__ import annotations

import subprocess
import sys

import cartonml
import cartonml.errors


def test_all_is_sorted_and_every_name_exists() -> None:
    assert cartonml.__all__ == sorted(cartonml.__all__)
    for name in cartonml.__all__:
        assert getattr(cartonml, name) is not None


def test_every_public_name_is_listed() -> None:
    public = {
        name
        for name, value in vars(cartonml).items()
        if not name.startswith("_") and getattr(value, "__module__", None) is not None
    }
    assert public <= set(cartonml.__all__)


def test_all_errors_stand_at_the_top_level() -> None:
    assert set(cartonml.errors.__all__) <= set(cartonml.__all__)


def test_import_brings_no_framework_and_nothing_heavy() -> None:
    heavy = ["torch", "tensorflow", "jax", "pandas", "zstandard", "rich", "typer", "ml_dtypes", "numpy"]
    code = f"import sys, cartonml; print([name for name in {heavy!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "[]"
