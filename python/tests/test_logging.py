"""What a runner prints reaches Python's logging, and never blocks or outlives the interpreter."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from native_helpers import FAST, run_python

import cartonml.sync
from cartonml._logging import native_level
from cartonml.errors import InvalidError

pytest_plugins = ("native_fixtures",)

Scripted = Callable[[str], None]


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + FAST
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_stdout_is_info_and_stderr_a_warning(
    noop_carton: Path, scripted_runner: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    scripted_runner('echo "50% done"; echo careful >&2; exec $NOOP "$@"')
    caplog.set_level(logging.INFO, "cartonml.runner")
    with cartonml.sync.load(noop_carton) as model:
        model.infer({"x": 1})
        wait_for(lambda: len(caplog.records) >= 2)
    assert ("cartonml.runner.stdout", logging.INFO, "50% done") in caplog.record_tuples
    assert ("cartonml.runner.stderr", logging.WARNING, "careful") in caplog.record_tuples


def test_text_that_is_not_utf8_is_still_logged(
    noop_carton: Path, scripted_runner: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    scripted_runner(r"""printf 'gr\374n \303\274\n' >&2; exec $NOOP "$@" """)
    with cartonml.sync.load(noop_carton):
        wait_for(lambda: caplog.records)
    message = caplog.records[0].getMessage()
    assert message.startswith("gr")
    assert message.endswith("ü")


def test_messages_below_log_level_are_dropped(
    noop_carton: Path, scripted_runner: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    scripted_runner('echo quiet; echo loud >&2; exec $NOOP "$@"')
    caplog.set_level(1, "cartonml.runner")
    with cartonml.sync.load(noop_carton, log_level=logging.WARNING):
        wait_for(lambda: caplog.records)
    assert {record.getMessage() for record in caplog.records} == {"loud"}


def test_a_handler_that_fails_harms_nobody(
    noop_carton: Path, scripted_runner: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted_runner('echo one; echo two; exec $NOOP "$@"')
    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)

    class Failing(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise RuntimeError("broken handler")

    logger = logging.getLogger("cartonml.runner.stdout")
    logger.addFilter(failing := Failing())
    logger.setLevel(logging.INFO)
    try:
        with cartonml.sync.load(noop_carton) as model:
            wait_for(lambda: len(seen) == 2)
            assert model.infer({"x": 1})["x"].item() == 1
    finally:
        logger.removeFilter(failing)
        logger.setLevel(logging.NOTSET)


def test_a_chatty_runner_does_not_hinder_calls_or_closing(
    noop_carton: Path, scripted_runner: Scripted
) -> None:
    scripted_runner('(while :; do echo line after line after line; done) & exec $NOOP "$@"')
    count = 0

    class Counting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            nonlocal count
            count += 1

    logger = logging.getLogger("cartonml.runner")
    logger.addHandler(counting := Counting())
    logger.setLevel(logging.INFO)
    try:
        with cartonml.sync.load(noop_carton) as model:
            threads = [
                threading.Thread(target=lambda: [model.infer({"x": i}, timeout=60) for i in range(200)])
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive()
            wait_for(lambda: count > 100)
    finally:
        logger.removeHandler(counting)
        logger.setLevel(logging.NOTSET)


def test_the_interpreter_ends_while_a_chatty_model_is_open(
    noop_carton: Path, scripted_runner: Scripted
) -> None:
    scripted_runner('(while :; do echo line after line after line; done) & exec $NOOP "$@"')
    for _ in range(2):
        result = run_python(
            """
            import logging, sys
            import cartonml.sync
            logging.basicConfig(level=logging.INFO, stream=open("/dev/null", "w"))
            model = cartonml.sync.load(sys.argv[1])
            cartonml.model = model  # a module keeps it until the very end
            print(model.infer({"x": 1})["x"])
            """,
            noop_carton,
        )
        assert (result.returncode, result.stdout, result.stderr) == (0, "1\n", "")


@pytest.mark.parametrize(
    ("level", "number"),
    [(0, 0), (5, 0), (logging.DEBUG, 1), ("info", 2), ("WARN", 3), (25, 3), (logging.ERROR, 4), (50, 4)],
)
def test_levels_of_logging_map_to_the_nearest_of_carton(level: int | str, number: int) -> None:
    assert native_level(level) == number


@pytest.mark.parametrize("level", ["loud", None, True, 1.5])
def test_a_level_that_is_none_is_refused(level: object) -> None:
    with pytest.raises(InvalidError, match="log_level must be a level of Python's logging"):
        native_level(level)  # type: ignore[arg-type]
