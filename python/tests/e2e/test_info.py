"""Reading metadata costs what the metadata weighs, whatever the model weighs."""

from __future__ import annotations

import os
from pathlib import Path

import cartonml.sync


def bytes_read() -> int:
    """Bytes that this process has asked the kernel for."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"])


def test_info_of_a_large_carton_reads_a_few_kilobytes(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    with (folder / "weights.bin").open("wb") as file:
        for _ in range(8):
            file.write(os.urandom(8 << 20))
    path = cartonml.sync.pack(folder, "noop", "=1.0.0", output_path=tmp_path / "large.carton")
    cartonml.sync.get_model_info(path)  # imports and the like
    before = bytes_read()
    info = cartonml.sync.get_model_info(path)
    assert bytes_read() - before < 16 * 1024
    assert next(file for file in info.files if file.path == "model/weights.bin").size == 64 << 20
