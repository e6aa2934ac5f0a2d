"""The example model called through torch in this very process: what Python costs without Carton.

`torch_in_process.py MODEL.pt`, timed by worker.py. Written as one would who cares about speed: warm, in
inference mode, the bound method looked up once, numpy arrays wrapped and not copied.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch
from worker import counted_loop


def main() -> None:
    """Serve calls until the input ends."""
    torch.set_num_threads(1)
    forward = torch.jit.load(sys.argv[1]).eval().forward
    values = np.array([1, 2, 3], dtype=np.float32)

    def call() -> dict[str, Any]:
        outputs = forward({"a": torch.from_numpy(values), "b": "text", "c": ["a", "list", "of", "strings"]})
        outputs["doubled"] = outputs["doubled"].numpy()
        return outputs

    with torch.inference_mode():
        counted_loop(call)


main()
