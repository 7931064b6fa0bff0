"""The nodes of a graph as the table ``/graph/nodes``: a row per operation, in order of creation.

Its columns are ``name``, ``op``, ``device``, ``outputs`` (see `output_specs`) and ``attrs`` (see `attr_json`); the
inputs are in the table of edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

from h5py import h5g

from hdfsaver import schema
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.schema import AttrValue, DiGraph
from hdfsaver.storage.graph.attr_json import Fetch, attrs_from_json, attrs_to_json
from hdfsaver.storage.graph.large_constants import ConstantReader, ConstantWriter
from hdfsaver.storage.graph.output_specs import Outputs, outputs_from_text, outputs_to_text
from hdfsaver.storage.hdf5.dataclass_tables import columns_of
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5.tables import write_table

NODES = "nodes"
PART = "/graph/nodes"

NodeData: TypeAlias = dict[str, Any]

_COLUMNS = dict.fromkeys(("name", "op", "device", "outputs", "attrs"))


def write_nodes(graph: h5g.GroupID, digraph: DiGraph) -> None:
    """Write the nodes of a graph, and the constants that are too large for the table.

    Raises
    ------
    ValueError, TypeError
        A node does not follow `hdfsaver.schema`, or has an unsupported attribute.
    """
    _check_fields(digraph)
    data = [data for _, data in digraph.nodes(data=True)]
    constants = ConstantWriter()
    columns = {
        "name": list(digraph),
        "op": [node["op"] for node in data],
        "device": [node["device"] for node in data],
        "outputs": _output_cells(digraph),
        "attrs": _attr_cells(digraph, constants),
    }
    write_table(graph, NODES, columns)
    constants.write(graph)


def _check_fields(digraph: DiGraph) -> None:
    wanted = set(schema.NODE_FIELDS)
    if not all(wanted <= data.keys() for _, data in digraph.nodes(data=True)):
        schema.validate(digraph)


def _output_cells(digraph: DiGraph) -> list[str]:
    cells: dict[Outputs, str] = {}
    column = []
    for name, data in digraph.nodes(data=True):
        outputs = data["outputs"]
        if outputs not in cells:
            cells[outputs] = _output_text(name, outputs)
        column.append(cells[outputs])
    return column


def _output_text(name: str, outputs: Outputs) -> str:
    try:
        return outputs_to_text(outputs)
    except (InvalidArgumentError, ValueError) as error:
        raise ValueError(f"The outputs of node {name!r} cannot be stored: {error}") from error


def _attr_cells(digraph: DiGraph, constants: ConstantWriter) -> list[str]:
    cells = []
    referring = []
    for name, data in digraph.nodes(data=True):
        before = len(constants)
        cells.append(_attr_text(name, data["attrs"], partial(constants.add, name)))
        if len(constants) > before:
            referring.append(len(cells) - 1)
    # The paths of the constants are known only after the names of all constants.
    paths = constants.paths()
    attrs = digraph.nodes(data="attrs")
    names = list(digraph) if referring else []
    for row in referring:
        cells[row] = attrs_to_json(attrs[names[row]], lambda _attribute, _array: next(paths))
    return cells


def _attr_text(name: str, attrs: dict[str, AttrValue], place: Any) -> str:
    try:
        return attrs_to_json(attrs, place)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Node {name!r}: {error}") from error


def read_nodes(graph: h5g.GroupID) -> dict[str, NodeData]:
    """Read the nodes of a graph, in order of creation; their inputs are left empty.

    Raises
    ------
    DataLossError
        The table, a cell or a constant is missing or damaged, or two nodes have the same name.
    InvalidArgumentError
        A cell has an unknown dtype.
    """
    columns = columns_of(graph, NODES, _COLUMNS)
    names = columns["name"]
    _check_unique(names)
    rows = zip(
        columns["op"],
        columns["device"],
        _AttrsReader(ConstantReader(graph).read).column(names, columns["attrs"]),
        _read_outputs(names, columns["outputs"]),
        strict=True,
    )
    return {
        name: {"op": op, "device": device, "attrs": attrs, "inputs": (), "control_inputs": (), "outputs": outputs}
        for name, (op, device, attrs, outputs) in zip(names, rows, strict=True)
    }


def _check_unique(names: Sequence[str]) -> None:
    if len(set(names)) == len(names):
        return
    first: dict[str, int] = {}
    for row, name in enumerate(names):
        if first.setdefault(name, row) != row:
            raise damaged(f"{PART} row {row}", f"the node {name!r} is in row {first[name]} already.")


def _read_outputs(names: Sequence[str], cells: Sequence[str]) -> list[Outputs]:
    known: dict[str, Outputs] = {}
    for row, text in enumerate(cells):
        if text not in known:
            try:
                known[text] = outputs_from_text(text)
            except (InvalidArgumentError, ValueError) as error:
                raise _error(row, names, "outputs", error) from error
    return [known[text] for text in cells]


class _AttrsReader:
    """Reads the column of attributes; equal strings are parsed once if the result can be shared safely."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._known: dict[str, dict[str, AttrValue]] = {}

    def column(self, names: Sequence[str], cells: Sequence[str]) -> list[dict[str, AttrValue]]:
        """The attributes of all nodes, a dict for each."""
        column: list[dict[str, AttrValue]] = []
        try:
            for text in cells:
                column.append(self._read(text))  # noqa: PERF401 - its length is the row of an error
        except (InvalidArgumentError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise _error(len(column), names, "attrs", error) from error
        return column

    def _read(self, text: str) -> dict[str, AttrValue]:
        known = self._known.get(text)
        if known is not None:
            return known.copy()
        attrs = attrs_from_json(text, self._fetch)
        if not any(isinstance(value, list | dict) for value in attrs.values()):
            self._known[text] = attrs.copy()
        return attrs


def _error(row: int, names: Sequence[str], column: str, error: Exception) -> Exception:
    part = f"{PART} row {row} ({names[row]!r}), column {column!r}"
    if isinstance(error, InvalidArgumentError):
        return InvalidArgumentError(None, None, f"{part}: {error}.")
    return damaged(part, f"{error}.")
