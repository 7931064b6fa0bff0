"""The edges of a graph as the table ``/graph/edges``: a row per wire.

Its columns are ``source`` and ``target``, names of nodes, ``output`` of the source and ``input`` of the target; both
numbers are -1 for a control edge. The rows of one target are adjacent, targets in order of creation: first its inputs
by position, then its control inputs in order.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from h5py import h5g

from hdfsaver import schema
from hdfsaver.schema import ControlWire, DiGraph
from hdfsaver.storage.graph.node_table import NodeData
from hdfsaver.storage.hdf5.dataclass_tables import columns_of
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5.tables import write_table

EDGES = "edges"
PART = "/graph/edges"

Row: TypeAlias = tuple[str, str, int, int]

_INT32 = np.dtype(np.int32)
_COLUMNS = {"source": None, "target": None, "output": _INT32, "input": _INT32}


def write_edges(graph: h5g.GroupID, digraph: DiGraph) -> None:
    """Write the inputs of all nodes as edges.

    Raises
    ------
    ValueError
        A node takes an output that does not exist.
    """
    sources: list[str] = []
    targets: list[str] = []
    outputs: list[int] = []
    positions: list[int] = []
    for target, data in digraph.nodes(data=True):
        for place, (source, output) in enumerate(data["inputs"]):
            sources.append(source)
            outputs.append(output)
            positions.append(place)
        for source in data["control_inputs"]:
            sources.append(source)
            outputs.append(ControlWire[0])
            positions.append(ControlWire[1])
        targets += [target] * (len(sources) - len(targets))
    _check_sources(digraph, sources, targets, outputs, positions)
    output, position = np.array(outputs, _INT32), np.array(positions, _INT32)
    write_table(graph, EDGES, {"source": sources, "target": targets, "output": output, "input": position})


def _check_sources(
    digraph: DiGraph, sources: list[str], targets: list[str], outputs: list[int], positions: list[int]
) -> None:
    """Check that every source and output exists, so that the file can be read again."""
    counts = {name: len(data["outputs"]) for name, data in digraph.nodes(data=True)}
    for source, target, output, position in zip(sources, targets, outputs, positions, strict=True):
        least = ControlWire[0] if position == ControlWire[1] else 0
        if not least <= output < counts.get(source, ControlWire[0]):
            schema.validate(digraph)
            raise ValueError(f"Node {target!r} takes output {output} of {source!r}, which does not exist.")


def read_edges(graph: h5g.GroupID, nodes: dict[str, NodeData]) -> None:
    """Read the edges into the inputs and control inputs of nodes.

    Raises
    ------
    DataLossError
        The table is missing or damaged, or a row has an unknown node, output or position.
    """
    columns = columns_of(graph, EDGES, _COLUMNS)
    inputs: dict[str, list[tuple[str, int]]] = {name: [] for name in nodes}
    controls: dict[str, list[str]] = {}
    counts = {name: len(data["outputs"]) for name, data in nodes.items()}
    rows = zip(columns["source"], columns["target"], columns["output"].tolist(), columns["input"].tolist(), strict=True)
    for number, (source, target, output, position) in enumerate(rows):
        before = inputs.get(target)
        if before is not None and position == len(before) and 0 <= output < counts.get(source, 0):
            before.append((source, output))
        elif before is not None and (output, position) == ControlWire and source in counts:
            controls.setdefault(target, []).append(source)
        else:
            raise damaged(f"{PART} row {number}", _fault((source, target, output, position), inputs, counts))
    for name, wires in inputs.items():
        nodes[name]["inputs"] = tuple(wires)
    for name, sources in controls.items():
        nodes[name]["control_inputs"] = tuple(sources)


def _fault(row: Row, inputs: dict[str, list[tuple[str, int]]], counts: dict[str, int]) -> str:
    source, target, output, position = row
    for name in (source, target):
        if name not in counts:
            return f"there is no node {name!r} in /graph/nodes."
    if position != len(inputs[target]):
        return f"it is for input {position} of {target!r}, where input {len(inputs[target])} was expected."
    return f"{target!r} takes output {output} of {source!r}, which has {counts[source]}."
