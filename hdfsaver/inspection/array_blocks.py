"""Reading an array of a file block by block, so that one may be larger than memory."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.tensor_info import STRING, Array, Key, TensorInfo

AT_ONCE = 2**28
"""An array of at most this number of bytes is read at once, and compared with its digest."""

_BLOCK = 2**25
"""About the bytes of a block of a larger one."""


def blocks(file: TensorFile, name: str) -> Iterator[Array]:
    """The blocks of an array, in row-major order.

    Parameters
    ----------
    file : TensorFile
    name : str

    Yields
    ------
    ndarray
        The array itself if it is of `AT_ONCE` bytes at most, or of strings. A block has no digest: it is not compared.

    Raises
    ------
    OpError
        See `TensorFile.read` and `TensorFile.read_slice`.
    """
    entry = file.variables[name]
    if entry.nbytes <= AT_ONCE or entry.dtype == STRING:
        yield file.read(name)
        return
    for key in keys(entry):
        yield file.read_slice(name, key)


def keys(entry: TensorInfo) -> Iterator[Key]:
    """Slices of the first axis whose elements fit a block; of the next one, row by row, where a row does not fit."""
    if not entry.shape:
        yield ()
        return
    itemsize = entry.nbytes // max(1, math.prod(entry.shape))
    axis = 0
    while axis < len(entry.shape) - 1 and math.prod(entry.shape[axis + 1 :]) * itemsize > _BLOCK:
        axis += 1
    row = max(1, math.prod(entry.shape[axis + 1 :]) * itemsize)
    step = max(1, _BLOCK // row)
    if entry.chunk:  # whole chunks, so that none is unpacked twice
        step = max(1, step // entry.chunk[axis]) * entry.chunk[axis]
    rest = tuple(slice(0, size) for size in entry.shape[axis + 1 :])
    for above in _positions(entry.shape[:axis]):
        fixed = tuple(slice(place, place + 1) for place in above)
        for start in range(0, entry.shape[axis], step):
            yield (*fixed, slice(start, min(start + step, entry.shape[axis])), *rest)


def _positions(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if not shape:
        yield ()
        return
    for first in range(shape[0]):
        for rest in _positions(shape[1:]):
            yield (first, *rest)
