"""The `carton` command: pack, inspect, run and verify cartons, and build runners."""

from __future__ import annotations

import io
import sys


def main() -> None:
    """The entry point of the `carton` command; ends the process with one of `cli.report.EXIT_CODES`."""
    from cartonml.cli.app import app
    from cartonml.cli.report import exit_code_of, print_error, show_warnings

    debug = "--debug" in sys.argv[1:2]
    show_warnings()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 is no reason to fail
    try:
        app(prog_name="carton")
    except Exception as error:
        if debug:
            raise
        print_error(error)
        sys.exit(exit_code_of(error))
