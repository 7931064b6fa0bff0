"""Reductions: sums, means, products, extremes and truth values along some axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, QUANTIZED, REALS, UNFIT, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.base import (
    NARROW,
    ROUNDED_ONCE,
    Flat,
    Grads,
    conjugate,
    dtype_name,
    filled,
    fold_by_kernel,
    invalid,
    like,
    scope,
)
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

# The types of these depend on whether `keepdims` is literally True, which is not known here.
_add: Callable[..., Any] = np.add.reduce
_multiply: Callable[..., Any] = np.multiply.reduce
_maximum: Callable[..., Any] = np.maximum.reduce
_minimum: Callable[..., Any] = np.minimum.reduce
_logical_and: Callable[..., Any] = np.logical_and.reduce
_logical_or: Callable[..., Any] = np.logical_or.reduce


class _Reduction(OpDef):
    """One value out of all along some axes."""

    signature = "input: T, reduction_indices: Tidx -> output: T"
    types = {"T": NUMBERS, "Tidx": INDICES}
    default_types = {"Tidx": "int32"}
    attrs = {"keep_dims": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input without reduction_indices; 1 there with keep_dims."""
        (shape, of_axes), axes, keep = node.input_shapes, node.constant(1), node.attrs["keep_dims"]
        if of_axes is not None and len(of_axes) > 1:
            raise ValueError(f"Shape must be at most rank 1 but is rank {len(of_axes)}: it is that of the axes.")
        if shape is None:
            return [None]
        if axes is None:
            return [(None,) * len(shape) if keep else None]
        dropped = set(_from_front(axes, len(shape)))
        if keep:
            return [tuple(1 if axis in dropped else size for axis, size in enumerate(shape))]
        return [tuple(size for axis, size in enumerate(shape) if axis not in dropped)]

    def kernel(self, node: Node) -> Kernel:
        name = node.attrs.get("T", "bool")
        dtype, keep, reduce = dtypes.numpy_dtype(name), node.attrs["keep_dims"], type(self).reduce
        # float16 and bfloat16 are added up in float32, so that only the result is rounded; integers keep their dtype.
        wide = np.dtype(np.float32) if name in NARROW else dtype

        def reduced(values: Array, axes: Array) -> Array:
            along = _each_once(_from_front(axes, np.ndim(values)))
            return reduce(np.asarray(values, wide), along, keep).astype(dtype, copy=False)

        return reduced

    def kernel_knowing(self, node: Node, constants: Sequence[Array | None]) -> Kernel | None:
        shape, axes, name = node.input_shapes[0], constants[1], node.attrs.get("T", "bool")
        if shape is None or axes is None or name in NARROW:
            return None
        rank, keep, dtype = len(shape), node.attrs["keep_dims"], dtypes.numpy_dtype(name)
        reduce, any_rank = type(self).reduce, self.kernel(node)
        try:
            along = _each_once(_from_front(axes, rank))
        except UNFIT:
            return None

        def reduced(values: Array, axes: Array) -> Array:
            if values.ndim != rank:
                others: Array = any_rank(values, axes)
                return others
            return reduce(values, along, keep).astype(dtype, copy=False)

        return reduced

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        """Reduce values along axes."""
        raise NotImplementedError

    def fold(self, node: Node) -> Array | None:
        return fold_by_kernel(self, node)


def _from_front(axes: Array, rank: int) -> tuple[int, ...]:
    """Axes counted from the front; `ValueError` where one is out of range."""
    found = axes.tolist() if np.ndim(axes) == 1 else np.ravel(axes).tolist()
    for axis in found:
        if not -rank <= axis < rank:
            raise ValueError(f"Invalid reduction dimension {axis} for input with {rank} dimensions.")
    return tuple([axis % rank for axis in found])


def _each_once(axes: tuple[int, ...]) -> tuple[int, ...]:
    for axis in axes:
        if axes.count(axis) > 1:
            raise invalid(f"Invalid reduction arguments: Axes contains duplicate dimension: {axis}.")
    return axes


def _static_axes(op: Operation) -> tuple[int, ...] | None:
    """The axes that an operation reduces, counted from the front, where they and the rank are known."""
    node = Node.of(op.graph.data, op.name)
    shape, axes = node.input_shapes[0], node.constant(1)
    return None if shape is None or axes is None else _from_front(axes, len(shape))


def _is_reduced(op: Operation) -> Tensor | Array:
    """A bool for each axis of the input: whether it is reduced."""
    values, axes = op.inputs
    dropped = _static_axes(op)
    if dropped is not None:
        return np.isin(np.arange(values.shape.rank or 0), dropped)
    rank = apply("Rank", values)
    if axes.dtype.base_dtype.name != "int32":
        axes = apply("Cast", axes, DstT="int32")
    positive = apply("FloorMod", apply("AddV2", apply("Reshape", axes, [-1]), rank), rank)
    return apply("Greater", apply("UnsortedSegmentSum", apply("OnesLike", positive), positive, rank), 0)


def _kept_shape(op: Operation) -> Tensor | Array:
    """The shape that the result has where the reduced axes are kept with length 1."""
    dropped = _static_axes(op)
    sizes = op.inputs[0].shape.plain
    if dropped is not None and sizes is not None:
        kept = [1 if axis in dropped else size for axis, size in enumerate(sizes)]
        if None not in kept and max((size or 0 for size in kept), default=0) < 2**31:
            return np.array(kept, np.int32)
    shape = apply("Shape", op.inputs[0])
    return apply("Select", _is_reduced(op), apply("OnesLike", shape), shape)


def _spread(op: Operation, reduced: Tensor | None) -> Tensor:
    """A tensor of a reduction's result's shape, repeated to the shape of its input."""
    kept, sizes = _kept_shape(op), op.inputs[0].shape.plain
    if isinstance(kept, np.ndarray) and sizes is not None and max((size or 0 for size in sizes), default=0) < 2**31:
        reshaped = apply("Reshape", reduced, kept)
        is_full = bool((kept == 1).all())
        if None in sizes:
            return apply("Tile" if is_full else "BroadcastTo", reshaped, apply("Shape", op.inputs[0]))
        multiples = np.array(sizes, np.int32) // np.maximum(kept, 1)
        return apply("Tile", reshaped, constant_node(multiples, "int32", "Const") if is_full else multiples)
    if not op.get_attr("keep_dims"):
        reduced = apply("Reshape", reduced, kept)
    return apply("BroadcastTo", reduced, apply("Shape", op.inputs[0]))


@register
class Sum(_Reduction):
    """The sum."""

    type = "Sum"
    differs = ROUNDED_ONCE
    further_types = {"T": QUANTIZED}

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        if not axes:  # most derivatives of broadcast inputs: nothing was repeated
            return values.copy()
        return np.asarray(_add(values, axis=axes, dtype=values.dtype, keepdims=keep))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [_spread(op, grads[0]), None]


@register
class Mean(_Reduction):
    """The mean; of integers it is rounded towards zero, and float16 and bfloat16 are added up in float32."""

    type = "Mean"
    differs = ROUNDED_ONCE
    further_types = {"T": QUANTIZED}

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        wide = {"i": np.int64, "u": np.uint64}.get(values.dtype.kind, values.dtype)
        total = np.asarray(_add(values, axis=axes, dtype=wide, keepdims=keep))
        count = values.size // total.size if total.size else 1
        if values.dtype.kind not in "iu":
            return np.asarray(total / np.asarray(count, values.real.dtype))
        return np.asarray(np.sign(total) * (np.absolute(total) // max(count, 1)))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        spread = _spread(op, grads[0])
        given, made = op.inputs[0].shape, op.outputs[0].shape
        if given.is_fully_defined() and made.is_fully_defined():
            count = like((given.num_elements() or 0) // max(made.num_elements() or 0, 1), spread)
        else:
            results = apply("Maximum", apply("Size", op.outputs[0]), 1)
            whole_count = apply("FloorDiv", apply("Size", op.inputs[0]), results)
            count = apply("Cast", whole_count, DstT=spread.dtype.base_dtype.name)
        return [apply("RealDiv", spread, count, name="truediv"), None]


@register
class Prod(_Reduction):
    """The product."""

    type = "Prod"
    differs = ROUNDED_ONCE
    further_types = {"T": QUANTIZED}

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        return np.asarray(_multiply(values, axis=axes, dtype=values.dtype, keepdims=keep))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        """The product of all others, found without a division: a factor may be 0."""
        values = op.inputs[0]
        is_reduced, sizes = _is_reduced(op), apply("Shape", values)
        reduced, others = _places_of(is_reduced), _places_of(apply("LogicalNot", is_reduced))
        order = apply("ConcatV2", [reduced, others], 0)
        transposed = apply("Transpose", values, order)
        shape = apply("Shape", transposed)
        factors, products = (apply("Prod", apply("GatherV2", sizes, axes, 0), [0]) for axes in (reduced, others))
        rows = apply("Reshape", transposed, apply("Pack", [factors, products]))
        before, after = (apply("Cumprod", rows, 0, exclusive=True, reverse=reverse) for reverse in (False, True))
        without = apply("Reshape", apply("Mul", before, after), shape)
        transposed_back = apply("Transpose", without, apply("InvertPermutation", order))
        return [apply("Mul", _spread(op, grads[0]), conjugate(transposed_back)), None]


def _places_of(chosen: Tensor | Array) -> Tensor:
    """The numbers of the axes for which a bool is true."""
    return apply("Cast", apply("Reshape", apply("Where", chosen), [-1]), DstT="int32")


class _Extreme(_Reduction):
    """The least or the greatest."""

    types = {"T": REALS, "Tidx": INDICES}

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        """Those that are equally great share the derivative."""
        values = op.inputs[0]
        chosen = apply("Cast", apply("Equal", values, _spread(op, op.outputs[0])), DstT=values.dtype.base_dtype.name)
        count = apply("Sum", chosen, op.inputs[1], keep_dims=op.get_attr("keep_dims"))
        shares = apply("RealDiv", chosen, _spread(op, count), name="truediv")
        return [apply("Mul", shares, _spread(op, grads[0])), None]


@register
class Max(_Extreme):
    """The greatest; of nothing, the least value of the dtype."""

    type = "Max"
    further_types = {"T": QUANTIZED}

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        least = -np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).min
        return np.asarray(_maximum(values, axis=axes, keepdims=keep, initial=least))


@register
class Min(_Extreme):
    """The least; of nothing, the greatest value of the dtype."""

    type = "Min"
    further_types = {"T": QUANTIZED}

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        greatest = np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).max
        return np.asarray(_minimum(values, axis=axes, keepdims=keep, initial=greatest))


@register
class EuclideanNorm(_Reduction):
    """The root of the sum of the squares of the absolute values; of integers it is cut off."""

    type = "EuclideanNorm"
    differs = ROUNDED_ONCE
    further_types = {"T": QUANTIZED}

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        squares = values * np.conjugate(values)
        total = np.asarray(_add(squares, axis=axes, dtype=values.dtype, keepdims=keep))
        with np.errstate(invalid="ignore"):  # a sum of integers may have wrapped around
            return np.asarray(np.sqrt(total)).astype(values.dtype)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        norm, grad = op.outputs[0], grads[0]
        if not op.get_attr("keep_dims"):
            kept = _kept_shape(op)
            norm, grad = apply("Reshape", norm, kept), apply("Reshape", grad, kept)
        ratio = apply("RealDiv", norm, grad, name="truediv")
        return [apply("RealDiv", op.inputs[0], ratio, name="truediv"), None]


class _Truth(Flat, _Reduction):
    """One bool out of many."""

    signature = "input: bool, reduction_indices: Tidx -> output: bool"
    types = {"Tidx": INDICES}


@register
class AllOf(_Truth):
    """Whether all are true."""

    type = "All"

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        return np.asarray(_logical_and(values, axis=axes, keepdims=keep))


@register
class AnyOf(_Truth):
    """Whether any is true."""

    type = "Any"

    @staticmethod
    def reduce(values: Array, axes: tuple[int, ...], keep: bool) -> Array:
        return np.asarray(_logical_or(values, axis=axes, keepdims=keep))


def _reduce(
    op_type: str,
    values: TensorLike,
    axis: TensorLike | None,
    keepdims: bool | None,
    name: str | None,
    axis_older: TensorLike | None,
    keepdims_older: bool | None,
) -> Tensor:
    """Make a reduction, given its arguments under their newer and older names."""
    if (axis is not None and axis_older is not None) or (keepdims is not None and keepdims_older is not None):
        raise ValueError("Give axis or reduction_indices, and keepdims or keep_dims, not both.")
    axis = axis_older if axis is None else axis
    keepdims = bool(keepdims_older if keepdims is None else keepdims)
    reduced = apply(op_type, values, _all_axes(values) if axis is None else axis, name=name, keep_dims=keepdims)
    if axis is None and not keepdims:
        reduced.set_shape(())
    return reduced


def _all_axes(values: TensorLike) -> Tensor:
    known = values._as_tensor().shape.rank if is_tensor(values) else None
    with graph_of([values]).as_default():
        if known:  # TensorFlow takes the way of an unknown rank for a scalar, too
            return convert_to_tensor(np.arange(known, dtype=np.int32))
        with scope(None, "Rank", values) as full:
            count = apply("Rank", values, name=full) if known is None and is_tensor(values) else _rank_of(values, full)
        return apply("Range", 0, count, 1, name="range")


def _rank_of(values: TensorLike, name: str) -> Tensor:
    rank = convert_to_tensor(values).shape.rank
    return convert_to_tensor(np.array(rank, np.int32), name=name)


def reduce_sum(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The sum of the elements along axes.

    Parameters
    ----------
    input_tensor : TensorLike
        Of any numeric dtype: floating, integer or complex.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Of the same dtype, without the axes. float16 and bfloat16 are added up in float32 and rounded once; integers
        wrap around on overflow. The sum of nothing is 0.

    Raises
    ------
    ValueError
        An axis is out of range, or an argument is given under both of its names.
    TypeError
        The dtype is bool or string, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    return _reduce("Sum", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_euclidean_norm(
    input_tensor: TensorLike, axis: TensorLike | None = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The root of the sum of the squares of the elements along axes, of complex ones of their absolute values.

    Parameters
    ----------
    input_tensor : TensorLike
        Of any numeric dtype: floating, integer or complex.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype, without the axes. Of integers it is cut off, and their squares wrap around on overflow. The
        norm of nothing is 0.

    Raises
    ------
    ValueError
        An axis is out of range.
    TypeError
        The dtype is bool or string, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    return _reduce("EuclideanNorm", input_tensor, axis, keepdims, name, None, None)


def reduce_mean(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The mean of the elements along axes.

    Parameters
    ----------
    input_tensor : TensorLike
        Of any numeric dtype: floating, integer or complex.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Of the same dtype, without the axes. float16 and bfloat16 are added up in float32 and rounded once. The mean of
        integers is an integer, rounded towards zero, and added up in 64 bits. The mean of nothing is NaN (integers: 0).

    Raises
    ------
    ValueError
        An axis is out of range, or an argument is given under both of its names.
    TypeError
        The dtype is bool or string, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    return _reduce("Mean", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_prod(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The product of the elements along axes.

    Parameters
    ----------
    input_tensor : TensorLike
        Of any numeric dtype: floating, integer or complex.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Of the same dtype, without the axes. float16 and bfloat16 are multiplied in float32 and rounded once; integers
        wrap around on overflow. The product of nothing is 1. The derivative needs a known rank and known axes.

    Raises
    ------
    ValueError
        An axis is out of range, or an argument is given under both of its names.
    TypeError
        The dtype is bool or string, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    return _reduce("Prod", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_max(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The greatest element along axes.

    Parameters
    ----------
    input_tensor : TensorLike
        Of a real dtype: floating or integer.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Of the same dtype, without the axes. NaN among the elements gives NaN. The maximum of nothing is the least value
        of the dtype. Elements that are equally great share the derivative.

    Raises
    ------
    ValueError
        An axis is out of range, or an argument is given under both of its names.
    TypeError
        The dtype is bool, complex or string, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    return _reduce("Max", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_min(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The least element along axes.

    Parameters
    ----------
    input_tensor : TensorLike
        Of a real dtype: floating or integer.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Of the same dtype, without the axes. NaN among the elements gives NaN. The minimum of nothing is the greatest
        value of the dtype. Elements that are equally small share the derivative.

    Raises
    ------
    ValueError
        An axis is out of range, or an argument is given under both of its names.
    TypeError
        The dtype is bool, complex or string, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    return _reduce("Min", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_all(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Whether all elements along axes are true.

    Parameters
    ----------
    input_tensor : TensorLike
        bool; numbers are not converted.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        bool, without the axes. All of nothing is True.

    Raises
    ------
    ValueError
        An axis is out of range, or an argument is given under both of its names.
    TypeError
        The dtype is not bool, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    return _reduce("All", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_any(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Whether any element along axes is true.

    Parameters
    ----------
    input_tensor : TensorLike
        bool; numbers are not converted.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        bool, without the axes. Any of nothing is False.

    Raises
    ------
    ValueError
        An axis is out of range, or an argument is given under both of its names.
    TypeError
        The dtype is not bool, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    return _reduce("Any", input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_logsumexp(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The logarithm of the sum of exponentials along axes, without overflow on the way.

    Computed as ``m + log(sum(exp(x - m)))`` for the greatest element m.

    Parameters
    ----------
    input_tensor : TensorLike
        Floating: float16, bfloat16, float32 or float64.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Of the same dtype, without the axes; ``-inf`` for nothing.

    Raises
    ------
    ValueError
        An axis is out of range.
    TypeError
        The dtype is not floating, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    axis = reduction_indices if axis is None else axis
    keepdims = bool(keep_dims if keepdims is None else keepdims)
    with scope(name, "ReduceLogSumExp", input_tensor) as full:
        values = convert_to_tensor(input_tensor, name="input_tensor")
        greatest = reduce_max(values, axis, keepdims=True)
        shift = apply("StopGradient", apply("SelectV2", apply("IsFinite", greatest), greatest, 0))
        summed = apply("Log", reduce_sum(apply("Exp", apply("Sub", values, shift)), axis, keepdims=keepdims))
        if not keepdims:
            shift = apply("Reshape", shift, apply("Shape", summed))
        return apply("AddV2", summed, shift, name=full)


def count_nonzero(
    input_tensor: TensorLike,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    dtype: DTypeLike = dtypes.int64,
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The number of elements along axes that are not zero, not False or not an empty string.

    Parameters
    ----------
    input_tensor : TensorLike
        Of any dtype.
    axis : int, list of int or TensorLike, optional
        The axes, int32 or int64; by default all. Negative ones count from the last.
    keepdims : bool, optional
        Keep the axes with length 1.
    dtype : DTypeLike
        The numeric dtype of the result.
    name : str, optional
        The name of the operation.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Of the dtype ``dtype``, without the axes.

    Raises
    ------
    ValueError
        An axis is out of range, or an argument is given under both of its names.
    TypeError
        ``dtype`` is not numeric, or the axes are not integers.
    InvalidArgumentError
        In the run: an axis is given twice, or one that was unknown before is out of range.
    """
    with scope(name, "count_nonzero", input_tensor):
        values = convert_to_tensor(input_tensor, name="input_tensor")
        is_nonzero = apply("NotEqual", values, filled(0, [], values.dtype, "zeros"))
        counted = apply("Cast", is_nonzero, DstT=dtype_name(dtype))
        return _reduce("Sum", counted, axis, keepdims, "Sum", reduction_indices, keep_dims)
