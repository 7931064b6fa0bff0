"""Values joined, and taken apart."""

from __future__ import annotations

import numpy as np

from hdfsaver.onnx_graphs.emitter import Emitter
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("Concat", "ConcatV2")
def concat(op: Given, to: Emitter) -> str:
    """One behind the other along an axis."""
    values = op.all()
    if op.type == "ConcatV2":
        axis, values = int(op.needed(len(op) - 1, "axis")), values[:-1]
    else:
        axis, values = int(op.needed(0, "axis")), values[1:]
    return values[0] if len(values) == 1 else to.add("Concat", *values, axis=axis)


@twin("Pack")
def pack(op: Given, to: Emitter) -> str:
    """Along a new axis."""
    axis = int(op.attrs.get("axis", 0))
    values = [to.unsqueeze(value, [axis]) for value in op.all()]
    return values[0] if len(values) == 1 else to.add("Concat", *values, axis=axis)


@twin("Unpack")
def unpack(op: Given, to: Emitter) -> list[str]:
    """One value for each place of an axis."""
    axis, count = int(op.attrs.get("axis", 0)), int(op.attrs["num"])
    if count == 0:
        return []
    if count == 1:
        return [to.squeeze(op[0], [axis])]
    parts = to.add_many("Split", count, op[0], to.constant([1] * count), axis=axis)
    return [to.squeeze(part, [axis]) for part in parts]


@twin("Split")
def split(op: Given, to: Emitter) -> list[str]:
    """Into parts of one size."""
    axis, count = int(op.needed(0, "axis")), int(op.attrs["num_split"])
    return [op[1]] if count == 1 else to.add_many("Split", count, op[1], axis=axis, num_outputs=count)


@twin("SplitV")
def split_v(op: Given, to: Emitter) -> list[str]:
    """Into parts of given sizes, of which one may be -1, the rest."""
    axis, count = int(op.needed(2, "axis")), int(op.attrs["num_split"])
    if count == 1:
        return [op[0]]
    lengths = op.needed(1, "sizes").astype(np.int64)
    sizes = to.constant(lengths)
    if (lengths < 0).any():
        shape = op.shapes[0]
        length = None if shape is None else shape[axis]
        if length is not None:
            sizes = to.constant(np.where(lengths < 0, length - lengths[lengths >= 0].sum(), lengths))
        else:
            whole = to.add("Gather", to.add("Shape", op[0]), to.constant([axis]))
            rest = to.add("Sub", whole, to.constant([int(lengths[lengths >= 0].sum())]))
            sizes = to.add("Where", to.constant(lengths < 0), rest, sizes)
    return to.add_many("Split", count, op[0], sizes, axis=axis)
