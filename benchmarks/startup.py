"""From process start to the first result: a Python program with Carton, and the same with torch.

Whole processes, in turns, files in the page cache.
"""

from __future__ import annotations

from benchmarks import programs
from benchmarks.first_result import CARTON, TORCH, started
from benchmarks.report import Ratio, Result, Summary, publish

REPEATS = 15


def main() -> None:
    """Run the benchmark and write its results."""
    programs.make_example()
    times: dict[str, list[float]] = {TORCH: [], CARTON: []}
    for repeat in range(REPEATS + 1):
        for name in times:
            with started(name) as (_, seconds):
                if repeat > 0:  # the first round fills the page cache
                    times[name].append(seconds)
    rows = {name: Summary.of(values) for name, values in times.items()}
    ratio = Ratio(f"{CARTON} ÷ {TORCH}", rows[CARTON].median / rows[TORCH].median, 0.4)
    publish("startup", Result("From process start to the first result", "s", rows, [ratio]))


if __name__ == "__main__":
    main()
