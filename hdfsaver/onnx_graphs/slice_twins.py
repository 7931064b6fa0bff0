"""Parts of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hdfsaver.onnx_graphs.emitter import LARGEST, SMALLEST, Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("Slice")
def plain_slice(op: Given, to: Emitter) -> str:
    """A part by its begin and its size; a size of -1 means the rest."""
    begin, size = op.known(1), op.known(2)
    if begin is not None and size is not None:
        begin, size = begin.astype(np.int64), size.astype(np.int64)
        return to.add("Slice", op[0], to.constant(begin), to.constant(np.where(size < 0, LARGEST, begin + size)))
    first, length = to.cast(op[1], op.dtypes[1], "int64"), to.cast(op[2], op.dtypes[2], "int64")
    is_rest = to.add("Less", length, to.constant(np.asarray(0, np.int64)))
    end = to.add("Where", is_rest, to.constant(np.asarray(LARGEST, np.int64)), to.add("Add", first, length))
    return to.add("Slice", op[0], first, end)


@dataclass
class _Parts:
    """The axes that are cut, those from which one place is taken, and the new ones, by their place in the result."""

    cut: list[tuple[int, int]] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)
    new: list[int] = field(default_factory=list)


@twin("StridedSlice")
def strided_slice(op: Given, to: Emitter) -> str:
    """A part as Python's ``x[...]`` takes it."""
    strides = op.needed(3, "steps")
    parts = _parts(op, len(strides))
    value = op[0]
    if parts.cut:
        steps = [int(strides[place]) for place, _ in parts.cut]
        begin = _bounds(op, to, 1, "begin_mask", parts.cut, [0 if step > 0 else LARGEST for step in steps])
        end = _bounds(op, to, 2, "end_mask", parts.cut, [LARGEST if step > 0 else SMALLEST for step in steps])
        value = to.add("Slice", value, begin, end, to.constant([axis for _, axis in parts.cut]), to.constant(steps))
    for place, axis in reversed(parts.taken):
        value = to.add("Gather", value, _element(op, to, place), axis=axis)
    return to.unsqueeze(value, parts.new)


def _parts(op: Given, count: int) -> _Parts:
    def has(mask: str, place: int) -> bool:
        return bool(int(op.attrs.get(mask, 0)) >> place & 1)

    found = _Parts()
    axis = result = 0
    for place in range(count):
        if has("ellipsis_mask", place):
            rest = sum(not has("new_axis_mask", other) for other in range(place + 1, count))
            length = max(op.rank() - axis - rest, 0)
            axis, result = axis + length, result + length
        elif has("new_axis_mask", place):
            found.new.append(result)
            result += 1
        elif has("shrink_axis_mask", place):
            found.taken.append((place, axis))
            axis += 1
        else:
            is_whole = has("begin_mask", place) and has("end_mask", place)
            if not is_whole or int(op.needed(3, "steps")[place]) != 1:
                found.cut.append((place, axis))
            axis, result = axis + 1, result + 1
    return found


def _bounds(
    op: Given, to: Emitter, position: int, mask: str, cut: Sequence[tuple[int, int]], open_ones: Sequence[int]
) -> str:
    """The begins or ends of the axes that are cut."""
    masks = int(op.attrs.get(mask, 0))
    is_open = [bool(masks >> place & 1) for place, _ in cut]
    value = op.known(position)
    needed = [place for (place, _), free in zip(cut, is_open, strict=True) if not free]
    known = _partly(op, position, needed) if value is None else value.tolist()
    if known is not None:
        rows = zip(cut, is_open, open_ones, strict=True)
        return to.constant([bound if free else known[place] for (place, _), free, bound in rows])
    values = to.cast(op[position], op.dtypes[position], "int64")
    pieces = []
    for (place, _), free, bound in zip(cut, is_open, open_ones, strict=True):
        pieces.append(to.constant([bound]) if free else to.add("Gather", values, to.constant([place])))
    return pieces[0] if len(pieces) == 1 else to.add("Concat", *pieces, axis=0)


def _partly(op: Given, position: int, places: Sequence[int]) -> list[int] | None:
    """The bounds where those that matter are known; a negative one may be unknown."""
    sizes = op.sizes(position)
    if sizes is None or any(sizes[place] is None for place in places):
        return None
    return [int(size or 0) for size in sizes]


def _element(op: Given, to: Emitter, place: int) -> str:
    """The place that is taken of an axis, a scalar."""
    known = op.known(1)
    if known is not None:
        return to.constant(np.asarray(known[place], np.int64))
    index = to.constant(np.asarray(place, np.int64))
    return to.add("Gather", to.cast(op[1], op.dtypes[1], "int64"), index)


@twin("ReverseV2")
def reverse(op: Given, to: Emitter) -> str:
    """Some axes from the end to the begin."""
    axes = [int(axis) for axis in op.needed(1, "axes")]
    count = len(axes)
    if not count:
        return op[0]
    first, end, steps = to.constant([LARGEST] * count), to.constant([SMALLEST] * count), to.constant([-1] * count)
    return to.add("Slice", op[0], first, end, to.constant(axes), steps)


@twin("ReverseSequence")
def reverse_sequence(op: Given, to: Emitter) -> str:
    """The first places of each sequence from the last to the first."""
    batch, time = int(op.attrs.get("batch_dim", 0)), int(op.attrs["seq_dim"])
    if {batch, time} != {0, 1}:
        raise NoTwinError("its axes are not the first two")
    lengths = to.cast(op[1], op.dtypes[1], "int64")
    return to.add("ReverseSequence", op[0], lengths, batch_axis=batch, time_axis=time)
