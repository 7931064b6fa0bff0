"""Reading a part of an array in a file without the rest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hdfsaver.files.positional_io import PIECE, read_at
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


def read_part(fd: int, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any], key: Key) -> Array:
    """Read a part of an array that is stored in a file as one block, in row-major order.

    Parameters
    ----------
    fd : int
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
        _fill(fd, part, begin, strides)
    return part


def _fill(fd: int, part: Array, begin: int, strides: tuple[int, ...]) -> None:
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


def _read_whole(fd: int, part: Array, begin: int) -> None:
    view = part.reshape(-1).view(np.uint8).data
    for start in range(0, len(view), PIECE):
        read_at(fd, view[start : start + PIECE], begin + start)


def _read_span(fd: int, part: Array, begin: int, strides: tuple[int, ...], span: int) -> None:
    data = bytearray(span)
    read_at(fd, memoryview(data), begin)
    part[...] = np.ndarray(part.shape, part.dtype, data, 0, strides)
