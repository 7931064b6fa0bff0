"""Datasets while a graph runs: what a dataset is as a value, and its elements one after the other.

An element is a tuple of arrays, one for each component of the flattened structure. Each dataset is made by one
operation; its elements ask those of the datasets before it, so that only what is asked for is computed and kept.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from hdfsaver.datasets.saved_state import SavedState
from hdfsaver.errors import CancelledError, InvalidArgumentError
from hdfsaver.graph.definition import Node, find
from hdfsaver.graph.walks import ancestors
from hdfsaver.session.engine import StepError
from hdfsaver.tensor_info import Array

Element: TypeAlias = "tuple[Array, ...]"
"""One element of a dataset: its components."""

Kept: TypeAlias = "WeakKeyDictionary[Dataset, Any]"
"""What an iterator keeps of a dataset from epoch to epoch."""

DEEPEST = 150
"""The most datasets that may be made one of the other: each takes a part of Python's stack."""


class Functions(Protocol):
    """The functions of a graph in a session."""

    def call(self, function: Mapping[str, Any], inputs: Sequence[Any]) -> list[Any]:
        """The results of a function."""


class RunState(Protocol):
    """The part of a session's state that datasets use."""

    is_closed: bool
    functions: Functions


class Context:
    """What the elements of an iterator share: the state of the session, and how deep they are nested."""

    def __init__(self, state: RunState, depth: int = 0, kept: Kept | None = None) -> None:
        self.state = state
        self.depth = depth
        self.kept: Kept = WeakKeyDictionary() if kept is None else kept

    def deeper(self, dataset: Dataset) -> Context:
        """The context of the datasets that a dataset is made of; `InvalidArgumentError` where there are too many."""
        if self.depth >= DEEPEST:
            raise InvalidArgumentError(
                None,
                None,
                f"{dataset.node!r} ({type(dataset).__name__}) is made of more than {DEEPEST} datasets, one of the "
                "other. Read them with flat_map or interleave instead.",
            )
        return Context(self.state, self.depth + 1, self.kept)

    def check_stopped(self) -> None:
        """Raise `CancelledError` where the session was closed: no iteration may go on for ever."""
        if self.state.is_closed:
            raise CancelledError(None, None, "The session was closed while a dataset was read.")

    def function(self, function: Mapping[str, Any], captured: Sequence[Array]) -> Callable[[Iterable[Array]], Element]:
        """A function of the graph, made ready.

        Parameters
        ----------
        function : dict
            The attribute that names it.
        captured : sequence of ndarray
            The values of tensors from outside, which it takes behind its own arguments.

        Returns
        -------
        callable
            It takes and gives arrays.
        """
        call, behind = self.state.functions.call, tuple(captured)
        return lambda arguments: tuple(map(as_component, call(function, (*arguments, *behind))))


class Dataset(ABC):
    """A dataset as a value of a run.

    Attributes
    ----------
    node : str
        The operation that made it.
    made_of : tuple of (Node, sequence), or None
        That operation with the values of its inputs.
    """

    node: str = ""
    made_of: tuple[Node, Sequence[Any]] | None = None
    _fed: Sequence[tuple[str, Array]] | None = None

    def fed_inputs(self) -> Sequence[tuple[str, Array]]:
        """The inputs of it, and of those that it is made of, that other runs may not have: what was fed decides them.

        Returns
        -------
        sequence of (str, ndarray)
            The name of each tensor, and its value. They are looked for once, as every save asks for them.
        """
        if self._fed is None:
            self._fed = tuple(self._find_fed())
        return self._fed

    def _find_fed(self) -> Iterator[tuple[str, Array]]:
        waiting: list[Dataset] = [self]
        while waiting:
            dataset = waiting.pop()
            waiting += dataset.parts()
            if dataset.made_of is None:
                continue
            node, inputs = dataset.made_of
            for (source, output), value in zip(node.inputs, inputs, strict=True):
                if isinstance(value, np.ndarray | np.generic) and _is_fed(node, source):
                    yield f"{source}:{output}", value  # type: ignore[misc]

    @abstractmethod
    def elements(self, context: Context) -> Elements:
        """Its elements, from the first one on."""

    def parts(self) -> Sequence[Dataset]:
        """The datasets that it is made of."""
        return ()

    def size(self) -> int | None:
        """The number of elements where it is known without reading them; -1 for without end."""
        return None


_FED = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})


def _is_fed(node: Node, source: str) -> bool:
    """Whether the value of an operation is another one in another run."""
    nodes = node.digraph.nodes
    for name in ancestors(node.digraph, [source], frozenset()):
        op = nodes[name]["op"]
        definition = find(op)
        if op in _FED or (definition is not None and definition.stateful and not op.endswith(_MAKERS)):
            return True
    return False


_MAKERS = ("Dataset", "DatasetV2")
"""Operations whose names end so make the same dataset again."""


class Elements(ABC):
    """The elements of a dataset, from some place on."""

    def __init__(self, dataset: Dataset) -> None:
        self.node = dataset.node

    @abstractmethod
    def next(self) -> Element | None:
        """The next element, None at the end."""

    def save(self, saved: SavedState) -> None:  # noqa: B027, some have no place of their own
        """Note the place."""

    def restore(self, saved: SavedState) -> None:  # noqa: B027, as above
        """Go on at a place that was noted; called before `next`."""

    def close(self) -> None:  # noqa: B027, most hold nothing
        """Let go of files and generators."""

    @contextmanager
    def named(self) -> Iterator[None]:
        """Errors inside name the operation of the dataset."""
        try:
            yield
        except StepError:
            raise
        except Exception as error:
            raise StepError(self.node, error) from error

    def failed(self, error: Exception) -> StepError:
        """The error that names the operation of the dataset, for one of its function or its input."""
        return error if isinstance(error, StepError) else StepError(self.node, error)


def as_component(value: Any) -> Array:
    """An array for one component of an element."""
    if isinstance(value, np.ndarray | np.generic):
        return value  # type: ignore[return-value]  # a NumPy scalar does all that a value must
    box = np.empty((), object)
    box[()] = value
    return box
