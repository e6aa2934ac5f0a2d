from __future__ import annotations

import io
import sys

import pytest

from cartonml import _progress
from cartonml._progress import ProgressOption, progress_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO, option: ProgressOption, *, delay: float = 0
) -> str:
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(_progress, "DELAY", delay)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_of("packing x", 100, option) as advance:
        advance(30)
        advance(70)
    return stderr.getvalue()


def test_bar_shows_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, Terminal(), None)
    assert "packing x" in text
    assert "100/100 bytes" in text


def test_nothing_shows_before_the_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, Terminal(), None, delay=60) == ""


def test_nothing_shows_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, io.StringIO(), None) == ""
    assert shown(monkeypatch, Terminal(), False) == ""


def test_bar_is_removed_when_packing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(_progress, "DELAY", 0)
    monkeypatch.setenv("TERM", "xterm")

    def fail() -> None:
        with progress_of("packing x", 100, True) as advance:
            advance(10)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert terminal.getvalue().endswith("\x1b[2K")


def test_no_stderr_at_all_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with progress_of("packing x", 1, None) as advance:
        advance(1)
