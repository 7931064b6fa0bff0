"""Inverses, determinants, solutions and factors of square matrices in the last two dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops import named_results
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, at_least, invalid, scope
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_TYPES = frozenset({"float32", "float64", "complex64", "complex128"})
_SINGULAR = "Input matrix is not invertible."


def _square(shape: Shape) -> Shape:
    """The shape of square matrices; `ValueError` where they are not square."""
    if at_least(shape, 2) is not None and shape is not None and None not in shape[-2:] and shape[-1] != shape[-2]:
        raise ValueError(f"Dimensions must be equal, but are {shape[-2]} and {shape[-1]}.")
    return shape


def _checked(matrices: Array) -> Array:
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2]:
        raise invalid(f"Input matrix must be square, not of shape {matrices.shape}.")
    return matrices


def _computed(function: Callable[..., Any], *values: Array, message: str = _SINGULAR) -> Any:
    try:
        return function(*values)
    except np.linalg.LinAlgError:
        raise invalid(message) from None


def _adjoint(matrices: Array) -> Array:
    swapped = np.swapaxes(matrices, -1, -2)
    return np.conjugate(swapped) if swapped.dtype.kind == "c" else swapped


def _product(a: Any, b: Any, adj_x: bool = False, adj_y: bool = False) -> Tensor:
    return apply("BatchMatMulV2", a, b, adj_x=adj_x, adj_y=adj_y, name="MatMul")


def _adjoint_of(matrices: Tensor) -> Tensor:
    """The adjoint, of any rank: the product with the identity matrix."""
    ones = apply("OnesLike", apply("MatrixDiagPart", matrices))
    return _product(matrices, apply("MatrixDiag", ones), adj_x=True)


@register
class MatrixInverse(OpDef):
    """The inverses."""

    type = "MatrixInverse"
    signature = "input: T -> output: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16"})}
    attrs = {"adjoint": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return [_square(node.input_shapes[0])]

    def kernel(self, node: Node) -> Kernel:
        adjoint = node.attrs["adjoint"]

        def invert(matrices: Array) -> Array:
            inverse: Array = _computed(np.linalg.inv, _checked(matrices))
            return np.ascontiguousarray(_adjoint(inverse)) if adjoint else inverse

        return invert

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        inverse, adjoint = op.outputs[0], op.get_attr("adjoint")
        inner = _product(grads[0], inverse, adj_x=adjoint, adj_y=not adjoint)
        return [apply("Neg", _product(inverse, inner, adj_x=not adjoint))]


def matrix_inverse(input: TensorLike, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverses of square matrices.

    Parameters
    ----------
    input : TensorLike
        Matrices in the last two dimensions; float32, float64, complex64 or complex128.
    adjoint : bool
        Whether the inverses of the adjoint matrices are wanted.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the shape and dtype of the input.

    Raises
    ------
    ValueError
        The matrices are not square.
    InvalidArgumentError
        In the run: a matrix is not invertible.
    """
    return apply("MatrixInverse", input, adjoint=adjoint, name=name)


@register
class MatrixDeterminant(OpDef):
    """The determinants."""

    type = "MatrixDeterminant"
    signature = "input: T -> output: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input without the last two dimensions."""
        shape = _square(node.input_shapes[0])
        return [None if shape is None else shape[:-2]]

    def kernel(self, node: Node) -> Kernel:
        return lambda matrices: np.asarray(np.linalg.det(_checked(matrices)), matrices.dtype)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        matrices, determinant = op.inputs[0], op.outputs[0]
        inverse = apply("MatrixInverse", matrices, adjoint=True)
        ones = [1, 1]
        size = apply("ConcatV2", [apply("Shape", determinant), ones], 0)
        return [apply("Mul", apply("Reshape", apply("Mul", grads[0], determinant), size), inverse)]


def matrix_determinant(input: TensorLike, name: str | None = None) -> Tensor:
    """The determinants of square matrices in the last two dimensions; float32, float64, complex64 or complex128."""
    return apply("MatrixDeterminant", input, name=name)


@register
class LogMatrixDeterminant(OpDef):
    """The signs of the determinants, and the logarithms of their absolute values."""

    type = "LogMatrixDeterminant"
    signature = "input: T -> sign: T, log_abs_determinant: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Both: the shape of the input without the last two dimensions."""
        shape = _square(node.input_shapes[0])
        outer = None if shape is None else shape[:-2]
        return [outer, outer]

    def kernel(self, node: Node) -> Kernel:
        def determinants(matrices: Array) -> tuple[Array, Array]:
            sign, logarithm = np.linalg.slogdet(_checked(matrices))
            return np.asarray(sign, matrices.dtype), np.asarray(logarithm, matrices.dtype)

        return determinants

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        inverse = apply("MatrixInverse", op.inputs[0], adjoint=True)
        size = apply("ConcatV2", [apply("Shape", op.outputs[1]), [1, 1]], 0)
        return [apply("Mul", apply("Reshape", grads[1], size), inverse)]


def slogdet(input: TensorLike, name: str | None = None) -> named_results.LogMatrixDeterminant:
    """The signs of the determinants of square matrices, and the logarithms of their absolute values."""
    return named_results.LogMatrixDeterminant(*apply_list("LogMatrixDeterminant", input, name=name))


@register
class Cholesky(OpDef):
    """The lower triangular matrices whose product with their adjoint is the input."""

    type = "Cholesky"
    signature = "input: T -> output: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return [_square(node.input_shapes[0])]

    def kernel(self, node: Node) -> Kernel:
        message = "Cholesky decomposition was not successful. The input might not be valid."
        return lambda matrices: _computed(np.linalg.cholesky, _checked(matrices), message=message)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        factor = op.outputs[0]
        middle = _product(factor, grads[0], adj_x=True)
        halved = apply("Mul", apply("MatrixBandPart", middle, 0, 0), np.array(0.5, factor.dtype.as_numpy_dtype))
        below = apply("Sub", apply("MatrixBandPart", middle, -1, 0), halved)
        inverse = apply("MatrixInverse", factor)
        whole = _product(_product(inverse, below, adj_x=True), inverse)
        both = apply("AddV2", whole, _adjoint_of(whole))
        return [apply("Mul", both, np.array(0.5, factor.dtype.as_numpy_dtype))]


def cholesky(input: TensorLike, name: str | None = None) -> Tensor:
    """The Cholesky factors of positive definite matrices in the last two dimensions."""
    return apply("Cholesky", input, name=name)


def _solution_shape(matrix: Shape, rhs: Shape) -> Shape:
    matrix = _square(matrix)
    if matrix is None or at_least(rhs, 2) is None or rhs is None:
        return rhs
    if matrix[-1] is not None and rhs[-2] is not None and matrix[-1] != rhs[-2]:
        raise ValueError(f"Dimensions must be equal, but are {matrix[-1]} and {rhs[-2]}.")
    return rhs


@register
class MatrixSolve(OpDef):
    """x of the equation matrix * x = rhs."""

    type = "MatrixSolve"
    signature = "matrix: T, rhs: T -> output: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16"})}
    attrs = {"adjoint": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of rhs."""
        return [_solution_shape(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        adjoint = node.attrs["adjoint"]

        def solve(matrix: Array, rhs: Array) -> Array:
            given = _adjoint(_checked(matrix)) if adjoint else _checked(matrix)
            result: Array = _computed(np.linalg.solve, given, rhs)
            return result

        return solve

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        matrix, solution, adjoint = op.inputs[0], op.outputs[0], op.get_attr("adjoint")
        by_rhs = apply("MatrixSolve", matrix, grads[0], adjoint=not adjoint)
        first, second = (solution, by_rhs) if adjoint else (by_rhs, solution)
        return [apply("Neg", _product(first, second, adj_y=True)), by_rhs]


def matrix_solve(matrix: TensorLike, rhs: TensorLike, adjoint: bool = False, name: str | None = None) -> Tensor:
    """Solve systems of linear equations.

    Parameters
    ----------
    matrix : TensorLike
        Square matrices in the last two dimensions.
    rhs : TensorLike
        Of the same dtype: a matrix with a column for each system.
    adjoint : bool
        Whether the adjoint matrices are meant.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the shape of ``rhs``.

    Raises
    ------
    ValueError
        The shapes do not fit each other.
    InvalidArgumentError
        In the run: a matrix is not invertible.
    """
    return apply("MatrixSolve", matrix, rhs, adjoint=adjoint, name=name)


@register
class MatrixTriangularSolve(OpDef):
    """x of the equation matrix * x = rhs, of which only one triangle of the matrix is read."""

    type = "MatrixTriangularSolve"
    signature = "matrix: T, rhs: T -> output: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16", "bfloat16"})}
    attrs = {"lower": True, "adjoint": False}
    differs = "Batches are not broadcast."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of rhs."""
        return [_solution_shape(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        lower, adjoint = node.attrs["lower"], node.attrs["adjoint"]

        def solve(matrix: Array, rhs: Array) -> Array:
            triangle = np.tril(_checked(matrix)) if lower else np.triu(_checked(matrix))
            result: Array = _computed(np.linalg.solve, _adjoint(triangle) if adjoint else triangle, rhs)
            return result

        return solve

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        matrix, solution = op.inputs[0], op.outputs[0]
        lower, adjoint = op.get_attr("lower"), op.get_attr("adjoint")
        by_rhs = apply("MatrixTriangularSolve", matrix, grads[0], lower=lower, adjoint=not adjoint)
        first, second = (solution, by_rhs) if adjoint else (by_rhs, solution)
        whole = apply("Neg", _product(first, second, adj_y=True))
        band = (-1, 0) if lower else (0, -1)
        return [apply("MatrixBandPart", whole, *band), by_rhs]


def matrix_triangular_solve(
    matrix: TensorLike, rhs: TensorLike, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """Solve systems of linear equations whose matrices are triangular.

    Parameters
    ----------
    matrix : TensorLike
        Square matrices in the last two dimensions.
    rhs : TensorLike
        Of the same dtype: a matrix with a column for each system.
    lower : bool
        Whether the lower triangle is read, otherwise the upper one.
    adjoint : bool
        Whether the adjoint matrices are meant.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the shape of ``rhs``.

    Raises
    ------
    ValueError
        The shapes do not fit each other.
    InvalidArgumentError
        In the run: a matrix is not invertible.
    """
    return apply("MatrixTriangularSolve", matrix, rhs, lower=lower, adjoint=adjoint, name=name)


def cholesky_solve(chol: TensorLike, rhs: TensorLike, name: str | None = None) -> Tensor:
    """Solve systems of linear equations, given the Cholesky factors of their matrices.

    Parameters
    ----------
    chol : TensorLike
        The factors, as `cholesky` gives them.
    rhs : TensorLike
        Of the same dtype: a matrix with a column for each system.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        Of the shape of ``rhs``.

    Raises
    ------
    ValueError
        The shapes do not fit each other.
    """
    with scope(name, "cholesky_solve", chol, rhs):
        half = apply("MatrixTriangularSolve", chol, rhs, adjoint=False, lower=True)
        return apply("MatrixTriangularSolve", chol, half, adjoint=True, lower=True)


@register
class SelfAdjointEigV2(OpDef):
    """The eigenvalues of self-adjoint matrices, in ascending order, and the eigenvectors as columns."""

    type = "SelfAdjointEigV2"
    signature = "input: T -> e: T, v: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16"})}
    attrs = {"compute_v": True}
    differs = f"{NO_DERIVATIVE} The sign of an eigenvector may differ."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The input without its last dimension, and the input; the second is (0,) where it is not computed."""
        shape = _square(node.input_shapes[0])
        values = None if shape is None else shape[:-1]
        return [values, shape if node.attrs["compute_v"] else (0,)]

    def kernel(self, node: Node) -> Kernel:
        with_vectors = node.attrs["compute_v"]

        def decompose(matrices: Array) -> tuple[Array, Array]:
            message = "Self-adjoint eigen decomposition was not successful. The input might not be valid."
            if not with_vectors:
                values = _computed(np.linalg.eigvalsh, _checked(matrices), message=message)
                return values.astype(matrices.dtype), np.zeros(0, matrices.dtype)
            values, vectors = _computed(np.linalg.eigh, _checked(matrices), message=message)
            return values.astype(matrices.dtype), vectors

        return decompose


def self_adjoint_eig(tensor: TensorLike, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The eigenvalues of self-adjoint matrices, in ascending order, and their eigenvectors as columns."""
    values, vectors = apply_list("SelfAdjointEigV2", tensor, compute_v=True, name=name)
    return values, vectors


def self_adjoint_eigvals(tensor: TensorLike, name: str | None = None) -> Tensor:
    """The eigenvalues of self-adjoint matrices, in ascending order."""
    return apply_list("SelfAdjointEigV2", tensor, compute_v=False, name=name)[0]


@register
class Svd(OpDef):
    """Singular values, in descending order, and the vectors to their left and right."""

    type = "Svd"
    signature = "input: T -> s: T, u: T, v: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16"})}
    attrs = {"compute_uv": True, "full_matrices": False}
    differs = f"{NO_DERIVATIVE} The signs of vectors may differ."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(..., k), (..., rows, k) and (..., columns, k), k being the lesser; all rows and columns where full."""
        shape = at_least(node.input_shapes[0], 2)
        if shape is None:
            return [None, None if node.attrs["compute_uv"] else (0,), None if node.attrs["compute_uv"] else (0,)]
        outer, (rows, columns) = shape[:-2], shape[-2:]
        least = None if rows is None or columns is None else min(rows, columns)
        if not node.attrs["compute_uv"]:
            return [(*outer, least), (0,), (0,)]
        if node.attrs["full_matrices"]:
            return [(*outer, least), (*outer, rows, rows), (*outer, columns, columns)]
        return [(*outer, least), (*outer, rows, least), (*outer, columns, least)]

    def kernel(self, node: Node) -> Kernel:
        with_vectors, full = node.attrs["compute_uv"], node.attrs["full_matrices"]

        def decompose(matrices: Array) -> tuple[Array, Array, Array]:
            dtype = matrices.dtype
            if not with_vectors:
                values = np.linalg.svd(matrices, compute_uv=False)
                return values.astype(dtype), np.zeros(0, dtype), np.zeros(0, dtype)
            left, values, right = np.linalg.svd(matrices, full_matrices=full)
            return values.astype(dtype), left, np.ascontiguousarray(_adjoint(right))

        return decompose


def svd(
    tensor: TensorLike, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Tensor | tuple[Tensor, Tensor, Tensor]:
    """Singular values of matrices, and the vectors to their left and right.

    Parameters
    ----------
    tensor : TensorLike
        Matrices in the last two dimensions.
    full_matrices : bool
        Whether the vectors are completed to square matrices.
    compute_uv : bool
        Whether the vectors are wanted.
    name : str, optional
        The name of the operation.

    Returns
    -------
    (Tensor, Tensor, Tensor), or Tensor
        The values in descending order, the left and the right vectors as columns; or only the values.

    Raises
    ------
    ValueError
        The rank is less than 2.
    """
    values, left, right = apply_list("Svd", tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (values, left, right) if compute_uv else values


@register
class Qr(OpDef):
    """An orthogonal and an upper triangular matrix whose product is the input."""

    type = "Qr"
    signature = "input: T -> q: T, r: T"
    types = {"T": _TYPES}
    further_types = {"T": frozenset({"float16"})}
    attrs = {"full_matrices": False}
    differs = f"{NO_DERIVATIVE} Signs may differ."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(..., rows, k) and (..., k, columns), k being the lesser, or the rows where full."""
        shape = at_least(node.input_shapes[0], 2)
        if shape is None:
            return [None, None]
        outer, (rows, columns) = shape[:-2], shape[-2:]
        inner = rows if node.attrs["full_matrices"] else None
        if inner is None and rows is not None and columns is not None:
            inner = min(rows, columns)
        return [(*outer, rows, inner), (*outer, inner, columns)]

    def kernel(self, node: Node) -> Kernel:
        mode: Any = "complete" if node.attrs["full_matrices"] else "reduced"

        def decompose(matrices: Array) -> tuple[Array, Array]:
            first, second = np.linalg.qr(matrices, mode=mode)
            return first, second

        return decompose


def qr(input: TensorLike, full_matrices: bool = False, name: str | None = None) -> named_results.Qr:
    """The orthogonal and the upper triangular factor of matrices.

    Parameters
    ----------
    input : TensorLike
        Matrices in the last two dimensions.
    full_matrices : bool
        Whether the orthogonal factor is square.
    name : str, optional
        The name of the operation.

    Returns
    -------
    named tuple of Tensor
        The factors ``q`` and ``r``.

    Raises
    ------
    ValueError
        The rank is less than 2.
    """
    return named_results.Qr(*apply_list("Qr", input, full_matrices=full_matrices, name=name))


def logdet(matrix: TensorLike, name: str | None = None) -> Tensor:
    """The logarithms of the determinants of positive definite matrices."""
    with scope(name, "logdet", matrix):
        factor = apply("Cholesky", convert_to_tensor(matrix))
        diagonal = apply("MatrixDiagPart", factor)
        if diagonal.dtype.is_complex:
            diagonal = apply("Real", diagonal, Tout=diagonal.dtype.real_dtype.name)
        diagonal = apply("Log", diagonal)
        return apply("Mul", np.array(2.0, diagonal.dtype.as_numpy_dtype), apply("Sum", diagonal, [-1]))
