"""Places in sorted rows, and places in a tensor by their numbers in a vector."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.brackets import getitem
from hdfsaver.graph.definition import ALL, INDICES, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Flat, dtype_name, invalid, scope, truncated_quotient, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class _Bound(Flat, OpDef):
    """For each value of a row its place in a sorted row: how many numbers are before it."""

    signature = "sorted_inputs: T, values: T -> output: out_type"
    types = {"T": REALS, "out_type": INDICES}
    further_types = {"T": ALL}
    attrs = {"out_type": "int32"}
    is_before: Callable[[Any, Any], Any]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of values, a matrix."""
        with_rank(node.input_shapes[0], 2)
        return [with_rank(node.input_shapes[1], 2)]

    def kernel(self, node: Node) -> Kernel:
        dtype, is_before = dtypes.numpy_dtype(node.attrs["out_type"]), type(self).is_before

        def places(rows: Array, values: Array) -> Array:
            if np.shape(rows)[:1] != np.shape(values)[:1]:
                raise invalid(
                    f"Leading dim_size of both tensors must match, but they have shapes {np.shape(rows)} and "
                    f"{np.shape(values)}."
                )
            return _bisected(rows, values, is_before).astype(dtype)

        return places


def _bisected(rows: Array, values: Array, is_before: Callable[[Any, Any], Any]) -> Array:
    """The places by bisection, step by step for all values; a row that is not sorted, or has NaN, is one as well."""
    first = np.zeros(values.shape, np.int64)
    left = np.full(values.shape, rows.shape[1], np.int64)
    while left.any():
        half = left >> 1
        middle = np.take_along_axis(rows, np.minimum(first + half, rows.shape[1] - 1), axis=1)
        goes_on = (left > 0) & is_before(middle, values)
        first = np.where(goes_on, first + half + 1, first)
        left = np.where(goes_on, left - half - 1, half)
    return first


@register
class LowerBound(_Bound):
    """The place of the first number that is not less than a value, for each value and row."""

    type = "LowerBound"
    is_before = staticmethod(np.less)


@register
class UpperBound(_Bound):
    """The place of the first number that is greater than a value, for each value and row."""

    type = "UpperBound"

    @staticmethod
    def is_before(number: Any, value: Any) -> Any:
        return np.logical_not(np.less(value, number))


def searchsorted(
    sorted_sequence: TensorLike,
    values: TensorLike,
    side: str = "left",
    out_type: DTypeLike = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """Find the places at which values would be inserted into sorted rows.

    Parameters
    ----------
    sorted_sequence : Tensor or array_like
        Real numbers; each row, which is the last dimension, is sorted.
    values : Tensor or array_like
        Of the same dtype, and of the same shape but for the last dimension.
    side : str
        ``"left"`` for the first place that keeps the order, ``"right"`` for the last one.
    out_type : DType
        int32 or int64.
    name : str, optional
        Name of the operation, ``LowerBound`` or ``UpperBound`` by default.

    Returns
    -------
    Tensor
        Of the shape of ``values``.

    Raises
    ------
    ValueError
        ``side`` is something else, or a tensor has no dimension.
    TypeError
        The dtypes differ, or ``out_type`` is another one.
    InvalidArgumentError
        When run: the numbers of rows differ.
    """
    if side not in ("left", "right"):
        raise ValueError(f"Argument `side` must be either 'right' or 'left'. Received: `side` = {side!r}.")
    count, width = getitem(_shape_of(sorted_sequence), -1), getitem(_shape_of(values), -1)
    rows, wanted = apply("Reshape", sorted_sequence, [-1, count]), apply("Reshape", values, [-1, width])
    op_type = "LowerBound" if side == "left" else "UpperBound"
    found = apply(op_type, rows, wanted, name=name, out_type=dtype_name(out_type))
    return apply("Reshape", found, _shape_of(values))


def _shape_of(value: TensorLike) -> Tensor:
    with scope(None, "Shape", value) as full:
        tensor = convert_to_tensor(value)
        if tensor.shape.is_fully_defined():
            return convert_to_tensor(tensor.shape)
        return apply("Shape", tensor, name=full)


@register
class UnravelIndex(Flat, OpDef):
    """The indices in a tensor of some shape for places in the vector of all its elements."""

    type = "UnravelIndex"
    signature = "indices: Tidx, dims: Tidx -> output: Tidx"
    types = {"Tidx": INDICES}
    default_types = {"Tidx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(number of dims,) for a single place, otherwise (number of dims, number of places)."""
        places, dims = node.input_shapes[0], with_rank(node.input_shapes[1], 1)
        if places is None:
            return [None]
        rank = None if dims is None else dims[0]
        if not places:
            return [(rank,)]
        return [(rank, None if None in places else math.prod(size or 0 for size in places))]

    def kernel(self, node: Node) -> Kernel:
        return _unravelled


def _unravelled(places: Array, dims: Array) -> Array:
    _check_dims(places, dims)
    total = math.prod(dims.tolist())
    if total > np.iinfo(dims.dtype).max:
        raise invalid(f"Input dims product is causing integer overflow: {dims.tolist()}.")
    if (places >= total).any():
        raise invalid(f"index is out of bound as with dims {dims.tolist()}: {int(places.max())}.")
    columns, rest = [], places
    for axis in range(dims.size):
        size = np.asarray(math.prod(dims[axis + 1 :].tolist()), dims.dtype)
        columns.append(truncated_quotient(rest, size))
        rest = np.fmod(rest, size)
    return np.stack(columns) if columns else np.zeros((0, *np.shape(places)), dims.dtype)


def _check_dims(places: Array, dims: Array) -> None:
    if np.ndim(dims) != 1:
        raise invalid(f"The dims can only be 1-D, but their shape is {np.shape(dims)}.")
    if np.ndim(places) > 1:
        raise invalid(f"The indices can only be scalar or vector, but their shape is {np.shape(places)}.")
    if not np.size(places):
        raise invalid("received empty tensor indices.")
    for axis, size in enumerate(dims.tolist()):
        if size < 0:
            raise invalid(f"Input dims cannot be negative. Got dim = {size} at index {axis}.")
        if size == 0:
            raise invalid(f"Input dims cannot contain a dim of zero, but dims contains zero at index {axis}.")


def unravel_index(indices: TensorLike, dims: TensorLike, name: str | None = None) -> Tensor:
    """The indices in a tensor of a given shape for places in the vector of all its elements.

    Parameters
    ----------
    indices : Tensor or array_like
        A number, or a vector of numbers; int32 or int64.
    dims : Tensor or array_like
        The shape, of the same dtype.
    name : str, optional
        Name of the operation, ``UnravelIndex`` by default.

    Returns
    -------
    Tensor
        A vector for a single number, otherwise a matrix with a column for each.

    Raises
    ------
    TypeError
        They are not integers.
    ValueError
        The shape is not a vector.
    InvalidArgumentError
        When run: a place is not in the tensor, or a size is 0 or negative.
    """
    return apply("UnravelIndex", indices, dims, name=name)
