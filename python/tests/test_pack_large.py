"""Models beyond 4 GiB: zip64, constant memory, one copy on disk."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

from plain_reader import read_carton

from cartonml._format.compression import SAMPLE_SIZE, sample_offsets
from cartonml._format.zip_writer import STORED, Stream, ZipWriter

PACK = """
import re, sys
from cartonml._pack import pack_sync
pack_sync(sys.argv[1], "noop", "=1.0", output_path=sys.argv[2])
# Not ru_maxrss, which begins with the memory of the parent.
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def pack_in_a_process(model: Path, output: Path) -> int:
    """Packs, and returns the peak of the process's memory in bytes."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PACK, str(model), str(output)]
    packed = subprocess.run(command, env=environment, check=True, timeout=150, capture_output=True, text=True)
    return int(packed.stdout) * 1024


def test_more_than_4_gib_pack_with_little_memory(tmp_path: Path) -> None:
    size = (4 << 30) + 12345
    with (tmp_path / "model.bin").open("wb") as file:
        file.truncate(size)
    output = tmp_path / "out.carton"
    assert pack_in_a_process(tmp_path / "model.bin", output) < 150 << 20
    entry = read_carton(output, contents=False).entries["model/model.bin"]
    assert (entry.size, entry.method) == (size, "zstd")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.bin", "out.carton"]


def test_stored_weights_pack_with_little_memory(tmp_path: Path) -> None:
    size = 256 << 20
    with (tmp_path / "model.bin").open("wb") as file:
        for offset in sample_offsets(size):  # Noise where the packer looks makes it store the file.
            file.seek(offset)
            file.write(os.urandom(SAMPLE_SIZE))
    output = tmp_path / "out.carton"
    assert pack_in_a_process(tmp_path / "model.bin", output) < 150 << 20
    entry = read_carton(output, contents=False).entries["model/model.bin"]
    assert (entry.size, entry.stored_size, entry.method) == (size, size, "stored")


def test_stored_entry_beyond_4_gib_and_what_follows_read_back(tmp_path: Path) -> None:
    size = (4 << 30) + 12345
    with (tmp_path / "x.zip").open("w+b") as file:
        writer = ZipWriter(file)
        writer.begin("large", STORED, size)
        file.truncate(file.tell() + size)  # A hole: nothing is written to the disk.
        writer.end(Stream(0, size, size))
        writer.begin("after", STORED, 1)
        file.write(b"x")
        writer.end(Stream(zlib.crc32(b"x"), 1, 1))
        writer.finish()
    entries = read_carton(tmp_path / "x.zip", contents=False).entries
    assert (entries["large"].size, entries["large"].stored_size) == (size, size)
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.read("after") == b"x"


def test_many_files_pack_with_few_descriptors(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(300):
        (folder / f"file{number}").write_bytes(b"x" * number)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    script = (
        "import resource, sys\n"
        "from cartonml._pack import pack_sync\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (40, {hard}))\n"
        "print(pack_sync(sys.argv[1], 'noop', '=1.0', output_path=sys.argv[2]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = tmp_path / "out.carton"
    command = [sys.executable, "-c", script, str(folder), str(output)]
    subprocess.run(command, env=environment, check=True, timeout=60, capture_output=True)
    assert len(read_carton(output).names) == 303
