"""Make a TorchScript model, pack it into one file, and run that file.

    python pack_and_run.py [OUTPUT.carton]

Torch is needed to make the model; whoever runs the carton, from any language, needs none in the
program that does so.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, List  # noqa: UP035 - TorchScript reads these names, not `dict` and `list`

import numpy as np
import torch

import cartonml
from cartonml import sync


class Model(torch.nn.Module):
    """Doubles a tensor, and gives a string and a list of strings back."""

    def forward(self, x: Dict[str, Any]) -> Dict[str, Any]:  # noqa: UP006
        a = x["a"]
        assert isinstance(a, torch.Tensor)
        b = x["b"]
        assert isinstance(b, str)
        c = x["c"]
        assert isinstance(c, List[str])  # noqa: UP006
        return {"doubled": a * 2, "string": "A string", "stringlist": ["A", "list", "of", "strings"]}


def pack_model(output: Path) -> Path:
    """Script the model and pack it as `output`, with what it takes and gives."""
    script = output.with_suffix(".pt")
    torch.jit.script(Model()).save(str(script))
    major, minor = torch.__version__.split(".")[:2]
    sync.pack(
        str(script),
        runner_name="torchscript",
        required_framework_version=f"={major}.{minor}",
        runner_opts={"num_threads": 1},
        model_name="example",
        short_description="Doubles a tensor and says so.",
        inputs=[
            cartonml.TensorSpec("a", "float32", [3], "what is doubled"),
            cartonml.TensorSpec("b", "string", []),
            cartonml.TensorSpec("c", "string", ["words"]),
        ],
        outputs=[
            cartonml.TensorSpec("doubled", "float32", [3]),
            cartonml.TensorSpec("string", "string", []),
            cartonml.TensorSpec("stringlist", "string", ["*"]),
        ],
        output_path=str(output),
    )
    return output


def run_model(carton: Path) -> dict[str, Any]:
    """Load the carton in a process of its own, and run it once."""
    with sync.load(str(carton)) as model:
        return model.infer(
            {"a": np.array([1, 2, 3], dtype=np.float32), "b": "text", "c": ["a", "list", "of", "strings"]}
        )


def main() -> None:
    """Pack the model, run it, and print what came back."""
    carton = pack_model(Path(sys.argv[1] if len(sys.argv) > 1 else "example.carton"))
    for name, value in run_model(carton).items():
        print(f"{name}: {value!r}")


if __name__ == "__main__":
    main()
