"""The types of a carton's metadata, in one place for the rest of the package."""

from ._info import CartonInfo, FileInfo, RunnerInfo
from ._lazy import LazyLoadedMiscFile, LazyLoadedTensor
from ._spec import Example, SelfTest, TensorSpec

__all__ = [
    "CartonInfo",
    "Example",
    "FileInfo",
    "LazyLoadedMiscFile",
    "LazyLoadedTensor",
    "RunnerInfo",
    "SelfTest",
    "TensorSpec",
]
