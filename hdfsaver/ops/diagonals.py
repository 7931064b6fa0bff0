"""Diagonals and bands of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.base import Grads, at_least, blank, filled, invalid, scope
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_NUMBERS = frozenset({"bfloat16", "float16", "float32", "float64", "int32", "int64", "complex64", "complex128"})


def _least(shape: Shape) -> int | None:
    if shape is None or shape[-1] is None or shape[-2] is None:
        return None
    return min(shape[-1], shape[-2])


@register
class MatrixBandPart(OpDef):
    """The matrices, with zeros outside a band around the diagonal; a negative width is the whole triangle."""

    type = "MatrixBandPart"
    signature = "input: T, num_lower: Tindex, num_upper: Tindex -> band: T"
    types = {"Tindex": INDICES}
    default_types = {"Tindex": "int64"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return [at_least(node.input_shapes[0], 2)]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]

        def band(matrices: Array, lower: Array, upper: Array) -> Array:
            if matrices.ndim < 2:
                raise invalid(f"input must be at least 2-dim, received shape: {matrices.shape}.")
            rows, columns = matrices.shape[-2:]
            below = np.arange(rows)[:, None] - np.arange(columns)
            inside = ((lower < 0) | (below <= lower)) & ((upper < 0) | (-below <= upper))
            return np.where(inside, matrices, blank((), dtype)).astype(matrices.dtype, copy=False)

        return band

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("MatrixBandPart", grads[0], op.inputs[1], op.inputs[2]), None, None]


def matrix_band_part(
    input: TensorLike, num_lower: TensorLike, num_upper: TensorLike, name: str | None = None
) -> Tensor:
    """Set everything outside a band around the diagonals of matrices to zero.

    Parameters
    ----------
    input : TensorLike
        Matrices in the last two dimensions.
    num_lower, num_upper : TensorLike
        How many diagonals below and above stay; a negative number is for all.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the shape and dtype of the input.

    Raises
    ------
    ValueError
        The rank is less than 2.
    """
    return apply("MatrixBandPart", input, num_lower, num_upper, name=name)


@register
class MatrixDiag(OpDef):
    """Square matrices with the last dimension as their diagonals."""

    type = "MatrixDiag"
    signature = "diagonal: T -> output: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the diagonals, with the last size twice."""
        shape = at_least(node.input_shapes[0], 1)
        return [None if shape is None else (*shape, shape[-1])]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]

        def spread(diagonals: Array) -> Array:
            if diagonals.ndim < 1:
                raise invalid("diagonal must be at least 1-dim, received a scalar.")
            size = diagonals.shape[-1]
            matrices = blank((*diagonals.shape, size), dtype)
            matrices[..., np.arange(size), np.arange(size)] = diagonals
            return matrices

        return spread

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("MatrixDiagPart", grads[0])]


@register
class MatrixDiagPart(OpDef):
    """The diagonals of matrices."""

    type = "MatrixDiagPart"
    signature = "input: T -> diagonal: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input, with the lesser of the last two sizes."""
        shape = at_least(node.input_shapes[0], 2)
        return [None if shape is None else (*shape[:-2], _least(shape))]

    def kernel(self, node: Node) -> Kernel:
        def diagonals(matrices: Array) -> Array:
            if matrices.ndim < 2:
                raise invalid(f"input must be at least 2-dim, received shape: {matrices.shape}.")
            return np.array(np.diagonal(matrices, axis1=-2, axis2=-1))

        return diagonals

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        shape = op.inputs[0].shape
        if shape[-2:].is_fully_defined() and shape.as_list()[-1] == shape.as_list()[-2]:
            return [apply("MatrixDiag", grads[0])]
        return [apply("MatrixSetDiag", apply("ZerosLike", op.inputs[0]), grads[0])]


@register
class MatrixSetDiag(OpDef):
    """The matrices, with other diagonals."""

    type = "MatrixSetDiag"
    signature = "input: T, diagonal: T -> output: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the matrices."""
        return [at_least(node.input_shapes[0], 2)]

    def kernel(self, node: Node) -> Kernel:
        def replace(matrices: Array, diagonals: Array) -> Array:
            size = min(matrices.shape[-2:]) if matrices.ndim > 1 else -1
            if diagonals.shape != (*matrices.shape[:-2], size):
                raise invalid(f"The diagonals {diagonals.shape} do not fit matrices of shape {matrices.shape}.")
            result = np.array(matrices)
            result[..., np.arange(size), np.arange(size)] = diagonals
            return result

        return replace

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        diagonal = op.inputs[1]
        without = apply("MatrixSetDiag", grads[0], apply("ZerosLike", diagonal))
        return [without, apply("MatrixDiagPart", grads[0])]


@register
class Diag(OpDef):
    """A tensor of twice the rank, with the elements on its diagonal and zeros elsewhere."""

    type = "Diag"
    signature = "diagonal: T -> output: T"
    types = {"T": _NUMBERS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the diagonal twice."""
        shape = at_least(node.input_shapes[0], 1)
        return [None if shape is None else (*shape, *shape)]

    def kernel(self, node: Node) -> Kernel:
        return lambda diagonal: np.diag(diagonal.ravel()).reshape(diagonal.shape * 2)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("DiagPart", grads[0])]


def diag(diagonal: TensorLike, name: str | None = None) -> Tensor:
    """A tensor of twice the rank, with the elements on its diagonal and zeros elsewhere."""
    return apply("Diag", diagonal, name=name)


@register
class DiagPart(OpDef):
    """The elements on the diagonal of a tensor whose shape is a shape twice."""

    type = "DiagPart"
    signature = "input: T -> diagonal: T"
    types = {"T": _NUMBERS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The first half of the shape."""
        shape = at_least(node.input_shapes[0], 2)
        if shape is not None and len(shape) % 2:
            raise ValueError(f"Input must have even rank, not {len(shape)}.")
        return [None if shape is None else shape[: len(shape) // 2]]

    def kernel(self, node: Node) -> Kernel:
        def part(values: Array) -> Array:
            half = values.shape[: values.ndim // 2]
            if values.shape != half * 2 or not half:
                raise invalid(f"The shape must be a shape twice, not {values.shape}.")
            size = int(np.prod(half))
            return np.array(np.diagonal(values.reshape(size, size))).reshape(half)

        return part

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Diag", grads[0])]


def diag_part(input: TensorLike, name: str | None = None) -> Tensor:
    """The elements on the diagonal of a tensor whose shape is a shape twice."""
    return apply("DiagPart", input, name=name)


def matrix_diag(diagonal: TensorLike, name: str = "diag") -> Tensor:
    """Square matrices with the last dimension as their diagonals."""
    return apply("MatrixDiag", diagonal, name=name)


def matrix_diag_part(input: TensorLike, name: str = "diag_part") -> Tensor:
    """The diagonals of matrices in the last two dimensions."""
    return apply("MatrixDiagPart", input, name=name)


def matrix_set_diag(input: TensorLike, diagonal: TensorLike, name: str = "set_diag") -> Tensor:
    """Replace the diagonals of matrices.

    Parameters
    ----------
    input : TensorLike
        Matrices in the last two dimensions.
    diagonal : TensorLike
        A vector for each matrix.
    name : str
        The name of the operation.

    Returns
    -------
    Tensor
        Of the shape and dtype of the matrices.

    Raises
    ------
    ValueError
        The rank is less than 2.
    """
    return apply("MatrixSetDiag", input, diagonal, name=name)


def trace(x: TensorLike, name: str | None = None) -> Tensor:
    """The sums of the diagonals of matrices in the last two dimensions."""
    with scope(name, "Trace", x) as full:
        return apply("Sum", matrix_diag_part(convert_to_tensor(x, name="x")), [-1], name=full)


def adjoint(matrix: TensorLike, name: str | None = None) -> Tensor:
    """The transposed complex conjugates of matrices in the last two dimensions."""
    with scope(name, "adjoint", matrix):
        tensor = convert_to_tensor(matrix, name="matrix")
        rank = tensor.shape.ndims
        if rank is None:
            raise ValueError("The rank of the matrices must be known.")
        order = [*range(rank - 2), rank - 1, rank - 2]
        return apply("ConjugateTranspose" if tensor.dtype.is_complex else "Transpose", tensor, order)


def eye(
    num_rows: TensorLike,
    num_columns: TensorLike | None = None,
    batch_shape: Any = None,
    dtype: DTypeLike = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Identity matrices.

    Parameters
    ----------
    num_rows : TensorLike
        The number of rows, an integer.
    num_columns : TensorLike, optional
        The number of columns, that of the rows by default.
    batch_shape : TensorLike, optional
        The dimensions before the matrices.
    dtype : DTypeLike
        The dtype of the result.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        Ones on the diagonals and zeros elsewhere.

    Raises
    ------
    ValueError
        A number is not a single integer.
    """
    with scope(name, "eye", num_rows, num_columns, batch_shape) as full:
        square = num_columns is None
        columns = num_rows if num_columns is None else num_columns
        outer = [] if batch_shape is None else batch_shape
        if not any(is_tensor(part) for part in (num_rows, columns, outer)):
            sizes = [int(size) for size in np.ravel(np.asarray(outer, np.int64))]
            rows, width = int(np.asarray(num_rows)), int(np.asarray(columns))
            ones = filled(1, [*sizes, min(rows, width)], dtype, "ones")
            if square:
                return apply("MatrixDiag", ones, name=full)
            zeros = filled(0, [*sizes, rows, width], dtype, "zeros")
            return apply("MatrixSetDiag", zeros, ones, name=full)
        outer = convert_to_tensor(outer, "int32", name="shape")
        least = num_rows if square else apply("Minimum", num_rows, columns)
        ones = filled(1, apply("ConcatV2", [outer, apply("Pack", [least])], 0), dtype, "ones")
        if square:
            return apply("MatrixDiag", ones, name=full)
        zeros = filled(0, apply("ConcatV2", [outer, apply("Pack", [num_rows, columns])], 0), dtype, "zeros")
        return apply("MatrixSetDiag", zeros, ones, name=full)
