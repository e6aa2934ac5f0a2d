"""What goes into a model and what comes back, through the `noop` runner, which returns its inputs."""

from __future__ import annotations

import array
import contextlib
import ctypes
import gc
import os
import signal
import sys
import threading
import time
import weakref
from types import MappingProxyType
from typing import Any

import hypothesis.extra.numpy as hnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from native_helpers import FAST, stopped

import cartonml.sync
from cartonml import _native
from cartonml.errors import ClosedError, InputError, InvalidError, RunnerCrashedError, RunnerTimeoutError
from cartonml.sync import SyncCarton

pytest_plugins = ("native_fixtures",)

NUMERIC = [
    np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64,
    np.float16, np.float32, np.float64, ml_dtypes.bfloat16,
]  # fmt: skip


def echo(model: SyncCarton, value: Any) -> np.ndarray[Any, Any]:
    return model.infer({"x": value})["x"]


def assert_same(result: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    np.testing.assert_array_equal(result, expected)


# ---- numbers ----


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda dtype: np.dtype(dtype).name)
@pytest.mark.parametrize("shape", [(), (1,), (0,), (0, 3), (2, 0, 3), (2, 3), (1,) * 32], ids=str)
def test_every_dtype_and_shape_comes_back_as_it_went(
    model: SyncCarton, dtype: Any, shape: tuple[int, ...]
) -> None:
    given = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape).astype(dtype)
    result = echo(model, given)
    assert type(result) is np.ndarray
    assert_same(result, given)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_view_of_an_array_is_read_correctly(model: SyncCarton, data: st.DataObject) -> None:
    dtypes = hnp.integer_dtypes() | hnp.unsigned_integer_dtypes() | hnp.floating_dtypes(sizes=(16, 32, 64))
    shape = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)
    whole = data.draw(hnp.arrays(data.draw(dtypes), shape))
    view = whole[data.draw(hnp.basic_indices(whole.shape, allow_newaxis=True))].T
    assert_same(
        echo(model, view), np.ascontiguousarray(view, view.dtype.newbyteorder("=")).reshape(view.shape)
    )


def test_byte_swapped_numbers_are_converted(model: SyncCarton) -> None:
    assert_same(echo(model, np.array([1, 256], ">i4")), np.array([1, 256], np.int32))
    assert_same(echo(model, np.array(1.5, ">f8")), np.array(1.5))


def test_unaligned_arrays_are_read_correctly(model: SyncCarton) -> None:
    unaligned = np.frombuffer(b"\0" + np.arange(3, dtype=np.float64).tobytes(), np.float64, offset=1)
    assert not unaligned.flags.aligned
    assert_same(echo(model, unaligned), np.arange(3, dtype=np.float64))


def test_nan_infinity_and_negative_zero_keep_their_bits(model: SyncCarton) -> None:
    given = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324])
    assert echo(model, given).tobytes() == given.tobytes()


def test_python_scalars_are_0d_int64_float64_and_bool(model: SyncCarton) -> None:
    result = model.infer({"i": -(2**63), "f": 0.1, "b": True})
    assert_same(result["i"], np.array(-(2**63), np.int64))
    assert_same(result["f"], np.array(0.1, np.float64))
    assert_same(result["b"], np.array(True))


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda dtype: np.dtype(dtype).name)
def test_numpy_scalars_keep_their_dtype(model: SyncCarton, dtype: Any) -> None:
    assert_same(echo(model, dtype(1)), np.array(1).astype(dtype))


def test_64_mib_come_back(model: SyncCarton) -> None:
    given = np.arange(2**23, dtype=np.int64)
    assert_same(echo(model, given), given)


# ---- other libraries' arrays ----


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (array.array("d", [1, 2]), np.array([1.0, 2.0])),
        (memoryview(np.array([1, 2, 3], np.int16))[::-1], np.array([3, 2, 1], np.int16)),
        (b"\x00\xff", np.array([0, 255], np.uint8)),
        (bytearray(b"ab"), np.array([97, 98], np.uint8)),
        ((ctypes.c_float * 2)(1.5, 2.5), np.array([1.5, 2.5], np.float32)),
    ],
    ids=["array.array", "memoryview", "bytes", "bytearray", "ctypes"],
)  # fmt: skip
def test_buffers_become_tensors(model: SyncCarton, value: Any, expected: np.ndarray[Any, Any]) -> None:
    assert_same(echo(model, value), expected)


class Exporter:
    """An array that offers nothing but DLPack."""

    def __init__(self, source: np.ndarray[Any, Any], device: tuple[int, int] = (1, 0)) -> None:
        self.source, self.device = source, device

    def __dlpack__(self) -> Any:
        return self.source.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device


@pytest.mark.parametrize("dtype", NUMERIC[:-1], ids=lambda dtype: np.dtype(dtype).name)
def test_dlpack_tensors_are_read_whatever_their_strides(model: SyncCarton, dtype: Any) -> None:
    source = (np.arange(24) % 2).reshape(2, 3, 4).astype(dtype)
    for view in (source, source.T, source[:, ::-1, 1:3]):
        assert_same(echo(model, Exporter(view)), np.ascontiguousarray(view))


def test_dlpack_tensors_on_a_device_are_refused_with_the_way_to_the_host(model: SyncCarton) -> None:
    with pytest.raises(
        InputError, match=r"input `x` is a .*Exporter in the memory of a device.*\n.*\.cpu\(\)"
    ):
        echo(model, Exporter(np.zeros(1), (2, 0)))


def test_torch_tensors_are_accepted_bfloat16_too(model: SyncCarton) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    assert_same(echo(model, torch.arange(6).reshape(2, 3).T), np.arange(6).reshape(2, 3).T)
    assert_same(echo(model, torch.tensor([1.5]).bfloat16()), np.array([1.5], ml_dtypes.bfloat16))
    with pytest.raises(InputError, match=r"requires? grad[^\n]*\nhint: .*\.detach\(\)"):
        echo(model, torch.ones(1, requires_grad=True))


# ---- text ----


@pytest.mark.parametrize(
    "text",
    ["", "text", "grün", "日本語", "😀 emoji 👩‍👩‍👧", "NUL\0 inside", "\x7f\x1b", "x" * 2**20, "é" * 2**19],
    ids=["empty", "ascii", "latin", "cjk", "emoji", "nul", "control", "1 MB", "2 MB"],
)  # fmt: skip
def test_a_str_comes_back_as_a_0d_text_array(model: SyncCarton, text: str) -> None:
    result = echo(model, text)
    assert (result.shape, result.dtype.kind) == ((), "U")
    assert result.dtype.itemsize == 4 * max(len(text), 1)
    assert result.item() == text


def test_a_list_of_str_comes_back_as_text_as_wide_as_its_longest(model: SyncCarton) -> None:
    result = echo(model, ["A", "list", "of", "strings"])
    assert_same(result, np.array(["A", "list", "of", "strings"]))
    assert result.dtype == np.dtype("<U7")
    assert_same(echo(model, ("a", "b")), np.array(["a", "b"]))


def test_an_empty_list_is_an_empty_list_of_text(model: SyncCarton) -> None:
    assert_same(echo(model, []), np.array([], "<U1"))


@pytest.mark.parametrize(
    "given",
    [
        np.array([["a", "bé"], ["", "😀"]]),
        np.asfortranarray([["a", "b", "c"], ["d", "e", "f"]]),
        np.array(["ab", "cd", "ef"])[::-2],
        np.array(["ab", "é😀"]).astype(">U2"),
        np.array(["a", "bc"], object),
        np.array("scalar"),
        np.empty((0, 2), "<U3"),
        np.array(["", ""]),
        np.str_("numpy's own"),
    ],
    ids=["2-d", "fortran", "reversed", "byte-swapped", "object", "0-d", "empty", "empty strings", "np.str_"],
)  # fmt: skip
def test_text_arrays_come_back_element_by_element(model: SyncCarton, given: Any) -> None:
    result = echo(model, given)
    assert result.shape == np.shape(given)
    assert result.tolist() == np.asarray(given).tolist()


def test_text_that_ends_in_nul_comes_back_in_an_object_array(model: SyncCarton) -> None:
    result = echo(model, ["ends in\0", "b"])
    assert result.dtype == object
    assert result.tolist() == ["ends in\0", "b"]
    assert echo(model, "\0").item() == "\0"


def test_text_padded_to_more_than_four_times_its_length_comes_back_in_an_object_array(
    model: SyncCarton,
) -> None:
    at_the_limit = ["12345678", "", "", ""]
    assert echo(model, at_the_limit).dtype == np.dtype("<U8")
    beyond = [*at_the_limit, ""]
    result = echo(model, beyond)
    assert result.dtype == object
    assert result.tolist() == beyond


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_any_texts_come_back(model: SyncCarton, texts: list[str]) -> None:
    assert echo(model, texts).tolist() == texts


# ---- refused ----


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1j, r"is a complex number.*\nhint: .*two inputs"),
        (np.array([1j]), r"has dtype complex128; .*\nhint: .*value\.real"),
        (np.array([b"x"]), r"has dtype \|S1; .*\nhint: .*\.astype\(str\)"),
        (np.bytes_(b"x"), r"has dtype \|S1; .*\nhint: .*\.astype\(str\)"),
        (np.array(["2020-01-01"], "M8[D]"), r"has dtype datetime64\[D\]; .*\nhint: .*int64"),
        (np.array([1], "m8[s]"), r"has dtype timedelta64\[s\]; .*\nhint: .*int64"),
        (np.zeros(1, [("a", "f4")]), r"has dtype \[\('a', '<f4'\)\]; .*\nhint: .*one input per field"),
        (np.longdouble(1), r"has dtype float128; .*\nhint: .*float32"),
        (np.zeros(1, ml_dtypes.float8_e4m3fn), r"has dtype float8_e4m3fn; .*\nhint: "),
        (np.array([1, "x"], object), r"object array whose element 0 is of type int; .*\nhint: .*astype"),
        (np.array(["x", None], object), r"object array whose element 1 is of type NoneType"),
        (np.ma.array([1, 2], mask=[True, False]), r"is a masked array.*\nhint: .*\.filled"),
        (np.zeros((1,) * 33), r"has 33 dimensions, and a tensor has at most 32"),
        (2**63, r"is a Python int that int64 cannot hold.*\nhint: .*uint64"),
        (-(2**63) - 1, r"is a Python int that int64 cannot hold"),
        (None, r"is None\nhint: leave an optional input out"),
        ({1, 2}, r"is a set, which Carton cannot convert\nhint: pass a numpy array"),
        (object(), r"is a object, which"),
        ([1.0, 2.0], r"is a list whose element 0 is of type float; .*\nhint: .*np\.array"),
        (["a", b"b"], r"is a list whose element 1 is of type bytes"),
        ([["a"]], r"is a list whose element 0 is of type list"),
        ("\ud800", r"holds a lone surrogate"),
        (["ok", "\udfff"], r"element 1 holds a lone surrogate"),
        (np.array(["\ud800"]), r"element 0 holds a lone surrogate"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_values_that_carton_does_not_carry_are_refused_by_name(
    model: SyncCarton, value: Any, message: str
) -> None:
    with pytest.raises(InputError, match=f"^input `x` (.* )?{message}"):
        echo(model, value)


def test_an_exporter_that_fails_is_quoted(model: SyncCarton) -> None:
    class Broken:
        def __dlpack__(self) -> Any:
            raise BufferError("not today")

    with pytest.raises(InputError, match=r"Broken that DLPack could not export \(BufferError: not today\)"):
        echo(model, Broken())


@pytest.mark.parametrize("name", [1, None, "a\0b", "\ud800", b"x"], ids=repr)
def test_input_names_that_are_no_names_are_refused(model: SyncCarton, name: Any) -> None:
    with pytest.raises(InputError, match=r"^input names are str without NUL, got "):
        model.infer({name: 1})


@pytest.mark.parametrize(
    "inputs", [None, 5, [("x", 1)], "x", np.zeros(2)], ids=lambda value: type(value).__name__
)
def test_inputs_that_are_no_mapping_are_a_type_error(model: SyncCarton, inputs: Any) -> None:
    with pytest.raises(TypeError, match="must be a dict of names to values, got"):
        model.infer(inputs)


@pytest.mark.parametrize("timeout", [-1, float("nan"), "1", True])
def test_a_timeout_that_is_no_duration_is_refused(model: SyncCarton, timeout: Any) -> None:
    with pytest.raises(InvalidError, match="timeout must be a number of seconds"):
        model.infer({"x": 1}, timeout=timeout)


# ---- names, order, ownership ----


def test_any_mapping_is_accepted_and_the_order_kept(model: SyncCarton) -> None:
    names = ["z", "a", "", "日本 😀", 'quo"te`', "m"]
    result = model.infer(MappingProxyType({name: i for i, name in enumerate(names)}))
    assert [(name, value.item()) for name, value in result.items()] == [(n, i) for i, n in enumerate(names)]


def test_no_inputs_give_no_outputs(model: SyncCarton) -> None:
    assert model.infer({}) == {}


def test_a_dict_that_changes_while_it_is_read_does_no_harm(model: SyncCarton) -> None:
    inputs: dict[str, Any] = {}

    class Shrinking:
        def __dlpack__(self) -> Any:
            inputs.clear()
            return np.ones(2).__dlpack__()

    inputs.update(x=Shrinking(), y=np.zeros(1000))
    assert_same(model.infer(inputs)["x"], np.ones(2))


def test_outputs_are_writable_and_independent(model: SyncCarton) -> None:
    given = np.zeros(1000)
    results = [echo(model, given) for _ in range(3)]
    for i, result in enumerate(results):
        assert result.flags.writeable
        assert result.flags.aligned
        result[:] = i
    assert [set(result) for result in results] == [{0.0}, {1.0}, {2.0}]
    assert not given.any()


@pytest.mark.parametrize("count", [3, 10**6])
def test_outputs_outlive_their_model(noop_carton: Any, count: int) -> None:
    given = np.arange(count)
    with cartonml.sync.load(noop_carton) as model:
        results = [echo(model, given + i) for i in range(3)]
    del model
    gc.collect()
    for i, result in enumerate(results):
        assert_same(result, given + i)


def test_inputs_are_released_after_the_call(model: SyncCarton) -> None:
    class Array(np.ndarray):  # type: ignore[type-arg]
        pass  # can be referenced weakly

    given = np.ones(10**6).view(Array)
    gone = weakref.ref(given)
    echo(model, given)
    del given
    gc.collect()
    assert gone() is None


def test_a_refused_input_releases_those_before_it(model: SyncCarton) -> None:
    given = np.ones(1000)
    before = sys.getrefcount(given)
    for _ in range(10):
        with pytest.raises(InputError):
            model.infer({"good": given, "bad": object()})
    assert sys.getrefcount(given) == before


def test_no_handle_is_left_behind(model: SyncCarton) -> None:
    echo(model, 1)
    gc.collect()
    before = _native.live_objects()
    for _ in range(50):
        result = model.infer({"a": np.ones(5), "b": ["x", "y"], "c": "z"})
        with pytest.raises(InputError):
            model.infer({"a": object()})
    del result
    gc.collect()
    assert _native.live_objects() == before


def test_many_threads_get_their_own_answers(model: SyncCarton) -> None:
    wrong: list[object] = []

    def work(seed: int) -> None:
        for i in range(100):
            value = np.full((seed + 1, 50), seed * 1000 + i)
            result = model.infer({"x": value, "s": f"{seed}/{i}"})
            if not (np.array_equal(result["x"], value) and result["s"].item() == f"{seed}/{i}"):
                wrong.append((seed, i))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# ---- runners that hang, die or are closed ----


def test_a_deadline_ends_the_call_and_says_so(noop_carton: Any) -> None:
    with cartonml.sync.load(noop_carton) as model:
        with stopped(model.runner_pid):
            begin = time.monotonic()
            with pytest.raises(RunnerTimeoutError):
                model.infer({"x": 1}, timeout=0.2)
            assert 0.2 <= time.monotonic() - begin < FAST
        assert echo(model, 2).item() == 2


def test_other_threads_run_while_a_call_waits(noop_carton: Any) -> None:
    def wait() -> None:
        with contextlib.suppress(RunnerTimeoutError):
            model.infer({"x": 1}, timeout=0.5)

    with cartonml.sync.load(noop_carton) as model, stopped(model.runner_pid):
        waiting = threading.Thread(target=wait)
        waiting.start()
        ticks = 0
        while waiting.is_alive():
            time.sleep(0.01)
            ticks += 1
    assert ticks > 5


def test_a_runner_that_is_killed_is_reported_with_its_signal(noop_carton: Any) -> None:
    with cartonml.sync.load(noop_carton) as model:
        pid = model.runner_pid
        with stopped(pid):
            threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
            with pytest.raises(RunnerCrashedError, match="SIGKILL"):
                model.infer({"x": 1}, timeout=FAST)
        with pytest.raises(RunnerCrashedError):
            model.infer({"x": 1}, timeout=FAST)
        assert model.runner_pid == 0


def test_closing_ends_a_call_in_another_thread(noop_carton: Any) -> None:
    errors: list[BaseException] = []

    def wait(model: SyncCarton) -> None:
        try:
            model.infer({"x": 1})
        except BaseException as error:
            errors.append(error)

    with cartonml.sync.load(noop_carton) as model, stopped(model.runner_pid):
        waiting = threading.Thread(target=wait, args=(model,))
        waiting.start()
        time.sleep(0.1)
        model.close()
        waiting.join(FAST)
    assert [type(error) for error in errors] == [ClosedError]
