"""Shared by the operations of sparse tensors: places in order, and checks of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.ops.base import invalid
from hdfsaver.tensor_info import Array

SPARSE = "indices: int64, values: T, shape: int64"


def order_of(indices: Array) -> Array:
    """The order in which places come row by row; equal ones stay in theirs."""
    if not indices.shape[1]:
        return np.arange(len(indices))
    return np.lexsort(indices.T[::-1])


def check_places(indices: Array, values: Array, shape: Sequence[int]) -> None:
    """Check the parts of a sparse tensor.

    Parameters
    ----------
    indices : ndarray
        A row for each place.
    values : ndarray
        A value for each place.
    shape : sequence of int
        The sizes.

    Raises
    ------
    InvalidArgumentError
        The parts do not fit each other, or a place is outside.
    """
    if indices.ndim != 2 or indices.shape[1] != len(shape) or len(indices) != len(values):
        raise invalid(
            f"Indices of shape {indices.shape}, values of shape {np.shape(values)} and a shape of {len(shape)} "
            "dimensions do not make a sparse tensor."
        )
    wrong = (indices < 0) | (indices >= np.asarray(shape, np.int64))
    if wrong.any():
        row = int(np.argmax(wrong.any(axis=1)))
        raise invalid(f"indices[{row}] = {indices[row].tolist()} is out of bounds: it is not in {list(shape)}.")


def groups_of(indices: Array) -> tuple[Array, Array]:
    """The different places in order, and for each place its number among them."""
    if not len(indices):
        return indices, np.zeros(0, np.int64)
    order = order_of(indices)
    ordered = indices[order]
    is_new = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    numbers = np.empty(len(indices), np.int64)
    numbers[order] = np.cumsum(is_new) - 1
    return ordered[is_new], numbers
