"""Coalesced reads: one system call for many neighbouring small extents of a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from hdfsaver.files.positional_io import PIECE, batches, read_at
from hdfsaver.files.readable import PositionalFile, Readable


def together(starts: Sequence[int], stops: Sequence[int], gap: int) -> Iterator[tuple[int, int]]:
    """Group extents of a file that one read covers.

    Parameters
    ----------
    starts, stops : sequence of int
        Where each extent begins and ends, in bytes; in order, not overlapping.
    gap : int
        Bytes between two neighbours up to which the gap is read rather than skipped.

    Yields
    ------
    (int, int)
        First and last (not included) extent of a group. A group covers at most `PIECE` bytes; a longer extent is a
        group of its own.
    """
    breaks = np.flatnonzero(np.array(starts[1:]) - np.array(stops[:-1]) > gap) + 1
    edges = [0, *breaks.tolist(), len(starts)]
    for first, last in pairwise(edges):
        while first < last:
            end = max(first + 1, bisect_right(stops, starts[first] + PIECE, first, last))
            yield first, end
            first = end


_GAP = 4096


def read_small(fd: Readable, extents: Sequence[tuple[int, int]]) -> Iterator[tuple[int, memoryview]]:
    """The bytes of many small extents.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    extents : sequence of (int, int)
        Offset and length of each, in any order.

    Yields
    ------
    int
        The position of the extent in ``extents``.
    memoryview
        Its bytes.
    """
    if not isinstance(fd, int):
        yield from _read_remote(fd, extents)
        return
    order = sorted(range(len(extents)), key=extents.__getitem__)
    starts = [extents[index][0] for index in order]
    stops = [offset + nbytes for offset, nbytes in map(extents.__getitem__, order)]
    for first, last in together(starts, stops, _GAP):
        begin = starts[first]
        data = memoryview(bytearray(stops[last - 1] - begin))
        read_at(fd, data, begin)
        for position in range(first, last):
            yield order[position], data[starts[position] - begin : stops[position] - begin]


def _read_remote(fd: PositionalFile, extents: Sequence[tuple[int, int]]) -> Iterator[tuple[int, memoryview]]:
    numbers = sorted(range(len(extents)), key=extents.__getitem__)
    for batch in batches(numbers, lambda number: extents[number][1]):
        views = [memoryview(bytearray(extents[number][1])) for number in batch]
        fd.read_many([(extents[number][0], view) for number, view in zip(batch, views, strict=True)], _ignored)
        yield from zip(batch, views, strict=True)


def _ignored(nbytes: int) -> None:
    """Count nothing: the caller counts the bytes of what it gets."""
