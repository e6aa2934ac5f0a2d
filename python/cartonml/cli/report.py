"""How the command line ends: errors on stderr as `Name: message` and `hint: …`, and an exit code."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import NoReturn

from cartonml._errors import CartonError
from cartonml.cli.text import printable

DONE = 0
FAILED = 1
USAGE = 2
INVALID_CARTON = 3
NO_RUNNER = 4
RUNNER_FAILED = 5
SYSTEM = 6
DEFECT = 70  # EX_SOFTWARE of sysexits.h

EXIT_CODES = {
    "FORMAT": INVALID_CARTON,
    "UNSUPPORTED": INVALID_CARTON,
    "LIMIT": INVALID_CARTON,
    "INTEGRITY": INVALID_CARTON,
    "POLICY": INVALID_CARTON,
    "NETWORK": SYSTEM,
    "IO": SYSTEM,
    "NO_SPACE": SYSTEM,
    "NO_MEMORY": SYSTEM,
    "NO_RUNNER": NO_RUNNER,
    "RUNNER_START": RUNNER_FAILED,
    "RUNNER_CRASHED": RUNNER_FAILED,
    "RUNNER_TIMEOUT": RUNNER_FAILED,
    "RUNNER_PROTOCOL": RUNNER_FAILED,
    "MODEL_ERROR": FAILED,
    "INVALID": USAGE,
    "INPUT": USAGE,
    "CANCELLED": FAILED,
    "FORKED": DEFECT,
    "CLOSED": DEFECT,
    "INTERNAL": DEFECT,
}


class BuildError(Exception):
    """A runner could not be built; `hint` says what to install or where the log is."""

    def __init__(self, message: str, hint: str = "", log: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.log = log


def exit_code_of(error: BaseException) -> int:
    """The exit status for an error: one of the constants above."""
    if isinstance(error, CartonError):
        return EXIT_CODES.get(error.code, DEFECT)
    if isinstance(error, BuildError):
        return FAILED
    if isinstance(error, OSError):
        return SYSTEM
    return DEFECT


def print_error(error: BaseException) -> None:
    """Writes the error to stderr, without a traceback; the log of a runner comes first, indented."""
    message, hint, log = str(error), "", ""
    if isinstance(error, CartonError):
        message, hint, log = error.message, error.hint, error.log
    elif isinstance(error, BuildError):
        hint, log = error.hint, error.log
    elif not isinstance(error, OSError):
        hint = "this is a defect of Carton; run `carton --debug …` for the traceback, and please report it"
    for line in log.splitlines():
        sys.stderr.write(f"  | {printable(line)}\n")
    sys.stderr.write(f"{type(error).__name__}: {printable(message, newlines=True)}\n")
    if hint:
        sys.stderr.write(f"hint: {printable(hint, newlines=True)}\n")


def show_warnings() -> None:
    """Sends warnings to stderr as `warning: …`, those of Python and those that Carton logs alike."""
    logging.captureWarnings(True)
    warnings.simplefilter("default", UserWarning)
    warnings.formatwarning = lambda message, *_rest: str(message)
    handler = logging.StreamHandler()
    handler.setFormatter(_WarningLine())
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)


class _WarningLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"warning: {printable(record.getMessage().rstrip(), newlines=True)}"


def fail(code: int) -> NoReturn:
    """Ends the command with an exit status, with nothing more to say."""
    raise SystemExit(code)
