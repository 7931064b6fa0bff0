"""The different values of a vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.definition import INDICES, Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
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


def unique(x: TensorLike, out_idx: DTypeLike = dtypes.int32, name: str | None = None) -> tuple[Tensor, Tensor]:
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
    tuple of (Tensor, Tensor)
        The values in the order in which they are first there; and the places, shape (n,).

    Raises
    ------
    ValueError
        ``x`` is not a vector.
    TypeError
        There is no such dtype of places.
    """
    values, places = apply_list("Unique", x, name=name, out_idx=dtype_name(out_idx))
    return values, places
