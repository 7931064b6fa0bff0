"""Comparisons, logic, and choices between two values."""

from __future__ import annotations

from functools import partial

import numpy as np

from hdfsaver.onnx_graphs.elementwise_twins import scalar
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin

SAME = {
    "Greater": "Greater",
    "GreaterEqual": "GreaterOrEqual",
    "IsInf": "IsInf",
    "IsNan": "IsNaN",
    "Less": "Less",
    "LessEqual": "LessOrEqual",
    "LogicalAnd": "And",
    "LogicalNot": "Not",
    "LogicalOr": "Or",
    "SelectV2": "Where",
}


def alike(onnx: str, op: Given, to: Emitter) -> str:
    """One node with all inputs."""
    return to.add(onnx, *op.all())


for _type, _onnx in SAME.items():
    twin(_type)(partial(alike, _onnx))


@twin("Equal", "NotEqual")
def equal(op: Given, to: Emitter) -> str:
    """Equal or not."""
    if op.dtypes[0] == "string":
        raise NoTwinError("a comparison of strings")
    found = to.add("Equal", op[0], op[1])
    return found if op.type == "Equal" else to.add("Not", found)


@twin("ApproximateEqual")
def approximate_equal(op: Given, to: Emitter) -> str:
    """Less than a tolerance apart."""
    distance = to.add("Abs", to.add("Sub", op[0], op[1]))
    return to.add("Less", distance, scalar(op, to, op.attrs["tolerance"]))


@twin("IsFinite")
def is_finite(op: Given, to: Emitter) -> str:
    """Neither infinite nor NaN."""
    return to.add("Not", to.add("Or", to.add("IsInf", op[0]), to.add("IsNaN", op[0])))


@twin("Select")
def select(op: Given, to: Emitter) -> str:
    """One of two values, element by element, or row by row where the condition has one axis."""
    condition = op[0]
    rank = None if op.shapes[1] is None else len(op.shapes[1])
    if op.shapes[0] is None or (rank is None and len(op.shapes[0]) == 1):
        sizes = to.add("Shape", condition)
        count = to.add("Sub", to.add("Shape", to.add("Shape", op[1])), to.add("Shape", sizes))
        further = to.add("Expand", to.constant([1]), to.add("Max", count, to.constant([0])))
        condition = to.add("Reshape", condition, to.add("Concat", sizes, further, axis=0), allowzero=1)
    elif len(op.shapes[0]) == 1 and rank is not None and rank > 1:
        condition = to.unsqueeze(condition, range(1, rank))
    return to.add("Where", condition, op[1], op[2])


@twin("Where")
def where(op: Given, to: Emitter) -> str:
    """The places of what is not 0, a row each."""
    return to.add("Transpose", to.add("NonZero", op[0]), perm=[1, 0])


@twin("InTopKV2")
def in_top_k(op: Given, to: Emitter) -> str:
    """Whether the target is among the k largest predictions."""
    target = to.add("GatherElements", op[0], to.unsqueeze(op[1], [1]), axis=1)
    larger = to.cast(to.add("Greater", op[0], target), "bool", "int64")
    count = to.add("ReduceSum", larger, to.constant([1]), keepdims=0)
    return to.add("Less", count, to.cast(op[2], op.dtypes[2], "int64"))


@twin("InTopK")
def in_top_k_1(op: Given, to: Emitter) -> str:
    """Whether the target is among the k largest predictions."""
    target = to.add("GatherElements", op[0], to.unsqueeze(op[1], [1]), axis=1)
    larger = to.cast(to.add("Greater", op[0], target), "bool", "int64")
    count = to.add("ReduceSum", larger, to.constant([1]), keepdims=0)
    return to.add("Less", count, to.constant(np.int64(op.attrs["k"])))
