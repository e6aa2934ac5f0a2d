"""From nothing to the first result with torch, then wait: `first_result_torch.py MODEL.pt`.

Prints the result, and ends with its input.
"""

from __future__ import annotations

import sys

import numpy as np
import torch

torch.set_num_threads(1)
values = np.array([1, 2, 3], dtype=np.float32)
with torch.inference_mode():
    model = torch.jit.load(sys.argv[1]).eval()
    outputs = model({"a": torch.from_numpy(values), "b": "text", "c": ["a", "list", "of", "strings"]})
print(outputs["doubled"].numpy(), flush=True)
sys.stdin.read()
