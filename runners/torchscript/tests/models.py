"""Writes the models of the tests: `models.py FOLDER` makes one FOLDER/<class name>.pt each."""

# TorchScript reads annotations in the old spelling, and its statements literally.
# ruff: noqa: B007, B028, UP006, UP035, N801, SIM, RET

from __future__ import annotations

import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn

MODELS: dict[str, nn.Module] = {}


def model(cls: type[nn.Module]) -> type[nn.Module]:
    """Registers a class without constructor arguments under its own name."""
    MODELS[cls.__name__] = cls()
    return cls


@model
class example(nn.Module):
    def forward(self, x: Dict[str, Any]) -> Dict[str, Any]:
        a = x["a"]
        b = x["b"]
        c = x["c"]
        assert isinstance(a, Tensor)
        assert isinstance(b, str)
        assert isinstance(c, List[str])
        return {"doubled": a * 2, "string": "A string", "stringlist": ["A", "list", "of", "strings"]}


@model
class echo(nn.Module):
    def forward(self, x: Dict[str, Any]) -> Dict[str, Any]:
        return x


@model
class echo_tensors(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return x


@model
class takes_strings_only(nn.Module):
    def forward(self, x: Dict[str, str]) -> Dict[str, str]:
        return {"joined": x["a"] + x["b"]}


@model
class has_default(nn.Module):
    def forward(self, x: Dict[str, Tensor], scale: int = 3) -> Dict[str, Tensor]:
        return {"y": x["a"] * scale}


# ---- forwards that cannot be served


@model
class takes_tensors(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


@model
class takes_dict_and_flag(nn.Module):
    def forward(self, x: Dict[str, Tensor], flag: bool) -> Dict[str, Tensor]:
        return x


@model
class returns_tensor(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Tensor:
        return x["a"]


@model
class takes_dict_of_lists(nn.Module):
    def forward(self, x: Dict[str, List[int]]) -> Dict[str, List[int]]:
        return x


class no_forward(nn.Module):
    @torch.jit.export
    def predict(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return x


MODELS["no_forward"] = no_forward()


# ---- outputs


@model
class unusual_tensors(nn.Module):
    """Outputs whose memory is not contiguous, is shared, or has its sign pending."""

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        a = x["a"]
        return {
            "transposed": a.t(),
            "strided": a[:, ::2],
            "expanded": torch.ones(1).expand(3, 2),
            "negated": torch.view_as_complex(a.reshape(-1, 2)).conj().imag,
            "needs_grad": (a.detach().clone() * 2).detach(),
            "empty": a[:0],
            "scalar": a.sum(),
        }


@model
class string_outputs(nn.Module):
    def forward(self, x: Dict[str, Any]) -> Dict[str, Any]:
        words: List[str] = []
        mixed: List[Any] = ["a", "b"]
        return {"empty": words, "any": mixed, "nul": "a\0b", "emoji": "\U0001f642", "": "no name"}


@model
class bad_output(nn.Module):
    """Returns a value of the kind that input `kind` names, under the key `bad`."""

    def forward(self, x: Dict[str, Any]) -> Dict[str, Any]:
        kind = x["kind"]
        assert isinstance(kind, str)
        nothing: Optional[int] = None
        out: Dict[str, Any] = {"ok": torch.ones(1)}
        if kind == "int":
            out["bad"] = 1
        elif kind == "float":
            out["bad"] = 1.5
        elif kind == "bool":
            out["bad"] = True
        elif kind == "none":
            out["bad"] = nothing
        elif kind == "tuple":
            out["bad"] = (1, "a")
        elif kind == "dict":
            out["bad"] = {"a": torch.ones(1)}
        elif kind == "tensors":
            out["bad"] = [torch.ones(1)]
        elif kind == "no tensors":
            nothing_at_all: List[Tensor] = []
            out["bad"] = nothing_at_all
        elif kind == "mixed":
            mixed: List[Any] = ["a", 1]
            out["bad"] = mixed
        elif kind == "complex":
            out["bad"] = torch.view_as_complex(torch.ones(1, 2))
        elif kind == "sparse":
            out["bad"] = torch.ones(2).to_sparse()
        elif kind == "quantized":
            out["bad"] = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)
        elif kind == "float8":
            out["bad"] = torch.ones(2).to(torch.float8_e4m3fn)
        elif kind == "half character":
            out["bad"] = "\u00e9"[0:1]
        elif kind == "deep":
            out["bad"] = torch.ones([1] * 33)
        elif kind == "long key":
            out["k".ljust(5000, "k")] = torch.ones(1)
        return out


@model
class returns_any(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Any:
        result: Any = x
        if "list" in x:
            result = [x["list"]]
        elif "int_keys" in x:
            result = {1: x["int_keys"]}
        return result


# ---- failures inside forward


class product(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b


class raises(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.product = product()

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        if x["a"].numel() == 1:
            raise ValueError("only one\nelement")
        if x["a"].numel() == 7:
            return {"y": torch.empty([1 << 50])}
        return {"y": self.product(x["a"], x["b"])}


MODELS["raises"] = raises()


@model
class speaks(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        print("hello from forward")
        warnings.warn("mind the gap")
        return x


# ---- gradients


@model
class force_field(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        positions = x["positions"].detach().requires_grad_(True)
        energy = (positions**3).sum()
        gradient = torch.autograd.grad([energy], [positions])[0]
        assert gradient is not None
        return {"energy": energy, "forces": -gradient}


class energy_of(nn.Module):
    def forward(self, positions: Tensor, repeat: int) -> Tensor:
        total = torch.zeros(1)
        for _ in range(repeat):
            if positions.numel() > 0:
                inner = positions.detach().requires_grad_(True)
                (inner**2).sum().backward()
                grad = inner.grad
                assert grad is not None
                total = total + grad.sum()
        return total


class hidden_gradient(nn.Module):
    """The gradient is taken in a callee, inside a loop and a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.energy = energy_of()

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return {"y": self.energy(x["a"], 2)}


MODELS["hidden_gradient"] = hidden_gradient()


@model
class mode(nn.Module):
    """Tells whether it runs in evaluation and in inference mode."""

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        made = x["a"] * 1
        return {"training": torch.tensor([self.training]), "inference": torch.tensor([made.is_inference()])}


@model
class no_grad(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        with torch.no_grad():
            y = x["a"] * 2
        return {"y": y, "inference": torch.tensor([y.is_inference()])}


# ---- memory: models that write to, keep, and return what they were given


@model
class writes(nn.Module):
    """Adds 1 to input `a` in the way that input `how` names."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = torch.zeros(1)

    def forward(self, x: Dict[str, Any]) -> Dict[str, Any]:
        a = x["a"]
        how = x["how"]
        assert isinstance(a, Tensor)
        assert isinstance(how, str)
        if how == "view":
            a.view(-1)[1:].add_(1)
        elif how == "element":
            element = x["a"]
            assert isinstance(element, Tensor)
            element.add_(1)
        elif how == "items":
            for key, value in x.items():
                if isinstance(value, Tensor):
                    value.add_(1)
        elif how == "list":
            tensors = [a]
            tensors[0].add_(1)
        elif how == "attribute":
            self.kept = a
            self.kept.add_(1)
        return {"y": a.clone()}


@model
class writes_element(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        x["a"].add_(1)
        return {}


@model
class writes_out(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        torch.add(x["a"], x["a"], out=x["a"])
        return {}


@model
class updates_given_statistics(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return {"y": nn.functional.batch_norm(x["a"], x["mean"], x["var"], training=True)}


class convolution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return {"y": self.layers(x["a"])}


MODELS["convolution"] = convolution()


@torch.jit.interface
class Stage(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class stage(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.add_(1)


class calls_interface(nn.Module):
    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.stage = stage()

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return {"y": self.stage.forward(x["a"])}


calls_interface.__annotations__["stage"] = Stage  # TorchScript does not read it as a string
MODELS["calls_interface"] = calls_interface()


@model
class keeps(nn.Module):
    """Returns what it kept in the call before: the input, a view of it, and one in a list and a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.last = torch.zeros(1)
        self.view = torch.zeros(1)
        self.items: List[Tensor] = [torch.zeros(1)]
        self.named: Dict[str, Tensor] = {"k": torch.zeros(1)}

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        out = {"last": self.last, "view": self.view, "item": self.items[0], "named": self.named["k"]}
        a = x["a"]
        self.last = a
        self.view = a[1:]
        self.items = [a[2:]]
        self.named["k"] = a[3:]
        return out


@model
class keeps_then_raises(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last = torch.zeros(1)

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        if "a" in x:
            self.last = x["a"]
            raise ValueError("kept it")
        return {"last": self.last}


@model
class keeps_lazily(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last = torch.zeros(1)

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        out = {"last": self.last}
        self.last = torch._lazy_clone(x["a"])
        return out


@model
class counts(nn.Module):
    """Returns its own state, which it changes at the next call."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(2))

    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        self.total.add_(x["a"])
        return {"total": self.total}


@model
class returns_twice(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        y = x["a"] + 1
        return {"first": y, "second": y, "input": x["a"]}


@model
class returns_slice(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        big = torch.ones([16 * 1024 * 1024])
        return {"one": big[5:6]}


def wait_a_little(a: Tensor) -> Tensor:
    return a * 2


@model
class forks(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        future = torch.jit.fork(wait_a_little, x["a"])
        return {"y": torch.jit.wait(future)}


class adds_one(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return {"y": x["a"] + 1}


def times_ten(self, x: Tuple[Dict[str, Tensor]], out: Dict[str, Tensor]) -> Dict[str, Tensor]:
    return {"y": out["y"] * 10}


hooked = adds_one()
hooked.register_forward_hook(times_ten)
MODELS["hooked"] = hooked


class traced(nn.Module):
    def forward(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return {"y": x["a"] * 2}


def rewrite(source: Path, target: Path, replacements: Dict[str, Tuple[bytes, bytes]]) -> None:
    """Copies an archive; in files that end in a key, the first bytes of its pair become the second."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            for ending, (before, after) in replacements.items():
                if name.endswith(ending):
                    assert before in content, f"{name} holds no {before!r}"
                    content = content.replace(before, after)
            new.writestr(name, content)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, module in MODELS.items():
        torch.jit.script(module).save(str(folder / f"{name}.pt"))
    torch.jit.freeze(torch.jit.script(convolution().eval())).save(str(folder / "frozen.pt"))
    torch.jit.trace(traced(), ({"a": torch.ones(2)},), strict=False).save(str(folder / "traced.pt"))
    image = {"a": torch.ones(1, 3, 4, 4)}
    torch.jit.trace(convolution().eval(), (image,), strict=False).save(str(folder / "traced_convolution.pt"))
    code = {"__torch__.py": (b"torch.mul", b"ops.torchvision.nms")}
    rewrite(folder / "has_default.pt", folder / "unknown_operator.pt", code)
    rewrite(folder / "echo.pt", folder / "newer_version.pt", {"/version": (b"3", b"99")})
    torch.save({"weight": torch.ones(2)}, folder / "state_dict.pt")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(Path(sys.argv[1]))
