"""Specs and options as typed on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cartonml._errors import InvalidError
from cartonml.cli import specs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x:float32:[1, 3, *, n]", ("x", "float32", [1, 3, None, "n"])),
        ("x:float32:[]", ("x", "float32", [])),
        ("x:string:*", ("x", "string", None)),
        ("x:int8:whole", ("x", "int8", "whole")),
        ("a:b:bool:['n']", ("a:b", "bool", ["n"])),
        ("with space:bfloat16:[ 0 ]", ("with space", "bfloat16", [0])),
    ],
)
def test_spec_is_read(text: str, expected: tuple[Any, ...]) -> None:
    spec = specs.parse_spec(text)
    assert (spec.name, spec.dtype, spec.shape) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "x",
            "x:float32",
            "x:float99:[1]",
            "x:float32:[1",
            "x:float32:[-1]",
            "x:float32:[1.5]",
            ":int8:*",
            "",
        ),
        *("x:int8:5", "x:int8:1,3,n", "x:int8:n m"),
    ],
)
def test_wrong_spec_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        specs.parse_spec(text)


def test_options_are_typed_as_in_toml() -> None:
    texts = ["i=2", "f=2.5", "b=true", 's="2"', "bare=on", "model.x=1", "path=/a/b", "octal=01", "equals=a=b"]
    assert specs.parse_options(texts) == {
        "i": 2,
        "f": 2.5,
        "b": True,
        "s": "2",
        "bare": "on",
        "model.x": 1,
        "path": "/a/b",
        "octal": "01",
        "equals": "a=b",
    }


def test_no_options_are_none() -> None:
    assert specs.parse_options([]) is None


@pytest.mark.parametrize("text", ["x", "=1", "x=[1]", "x={a=1}", "x=2020-01-01"])
def test_options_that_are_no_scalars_are_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        specs.parse_options([text])


def test_option_cannot_smuggle_in_a_second_key() -> None:
    assert specs.parse_options(["x=1\ny = 2"]) == {"x": "1\ny = 2"}


def test_missing_misc_file_is_named() -> None:
    with pytest.raises(InvalidError, match=r"misc file `a.txt`: /nonexistent: No such file"):
        specs.parse_misc(["a.txt=/nonexistent"])


def test_links_keep_the_order_of_urls() -> None:
    assert specs.parse_links(["aa=https://1/=x", "bb=https://2", "aa=https://3"]) == {
        "aa": ["https://1/=x", "https://3"],
        "bb": ["https://2"],
    }


def test_self_tests_and_examples_come_from_npz_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", a=np.float32(1))
    np.savez(tmp_path / "out.npz", b=np.float32(2))
    first, second = (
        specs.parse_self_tests([f"{tmp_path}/in.npz", f"named={tmp_path}/in.npz,{tmp_path}/out.npz"]) or []
    )
    assert (first.name, first.expected_out) == (None, None)
    assert second.name == "named"
    assert set(second.expected_out or {}) == {"b"}
    (example,) = specs.parse_examples([f"{tmp_path}/in.npz,{tmp_path}/out.npz"]) or []
    assert set(example.inputs) == {"a"}
    with pytest.raises(InvalidError):
        specs.parse_examples([f"{tmp_path}/in.npz"])


def test_a_misc_file_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    with pytest.raises(InvalidError, match="`x` is given twice"):
        specs.parse_misc([f"x={tmp_path / 'a'}", f"x={tmp_path / 'a'}"])
