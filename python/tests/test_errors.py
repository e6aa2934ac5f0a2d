from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from cartonml import _errors, errors
from cartonml._errors import CartonError, error_from_code

HEADER = Path(__file__).parents[2] / "core" / "include" / "carton" / "carton.h"


def codes_of_header() -> dict[str, int]:
    enum = HEADER.read_text().split("typedef enum carton_code {")[1].split("}")[0]
    codes = {name: int(number) for name, number in re.findall(r"CARTON_(\w+) = (\d+)", enum)}
    assert codes.pop("OK") == 0
    return codes


CODES = codes_of_header()


def test_header_lists_21_codes() -> None:
    assert sorted(CODES.values()) == list(range(1, 22))


@pytest.mark.parametrize("name", CODES)
def test_every_code_of_the_header_has_its_class(name: str) -> None:
    error = error_from_code(CODES[name], "message", "do this", "stderr")
    words = [word.capitalize() for word in name.split("_")]
    assert type(error).__name__ == "".join(words).removesuffix("Error") + "Error"
    assert error.code == name
    assert (error.message, error.hint, error.log) == ("message", "do this", "stderr")
    assert isinstance(error, CartonError)
    assert getattr(errors, type(error).__name__) is type(error)


@pytest.mark.parametrize(
    ("codes", "builtin"),
    [
        ("FORMAT UNSUPPORTED INTEGRITY INPUT INVALID NO_RUNNER LIMIT", ValueError),
        ("RUNNER_TIMEOUT", TimeoutError),
        ("IO NO_SPACE NETWORK POLICY", OSError),
        ("NO_MEMORY", MemoryError),
        (
            "RUNNER_CRASHED RUNNER_START RUNNER_PROTOCOL MODEL_ERROR CLOSED FORKED CANCELLED INTERNAL",
            RuntimeError,
        ),
    ],
)
def test_errors_can_be_caught_as_builtins(codes: str, builtin: type[Exception]) -> None:
    for name in codes.split():
        with pytest.raises(builtin):
            raise error_from_code(CODES[name], "message")


def test_text_has_message_hint_and_log() -> None:
    error = error_from_code(
        CODES["RUNNER_CRASHED"], "the runner ended", "look at the log", "line 1\nline 2\n"
    )
    assert str(error) == (
        "the runner ended\nhint: look at the log\nlast lines of the runner's stderr:\nline 1\nline 2"
    )
    assert str(error_from_code(CODES["IO"], "only this")) == "only this"


@pytest.mark.parametrize("number", CODES.values())
def test_errors_survive_pickling(number: int) -> None:
    error = pickle.loads(pickle.dumps(error_from_code(number, "m", "h", "l")))
    assert type(error) is type(error_from_code(number, ""))
    assert (error.message, error.hint, error.log) == ("m", "h", "l")


@pytest.mark.parametrize("number", [0, 22, -1, 10**9])
def test_unknown_code_is_an_internal_error_that_says_so(number: int) -> None:
    error = error_from_code(number, "strange")
    assert error.code == "INTERNAL"
    assert str(number) in str(error)


def test_errors_module_exports_every_class_sorted() -> None:
    classes = [
        name for name, value in vars(_errors).items() if isinstance(value, type) and name.endswith("Error")
    ]
    assert errors.__all__ == sorted(classes)


def test_wrong_types_are_both_invalid_and_type_errors() -> None:
    error = _errors.InvalidTypeError("x")
    assert error.code == "INVALID"
    assert isinstance(error, TypeError)
    assert isinstance(error, ValueError)
