"""The grid of chunks that an array is cut into.

Those of ours are regular: a chunk has whole rows, or part of one; its shape is 1 in the first dimensions, anything in
the next, and that of the array in the rest. So its values are one stretch of the array's bytes, and the chunks in order
are the array in order.
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
    """The shape of chunks of about so many bytes, for an array that has elements.

    The last chunk of a row is as full as it can be: HDF5 stores the padding too.
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
    """An array cut into chunks.

    Attributes
    ----------
    shape, chunk : tuple of int
        Of the array, and of the chunks, which have elements.
    itemsize : int
        Bytes of an element.
    """

    shape: Shape
    chunk: Shape
    itemsize: int

    @cached_property
    def axis(self) -> int:
        """The dimension that is cut; those before it are gone through one by one."""
        return next((axis for axis, size in enumerate(self.chunk) if size != 1), len(self.chunk) - 1)

    @property
    def is_regular(self) -> bool:
        """Whether each chunk is one stretch of the array, and none is larger than the array."""
        cut = self.axis + 1
        return (
            len(self.chunk) == len(self.shape) > 0
            and all(0 < size <= whole for size, whole in zip(self.chunk, self.shape, strict=True))
            and self.chunk[cut:] == self.shape[cut:]
        )

    @cached_property
    def counts(self) -> Shape:
        """How many chunks there are along each dimension."""
        return tuple(-(-whole // size) for whole, size in zip(self.shape, self.chunk, strict=True))

    @cached_property
    def count(self) -> int:
        """How many chunks there are."""
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
        """Which of the array's bytes are in a chunk of a regular grid: first and last (not included)."""
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
        """The chunks that have something of a part, with the indices of that in the part and in the chunk."""
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
