from __future__ import annotations

import re
from pathlib import Path

import pytest

from cartonml._errors import LimitError
from cartonml._format import limits

HEADER = Path(__file__).parents[3] / "core" / "src" / "format" / "limits.h"
UNITS = {"kKiB": 1 << 10, "kMiB": 1 << 20, "kGiB": 1 << 30, "kTiB": 1 << 40}


def test_writer_and_reader_have_the_same_limits() -> None:
    """A name of the writer is the reader's in capitals; nothing may be written that is not read."""
    text = HEADER.read_text()
    found = re.findall(r"uint64_t (\w+) = (?:([\d']+) ?\*? ?)?(k[KMGT]iB)?;", text)
    reader = {
        name.upper(): int(number.replace("'", "") or 1) * UNITS.get(unit, 1) for name, number, unit in found
    }
    writer = {name: value for name, value in vars(limits).items() if name.isupper() and name[0] != "_"}
    assert len(writer) > 10
    assert writer == {name: reader.get(name) for name in writer}


def test_limit_error_names_limit_and_value() -> None:
    limits.check_limit("the size, in bytes,", 5, 5)
    with pytest.raises(LimitError, match="the size, in bytes, is limited to 5, got 6"):
        limits.check_limit("the size, in bytes,", 6, 5)
