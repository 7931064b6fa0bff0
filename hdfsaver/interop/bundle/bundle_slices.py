"""Slices of a tensor that is stored in parts, and the check that they cover the wanted part."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, TypeAlias

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.tensor_info import Array, Key

Extents: TypeAlias = tuple[tuple[int, int], ...]
"""Start and length in each dimension; a length of -1 means the whole dimension."""

_MOST_CORNERS = 1 << 20


def extents_of(message: Any) -> Extents:
    """The extents of a ``TensorSliceProto``."""
    return tuple((it.start, it.length if it.HasField("length") else -1) for it in message.extent)


def box_of(extents: Extents, shape: tuple[int, ...], name: str) -> Key:
    """The position of a slice in its tensor.

    Parameters
    ----------
    extents : sequence of (int, int)
        Start and length of the slice in each dimension; a length of -1 means the whole dimension.
    shape : tuple of int
        The shape of the tensor.
    name : str
        The tensor, for errors.

    Returns
    -------
    tuple of slice
        One slice with step 1 for each dimension.

    Raises
    ------
    DataLossError
        The slice is not within the tensor.
    """
    if len(extents) != len(shape):
        raise DataLossError(
            None, None, f"tensor {name!r} has {len(shape)} dimensions, but one of its slices has {len(extents)}."
        )
    box = []
    for (start, length), size in zip(extents, shape, strict=True):
        stop = size if length == -1 else start + length
        if not 0 <= start <= stop <= size:
            raise DataLossError(
                None, None, f"a slice of tensor {name!r} has {length} rows from row {start} of a dimension of {size}."
            )
        box.append(slice(start, stop))
    return tuple(box)


def shape_of(box: Key) -> tuple[int, ...]:
    """The shape of a box."""
    return tuple(part.stop - part.start for part in box)


def overlap(one: Key, other: Key) -> Key | None:
    """The overlap of two boxes, or None."""
    shared = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return shared if all(part.start < part.stop for part in shared) else None


def moved(box: Key, origin: Key) -> Key:
    """A box relative to the first element of another."""
    return tuple(slice(part.start - base.start, part.stop - base.start) for part, base in zip(box, origin, strict=True))


def cut(array: Array, box: Key) -> Array:
    """The part of an array, always as an array, even without dimensions."""
    where: Any = (*box, ...)
    part: Array = array[where]
    return part


def check_tiling(boxes: Sequence[Key], target: Key, name: str) -> None:
    """Check that boxes within a target cover each of its elements exactly once.

    Parameters
    ----------
    boxes : sequence of tuple of slice
        The boxes.
    target : tuple of slice
        The target.
    name : str
        The tensor, for errors.

    Raises
    ------
    DataLossError
        They leave a gap, or overlap.
    InvalidArgumentError
        There are too many boxes, divided along too many dimensions.
    """
    axes = [axis for axis, part in enumerate(target) if any(box[axis] != part for box in boxes)]
    if (len(boxes) + 1) << len(axes) > _MOST_CORNERS:
        raise InvalidArgumentError(
            None,
            None,
            f"tensor {name!r} has {len(boxes)} slices, divided along {len(axes)} dimensions: too many to check.",
        )
    if not boxes or _corners(boxes, axes) != _corners([target], axes):
        raise DataLossError(
            None,
            None,
            f"the {len(boxes)} slices of tensor {name!r} do not cover the wanted part exactly: it is incomplete.",
        )


def _corners(boxes: Iterable[Key], axes: Sequence[int]) -> dict[tuple[int, ...], int]:
    """The corners of boxes, each with the sum of its signs in all boxes.

    The cumulative sum along every dimension gives how often each element is covered. So two sets of boxes with the same
    corners cover the same elements equally often.
    """
    counts: Counter[tuple[int, ...]] = Counter()
    for box in boxes:
        bounds = [((box[axis].start, 1), (box[axis].stop, -1)) for axis in axes]
        for corner in product(*bounds):
            counts[tuple(position for position, _ in corner)] += math.prod(sign for _, sign in corner)
    return {corner: count for corner, count in counts.items() if count}
