"""Slices of a tensor that are dealt out to several tensors, and put together again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, invalid, static_int
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _rest(whole: Shape, first: Shape, what: str) -> Shape:
    """The sizes that follow in a shape after another one that it begins with; None where that is not known."""
    if whole is None or first is None:
        return None
    if len(first) > len(whole) or not shapes.compatible(whole[: len(first)], first):
        raise ValueError(f"{what} must start with the shape {shapes.text(first)}, not have {shapes.text(whole)}.")
    return whole[len(first) :]


@register
class DynamicPartition(OpDef):
    """The slices of data that each partition gets, in their order."""

    type = "DynamicPartition"
    signature = "data: T, partitions: int32 -> outputs: num_partitions * T"
    minimums = {"num_partitions": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A length that is known in the run, then the sizes of data after those of partitions."""
        data, partitions = node.input_shapes
        rest = _rest(data, partitions, "data")
        return [None if rest is None else (None, *rest)] * int(node.attrs["num_partitions"])

    def kernel(self, node: Node) -> Kernel:
        number = int(node.attrs["num_partitions"])

        def deal(data: Array, partitions: Array) -> Array | tuple[Array, ...]:
            if data.shape[: partitions.ndim] != partitions.shape:
                raise invalid(
                    f"data.shape must start with partitions.shape, got data.shape = {list(data.shape)}, "
                    f"partitions.shape = {list(partitions.shape)}"
                )
            flat = partitions.ravel()
            _check_within(flat, number, "partitions", partitions.shape)
            slices = data.reshape(flat.size, *data.shape[partitions.ndim :])
            dealt = tuple(slices[flat == each] for each in range(number))
            return dealt if number > 1 else dealt[0]

        return deal

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        data, partitions = op.inputs
        sizes = apply("Shape", partitions)
        order = apply("Reshape", apply("Range", 0, apply("Prod", sizes, [0]), 1), sizes)
        number = op.get_attr("num_partitions")
        places = apply_list("DynamicPartition", order, partitions, num_partitions=number)
        whole = [
            apply("ZerosLike", output) if grad is None else grad for grad, output in zip(grads, op.outputs, strict=True)
        ]
        merged = apply("ParallelDynamicStitch", places, whole)
        return [apply("Reshape", merged, apply("Shape", data)), None]


def _check_within(flat: Array, number: int, what: str, shape: tuple[int, ...]) -> None:
    """Refuse numbers of partitions below 0 or beyond the last, as TensorFlow does."""
    wrong = np.flatnonzero((flat < 0) | (flat >= number))
    if wrong.size:
        place = ",".join(str(int(each)) for each in np.unravel_index(wrong[0], shape))
        raise invalid(f"{what}{f'[{place}]' if place else ''} = {flat[wrong[0]]} is not in [0, {number})")


class _Stitch(OpDef):
    """Slices put into one tensor at the given places; of a place that is given twice the last one stays."""

    signature = "indices: N * int32, data: N * T -> merged: T"
    minimums = {"N": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """One more than the greatest index, then the sizes of data after those of indices."""
        number = len(node.inputs) // 2
        rest: Shape = None
        for indices, data in zip(node.input_shapes[:number], node.input_shapes[number:], strict=True):
            rest = shapes.merge(rest, _rest(data, indices, "data"))
        known = [node.constant(position) for position in range(number)]
        values = [value for value in known if value is not None]
        length = _length(values) if len(values) == number else None
        return [None if rest is None else (length, *rest)]

    def kernel(self, node: Node) -> Kernel:
        number = len(node.inputs) // 2

        def stitch(*given: Array) -> Array:
            indices, data = given[:number], given[number:]
            rests = [_rest_of_run(position, *pair) for position, pair in enumerate(zip(indices, data, strict=True))]
            for position, rest in enumerate(rests):
                if rest != rests[0]:
                    raise invalid(
                        f"Need data[0].shape[{indices[0].ndim}:] = data[{position}].shape[{indices[position].ndim}:], "
                        f"got data[0].shape = {list(data[0].shape)}, "
                        f"data[{position}].shape = {list(data[position].shape)}"
                    )
            merged = np.zeros((_length(indices), *rests[0]), data[0].dtype)
            for position, (places, values) in enumerate(zip(indices, data, strict=True)):
                if places.size and places.min() < 0:
                    raise invalid(f"indices[{position}] has the index {places.min()}, which is out of range.")
                merged[places.ravel()] = values.reshape(places.size, *rests[0])
            return merged

        return stitch

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        number = len(op.inputs) // 2
        return [None] * number + [apply("GatherV2", grads[0], indices, 0) for indices in op.inputs[:number]]


def _length(indices: Sequence[Array]) -> int:
    """One more than the greatest index."""
    return max((int(each.max()) + 1 for each in indices if each.size), default=0)


def _rest_of_run(position: int, indices: Array, data: Array) -> tuple[int, ...]:
    if data.shape[: indices.ndim] != indices.shape:
        raise invalid(
            f"data[{position}].shape = {list(data.shape)} does not start with "
            f"indices[{position}].shape = {list(indices.shape)}"
        )
    return data.shape[indices.ndim :]


@register
class DynamicStitch(_Stitch):
    """Slices put into one tensor at the given places; of a place that is given twice the last one stays."""

    type = "DynamicStitch"
    differs = "Places that no index names are 0; in TensorFlow they have no certain value."


@register
class ParallelDynamicStitch(_Stitch):
    """As DynamicStitch, for places that are all given once."""

    type = "ParallelDynamicStitch"
    differs = "Of a place that is given twice the last one stays, in TensorFlow any; places without an index are 0."


def dynamic_partition(
    data: TensorLike, partitions: TensorLike, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """Deal the slices of a tensor out to several tensors.

    Parameters
    ----------
    data : TensorLike
        Of any dtype, and a shape that begins with that of ``partitions``.
    partitions : TensorLike
        The number of the partition that each slice goes to, int32.
    num_partitions : int
        How many partitions there are.
    name : str, optional
        The name of the operation.

    Returns
    -------
    list of Tensor
        The slices of each partition, in their order in ``data``.

    Raises
    ------
    ValueError
        The shapes do not fit, or there is no partition.
    InvalidArgumentError
        In the run: a number of a partition is out of range.
    """
    number = static_int(num_partitions, "num_partitions")
    if number < 1:
        raise ValueError(f"num_partitions must be at least 1, not {number}.")
    return apply_list("DynamicPartition", data, partitions, name=name, num_partitions=number)


def dynamic_stitch(indices: Sequence[TensorLike], data: Sequence[TensorLike], name: str | None = None) -> Tensor:
    """Put slices of several tensors into one, at given places.

    Parameters
    ----------
    indices : list of TensorLike
        The places in the result, int32; of one that is given twice the last slice stays.
    data : list of TensorLike
        The slices: each of a shape that begins with that of its indices, and goes on as all others do.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        As long as the greatest index demands.

    Raises
    ------
    ValueError
        The shapes do not fit, or the lists are empty or of different lengths.
    InvalidArgumentError
        In the run: an index is negative.
    """
    if not indices or len(indices) != len(data):
        raise ValueError(f"tf.dynamic_stitch takes as many indices as data, not {len(indices)} and {len(data)}.")
    return apply("DynamicStitch", indices, data, name=name)
