"""Sums of the contributions to one derivative: tensors, slices of tensors, and both."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.arithmetic import add_n

Gradient = Tensor | IndexedSlices
"""A derivative: slices of it where only some rows of a tensor were used."""


class AggregationMethod:
    """How several contributions to one derivative are added: all at once, or one after the other."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2

    ALL = (ADD_N, EXPERIMENTAL_TREE, EXPERIMENTAL_ACCUMULATE_N)


def total(operation: Operation, parts: Sequence[Gradient], method: int) -> Gradient | None:
    """The sum of the contributions to the derivative by one output.

    Parameters
    ----------
    operation : Operation
        That has the output.
    parts : sequence of (Tensor or IndexedSlices)
    method : int
        One of `AggregationMethod`.

    Returns
    -------
    Tensor, IndexedSlices or None
        None if there are no contributions.

    Raises
    ------
    ValueError
        Their shapes differ.
    """
    if len(parts) < 2:
        return parts[0] if parts else None
    tensors = [part for part in parts if isinstance(part, Tensor)]
    if len(tensors) < len(parts):
        return add_n(list(parts)) if tensors else joined([part for part in parts if isinstance(part, IndexedSlices)])
    if method == AggregationMethod.ADD_N:
        return _sum_by_device(operation, tensors)
    with operation.graph.name_scope(operation.name + "_gradient_sum"):
        running = tensors[0]
        for tensor in tensors[1:]:
            running = add_n([running, tensor])
        return running


def _sum_by_device(operation: Operation, tensors: Sequence[Tensor]) -> Tensor:
    """Add what is on one device there, and then the sums."""
    by_device: dict[str, list[Tensor]] = {}
    for tensor in tensors:
        by_device.setdefault(tensor.device or "", []).append(tensor)
    sums = []
    for device in sorted(by_device):
        with operation.graph.colocate_with(by_device[device][0].op, ignore_existing=True):
            sums.append(_sum_of(by_device[device]))
    return _sum_of(sums)


def _sum_of(tensors: Sequence[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else add_n(list(tensors))


def joined(parts: Sequence[IndexedSlices]) -> IndexedSlices:
    """The sum of slices: all of them, one behind the other.

    Their indices are int64 where those of any are.
    """
    indices = [part.indices for part in parts]
    if any(tensor.dtype.base_dtype.name == "int64" for tensor in indices):
        indices = [_wide(tensor) for tensor in indices]
    return IndexedSlices(
        values=apply("ConcatV2", [part.values for part in parts], 0, name="concat"),
        indices=apply("ConcatV2", indices, 0, name="concat"),
        dense_shape=parts[0].dense_shape,
    )


def _wide(indices: Tensor) -> Tensor:
    return indices if indices.dtype.base_dtype.name == "int64" else apply("Cast", indices, DstT="int64")
