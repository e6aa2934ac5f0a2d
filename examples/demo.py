"""Pack a model, look at it, run it from Python, C and C++, and compare the time per call: `make demo`.

Runs with the Python that Carton is installed in. Compiled programs are kept in build/demo.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import programs, small_model  # noqa: E402 - the line above makes it importable

REPEATS = 15
console = Console(highlight=False)


def step(title: str) -> None:
    """Announce what comes next."""
    console.print(f"\n[bold]{title}[/bold]")


def show(command: Sequence[str]) -> None:
    """Print a command as a user of the checkout would type it."""
    short = {sys.executable: "python", f"{Path(sys.executable).parent}/": "", f"{ROOT}/": ""}
    text = shlex.join(command)
    for long, replacement in short.items():
        text = text.replace(long, replacement)
    console.print(Text(f"$ {text}", style="cyan"))


def run(command: Sequence[str]) -> None:
    """Print a command, run it, and print what it says."""
    show(command)
    sys.stdout.flush()
    subprocess.run(command, check=True)


def compile_and_run(source: Path) -> None:
    """Compile an example against the installed libcarton, unless that was done, and run it."""
    flags = programs.carton_flags()
    show(programs.command_for(source, flags, programs.output_for(source, flags)))
    run([str(programs.build(source, flags)), str(programs.CARTON)])


def compare_speed() -> None:
    """The table at the end."""
    console.print("compiling the two programs (the first time), then measuring in turns ...", style="dim")
    rows = small_model.measure(repeats=REPEATS, slice_s=0.1)
    table = Table(title="Time per call", title_justify="left")
    table.add_column("")
    table.add_column("median", justify="right")
    table.add_column("p10 to p90", justify="right", style="dim")
    for name, row in rows.items():
        style = "bold" if "Carton" in name else ""
        table.add_row(name, f"{row.median:.1f} µs", f"{row.p10:.1f} to {row.p90:.1f} µs", style=style)
    console.print(table)
    for ratio in small_model.ratios(rows):
        console.print(f"{ratio.name} = {ratio.value:.2f}")


def main() -> None:
    """Run the demonstration."""
    programs.BUILD.mkdir(parents=True, exist_ok=True)
    step("A TorchScript model, packed into one file and run from Python")
    run([sys.executable, str(ROOT / "examples/python/pack_and_run.py"), str(programs.CARTON)])
    step("What the carton says of itself")
    run([str(Path(sys.executable).with_name("carton")), "info", str(programs.CARTON)])
    step("The same carton from C")
    compile_and_run(ROOT / "examples/c/run_model.c")
    step("And from C++")
    compile_and_run(ROOT / "examples/cpp/run_model.cpp")
    step("What isolation costs: each row is one program, the model on one thread")
    compare_speed()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"demo: `{shlex.join(error.cmd)}` failed with exit status {error.returncode}; see above")
