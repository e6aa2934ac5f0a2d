"""What the benchmarks share at the end: medians and spreads, the machine, and the files with the results."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Summary:
    """Repeats of one measurement: their median, and the range that holds the middle 80 %."""

    median: float
    p10: float
    p90: float
    repeats: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """Summarise at least two repeats."""
        tenths = statistics.quantiles(values, n=10, method="inclusive")
        return cls(statistics.median(values), tenths[0], tenths[-1], len(values))


@dataclass(frozen=True)
class Ratio:
    """Two measurements of one run compared; `goal` is what the ratio should not exceed."""

    name: str
    value: float
    goal: float | None = None


@dataclass(frozen=True)
class Result:
    """One benchmark: rows of one unit, and what follows from them."""

    title: str
    unit: str
    rows: dict[str, Summary]
    ratios: list[Ratio]
    note: str = ""

    def markdown(self, machine: dict[str, str]) -> str:
        """The result as a page."""
        lines = [f"# {self.title}", ""]
        lines += [f"| | median, {self.unit} | p10 to p90 | repeats |", "|---|--:|--:|--:|"]
        for name, row in self.rows.items():
            lines.append(f"| {name} | {row.median:.3g} | {row.p10:.3g} to {row.p90:.3g} | {row.repeats} |")
        lines += ["", "| ratio | value | goal |", "|---|--:|--:|"]
        for ratio in self.ratios:
            goal = "" if ratio.goal is None else f"≤ {ratio.goal:g}"
            lines.append(f"| {ratio.name} | {ratio.value:.2f} | {goal} |")
        if self.note:
            lines += ["", self.note]
        lines += ["", ", ".join(f"{key} {value}" for key, value in machine.items()), ""]
        return "\n".join(lines)


def machine() -> dict[str, str]:
    """Where and with what a benchmark ran."""
    load = os.getloadavg()[0]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "CPU": f"{_cpu_model()} ({os.cpu_count()} logical)",
        "kernel": platform.release(),
        "load at the end": f"{load:.2f}",
        "Python": platform.python_version(),
        **{name: _version(name) for name in ("numpy", "torch", "cartonml")},
    }


def publish(name: str, result: Result) -> None:
    """Write `results/<name>.json` and `.md`, and print the latter."""
    RESULTS.mkdir(exist_ok=True)
    where = machine()
    document = {**asdict(result), "machine": where}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    page = result.markdown(where)
    (RESULTS / f"{name}.md").write_text(page)
    print(page, flush=True)


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
