"""Running sums and products along an axis, and the indices of extremes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import ml_dtypes
import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, INDICES, NUMBERS, QUANTIZED, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import (
    NARROW,
    ROUNDED_ONCE,
    Flat,
    Grads,
    at_least,
    conjugate,
    dtype_name,
    integer,
    like,
    normal_axis,
    scope,
    static_integer,
)
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class _Scan(OpDef):
    """Running totals along an axis."""

    differs = ROUNDED_ONCE

    signature = "x: T, axis: Tidx -> out: T"
    types = {"T": NUMBERS, "Tidx": INDICES}
    default_types = {"Tidx": "int32"}
    attrs = {"exclusive": False, "reverse": False}
    ufunc: ClassVar[np.ufunc]
    initial: ClassVar[int]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of x, of rank 1 or more."""
        shape, axis = at_least(node.input_shapes[0], 1), static_integer(node, 1)
        if shape is not None and axis is not None:
            normal_axis(axis, len(shape))
        return [shape]

    def kernel(self, node: Node) -> Kernel:
        name = node.attrs["T"]
        # float16 and bfloat16 are added up in float32, so that only the results are rounded.
        dtype, wide = dtypes.numpy_dtype(name), np.float32 if name in NARROW else dtypes.numpy_dtype(name)
        step = slice(None, None, -1) if node.attrs["reverse"] else slice(None)
        accumulate = _exclusively(self.ufunc, self.initial) if node.attrs["exclusive"] else self.ufunc.accumulate

        def scan(values: Array, axis: Array) -> Array:
            along = normal_axis(integer(axis), np.ndim(values))
            moved = np.moveaxis(np.asarray(values, wide), along, 0)[step]
            scanned = accumulate(moved, axis=0, dtype=moved.dtype)[step]
            return np.moveaxis(scanned, 0, along).astype(dtype, copy=False)

        return scan


def _exclusively(ufunc: np.ufunc, initial: int) -> Callable[..., Array]:
    def accumulate(values: Array, axis: int, dtype: npt.DTypeLike) -> Array:
        result = np.full(values.shape, initial, dtype)
        if len(values) > 1:
            result[1:] = ufunc.accumulate(values[:-1], axis=axis, dtype=dtype)
        return result

    return accumulate


def _scanned_back(op: Operation, grad: Tensor) -> Tensor:
    """The derivative by each element, from those by all sums that it is part of."""
    attrs = {"exclusive": op.get_attr("exclusive"), "reverse": not op.get_attr("reverse")}
    return apply("Cumsum", grad, op.inputs[1], **attrs)


@register
class Cumsum(_Scan):
    """The sum of all up to each place."""

    type = "Cumsum"
    further_types = {"T": QUANTIZED}
    ufunc = np.add
    initial = 0

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        assert grads[0] is not None
        return [_scanned_back(op, grads[0]), None]


@register
class Cumprod(_Scan):
    """The product of all up to each place."""

    type = "Cumprod"
    further_types = {"T": QUANTIZED}
    ufunc = np.multiply
    initial = 1

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        """As TensorFlow's, this divides by the factors: one of 0 gives NaN."""
        weighted = _scanned_back(op, apply("Mul", grads[0], conjugate(op.outputs[0])))
        return [apply("RealDiv", weighted, conjugate(op.inputs[0])), None]


@register
class CumulativeLogsumexp(_Scan):
    """The logarithm of the sum of the exponentials of all up to each place; exclusive, the first is the least float."""

    type = "CumulativeLogsumexp"
    types = {"T": FLOATS, "Tidx": INDICES}
    ufunc = np.logaddexp
    initial = 0

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])
        wide = np.float32 if node.attrs["T"] in NARROW else dtype
        least = float(ml_dtypes.finfo(dtype).min)
        step = slice(None, None, -1) if node.attrs["reverse"] else slice(None)
        is_exclusive = node.attrs["exclusive"]

        def scan(values: Array, axis: Array) -> Array:
            along = normal_axis(integer(axis), np.ndim(values))
            moved = np.moveaxis(np.asarray(values, wide), along, 0)[step]
            if is_exclusive and len(moved):
                moved = np.concatenate([np.full_like(moved[:1], least), moved[:-1]])
            with np.errstate(invalid="ignore"):
                scanned = np.logaddexp.accumulate(moved, axis=0, dtype=moved.dtype)[step]
            return np.moveaxis(scanned, 0, along).astype(dtype, copy=False)

        return scan

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        (x, axis), grad = op.inputs, grads[0]
        assert grad is not None
        attrs = {"exclusive": op.get_attr("exclusive"), "reverse": not op.get_attr("reverse")}
        least, zero = like(float(grad.dtype.min), grad), like(0, grad)
        sides = []
        for is_side, size in ((apply("Greater", grad, zero), grad), (apply("Less", grad, zero), apply("Neg", grad))):
            logarithm = apply("SelectV2", is_side, apply("Log", size), least)
            summed = apply("CumulativeLogsumexp", apply("Sub", logarithm, op.outputs[0]), axis, **attrs)
            sides.append(apply("Exp", apply("AddV2", summed, x)))
        return [apply("Sub", *sides), None]


def cumulative_logsumexp(
    x: TensorLike, axis: TensorLike = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The running logarithms of sums of exponentials along an axis.

    Parameters
    ----------
    x : TensorLike
        Of any float dtype and a rank of at least 1.
    axis : TensorLike
        A single int32 or int64; negative ones count from the last.
    exclusive : bool
        Leave out the element itself; the first is then the least number of the dtype.
    reverse : bool
        Begin at the end of the axis.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype and shape.

    Raises
    ------
    ValueError
        The axis is out of range or not a single number, or the rank is 0.
    """
    with scope(name, "CumulativeLogsumexp", x) as full:
        return apply(
            "CumulativeLogsumexp", convert_to_tensor(x, name="x"), axis, exclusive=exclusive, reverse=reverse, name=full
        )


def cumsum(
    x: TensorLike, axis: TensorLike = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The running sums along an axis.

    Parameters
    ----------
    x : TensorLike
        Of any numeric dtype (floating, integer or complex) and a rank of at least 1.
    axis : TensorLike
        A single int32 or int64; negative ones count from the last.
    exclusive : bool
        Leave out the element itself, so that the first sum is 0.
    reverse : bool
        Begin at the end of the axis.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype and shape. float16 and bfloat16 are added up in float32 and each sum is rounded once;
        TensorFlow rounds after each addition. Integers wrap around on overflow.

    Raises
    ------
    ValueError
        The axis is out of range or not a single number, or the rank is 0.
    TypeError
        The dtype is bool or string, or the axis is not an integer.
    InvalidArgumentError
        In the run: an axis that was unknown before is out of range.
    """
    return _scanned("Cumsum", x, axis, exclusive, reverse, name)


def cumprod(
    x: TensorLike, axis: TensorLike = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The running products along an axis.

    Parameters
    ----------
    x : TensorLike
        Of any numeric dtype (floating, integer or complex) and a rank of at least 1.
    axis : TensorLike
        A single int32 or int64; negative ones count from the last.
    exclusive : bool
        Leave out the element itself, so that the first product is 1.
    reverse : bool
        Begin at the end of the axis.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype and shape. float16 and bfloat16 are multiplied in float32 and each product is rounded once;
        TensorFlow rounds after each multiplication. Integers wrap around on overflow. The derivative divides by the
        elements, as TensorFlow's does, and is NaN where one is 0.

    Raises
    ------
    ValueError
        The axis is out of range or not a single number, or the rank is 0.
    TypeError
        The dtype is bool or string, or the axis is not an integer.
    InvalidArgumentError
        In the run: an axis that was unknown before is out of range.
    """
    return _scanned("Cumprod", x, axis, exclusive, reverse, name)


def _scanned(op_type: str, x: TensorLike, axis: TensorLike, exclusive: bool, reverse: bool, name: str | None) -> Tensor:
    with scope(name, op_type, x) as full:
        x = convert_to_tensor(x, name="x")
        return apply(op_type, x, axis, name=full, exclusive=exclusive, reverse=reverse)


class _ArgExtreme(Flat):
    """The position of the extreme along an axis, the first of equals."""

    signature = "input: T, dimension: Tidx -> output: output_type"
    types = {"T": REALS | {"bool"}, "Tidx": INDICES, "output_type": INDICES}
    default_types = {"Tidx": "int32"}
    attrs = {"output_type": "int64"}
    find: ClassVar[Callable[..., Any]]
    worst: ClassVar[float]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input without dimension."""
        shape, axis = at_least(node.input_shapes[0], 1), static_integer(node, 1)
        if shape is None:
            return [None]
        if axis is None:
            return [(None,) * (len(shape) - 1)]
        along = normal_axis(axis, len(shape))
        return [shape[:along] + shape[along + 1 :]]

    def kernel(self, node: Node) -> Kernel:
        find, worst, dtype = type(self).find, type(self).worst, dtypes.numpy_dtype(node.attrs["output_type"])

        def locate(values: Array, axis: Array) -> Array:
            along = normal_axis(integer(axis), np.ndim(values))
            return np.asarray(find(_without_nan(values, worst), axis=along), dtype)

        return locate


@register
class ArgMax(_ArgExtreme):
    """The index of the greatest value along an axis."""

    type = "ArgMax"
    types = {"T": REALS | {"bool"}, "Tidx": INDICES | {"int16"}, "output_type": INDICES | {"int16", "uint16"}}
    further_types = {"T": QUANTIZED}
    find = np.argmax
    worst = -np.inf


def _without_nan(values: Array, worst: float) -> Array:
    """The values, with NaN replaced by a value that is never chosen."""
    if values.dtype.kind in "iub" or not np.isnan(values).any():
        return values
    return np.where(np.isnan(values), np.array(worst, values.dtype), values)


@register
class ArgMin(_ArgExtreme):
    """The index of the least value along an axis."""

    type = "ArgMin"
    further_types = {"T": QUANTIZED}
    find = np.argmin
    worst = np.inf


def argmax(
    input: TensorLike,
    axis: TensorLike | None = None,
    name: str | None = None,
    dimension: TensorLike | None = None,
    output_type: DTypeLike = dtypes.int64,
) -> Tensor:
    """The index of the greatest value along an axis; of equal ones the first.

    Parameters
    ----------
    input : TensorLike
        Of a real dtype (floating or integer) or bool, and a rank of at least 1.
    axis : TensorLike, optional
        A single integer, 0 by default; negative ones count from the last.
    name : str, optional
        The name of the operation.
    dimension : TensorLike, optional
        An older name of ``axis``.
    output_type : DTypeLike
        The dtype of the indices.

    Returns
    -------
    Tensor
        Indices, without the axis. NaN is never the greatest, unless there is nothing else.

    Raises
    ------
    ValueError
        The axis is out of range or not a single number, or the rank is 0.
    TypeError
        The dtype is complex or string, or the axis is not an integer.
    InvalidArgumentError
        In the run: the axis has length 0, or one that was unknown before is out of range.
    """
    return _arg_extreme("ArgMax", input, axis, name, dimension, output_type)


def argmin(
    input: TensorLike,
    axis: TensorLike | None = None,
    name: str | None = None,
    dimension: TensorLike | None = None,
    output_type: DTypeLike = dtypes.int64,
) -> Tensor:
    """The index of the least value along an axis; of equal ones the first.

    Parameters
    ----------
    input : TensorLike
        Of a real dtype (floating or integer) or bool, and a rank of at least 1.
    axis : TensorLike, optional
        A single integer, 0 by default; negative ones count from the last.
    name : str, optional
        The name of the operation.
    dimension : TensorLike, optional
        An older name of ``axis``.
    output_type : DTypeLike
        The dtype of the indices.

    Returns
    -------
    Tensor
        Indices, without the axis. NaN is never the least, unless there is nothing else.

    Raises
    ------
    ValueError
        The axis is out of range or not a single number, or the rank is 0.
    TypeError
        The dtype is complex or string, or the axis is not an integer.
    InvalidArgumentError
        In the run: the axis has length 0, or one that was unknown before is out of range.
    """
    return _arg_extreme("ArgMin", input, axis, name, dimension, output_type)


def _arg_extreme(
    op_type: str,
    values: TensorLike,
    axis: TensorLike | None,
    name: str | None,
    dimension: TensorLike | None,
    output_type: DTypeLike,
) -> Tensor:
    axis = dimension if axis is None else axis
    return apply(op_type, values, 0 if axis is None else axis, name=name, output_type=dtype_name(output_type))


def arg_max(
    input: TensorLike, dimension: TensorLike, output_type: DTypeLike = dtypes.int64, name: str | None = None
) -> Tensor:
    """The older form of `argmax`.

    Parameters
    ----------
    input : TensorLike
    dimension : int
        The axis.
    output_type : {int32, int64}
    name : str, optional

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The axis is out of range.
    """
    return argmax(input, dimension, name=name, output_type=output_type)


def arg_min(
    input: TensorLike, dimension: TensorLike, output_type: DTypeLike = dtypes.int64, name: str | None = None
) -> Tensor:
    """The older form of `argmin`.

    Parameters
    ----------
    input : TensorLike
    dimension : int
        The axis.
    output_type : {int32, int64}
    name : str, optional

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The axis is out of range.
    """
    return argmin(input, dimension, name=name, output_type=output_type)
