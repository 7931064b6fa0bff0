"""Every source gives arrays in this machine's byte order and in row-major order, whatever its file has."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file as save_safetensors

import hdfsaver
from hdfsaver.formats.open_source import open_source
from hdfsaver.tensor_info import native

WHOLE = np.arange(24).reshape(2, 3, 4)


def _hdf5(path, array):
    with h5py.File(path, "w") as file:
        is_complex = array.dtype.kind == "c"  # HDF5 itself has big-endian numbers, but no complex ones
        file["x"] = native(array) if is_complex else array


def _pickle(path, array):
    path.write_bytes(pickle.dumps({"x": array}))


def _bundle(path, array):
    hdfsaver.save_file({"x": array}, path.with_suffix(".h5"))
    hdfsaver.convert(path.with_suffix(".h5"), path)


MAKERS: dict[str, Callable[[Path, Any], object]] = {
    "x.h5": lambda path, array: hdfsaver.save_file({"x": array}, path),
    "plain.h5": _hdf5,
    "x.npz": lambda path, array: np.savez(path, x=array),
    "packed.npz": lambda path, array: np.savez_compressed(path, x=array),
    "x.npy": np.save,
    "x.pkl": _pickle,
    "x.safetensors": lambda path, array: save_safetensors({"x": native(array)}, path),
    "bundle": _bundle,
}

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "rows": lambda array: array,
    "columns": np.asfortranarray,
    "steps": lambda array: np.repeat(array, 2, axis=1)[:, ::2],
    "backward": lambda array: array[::-1, :, ::-1],
    "scalar": lambda array: array[1, 2, 3],
    "empty": lambda array: array[:, :0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", MAKERS)
def test_every_source(tmp_path, name, layout):
    """Whole values, parts, and the values in each target are the numbers of the array."""
    for dtype in (">f4", "<f4", ">i8", ">u2", ">c8", ">f2", "?", "i1"):
        array = np.asarray(LAYOUTS[layout](WHOLE.astype(dtype)))
        expected = np.array(array.tolist(), array.dtype.newbyteorder("=")).reshape(array.shape)
        MAKERS[name](tmp_path / name, array)
        with open_source(tmp_path / name) as file:
            found = file["x"]
            np.testing.assert_array_equal(expected, found, strict=True, err_msg=dtype)
            assert found.dtype.isnative
            assert found.dtype.isbuiltin  # writers ask for it
            assert found.flags.c_contiguous
            assert found.flags.writeable
            if array.ndim:
                part = file.get_slice("x")[1:, ::2]
                np.testing.assert_array_equal(expected[1:, ::2], part, strict=True)
                assert part.dtype.isnative
            mapped = file.read_many(["x"], mmap_mode="r")["x"]
            np.testing.assert_array_equal(expected, mapped, strict=True)


@pytest.mark.parametrize("target", ["y.safetensors", "y.npz", "y.h5", "y"])
@pytest.mark.parametrize("name", ["plain.h5", "x.npz", "x.npy", "x.pkl"])
def test_every_target(tmp_path, name, target):
    """A big-endian array in columns has the same numbers in each target."""
    array = np.asfortranarray(WHOLE.astype(">f4"))
    MAKERS[name](tmp_path / name, array)
    hdfsaver.convert(tmp_path / name, tmp_path / target)
    np.testing.assert_array_equal(array.astype("f4"), hdfsaver.load_file(tmp_path / target)["x"], strict=True)


def test_a_native_array_is_not_copied():
    """Only other orders cost a copy."""
    array = np.arange(3)
    assert native(array) is array
    assert native(array.astype(">i8")) is not array


def test_what_is_saved(tmp_path):
    """Strings and numbers of other byte orders, and arrays without elements, are saved as they are elsewhere."""
    hdfsaver.save_file(
        {"x": np.array([1.0], ">f4"), "u": np.array(["é"], ">U3"), "e": np.empty((0, 2), ">i2"), "b": np.array(True)},
        tmp_path / "x.h5",
    )
    found = hdfsaver.load_file(tmp_path / "x.h5")
    assert {"x": [1.0], "u": ["é".encode()], "e": [], "b": True} == {name: it.tolist() for name, it in found.items()}
    assert (0, 2) == found["e"].shape
