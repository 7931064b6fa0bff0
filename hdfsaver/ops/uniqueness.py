"""The different values of a vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.definition import INDICES, Kernel, Node, register
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.ops import named_results
from hdfsaver.ops.base import Flat, dtype_name, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array


@register
class Unique(Flat):
    """The different values of a vector, in the order in which they are first there, and where each value is in them."""

    type = "Unique"
    signature = "x: T -> y: T, idx: out_idx"
    types = {"out_idx": INDICES}
    attrs = {"out_idx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown,), and that of x, a vector."""
        shape = with_rank(node.input_shapes[0], 1)
        return [(None,), (None,) if shape is None else shape]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["out_idx"])

        def unique(x: Array) -> tuple[Array, Array]:
            if np.ndim(x) != 1:
                raise invalid(f"unique expects a 1D vector, not one of shape {shape_text(np.shape(x))}.")
            _, first, places = np.unique(x, return_index=True, return_inverse=True, equal_nan=False)
            order = np.argsort(first)
            rank = np.empty(len(order), dtype)
            rank[order] = np.arange(len(order), dtype=dtype)
            return x[first[order]], rank[places]

        return unique


@register
class UniqueWithCounts(Flat):
    """The different values of a vector, where each value is in them, and how often each is there."""

    type = "UniqueWithCounts"
    signature = "x: T -> y: T, idx: out_idx, count: out_idx"
    types = {"out_idx": INDICES}
    attrs = {"out_idx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown,), that of x, a vector, and (unknown,)."""
        shape = with_rank(node.input_shapes[0], 1)
        return [(None,), (None,) if shape is None else shape, (None,)]

    def kernel(self, node: Node) -> Kernel:
        find = Unique().kernel(node)
        dtype = dtypes.numpy_dtype(node.attrs["out_idx"])

        def unique(x: Array) -> tuple[Array, Array, Array]:
            values, places = find(x)
            return values, places, np.bincount(places, minlength=len(values)).astype(dtype)

        return unique


@register
class ListDiff(Flat):
    """The elements of a vector that another one does not have, and their places."""

    type = "ListDiff"
    signature = "x: T, y: T -> out: T, idx: out_idx"
    types = {"out_idx": INDICES}
    attrs = {"out_idx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown,) and (unknown,)."""
        return [(None,), (None,)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["out_idx"])

        def rest(x: Array, y: Array) -> tuple[Array, Array]:
            for array, name in ((x, "x"), (y, "y")):
                if np.ndim(array) != 1:
                    raise invalid(f"{name} should be a 1D vector, not of shape {shape_text(np.shape(array))}.")
            there = set(y.tolist())
            places = np.array([number for number, item in enumerate(x.tolist()) if item not in there], np.int64)
            return x[places], places.astype(dtype)

        return rest


def unique_with_counts(
    x: TensorLike, out_idx: DTypeLike = dtypes.int32, name: str | None = None
) -> named_results.UniqueWithCounts:
    """The different values of a vector, the place of each value among them, and how often each is there.

    Parameters
    ----------
    x : TensorLike
        Shape (n,), of any dtype.
    out_idx : DTypeLike
        The dtype of places and counts, int32 or int64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    named tuple of Tensor
        ``y``, the values in the order in which they are first there; ``idx``, the places; ``count``.

    Raises
    ------
    ValueError
        ``x`` is not a vector.
    """
    found = apply_list("UniqueWithCounts", x, name=name, out_idx=dtype_name(out_idx))
    return named_results.UniqueWithCounts(*found)


def setdiff1d(
    x: TensorLike, y: TensorLike, index_dtype: DTypeLike = dtypes.int32, name: str | None = None
) -> named_results.ListDiff:
    """The elements of a vector that another one does not have, in their order.

    Parameters
    ----------
    x, y : TensorLike
        Vectors of one dtype.
    index_dtype : DTypeLike
        The dtype of the places, int32 or int64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    named tuple of Tensor
        ``out``, the elements; ``idx``, their places in ``x``.

    Raises
    ------
    TypeError
        The dtypes differ.
    """
    return named_results.ListDiff(*apply_list("ListDiff", x, y, name=name, out_idx=dtype_name(index_dtype)))


def unique(x: TensorLike, out_idx: DTypeLike = dtypes.int32, name: str | None = None) -> named_results.Unique:
    """The different values of a vector, and for each element the place of its value among them.

    Parameters
    ----------
    x : TensorLike
        Shape (n,), of any dtype.
    out_idx : DTypeLike
        The dtype of the places, int32 or int64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    named tuple of Tensor
        ``y``, the values in the order in which they are first there; and ``idx``, the places, shape (n,).

    Raises
    ------
    ValueError
        ``x`` is not a vector.
    TypeError
        There is no such dtype of places.
    """
    return named_results.Unique(*apply_list("Unique", x, name=name, out_idx=dtype_name(out_idx)))
