from __future__ import annotations

import pytest

from cartonml._errors import InvalidError, LimitError
from cartonml._format.names import check_distinct, check_name


@pytest.mark.parametrize(
    "name", ["a", "a/b/c.txt", "ä/日本.png", "with space", "a=b", "..a", "a..", ".hidden", "a" * 255]
)
def test_ordinary_names_are_fine(name: str) -> None:
    check_name(name, "file")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("../x", "climbs"),
        ("a/../../x", "climbs"),
        ("..", "climbs"),
        ("a//b", "empty or `.`"),
        ("./a", "empty or `.`"),
        ("a/", "empty or `.`"),
        ("a\\b", "contains"),
        ("C:x", "contains"),
        ("a\nb", "contains"),
        ("a\0b", "contains"),
        ("a\x7fb", "contains"),
        ("a\udc80", "UTF-8"),
    ],
)
def test_dangerous_name_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(InvalidError, match=reason):
        check_name(name, "file")


@pytest.mark.parametrize("name", ["a" * 256, "/".join(["a"] * 33), "/".join(["é" * 120] * 5)])
def test_oversized_name_is_a_limit_error(name: str) -> None:
    with pytest.raises(LimitError, match="is limited to"):
        check_name(name, "file")


@pytest.mark.parametrize(
    "names",
    [
        ["README", "readme"],
        ["misc/é", "misc/e\u0301"],
        ["a", "a/b"],
        ["a/b/c", "A/b"],
        ["straße", "STRASSE"],
    ],
)
def test_names_that_some_file_system_takes_for_one_are_refused(names: list[str]) -> None:
    with pytest.raises(InvalidError):
        check_distinct(names)
    with pytest.raises(InvalidError):
        check_distinct(reversed(names))


def test_distinct_names_pass() -> None:
    check_distinct(["a", "b/a", "b/c", "ab", "b.c"])
