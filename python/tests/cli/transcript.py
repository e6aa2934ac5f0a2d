"""Runs the `carton` command as a user does: a process of its own, its output as text."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


def carton(*arguments: str, cwd: Path | None = None, stdin: str = "") -> Result:
    """Runs `carton` with the arguments; a minute at most."""
    done = subprocess.run(
        [sys.executable, "-m", "cartonml.cli", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)
