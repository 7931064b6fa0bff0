"""A DiGraph as columns for the page: lists of numbers and strings, an item for each operation, input or output."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from hdfsaver import dtypes
from hdfsaver.page.attribute_texts import attribute_texts, value_text
from hdfsaver.schema import NODE_FIELDS, Structure

Columns = dict[str, Any]

_Item = TypeVar("_Item", bound=Hashable)


class Distinct(Generic[_Item]):
    """A list of different items, each with its number."""

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self._numbers: dict[_Item, int] = {}

    def number(self, item: _Item) -> int:
        """The number of an item; a new one gets the next."""
        found = self._numbers.get(item)
        if found is None:
            found = self._numbers[item] = len(self.items)
            self.items.append(item)
        return found


def graph_columns(structure: Structure) -> Columns:
    """The graph of a file without the attributes of its operations.

    Parameters
    ----------
    structure : Structure
        A computation graph, or any DiGraph.

    Returns
    -------
    dict
        ``names``; ``types`` and ``devices``, the different ones, with the number of each operation's in ``type`` and
        ``device``; ``specs``, the different pairs of dtype and shape, with those of all outputs in ``outputs`` and
        their number for each operation in ``outputCounts``; ``inputCounts``, ``sources`` and ``places``: the operation
        and the output that each input takes; ``controlCounts`` and ``controls``.
    """
    return _plain_columns(structure) if structure.is_plain else _operation_columns(structure.digraph)


def _operation_columns(digraph: Any) -> Columns:
    numbers = {name: number for number, name in enumerate(digraph)}
    types, devices = Distinct[str](), Distinct[str]()
    specs: Distinct[tuple[str, tuple[int | None, ...] | None]] = Distinct()
    columns = _empty(list(numbers))
    for data in digraph.nodes.values():
        columns["type"].append(types.number(data["op"]))
        columns["device"].append(devices.number(data["device"]))
        outputs = [specs.number((dtypes.base_name(dtype), shape)) for dtype, shape in data["outputs"]]
        columns["outputs"] += outputs
        columns["outputCounts"].append(len(outputs))
        inputs = [(numbers[source], place) for source, place in data["inputs"]]
        columns["sources"] += [source for source, _ in inputs]
        columns["places"] += [place for _, place in inputs]
        columns["inputCounts"].append(len(inputs))
        controls = [numbers[source] for source in data["control_inputs"]]
        columns["controls"] += controls
        columns["controlCounts"].append(len(controls))
    return {**columns, "types": types.items, "devices": devices.items, "specs": specs.items}


def _plain_columns(structure: Structure) -> Columns:
    """Nodes and edges of any DiGraph: an edge is an input, and there are no types."""
    digraph: Any = structure.digraph
    numbers = {node: number for number, node in enumerate(digraph)}
    columns = _empty([node if isinstance(node, str) else value_text(node) for node in digraph])
    for node in digraph:
        sources = [numbers[source] for source in digraph.pred[node]]
        columns["sources"] += sources
        columns["places"] += [0] * len(sources)
        columns["inputCounts"].append(len(sources))
    count = len(numbers)
    zeros = dict.fromkeys(("type", "device", "outputCounts", "controlCounts"), [0] * count)
    return {**columns, **zeros, "types": ["node"], "devices": [""], "specs": []}


def _empty(names: list[str]) -> Columns:
    of_each = ("type", "device", "outputs", "outputCounts", "inputCounts", "sources", "places")
    return {"names": names, **{key: [] for key in (*of_each, "controlCounts", "controls")}}


def attribute_columns(nodes: Iterable[Mapping[str, Any]], *, is_plain: bool = False) -> Columns:
    """The attributes of all operations, each pair of name and value once.

    Parameters
    ----------
    nodes : iterable of mapping
        The data of the nodes, in the order of the graph.
    is_plain : bool
        Whether they are of any DiGraph, so that all their data are attributes.

    Returns
    -------
    dict
        ``pairs``, and for each operation the numbers of its pairs in ``nodes``.
    """
    pairs = Distinct[tuple[str, str]]()
    rows = []
    for data in nodes:
        own = {} if is_plain else data["attrs"]
        values = {key: data[key] for key in data if is_plain or key not in NODE_FIELDS}
        rows.append([pairs.number(pair) for pair in attribute_texts({**values, **own})])
    return {"pairs": pairs.items, "nodes": rows}
