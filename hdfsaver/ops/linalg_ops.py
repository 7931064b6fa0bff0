"""Products of matrices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.errors import FailedPreconditionError
from hdfsaver.graph import operators
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import NUMBERS, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.base import NARROW, Grads, at_least, conjugate, invalid, normal_axis, scope, sum_to, with_rank
from hdfsaver.ops.products import as_in_one_thread
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_FACTORS = NUMBERS - {"int8", "int16"}


def _multiply(
    dtype: str, prepare_a: Callable[[Array], Array], prepare_b: Callable[[Array], Array], rank: int | None
) -> Kernel:
    """The product of two matrices; float16 and bfloat16 are added up in float32, so that only the result is rounded."""
    target = dtypes.numpy_dtype(dtype)
    wide = np.float32 if dtype in NARROW else target

    def multiply(a: Array, b: Array) -> Array:
        first, second = prepare_a(np.asarray(a, wide)), prepare_b(np.asarray(b, wide))
        if rank is not None and not first.ndim == second.ndim == rank:
            raise invalid(f"MatMul takes two matrices, not tensors of shapes {first.shape} and {second.shape}.")
        return np.asarray(as_in_one_thread(np.matmul(first, second), first, second), target)

    return multiply


def _unchanged(matrix: Array) -> Array:
    return matrix


def _transposed(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)


def _adjoint(matrix: Array) -> Array:
    return np.conjugate(np.swapaxes(matrix, -1, -2)) if matrix.dtype.kind == "c" else np.swapaxes(matrix, -1, -2)


def _of_matrices(others: Kernel, prepare_a: Callable[[Array], Array], prepare_b: Callable[[Array], Array]) -> Kernel:
    """A product of matrices with little before it, and another function for what are not matrices."""
    transposes_a, transposes_b = prepare_a is _transposed, prepare_b is _transposed

    def multiply(a: Array, b: Array) -> Array:
        if a.ndim != 2 or b.ndim != 2:
            product: Array = others(a, b)
            return product
        product = np.matmul(a.T if transposes_a else a, b.T if transposes_b else b)
        return as_in_one_thread(product, a, b)

    return multiply


def _product_shape(a: Shape, b: Shape, transposes_a: bool, transposes_b: bool) -> Shape:
    """The shape of a product of matrices in the last two dimensions."""
    rows, inner_a = _last_two(a, transposes_a)
    inner_b, columns = _last_two(b, transposes_b)
    if inner_a is not None and inner_b is not None and inner_a != inner_b:
        raise ValueError(f"Inner dimensions must be equal, but are {inner_a} and {inner_b}.")
    if a is None or b is None:
        return None
    outer = shapes.broadcast(a[:-2], b[:-2])
    return None if outer is None else (*outer, rows, columns)


def _last_two(shape: Shape, transposes: bool) -> tuple[int | None, int | None]:
    if shape is None:
        return None, None
    return (shape[-1], shape[-2]) if transposes else (shape[-2], shape[-1])


@register
class MatMul(OpDef):
    """The product of two matrices, each of which may be transposed first."""

    type = "MatMul"
    signature = "a: T, b: T -> product: T"
    types = {"T": _FACTORS}
    attrs = {"transpose_a": False, "transpose_b": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(rows of a, columns of b), after transposing."""
        a, b = (with_rank(shape, 2) or (None, None) for shape in node.input_shapes)
        return [_product_shape(a, b, node.attrs["transpose_a"], node.attrs["transpose_b"])]

    def kernel(self, node: Node) -> Kernel:
        prepare_a, prepare_b = (
            _transposed if node.attrs[key] else _unchanged for key in ("transpose_a", "transpose_b")
        )
        multiply = _multiply(node.attrs["T"], prepare_a, prepare_b, rank=2)
        return multiply if node.attrs["T"] in NARROW else _of_matrices(multiply, prepare_a, prepare_b)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        a, b = (conjugate(tensor) for tensor in op.inputs)
        return _gradient_of_product("MatMul", ("transpose_a", "transpose_b"), op, grads[0], a, b)


class _BatchMatMul(OpDef):
    """The products of the matrices in the last two dimensions; the adjoint of each may be taken first."""

    signature = "x: T, y: T -> output: T"
    types = {"T": _FACTORS}
    attrs = {"adj_x": False, "adj_y": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """broadcast(x.shape[:-2], y.shape[:-2]) + (rows of x, columns of y), after transposing."""
        x, y = (at_least(shape, 2) for shape in node.input_shapes)
        return [_product_shape(x, y, node.attrs["adj_x"], node.attrs["adj_y"])]

    def kernel(self, node: Node) -> Kernel:
        prepare_x, prepare_y = (_adjoint if node.attrs[key] else _unchanged for key in ("adj_x", "adj_y"))
        return _multiply(node.attrs["T"], prepare_x, prepare_y, rank=None)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        # The adjoint has the conjugate in it already, where the other factor must have it.
        x, y = op.inputs
        by_x, by_y = _gradient_of_product("BatchMatMulV2", ("adj_x", "adj_y"), op, grads[0], x, y)
        assert isinstance(by_x, Tensor)
        assert isinstance(by_y, Tensor)
        return [sum_to(x, by_x, by_x), sum_to(y, by_y, by_y)]


@register
class BatchMatMul(_BatchMatMul):
    """The products of matrices, as in older graphs."""

    type = "BatchMatMul"
    types = {"T": _FACTORS - {"uint8", "uint16", "uint32", "uint64"}}


@register
class BatchMatMulV2(_BatchMatMul):
    """The products of matrices, the dimensions before the last two being broadcast."""

    type = "BatchMatMulV2"
    types = {"T": NUMBERS - {"int8"}}


def _gradient_of_product(
    op_type: str, keys: tuple[str, str], op: Operation, grad: Tensor | None, a: Tensor, b: Tensor
) -> Grads:
    """Both derivatives of ``op_type(a, b)``, whether the factors are transposed or not."""

    def product(first: Tensor | None, second: Tensor | None, transpose_first: bool, transpose_second: bool) -> Tensor:
        attrs: dict[str, Any] = {keys[0]: transpose_first, keys[1]: transpose_second}
        return apply(op_type, first, second, **attrs)

    is_transposed_a, is_transposed_b = op.get_attr(keys[0]), op.get_attr(keys[1])
    by_a = product(b, grad, is_transposed_b, True) if is_transposed_a else product(grad, b, False, not is_transposed_b)
    by_b = product(grad, a, True, is_transposed_a) if is_transposed_b else product(a, grad, not is_transposed_a, False)
    return [by_a, by_b]


def matmul(
    a: TensorLike,
    b: TensorLike,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Multiply two matrices, or the matrices in the last two dimensions of two tensors.

    Parameters
    ----------
    a, b : TensorLike
        Shapes (..., n, k) and (..., k, m), of one dtype: floating, complex, int16 (only in more than two dimensions),
        int32, int64 or an unsigned integer. The dimensions before the last two are broadcast.
    transpose_a, transpose_b : bool
        Transpose the last two dimensions of a factor first.
    adjoint_a, adjoint_b : bool
        Transpose them and take the complex conjugate.
    a_is_sparse, b_is_sparse : bool
        Accepted for programs that give them; they change nothing.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Shape (..., n, m), of the same dtype. Products of float16 and bfloat16 are added up in float32 and rounded once;
        integers wrap around on overflow.

    Raises
    ------
    ValueError
        The shapes do not fit, the dtypes of two tensors differ, or a factor is to be both transposed and made its
        adjoint.
    TypeError
        The dtype is not one of these.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    if (transpose_a and adjoint_a) or (transpose_b and adjoint_b):
        raise ValueError("A factor can be either transposed or adjoint, not both (transpose_a and adjoint_a).")
    with scope(name, "MatMul", a, b) as full:
        a = convert_to_tensor(a, b.dtype.base_dtype if is_tensor(b) else None, name="a")
        b = convert_to_tensor(b, a.dtype.base_dtype, name="b")
        if all(tensor.shape.rank is not None and tensor.shape.rank > 2 for tensor in (a, b)):
            a, transposes_a = _prepared(a, transpose_a, adjoint_a)
            b, transposes_b = _prepared(b, transpose_b, adjoint_b)
        else:
            a, transposes_a = conjugate(a) if adjoint_a else a, transpose_a or adjoint_a
            b, transposes_b = conjugate(b) if adjoint_b else b, transpose_b or adjoint_b
        return operators.matrix_multiply(a, b, transposes_a, transposes_b, name=full)


def _prepared(tensor: Tensor, transpose: bool, adjoint: bool) -> tuple[Tensor, bool]:
    """A factor of BatchMatMul, which has adjoints only: the transpose is the adjoint of the conjugate."""
    return (conjugate(tensor), True) if transpose else (tensor, adjoint)


def tensordot(
    a: TensorLike, b: TensorLike, axes: int | Sequence[int | Sequence[int]], name: str | None = None
) -> Tensor:
    """Multiply two tensors and sum the products over axes of one and axes of the other.

    Parameters
    ----------
    a, b : TensorLike
        Of known rank and one dtype: floating, complex, int32, int64 or an unsigned integer.
    axes : int or pair of lists of int
        A number n, for the last n axes of ``a`` with the first n of ``b``; or the axes of each, in the same order.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Its dimensions are the other ones of ``a``, then those of ``b``.

    Raises
    ------
    ValueError
        A rank is unknown, an axis is out of range, the axes differ in number or length, or so do the tensors' dtypes.
    TypeError
        The dtype is not one of these.
    InvalidArgumentError
        In the run: lengths that were unknown before do not fit.
    """
    with scope(name, "Tensordot", a, b) as full:
        a = convert_to_tensor(a, b.dtype.base_dtype if is_tensor(b) else None, name="a")
        b = convert_to_tensor(b, a.dtype.base_dtype, name="b")
        axes_a, axes_b = _paired_axes(a, b, axes)
        matrix_a, free_a = _as_matrix(a, axes_a, last=True)
        matrix_b, free_b = _as_matrix(b, axes_b, last=False)
        return apply("Reshape", apply("MatMul", matrix_a, matrix_b), _joined(free_a, free_b), name=full)


def _paired_axes(a: Tensor, b: Tensor, axes: int | Sequence[int | Sequence[int]]) -> tuple[list[int], list[int]]:
    ranks = a.shape.rank, b.shape.rank
    if ranks[0] is None or ranks[1] is None:
        raise ValueError(f"tf.tensordot needs tensors of known rank, not {a.shape} and {b.shape}.")
    if isinstance(axes, int | np.integer):
        if not 0 <= axes <= min(ranks[0], ranks[1]):
            raise ValueError(f"tf.tensordot cannot sum over {axes} axes of tensors of ranks {ranks[0]} and {ranks[1]}.")
        axes = list(range(ranks[0] - axes, ranks[0])), list(range(axes))
    first, second = (np.atleast_1d(part).astype(int).tolist() for part in axes)
    if len(first) != len(second):
        raise ValueError(f"Different number of contraction axes, {len(first)} and {len(second)}.")
    return [normal_axis(axis, ranks[0]) for axis in first], [normal_axis(axis, ranks[1]) for axis in second]


def _as_matrix(tensor: Tensor, axes: list[int], last: bool) -> tuple[Tensor, Tensor | list[int | None]]:
    """A tensor as a matrix, with the given axes as its columns (``last``) or rows; and the sizes of all others."""
    sizes = tensor.shape.as_list()
    free = [axis for axis in range(len(sizes)) if axis not in axes]
    order = free + axes if last else axes + free
    transposed = tensor if order == list(range(len(sizes))) else apply("Transpose", tensor, order)
    known = [sizes[axis] for axis in free]
    if tensor.shape.is_fully_defined():
        lengths = [math.prod(sizes[axis] or 0 for axis in part) for part in (free, axes)]
        shape = lengths if last else lengths[::-1]
        return (transposed if transposed.shape.as_list() == shape else apply("Reshape", transposed, shape)), known
    rest = known if None not in known else apply("GatherV2", apply("Shape", tensor), free, 0)
    summed = apply("Prod", apply("GatherV2", apply("Shape", tensor), axes, 0), [0]) if axes else 1
    return apply("Reshape", transposed, apply("Pack", [-1, summed] if last else [summed, -1])), rest


def _joined(first: Tensor | list[int | None], second: Tensor | list[int | None]) -> Tensor | Array:
    if isinstance(first, list) and isinstance(second, list):
        return np.array(first + second, np.int32)
    parts = [np.array(part, np.int32) if isinstance(part, list) else part for part in (first, second)]
    return apply("ConcatV2", parts, 0)


@register
class Cross(OpDef):
    """The cross products of vectors with three elements."""

    type = "Cross"
    signature = "a: T, b: T -> product: T"
    types = {"T": REALS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that both have; its last size is 3."""
        shape = shapes.merge(*[at_least(shape, 1) for shape in node.input_shapes])
        if shape is not None and shape[-1] not in (None, 3):
            raise ValueError(f"Dimension must be 3 but is {shape[-1]}.")
        return [shape if shape is None else (*shape[:-1], 3)]

    def kernel(self, node: Node) -> Kernel:
        def cross(a: Array, b: Array) -> Array:
            if a.shape != b.shape:
                raise invalid(f"Both inputs must be of same shape: {list(a.shape)} vs. {list(b.shape)}")
            if not a.ndim:
                raise invalid("Input must be at least 1D, not a scalar.")
            if a.shape[-1] != 3:
                raise FailedPreconditionError(
                    None, None, f"Cross-products are only defined for 3-element vectors, not of {a.shape[-1]}."
                )
            after, last = [1, 2, 0], [2, 0, 1]
            product: Array = a[..., after] * b[..., last] - a[..., last] * b[..., after]
            return product

        return cross

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        a, b = op.inputs
        return [apply("Cross", b, grads[0]), apply("Cross", grads[0], a)]


def cross(a: TensorLike, b: TensorLike, name: str | None = None) -> Tensor:
    """The cross products of vectors in the last dimension.

    Parameters
    ----------
    a, b : TensorLike
        Of one shape, whose last size is 3, and one dtype of real numbers.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same shape and dtype.

    Raises
    ------
    ValueError
        The shapes differ, or the last size is not 3.
    """
    return apply("Cross", a, b, name=name)
