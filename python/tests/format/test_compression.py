from __future__ import annotations

import random
from io import BytesIO

import numpy as np
import pytest

from cartonml._format.compression import LARGE, SAMPLE_SIZE, SAMPLES, choose_method, sample_offsets
from cartonml._format.zip_writer import STORED, ZSTD


def method_of(content: bytes) -> int:
    return choose_method(BytesIO(content), len(content))


def test_weights_are_stored_and_text_is_compressed() -> None:
    weights = np.random.default_rng(0).standard_normal(200_000)
    assert method_of(weights.astype(np.float32).tobytes()) == STORED
    assert method_of(weights.astype(np.float16).tobytes()) == STORED
    assert method_of(b"some text that repeats itself " * 50_000) == ZSTD
    assert method_of(bytes(5_000_000)) == ZSTD


def test_small_files_are_compressed_whatever_they_hold() -> None:
    noise = random.Random(0).randbytes(LARGE)
    assert method_of(noise[:-1]) == ZSTD
    assert method_of(noise) == STORED
    assert method_of(b"") == ZSTD


@pytest.mark.parametrize("size", [1, SAMPLE_SIZE, SAMPLE_SIZE + 1, SAMPLES * SAMPLE_SIZE + 1, 5 << 30])
def test_samples_lie_within_the_file_and_cover_its_ends(size: int) -> None:
    offsets = sample_offsets(size)
    assert len(offsets) <= SAMPLES
    assert offsets[0] == 0
    assert offsets[-1] < size <= offsets[-1] + SAMPLE_SIZE
