"""Time per call of a model that does almost nothing, so that what is timed is the way to it and back.

Four programs in one run, in turns: torch in-process and Carton from Python (numpy in, numpy out), libtorch
in-process from C++ and Carton from C. One thread for the model everywhere; inputs are built for every call.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import programs
from benchmarks.report import Ratio, Result, Summary, publish
from benchmarks.worker import Worker, take_turns

HERE = Path(__file__).parent
TORCH_PYTHON = "torch in-process, from Python"
CARTON_PYTHON = "Carton, from Python"
LIBTORCH_CPP = "libtorch in-process, from C++"
CARTON_C = "Carton, from C"


def commands() -> dict[str, list[str]]:
    """The four programs; compiles what is not compiled yet."""
    carton, script = str(programs.CARTON), str(programs.SCRIPT)
    direct = programs.build(HERE / "libtorch_direct.cpp", programs.torch_flags())
    from_c = programs.build(HERE / "carton_c.c", programs.carton_flags())
    return {
        TORCH_PYTHON: [sys.executable, str(HERE / "torch_in_process.py"), script],
        CARTON_PYTHON: [sys.executable, str(HERE / "carton_from_python.py"), carton],
        LIBTORCH_CPP: [str(direct), script],
        CARTON_C: [str(from_c), carton],
    }


def measure(
    *, repeats: int, slice_s: float, tick: Callable[[int], object] = lambda repeat: None
) -> dict[str, Summary]:
    """Microseconds per call of each of the four, on the model that make_example() made."""
    with contextlib.ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(name, command)) for name, command in commands().items()}
        times = take_turns(workers, slice_s=slice_s, repeats=repeats, tick=tick)
    return {name: Summary.of([value / 1000 for value in values]) for name, values in times.items()}


def ratios(rows: dict[str, Summary]) -> list[Ratio]:
    """What the isolation costs, against the best that each language can do without it."""
    python = rows[CARTON_PYTHON].median / rows[TORCH_PYTHON].median
    native = rows[CARTON_C].median / rows[LIBTORCH_CPP].median
    return [
        Ratio(f"{CARTON_PYTHON} ÷ {TORCH_PYTHON}", python, 0.6),
        Ratio(f"{CARTON_C} ÷ {LIBTORCH_CPP}", native, 2.5),
    ]


def main() -> None:
    """Run the benchmark and write its results."""
    programs.make_example()
    rows = measure(repeats=41, slice_s=0.2)
    publish("small_model", Result("Time per call, example model", "µs", rows, ratios(rows)))


if __name__ == "__main__":
    main()
