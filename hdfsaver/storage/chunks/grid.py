"""The grid of chunks of an array.

The grids that this package writes are regular: the shape of a chunk is 1 in the first dimensions, any size in the next,
and the size of the array in the rest. So each chunk is one contiguous range of the array's bytes, and the chunks in
order are the array in order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from hdfsaver.tensor_info import Key

Shape = tuple[int, ...]


def chunk_for(shape: Shape, itemsize: int, nbytes: int) -> Shape:
    """Choose the shape of the chunks of an array that is not empty.

    The last chunk of a row has as little padding as possible, because HDF5 stores the padding.

    Parameters
    ----------
    shape : tuple of int
        The shape of the array.
    itemsize : int
        Bytes of an element.
    nbytes : int
        About this many bytes a chunk should have.

    Returns
    -------
    tuple of int
        The shape of a chunk.
    """
    chunk = [1] * len(shape)
    below = itemsize
    for axis in reversed(range(len(shape))):
        if below * shape[axis] > nbytes:
            count = -(-shape[axis] // max(1, nbytes // below))
            chunk[axis] = -(-shape[axis] // count)
            break
        chunk[axis] = shape[axis]
        below *= shape[axis]
    return tuple(chunk)


@dataclass(frozen=True)
class Grid:
    """An array divided into chunks.

    Attributes
    ----------
    shape, chunk : tuple of int
        The shape of the array, and of a chunk, which is not empty.
    itemsize : int
        Bytes of an element.
    """

    shape: Shape
    chunk: Shape
    itemsize: int

    @cached_property
    def axis(self) -> int:
        """The dimension that is divided; chunks have size 1 in the dimensions before it."""
        return next((axis for axis, size in enumerate(self.chunk) if size != 1), len(self.chunk) - 1)

    @property
    def is_regular(self) -> bool:
        """Whether each chunk is one contiguous range of the array, and none is larger than the array."""
        cut = self.axis + 1
        return (
            len(self.chunk) == len(self.shape) > 0
            and all(0 < size <= whole for size, whole in zip(self.chunk, self.shape, strict=True))
            and self.chunk[cut:] == self.shape[cut:]
        )

    @cached_property
    def counts(self) -> Shape:
        """The number of chunks along each dimension."""
        return tuple(-(-whole // size) for whole, size in zip(self.shape, self.chunk, strict=True))

    @cached_property
    def count(self) -> int:
        """The number of chunks."""
        return math.prod(self.counts)

    @cached_property
    def nbytes(self) -> int:
        """Bytes of a whole chunk."""
        return math.prod(self.chunk) * self.itemsize

    @property
    def size(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * self.itemsize

    @cached_property
    def _row(self) -> int:
        return math.prod(self.shape[self.axis :]) * self.itemsize

    def stretch(self, number: int) -> tuple[int, int]:
        """The byte range of a chunk in a regular grid: first and last (not included)."""
        row, place = divmod(number, self.counts[self.axis])
        start = row * self._row + place * self.nbytes
        return start, min(start + self.nbytes, (row + 1) * self._row)

    def corner(self, number: int) -> Shape:
        """Where a chunk begins, in elements of each dimension."""
        corner = []
        for count, size in zip(reversed(self.counts), reversed(self.chunk), strict=True):
            number, place = divmod(number, count)
            corner.append(place * size)
        return tuple(reversed(corner))

    def overlaps(self, key: Key) -> Iterator[tuple[int, Key, Key]]:
        """The chunks that overlap a part, with the indices of the overlap in the part and in the chunk."""
        if any(each.start >= each.stop for each in key):
            return
        touched = (range(each.start // size, -(-each.stop // size)) for each, size in zip(key, self.chunk, strict=True))
        for places in product(*touched):
            bounds = [
                (at * size, max(each.start, at * size), min(each.stop, (at + 1) * size))
                for each, at, size in zip(key, places, self.chunk, strict=True)
            ]
            target = tuple(slice(a - each.start, b - each.start) for (_, a, b), each in zip(bounds, key, strict=True))
            yield self._number(places), target, tuple(slice(a - corner, b - corner) for corner, a, b in bounds)

    def _number(self, places: Shape) -> int:
        number = 0
        for place, count in zip(places, self.counts, strict=True):
            number = number * count + place
        return number
