"""Which files are compressed: big ones that would hardly shrink are stored, so they can be used in place."""

from __future__ import annotations

from typing import BinaryIO

from .zip_writer import STORED, ZSTD

# Below this, a stored file gains nothing from being mapped.
LARGE = 64 * 1024
SAMPLE_SIZE = 64 * 1024
SAMPLES = 16
# Weights in float32 shrink by some 8 %, in bfloat16 by some 20 to 30 %. Reading them in place, without
# decompressing and a second copy on disk, is worth more than that.
LEAST_SAVING = 0.25


def sample_offsets(size: int) -> list[int]:
    """Where the samples of a file of `size` bytes lie: spread evenly, first and last bytes included."""
    if size <= SAMPLES * SAMPLE_SIZE:
        return list(range(0, size, SAMPLE_SIZE))
    return [index * (size - SAMPLE_SIZE) // (SAMPLES - 1) for index in range(SAMPLES)]


def choose_method(file: BinaryIO, size: int) -> int:
    """`STORED` for a large file whose samples shrink by less than `LEAST_SAVING`, else `ZSTD`."""
    if size < LARGE:
        return ZSTD
    import zstandard

    plain = packed = 0
    for offset in sample_offsets(size):
        file.seek(offset)
        sample = file.read(SAMPLE_SIZE)
        plain += len(sample)
        packed += len(zstandard.compress(sample))
    return STORED if packed > plain * (1 - LEAST_SAVING) else ZSTD
