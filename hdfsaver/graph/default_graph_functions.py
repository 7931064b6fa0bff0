"""The methods of the default graph as functions, such as ``tf.name_scope``."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import GraphElementLike
from hdfsaver.graph.scopes import ControlDependencies
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.graph.tensor_conversion import graph_of


@contextmanager
def name_scope(
    name: str | None, default_name: str | None = None, values: Iterable[TensorLike | None] | None = None
) -> Iterator[str]:
    """Put operations made inside under a name, in the graph of the values.

    Parameters
    ----------
    name : str or None
        Made unique; one that ends in a slash is entered again unchanged. With None ``default_name`` counts; without
        either the scope is the root.
    default_name : str, optional
    values : list of Tensor, optional
        Tensors that say which graph is meant; the default graph where none do.

    Yields
    ------
    str
        The scope with its slash, or ``""`` at the root.
    """
    graph = graph_of([value for value in values or () if value is not None])
    with graph.as_default(), graph.name_scope(default_name if name is None else name) as scope:
        yield scope


def device(device_name_or_function: str | None) -> AbstractContextManager[None]:
    """Request a device for operations made inside; see `Graph.device`."""
    return get_default_graph().device(device_name_or_function)


def control_dependencies(
    control_inputs: Iterable[GraphElementLike] | None,
) -> AbstractContextManager[ControlDependencies]:
    """Make operations made inside wait for the given operations and tensors; None cancels all outer ones."""
    return get_default_graph().control_dependencies(control_inputs)


def colocate_with(op: GraphElementLike, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Request the device of an operation for operations made inside."""
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
