"""TorchScript models, packed and run in the real runner, as a user of the Python package sees them."""

from __future__ import annotations

import logging
from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
import torch

from cartonml import InputError, InvalidError, ModelError, TensorSpec, UnsupportedError
from cartonml.sync import SyncCarton

from . import torch_models as models

Load = Callable[..., SyncCarton]

DTYPES = [
    *("float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "bool", "float16"),
    ml_dtypes.bfloat16,
]


def test_the_example_model_gives_what_torch_gives(load_model: Load) -> None:
    a = np.linspace(-1, 1, 7, dtype=np.float32)
    outputs = load_model(models.Example()).infer({"a": a, "b": "text", "c": ["x", "y"]})
    assert list(outputs) == ["doubled", "string", "stringlist"]
    np.testing.assert_array_equal(outputs["doubled"], a * 2)
    assert outputs["doubled"].dtype == np.float32
    assert outputs["string"].shape == ()
    assert str(outputs["string"]) == "A string"
    assert outputs["stringlist"].tolist() == ["A", "list", "of", "strings"]


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3), (70, 50)], ids=str)
def test_every_dtype_passes_through_bit_for_bit(load_model: Load, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    arrays = {}
    for dtype in map(np.dtype, DTYPES):
        raw = random.integers(0, 2 if dtype.name == "bool" else 256, (*shape, dtype.itemsize), dtype=np.uint8)
        arrays[dtype.name] = raw.view(dtype).reshape(shape)
    outputs = load_model(models.Echo()).infer(arrays)
    assert set(outputs) == set(arrays)
    for name, array in arrays.items():
        assert outputs[name].dtype == array.dtype, name
        assert outputs[name].shape == array.shape, name
        assert outputs[name].tobytes() == array.tobytes(), name


def test_strings_pass_through_with_nul_emoji_and_a_megabyte(load_model: Load) -> None:
    texts = ["", "a\0b", "ends in nul\0", "🐧 漢字", "x" * (1 << 20)]
    outputs = load_model(models.Echo()).infer({"one": texts[3], "many": texts, "none": np.zeros(1, np.int8)})
    assert str(outputs["one"]) == texts[3]
    assert outputs["many"].tolist() == texts


def test_non_contiguous_and_byte_swapped_arrays_are_never_misread(load_model: Load) -> None:
    base = np.arange(24, dtype=np.float64).reshape(4, 6)
    views = {
        "t": base.T,
        "stepped": base[::2, ::-1],
        "swapped": base.astype(">f8"),
        "fortran": np.asfortranarray(base),
    }
    outputs = load_model(models.Echo()).infer(views)
    for name, view in views.items():
        np.testing.assert_array_equal(outputs[name], view)


def test_an_input_written_in_place_changes_neither_the_caller_nor_the_next_call(load_model: Load) -> None:
    for size in (10, 5_000_000):
        model = load_model(models.WritesInput())
        x = np.ones(size, np.float32)
        for _ in range(3):
            y = model.infer({"x": x})["y"]
            assert y[0] == 1
            assert (y[1:] == 101).all()
            assert (x == 1).all()


def test_an_input_that_the_model_keeps_stays_what_it_was(load_model: Load) -> None:
    for size in (10, 300_000):
        model = load_model(models.KeepsInput())
        for call in range(4):
            before = model.infer({"x": np.full(size, call, np.float32)})["before"]
            assert (before == max(call - 1, 0)).all()


def test_returned_state_is_a_snapshot(load_model: Load) -> None:
    model = load_model(models.ReturnsState())
    one = np.ones(100_000, np.float32)
    results = [model.infer({"x": one}) for _ in range(3)]
    for count, result in enumerate(results, start=1):
        assert (result["state"] == count).all()
        assert (result["same"] == count).all()
        assert result["slice"].tolist() == [count]
    results[0]["state"][:] = -1  # the caller's own
    assert (results[0]["same"] == 1).all()
    assert (model.infer({"x": one})["state"] == 4).all()


def test_a_force_field_computes_gradients_inside_forward(load_model: Load) -> None:
    position = np.arange(6, dtype=np.float64).reshape(2, 3)
    outputs = load_model(models.ForceField()).infer({"position": position})
    np.testing.assert_array_equal(outputs["force"], -2 * position)
    np.testing.assert_array_equal(outputs["energy"], (position**2).sum())


def test_an_error_inside_the_model_names_its_line_and_the_model_lives_on(load_model: Load) -> None:
    model = load_model(models.Fails())
    with pytest.raises(ModelError) as raised:
        model.infer({"x": np.full((2, 2), -1, np.float32)})
    assert "negative sums are not for this model" in str(raised.value)
    with pytest.raises(ModelError) as raised:
        model.infer({"x": np.ones((2, 3), np.float32)})
    assert "torch_models.py" in str(raised.value)
    assert "matmul" in str(raised.value)
    assert "frame #" not in str(raised.value)
    assert model.infer({"x": np.eye(2, dtype=np.float32)})["y"].tolist() == [[1, 0], [0, 1]]


def test_what_the_model_prints_reaches_logging(load_model: Load, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="cartonml.runner")
    model = load_model(models.Talks())
    model.infer({"x": np.zeros(1, np.float32)})
    model.close()  # drains the last line
    assert any("the model says hello" in record.getMessage() for record in caplog.records)


def test_an_output_without_a_tensor_form_is_named(load_model: Load) -> None:
    model = load_model(models.ReturnsInt())
    with pytest.raises(UnsupportedError, match="`n`"):
        model.infer({"x": np.zeros(1, np.float32)})


def test_a_string_tensor_of_two_dimensions_is_refused(load_model: Load) -> None:
    model = load_model(models.Echo())
    with pytest.raises(InputError, match="`x`"):
        model.infer({"x": np.array([["a", "b"]])})
    assert model.infer({"x": "fine"})["x"] == "fine"


def test_declared_inputs_are_checked_before_the_model_runs(load_model: Load) -> None:
    model = load_model(models.AddOne(), inputs=[TensorSpec("x", "float32", ["n", 3])])
    with pytest.raises(InputError, match="`x` must be float32, got float64") as raised:
        model.infer({"x": np.zeros((2, 3))})
    assert ".astype" in raised.value.hint
    with pytest.raises(InputError, match="axis 1 must be 3, got 4"):
        model.infer({"x": np.zeros((2, 4), np.float32)})
    with pytest.raises(InputError, match="`x` is missing"):
        model.infer({})
    with pytest.raises(InputError, match="no input `y`"):
        model.infer({"x": np.zeros((2, 3), np.float32), "y": 1})
    assert (model.infer({"x": np.zeros((5, 3), np.float32)})["y"] == 1).all()


def test_options_of_a_wrong_type_are_refused_and_unknown_ones_warned_of(
    pack_model: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    import cartonml.sync

    path = pack_model(models.AddOne())
    with pytest.raises(InvalidError, match="num_threads"):
        cartonml.sync.load(path, override_runner_opts={"num_threads": "many"})
    caplog.set_level(logging.WARNING, logger="cartonml.runner")
    with cartonml.sync.load(path, override_runner_opts={"num_treads": 1}) as model:
        model.infer({"x": np.zeros(1, np.float32)})
    assert any("num_treads" in record.getMessage() for record in caplog.records)


def test_results_equal_torch_in_process_over_dynamic_shapes(load_model: Load) -> None:
    torch.manual_seed(0)

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(16, 64), torch.nn.GELU(), torch.nn.Linear(64, 4)
            )

        def forward(self, x: models.Dict[str, torch.Tensor]) -> models.Dict[str, torch.Tensor]:
            return {"y": self.layers(x["x"]).softmax(-1)}

    net = Net().eval()
    model = load_model(net)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for batch in (1, 2, 33, 257):
            x = torch.randn(batch, 16)
            with torch.inference_mode():
                want = net({"x": x})["y"].numpy()
            np.testing.assert_array_equal(model.infer({"x": x.numpy()})["y"], want)
    finally:
        torch.set_num_threads(threads)
