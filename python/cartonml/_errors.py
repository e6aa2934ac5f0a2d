"""Every failure of Carton: one class per code, all rooted at `CartonError`.

The codes are shared with `carton.h` and every other language. Each class also derives from the builtin
exception that fits, so `except ValueError` or `except TimeoutError` keep working.
"""

from __future__ import annotations


class CartonError(Exception):
    """The root of all errors of Carton.

    Attributes:
        code: The stable code, such as `"INTEGRITY"`; the same in every language.
        message: What was expected, what came, and where.
        hint: What to do next, or `""`.
        log: The last lines that the runner wrote to stderr, or `""`.
    """

    code: str = "INTERNAL"

    def __init__(self, message: str, hint: str = "", log: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = log

    def __str__(self) -> str:
        text = self.message
        if self.hint:
            text += f"\nhint: {self.hint}"
        if self.log:
            text += f"\nlast lines of the runner's stderr:\n{self.log.rstrip()}"
        return text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, hint={self.hint!r}, log={self.log!r})"

    def __reduce__(self) -> tuple[type[CartonError], tuple[str, str, str]]:
        return type(self), (self.message, self.hint, self.log)


class FormatError(CartonError, ValueError):
    """The carton is malformed, or against the specification."""

    code = "FORMAT"


class UnsupportedError(CartonError, ValueError):
    """Well-formed, but a feature or version that this Carton does not read."""

    code = "UNSUPPORTED"


class LimitError(CartonError, ValueError):
    """A limit was met; the message names it and its value."""

    code = "LIMIT"


class IntegrityError(CartonError, ValueError):
    """Bytes are not the ones that were promised."""

    code = "INTEGRITY"


class PolicyError(CartonError, PermissionError):
    """Allowed by the format, refused by the rules in force."""

    code = "POLICY"


class NetworkError(CartonError, ConnectionError):
    """A transfer failed, or the server misbehaved."""

    code = "NETWORK"


class IoError(CartonError, OSError):
    """The operating system refused a read, write or open."""

    code = "IO"


class NoSpaceError(CartonError, OSError):
    """Disk, quota or inodes are used up."""

    code = "NO_SPACE"


class NoRunnerError(CartonError, ValueError):
    """No installed runner meets the requirement."""

    code = "NO_RUNNER"


class RunnerStartError(CartonError, RuntimeError):
    """The runner could not be started."""

    code = "RUNNER_START"


class InvalidError(CartonError, ValueError):
    """A wrong argument, option or metadata value was given."""

    code = "INVALID"


class InvalidTypeError(InvalidError, TypeError):
    """An argument of a wrong type; the code is `INVALID`."""


class RunnerCrashedError(CartonError, RuntimeError):
    """The runner ended; the message has its exit status or signal, the log its stderr."""

    code = "RUNNER_CRASHED"


class RunnerTimeoutError(CartonError, TimeoutError):
    """A deadline passed; the message says whether the runner was ended."""

    code = "RUNNER_TIMEOUT"


class RunnerProtocolError(CartonError, RuntimeError):
    """The runner sent something illegal and was killed."""

    code = "RUNNER_PROTOCOL"


class ModelError(CartonError, RuntimeError):
    """The model's own code failed; the runner lives on."""

    code = "MODEL_ERROR"


class InputError(CartonError, ValueError):
    """The caller's tensors do not fit the model's specs."""

    code = "INPUT"


class CancelledError(CartonError, RuntimeError):
    """The caller cancelled the call."""

    code = "CANCELLED"


class NoMemoryError(CartonError, MemoryError):
    """An allocation or mapping failed."""

    code = "NO_MEMORY"


class ForkedError(CartonError, RuntimeError):
    """A handle was used in a forked child process."""

    code = "FORKED"


class ClosedError(CartonError, RuntimeError):
    """A handle was used after it was closed."""

    code = "CLOSED"


class InternalError(CartonError, RuntimeError):
    """A defect of Carton; please report it."""

    code = "INTERNAL"


# Numbers as in carton.h, beginning with 1.
_BY_NUMBER: tuple[type[CartonError], ...] = (
    FormatError,
    UnsupportedError,
    LimitError,
    IntegrityError,
    PolicyError,
    NetworkError,
    IoError,
    NoSpaceError,
    NoRunnerError,
    RunnerStartError,
    InvalidError,
    RunnerCrashedError,
    RunnerTimeoutError,
    RunnerProtocolError,
    ModelError,
    InputError,
    CancelledError,
    NoMemoryError,
    ForkedError,
    ClosedError,
    InternalError,
)


def error_from_code(number: int, message: str, hint: str = "", log: str = "") -> CartonError:
    """The exception for a `carton_code` of `carton.h`; an `InternalError` for an unknown number."""
    if 1 <= number <= len(_BY_NUMBER):
        return _BY_NUMBER[number - 1](message, hint, log)
    return InternalError(f"{message} (unknown error code {number})", hint, log)
