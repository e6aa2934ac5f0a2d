"""Prints the Python packages that a checkout needs, from pyproject.toml, one requirement per line.

`pip install -r` takes the output: the build tools, the package's own dependencies and the `dev` extra.
"""

import sys
from pathlib import Path

import tomllib


def main() -> None:
    pyproject = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    project = pyproject["project"]
    groups = (
        pyproject["build-system"]["requires"],
        project["dependencies"],
        project["optional-dependencies"]["dev"],
    )
    sys.stdout.writelines(f"{requirement}\n" for group in groups for requirement in group)


if __name__ == "__main__":
    main()
