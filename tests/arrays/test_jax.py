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


def test_a_tree_of_parameters(tmp_path):
    """The leaves of a pytree are saved under the paths that JAX gives them."""
    tree = {"dense": {"kernel": jax.numpy.ones((2, 3)), "bias": [jax.numpy.zeros(3), (jax.numpy.arange(2),)]}}
    hdfsaver.save_file(tree, tmp_path / "x.h5")
    found = hdfsaver.load_file(tmp_path / "x.h5")
    names = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        names["/".join(str(getattr(key, "key", getattr(key, "idx", None))) for key in path)] = leaf
    assert names.keys() == found.keys()
    for name, leaf in names.items():
        np.testing.assert_array_equal(np.asarray(leaf), found[name], strict=True)
