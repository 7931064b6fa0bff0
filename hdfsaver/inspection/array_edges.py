"""The beginning and the end of an array along every axis: all that is printed of a large one."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.tensor_info import STRING, Array

EDGE = 3
"""Elements that are printed at either end of an axis, as NumPy does."""

_MOST_CORNERS = 64


def edges(file: TensorFile, name: str) -> Array:
    """An array of which each axis has its first and last elements and one between them.

    NumPy prints it, with ``threshold=0``, as it would print the whole; only a part of the array is read where the
    format allows it.
    """
    entry = file.variables[name]
    shape = entry.shape
    parts = [[slice(0, size)] if size <= 2 * EDGE else [slice(0, EDGE + 1), slice(size - EDGE, size)] for size in shape]
    if entry.dtype == STRING or math.prod(map(len, parts)) > _MOST_CORNERS:
        return edges_of(file.read(name))
    corners = [(key, file.read_slice(name, key)) for key in product(*parts)]
    found = np.empty([min(size, 2 * EDGE + 1) for size in shape], corners[0][1].dtype)
    for key, part in corners:
        place = tuple(
            slice(each.start, each.stop) if each.start == 0 else slice(EDGE + 1, 2 * EDGE + 1) for each in key
        )
        found[place] = part
    return found


def edges_of(value: Array) -> Array:
    """The same of an array in memory."""
    for axis, size in enumerate(value.shape):
        if size > 2 * EDGE:
            value = np.take(value, [*range(EDGE + 1), *range(size - EDGE, size)], axis)
    return value
