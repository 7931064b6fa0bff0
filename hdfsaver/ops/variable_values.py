"""Variables as the operations that change them see them: a key and a value, or a handle."""

from __future__ import annotations

from typing import Protocol, cast

from hdfsaver.errors import FailedPreconditionError
from hdfsaver.graph.definition import Node
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import KernelState
from hdfsaver.tensor_info import Array

HANDLE = "VarHandleOp"
"""The type of the operations that hold variables behind handles."""

_PASSING = frozenset({"Identity", "Enter", "Switch"})
"""The operations through which a handle reaches another one unchanged."""


def variable_behind(node: Node, position: int = 0) -> Node | None:
    """The operation that made the handle which an operation takes; None where that is not known before a run."""
    return source_of_handle(node, frozenset({HANDLE}), position)


def source_of_handle(node: Node, types: frozenset[str], position: int = 0) -> Node | None:
    """The operation that made the handle which an operation takes.

    Parameters
    ----------
    node : Node
    types : frozenset of str
        The types of operations that make such handles.
    position : int
        The number of the input.

    Returns
    -------
    Node or None
        None where it is not known before a run.
    """
    while len(node.inputs) > position:
        op = node.source_type(position)
        if op in types:
            return node.source(position)
        if op not in _PASSING:
            return None
        node, position = node.source(position), 0
    return None


def current(state: KernelState, ref: str, node: Node) -> Array:
    """The value of a variable that an operation is about to change.

    Parameters
    ----------
    state : object
        The session's state.
    ref : str
        The key of the variable in it.
    node : Node
        The operation, for the error.

    Returns
    -------
    ndarray
        The value, which must not be written to.

    Raises
    ------
    FailedPreconditionError
        The variable has no value yet.
    """
    try:
        return state.variables[ref]
    except KeyError:
        raise FailedPreconditionError(
            None, None, f"Attempting to use uninitialized value {ref} (in operation {node.name!r})."
        ) from None


class OfHandle(Protocol):
    """A variable behind a handle, which has operations of its own; see `hdfsaver.variables.resource_variable`."""

    handle: Tensor

    def assign(self, value: TensorLike, *, name: str | None = None) -> Tensor: ...

    def assign_add(self, delta: TensorLike, *, name: str | None = None) -> Tensor: ...

    def assign_sub(self, delta: TensorLike, *, name: str | None = None) -> Tensor: ...

    def scattered(self, op_type: str, indices: TensorLike, updates: TensorLike, name: str | None) -> Tensor: ...

    def count_up_to(self, limit: int, name: str | None = None) -> Tensor: ...

    def sparse_read(self, indices: TensorLike, name: str | None = None) -> Tensor: ...

    def gather_nd(self, indices: TensorLike, name: str | None = None) -> Tensor: ...

    def is_initialized(self, name: str | None = None) -> Tensor: ...


def of_handle(ref: object) -> OfHandle | None:
    """A variable behind a handle as such; None for all others."""
    return cast("OfHandle", ref) if hasattr(type(ref), "scattered") else None


class Part(Protocol):
    """A part of a variable, which can be replaced alone; see `hdfsaver.variables.variable_slice`."""

    def assign(self, value: TensorLike, name: str | None = None) -> Tensor: ...


def of_part(ref: object) -> Part | None:
    """A part of a variable as such; None for all others."""
    return cast("Part", ref) if isinstance(ref, Tensor) and hasattr(type(ref), "assign") else None
