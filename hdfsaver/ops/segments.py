"""Slices of a tensor taken together by the number of their segment, which does not fall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, QUANTIZED, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import (
    ROUNDED_ONCE,
    Grads,
    at_least,
    with_rank,
)
from hdfsaver.ops.segment_reductions import (
    by_factors,
    check_order,
    means,
    name_of,
    one,
    taken_together,
    zero,
)
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class _Segment(OpDef):
    """Slices of sorted segments taken together."""

    signature = "data: T, segment_ids: Tindices -> output: T"
    types = {"T": NUMBERS, "Tindices": INDICES}
    further_types = {"T": QUANTIZED}
    differs = ROUNDED_ONCE
    ufunc: ClassVar[np.ufunc]
    empty: ClassVar[staticmethod[[np.dtype[Any]], Any]] = staticmethod(zero)

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown,) + data.shape[1:]."""
        data, ids = at_least(node.input_shapes[0], 1), with_rank(node.input_shapes[1], 1)
        if data is not None and ids is not None:
            shapes.merge(data[:1], ids)
        return [None if data is None else (None, *data[1:])]

    def kernel(self, node: Node) -> Kernel:
        def together(data: Array, ids: Array) -> Array:
            check_order(ids, len(data))
            return self.compute(data, ids, int(ids[-1]) + 1 if len(ids) else 0)

        return together

    def compute(self, data: Array, ids: Array, number: int) -> Array:
        """One slice for each segment.

        Parameters
        ----------
        data : ndarray
            A slice for each id.
        ids : ndarray
            The numbers of the segments.
        number : int
            How many segments there are.

        Returns
        -------
        ndarray
        """
        kind = type(self)
        return taken_together(kind.ufunc, data, ids, number, kind.empty(data.dtype))


@register
class SegmentSum(_Segment):
    """The sum of the slices of each segment; 0 for a segment without slices."""

    type = "SegmentSum"
    ufunc = np.add

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("GatherV2", grads[0], op.inputs[1], 0), None]


@register
class SegmentMean(_Segment):
    """The mean of the slices of each segment, of integers rounded towards zero; 0 for a segment without slices."""

    type = "SegmentMean"

    def compute(self, data: Array, ids: Array, number: int) -> Array:
        """The mean of each segment.

        Parameters
        ----------
        data : ndarray
            A slice for each id.
        ids : ndarray
            The numbers of the segments.
        number : int
            How many segments there are.

        Returns
        -------
        ndarray
        """
        return means(data, ids, number)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        data, ids = op.inputs
        rest = apply("Fill", apply("ExpandDims", apply("Sub", apply("Rank", data), 1), 0), 1)
        ones = apply("Fill", apply("ConcatV2", [apply("Shape", ids), rest], 0), apply("Cast", 1.0, DstT=name_of(data)))
        scaled = apply("RealDiv", grads[0], apply("SegmentSum", ones, ids))
        return [apply("GatherV2", scaled, ids, 0), None]


@register
class SegmentProd(_Segment):
    """The product of the slices of each segment; 1 for a segment without slices."""

    type = "SegmentProd"
    ufunc = np.multiply
    empty = staticmethod(one)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        data, ids = op.inputs
        return [by_factors(data, ids, grads[0], lambda other: apply("SegmentProd", other, ids)), None]


class _Extreme(_Segment):
    types = {"T": REALS, "Tindices": INDICES}
    further_types = {}
    differs = ""

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        """The derivative, in equal parts to the slices that are the extreme."""
        data, ids = op.inputs
        is_taken = apply("Equal", data, apply("GatherV2", op.outputs[0], ids, 0))
        counts = apply("SegmentSum", apply("Cast", is_taken, DstT=name_of(data)), ids)
        parts = apply("GatherV2", apply("RealDiv", grads[0], counts), ids, 0)
        return [apply("SelectV2", is_taken, parts, apply("ZerosLike", parts)), None]


@register
class SegmentMax(_Extreme):
    """The greatest of the slices of each segment, element by element; 0 for a segment without slices."""

    type = "SegmentMax"
    ufunc = np.maximum


@register
class SegmentMin(_Extreme):
    """The least of the slices of each segment, element by element; 0 for a segment without slices."""

    type = "SegmentMin"
    ufunc = np.minimum


def segment_sum(data: TensorLike, segment_ids: TensorLike, name: str | None = None) -> Tensor:
    """The sum of slices, by the number of their segment, which does not fall from slice to slice.

    Parameters
    ----------
    data : TensorLike
        A slice along the first axis for each id.
    segment_ids : TensorLike
        A vector of int32 or int64, from 0 on.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment up to the last one; 0 without slices.

    Raises
    ------
    InvalidArgumentError
        In the run: the ids fall, are negative, or are more or fewer than the slices.
    """
    return apply("SegmentSum", data, segment_ids, name=name)


def segment_mean(data: TensorLike, segment_ids: TensorLike, name: str | None = None) -> Tensor:
    """The mean of slices, by the number of their segment, which does not fall from slice to slice.

    Parameters
    ----------
    data : TensorLike
        A slice along the first axis for each id.
    segment_ids : TensorLike
        A vector of int32 or int64, from 0 on.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment up to the last one; 0 without slices.

    Raises
    ------
    InvalidArgumentError
        In the run: the ids fall, are negative, or are more or fewer than the slices.
    """
    return apply("SegmentMean", data, segment_ids, name=name)


def segment_prod(data: TensorLike, segment_ids: TensorLike, name: str | None = None) -> Tensor:
    """The product of slices, by the number of their segment, which does not fall from slice to slice.

    Parameters
    ----------
    data : TensorLike
        A slice along the first axis for each id.
    segment_ids : TensorLike
        A vector of int32 or int64, from 0 on.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment up to the last one; 1 without slices.

    Raises
    ------
    InvalidArgumentError
        In the run: the ids fall, are negative, or are more or fewer than the slices.
    """
    return apply("SegmentProd", data, segment_ids, name=name)


def segment_max(data: TensorLike, segment_ids: TensorLike, name: str | None = None) -> Tensor:
    """The greatest of slices, by the number of their segment, which does not fall from slice to slice.

    Parameters
    ----------
    data : TensorLike
        A slice along the first axis for each id.
    segment_ids : TensorLike
        A vector of int32 or int64, from 0 on.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment up to the last one; 0 without slices.

    Raises
    ------
    InvalidArgumentError
        In the run: the ids fall, are negative, or are more or fewer than the slices.
    """
    return apply("SegmentMax", data, segment_ids, name=name)


def segment_min(data: TensorLike, segment_ids: TensorLike, name: str | None = None) -> Tensor:
    """The least of slices, by the number of their segment, which does not fall from slice to slice.

    Parameters
    ----------
    data : TensorLike
        A slice along the first axis for each id.
    segment_ids : TensorLike
        A vector of int32 or int64, from 0 on.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A slice for each segment up to the last one; 0 without slices.

    Raises
    ------
    InvalidArgumentError
        In the run: the ids fall, are negative, or are more or fewer than the slices.
    """
    return apply("SegmentMin", data, segment_ids, name=name)
