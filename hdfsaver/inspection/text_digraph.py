"""A graph whose attributes are strings and numbers alone, as the formats of other programs for graphs have them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import networkx as nx

from hdfsaver.escaping import printable
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_tables import attr_text, shape_text
from hdfsaver.schema import DiGraph

_KEY = re.compile(r"[^0-9A-Za-z_]")


def to_plain_digraph(graph: Graph | DiGraph | None = None) -> DiGraph:
    """A copy of a graph that networkx writes as GraphML, GEXF and GML, for Gephi, yEd, Cytoscape and Graphviz.

    Parameters
    ----------
    graph : Graph or networkx.DiGraph, optional
        The default graph where none is given.

    Returns
    -------
    networkx.DiGraph
        All attributes are ``str`` or ``int``. A node has ``type``, ``device``, ``outputs`` (dtypes and shapes) and an
        ``attr_...`` for each attribute of the operation, shortened. An edge has ``tensors``, the number of tensors
        that it stands for, ``control``, 1 where one operation waits for the other, and ``label``, dtypes and shapes.
        Characters that control a terminal, which these formats do not allow, are escaped in all strings and names.

    Raises
    ------
    TypeError
        It is not a graph.

    Examples
    --------
    >>> import hdfsaver as tf, networkx as nx
    >>> x = tf.placeholder(tf.float32, [None, 2], name="x")
    >>> y = tf.square(x, name="y")
    >>> plain = tf.to_plain_digraph()
    >>> plain.nodes["y"]["type"], plain.edges["x", "y"]["label"]
    ('Square', 'float32 (?, 2)')
    >>> nx.write_graphml(plain, "graph.graphml")
    """
    digraph = _digraph(graph)
    keys = _names(digraph)
    made: DiGraph = nx.DiGraph()
    for name, data in digraph.nodes(data=True):
        made.add_node(keys[name], **_node(data))
    for source, target, data in digraph.edges(data=True):
        made.add_edge(keys[source], keys[target], **_edge(digraph.nodes[source], data))
    return made


def _texts(data: Mapping[str, Any]) -> dict[str, str | int]:
    """Attributes as strings and integers."""
    return {key: value if type(value) is int else _text(str(value)) for key, value in data.items()}


def _text(text: str) -> str:
    """A printable text; GML has `[]` and `()` for no elements, as which networkx would read such a text."""
    return "" if text in ("[]", "()") else printable(text)


def _digraph(graph: Any) -> DiGraph:
    if graph is None:
        graph = get_default_graph()
    if isinstance(graph, Graph):
        return graph.data
    if isinstance(graph, nx.DiGraph):
        return graph
    raise TypeError(f"to_plain_digraph takes a Graph or a networkx.DiGraph, not {type(graph).__name__}.")


def _names(digraph: DiGraph) -> dict[Any, str]:
    """The names of nodes as printable strings, each once."""
    found: dict[Any, str] = {}
    taken: set[str] = set()
    for name in digraph:
        text = first = printable(str(name))
        number = 1
        while text in taken:
            number += 1
            text = f"{first} ({number})"
        taken.add(text)
        found[name] = text
    return found


def _is_operation(data: Mapping[str, Any]) -> bool:
    return {"op", "outputs", "attrs"} <= data.keys()


def _node(data: Mapping[str, Any]) -> dict[str, str | int]:
    if not _is_operation(data):
        return _others(data)
    outputs = ", ".join(f"{dtype} {shape_text(shape)}" for dtype, shape in data["outputs"])
    found = {"type": data["op"], "device": data.get("device", ""), "outputs": outputs}
    return _texts(found | {f"attr_{_key(key)}": attr_text(value) for key, value in data["attrs"].items()})


def _edge(source: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, str | int]:
    if not _is_operation(source) or "wires" not in data:
        return _others(data)
    label = ", ".join(dict.fromkeys(_labels(source, data["wires"])))
    return _texts({"tensors": len(data["wires"]), "control": int(bool(data.get("control"))), "label": label})


def _others(data: Mapping[Any, Any]) -> dict[str, str | int]:
    """The attributes of any DiGraph."""
    return _texts({_key(key): value if type(value) is int else attr_text(value) for key, value in data.items()})


def _labels(source: Mapping[str, Any], wires: Any) -> Iterator[str]:
    for output, _ in wires:
        dtype, shape = source["outputs"][output]
        yield f"{dtype} {shape_text(shape)}"


def _key(name: object) -> str:
    """A key that GML allows too: letters, digits and underscores, with a letter first."""
    text = _KEY.sub("_", str(name)).strip("_")
    return text if text[:1].isalpha() else f"key_{text}"
