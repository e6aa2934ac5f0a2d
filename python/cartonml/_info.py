"""What a carton says of itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Callable, TypeVar

from ._lazy import LazyLoadedMiscFile, LazyLoadedTensor, Reader
from ._spec import Example, ExampleValue, OptionValue, SelfTest, TensorSpec
from ._text import printable

T = TypeVar("T")


@dataclass(frozen=True)
class RunnerInfo:
    """Which runner a carton asks for.

    Attributes:
        runner_name: Such as `"torchscript"`.
        required_framework_version: A semver requirement in canonical form, such as `"=2.13"`.
        runner_compat_version: Which layout of `model/` the runner must understand.
        opts: Options for the runner.
    """

    runner_name: str
    required_framework_version: str
    runner_compat_version: int | None
    opts: dict[str, OptionValue] | None


@dataclass(frozen=True)
class FileInfo:
    """One file of a carton.

    Attributes:
        path: As in MANIFEST, such as `"model/model.pt"`.
        size: Bytes, uncompressed. None where only LINKS says where the file is.
        stored_size: Bytes that it takes in the carton.
        method: `stored`, `deflate`, `zstd`, `directory` or `linked`.
        sha256: Of the uncompressed content, lower-case hex.
    """

    path: str
    size: int | None
    stored_size: int | None
    method: str
    sha256: str


@dataclass(frozen=True)
class CartonInfo:
    """The metadata of a carton; `str()` shows it in full. Optional values are None where absent.

    Attributes:
        required_platforms: Target triples; None is any platform.
        inputs, outputs: In the declared order; None if the carton does not declare them.
        misc_files: Name (below `misc/`) to file.
        manifest_sha256: Identifies the model, whatever the file around it.
        links: sha256 of a file to the URLs it can be fetched from.
        files: Every file that MANIFEST lists.
    """

    model_name: str | None
    short_description: str | None
    model_description: str | None
    license: str | None
    repository: str | None
    homepage: str | None
    required_platforms: list[str] | None
    inputs: list[TensorSpec] | None
    outputs: list[TensorSpec] | None
    self_tests: list[SelfTest] | None
    examples: list[Example] | None
    runner: RunnerInfo
    misc_files: dict[str, LazyLoadedMiscFile]
    spec_version: int
    manifest_sha256: str | None
    links: dict[str, list[str]]
    files: list[FileInfo]

    @classmethod
    def from_json(cls, data: dict[str, Any], reader: Reader) -> CartonInfo:
        """Builds the info from the object of `carton_info_json`; tensors and files are read by `reader`."""
        build = _Builder(reader)
        return cls(
            model_name=data["model_name"],
            short_description=data["short_description"],
            model_description=data["model_description"],
            license=data["license"],
            repository=data["repository"],
            homepage=data["homepage"],
            required_platforms=data["required_platforms"] or None,
            inputs=_optional_list(data["inputs"], _spec),
            outputs=_optional_list(data["outputs"], _spec),
            self_tests=_optional_list(data["self_tests"] or None, build.self_test),
            examples=_optional_list(data["examples"] or None, build.example),
            runner=RunnerInfo(**{field.name: data["runner"].get(field.name) for field in fields(RunnerInfo)}),
            misc_files={name: build.misc_file(name) for name in data["misc_files"]},
            spec_version=data["spec_version"],
            manifest_sha256=data["manifest_sha256"],
            links=data["links"] or {},
            files=[
                FileInfo(**{field.name: item.get(field.name) for field in fields(FileInfo)})
                for item in data["files"]
            ],
        )

    def __str__(self) -> str:
        lines = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or value == {} or value == []:
                continue
            lines.append(f"{field.name}: {_shown(value)}")
        return printable("\n".join(lines), newlines=True)  # a carton must not drive the terminal


class _Builder:
    """Makes the values that read from the carton."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def tensor(self, name: str) -> LazyLoadedTensor:
        return LazyLoadedTensor(lambda: self._reader.tensor(name))

    def misc_file(self, name: str) -> LazyLoadedMiscFile:
        path = f"misc/{name}"
        return LazyLoadedMiscFile(lambda offset, size: self._reader.read(path, offset, size))

    def self_test(self, data: dict[str, Any]) -> SelfTest:
        expected = data["expected_out"]
        return SelfTest(
            inputs=self._tensors(data["inputs"]),
            name=data["name"],
            description=data["description"],
            expected_out=None if expected is None else self._tensors(expected),
        )

    def example(self, data: dict[str, Any]) -> Example:
        return Example(
            inputs={name: self._example_value(value) for name, value in data["inputs"].items()},
            sample_out={name: self._example_value(value) for name, value in data["sample_out"].items()},
            name=data["name"],
            description=data["description"],
        )

    def _tensors(self, names: dict[str, str]) -> dict[str, LazyLoadedTensor]:
        return {key: self.tensor(name) for key, name in names.items()}

    def _example_value(self, value: dict[str, str]) -> ExampleValue:
        return self.tensor(value["tensor"]) if "tensor" in value else self.misc_file(value["misc"])


def _spec(data: dict[str, Any]) -> TensorSpec:
    spec = TensorSpec(data["name"], data["dtype"], data["shape"], data.get("description"))
    spec.internal_name = data.get("internal_name")
    return spec


def _optional_list(items: list[Any] | None, build: Callable[[Any], T]) -> list[T] | None:
    return None if items is None else [build(item) for item in items]


def _shown(value: Any) -> str:
    """A value on the lines below its key, so that long lists and nested values stay readable."""
    if isinstance(value, dict):
        return "".join(f"\n  {key}: {item}" for key, item in value.items())
    if isinstance(value, list):
        return "".join(f"\n  - {item}" for item in value)
    if isinstance(value, RunnerInfo):
        return _shown({key: item for key, item in vars(value).items() if item is not None})
    return str(value).replace("\n", "\n  ")
