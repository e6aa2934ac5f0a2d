"""What readers refuse to take: the writer refuses it first. The same numbers as in `format/limits.h`."""

from __future__ import annotations

from .._errors import LimitError

_MIB = 1 << 20

ENTRIES = 100_000
CARTON_TOML_BYTES = _MIB
MANIFEST_BYTES = 64 * _MIB
LINKS_BYTES = 16 * _MIB
URLS_PER_HASH = 100
TENSOR_INDEX_BYTES = 16 * _MIB
STRING_TENSOR_BYTES = 64 * _MIB
OPTION_BYTES = 64 * 1024
PATH_BYTES = 1024
SEGMENT_BYTES = 255
PATH_DEPTH = 32
TENSOR_RANK = 32


def check_limit(what: str, value: int, limit: int, hint: str = "") -> None:
    """Raises `LimitError` if `value` exceeds `limit`; `what` names it, with its unit."""
    if value > limit:
        raise LimitError(f"{what} is limited to {limit}, got {value}", hint=hint)
