# ruff: noqa: UP006, UP035
"""TorchScript models for the end-to-end tests, each made by `torch.jit.script` and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List  # torch.jit.script reads these annotations

import torch


class Example(torch.nn.Module):
    def forward(self, x: Dict[str, Any]) -> Dict[str, Any]:
        a = x["a"]
        assert isinstance(a, torch.Tensor)
        b = x["b"]
        assert isinstance(b, str)
        c = x["c"]
        assert isinstance(c, List[str])
        return {"doubled": a * 2, "string": "A string", "stringlist": ["A", "list", "of", "strings"]}


class Echo(torch.nn.Module):
    def forward(self, x: Dict[str, Any]) -> Dict[str, Any]:
        return x


class AddOne(torch.nn.Module):
    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        return {"y": x["x"] + 1}


class WritesInput(torch.nn.Module):
    """Writes to its input in place, through a view of it."""

    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        view = x["x"].view(-1)[1:]
        view.add_(100.0)
        return {"y": x["x"].clone()}


class KeepsInput(torch.nn.Module):
    """Returns what it was given by the call before."""

    def __init__(self) -> None:
        super().__init__()
        self.last = torch.zeros(1)

    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        before = self.last
        self.last = x["x"]
        return {"before": before}


class ReturnsState(torch.nn.Module):
    """Returns a buffer that its next call changes."""

    def __init__(self) -> None:
        super().__init__()
        self.state = torch.zeros(100_000)

    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        self.state.add_(x["x"])
        return {"state": self.state, "same": self.state, "slice": self.state[5:6]}


class ForceField(torch.nn.Module):
    """Needs gradients inside forward."""

    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        position = x["position"].detach().requires_grad_(True)
        energy = (position * position).sum()
        force = torch.autograd.grad([energy], [position])[0]
        assert force is not None
        return {"energy": energy.detach(), "force": -force}


class Fails(torch.nn.Module):
    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        if bool(x["x"].sum() < 0):
            raise ValueError("negative sums are not for this model")
        return {"y": torch.matmul(x["x"], x["x"])}


class Talks(torch.nn.Module):
    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        print("the model says hello")
        return x


class ReturnsInt(torch.nn.Module):
    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, Any]:
        return {"n": 3}


def save(model: torch.nn.Module, folder: Path) -> Path:
    """The scripted model's file."""
    path = folder / f"{type(model).__name__}.pt"
    torch.jit.script(model.eval()).save(str(path))
    return path
