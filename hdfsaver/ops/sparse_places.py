"""Shared by the operations of sparse tensors: places in order, checks of them, and slices apart and together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hdfsaver.ops.base import blank, invalid
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


def slices_of(indices: Array, values: Array, dense_shape: Array) -> list[tuple[Array, Array, Array]]:
    """Indices, values and shape of each slice of a sparse tensor along its first dimension.

    Parameters
    ----------
    indices : ndarray
        In the order of their first column.
    values : ndarray
    dense_shape : ndarray

    Returns
    -------
    list of (ndarray, ndarray, ndarray)
    """
    count = int(dense_shape[0])
    bounds = np.searchsorted(indices[:, 0], np.arange(count + 1))
    return [(indices[first:last, 1:], values[first:last], dense_shape[1:]) for first, last in pairwise(bounds)]


def joined_sparse(parts: Sequence[Sequence[Array]], outer: tuple[int, ...], dtype: str) -> tuple[Array, Array, Array]:
    """Sparse tensors together, along new dimensions before theirs.

    Parameters
    ----------
    parts : sequence of sequences of ndarray
        Indices, values and shape of each.
    outer : tuple of int
        The new dimensions.
    dtype : str
        That of the values.

    Returns
    -------
    (ndarray, ndarray, ndarray)

    Raises
    ------
    InvalidArgumentError
        They have different ranks.
    """
    if not parts:
        return np.zeros((0, len(outer)), np.int64), blank((0,), dtype), np.array(outer, np.int64)
    inner = parts[0][2]
    if any(part[2].shape != inner.shape for part in parts):
        raise invalid("Sparse tensors that are put together must have the same rank.")
    places = np.stack(np.unravel_index(np.arange(len(parts)), outer), axis=1) if outer else np.zeros((1, 0), np.int64)
    rows = [
        np.concatenate([np.broadcast_to(place, (len(part[0]), len(outer))), part[0]], axis=1)
        for place, part in zip(places, parts, strict=True)
    ]
    whole = np.max([part[2] for part in parts], axis=0)
    return (
        np.concatenate(rows).astype(np.int64, copy=False),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([np.array(outer, np.int64), np.asarray(whole, np.int64)]),
    )
