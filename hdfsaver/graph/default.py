"""The default graph of the running thread."""

from __future__ import annotations

from hdfsaver.graph.graph import Graph, default_graphs

# The graph below the stacks of all threads, as in TensorFlow; made when it is first asked for.
_bottom: list[Graph] = []


def get_default_graph() -> Graph:
    """The graph to which operations made without another are added."""
    if default_graphs.items:
        return default_graphs.items[-1]
    if not _bottom:
        _bottom.append(Graph())
    return _bottom[0]


def reset_default_graph() -> None:
    """Replace the default graph by an empty one.

    Raises
    ------
    AssertionError
        Inside ``with graph.as_default()``, where the default graph is that one.
    """
    if default_graphs.items:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs: leave `with graph.as_default()` first."
        )
    _bottom.clear()
