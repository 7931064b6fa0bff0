"""What a Saver keeps under one name: where its value is when it saves, and where a value goes when it restores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from hdfsaver import errors
from hdfsaver.graph.definition import Node
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.ops.state_ops import variable_key
from hdfsaver.schema import SavedPart
from hdfsaver.shapes import TensorShape
from hdfsaver.tensor_info import Array


class Saveable(ABC):
    """One tensor of a checkpoint, seen from the program.

    Attributes
    ----------
    label : str
        What it is called in messages: ``"variable 'w'"``.
    op : Operation or None
        What errors are about, if it is an operation.
    graph : Graph or None
        The graph that a session must run to have its value; None for what needs no session.
    dtype : str
        The dtype's name.
    shape : TensorShape
        The static shape.
    keys : tuple of str
        What it needs of a session's state.
    saved_name : str or list of SavedPart
        The operation, or operations, that a saved graph remembers it by; empty where there is none.
    may_reshape : bool
        Whether it takes a value of another shape when the Saver reshapes.
    is_shared : bool
        Whether the program may write on the value, so that a save in the background needs a copy.
    read_keys : tuple of tuple of slice, or None
        The parts of the tensor that are all it needs of a file; None for the whole.
    """

    label: str
    op: Operation | None = None
    graph: Graph | None = None
    dtype: str
    shape: TensorShape
    keys: tuple[str, ...] = ()
    saved_name: str | list[SavedPart] = ""
    may_reshape: bool = True
    is_shared: bool = False
    read_keys: tuple[tuple[slice, ...], ...] | None = None

    @abstractmethod
    def value(self, present: Mapping[str, Array | None]) -> Any:
        """The value to save.

        Parameters
        ----------
        present : mapping of str to ndarray or None
            The session's values for `keys`, None for what has none.

        Raises
        ------
        FailedPreconditionError
            There is no value.
        """

    @abstractmethod
    def take(self, value: Array) -> Mapping[str, Array]:
        """Take a value of the right dtype and shape; gives what the session's state is to hold for `keys`."""

    def take_parts(self, values: Sequence[Array]) -> Mapping[str, Array]:
        """The same for the parts that `read_keys` names."""
        return dict(zip(self.keys, values, strict=True))

    def check_takes(self) -> None:  # noqa: B027, most need not say anything
        """Raise `TypeError` where no value can be taken."""


class VariableSaveable(Saveable):
    """A variable of a graph."""

    def __init__(self, variable: Any) -> None:
        self.graph = variable.graph
        self.op = variable.op
        self.label = f"variable {variable.op.name!r}"
        self.dtype = variable.dtype.base_dtype.name
        self.shape = variable.shape
        self.keys = (variable_key(Node.of(variable.graph.digraph, variable.op.name)),)
        self.saved_name = variable.op.name

    def value(self, present: Mapping[str, Array | None]) -> Array:
        """The variable's value, not copied."""
        found = present[self.keys[0]]
        if found is None:
            raise no_value(self.keys[0], self.op)
        return found

    def take(self, value: Array) -> Mapping[str, Array]:
        """The variable's new value."""
        return {self.keys[0]: value}


def no_value(key: str, op: Operation | None) -> errors.FailedPreconditionError:
    """The error for a variable that has no value in the session."""
    return errors.FailedPreconditionError(
        None,
        op,
        f"Attempting to use uninitialized value {key}: it cannot be saved, and nothing was written. "
        "Run its initializer or restore it first.",
    )
