"""The methods of the default graph as functions, such as ``tf.name_scope``."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType
from typing import Any

from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.device_functions import DeviceLike
from hdfsaver.graph.graph import Graph, GraphElementLike, default_graphs
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.graph.tensor_conversion import graph_of, is_tensor


class name_scope(AbstractContextManager[str]):  # noqa: N801, TensorFlow's name
    """Put operations made inside under a name, in the graph of the values. It can be entered several times.

    Entering gives the scope with its slash, or ``""`` at the root.

    Parameters
    ----------
    name : str or None
        Made unique; one that ends in a slash is entered again unchanged. With None ``default_name`` counts; without
        either, and without values, the scope is the root.
    default_name : str, optional
    values : list of Tensor or Operation, optional
        Those that say which graph is meant; the default graph where none do.
    skip_on_eager : bool
        Accepted: nothing is computed while a graph is built.

    Raises
    ------
    TypeError
        The default name is not a string.
    ValueError
        There are values, but no name; or, when it is entered, they are of several graphs, or the name is not legal.
    """

    def __init__(
        self,
        name: str | None,
        default_name: str | None = None,
        values: Iterable[TensorLike | Operation | None] | None = None,
        *,
        skip_on_eager: bool = True,
    ) -> None:
        if default_name is not None and not isinstance(default_name, str):
            raise TypeError(
                f"`default_name` type ({type(default_name).__name__}) is not a string type. "
                "You likely meant to pass this into the `values` kwarg."
            )
        self._name = default_name if name is None else name
        self._values = None if values is None else [value for value in values if value is not None]
        if self._name is None and self._values is not None:
            raise ValueError(f"At least one of name ({name}) and default_name ({default_name}) must be provided.")
        self._entered: list[ExitStack] = []

    @property
    def name(self) -> str | None:
        """The name that was asked for."""
        return self._name

    def __enter__(self) -> str:
        graph = _graph_of(self._values or ())
        with ExitStack() as stack:
            if graph is not get_default_graph():
                stack.enter_context(graph.as_default())
            scope = stack.enter_context(graph.name_scope(self._name))
            self._entered.append(stack.pop_all())
        return scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._entered.pop().__exit__(kind, error, traceback)


def _graph_of(values: Sequence[Any]) -> Graph:
    operations = [value for value in values if isinstance(value, Operation)]
    graph = graph_of(values) if not operations or any(map(is_tensor, values)) else operations[0].graph
    for operation in operations:
        if operation.graph is not graph:
            raise ValueError(f"Operation {operation.name!r} must be from the same graph as the other values.")
    return graph


@contextmanager
def op_scope(
    values: Iterable[TensorLike | Operation | None] | None, name: str | None, default_name: str | None = None
) -> Iterator[str]:
    """Put operations made inside under a name: `name_scope` with its arguments in an older order.

    Parameters
    ----------
    values : list of Tensor
    name : str or None
    default_name : str, optional

    Yields
    ------
    str
        The scope with its slash.
    """
    with name_scope(name, default_name, values) as scope:
        yield scope


@contextmanager
def init_scope() -> Iterator[None]:
    """Make operations inside wait for nothing; they keep the names and devices of the blocks around."""
    with get_default_graph().control_dependencies(None):
        yield


def get_current_name_scope() -> str:
    """The current name scope of the default graph, without its slash; ``""`` at the root."""
    return get_default_graph().get_name_scope()


def has_default_graph() -> bool:
    """Whether a ``with graph.as_default()`` is open in another one: whether the default graph is a nested one."""
    return len(default_graphs.items) > 1


def device(device_name_or_function: DeviceLike) -> AbstractContextManager[None]:
    """Request a device for operations made inside; see `Graph.device`."""
    return get_default_graph().device(device_name_or_function)


def container(container_name: str) -> AbstractContextManager[str]:
    """Give variables made inside a container; see `Graph.container`."""
    return get_default_graph().container(container_name)


def control_dependencies(
    control_inputs: Iterable[GraphElementLike | IndexedSlices] | None,
) -> AbstractContextManager[None]:
    """Make operations made inside wait for the given operations and tensors; None cancels all outer ones."""
    graph = get_default_graph()
    if control_inputs is None:
        return graph.control_dependencies(None)
    return graph.control_dependencies([item.op if isinstance(item, IndexedSlices) else item for item in control_inputs])


def colocate_with(op: GraphElementLike | None, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Request the device of an operation for operations made inside; see `Graph.colocate_with`."""
    return get_default_graph().colocate_with(op, ignore_existing)


def add_to_collection(name: Hashable, value: Any) -> None:
    """Append a value to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Iterable[Hashable] | str, value: Any) -> None:
    """Append a value to several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: Hashable, scope: str | None = None) -> list[Any]:
    """A copy of a collection of the default graph; see `Graph.get_collection`."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Hashable) -> list[Any]:
    """A collection of the default graph itself, to be changed in place."""
    return get_default_graph().get_collection_ref(key)
