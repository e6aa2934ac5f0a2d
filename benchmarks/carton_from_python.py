"""The example model called through Carton from Python.

`carton_from_python.py MODEL.carton`, timed by worker.py.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from worker import counted_loop

from cartonml import sync


def main() -> None:
    """Serve calls until the input ends."""
    values = np.array([1, 2, 3], dtype=np.float32)
    with sync.load(sys.argv[1]) as model:
        infer = model.infer

        def call() -> dict[str, Any]:
            return infer({"a": values, "b": "text", "c": ["a", "list", "of", "strings"]})

        counted_loop(call)


main()
