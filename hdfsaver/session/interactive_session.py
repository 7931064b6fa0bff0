"""InteractiveSession: the default session of a prompt."""

from __future__ import annotations

import weakref

from hdfsaver.graph.default_stack import default_sessions
from hdfsaver.graph.graph import Graph, default_graphs
from hdfsaver.session.session import Session
from hdfsaver.training import tf_logging

_active: weakref.WeakSet[InteractiveSession] = weakref.WeakSet()


class InteractiveSession(Session):
    """A session that is the default one until it is closed, as is its graph if one is given; for work at a prompt.

    Parameters
    ----------
    target : str
        As for `Session`.
    graph : Graph, optional
        The default graph where none is given.
    config : ConfigProto, optional
        As for `Session`.
    """

    def __init__(self, target: str | bytes | None = "", graph: Graph | None = None, config: object = None) -> None:
        super().__init__(target, graph, config)
        if _active:
            tf_logging.error(
                "An interactive session is already active. Its values stay in memory until "
                "`InteractiveSession.close()` is called on it; a program with several sessions uses `tf.Session()`."
            )
        _active.add(self)
        self._own_graph = graph
        default_sessions.push(self)
        if graph is not None:
            default_graphs.push(graph)

    def close(self) -> None:
        """End the session, also as the default one; `AssertionError` where a later one is still the default."""
        if self in _active:
            _active.discard(self)
            super().close()
            if self._own_graph is not None:
                default_graphs.pop(self._own_graph)
            default_sessions.pop(self)
        super().close()
