"""The default graph and the default session of the running thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hdfsaver.graph.graph import Graph


class _Defaults(threading.local):
    """What ``with graph.as_default()`` and ``with session`` have stacked up in one thread."""

    def __init__(self) -> None:
        self.graphs: list[Graph] = []
        self.sessions: list[Any] = []


_defaults = _Defaults()

# The graph below all stacks is one for all threads, as in TensorFlow. `graph.py` fills in how one is made, since a
# graph needs operations, operations need operators, and operators need the default graph.
_bottom: list[Graph] = []
make_graph: list[Callable[[], Graph]] = []


def get_default_graph() -> Graph:
    """The graph to which operations made without another are added."""
    if _defaults.graphs:
        return _defaults.graphs[-1]
    if not _bottom:
        _bottom.append(make_graph[0]())
    return _bottom[0]


def reset_default_graph() -> None:
    """Begin anew with an empty default graph.

    Raises
    ------
    AssertionError
        Inside ``with graph.as_default()``, where the default graph is that one.
    """
    if _defaults.graphs:
        raise AssertionError("Do not use tf.reset_default_graph() inside `with graph.as_default()`; leave it first.")
    _bottom.clear()


@contextmanager
def default_graph(graph: Graph) -> Iterator[Graph]:
    """Make a graph the default one of this thread for a while."""
    _defaults.graphs.append(graph)
    try:
        yield graph
    finally:
        if _defaults.graphs.pop() is not graph:
            raise AssertionError("Contexts of default graphs must be left in the reverse order of entering.")


def get_default_session() -> Any:
    """The innermost session that was entered in this thread, or None."""
    return _defaults.sessions[-1] if _defaults.sessions else None


def push_session(session: Any) -> None:
    """Make a session the default one of this thread."""
    _defaults.sessions.append(session)


def pop_session(session: Any) -> None:
    """End what `push_session` began."""
    if not _defaults.sessions or _defaults.sessions[-1] is not session:
        raise AssertionError("Default sessions must be left in the reverse order of entering.")
    _defaults.sessions.pop()
