"""Tensors of PyTorch in and out, where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver
import hdfsaver.torch
from tests import forks

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not a dependency")

DTYPES = [
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"),
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back(tmp_path, dtype):
    """Bit for bit, of the same dtype and shape."""
    tensor = torch.arange(6).to(getattr(torch, dtype)).reshape(2, 3)
    hdfsaver.torch.save_file({"x": tensor}, tmp_path / "x.h5")
    found = hdfsaver.torch.load_file(tmp_path / "x.h5")["x"]
    assert (tensor.dtype, tensor.shape) == (found.dtype, found.shape)
    assert torch.equal(tensor.view(torch.uint8), found.view(torch.uint8))


def test_nothing_is_copied(tmp_path):
    """Saving uses the tensor's own memory, and loading the memory that was read."""
    from hdfsaver.library_arrays import as_numpy, as_torch

    for dtype in (torch.float32, torch.bfloat16, torch.float8_e5m2):
        tensor = torch.zeros(1000, dtype=dtype)
        array = as_numpy(tensor, "x")
        assert tensor.data_ptr() == array.ctypes.data
        assert tensor.data_ptr() == as_torch(array, "x").data_ptr()


def test_tensors_of_every_kind(tmp_path):
    """Gradients, views, conjugates and parameters are saved as what they show."""
    base = torch.arange(12.0).to(torch.complex64).reshape(3, 4)
    tensors = {
        "grad": torch.ones(3, requires_grad=True),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "view": base.real.t()[::2],
        "conjugate": (base * 1j).conj(),
        "bfloat16 view": torch.ones(4, 6, dtype=torch.bfloat16)[:, ::2],
    }
    hdfsaver.save_file(tensors, tmp_path / "x.h5")
    found = hdfsaver.torch.load_file(tmp_path / "x.h5")
    for name, tensor in tensors.items():
        assert torch.equal(tensor.detach().resolve_conj(), found[name]), name


def test_a_model_goes_there_and_back(tmp_path):
    """A state_dict is a dict of arrays; mapped tensors can be loaded into a model."""
    model = torch.nn.Linear(300, 200)
    hdfsaver.torch.save_file(model.state_dict(), tmp_path / "x.h5")
    other = torch.nn.Linear(300, 200)
    other.load_state_dict(hdfsaver.torch.load_file(tmp_path / "x.h5", mmap_mode="c"))
    assert torch.equal(model.weight, other.weight)
    assert (200, 300) == hdfsaver.load_file(tmp_path / "x.h5")["weight"].shape


def test_what_torch_does_not_have(tmp_path):
    """Text has no dtype in PyTorch, and a sparse tensor none in NumPy."""
    hdfsaver.save_file({"text": np.array([b"a"], dtype=object)}, tmp_path / "x.h5")
    with pytest.raises(TypeError, match=r"'text' has dtype string.*hdfsaver\.load_file"):
        hdfsaver.torch.load_file(tmp_path / "x.h5")
    with (
        hdfsaver.torch.open_file(tmp_path / "x.h5") as file,
        pytest.raises(TypeError, match=r"'text' has dtype string"),
    ):
        file["text"]
    with pytest.raises(TypeError, match=r"'s', a tensor of torch\.float32"):
        hdfsaver.save_file({"s": torch.eye(3).to_sparse()}, tmp_path / "y.h5")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64", "bool"])
def test_an_open_file_gives_tensors(tmp_path, dtype):
    """Whole or in part, in the order of the file, of dtype and shape as they were saved."""
    tensor = torch.arange(24).to(getattr(torch, dtype)).reshape(4, 6)
    hdfsaver.torch.save_file({"x": tensor, "n": tensor[0, 1]}, tmp_path / "x.h5", metadata={"a": "b"})
    with hdfsaver.torch.open_file(tmp_path / "x.h5", device=torch.device("cpu")) as file:
        assert (["x", "n"], 2, {"a": "b"}) == (list(file), len(file), file.metadata())
        assert "x" in file
        assert "y" not in file
        part = file.get_slice("x")
        assert ([4, 6], dtype) == (part.get_shape(), part.get_dtype().name)
        assert torch.equal(tensor, part[...])
        assert torch.equal(tensor[1:3, ::2], part[1:3, ::2])
        assert torch.equal(tensor.flip(0), part[::-1])
        assert torch.equal(tensor[2, 3], part[2, 3])
        for found, expected in ((file["x"], tensor), (file.get_tensor("n"), tensor[0, 1])):
            assert (expected.dtype, expected.shape) == (found.dtype, found.shape)
            assert torch.equal(expected, found)
        for look in (file.__getitem__, file.get_slice):
            with pytest.raises(KeyError, match="has no array 'y'"):
                look("y")
    with pytest.raises(hdfsaver.errors.FailedPreconditionError):
        file["x"]


def test_torch_is_not_loaded_for_others(tmp_path):
    """Saving arrays of NumPy does not load PyTorch."""
    code = """
import sys, numpy, hdfsaver.torch
hdfsaver.torch.save_file({"x": numpy.ones(3)}, sys.argv[1])
assert "torch" not in sys.modules
"""
    forks.run("-c", code, tmp_path / "x.h5")


def test_a_saver_restores_tensors_in_place(tmp_path):
    """A state_dict shares its tensors with the model, which has the values again."""
    model = torch.nn.Linear(3, 2)
    saver = hdfsaver.train.Saver(dict(model.state_dict()))
    path = saver.save(None, tmp_path / "m")
    before = model.weight.detach().clone()
    with torch.no_grad():
        model.weight.zero_()
    saver.restore(None, path)
    assert torch.equal(before, model.weight)
