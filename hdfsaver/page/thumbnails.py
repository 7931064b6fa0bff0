"""Small pictures of arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hdfsaver.tensor_info import Array, Key, TensorInfo

Floats = npt.NDArray[np.float64]

Reader = Callable[[Key], Array]
"""Gives a part of an array."""

PART = 1 << 22
"""Elements of an array up to which it is read as a whole for its picture."""

SIDE = 48
"""Rows and columns of a small picture, at most."""

NAN_CODE = -128
"""The code of NaN in a small picture; 127 and -127 are the largest absolute value and its opposite."""


class Thumbnail(NamedTuple):
    """A small picture of an array as a matrix: its last dimension are the columns.

    Attributes
    ----------
    rows, columns : int
    scale : float
        The number of the code 127.
    codes : bytes
        A signed byte for each element, row by row.
    """

    rows: int
    columns: int
    scale: float
    codes: bytes


def thumbnail(entry: TensorInfo, read: Reader) -> Thumbnail | None:
    """A small picture of an array: every n-th row and column of it as a matrix.

    Parameters
    ----------
    entry : TensorInfo
        Its description; not of strings.
    read : callable
        Gives a part of it; called once for each row of the picture, or once for a small array.

    Returns
    -------
    Thumbnail or None
        None for an array with fewer than two elements.
    """
    if math.prod(entry.shape) < 2:
        return None
    width = entry.shape[-1]
    height = math.prod(entry.shape[:-1])
    rows, columns = (np.linspace(0, size - 1, min(size, SIDE)).round().astype(np.int64) for size in (height, width))
    if math.prod(entry.shape) <= PART:
        whole = as_floats(read(tuple(slice(0, size) for size in entry.shape)))
        return _coded(whole.reshape(height, width)[np.ix_(rows, columns)])
    lines = []
    for row in rows.tolist():
        place = np.unravel_index(row, entry.shape[:-1]) if entry.shape[:-1] else ()
        key = (*(slice(int(at), int(at) + 1) for at in place), slice(0, width))
        lines.append(as_floats(read(key)).reshape(-1)[columns])
    return _coded(np.stack(lines))


def _coded(matrix: Floats) -> Thumbnail:
    finite = np.abs(matrix[np.isfinite(matrix)])
    scale = float(finite.max(initial=0.0)) or 1.0
    with np.errstate(invalid="ignore"):
        codes = np.clip(np.round(matrix / scale * 127), -127, 127)
    coded = np.where(np.isnan(codes), NAN_CODE, codes).astype(np.int8)
    height, width = matrix.shape
    return Thumbnail(height, width, scale, coded.tobytes())


def as_floats(value: Array) -> Floats:
    """The numbers of an array as float64; the absolute values of complex ones."""
    if np.iscomplexobj(value):
        return np.asarray(np.abs(value), np.float64)
    # NumPy does not know how to convert some of the small floats in one step.
    return np.asarray(value if value.dtype.isbuiltin == 1 else value.astype(np.float32), np.float64)
