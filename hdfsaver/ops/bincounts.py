"""How often each number is there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat, integer, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class Bincount(Flat):
    """How often each number below a size is there, or the sum of the weights of its places."""

    type = "Bincount"
    signature = "arr: int32, size: int32, weights: T -> bins: T"
    types = {"T": frozenset({"int32", "int64", "float32", "float64"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(size,)."""
        with_rank(node.input_shapes[1], 0)
        size = node.constant(1)
        if size is not None and integer(size) < 0:
            raise ValueError(f"size ({integer(size)}) must be non-negative")
        return [(None if size is None else integer(size),)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])

        def count(numbers: Array, size: Array, weights: Array) -> Array:
            most = integer(size)
            if most < 0:
                raise invalid(f"size ({most}) must be non-negative")
            if weights.size not in (0, numbers.size):
                raise invalid(
                    f"Input indices and weights must have the same size: there are {numbers.size} indices and "
                    f"{weights.size} weights."
                )
            if numbers.size and int(np.min(numbers)) < 0:
                raise invalid("Input arr must be non-negative!")
            bins = np.zeros(most, dtype)
            inside = np.ravel(numbers) < most
            found = np.ravel(numbers)[inside]
            np.add.at(bins, found, np.ravel(weights)[inside] if weights.size else dtype.type(1))
            return bins

        return count
