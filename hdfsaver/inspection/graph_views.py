"""Views of a graph: an operation with its neighbours, a path between two, and scopes in place of what is in them."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import Any, NamedTuple

import networkx as nx

from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.graph.graph_tables import attr_text, shape_text
from hdfsaver.schema import Structure

_NEAR = 3

READABLE = 100
"""Nodes of a picture that a person still looks through; more scopes are folded then."""


class Wire(NamedTuple):
    """A tensor between two operations.

    Attributes
    ----------
    tensor : str
        ``"dense/MatMul:0"``.
    dtype : str
    shape : str
        ``"(?, 3)"``.
    readers : list of str
        The operations that take it.
    """

    tensor: str
    dtype: str
    shape: str
    readers: list[str]


class Neighbourhood(NamedTuple):
    """An operation with its neighbours.

    Attributes
    ----------
    name, type, device : str
    attributes : dict of str to str
        The value of each attribute, shortened.
    inputs, outputs : list of Wire
    waits_for, waited_for_by : list of str
        The operations before and behind it in the order of control.
    """

    name: str
    type: str
    device: str
    attributes: dict[str, str]
    inputs: list[Wire]
    outputs: list[Wire]
    waits_for: list[str]
    waited_for_by: list[str]


def operations_of(file: TensorFile) -> Structure:
    """The graph of a file.

    Raises
    ------
    InvalidArgumentError
        It has no graph, or one that is not of operations.
    """
    structure = file.structure()
    if structure is None or structure.is_plain:
        raise InvalidArgumentError(None, None, f"{file.path} has no graph of operations.")
    return structure


def neighbourhood(digraph: Any, name: str) -> Neighbourhood:
    """An operation with its neighbours; `NotFoundError` for a name that the graph lacks."""
    name = _operation(digraph, name)
    data = digraph.nodes[name]
    readers: dict[int, list[str]] = {}
    behind = []
    for reader in digraph.succ[name]:
        edge = digraph.edges[name, reader]
        for output, _ in edge["wires"]:
            if reader not in readers.setdefault(output, []):
                readers[output].append(reader)
        if edge.get("control"):
            behind.append(reader)
    outputs = [
        Wire(f"{name}:{number}", dtype, shape_text(shape), readers.get(number, []))
        for number, (dtype, shape) in enumerate(data["outputs"])
    ]
    inputs = [_wire(digraph, source, number) for source, number in data["inputs"]]
    attributes = {key: attr_text(value) for key, value in data["attrs"].items()}
    return Neighbourhood(
        name, data["op"], data["device"], attributes, inputs, outputs, list(data["control_inputs"]), behind
    )


def path_between(digraph: Any, start: str, end: str) -> list[str] | None:
    """The operations of a shortest path along data and control, both ends included; None without a path.

    Parameters
    ----------
    digraph : networkx.DiGraph
    start, end : str

    Returns
    -------
    list of str or None

    Raises
    ------
    NotFoundError
        The graph lacks one of the two.
    """
    start, end = _operation(digraph, start), _operation(digraph, end)
    try:
        return [str(name) for name in nx.shortest_path(digraph, start, end)]
    except nx.NetworkXNoPath:
        return None


def scopes(digraph: Any, depth: int) -> dict[str, int]:
    """The number of operations in each scope, to a depth; those outside all scopes are in the scope ``""``."""
    found: Counter[str] = Counter()
    for name in digraph:
        parts = name.split("/")[:-1]
        if not parts:
            found[""] += 1
        for level in range(1, min(depth, len(parts)) + 1):
            found["/".join(parts[:level]) + "/"] += 1
    return dict(sorted(found.items()))


def folded(digraph: Any, depth: int | None, most: int = READABLE) -> Any:
    """A graph in which a scope below some depth is one node.

    Parameters
    ----------
    digraph : networkx.DiGraph
    depth : int or None
        Names of more parts are folded to their first ones: at 1, ``a/b/c`` is in the node ``a/``. None for the largest
        depth that has at most ``most`` nodes; 0 to fold nothing.
    most : int

    Returns
    -------
    networkx.DiGraph
        Nodes have ``type``, empty for a scope, ``operations``, the number of them, and ``outputs``, the dtypes and
        shapes of an operation. Edges have ``tensors``, the number of wires, and ``label``, dtype and shape where there
        is one.
    """
    if depth is None:
        deepest = max((name.count("/") for name in digraph), default=0)
        fitting = (level for level in range(deepest + 1, 0, -1) if len({_fold(it, level) for it in digraph}) <= most)
        depth = next(fitting, 1)
    made: Any = nx.DiGraph()
    for name, data in digraph.nodes(data=True):
        key = _fold(name, depth) if depth else name
        if key == name:
            outputs = ", ".join(f"{dtype} {shape_text(shape)}" for dtype, shape in data["outputs"])
            made.add_node(key, type=data["op"], operations=1, outputs=outputs)
        elif key in made:
            made.nodes[key]["operations"] += 1
        else:
            made.add_node(key, type="", operations=1, outputs="")
    for source, target, data in digraph.edges(data=True):
        ends = tuple(_fold(name, depth) if depth else name for name in (source, target))
        if ends[0] != ends[1]:
            _join(made, digraph.nodes[source], data["wires"], ends)
    return made


def _join(made: Any, source: Any, wires: Any, ends: Any) -> None:
    labels = {f"{dtype} {shape_text(shape)}" for dtype, shape in (source["outputs"][number] for number, _ in wires)}
    if made.has_edge(*ends):
        edge = made.edges[ends]
        edge["tensors"] += len(wires)
        edge["label"] = edge["label"] if labels <= {edge["label"]} else ""
    else:
        made.add_edge(*ends, tensors=len(wires), label=labels.pop() if len(labels) == 1 else "")


def _fold(name: str, depth: int) -> str:
    parts = name.split("/")
    return name if len(parts) <= depth else "/".join(parts[:depth]) + "/"


def _wire(digraph: Any, source: str, number: int) -> Wire:
    dtype, shape = digraph.nodes[source]["outputs"][number]
    return Wire(f"{source}:{number}", dtype, shape_text(shape), [])


def _operation(digraph: Any, name: str) -> str:
    """The operation of a name, which may be that of a tensor."""
    for each in (name, name.partition(":")[0], name.removeprefix("^")):
        if each in digraph:
            return each
    near = [each for each in digraph if name and name in each][:_NEAR] or get_close_matches(name, list(digraph), _NEAR)
    like = f" Names like it: {', '.join(map(repr, near))}." if near else ""
    raise NotFoundError(None, None, f"The graph has no operation {name!r}.{like}")
