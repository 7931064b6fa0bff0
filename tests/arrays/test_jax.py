"""Arrays of JAX, where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver

jax = pytest.importorskip("jax", reason="JAX is not installed; it is not a dependency")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float8_e4m3fn", "int32", "bool", "complex64"])
def test_every_dtype_comes_back(tmp_path, dtype):
    """Arrays of JAX are saved bit for bit, and what is loaded is an array that JAX takes."""
    array = jax.numpy.arange(6).astype(dtype).reshape(2, 3)
    hdfsaver.save_file({"x": array}, tmp_path / "x.h5")
    found = jax.numpy.asarray(hdfsaver.load_file(tmp_path / "x.h5")["x"])
    assert array.dtype == found.dtype
    assert np.asarray(array).tobytes() == np.asarray(found).tobytes()


def test_a_saver_restores_arrays_of_jax(tmp_path):
    """A read-only array is replaced in the dict by a JAX array."""
    arrays = {"x": jax.numpy.arange(3.0)}
    saver = hdfsaver.train.Saver(arrays)
    path = saver.save(None, tmp_path / "m")
    arrays["x"] = arrays["x"] * 0
    saver.restore(None, path)
    assert isinstance(arrays["x"], jax.Array)
    assert [0.0, 1.0, 2.0] == arrays["x"].tolist()
