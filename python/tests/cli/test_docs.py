"""docs/ says what the code does: the table of errors, and every option of every command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cartonml import _errors
from cartonml.cli.report import EXIT_CODES

from .transcript import carton

DOCS = Path(__file__).parents[3] / "docs"
COMMANDS = (["pack"], ["info"], ["run"], ["verify"], ["runners"], ["runner", "build"])


def test_table_of_errors_is_complete_and_right() -> None:
    rows = re.findall(
        r"^\| (\d+) \| `(\w+)` \| `(\w+)` \| `(\w+)` \| (\d+) \|",
        (DOCS / "errors.md").read_text(),
        flags=re.M,
    )
    assert [int(row[0]) for row in rows] == list(range(1, len(EXIT_CODES) + 1))
    for number, code, name, builtin, status in rows:
        error = _errors.error_from_code(int(number), "message")
        assert (error.code, type(error).__name__) == (code, name)
        assert builtin in [base.__name__ for base in type(error).__mro__]
        assert EXIT_CODES[code] == int(status)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_is_documented(command: list[str]) -> None:
    text = (DOCS / "cli.md").read_text()
    (section,) = re.findall(rf"^## `carton {' '.join(command)}\b.*?(?=^## |\Z)", text, flags=re.M | re.S)
    options = set(re.findall(r"--[a-z][a-z-]+", carton(*command, "--help").out.partition("Options:")[2]))
    documented = set(re.findall(r"--[a-z][a-z-]+", section))
    assert documented == options - {"--help"}


def test_code_in_the_guides_runs(tmp_path: Path) -> None:
    """README, packing and running, one after the other, on the TorchScript runner that set-up installed."""
    for guide in ("../README.md", "packing.md", "running.md"):
        code = "\n\n".join(re.findall(r"```python\n(.*?)```", (DOCS / guide).read_text(), flags=re.S))
        assert code
        (tmp_path / "guide.py").write_text(code)
        subprocess.run([sys.executable, "guide.py"], cwd=tmp_path, check=True, timeout=120)
    result = carton("run", "greeter.carton", "a=[1, 2]", "name=Ada", cwd=tmp_path)
    assert result.out in (DOCS / "packing.md").read_text()
    assert result.out.startswith("doubled: float32 [2]\n")
