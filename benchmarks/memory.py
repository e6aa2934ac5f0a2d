"""Memory of the Python program after one inference: proportional set size, with Carton and with torch.

The runner is a process of its own. It is measured too, for the sum is what the machine has to hold; several
runners of one libtorch share its pages, and so does the host's own torch if it loads one.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks import programs
from benchmarks.first_result import CARTON, TORCH, started
from benchmarks.report import Ratio, Result, Summary, publish

REPEATS = 7
RUNNER = "its runner process"


def pss_mib(pid: int) -> float:
    """Proportional set size of a process: its own memory, and its share of what others map as well."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"/proc/{pid}/smaps_rollup has no Pss line")
    return int(found[1]) / 1024


def main() -> None:
    """Run the benchmark and write its results."""
    programs.make_example()
    sizes: dict[str, list[float]] = {TORCH: [], CARTON: [], RUNNER: []}
    for _ in range(REPEATS):
        with started(TORCH) as (process, _):
            sizes[TORCH].append(pss_mib(process.pid))
        with started(CARTON) as (process, _):
            assert process.stdout is not None
            runner = int(process.stdout.readline())
            sizes[CARTON].append(pss_mib(process.pid))
            sizes[RUNNER].append(pss_mib(runner))
    rows = {name: Summary.of(values) for name, values in sizes.items()}
    carton, torch = rows[CARTON].median, rows[TORCH].median
    ratios = [
        Ratio(f"{CARTON} ÷ {TORCH}", carton / torch, 0.4),
        Ratio(f"{CARTON} and {RUNNER} ÷ {TORCH}", (carton + rows[RUNNER].median) / torch),
    ]
    publish("memory", Result("Memory (PSS) after one inference", "MiB", rows, ratios))


if __name__ == "__main__":
    main()
