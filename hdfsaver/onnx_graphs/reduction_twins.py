"""Reductions along axes, and the places of the largest and smallest numbers."""

from __future__ import annotations

import numpy as np

from hdfsaver.onnx_graphs.elementwise_twins import FLOATS
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, check_float, twin

_REDUCTIONS = {
    "EuclideanNorm": "ReduceL2",
    "Max": "ReduceMax",
    "Mean": "ReduceMean",
    "Min": "ReduceMin",
    "Prod": "ReduceProd",
    "Sum": "ReduceSum",
}


def _axes(op: Given, to: Emitter) -> str | None:
    """The axes, a vector of int64; None for an empty list, so that nothing is reduced."""
    known = op.known(1)
    if known is not None:
        return to.constant(np.ravel(known).astype(np.int64)) if known.size else None
    return to.add("Reshape", to.cast(op[1], op.dtypes[1], "int64"), to.constant([-1]))


@twin(*_REDUCTIONS)
def reduction(op: Given, to: Emitter) -> str:
    """Along some axes; without any the value unchanged."""
    if op.type in ("Mean", "EuclideanNorm"):
        check_float(op)
    axes, value = _axes(op, to), op[0]
    if axes is None:
        return value
    kept = int(bool(op.attrs.get("keep_dims", False)))
    return to.add(_REDUCTIONS[op.type], value, axes, keepdims=kept, noop_with_empty_axes=1)


@twin("All", "Any")
def logical_reduction(op: Given, to: Emitter) -> str:
    """Whether all or any are true."""
    axes = _axes(op, to)
    if axes is None:
        return op[0]
    onnx = "ReduceMin" if op.type == "All" else "ReduceMax"
    numbers = to.cast(op[0], "bool", "int32")
    kept = int(bool(op.attrs.get("keep_dims", False)))
    return to.cast(to.add(onnx, numbers, axes, keepdims=kept, noop_with_empty_axes=1), "int32", "bool")


@twin("ArgMax", "ArgMin")
def arg_extreme(op: Given, to: Emitter) -> str:
    """The first place of the largest or smallest number."""
    axis = int(op.needed(1, "axis"))
    value = op[0]
    if op.dtypes[0] == "bool":
        value = to.cast(value, "bool", "int32")
    return to.cast(to.add(op.type, value, axis=axis, keepdims=0), "int64", op.dtypes_out[0])


@twin("TopKV2", "TopK")
def top_k(op: Given, to: Emitter) -> list[str]:
    """The largest numbers of each row, and their places."""
    if op.dtypes[0] not in FLOATS | {"int32", "int64"}:
        raise NoTwinError(f"ONNX sorts no {op.dtypes[0]}")
    if op.type == "TopK":
        k = to.constant([int(op.attrs["k"])])
    else:
        k = to.add("Reshape", to.cast(op[1], op.dtypes[1], "int64"), to.constant([1]))
    values, places = to.add_many("TopK", 2, op[0], k, axis=-1, largest=1, sorted=1)
    return [values, to.cast(places, "int64", op.dtypes_out[1])]
