"""Sparse tensors in batches: the queue holds their numbers, and a map of the session the tensors themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.control_flow.conds import cond
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.constants import constant, with_dependencies
from hdfsaver.ops.filling import ones
from hdfsaver.ops.sparse_functions import sparse_retain
from hdfsaver.ops.sparse_maps import add_to_map, take_from_map

_ABSENT = -1
"""In place of the number of a sparse tensor that is not kept."""


class Packed(NamedTuple):
    """A component of a batch before the queue.

    Attributes
    ----------
    map_op : Operation or None
        It puts the sparse tensor into a map; None for a tensor.
    rank : int or None
        Of the sparse tensor of one example.
    """

    map_op: Operation | None
    rank: int | None


def chosen(keep: Tensor, wanted: Callable[[], Any], other: Callable[[], Any]) -> Any:
    """One of two results; a branch of the graph only where the condition is not known yet."""
    known = get_static_value(keep)
    if known is None:
        return cond(keep, wanted, other)
    return wanted() if known else other()


def pack(
    values: Sequence[Any], keep: Tensor, enqueue_many: bool, before: Sequence[Packed] | None = None
) -> tuple[list[Tensor], list[Packed]]:
    """The components of an example with numbers in place of sparse tensors.

    Parameters
    ----------
    values : sequence of Tensor or SparseTensor
    keep : Tensor
        Which examples are kept: one bool, or one for each.
    enqueue_many : bool
        Whether they are batches of examples.
    before : sequence of Packed, optional
        Of the examples that were packed before: these go into the same maps.

    Returns
    -------
    (list of Tensor, list of Packed)
    """
    tensors: list[Tensor] = []
    packed: list[Packed] = []
    for place, value in enumerate(values):
        if not isinstance(value, SparseTensor):
            tensors.append(value)
            packed.append(Packed(None, None))
            continue
        shared = None if before is None else before[place].map_op
        added: list[Operation] = []
        add = partial(_added, value, enqueue_many, shared, added)
        if keep.shape.rank:
            kept = sparse_retain(value, apply("GatherV2", keep, value.indices[:, 0], 0))
            numbers = _added(kept, True, shared, added)
        elif enqueue_many:
            numbers = chosen(keep, add, partial(_no_numbers, value))
            numbers.set_shape([None])
        else:
            numbers = chosen(keep, add, _no_number)
        size = value.dense_shape.shape.plain
        rank = None if size is None or size[0] is None else size[0] - enqueue_many
        tensors.append(apply("ExpandDims", numbers, -1))
        packed.append(Packed(shared or (added[0] if added else numbers.op), rank))
    return tensors, packed


def _added(sparse: SparseTensor, many: bool, shared: Operation | None, added: list[Operation]) -> Tensor:
    numbers = add_to_map(sparse, many, None if shared is None else shared.name)
    added.append(numbers.op)
    return numbers


def _no_number() -> Tensor:
    return constant(_ABSENT, "int64")


def _no_numbers(sparse: SparseTensor) -> Tensor:
    count = apply("Cast", sparse.dense_shape, DstT="int32", name="Shape/Cast")[0:1]
    return _ABSENT * ones(count, "int64")


def pack_all(
    lists: Sequence[Sequence[Any]], keep: Tensor, enqueue_many: bool
) -> tuple[list[list[Tensor]], list[Packed]]:
    """As `pack`, for the examples of several places.

    Parameters
    ----------
    lists : sequence of sequences of Tensor or SparseTensor
    keep : Tensor
    enqueue_many : bool

    Returns
    -------
    (list of lists of Tensor, list of Packed)

    Raises
    ------
    ValueError
        A component is sparse in one place only, or has another rank there.
    """
    first, packed = pack(lists[0], keep, enqueue_many)
    found = [first]
    for values in lists[1:]:
        tensors, others = pack(values, keep, enqueue_many, packed)
        if len(values) != len(lists[0]) or not all(map(_fit, packed, others)):
            raise ValueError(f"Inconsistent SparseTensors list: {lists[0]} vs. {values}")
        packed = [
            one._replace(rank=other.rank if one.rank is None else one.rank)
            for one, other in zip(packed, others, strict=True)
        ]
        found.append(tensors)
    return found, packed


def _fit(one: Packed, other: Packed) -> bool:
    if one.map_op is None or other.map_op is None:
        return one.map_op is other.map_op
    return None in (one.rank, other.rank) or one.rank == other.rank


def unpack(taken: Any, packed: Sequence[Packed]) -> Any:
    """Components from a queue, with the sparse tensors of the numbers.

    Parameters
    ----------
    taken : Tensor or sequence of Tensor
    packed : sequence of Packed

    Returns
    -------
    Tensor, SparseTensor, or a list of them
        As ``taken``; each waits until all sparse tensors are there, so that none stays in a map.
    """
    if all(item.map_op is None for item in packed):
        return taken
    is_one = isinstance(taken, Tensor)
    found = [
        tensor if item.map_op is None else _taken(item, tensor)
        for tensor, item in zip([taken] if is_one else taken, packed, strict=True)
    ]
    parts = [value.values if isinstance(value, SparseTensor) else value for value in found]
    ready = [
        SparseTensor(*(with_dependencies(parts, part) for part in (value.indices, value.values, value.dense_shape)))
        if isinstance(value, SparseTensor)
        else with_dependencies(parts, value)
        for value in found
    ]
    return ready[0] if is_one else ready


def _taken(item: Packed, numbers: Tensor) -> SparseTensor:
    assert item.map_op is not None, "only sparse tensors come here"
    rank = None if item.rank is None else item.rank + 1
    return take_from_map(item.map_op, apply("Squeeze", numbers, squeeze_dims=[1]), rank)
