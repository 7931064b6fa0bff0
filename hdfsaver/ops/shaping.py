"""The shape of a tensor, and changing it without changing the elements."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor
from hdfsaver.ops.base import (
    Flat,
    Gradient,
    Grads,
    dtype_name,
    integer,
    invalid,
    normal_axis,
    scope,
    shape_of,
    static_integer,
    with_rank,
)
from hdfsaver.ops.indexed_slices import whole
from hdfsaver.shapes import Shape as StaticShape
from hdfsaver.tensor_info import Array


class _About(Flat):
    """A fact about the shape of a tensor."""

    signature = "input: T -> output: out_type"
    types = {"out_type": INDICES}
    attrs = {"out_type": "int32"}

    def shapes(self, node: Node) -> Sequence[StaticShape]:
        """()."""
        return [()]


@register
class Shape(_About):
    """The sizes of all dimensions."""

    type = "Shape"

    def shapes(self, node: Node) -> Sequence[StaticShape]:
        """(rank of input,)."""
        shape = node.input_shapes[0]
        return [(None if shape is None else len(shape),)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["out_type"])
        return lambda values: np.array(np.shape(values), dtype)

    def fold(self, node: Node) -> Array | None:
        shape = node.input_shapes[0]
        return np.array(shape, dtypes.numpy_dtype(node.attrs["out_type"])) if shapes.is_fully_defined(shape) else None

    def sizes(self, node: Node) -> StaticShape:
        return node.input_shapes[0]


@register
class ShapeN(Flat):
    """The shapes of several tensors."""

    type = "ShapeN"
    signature = "input: N * T -> output: N * out_type"
    minimums = {"N": 1}
    types = {"out_type": INDICES}
    attrs = {"out_type": "int32"}

    def shapes(self, node: Node) -> Sequence[StaticShape]:
        """(rank of input[i],)."""
        return [(None if shape is None else len(shape),) for shape in node.input_shapes]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["out_type"])
        if len(node.inputs) == 1:
            return lambda values: np.array(np.shape(values), dtype)
        return lambda *tensors: tuple(np.array(np.shape(values), dtype) for values in tensors)


@register
class Size(_About):
    """The number of elements."""

    type = "Size"

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["out_type"])
        return lambda values: np.array(np.size(values), dtype)

    def fold(self, node: Node) -> Array | None:
        shape = node.input_shapes[0]
        if shape is None or None in shape:
            return None
        return np.array(math.prod(size or 0 for size in shape), dtypes.numpy_dtype(node.attrs["out_type"]))


@register
class Rank(_About):
    """The number of dimensions."""

    type = "Rank"
    signature = "input: T -> output: int32"
    types = {}
    attrs = {}

    def kernel(self, node: Node) -> Kernel:
        return lambda values: np.array(np.ndim(values), np.int32)

    def fold(self, node: Node) -> Array | None:
        shape = node.input_shapes[0]
        return None if shape is None else np.array(len(shape), np.int32)


def shape(input: TensorLike, name: str | None = None, out_type: DTypeLike = dtypes.int32) -> Tensor:
    """The shape of a tensor, as a vector; a constant where it is known.

    Parameters
    ----------
    input : TensorLike
        Of any dtype and shape.
    name : str, optional
        The name of the operation.
    out_type : DTypeLike
        The dtype of the result, int32 or int64.

    Returns
    -------
    Tensor
        Shape (rank,).

    Raises
    ------
    TypeError
        There is no such dtype.
    """
    with scope(name, "Shape", input) as full:
        return shape_of(convert_to_tensor(input), full, dtype_name(out_type))


def size(input: TensorLike, name: str | None = None, out_type: DTypeLike = dtypes.int32) -> Tensor:
    """The number of elements of a tensor; a constant where it is known.

    Parameters
    ----------
    input : TensorLike
        Of any dtype and shape.
    name : str, optional
        The name of the operation.
    out_type : DTypeLike
        The dtype of the result, int32 or int64.

    Returns
    -------
    Tensor
        A single number.

    Raises
    ------
    TypeError
        There is no such dtype.
    """
    with scope(name, "Size", input) as full:
        input = convert_to_tensor(input)
        known = input.shape.num_elements()
        if known is not None:
            return _constant(known, out_type, full)
        return apply("Size", input, name=full, out_type=dtype_name(out_type))


def rank(input: TensorLike, name: str | None = None) -> Tensor:
    """The number of dimensions of a tensor; a constant where it is known."""
    with scope(name, "Rank", input) as full:
        input = convert_to_tensor(input)
        known = input.shape.rank
        return apply("Rank", input, name=full) if known is None else _constant(known, dtypes.int32, full)


def _constant(value: int, dtype: DTypeLike, name: str) -> Tensor:
    return constant_node(np.array(value, dtypes.numpy_dtype(dtype_name(dtype))), dtype_name(dtype), name)


def shape_n(input: Sequence[TensorLike], out_type: DTypeLike = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """The shapes of several tensors of one dtype, as vectors.

    Parameters
    ----------
    input : sequence of TensorLike
        Tensors of one dtype (any) and of any shapes.
    out_type : DTypeLike
        The dtype of the results, int32 or int64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    list of Tensor
        A vector for each tensor.

    Raises
    ------
    TypeError
        The dtypes differ.
    """
    return apply_list("ShapeN", list(input), name=name, out_type=dtype_name(out_type))


@register
class Reshape(OpDef):
    """The same elements in the same order, in another shape; a size of -1 is computed from the others."""

    type = "Reshape"
    signature = "tensor: T, shape: Tshape -> output: T"
    types = {"Tshape": INDICES}
    default_types = {"Tshape": "int32"}

    def shapes(self, node: Node) -> Sequence[StaticShape]:
        """The value of shape, with the remaining length where it is -1."""
        given, wanted = node.input_shapes[0], node.constant(1)
        with_rank(node.input_shapes[1], 1)
        if wanted is not None:
            _check_sizes(wanted)
        return [_fill_in(given, node.sizes(1))]

    def kernel(self, node: Node) -> Kernel:
        return _reshape

    def kernel_knowing(self, node: Node, constants: Sequence[Array | None]) -> Kernel | None:
        known = constants[1]
        if known is None or known.ndim != 1 or (known < 0).any():
            return None
        sizes = tuple(known.tolist())

        def reshaped(values: Array, wanted: Array) -> Array:
            try:
                return values.reshape(sizes)
            except ValueError:
                return _reshape(values, wanted)

        return reshaped

    def fold(self, node: Node) -> Array | None:
        values, sizes = node.constant(0), node.constant(1)
        return None if values is None or sizes is None else _reshape(values, sizes)

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        return [_as_before(op, grads[0]), None]


def _as_before(op: Operation, grad: Gradient) -> Tensor:
    """A derivative in the shape of the operation's input; slices become a whole tensor."""
    return apply("Reshape", whole(grad), shape_of(op.inputs[0], "Shape"))


def _check_sizes(sizes: Array) -> None:
    found = np.ravel(sizes).tolist()  # so few numbers are looked at sooner in Python than in NumPy
    if found.count(-1) > 1 or min(found, default=0) < -1:
        raise ValueError(f"Sizes must not be negative, but for one -1, so {sizes.tolist()} is not a shape.")


def _fill_in(given: StaticShape, wanted: StaticShape) -> StaticShape:
    """The wanted shape, with the one size that is missing computed where the number of elements is known."""
    if wanted is None or given is None or (None in given and 0 not in given):
        return wanted
    count = math.prod(size or 0 for size in given)
    known = math.prod(size for size in wanted if size is not None)
    missing = wanted.count(None)
    fits = count == known if missing == 0 else missing > 1 or (count % known == 0 if known else count == 0)
    if not fits:
        rest = "." if missing == 0 else f": {count} must be evenly divisible by {known}."
        raise ValueError(f"Cannot reshape a tensor with {count} elements to shape {shapes.text(wanted)}{rest}")
    if missing == 1 and known:
        return tuple(count // known if size is None else size for size in wanted)
    return wanted


def _reshape(values: Array, sizes: Array) -> Array:
    sizes = np.asarray(sizes)
    if sizes.ndim == 1 and min(sizes.tolist(), default=0) > 0:  # as in each step of a loop
        try:
            return values.reshape(sizes.tolist())
        except ValueError:
            pass  # said below
    _check_sizes(sizes)
    if sizes.ndim != 1:
        raise ValueError(f"The sizes must be a vector, but they have shape {sizes.shape}.")
    wanted = sizes.tolist()
    if -1 in wanted and 0 in wanted:
        wanted[wanted.index(-1)] = _remaining(np.shape(values), wanted)
    try:
        return np.reshape(values, wanted)
    except ValueError:
        asked = math.prod(size for size in wanted if size != -1)
        requires = f"requires a multiple of {asked}" if -1 in wanted else f"has {asked}"
        raise ValueError(
            f"Input to reshape is a tensor with {np.size(values)} values, but the requested shape {requires}"
        ) from None


def _remaining(given: tuple[int, ...], wanted: list[int]) -> int:
    """The size for -1 beside sizes of 0, where any would do: TensorFlow leaves zeros out on both sides."""
    if 0 not in given:
        raise ValueError(f"Cannot reshape a tensor of shape {shapes.text(given)} to {wanted}.")
    count, known = (math.prod(size for size in sizes if size > 0) for sizes in (given, wanted))
    return count // known


def reshape(tensor: TensorLike, shape: TensorLike, name: str | None = None) -> Tensor:
    """The same elements in the same row-major order, in another shape.

    Parameters
    ----------
    tensor : TensorLike
        Of any dtype and shape.
    shape : TensorLike
        A vector of int32 or int64. One size may be -1 and is computed from the others.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype and number of elements.

    Raises
    ------
    ValueError
        The number of elements is known and does not fit, a size is negative, two are -1, or ``shape`` is not a vector.
    TypeError
        The sizes are not integers.
    InvalidArgumentError
        In the run: the number of elements does not fit.
    """
    return apply("Reshape", tensor, shape, name=name)


@register
class ExpandDims(OpDef):
    """A tensor with one more dimension, of length 1."""

    type = "ExpandDims"
    signature = "input: T, dim: Tdim -> output: T"
    types = {"Tdim": INDICES}
    default_types = {"Tdim": "int32"}

    def shapes(self, node: Node) -> Sequence[StaticShape]:
        """That of input, with 1 inserted at dim."""
        shape, axis = node.input_shapes[0], static_integer(node, 1)
        if shape is None:
            return [None]
        if axis is None:
            return [(None,) * (len(shape) + 1)]
        place = normal_axis(axis, len(shape) + 1)
        return [(*shape[:place], 1, *shape[place:])]

    def kernel(self, node: Node) -> Kernel:
        return lambda values, axis: np.expand_dims(values, integer(axis))

    def kernel_knowing(self, node: Node, constants: Sequence[Array | None]) -> Kernel | None:
        shape, axis = node.input_shapes[0], constants[1]
        if shape is None or axis is None or axis.size != 1 or not -len(shape) - 1 <= axis <= len(shape):
            return None
        rank, any_rank = len(shape), self.kernel(node)
        place = (*[slice(None)] * normal_axis(integer(axis), rank + 1), None)
        return lambda values, axis: values[place] if values.ndim == rank else any_rank(values, axis)

    def fold(self, node: Node) -> Array | None:
        values, axis = node.constant(0), static_integer(node, 1)
        return None if values is None or axis is None else np.expand_dims(values, axis)

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        return [_as_before(op, grads[0]), None]


def expand_dims(
    input: TensorLike, axis: TensorLike | None = None, name: str | None = None, dim: TensorLike | None = None
) -> Tensor:
    """Add a dimension of length 1.

    Parameters
    ----------
    input : TensorLike
        Of any dtype and shape.
    axis : TensorLike
        The place of the new dimension in the result: a single integer from -(rank + 1) to rank.
    name : str, optional
        The name of the operation.
    dim : TensorLike, optional
        An older name of ``axis``.

    Returns
    -------
    Tensor
        Of the same dtype and of rank + 1.

    Raises
    ------
    ValueError
        The axis is missing, out of range, or not a single number.
    TypeError
        The axis is not an integer.
    InvalidArgumentError
        In the run: an axis that was unknown before is out of range.
    """
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError("tf.expand_dims needs an axis.")
    return apply("ExpandDims", input, axis, name=name)


@register
class Squeeze(OpDef):
    """A tensor without dimensions of length 1: the given ones, or all."""

    type = "Squeeze"
    signature = "input: T -> output: T"
    minimums = {"squeeze_dims": 0}
    attrs = {"squeeze_dims": []}

    def shapes(self, node: Node) -> Sequence[StaticShape]:
        """That of input without squeeze_dims, or without every length 1."""
        shape, axes = node.input_shapes[0], node.attrs["squeeze_dims"]
        if shape is None or (not axes and None in shape):
            return [None]
        dropped = {normal_axis(axis, len(shape)) for axis in axes} if axes else set(_ones(shape))
        wrong = [axis for axis in dropped if shape[axis] not in (1, None)]
        if wrong:
            raise ValueError(f"Can not squeeze dim[{wrong[0]}], expected a dimension of 1, got {shape[wrong[0]]}.")
        return [tuple(size for axis, size in enumerate(shape) if axis not in dropped)]

    def kernel(self, node: Node) -> Kernel:
        axes = tuple(node.attrs["squeeze_dims"]) or None
        return lambda values: np.squeeze(values, axes)

    def fold(self, node: Node) -> Array | None:
        values = node.constant(0)
        return None if values is None else np.squeeze(values, tuple(node.attrs["squeeze_dims"]) or None)

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        return [_as_before(op, grads[0])]


def _ones(shape: Sequence[int | None]) -> list[int]:
    return [axis for axis, size in enumerate(shape) if size == 1]


def squeeze(
    input: TensorLike,
    axis: int | Sequence[int] | None = None,
    name: str | None = None,
    squeeze_dims: int | Sequence[int] | None = None,
) -> Tensor:
    """Remove dimensions of length 1: the given ones, or all.

    Parameters
    ----------
    input : TensorLike
        Of any dtype and shape.
    axis : int or list of int, optional
        Dimensions of length 1; negative ones count from the last.
    name : str, optional
        The name of the operation.
    squeeze_dims : int or list of int, optional
        An older name of ``axis``.

    Returns
    -------
    Tensor
        Of the same dtype.

    Raises
    ------
    ValueError
        A dimension is out of range or has another length.
    InvalidArgumentError
        In the run: a dimension has another length than 1.
    """
    axis = squeeze_dims if axis is None else axis
    axes = [] if axis is None else [int(item) for item in np.atleast_1d(axis)]
    return apply("Squeeze", input, name=name, squeeze_dims=axes)


@register
class Transpose(OpDef):
    """The dimensions in another order."""

    type = "Transpose"
    signature = "x: T, perm: Tperm -> y: T"
    types = {"Tperm": INDICES}
    default_types = {"Tperm": "int32"}

    def shapes(self, node: Node) -> Sequence[StaticShape]:
        """(x.shape[perm[i]], ...)."""
        with_rank(node.input_shapes[1], 1)
        shape, order = node.input_shapes[0], node.constant(1)
        if order is None:
            return [None if shape is None else (None,) * len(shape)]
        if shape is None:
            return [(None,) * len(order)]
        _check_order(order, len(shape))
        return [tuple(shape[axis] for axis in order)]

    def kernel(self, node: Node) -> Kernel:
        return _transpose

    def kernel_knowing(self, node: Node, constants: Sequence[Array | None]) -> Kernel | None:
        if constants[1] is None or self.type != "Transpose":
            return None
        order = tuple(constants[1].tolist())
        rank = len(order)
        if sorted(order) != list(range(rank)):
            return None
        return lambda values, perm: values.transpose(order) if values.ndim == rank else _transpose(values, perm)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply(self.type, grads[0], apply("InvertPermutation", op.inputs[1]), name="transpose"), None]


@register
class ConjugateTranspose(Transpose):
    """The dimensions in another order, and the complex conjugate."""

    type = "ConjugateTranspose"

    def kernel(self, node: Node) -> Kernel:
        if not dtypes.as_dtype(node.attrs["T"]).is_complex:
            return _transpose
        return lambda values, order: np.conjugate(_transpose(values, order))


def _check_order(order: Array, rank: int) -> None:
    if sorted(order.tolist()) != list(range(rank)):
        raise ValueError(f"perm must hold each of the {rank} dimensions once, not {order.tolist()}.")


def _transpose(values: Array, order: Array) -> Array:
    _check_order(np.asarray(order), np.ndim(values))
    return np.transpose(values, order)


def transpose(
    a: TensorLike, perm: TensorLike | None = None, name: str = "transpose", conjugate: bool = False
) -> Tensor:
    """The dimensions in another order.

    Parameters
    ----------
    a : TensorLike
        Of any dtype and shape.
    perm : TensorLike, optional
        A vector of int32 or int64: for each dimension of the result, that of ``a``. By default they are reversed.
    name : str
        The name of the operation.
    conjugate : bool
        Take the complex conjugate too.

    Returns
    -------
    Tensor
        Of the same dtype and rank.

    Raises
    ------
    ValueError
        ``perm`` does not hold each dimension once; negative ones are not supported.
    TypeError
        ``perm`` does not hold integers.
    InvalidArgumentError
        In the run: the rank or ``perm`` was unknown before and does not fit.
    """
    with scope(name, "transpose", a) as full:
        a = convert_to_tensor(a, name="a")
        if perm is None:
            perm = _reverse_order(a)
        is_conjugate = conjugate and a.dtype.is_complex
        return apply("ConjugateTranspose" if is_conjugate else "Transpose", a, perm, name=full)


def matrix_transpose(a: TensorLike, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """The transpose of a matrix, or of the matrices that the last two dimensions of a tensor hold.

    Parameters
    ----------
    a : TensorLike
        Of any dtype, and of rank 2 or more.
    name : str
        The name of the scope of its operations.
    conjugate : bool
        Take the complex conjugate too.

    Returns
    -------
    Tensor
        Of the same dtype, with the last two dimensions exchanged.

    Raises
    ------
    ValueError
        The rank is known and less than 2.
    """
    with scope(name, "matrix_transpose", a):
        a = convert_to_tensor(a, name="a")
        known = a.shape.rank
        if known is not None and known < 2:
            raise ValueError(
                f"Argument `a` should be a (batch) matrix with rank >= 2. Received `a` = {a} with shape: {a.shape}."
            )
        return transpose(a, _last_two_exchanged(a), conjugate=conjugate)


def _last_two_exchanged(a: Tensor) -> Tensor | Array:
    known = a.shape.rank
    if known is not None:
        return np.array([*range(known - 2), known - 1, known - 2], np.int32)
    count = apply("Rank", a)
    others = apply("Range", 0, apply("Sub", count, 2, name="sub"), 1)
    last = [apply("Sub", count, 1, name="sub"), apply("Sub", count, 2, name="sub")]
    return apply("ConcatV2", [others, last], 0, name="concat")


def _reverse_order(a: Tensor) -> Tensor | Array:
    known = a.shape.rank
    if known is not None:
        return np.arange(known, dtype=np.int32)[::-1].copy()
    count = apply("Rank", a)
    return apply("Range", apply("Sub", count, 1, name="sub"), -1, -1)


@register
class InvertPermutation(Flat):
    """The inverse of a permutation."""

    type = "InvertPermutation"
    signature = "x: T -> y: T"
    types = {"T": INDICES}
    default_types = {"T": "int32"}

    def shapes(self, node: Node) -> Sequence[StaticShape]:
        """That of x, a vector."""
        return [with_rank(node.input_shapes[0], 1)]

    def kernel(self, node: Node) -> Kernel:
        return _invert

    def fold(self, node: Node) -> Array | None:
        order = node.constant(0)
        return None if order is None else _invert(order)


def _invert(order: Array) -> Array:
    if sorted(order.tolist()) != list(range(len(order))):
        raise invalid(f"A permutation must hold each number below {len(order)} once, not {order.tolist()}.")
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order), dtype=order.dtype)
    return inverse


def invert_permutation(x: TensorLike, name: str | None = None) -> Tensor:
    """The inverse of a permutation: ``y[x[i]] == i``."""
    return apply("InvertPermutation", x, name=name)
