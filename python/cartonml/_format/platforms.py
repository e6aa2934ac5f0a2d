"""Target triples, completed and written the canonical way that existing Carton compares them in.

A triple is `architecture[-vendor][-system][-environment][-binary format]`; what is left out is completed
(`x86_64-linux-gnu` is `x86_64-unknown-linux-gnu`).
"""

from __future__ import annotations

import difflib
import re

from .._errors import InvalidError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARCHITECTURES = _words(
    """unknown aarch64 aarch64_be amdgcn arm armeb armv4t armv5te armv6 armv6m armv7 armv7a armv7m armv7r
    armv7s armv8 armebv7r asmjs avr hexagon i386 i586 i686 m68k mips mips64 mips64el mipsel msp430 nvptx64 powerpc
    powerpc64 powerpc64le riscv32 riscv32i riscv32imac riscv32imc riscv64 riscv64gc riscv64imac s390x sparc
    sparc64 sparcv9 thumbv6m thumbv7a thumbv7em thumbv7m thumbv7neon wasm32 wasm64 x86_64 x86_64h"""
)
_ALIASES = {"arm64": "aarch64"}
_SYSTEMS = _words(
    """unknown amdhsa bitrig cloudabi cuda darwin dragonfly emscripten espidf freebsd fuchsia haiku hermit
    hurd illumos ios l4re linux nebulet netbsd none openbsd redox solaris tvos uefi vxworks wasi watchos
    windows"""
)
_ENVIRONMENTS = _words(
    """unknown amdgiz android androideabi eabi eabihf gnu gnuabi64 gnueabi gnueabihf gnuspe gnux32 gnu_ilp32
    gnullvm kernel macabi msvc musl musleabi musleabihf muslabi64 newlib sgx sim softfloat spe
    uclibc"""
)
_FORMATS = _words("unknown elf coff macho wasm")
_MACOSX = re.compile(r"macosx(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")
# Any other word can be a vendor if it begins with a letter and has no capitals.
_CUSTOM_VENDOR = re.compile(r"[a-z][a-z0-9_.]*")
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
# What people write for the parts, and how it is spelt in a triple.
_COLLOQUIAL = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "x86": "i686",
    "macos": "apple-darwin",
    "osx": "apple-darwin",
    "win32": "pc-windows",
    "linux": "unknown-linux-gnu",
}


def canonical_platform(text: str) -> str:
    """The canonical form of a target triple; `InvalidError` with a suggestion for anything else."""
    head, *rest = text.split("-")
    architecture = _ALIASES.get(head, head)
    if architecture not in _ARCHITECTURES:
        raise _refused(text, f"`{head}` is not an architecture")
    vendor = _take(rest, _is_vendor)
    system = _take(rest, _is_system)
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


def _take(rest: list[str], fits: object, default: str = "unknown") -> str:
    if rest and callable(fits) and fits(rest[0]):
        return rest.pop(0)
    return default


def _is_system(word: str) -> bool:
    return word in _SYSTEMS or _MACOSX.fullmatch(word) is not None


def _is_vendor(word: str) -> bool:
    if word == "unknown":
        return True
    taken = word in _ARCHITECTURES or word in _ALIASES or word in _ENVIRONMENTS or word in _FORMATS
    return not taken and not _is_system(word) and _CUSTOM_VENDOR.fullmatch(word) is not None


def _implied_format(architecture: str, system: str, environment: str) -> str:
    if system == "none":
        return "elf" if environment in ("eabi", "eabihf") else "unknown"
    if system in _APPLE or system.startswith("macosx"):
        return "macho"
    if system == "windows":
        return "coff"
    if system in ("nebulet", "emscripten", "vxworks", "wasi", "unknown"):
        return "wasm" if architecture in ("wasm32", "wasm64") else "unknown"
    return "elf"


def _refused(text: str, reason: str) -> InvalidError:
    words = "-".join(
        _COLLOQUIAL.get(word, word) for word in re.split(r"[-_/ ]", text.lower().replace("x86_64", "x64"))
    )
    near = difflib.get_close_matches(words, COMMON, n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"give a target triple such as {', '.join(COMMON[:5])}"
    return InvalidError(f"required_platforms: `{text}` is not a target triple: {reason}", hint=hint)
