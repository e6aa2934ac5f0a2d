"""Pack any ML model into one `.carton` file and run it, in a process of its own.

    import cartonml as carton

    path = await carton.pack("model.pt", runner_name="torchscript", required_framework_version="=2.13")
    async with await carton.load(path) as model:
        outputs = await model.infer({"x": array})

`cartonml.sync` has the same calls for programs without an event loop.
"""

from cartonml._load import get_model_info, load
from cartonml._model import Carton
from cartonml._pack import pack
from cartonml._paths import get_include, get_lib
from cartonml._types import (
    CartonInfo,
    Example,
    LazyLoadedMiscFile,
    LazyLoadedTensor,
    RunnerInfo,
    SelfTest,
    TensorSpec,
)
from cartonml.errors import (
    CancelledError,
    CartonError,
    ClosedError,
    ForkedError,
    FormatError,
    InputError,
    IntegrityError,
    InternalError,
    InvalidError,
    InvalidTypeError,
    IoError,
    LimitError,
    ModelError,
    NetworkError,
    NoMemoryError,
    NoRunnerError,
    NoSpaceError,
    PolicyError,
    RunnerCrashedError,
    RunnerProtocolError,
    RunnerStartError,
    RunnerTimeoutError,
    UnsupportedError,
)

__version__ = "0.1.0"

__all__ = [
    "CancelledError",
    "Carton",
    "CartonError",
    "CartonInfo",
    "ClosedError",
    "Example",
    "ForkedError",
    "FormatError",
    "InputError",
    "IntegrityError",
    "InternalError",
    "InvalidError",
    "InvalidTypeError",
    "IoError",
    "LazyLoadedMiscFile",
    "LazyLoadedTensor",
    "LimitError",
    "ModelError",
    "NetworkError",
    "NoMemoryError",
    "NoRunnerError",
    "NoSpaceError",
    "PolicyError",
    "RunnerCrashedError",
    "RunnerInfo",
    "RunnerProtocolError",
    "RunnerStartError",
    "RunnerTimeoutError",
    "SelfTest",
    "TensorSpec",
    "UnsupportedError",
    "get_include",
    "get_lib",
    "get_model_info",
    "load",
    "pack",
]
