"""Coalesced reads: one system call for many neighbouring small extents of a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from hdfsaver.files.positional_io import PIECE, batches, read_at, read_parts
from hdfsaver.files.readable import PositionalFile, Readable
from hdfsaver.tensor_info import Array, bytes_of


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

_ARRAYS = 512
"""The most arrays that one call fills: with the gaps between them no more parts than the 1024 that systems allow."""


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


def fill_small(fd: Readable, offsets: Sequence[int], arrays: Sequence[Array]) -> None:
    """Fill many small arrays with the bytes at places of a file, without a copy where the system has ``preadv``.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    offsets : sequence of int
        Where the bytes of each array begin, in any order; they do not overlap.
    arrays : sequence of ndarray
        Contiguous and writable.

    Raises
    ------
    EOFError, OSError
        See `hdfsaver.files.positional_io.read_at`.
    """
    sizes = [array.nbytes for array in arrays]
    if read_parts is None or not isinstance(fd, int):
        for number, data in read_small(fd, list(zip(offsets, sizes, strict=True))):
            bytes_of(arrays[number])[:] = data
        return
    order = sorted((number for number, size in enumerate(sizes) if size), key=offsets.__getitem__)
    starts = [offsets[number] for number in order]
    stops = [offsets[number] + sizes[number] for number in order]
    gap = memoryview(bytearray(_GAP))
    for first, last in together(starts, stops, _GAP):
        for begin in range(first, last, _ARRAYS):
            group = range(begin, min(begin + _ARRAYS, last))
            parts: list[Any] = []
            end = starts[begin]
            for position in group:
                if starts[position] > end:
                    parts.append(gap[: starts[position] - end])
                parts.append(arrays[order[position]])
                end = stops[position]
            if read_parts(fd, parts, starts[begin]) != end - starts[begin]:  # it may give less than it was asked for
                for position in group:
                    read_at(fd, bytes_of(arrays[order[position]]), starts[position])


def _read_remote(fd: PositionalFile, extents: Sequence[tuple[int, int]]) -> Iterator[tuple[int, memoryview]]:
    numbers = sorted(range(len(extents)), key=extents.__getitem__)
    for batch in batches(numbers, lambda number: extents[number][1]):
        views = [memoryview(bytearray(extents[number][1])) for number in batch]
        fd.read_many([(extents[number][0], view) for number, view in zip(batch, views, strict=True)], _ignored)
        yield from zip(batch, views, strict=True)


def _ignored(nbytes: int) -> None:
    """Count nothing: the caller counts the bytes of what it gets."""
