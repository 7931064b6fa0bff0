"""The group of a program's values on a computation graph: whole, damaged, and absent."""

from __future__ import annotations

import io

import h5py
import networkx as nx
import numpy as np
import pytest

from hdfsaver import errors, schema
from hdfsaver.annotations import annotations_of
from hdfsaver.schema import Structure
from hdfsaver.storage.graph.annotation_tables import check_annotations
from hdfsaver.storage.graph.graph_group import read_structure, write_structure


def small_graph():
    """Two operations and the edge between them, with values on all."""
    digraph: nx.DiGraph = nx.DiGraph(title="t")
    schema.add_node(digraph, "a", op="Placeholder", attrs={"dtype": "float32"}, outputs=(("float32", ()),))
    schema.add_node(digraph, "b", op="Neg", inputs=(("a", 0),), attrs={"T": "float32"}, outputs=(("float32", ()),))
    digraph.nodes["a"]["w"] = np.arange(300)
    digraph.nodes["b"]["n"] = 1
    digraph.edges["a", "b"]["e"] = [None]
    return digraph


@pytest.fixture
def file():
    """An open file with it."""
    image = io.BytesIO()
    with h5py.File(image, "w", libver=("v110", "v110")) as made:
        write_structure(made["/"].id, Structure(small_graph()))
    with h5py.File(image, "r+") as opened:
        yield opened


def read(file):
    found = read_structure(file["/"].id)
    assert found is not None
    return annotations_of(found.digraph)


def test_all_values_are_read(file):
    """Of the graph, of nodes and of edges; large arrays are in datasets."""
    found = read(file)
    assert {"title": "t"} == found.graph
    assert np.array_equal(np.arange(300), found.nodes["a"]["w"])
    assert {"n": 1} == found.nodes["b"]
    assert {("a", "b"): {"e": [None]}} == found.edges
    assert (300,) == file["graph/annotations/constants/a:w"].shape


def change(file, table, row, **cells):
    """Set cells of a row, in columns widened where they must be."""
    rows = file[f"graph/annotations/{table}"][:]
    rows = rows.astype([(key, "S200") for key in rows.dtype.names])
    for key, value in cells.items():
        rows[key][row] = value
    del file[f"graph/annotations/{table}"]
    file.create_dataset(f"graph/annotations/{table}", data=rows)


@pytest.mark.parametrize(
    ("table", "row", "cells", "message"),
    [
        ("nodes", 1, {"name": b"x"}, "/graph/annotations: there is no node 'x'."),
        ("nodes", 1, {"name": b"a"}, "/graph/annotations: two rows are for the same node or edge."),
        ("nodes", 1, {"attrs": b'{"op": "Exp"}'}, "/graph/annotations: node 'b' has the key 'op' in the graph itself."),
        ("nodes", 1, {"attrs": b"x"}, "/graph/annotations/nodes row 1, column 'attrs': "),
        ("nodes", 1, {"attrs": b'{"x": {"array": {"dtype": "int64", "shape": [300], "constant": "a:w"}}}'},
         "/graph/annotations/constants/a:w: two rows refer to it, but only one may."),
        ("edges", 0, {"source": b"b"}, "/graph/annotations: there is no edge 'b' -> 'b'."),
        ("edges", 0, {"target": b"x"}, "/graph/annotations: there is no edge 'a' -> 'x'."),
        ("edges", 0, {"attrs": b'{"wires": []}'}, "edge 'a' -> 'b' has the key 'wires' in the graph itself."),
        ("attrs", 0, {"attrs": b"3"}, "/graph/annotations/attrs row 0, column 'attrs': "),
    ],
)  # fmt: skip
def test_a_row_that_contradicts_the_graph_is_named(table, row, cells, message, file):
    """The table or the node, and what is wrong with it."""
    change(file, table, row, **cells)
    with pytest.raises(errors.DataLossError) as caught:
        read(file)
    assert message in caught.value.message


def test_two_rows_for_the_graph_are_noticed(file):
    """The graph itself has one."""
    rows = np.repeat(file["graph/annotations/attrs"][:], 2)
    del file["graph/annotations/attrs"]
    file["graph/annotations/attrs"] = rows
    with pytest.raises(errors.DataLossError, match=r"^/graph/annotations/attrs: one row was expected, not 2"):
        read(file)


def test_an_unknown_dtype_is_an_invalid_argument(file):
    """A file of a later version may know more dtypes."""
    change(file, "edges", 0, attrs=b'{"x": {"array": {"dtype": "float31", "shape": [], "hex": "00"}}}')
    with pytest.raises(errors.InvalidArgumentError, match="'float31' is not a dtype"):
        read(file)


@pytest.mark.parametrize("table", ["nodes", "edges", "attrs"])
def test_a_table_may_be_absent(table, file):
    """It is not written if it would be empty."""
    del file[f"graph/annotations/{table}"]
    found = read(file)._asdict()
    assert not found.pop("graph" if table == "attrs" else table)
    assert all(found.values())


def test_a_reader_that_ignores_the_group_has_the_graph(file):
    """The values are not part of the graph."""
    del file["graph/annotations"]
    found = read_structure(file["/"].id)
    assert found is not None
    assert not annotations_of(found.digraph)
    schema.validate(found.digraph)


def test_any_key_and_any_plain_value_is_accepted():
    """Keys need not be text."""
    digraph = small_graph()
    digraph.nodes["b"][("k", 1)] = {1, 2.5}
    check_annotations(digraph)
    digraph.nodes["b"][range(2)] = 1
    with pytest.raises(TypeError, match=r"^node 'b', the name of an attribute: a value of type builtins\.range"):
        check_annotations(digraph)
