"""The interface of an item of a Saver: reading its value for a save, and setting it in a restore."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from hdfsaver import dtypes, errors
from hdfsaver.graph.definition import Node
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import variable_key
from hdfsaver.schema import SavedPart
from hdfsaver.shapes import TensorShape
from hdfsaver.tensor_info import Array


class Saveable(ABC):
    """One tensor of a checkpoint, and its counterpart in the program.

    Attributes
    ----------
    label : str
        Its name in messages: ``"variable 'w'"``.
    op : Operation or None
        The operation for errors, if there is one.
    graph : Graph or None
        The graph of the session that has its value; None if it needs no session.
    dtype : str
        The dtype's name.
    shape : TensorShape
        The static shape.
    keys : tuple of str
        Its keys in a session's state.
    saved_name : str or list of SavedPart
        The name of its operation, or its parts, for a saved graph; empty if it has no operation.
    may_reshape : bool
        Whether it accepts a value of another shape if the Saver reshapes.
    is_shared : bool
        Whether the program may write to the value, so that a background save needs a copy.
    read_keys : tuple of tuple of slice, or None
        The parts of the tensor that it needs; None for the whole.
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
            The session's values for `keys`; None for a key without a value.

        Raises
        ------
        FailedPreconditionError
            There is no value.
        """

    @abstractmethod
    def take(self, value: Array) -> Mapping[str, Array]:
        """Set a value of the right dtype and shape; returns the new values of `keys` for the session's state."""

    def take_parts(self, values: Sequence[Array]) -> Mapping[str, Array]:
        """Set the parts of `read_keys`; otherwise like `take`."""
        return dict(zip(self.keys, values, strict=True))

    def check_takes(self) -> None:  # noqa: B027, most values can always be set
        """Raise `TypeError` if the value cannot be set."""


class VariableSaveable(Saveable):
    """A variable of a graph."""

    def __init__(self, variable: Any) -> None:
        self.graph = variable.graph
        self.op = variable.op
        self.label = f"variable {variable.op.name!r}"
        of = _Handle(variable) if variable.dtype is dtypes.resource else variable
        self.dtype = of.dtype.base_dtype.name
        self.shape = of.shape
        self.keys = (variable_key(Node.of(variable.graph.data, variable.op.name)),)
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


class _Handle:
    """The variable of a handle that no collection lists."""

    def __init__(self, handle: Tensor) -> None:
        self.dtype = handle.op.get_attr("dtype")
        self.shape = TensorShape(handle.graph.data.nodes[handle.op.name]["attrs"]["shape"])


def no_value(key: str, op: Operation | None) -> errors.FailedPreconditionError:
    """Make the error for a variable without a value in the session."""
    return errors.FailedPreconditionError(
        None,
        op,
        f"Attempting to use uninitialized value {key}: it cannot be saved, and nothing was written. "
        "Run its initializer or restore it first.",
    )
