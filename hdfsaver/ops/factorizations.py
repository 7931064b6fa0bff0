"""Factorizations of matrices, and their diagonals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.definition import COMPLEX, FLOATS, INDICES, Kernel, Node, OpDef, register
from hdfsaver.ops.base import NO_DERIVATIVE
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class Qr(OpDef):
    """Orthogonal matrices times upper triangular ones: the factors of matrices."""

    type = "Qr"
    signature = "input: T -> q: T, r: T"
    types = {"T": frozenset({"float32", "float64"}) | COMPLEX}
    further_types = {"T": frozenset({"float16"})}
    attrs = {"full_matrices": False}
    differs = f"The last bits, which depend on the library of linear algebra. {NO_DERIVATIVE}"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Of matrices (m, n) and their lesser size k: (m, k) and (k, n), or (m, m) and (m, n) with full_matrices."""
        given = node.input_shapes[0]
        if given is None:
            return [None, None]
        if len(given) < 2:
            raise ValueError(f"Shape must be at least rank 2 but is rank {len(given)}: matrices are factorized.")
        *batch, rows, columns = given
        least = None if rows is None or columns is None else min(rows, columns)
        least = rows if node.attrs["full_matrices"] else least
        return [(*batch, rows, least), (*batch, least, columns)]

    def kernel(self, node: Node) -> Kernel:
        return _full_factors if node.attrs["full_matrices"] else _factors


def _factors(value: Array) -> tuple[Array, Array]:
    q, r = np.linalg.qr(value)
    return q, r


def _full_factors(value: Array) -> tuple[Array, Array]:
    q, r = np.linalg.qr(value, "complete")
    return q, r


@register
class DiagPart(OpDef):
    """The diagonal of a tensor whose dimensions are the same twice: of a matrix, or of more of them at once."""

    type = "DiagPart"
    signature = "input: T -> diagonal: T"
    types = {"T": FLOATS | INDICES | COMPLEX}
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The first half of the dimensions."""
        given = node.input_shapes[0]
        if given is None:
            return [None]
        half = len(given) // 2
        first, second = given[:half], given[half:]
        if len(given) % 2 or not given or any(a != b for a, b in zip(first, second, strict=True) if None not in (a, b)):
            raise ValueError(f"A diagonal has the dimensions of a tensor that has each of them twice, not {given}.")
        return [tuple(b if a is None else a for a, b in zip(first, second, strict=True))]

    def kernel(self, node: Node) -> Kernel:
        def diagonal(value: Array) -> Array:
            sizes = value.shape[: value.ndim // 2]
            count = int(np.prod(sizes))
            return value.reshape(count, count).diagonal().reshape(sizes)

        return diagonal
