"""The edges of a graph as the table ``/graph/edges``: a row per wire.

Its columns are ``source`` and ``target``, rows of the table of nodes counted from 0, ``output`` of the source and
``input`` of the target; both of the latter are -1 for a control edge. The rows of one target are adjacent, targets in
order of creation: first its inputs by position, then its control inputs in order.
"""

from __future__ import annotations

import numpy as np
from h5py import h5g

from hdfsaver import schema
from hdfsaver.schema import ControlWire, DiGraph
from hdfsaver.storage.graph.node_table import NodeData
from hdfsaver.storage.hdf5.dataclass_tables import columns_of
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5.tables import write_table
from hdfsaver.tensor_info import Array

EDGES = "edges"
PART = "/graph/edges"

NO_ROW = -1
"""The row of a node that does not exist, while edges are written."""

_INT32 = np.dtype(np.int32)
_COLUMNS = dict.fromkeys(("source", "target", "output", "input"), _INT32)


def write_edges(graph: h5g.GroupID, digraph: DiGraph) -> None:
    """Write the inputs of all nodes as edges.

    Raises
    ------
    ValueError
        A node takes an output that does not exist.
    """
    rows = {name: row for row, name in enumerate(digraph)}
    sources: list[int] = []
    outputs: list[int] = []
    positions: list[int] = []
    lengths: list[int] = []
    for _, data in digraph.nodes(data=True):
        before = len(sources)
        for source, output in data["inputs"]:
            sources.append(rows.get(source, NO_ROW))
            outputs.append(output)
        positions += range(len(sources) - before)
        controls = data["control_inputs"]
        if controls:
            sources += [rows.get(source, NO_ROW) for source in controls]
            outputs += [ControlWire[0]] * len(controls)
            positions += [ControlWire[1]] * len(controls)
        lengths.append(len(sources) - before)
    numbers = (sources, np.repeat(np.arange(len(rows)), lengths), outputs, positions)
    try:
        columns = {key: np.array(column, _INT32) for key, column in zip(_COLUMNS, numbers, strict=True)}
    except OverflowError:
        raise _missing(digraph) from None
    if _wrong_rows(columns, [len(found) for _, found in digraph.nodes(data="outputs")]).any():
        raise _missing(digraph)
    write_table(graph, EDGES, columns)


def _missing(digraph: DiGraph) -> ValueError:
    """The error for a source or an output that does not exist, so that the file could not be read again."""
    schema.validate(digraph)
    return ValueError("A node takes an output that does not exist.")


def _wrong_rows(columns: dict[str, Array], counts: list[int]) -> Array:
    """The rows that are wrong by themselves: those with an unknown node or output, and half of a control edge."""
    source, target, output, position = (columns[key] for key in _COLUMNS)
    wrong: Array = (source < 0) | (source >= len(counts)) | (target < 0) | (target >= len(counts))
    if wrong.any() or not wrong.size:
        return wrong
    is_input = (output >= 0) & (position >= 0) & (output < np.array(counts, np.int64)[source])
    is_control = (output == ControlWire[0]) & (position == ControlWire[1])
    neither: Array = ~(is_input | is_control)
    return neither


def read_edges(graph: h5g.GroupID, nodes: dict[str, NodeData]) -> None:
    """Read the edges into the inputs and control inputs of nodes.

    Raises
    ------
    DataLossError
        The table is missing or damaged, or a row has an unknown node, output or position.
    """
    columns = columns_of(graph, EDGES, _COLUMNS)
    names, data = list(nodes), list(nodes.values())
    wrong = _wrong_rows(columns, [len(node["outputs"]) for node in data])
    if wrong.any():
        row = int(wrong.argmax())
        raise damaged(f"{PART} row {row}", _fault([int(columns[key][row]) for key in _COLUMNS], data, names))
    inputs: list[list[tuple[str, int]]] = [[] for _ in names]
    controls: dict[int, list[str]] = {}
    rows = zip(*(columns[key].tolist() for key in _COLUMNS), strict=True)
    for number, (source, target, output, position) in enumerate(rows):
        before = inputs[target]
        if position == len(before):
            before.append((names[source], output))
        elif position == ControlWire[1]:
            controls.setdefault(target, []).append(names[source])
        else:
            raise damaged(f"{PART} row {number}", _misplaced(position, names[target], len(before)))
    for node, wires in zip(data, inputs, strict=True):
        node["inputs"] = tuple(wires)
    for target, sources in controls.items():
        data[target]["control_inputs"] = tuple(sources)


def _fault(row: list[int], data: list[NodeData], names: list[str]) -> str:
    source, target, output, position = row
    for number in (source, target):
        if not 0 <= number < len(names):
            return f"there is no row {number} in /graph/nodes."
    if position < 0 <= output:
        return _misplaced(position, names[target], 0)
    return f"{names[target]!r} takes output {output} of {names[source]!r}, which has {len(data[source]['outputs'])}."


def _misplaced(position: int, target: str, expected: int) -> str:
    return f"it is for input {position} of {target!r}, where input {expected} was expected."
