from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cartonml._errors import InvalidError, LimitError
from cartonml._format.values import string_array, to_array, to_bytes


class FromDlpack:
    """Something that is no numpy array but speaks DLPack."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        (np.float32(1), "float32", ()),
        (np.zeros((0, 3), np.int8), "int8", (0, 3)),
        (True, "bool", ()),
        (2**63 - 1, "int64", ()),
        (-(2**63), "int64", ()),
        (1.5, "float64", ()),
        ("", "<U1", ()),
        ([], "<U1", (0,)),
        (("a",), "<U1", (1,)),
        (np.array([["a", "bc"]], dtype=object), "<U2", (1, 2)),
        (np.zeros(2, ml_dtypes.bfloat16), "bfloat16", (2,)),
        (FromDlpack(np.zeros(3, np.int16)), "int16", (3,)),
    ],
)
def test_values_become_arrays_without_a_cast(value: Any, dtype: str, shape: tuple[int, ...]) -> None:
    array = to_array(value, "x")
    assert (str(array.dtype), array.shape) == (dtype, shape)


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(1, np.complex64),
        np.array([b"bytes"]),
        np.array("2020-01-01", dtype="datetime64[D]"),
        np.zeros(1, [("a", "i4")]),
        np.zeros(1, np.longdouble),
        2**63,
        ["lone \ud800 surrogate"],
    ],
)
def test_values_the_format_lacks_are_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidError, match="input `x`"):
        to_array(value, "input `x`")


@pytest.mark.parametrize(
    "value", [None, [1, 2], {"a": 1}, ["a", 1], b"raw", np.array(["a", 1], dtype=object)]
)
def test_values_that_are_no_tensors_are_type_errors(value: Any) -> None:
    with pytest.raises(TypeError, match="input `x`"):
        to_array(value, "input `x`")


def test_rank_has_a_limit() -> None:
    with pytest.raises(LimitError, match="rank of input `x` is limited to 32, got 33"):
        to_array(np.zeros([1] * 32)[None], "input `x`")


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.arange(12, dtype=np.int32).reshape(2, 6)[:, ::2] // 2,
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        np.arange(6, dtype=np.int32)[::-1][::-1].reshape(2, 3),
        np.arange(6, dtype=np.int32).reshape(3, 2).T.reshape(2, 3) * 0
        + np.arange(6, dtype=np.int32).reshape(2, 3),
    ],
)
def test_bytes_are_little_endian_c_order_whatever_the_layout(array: Any) -> None:
    assert to_bytes(to_array(array, "x")) == np.arange(6, dtype="<i4").tobytes()


@given(
    hnp.arrays(
        hnp.integer_dtypes(endianness="?") | hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
        hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
    )
)
def test_bytes_hold_the_elements(array: Any) -> None:
    back = np.frombuffer(to_bytes(to_array(array, "x")), array.dtype.newbyteorder("<")).reshape(array.shape)
    np.testing.assert_array_equal(back, array)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_string_arrays_keep_every_string(items: list[str]) -> None:
    assert string_array(items, (len(items),)).tolist() == items
    assert to_array(items, "x").tolist() == items
