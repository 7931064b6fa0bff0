"""Shared by the operations of segments: slices of a tensor taken together by numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import (
    NARROW,
    invalid,
)
from hdfsaver.tensor_info import Array


def zero(dtype: np.dtype[Any]) -> Any:
    """0 of a dtype, for segments without slices."""
    return dtype.type(0)


def one(dtype: np.dtype[Any]) -> Any:
    """1 of a dtype, for segments without slices."""
    return dtype.type(1)


def least(dtype: np.dtype[Any]) -> Any:
    """The least number of a dtype, for segments without slices."""
    return np.iinfo(dtype).min if dtype.kind in "iu" else dtypes.as_dtype(dtype).min


def greatest(dtype: np.dtype[Any]) -> Any:
    """The greatest number of a dtype, for segments without slices."""
    return np.iinfo(dtype).max if dtype.kind in "iu" else dtypes.as_dtype(dtype).max


def taken_together(ufunc: np.ufunc, data: Array, ids: Array, number: int, empty: Any) -> Array:
    """One slice for each segment: what the function makes of its slices, or a value where it has none.

    Parameters
    ----------
    ufunc : numpy.ufunc
        Of two numbers.
    data : ndarray
        A slice for each id.
    ids : ndarray
        A vector of numbers below ``number``.
    number : int
        How many segments there are.
    empty : number
        For segments without slices.

    Returns
    -------
    ndarray
        Of the dtype of the data.
    """
    total = np.full((number, *data.shape[1:]), empty, data.dtype)
    if not ids.size:
        return total
    if (ids[1:] < ids[:-1]).any():
        order = np.argsort(ids, kind="stable")
        ids, data = ids[order], data[order]
    starts = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
    wide = data.astype(np.float32) if data.dtype.name in NARROW else data
    total[ids[starts]] = ufunc.reduceat(wide, starts, axis=0, dtype=wide.dtype)
    return total


def check_order(ids: Array, rows: int) -> None:
    """Check the ids of sorted segments; `InvalidArgumentError` where they fall, are negative, or do not fit."""
    if np.ndim(ids) != 1:
        raise invalid(f"segment_ids should be a vector, not of shape {np.shape(ids)}.")
    if len(ids) != rows:
        raise invalid(f"segment_ids should be the same size as dimension 0 of input: {len(ids)} and {rows}.")
    if len(ids) and ids[0] < 0:
        raise invalid("segment ids must be >= 0.")
    if (ids[1:] < ids[:-1]).any():
        raise invalid("segment ids are not increasing.")


def means(data: Array, ids: Array, number: int) -> Array:
    """The mean of each segment; of integers rounded towards zero.

    Parameters
    ----------
    data : ndarray
        A slice for each id.
    ids : ndarray
        The numbers of the segments.
    number : int
        How many segments there are.

    Returns
    -------
    ndarray
    """
    total = taken_together(np.add, data, ids, number, data.dtype.type(0))
    counts = np.maximum(np.bincount(ids, minlength=number), 1).reshape(-1, *[1] * (data.ndim - 1))
    if data.dtype.kind in "iu":
        whole: Array = (np.sign(total) * (np.abs(total) // counts)).astype(data.dtype)
        return whole
    if data.dtype.name in NARROW:
        total = taken_together(np.add, data.astype(np.float32), ids, number, 0.0)
    mean: Array = (total / counts.astype(total.real.dtype)).astype(data.dtype)
    return mean


def name_of(tensor: Tensor) -> str:
    """The name of the dtype of a tensor."""
    return tensor.dtype.base_dtype.name


def by_factors(data: Tensor, ids: Tensor, grad: Tensor | None, product: Callable[[Tensor], Tensor]) -> Tensor:
    """The derivative of products by their factors: where one is zero, the product of the others.

    Parameters
    ----------
    data : Tensor
        The factors.
    ids : Tensor
        The numbers of their segments.
    grad : Tensor
        The derivative by the products.
    product : callable
        The products of other factors.

    Returns
    -------
    Tensor
    """
    zero = apply("ZerosLike", data)
    is_zero = apply("Equal", data, zero)
    others = product(apply("SelectV2", is_zero, apply("OnesLike", data), data))
    count = apply(
        "UnsortedSegmentSum",
        apply("Cast", is_zero, DstT="int32"),
        ids,
        apply("Squeeze", apply("StridedSlice", apply("Shape", others), [0], [1], [1])),
    )
    places = apply("Maximum", ids, apply("ZerosLike", ids))
    whole = apply("GatherV2", apply("Mul", grad, product(data)), places, 0)
    rest = apply("GatherV2", apply("Mul", grad, others), places, 0)
    only = apply("Equal", apply("GatherV2", count, places, 0), 1)
    one = apply("OnesLike", data)
    by_zero = apply("SelectV2", only, rest, zero)
    found = apply("SelectV2", is_zero, by_zero, apply("RealDiv", whole, apply("SelectV2", is_zero, one, data)))
    return where_used(ids, found)


def where_used(ids: Tensor, values: Tensor) -> Tensor:
    """Zeros for the slices of negative segments."""
    is_used = apply("GreaterEqual", ids, apply("ZerosLike", ids))
    inner = apply("Fill", apply("Reshape", apply("Sub", apply("Rank", values), apply("Rank", ids)), [1]), 1)
    beside = apply("Reshape", is_used, apply("ConcatV2", [apply("Shape", ids), inner], 0))
    return apply("SelectV2", beside, values, apply("ZerosLike", values))
