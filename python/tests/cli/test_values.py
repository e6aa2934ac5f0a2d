"""Inputs as typed on the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from cartonml._errors import InputError
from cartonml.cli.values import parse_inputs


def parse(*arguments: str, **declared: str) -> dict[str, Any]:
    return parse_inputs(arguments, declared)


def assert_array(actual: Any, expected: Any, dtype: Any) -> None:
    assert isinstance(actual, np.ndarray)
    assert actual.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(actual, np.asarray(expected, dtype=dtype))


@pytest.mark.parametrize(
    ("text", "value", "dtype"),
    [
        ("1", 1, "int64"),
        ("-2.5", -2.5, "float64"),
        ("1e3", 1000.0, "float64"),
        ("true", True, "bool"),
        ("[1, 2, 3]", [1, 2, 3], "int64"),
        ("[1, 2.5]", [1, 2.5], "float64"),
        ("[[true], [false]]", [[True], [False]], "bool"),
        ('["a", "bc"]', ["a", "bc"], "<U2"),
        ("[NaN, Infinity]", [np.nan, np.inf], "float64"),
    ],
)
def test_undeclared_values_take_their_natural_dtype(text: str, value: Any, dtype: str) -> None:
    assert_array(parse(f"x={text}")["x"], value, dtype)


@pytest.mark.parametrize("text", ["hello", "hello world", "a=b", "[1, 2", "", " ", "None", "🙂", '"quoted'])
def test_what_is_not_json_is_text(text: str) -> None:
    assert parse(f"x={text}") == {"x": text}


def test_quoted_json_string_is_unquoted_and_may_begin_with_at() -> None:
    assert parse('x="@home"') == {"x": "@home"}


@pytest.mark.parametrize("text", ["12", "true", "null", "1.5", "[1]", '{"a": 1}'])
def test_declared_string_keeps_its_text(text: str) -> None:
    assert parse(f"x={text}", x="string") == {"x": text}


def test_declared_string_takes_a_json_list_of_strings() -> None:
    assert_array(parse('x=["a", "b"]', x="string")["x"], ["a", "b"], "<U1")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "uint64", "bool"])
def test_declared_dtype_is_used(dtype: str) -> None:
    assert_array(parse("x=[1, 0]", x=dtype)["x"], [1, 0], dtype)


def test_declared_bfloat16_is_used() -> None:
    assert_array(parse("x=[1.5]", x="bfloat16")["x"], [1.5], ml_dtypes.bfloat16)


def test_written_dtype_wins_over_the_declared_one() -> None:
    assert_array(parse("x:int8=[1]", x="float32")["x"], [1], "int8")


def test_name_with_a_colon_before_its_dtype() -> None:
    assert_array(parse("a:b:int8=1")["a:b"], 1, "int8")


@pytest.mark.parametrize(
    ("argument", "part"),
    [
        ("x:uint8=300", "300 (element 0) is no uint8"),
        ("x:uint8=[1, -1]", "-1 (element 1) is no uint8"),
        ("x:int64=1.5", "1.5 (element 0) is no int64"),
        ("x:int64=NaN", "NaN (element 0) is no int64"),
        ("x:int64=true", "true (element 0) is no int64"),
        ("x:int64=9223372036854775808", "is no int64"),
        ("x:float32=text", '"text" (element 0) is no float32'),
        ("x:bool=2", "2 (element 0) is no bool"),
        ("x:float23=1", "`float23` is no dtype"),
        ("x=[[1], [1, 2]]", "ragged"),
        ("x=[1, [2]]", "ragged"),
        ("x=[]", "an empty list has no dtype"),
        ("x=[1, true]", "booleans and integers"),
        ("x=null", "got null"),
        ('x={"a": 1}', "`data`"),
        ("no-equals-sign", "expected an input such as `name=value`"),
        ("[1, 2]", "expected an input such as `name=value`"),
        ("{broken", "no JSON"),
        ("x=@/nonexistent/file.npy", "No such file"),
        ("/nonexistent/file.npz", "No such file"),
        ("/nonexistent/file.json", "No such file"),
    ],
)
def test_wrong_input_is_refused_and_named(argument: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(argument)
    assert part in caught.value.message


def test_whole_floats_are_integers_where_an_integer_is_wanted() -> None:
    assert_array(parse("x:int32=[1.0, 2e3]")["x"], [1, 2000], "int32")


@pytest.mark.parametrize(("text", "shape"), [("[]", (0,)), ("[[], []]", (2, 0)), ("[[[]]]", (1, 1, 0))])
def test_empty_lists_keep_their_shape(text: str, shape: tuple[int, ...]) -> None:
    assert parse(f"x:float32={text}")["x"].shape == shape


def test_strings_that_end_in_nul_survive() -> None:
    array = parse('x=["a\\u0000", "b"]')["x"]
    assert list(array) == ["a\0", "b"]


@pytest.mark.parametrize(
    ("depth", "message"), [(33, "more than 32 deep"), (900, "32"), (100_000, "too deeply")]
)
def test_deep_json_is_no_crash(depth: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse('{"x": ' + "[" * depth + "]" * depth + "}")


def test_npy_file_is_taken_as_it_is(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(6, dtype=">i2").reshape(2, 3))
    assert_array(parse(f"x=@{tmp_path}/x.npy")["x"], [[0, 1, 2], [3, 4, 5]], ">i2")


def test_npy_file_is_converted_to_the_written_dtype(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1, 2]))
    assert_array(parse(f"x:float32=@{tmp_path}/x.npy")["x"], [1, 2], "float32")


def test_npy_file_of_floats_is_not_converted_to_integers(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1.5, np.nan]))
    with pytest.raises(InputError, match="float64 is not converted to int32"):
        parse(f"x:int32=@{tmp_path}/x.npy")


def test_bfloat16_of_a_npy_file_is_recognised_by_the_declaration(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1.5], dtype=ml_dtypes.bfloat16))
    assert_array(parse(f"x=@{tmp_path}/x.npy", x="bfloat16")["x"], [1.5], ml_dtypes.bfloat16)


def test_pickles_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError) as caught:
        parse(f"x=@{tmp_path}/x.npy")
    assert "object arrays and pickles are not read" in caught.value.hint


def test_truncated_npy_file_is_an_input_error(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(100))
    content = (tmp_path / "x.npy").read_bytes()
    for length in (0, 5, 20, 200):
        (tmp_path / "x.npy").write_bytes(content[:length])
        with pytest.raises(InputError):
            parse(f"x=@{tmp_path}/x.npy")


def test_npz_file_gives_every_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", a=np.float32(1), b=np.array("text"))
    inputs = parse(str(tmp_path / "in.npz"))
    assert_array(inputs["a"], 1, "float32")
    assert inputs["b"].item() == "text"


def test_json_file_argument_and_standard_input_are_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps({"a": [1, 2], "b": "text"})
    (tmp_path / "in.json").write_text(text)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    for argument in (text, str(tmp_path / "in.json"), "-"):
        inputs = parse(argument)
        assert_array(inputs["a"], [1, 2], "int64")
        assert inputs["b"] == "text"


def test_json_objects_give_dtype_and_shape() -> None:
    inputs = parse('{"x": {"dtype": "float32", "shape": [2, 1], "data": [1, 2]}}')
    assert_array(inputs["x"], [[1], [2]], "float32")
    with pytest.raises(InputError, match="do not fill the shape"):
        parse('{"x": {"dtype": "float32", "shape": [3], "data": [1, 2]}}')


@pytest.mark.parametrize("shape", ['"ab"', "[-1, -2]", "[1.5]", "[true, 2]", "7", "{}"])
def test_shapes_that_are_none_are_refused(shape: str) -> None:
    with pytest.raises(InputError):
        parse(f'{{"x": {{"dtype": "float32", "shape": {shape}, "data": [1, 2]}}}}')


def test_later_arguments_replace_earlier_ones() -> None:
    assert parse("x=a", "x=b") == {"x": "b"}


@pytest.mark.parametrize(
    ("values", "dtype", "wrong"),
    [([1, 300], "uint8", "300"), ([-2], "uint64", "-2"), ([2**63], "int64", str(2**63)), ([2], "bool", "2")],
)
def test_npy_file_of_integers_is_not_converted_to_a_dtype_that_cannot_hold_them(
    values: list[int], dtype: str, wrong: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.array(values))
    with pytest.raises(InputError, match=f"{wrong} is no {dtype}"):
        parse(f"x:{dtype}=@{tmp_path / 'x.npy'}")


def test_npy_file_of_numbers_is_not_taken_for_strings(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1]))
    with pytest.raises(InputError, match="not converted to string"):
        parse(f"x:string=@{tmp_path / 'x.npy'}")


def test_an_integer_beyond_every_float_is_an_input_error() -> None:
    with pytest.raises(InputError, match="is no float32"):
        parse(f"x:float32=1{'0' * 400}")


@pytest.mark.parametrize(("text", "what"), [("[1]", "a list"), ('"a"', "a string"), ("1", "a number")])
def test_json_that_is_no_object_is_named(text: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=f"got {what}$"):
        parse(str(tmp_path / "x.json"))


def test_text_that_begins_with_at_and_is_no_file_gets_a_hint() -> None:
    with pytest.raises(InputError) as caught:
        parse("x=@nobody")
    assert "begins with `@`" in caught.value.hint
