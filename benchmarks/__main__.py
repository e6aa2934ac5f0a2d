"""`python -m benchmarks [small_model] [startup] [memory]`, run in the root of the checkout."""

from __future__ import annotations

import argparse

from benchmarks import memory, small_model, startup

BENCHMARKS = {"small_model": small_model.main, "startup": startup.main, "memory": memory.main}


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which ones: {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
