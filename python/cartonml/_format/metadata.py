"""Checks everything that `pack` was given, before anything is written."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .._errors import InvalidError, InvalidTypeError
from .._info import RunnerInfo
from .._spec import Example, OptionValue, SelfTest, TensorSpec
from .limits import OPTION_BYTES, URLS_PER_HASH, check_limit
from .names import check_name
from .platforms import canonical_platform
from .semver import VersionReq

MAX_SHORT_DESCRIPTION = 100  # characters
EXAMPLE_FILE = "_example_misc_file_"

_RUNNER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MISC_REFERENCE = re.compile(r"@misc/([^\s()<>\"'\]]+)")


@dataclass(frozen=True)
class Metadata:
    """Checked metadata, ready to be written. `texts` holds the optional strings that were given."""

    runner: RunnerInfo
    texts: dict[str, str]
    required_platforms: list[str] | None
    inputs: list[TensorSpec] | None
    outputs: list[TensorSpec] | None
    self_tests: list[SelfTest] | None
    examples: list[Example] | None
    misc_files: dict[str, bytes]
    links: dict[str, list[str]]


def check_runner_name(name: Any) -> str:
    """A runner's name: `torchscript`, or `namespace/name` for those of others."""
    if not isinstance(name, str) or _RUNNER_NAME.fullmatch(name) is None:
        raise InvalidError(
            f"runner_name is {name!r}, expected a name such as `torchscript`, or `namespace/name`",
            hint="letters, digits, `_`, `-` and `.` are allowed, and one `/` after a namespace",
        )
    return name


def check_runner(name: str, requirement: Any, compat_version: Any, opts: Any) -> RunnerInfo:
    """The runner section, its requirement in canonical form."""
    if not isinstance(requirement, str):
        raise InvalidTypeError(
            f"required_framework_version is a `{type(requirement).__name__}`, expected str",
            hint='give a requirement such as "=2.13"',
        )
    parsed = VersionReq.parse(requirement)
    if not parsed.comparators:
        warnings.warn(
            "required_framework_version `*` accepts every future version of the framework; "
            "`=major.minor` is what the model was tested with",
            stacklevel=2,
        )
    if isinstance(compat_version, bool) or not isinstance(compat_version, int):
        raise InvalidTypeError(f"runner_compat_version is {compat_version!r}, expected an int")
    if not 0 <= compat_version < 2**63:
        raise InvalidError(f"runner_compat_version is {compat_version}, expected 0 to 2^63 - 1")
    return RunnerInfo(name, parsed.render(), compat_version, _check_opts(opts))


def _check_opts(opts: Any) -> dict[str, OptionValue] | None:
    if opts is None:
        return None
    if not isinstance(opts, Mapping):
        raise InvalidTypeError(f"runner_opts is a `{type(opts).__name__}`, expected a dict of str to value")
    return {key: _check_option(key, value) for key, value in opts.items()}


def _check_option(key: Any, value: Any) -> OptionValue:
    if not isinstance(key, str):
        raise InvalidTypeError(f"runner_opts: the name {key!r} is a `{type(key).__name__}`, expected str")
    check_text(key, "the name of a runner option")
    if isinstance(value, str):
        length = len(check_text(value, f"runner_opts[{key!r}]").encode())
        check_limit(f"the length of runner_opts[{key!r}], in bytes,", length, OPTION_BYTES)
        return value
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidError(f"runner_opts[{key!r}] is {value}, which does not fit into a 64-bit integer")
    if isinstance(value, (bool, int, float)):
        return value
    raise InvalidTypeError(
        f"runner_opts[{key!r}] is a `{type(value).__name__}`, expected int, float, str or bool",
        hint="numpy scalars become Python values with `.item()`",
    )


def check_text(value: Any, what: str) -> str:
    """`value` if it is a str that UTF-8 can hold."""
    if not isinstance(value, str):
        raise InvalidTypeError(f"{what} is a `{type(value).__name__}`, expected str")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidError(f"{what} is not valid Unicode: {error}") from error
    return value


def check_texts(texts: Mapping[str, Any], misc_files: Mapping[str, bytes]) -> dict[str, str]:
    """The descriptive strings that were given, without those that are None."""
    checked = {key: check_text(value, key) for key, value in texts.items() if value is not None}
    length = len(checked.get("short_description", ""))
    if length > MAX_SHORT_DESCRIPTION:
        raise InvalidError(
            f"short_description has {length} characters, at most {MAX_SHORT_DESCRIPTION} are allowed",
            hint="put the long text into model_description, which may be Markdown",
        )
    for name in _MISC_REFERENCE.findall(checked.get("model_description", "")):
        check_name(name, "model_description: the file @misc/")
        if name not in misc_files:
            warnings.warn(
                f"model_description refers to `@misc/{name}`, which is not in misc_files", stacklevel=2
            )
    for key in ("repository", "homepage"):
        if key in checked and not _is_web_url(checked[key]):
            warnings.warn(
                f"{key} is `{checked[key]}`, expected a URL that begins with https://", stacklevel=2
            )
    return checked


def check_platforms(platforms: Any) -> list[str] | None:
    """Target triples in canonical form."""
    if platforms is None:
        return None
    if isinstance(platforms, str) or not isinstance(platforms, Sequence):
        raise InvalidTypeError(
            f"required_platforms is a `{type(platforms).__name__}`, expected a list of target triples"
        )
    return [canonical_platform(check_text(item, "an entry of required_platforms")) for item in platforms]


def check_misc_files(files: Any) -> dict[str, bytes]:
    """Name to content; names are relative paths below `misc/`."""
    if files is None:
        return {}
    if not isinstance(files, Mapping):
        raise InvalidTypeError(f"misc_files is a `{type(files).__name__}`, expected a dict of name to bytes")
    checked = {}
    for name, content in files.items():
        if not isinstance(name, str):
            raise InvalidTypeError(
                f"misc_files: the name {name!r} is a `{type(name).__name__}`, expected str"
            )
        if name.startswith("@misc/"):
            raise InvalidError(
                f"misc file `{name}`: names are given without `@misc/`", hint=f"use `{name[6:]}`"
            )
        check_name(name, "misc file")
        if name.startswith(EXAMPLE_FILE):
            raise InvalidError(
                f"misc file `{name}`: names beginning with `{EXAMPLE_FILE}` are reserved for examples"
            )
        if not isinstance(content, (bytes, bytearray, memoryview)):
            raise InvalidTypeError(
                f"misc file `{name}` is a `{type(content).__name__}`, expected bytes",
                hint="read the file first: `pathlib.Path(...).read_bytes()`",
            )
        checked[name] = bytes(content)
    return checked


def check_links(links: Any) -> dict[str, list[str]]:
    """sha256 to URLs, as LINKS holds them."""
    if links is None:
        return {}
    if not isinstance(links, Mapping):
        raise InvalidTypeError(
            f"linked_files is a `{type(links).__name__}`, expected a dict of sha256 to URLs"
        )
    checked = {}
    for sha256, urls in links.items():
        if not isinstance(sha256, str) or _SHA256.fullmatch(sha256) is None:
            raise InvalidError(
                f"linked_files: {sha256!r} is not a sha256",
                hint="it has 64 digits, in lower-case hexadecimal",
            )
        if isinstance(urls, str) or not isinstance(urls, Sequence):
            raise InvalidTypeError(
                f"linked_files[{sha256!r}] is a `{type(urls).__name__}`, expected a list of URLs"
            )
        if not urls:
            raise InvalidError(f"linked_files[{sha256!r}] has no URL, expected at least one")
        check_limit(f"the number of URLs for {sha256}", len(urls), URLS_PER_HASH)
        checked[sha256] = [_check_url(check_text(url, f"linked_files[{sha256!r}]")) for url in urls]
    return checked


def _check_url(url: str) -> str:
    if not _is_web_url(url):
        raise InvalidError(f"linked_files: `{url}` is not a URL that begins with https:// or http://")
    if "@" in urlsplit(url).netloc:
        raise InvalidError(
            "linked_files: a URL holds a user name or password, which everyone with the carton could read",
            hint="give a URL without credentials",
        )
    return url


def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not re.search(r"[\s\\\x00-\x1f\x7f]", url)
        )
    except ValueError:
        return False
