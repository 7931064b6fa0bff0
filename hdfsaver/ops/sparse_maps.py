"""Sparse tensors that a session keeps under numbers, so that queues can hold the numbers in place of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, invalid
from hdfsaver.ops.memory import own
from hdfsaver.ops.resources import Resource
from hdfsaver.ops.sparse_places import joined_sparse, slices_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

Parts = Sequence[Array]
"""Indices, values and shape."""

_MATRIX = 2


class MapState(Protocol):
    """The part of a session's state that maps are kept in."""

    def resource(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The object of that key, made when it is first asked for."""


class SparseMap(Resource):
    """Sparse tensors by their numbers; each is taken out once.

    Parameters
    ----------
    name : str
        The name in messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._held: dict[int, Parts] = {}
        self._added = 0

    def add(self, parts: Parts) -> int:
        """Keep a sparse tensor, and give its number."""
        with self._lock:
            number, self._added = self._added, self._added + 1
            self._held[number] = tuple(map(own, parts))
            return number

    def take(self, numbers: Sequence[int]) -> list[Parts]:
        """The sparse tensors of some numbers, which are not kept any longer; `InvalidArgumentError` without one."""
        with self._lock:
            for number in numbers:
                if number not in self._held:
                    raise invalid(f"Unable to find SparseTensor: {number} in map: {self.name}")
            return [self._held.pop(number) for number in numbers]


def _checked(indices: Array, values: Array, dense_shape: Array) -> Parts:
    for what, part, rank, kind in (
        ("indices", indices, _MATRIX, "matrix"),
        ("values", values, 1, "vector"),
        ("shape", dense_shape, 1, "vector"),
    ):
        if np.ndim(part) != rank:
            raise invalid(f"Input {what} should be a {kind} but received shape {shapes.text(np.shape(part))}")
    if len(values) != len(indices):
        raise invalid(
            f"Number of values must match first dimension of indices. Got {len(values)} values, indices shape: "
            f"{shapes.text(indices.shape)}"
        )
    if len(dense_shape) != indices.shape[1]:
        raise invalid(
            f"Number of dimensions must match second dimension of indices. Got {len(dense_shape)} dimensions, indices "
            f"shape: {shapes.text(indices.shape)}"
        )
    return indices, values, dense_shape


class _OfMap(Flat):
    attrs = {"container": b"", "shared_name": b""}
    stateful = True

    @staticmethod
    def held(node: Node) -> Callable[[MapState], SparseMap]:
        """A function that gives the map of an operation in a session."""
        name = node.attrs["shared_name"].decode("utf-8", "surrogateescape") or node.name
        key = ("sparse map", node.attrs["container"], name)

        def find(state: MapState) -> SparseMap:
            found: SparseMap = state.resource(key, lambda: SparseMap(name))
            return found

        return find


@register
class AddSparseToTensorsMap(_OfMap):
    """Keep a sparse tensor in a map of the session, and give its number there."""

    type = "AddSparseToTensorsMap"
    signature = "sparse_indices: int64, sparse_values: T, sparse_shape: int64 -> sparse_handle: int64"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        held = self.held(node)
        return lambda state, *parts: np.asarray(held(state).add(_checked(*parts)), np.int64)


@register
class AddManySparseToTensorsMap(_OfMap):
    """Keep the slices of a sparse tensor along its first dimension, and give their numbers."""

    type = "AddManySparseToTensorsMap"
    signature = "sparse_indices: int64, sparse_values: T, sparse_shape: int64 -> sparse_handles: int64"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(None,)."""
        return [(None,)]

    def kernel(self, node: Node) -> Kernel:
        held = self.held(node)

        def add(state: MapState, *parts: Array) -> Array:
            indices, values, dense_shape = _checked(*parts)
            if len(dense_shape) <= 1:
                raise invalid(f"Rank of input SparseTensor should be > 1, but saw rank: {len(dense_shape)}")
            count = int(dense_shape[0])
            rows = indices[:, 0]
            if len(rows) and (rows.min() < 0 or rows.max() >= count):
                outside = rows[(rows < 0) | (rows >= count)][0]
                raise invalid(
                    f"Received unexpected column 0 value in input SparseTensor: {outside} < 0 or >= N (= {count})"
                )
            kept = held(state)
            return np.array([kept.add(part) for part in slices_of(indices, values, dense_shape)], np.int64)

        return add


@register
class TakeManySparseFromTensorsMap(_OfMap):
    """Take sparse tensors out of a map of the session, as one with a new first dimension."""

    type = "TakeManySparseFromTensorsMap"
    signature = "sparse_handles: int64 -> sparse_indices: int64, sparse_values: dtype, sparse_shape: int64"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(None, None), (None,) and (None,)."""
        return [(None, None), (None,), (None,)]

    def kernel(self, node: Node) -> Kernel:
        held, dtype = self.held(node), node.attrs["dtype"]

        def take(state: MapState, handles: Array) -> tuple[Array, Array, Array]:
            if np.ndim(handles) != 1:
                raise invalid(f"sparse_handles should be a vector but received shape {shapes.text(np.shape(handles))}")
            if not len(handles):
                raise invalid("Must have at least 1 serialized SparseTensor, but input matrix has 0 rows")
            return joined_sparse(held(state).take(handles.tolist()), (len(handles),), dtype)

        return take


def add_to_map(sparse: SparseTensor, many: bool, shared_name: str | None = None) -> Tensor:
    """The number of a sparse tensor in a map, or the numbers of its slices.

    Parameters
    ----------
    sparse : SparseTensor
    many : bool
        Whether its slices are kept.
    shared_name : str, optional
        The name of the map; that of the operation by default.

    Returns
    -------
    Tensor
        int64.

    Raises
    ------
    InvalidArgumentError
        When run: the parts of the sparse tensor do not fit each other.
    """
    op_type = "AddManySparseToTensorsMap" if many else "AddSparseToTensorsMap"
    parts = (sparse.indices, sparse.values, sparse.dense_shape)
    return apply(op_type, *parts, shared_name=(shared_name or "").encode())


def take_from_map(map_op: Operation, handles: Tensor, rank: int | None) -> SparseTensor:
    """The sparse tensor of numbers that an operation gave.

    Parameters
    ----------
    map_op : Operation
        It has put them into the map.
    handles : Tensor
        A vector of numbers.
    rank : int or None
        Of the sparse tensor.

    Returns
    -------
    SparseTensor

    Raises
    ------
    InvalidArgumentError
        When run: there is nothing for a number, or the sparse tensors have different ranks.
    """
    attrs = {
        "dtype": map_op.get_attr("T").name,
        "container": map_op.get_attr("container"),
        "shared_name": map_op.get_attr("shared_name") or map_op.name.encode(),
    }
    with map_op.graph.colocate_with(map_op):
        indices, values, dense_shape = apply_list("TakeManySparseFromTensorsMap", handles, **attrs)
    indices.set_shape([None, rank])
    dense_shape.set_shape([rank])
    return SparseTensor(indices, values, dense_shape)
