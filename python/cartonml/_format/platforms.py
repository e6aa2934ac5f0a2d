"""Target triples, completed and written the canonical way that existing Carton compares them in.

A triple is `architecture[-vendor][-system][-environment][-binary format]`; what is left out is completed
(`x86_64-linux-gnu` is `x86_64-unknown-linux-gnu`).
"""

from __future__ import annotations

import re
from typing import Callable

from .._errors import InvalidError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARCHITECTURES = _words(
    """unknown aarch64 aarch64_be amdgcn arm armeb armv4t armv5te armv6 armv7 armv7a armv7r armv7s armv8 asmjs
    hexagon i386 i586 i686 m68k mips mips64 mips64el mipsel msp430 nvptx64 powerpc powerpc64 powerpc64le
    riscv32 riscv32i riscv32imac riscv64 riscv64gc riscv64imac s390x sparc sparc64 sparcv9 thumbv6m thumbv7em
    thumbv7m thumbv7neon wasm32 wasm64 x86_64 x86_64h"""
)
_ALIASES = {"arm64": "aarch64"}
_SYSTEMS = _words(
    """unknown amdhsa bitrig cloudabi cuda darwin dragonfly emscripten espidf freebsd fuchsia haiku hermit
    illumos ios l4re linux nebulet netbsd none openbsd redox solaris tvos uefi vxworks wasi watchos
    windows"""
)
_ENVIRONMENTS = _words(
    """unknown amdgiz android androideabi eabi eabihf gnu gnuabi64 gnueabi gnueabihf gnuspe gnux32 gnu_ilp32
    gnullvm macabi msvc musl musleabi musleabihf muslabi64 newlib sgx sim softfloat spe
    uclibc"""
)
_FORMATS = _words("unknown elf coff macho wasm")
# Any other word can be a vendor if it begins with a letter and has no capitals.
_CUSTOM_VENDOR = re.compile(r"[a-z][a-z0-9_.]*")
_TAKEN = _ARCHITECTURES | _ALIASES.keys() | _SYSTEMS | _ENVIRONMENTS | _FORMATS
_APPLE = frozenset({"darwin", "ios", "tvos", "watchos"})

COMMON = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "wasm32-unknown-unknown",
)
# What people write for the parts, and how a triple spells it.
_COLLOQUIAL = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "arm64": "aarch64",
    "macos": "darwin",
    "osx": "darwin",
    "win": "windows",
    "win32": "windows",
    "wasm": "wasm32",
}


def canonical_platform(text: str) -> str:
    """The canonical form of a target triple; `InvalidError` with a suggestion for anything else."""
    head, *rest = text.split("-")
    architecture = _ALIASES.get(head, head)
    if architecture not in _ARCHITECTURES:
        raise _refused(text, f"`{head}` is not an architecture")
    vendor = _take(rest, _is_vendor)
    system = _take(rest, _SYSTEMS.__contains__)
    environment = _take(rest, _ENVIRONMENTS.__contains__)
    implied = _implied_format(architecture, system, environment)
    binary_format = _take(rest, _FORMATS.__contains__, default=implied)
    if rest:
        raise _refused(text, f"`{rest[0]}` is not the name of a vendor, system, environment or format there")
    parts = [architecture, vendor, system]
    if vendor == "unknown" and (
        system in ("fuchsia", "wasi") or (system == "linux" and environment in ("android", "androideabi"))
    ):
        del parts[1]
    if environment != "unknown":
        parts.append(environment)
    if binary_format != implied:
        parts.append(binary_format)
    return "-".join(parts)


def _take(rest: list[str], fits: Callable[[str], bool], default: str = "unknown") -> str:
    if rest and fits(rest[0]):
        return rest.pop(0)
    return default


def _is_vendor(word: str) -> bool:
    if word == "unknown":
        return True
    return word not in _TAKEN and _CUSTOM_VENDOR.fullmatch(word) is not None


def _implied_format(architecture: str, system: str, environment: str) -> str:
    if system == "none":
        return "elf" if environment in ("eabi", "eabihf") else "unknown"
    if system in _APPLE:
        return "macho"
    if system == "windows":
        return "coff"
    if system in ("nebulet", "emscripten", "vxworks", "wasi", "unknown"):
        return "wasm" if architecture in ("wasm32", "wasm64") else "unknown"
    return "elf"


def _refused(text: str, reason: str) -> InvalidError:
    words = {
        _COLLOQUIAL.get(word, word) for word in re.split(r"[-_/ ]", text.lower().replace("x86_64", "x64"))
    }
    shared = {triple: len(words.intersection(triple.split("-"))) for triple in COMMON}
    near = max(COMMON, key=shared.__getitem__)
    hint = (
        f"did you mean `{near}`?" if shared[near] else f"give a target triple such as {', '.join(COMMON[:5])}"
    )
    return InvalidError(f"required_platforms: `{text}` is not a target triple: {reason}", hint=hint)
