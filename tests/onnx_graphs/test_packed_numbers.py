"""Numbers of which several share a byte in ONNX."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from hdfsaver.onnx_graphs.onnx_messages import _tensor

numpy_helper = pytest.importorskip("onnx.numpy_helper")


@pytest.mark.parametrize("name", ["int4", "uint4", "float4_e2m1fn", "int2", "uint2"])
@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0,)])
def test_narrow_numbers_are_packed(name, shape):
    """The package `onnx` reads the numbers that were given."""
    dtype = np.dtype(getattr(ml_dtypes, name))
    array = np.resize(np.array([1, 0, 2, 3, 1], np.float32), shape).astype(dtype)
    np.testing.assert_array_equal(array, numpy_helper.to_array(_tensor("x", array)), strict=True)
