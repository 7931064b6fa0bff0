"""Reading a part of an array in a file without the rest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from hdfsaver.files.positional_io import PIECE, batches, read_at
from hdfsaver.files.readable import PositionalFile, Readable
from hdfsaver.tensor_info import Array, Key

_GAP = 65536
"""Gaps of at most this many bytes are read rather than skipped."""


def part_of(value: Array, key: Key) -> Array:
    """A copy of a part of a value that was read; an array even where it has no dimensions."""
    index: Any = (*key, ...)
    found: Array = value[index].copy()
    return found


def normalized(key: tuple[slice, ...], shape: tuple[int, ...], name: str) -> Key:
    """Resolve the bounds of every slice within its dimension, as Python's slicing does.

    Parameters
    ----------
    key : tuple of slice
        One slice for each dimension.
    shape : tuple of int
        The shape of the array.
    name : str
        The array, for errors.

    Returns
    -------
    tuple of slice
        Slices with step 1, and with start and stop within the dimension.

    Raises
    ------
    ValueError
        There is not exactly one slice for each dimension, or a slice has a step.
    """
    if len(key) != len(shape) or not all(isinstance(part, slice) and part.step in (None, 1) for part in key):
        raise ValueError(f"A part of {name!r} needs a tuple of {len(shape)} slices with step 1, not {key!r}.")
    bounds = (part.indices(size)[:2] for part, size in zip(key, shape, strict=True))
    return tuple(slice(start, max(start, stop)) for start, stop in bounds)


def read_part(fd: Readable, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any], key: Key) -> Array:
    """Read a part of an array that is stored in a file as one block, in row-major order.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    offset : int
        Where the array begins in the file, in bytes.
    shape : tuple of int
        The shape of the whole array.
    dtype : dtype
        The dtype of its elements.
    key : tuple of slice
        One slice with step 1 for each dimension.

    Returns
    -------
    ndarray
        A new array, contiguous and writable.

    Raises
    ------
    EOFError, OSError
        See `hdfsaver.files.positional_io.read_at`.
    """
    part = np.empty([each.stop - each.start for each in key], dtype)
    if part.size:
        strides = tuple(math.prod(shape[axis + 1 :]) * dtype.itemsize for axis in range(len(shape)))
        begin = offset + sum(each.start * stride for each, stride in zip(key, strides, strict=True))
        if isinstance(fd, int):
            _fill(fd, part, begin, strides)
        else:
            _fill_from_remote(fd, part, begin, strides)
    return part


def _fill_from_remote(fd: PositionalFile, part: Array, begin: int, strides: tuple[int, ...]) -> None:
    """Fill ``part`` by few requests at once: first it is seen which ranges it takes."""
    pieces = list(_pieces(part, begin, strides))
    for batch in batches(pieces, lambda piece: piece.span):
        data = [
            piece.part.reshape(-1).view(np.uint8) if piece.is_whole else np.empty(piece.span, np.uint8)
            for piece in batch
        ]
        fd.read_many([(piece.begin, found.data) for piece, found in zip(batch, data, strict=True)], lambda nbytes: None)
        for piece, found in zip(batch, data, strict=True):
            if not piece.is_whole:
                target = piece.part
                target[...] = np.ndarray(target.shape, target.dtype, found.data, 0, piece.strides)


class _Piece(NamedTuple):
    """A part of an array whose elements are in one range of the file, perhaps with gaps."""

    part: Array
    begin: int
    strides: tuple[int, ...]
    span: int
    is_whole: bool


def _pieces(part: Array, begin: int, strides: tuple[int, ...]) -> Iterator[_Piece]:
    span = sum((size - 1) * stride for size, stride in zip(part.shape, strides, strict=True)) + part.itemsize
    is_whole = span == part.nbytes and part.flags.c_contiguous
    if is_whole or span <= PIECE:
        yield _Piece(part, begin, strides, span, is_whole)
        return
    for start, stop in _batches(len(part), strides[0], part.nbytes // len(part)):
        rows, rest = (part[start], strides[1:]) if stop - start == 1 else (part[start:stop], strides)
        yield from _pieces(rows, begin + start * strides[0], rest)


def _fill(fd: Readable, part: Array, begin: int, strides: tuple[int, ...]) -> None:
    """Fill ``part`` with the elements that begin at an offset of the file and have the given strides there."""
    span = sum((size - 1) * stride for size, stride in zip(part.shape, strides, strict=True)) + part.itemsize
    if span == part.nbytes and part.flags.c_contiguous:
        _read_whole(fd, part, begin)
    elif span <= PIECE:
        _read_span(fd, part, begin, strides, span)
    else:
        for start, stop in _batches(len(part), strides[0], part.nbytes // len(part)):
            # A batch of one row drops its dimension, so that the next dimension can be divided.
            rows, rest = (part[start], strides[1:]) if stop - start == 1 else (part[start:stop], strides)
            _fill(fd, rows, begin + start * strides[0], rest)


def _batches(rows: int, stride: int, nbytes: int) -> list[tuple[int, int]]:
    """Batches of rows that one read covers: rows close together, at most `PIECE` bytes."""
    step = max(1, PIECE // stride) if stride - nbytes <= _GAP else 1
    return [(start, min(start + step, rows)) for start in range(0, rows, step)]


def _read_whole(fd: Readable, part: Array, begin: int) -> None:
    view = part.reshape(-1).view(np.uint8).data
    for start in range(0, len(view), PIECE):
        read_at(fd, view[start : start + PIECE], begin + start)


def _read_span(fd: Readable, part: Array, begin: int, strides: tuple[int, ...], span: int) -> None:
    data = bytearray(span)
    read_at(fd, memoryview(data), begin)
    part[...] = np.ndarray(part.shape, part.dtype, data, 0, strides)
