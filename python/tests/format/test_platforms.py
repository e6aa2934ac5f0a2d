from __future__ import annotations

import pytest

from cartonml._errors import InvalidError
from cartonml._format.platforms import COMMON, canonical_platform


@pytest.mark.parametrize("triple", COMMON)
def test_common_triples_are_canonical(triple: str) -> None:
    assert canonical_platform(triple) == triple


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("x86_64-linux-gnu", "x86_64-unknown-linux-gnu"),
        ("arm64-apple-darwin", "aarch64-apple-darwin"),
        ("x86_64", "x86_64-unknown-unknown"),
        ("x86_64-linux", "x86_64-unknown-linux"),
        ("x86_64-unknown-linux-gnu-elf", "x86_64-unknown-linux-gnu"),
        ("x86_64-unknown-linux-gnu-coff", "x86_64-unknown-linux-gnu-coff"),
        ("aarch64-linux-android", "aarch64-linux-android"),
        ("wasm32-wasi", "wasm32-wasi"),
        ("x86_64-acme-linux-gnu", "x86_64-acme-linux-gnu"),
        ("x86_64-windows-msvc", "x86_64-unknown-windows-msvc"),
        ("unknown", "unknown-unknown-unknown"),
    ],
)
def test_triples_are_completed(text: str, canonical: str) -> None:
    assert canonical_platform(text) == canonical
    assert canonical_platform(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "linux", "amd64-unknown-linux-gnu", "X86_64-unknown-linux-gnu", "x86_64-unknown-linux-gnu-elf-more",
     "x86_64-unknown-linux-gnu-foo", "x86_64-", "x86_64--linux", "x86_64 linux", "x86_64-Unknown-linux-gnu"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="is not a target triple"):
        canonical_platform(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("linux", "x86_64-unknown-linux-gnu"),
        ("amd64-linux-gnu", "x86_64-unknown-linux-gnu"),
        ("linux_x86_64", "x86_64-unknown-linux-gnu"),
        ("X86_64-apple-darwin", "x86_64-apple-darwin"),
        ("win_amd64", "x86_64-pc-windows-msvc"),
        ("aarch64-linux-gnu-extra", "aarch64-unknown-linux-gnu"),
    ],
)
def test_error_suggests_what_was_meant(text: str, meant: str) -> None:
    with pytest.raises(InvalidError) as caught:
        canonical_platform(text)
    assert meant in caught.value.hint
