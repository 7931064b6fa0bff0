"""Values put at places, and sums of rows by numbers."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("ScatterNd")
def scatter_nd(op: Given, to: Emitter) -> str:
    """Values at places of zeros; those at one place are added."""
    places = to.cast(op[0], op.dtypes[0], "int64")
    return _added(to, to.cast(op[2], op.dtypes[2], "int64"), places, op[1], op.dtypes[1])


@twin("UnsortedSegmentSum")
def segment_sum(op: Given, to: Emitter) -> str:
    """The sum of the rows of each number; a negative number is left out in TensorFlow, and cannot be in ONNX."""
    known = op.known(1)
    if known is None or (known < 0).any():
        raise NoTwinError("the numbers of its rows are known only when it runs, or negative")
    rank = len(known.shape)
    whole = to.add("Shape", op[0])
    row = to.add("Slice", whole, to.constant([rank]), to.constant([np.iinfo(np.int64).max]))
    count = to.add("Reshape", to.cast(op[2], op.dtypes[2], "int64"), to.constant([1]))
    places = to.constant(known.astype(np.int64)[..., np.newaxis])
    return _added(to, to.add("Concat", count, row, axis=0), places, op[0], op.dtypes[0])


def _added(to: Emitter, shape: str, places: str, values: str, dtype: str) -> str:
    if dtype not in ("float32", "float64", "int32", "int64"):
        raise NoTwinError(f"ONNX Runtime adds no {dtype} at places")
    zeros = to.add("ConstantOfShape", shape, value=np.zeros(1, dtypes.numpy_dtype(dtype)))
    return to.add("ScatterND", zeros, places, values, reduction=b"add")
