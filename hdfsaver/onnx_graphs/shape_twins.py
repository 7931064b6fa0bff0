"""Shapes, and values in other shapes."""

from __future__ import annotations

import numpy as np

from hdfsaver.onnx_graphs.emitter import Emitter
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("Shape")
def shape(op: Given, to: Emitter) -> str:
    """The shape of a value."""
    return to.cast(to.add("Shape", op[0]), "int64", op.dtypes_out[0])


@twin("ShapeN")
def shapes(op: Given, to: Emitter) -> list[str]:
    """The shapes of several values."""
    return [to.cast(to.add("Shape", value), "int64", op.dtypes_out[0]) for value in op.all()]


@twin("Size")
def size(op: Given, to: Emitter) -> str:
    """The number of elements."""
    return to.cast(to.add("Size", op[0]), "int64", op.dtypes_out[0])


@twin("Rank")
def rank(op: Given, to: Emitter) -> str:
    """The number of axes."""
    return to.cast(to.add("Size", to.add("Shape", op[0])), "int64", "int32")


@twin("Reshape")
def reshape(op: Given, to: Emitter) -> str:
    """The same elements in another shape."""
    sizes = op.sizes(1)
    known = op.known(1)
    if known is not None:
        return to.reshape(op[0], [int(each) for each in known])
    if sizes is not None and sizes.count(None) <= 1 and 0 not in sizes:
        return to.reshape(op[0], [-1 if each is None else each for each in sizes])
    return to.add("Reshape", op[0], to.cast(op[1], op.dtypes[1], "int64"), allowzero=1)


@twin("ExpandDims")
def expand_dims(op: Given, to: Emitter) -> str:
    """A further axis of size 1."""
    return to.unsqueeze(op[0], [int(op.needed(1, "axis").ravel()[0])])


@twin("Squeeze")
def squeeze(op: Given, to: Emitter) -> str:
    """Without axes of size 1, all or some."""
    axes = op.attrs.get("squeeze_dims") or op.attrs.get("axis") or []
    if axes:
        return to.squeeze(op[0], [int(axis) for axis in axes])
    known = op.shapes[0]
    if known is not None and None not in known:
        return to.squeeze(op[0], [axis for axis, length in enumerate(known) if length == 1])
    return to.add("Squeeze", op[0])


@twin("Transpose")
def transpose(op: Given, to: Emitter) -> str:
    """The axes in another order."""
    return to.transpose(op[0], [int(axis) for axis in op.needed(1, "order of axes")])


@twin("InvertPermutation")
def invert_permutation(op: Given, to: Emitter) -> str:
    """Where each number is found."""
    count = to.add("Shape", op[0])
    one = np.asarray(1, np.int64)
    last = to.add("Squeeze", count)
    numbers = to.add("Range", to.constant(np.asarray(0, np.int64)), last, to.constant(one))
    places = to.cast(op[0], op.dtypes[0], "int64")
    return to.cast(to.add("ScatterElements", numbers, places, numbers, axis=0), "int64", op.dtypes_out[0])


@twin("BroadcastTo")
def broadcast_to(op: Given, to: Emitter) -> str:
    """A value repeated along axes of size 1."""
    return to.add("Expand", op[0], to.cast(op[1], op.dtypes[1], "int64"))


@twin("Fill")
def fill(op: Given, to: Emitter) -> str:
    """One number everywhere."""
    return to.add("Expand", op[1], to.cast(op[0], op.dtypes[0], "int64"))


@twin("Range")
def numbers(op: Given, to: Emitter) -> str:
    """Numbers at equal distances."""
    return to.add("Range", *op.all())


@twin("Tile")
def tile(op: Given, to: Emitter) -> str:
    """A value several times."""
    return to.add("Tile", op[0], to.cast(op[1], op.dtypes[1], "int64"))


@twin("OneHot")
def one_hot(op: Given, to: Emitter) -> str:
    """One value at the place of each index, and another one elsewhere, also for an index that is not a place."""
    axis = int(op.attrs.get("axis", -1))
    index = to.cast(op[0], op.dtypes[0], "int64")
    scalar = [np.asarray(number, np.int64) for number in (0, 1)]
    places = to.add("Range", to.constant(scalar[0]), to.cast(op[1], op.dtypes[1], "int64"), to.constant(scalar[1]))
    if axis != -1:
        places = to.reshape(places, [-1] + [1] * (op.rank() - axis))
    return to.add("Where", to.add("Equal", to.unsqueeze(index, [axis]), places), op[2], op[3])
