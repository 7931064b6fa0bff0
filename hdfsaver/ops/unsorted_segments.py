"""Slices of a tensor taken together by the number of their segment, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, QUANTIZED, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import (
    ROUNDED_ONCE,
    Grads,
    fold_by_kernel,
    integer,
    invalid,
    scope,
    static_integer,
)
from hdfsaver.ops.segment_reductions import (
    by_factors,
    greatest,
    least,
    name_of,
    one,
    taken_together,
    where_used,
)
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class _Unsorted(OpDef):
    signature = "data: T, segment_ids: Tindices, num_segments: Tnumsegments -> output: T"
    types = {"T": NUMBERS, "Tindices": INDICES, "Tnumsegments": INDICES}
    default_types = {"Tnumsegments": "int32"}
    further_types = {"T": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(num_segments,) + data.shape[rank of segment_ids:]."""
        data, ids, number = node.input_shapes[0], node.input_shapes[1], static_integer(node, 2)
        if data is None or ids is None:
            return [None]
        shapes.merge(data[: len(ids)], ids)
        return [(number, *data[len(ids) :])]

    def kernel(self, node: Node) -> Kernel:
        def together(data: Array, ids: Array, number: Array) -> Array:
            ids, data, count = np.asarray(ids), np.asarray(data), integer(number)
            if data.shape[: ids.ndim] != ids.shape:
                raise invalid(f"The shape of data {data.shape} must begin with that of segment_ids {ids.shape}.")
            if ids.size and ids.max() >= count:
                raise invalid(f"segment_ids contains {ids.max()}, which is not below num_segments = {count}.")
            used = ids.ravel() >= 0
            rows = data.reshape(ids.size, *data.shape[ids.ndim :])[used]
            return self._taken(rows, ids.ravel()[used], count)

        return together

    def _taken(self, rows: Array, ids: Array, count: int) -> Array:
        """The slices of each segment as one.

        Parameters
        ----------
        rows : ndarray
            The slices that are used.
        ids : ndarray
            Their segments, of one dimension.
        count : int
            How many segments there are.

        Returns
        -------
        ndarray
            A slice for each segment.
        """
        raise NotImplementedError


@register
class UnsortedSegmentSum(_Unsorted):
    """The sum of the slices of each segment; slices of negative segments are left out."""

    type = "UnsortedSegmentSum"
    types = {"T": NUMBERS, "Tindices": INDICES | {"int16"}, "Tnumsegments": INDICES}

    def _taken(self, rows: Array, ids: Array, count: int) -> Array:
        """The sums, each rounded after every slice."""
        total = np.zeros((count, *rows.shape[1:]), rows.dtype)
        np.add.at(total, ids, rows)
        return total

    def fold(self, node: Node) -> Array | None:
        return fold_by_kernel(self, node)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        ids = op.inputs[1]
        nothing = apply("ZerosLike", ids)
        taken = apply("GatherV2", grads[0], apply("Maximum", ids, nothing), 0)
        inner = apply("Fill", apply("Reshape", apply("Sub", apply("Rank", taken), apply("Rank", ids)), [1]), 1)
        beside = apply("ConcatV2", [apply("Shape", ids), inner], 0)
        is_used = apply("Reshape", apply("GreaterEqual", ids, nothing), beside)
        return [apply("SelectV2", is_used, taken, apply("ZerosLike", taken)), None, None]


class _UnsortedByUfunc(_Unsorted):
    ufunc: ClassVar[np.ufunc]
    empty: ClassVar[staticmethod[[np.dtype[Any]], Any]]

    def _taken(self, rows: Array, ids: Array, count: int) -> Array:
        kind = type(self)
        return taken_together(kind.ufunc, rows, ids, count, kind.empty(rows.dtype))


@register
class UnsortedSegmentProd(_UnsortedByUfunc):
    """The product of the slices of each segment, 1 without; slices of negative segments are left out."""

    type = "UnsortedSegmentProd"
    differs = ROUNDED_ONCE
    ufunc = np.multiply
    empty = staticmethod(one)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        data, ids, number = op.inputs
        by_data = by_factors(data, ids, grads[0], lambda other: apply("UnsortedSegmentProd", other, ids, number))
        return [by_data, None, None]


class _UnsortedExtreme(_UnsortedByUfunc):
    types = {"T": REALS, "Tindices": INDICES, "Tnumsegments": INDICES}
    further_types = {}

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        """The derivative, in equal parts to the slices that are the extreme."""
        data, ids, number = op.inputs
        places = apply("Maximum", ids, apply("ZerosLike", ids))
        is_taken = apply("Equal", data, apply("GatherV2", op.outputs[0], places, 0))
        counts = apply("UnsortedSegmentSum", apply("Cast", is_taken, DstT=name_of(data)), ids, number)
        parts = apply("GatherV2", apply("RealDiv", grads[0], counts), places, 0)
        return [where_used(ids, apply("SelectV2", is_taken, parts, apply("ZerosLike", parts))), None, None]


@register
class UnsortedSegmentMax(_UnsortedExtreme):
    """The greatest of the slices of each segment, the dtype's least number without any."""

    type = "UnsortedSegmentMax"
    ufunc = np.maximum
    empty = staticmethod(least)


@register
class UnsortedSegmentMin(_UnsortedExtreme):
    """The least of the slices of each segment, the dtype's greatest number without any."""

    type = "UnsortedSegmentMin"
    ufunc = np.minimum
    empty = staticmethod(greatest)


def unsorted_segment_sum(
    data: TensorLike, segment_ids: TensorLike, num_segments: TensorLike, name: str | None = None
) -> Tensor:
    """Sum slices by the number of their segment: row i of the result sums those whose segment is i.

    Parameters
    ----------
    data : Tensor or array_like
        Any float, complex or integer dtype; its shape begins with that of ``segment_ids``.
    segment_ids : Tensor or array_like
        The segment of each slice, in any order; int16, int32 or int64. Slices of a negative one are left out.
    num_segments : Tensor or array_like
        How many segments there are, a single int32 or int64.
    name : str, optional
        Name of the operation, ``UnsortedSegmentSum`` by default.

    Returns
    -------
    Tensor
        Of the dtype of ``data`` and shape ``(num_segments,) + data.shape[segment_ids.ndim:]``; 0 for a segment without
        slices. Each addition is rounded to the dtype.

    Raises
    ------
    TypeError
        The dtypes are not those above.
    ValueError
        The shape of ``data`` does not begin with that of ``segment_ids``.
    InvalidArgumentError
        When run: a segment is not below ``num_segments``.
    """
    return apply("UnsortedSegmentSum", data, segment_ids, num_segments, name=name)


def unsorted_segment_prod(
    data: TensorLike, segment_ids: TensorLike, num_segments: TensorLike, name: str | None = None
) -> Tensor:
    """The product of slices, by the number of their segment; slices of negative segments are left out.

    Parameters
    ----------
    data : TensorLike
        Its shape begins with that of ``segment_ids``.
    segment_ids : TensorLike
        Of int32 or int64, each below ``num_segments``.
    num_segments : TensorLike
        How many segments there are.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment; 1 without slices.

    Raises
    ------
    ValueError
        The shape of ``data`` does not begin with that of ``segment_ids``.
    InvalidArgumentError
        In the run: a segment is not below ``num_segments``.
    """
    return apply("UnsortedSegmentProd", data, segment_ids, num_segments, name=name)


def unsorted_segment_max(
    data: TensorLike, segment_ids: TensorLike, num_segments: TensorLike, name: str | None = None
) -> Tensor:
    """The greatest of slices, by the number of their segment; slices of negative segments are left out.

    Parameters
    ----------
    data : TensorLike
        Its shape begins with that of ``segment_ids``.
    segment_ids : TensorLike
        Of int32 or int64, each below ``num_segments``.
    num_segments : TensorLike
        How many segments there are.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment; the least number of the dtype without slices.

    Raises
    ------
    ValueError
        The shape of ``data`` does not begin with that of ``segment_ids``.
    InvalidArgumentError
        In the run: a segment is not below ``num_segments``.
    """
    return apply("UnsortedSegmentMax", data, segment_ids, num_segments, name=name)


def unsorted_segment_min(
    data: TensorLike, segment_ids: TensorLike, num_segments: TensorLike, name: str | None = None
) -> Tensor:
    """The least of slices, by the number of their segment; slices of negative segments are left out.

    Parameters
    ----------
    data : TensorLike
        Its shape begins with that of ``segment_ids``.
    segment_ids : TensorLike
        Of int32 or int64, each below ``num_segments``.
    num_segments : TensorLike
        How many segments there are.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment; the greatest number of the dtype without slices.

    Raises
    ------
    ValueError
        The shape of ``data`` does not begin with that of ``segment_ids``.
    InvalidArgumentError
        In the run: a segment is not below ``num_segments``.
    """
    return apply("UnsortedSegmentMin", data, segment_ids, num_segments, name=name)


def _counts(data: Tensor, ids: Tensor, number: Tensor) -> Tensor:
    """How many slices each segment has, at least 1, as a tensor that divides the sums."""
    ones = apply("Fill", apply("Shape", ids), apply("Cast", 1.0, DstT=name_of(data)))
    counted = apply("UnsortedSegmentSum", ones, ids, number)
    rank = apply("Reshape", apply("Sub", apply("Rank", data), apply("Rank", ids)), [1])
    beside = apply("Fill", rank, convert_to_tensor(1, number.dtype.base_dtype))
    counted = apply("Reshape", counted, apply("ConcatV2", [apply("ExpandDims", number, 0), beside], 0))
    return apply("Maximum", counted, convert_to_tensor(1, data.dtype.base_dtype))


def unsorted_segment_mean(
    data: TensorLike, segment_ids: TensorLike, num_segments: TensorLike, name: str | None = None
) -> Tensor:
    """The mean of slices, by the number of their segment; slices of negative segments are left out.

    Parameters
    ----------
    data : TensorLike
        Its shape begins with that of ``segment_ids``.
    segment_ids : TensorLike
        Of int32 or int64, each below ``num_segments``.
    num_segments : TensorLike
        How many segments there are.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment; 0 without slices.

    Raises
    ------
    ValueError
        The shape of ``data`` does not begin with that of ``segment_ids``.
    InvalidArgumentError
        In the run: a segment is not below ``num_segments``.
    """
    with scope(name, "UnsortedSegmentMean", data, segment_ids) as full:
        tensor, ids, number = map(convert_to_tensor, (data, segment_ids, num_segments))
        counts = _counts(tensor, ids, number)
        return apply("RealDiv", apply("UnsortedSegmentSum", tensor, ids, number), counts, name=full)


def unsorted_segment_sqrt_n(
    data: TensorLike, segment_ids: TensorLike, num_segments: TensorLike, name: str | None = None
) -> Tensor:
    """Sums of slices, divided by the root of their number; slices of negative segments are left out.

    Parameters
    ----------
    data : TensorLike
        Its shape begins with that of ``segment_ids``.
    segment_ids : TensorLike
        Of int32 or int64, each below ``num_segments``.
    num_segments : TensorLike
        How many segments there are.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment; 0 without slices.

    Raises
    ------
    ValueError
        The shape of ``data`` does not begin with that of ``segment_ids``.
    InvalidArgumentError
        In the run: a segment is not below ``num_segments``.
    """
    with scope(name, "UnsortedSegmentSqrtN", data, segment_ids) as full:
        tensor, ids, number = map(convert_to_tensor, (data, segment_ids, num_segments))
        counts = _counts(tensor, ids, number)
        return apply("RealDiv", apply("UnsortedSegmentSum", tensor, ids, number), apply("Sqrt", counts), name=full)
