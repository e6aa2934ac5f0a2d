"""What a runner and its model say, as records of Python's logging.

Logger `cartonml.runner` gets what the runner itself reports, its children `cartonml.runner.stdout` (INFO) and
`cartonml.runner.stderr` (WARNING) what the model and its libraries print.
"""

from __future__ import annotations

import logging

from ._errors import InvalidError

_RUNNER = logging.getLogger("cartonml.runner")
_STREAMS = {
    "stdout": (_RUNNER.getChild("stdout"), logging.INFO),
    "stderr": (_RUNNER.getChild("stderr"), logging.WARNING),
}

# The severity that each carton_log_level (its index) has in Python; trace is 5, as in existing Carton.
_SEVERITIES = (5, logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)


def emit(level: int, source: str, message: str) -> None:
    """Log one message of a runner. Called by libcarton, on a thread of its own."""
    logger, severity = _STREAMS.get(source) or (_RUNNER, _SEVERITIES[level])
    logger.log(severity, message)


def native_level(level: int | str) -> int:
    """Return the carton_log_level for a level of `logging`, given by number or name.

    Raises:
        InvalidError: `level` is neither a number nor a name that `logging` knows.
    """
    number = logging.getLevelName(level.upper()) if isinstance(level, str) else level
    if isinstance(number, bool) or not isinstance(number, int):
        raise InvalidError(
            f"log_level must be a level of Python's logging, got {level!r}",
            hint='pass logging.DEBUG, logging.INFO, logging.WARNING or logging.ERROR, or a name like "debug"',
        )
    return next((i for i, severity in enumerate(_SEVERITIES) if number <= severity), len(_SEVERITIES) - 1)
