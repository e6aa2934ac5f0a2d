"""From nothing to the first result with Carton, then wait: `first_result_carton.py MODEL.carton`.

Prints the result, then the runner's process id, and ends with its input.
"""

from __future__ import annotations

import sys

import numpy as np

from cartonml import sync

values = np.array([1, 2, 3], dtype=np.float32)
with sync.load(sys.argv[1]) as model:
    outputs = model.infer({"a": values, "b": "text", "c": ["a", "list", "of", "strings"]})
    print(outputs["doubled"], flush=True)
    print(model.runner_pid, flush=True)
    sys.stdin.read()
