"""Any DiGraph in the file: what is read equals what was written, and a damaged part is named."""

from __future__ import annotations

import io

import h5py
import networkx as nx
import numpy as np
import pytest
from h5py import h5f, h5g
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.schema import Structure
from hdfsaver.storage import layout
from hdfsaver.storage.graph.graph_group import read_structure, write_structure
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.resealing import reseal
from hdfsaver.storage.skeleton import access_properties, file_properties
from hdfsaver.storage.writing import write_file

KEYS = st.sampled_from(
    [
        "a", "b", "a/b", "a:w", "%%0", "", ".", "\0", "\udc80", "n" * 300, 0, -(2**70), 1.5, float("inf"), True, 2j,
        b"a", b"\xff", (), ("a", 1, None), (1, (2.5, frozenset({"x", 1}))), frozenset(), np.float32(0.1), np.str_("s"),
        np.int64(7), np.bytes_(b"q"),
    ]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        None, True, 1, 2**70, -0.0, float("nan"), 1j, "text", "\ud800", b"\xff", [1, (2,)], (1, [2]), {1, "a"},
        frozenset({b""}), {"a": {1: (None,)}}, np.arange(20.0), np.array(1, np.int8), np.array(["a"] * 20),
        np.float32("nan"), [np.arange(30), np.arange(40, dtype=">i2")], np.array([b"x" * 50] * 20, object),
        "x" * 20_000,
    ]
)  # fmt: skip
NAMES = st.sampled_from(["w", "value", "é", "", "\ud800", 1, ("t",), None])
ATTRS = st.dictionaries(NAMES, VALUES, max_size=3)


@st.composite
def digraphs(draw):
    """Graphs of any keys and attributes, whose edges were made in any order."""
    digraph = nx.DiGraph()
    digraph.graph.update(draw(ATTRS))
    nodes = draw(st.lists(KEYS, max_size=6, unique=True))
    digraph.add_nodes_from((node, draw(ATTRS)) for node in nodes)
    if nodes:
        pairs = draw(st.lists(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)), max_size=12, unique=True))
        digraph.add_edges_from((source, target, draw(ATTRS)) for source, target in pairs)
    return digraph


def of_edges(*edges, kind=nx.DiGraph):
    """A graph of edges (made by its constructor, networkx 3.2 warns about a missing pandas)."""
    digraph = kind()
    digraph.add_edges_from(edges)
    return digraph


def image_of(digraph):
    """A file with nothing but the graph, in memory."""
    image = io.BytesIO()
    file = h5f.create(b"test", h5f.ACC_TRUNC, file_properties(), access_properties(image))
    write_structure(h5g.open(file, b"/"), Structure(digraph, is_plain=True))
    file.close()
    return image


def read(file):
    """The graph of an open file."""
    structure = read_structure(file["/"].id)
    assert structure is not None
    assert structure.is_plain
    return structure.digraph


def read_again(digraph):
    """The graph as it comes back."""
    with h5py.File(image_of(digraph), "r") as file:
        return read(file)


def all_of(digraph, described):
    """Everything that a graph holds, in its orders."""
    return described(
        [
            digraph.graph,
            [(node, data, list(digraph.succ[node]), list(digraph.pred[node])) for node, data in digraph.nodes.items()],
            nx.to_dict_of_dicts(digraph),
        ]
    )


@given(digraphs())
def test_every_graph_comes_back(described, digraph):
    """Keys, attributes, and the orders of nodes, successors, predecessors and dicts."""
    assert all_of(digraph, described) == all_of(read_again(digraph), described)


@given(digraphs())
def test_the_same_graph_has_the_same_bytes(digraph):
    """Also when it was read from a file."""
    assert image_of(digraph).getvalue() == image_of(read_again(digraph)).getvalue()


def test_nodes_that_are_one_key_to_python_keep_their_type(described):
    """Edges to `1.0` and `True` are edges of node `1`."""
    digraph = of_edges((1, 2))
    digraph.add_edge(2.0, True)
    found = read_again(digraph)
    assert described([1, 2]) == described(list(found))
    assert [(1, 2), (2, 1)] == list(found.edges)


def test_one_nan_can_be_a_node():
    """Two of them look the same in a file."""
    digraph = of_edges((float("nan"), 1))
    assert ["nan", "1"] == list(map(str, read_again(digraph)))
    digraph.add_node(float("nan"))
    with pytest.raises(ValueError, match=r"^node nan and another node both have the key .*7ff8.* in the file"):
        image_of(digraph)


def test_views_and_subclasses_are_graphs():
    """A plain DiGraph comes back."""

    class Special(nx.DiGraph):
        pass

    digraph = of_edges(("a", "b"), ("b", "c"), kind=Special)
    for graph in (digraph, nx.freeze(digraph.copy()), digraph.reverse(copy=False), nx.subgraph_view(digraph)):
        found = read_again(graph)
        assert nx.DiGraph is type(found)
        assert list(graph.edges(data=True)) == list(found.edges(data=True))


def test_constants_are_named_after_node_and_attribute():
    """Tools of HDF5 show what a dataset belongs to; what would be one name is told apart."""
    digraph = nx.DiGraph(big=np.arange(20))
    digraph.add_node("a/b", w=[np.arange(20), np.arange(21)])
    digraph.add_node((1,), w=np.arange(22))
    digraph.add_node("\ud800", w=np.arange(23))
    digraph.add_node("n" * 500, w=np.arange(24))
    digraph.add_edge("a/b", (1,), w=np.arange(25))
    with h5py.File(image_of(digraph)) as file:
        names = {
            "graph:big": 20, "a%2Fb:w": 20, "a%2Fb:w:2": 21, '{"tuple": [1]}:w': 22, "\\ud800:w": 23, "n" * 200: 24,
            'a%2Fb->{"tuple": [1]}:w': 25,
        }  # fmt: skip
        assert names == {name: len(dataset) for name, dataset in file["graph/constants"].items()}
        assert 24 == len(read(file).nodes["n" * 500]["w"])


def test_the_kind_stands_on_the_group():
    """A file has the kind of its graph; an unknown kind is refused."""
    image = image_of(of_edges((1, 2)))
    with h5py.File(image, "r+") as file:
        assert b"digraph" == file["graph"].attrs[layout.KIND_ATTRIBUTE]
        file["graph"].attrs[layout.KIND_ATTRIBUTE] = np.bytes_("hypergraph")
        with pytest.raises(
            errors.InvalidArgumentError, match=r"/graph, attribute 'kind': unknown kind of graph 'hypergraph'"
        ):
            read(file)


def test_resealing_keeps_the_graph(tmp_path, described):
    """A changed cell can be accepted by reseal, and the rest stays unchanged."""
    digraph = of_edges((1, (2, "x")))
    digraph.graph["big"] = np.arange(20.0)
    write_file(tmp_path / "g.h5", variables=None, structure=Structure(digraph, is_plain=True))
    before = (tmp_path / "g.h5").read_bytes()
    with h5py.File(tmp_path / "g.h5", "r+") as file:
        file["graph/constants/graph:big"][0] = 7
    with pytest.raises(errors.DataLossError, match=r"g\.h5.*reseal"):
        open_file(tmp_path / "g.h5")
    reseal(tmp_path / "g.h5")
    with open_file(tmp_path / "g.h5") as file:
        structure = file.structure()
    assert structure is not None
    assert 7 == structure.digraph.graph["big"][0]
    structure.digraph.graph["big"][0] = 0
    assert all_of(digraph, described) == all_of(structure.digraph, described)
    write_file(tmp_path / "g.h5", variables=None, structure=structure)
    assert before == (tmp_path / "g.h5").read_bytes()


# --- what cannot be written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda graph: graph.add_node(object), r"^node <class 'object'>, a value of type builtins\.type cannot be"),
        (lambda graph: graph.add_node(("x", object)), r"^node \('x', <class 'object'>\), a value of type builtins"),
        (lambda graph: graph.add_node(("x", 1), y=object()), r"^node \('x', 1\), attribute 'y': .* builtins\.object"),
        (lambda graph: graph.add_edge(1, "b", y=[{2j}, object()]), r"^edge 1 -> 'b', attribute 'y': .*builtins\.obj"),
        (lambda graph: graph.graph.update(y=object()), r"^the graph itself, attribute 'y': .* builtins\.object cannot"),
        (lambda graph: graph.nodes[1].update({range(2): 1}), r"^node 1, the name of an attribute: .* builtins\.range"),
    ],
)
def test_what_cannot_be_kept_is_named(change, message):
    """The node, the edge or the graph, the attribute and the type."""
    digraph = of_edges((1, 2))
    change(digraph)
    with pytest.raises(TypeError, match=message):
        image_of(digraph)


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def file():
    """An open file with a small graph."""
    digraph = nx.DiGraph(title="t")
    digraph.add_node("a", w=np.arange(20))
    digraph.add_edges_from([("a", 2), (2, "a"), ("a", (3, 4))], x=1)
    with h5py.File(image_of(digraph), "r+") as opened:
        yield opened


def change(file, table, row, **cells):
    """Set cells of a row, in columns widened where they must be."""
    rows = file[f"graph/{table}"][:]
    rows = rows.astype([(key, "S200" if rows.dtype[key].kind == "S" else "i4") for key in rows.dtype.names])
    for key, value in cells.items():
        rows[key][row] = value
    replace(file, table, rows)


def replace(file, table, rows):
    """Another table in the place of one."""
    del file[f"graph/{table}"]
    file.create_dataset(f"graph/{table}", data=rows)


@pytest.mark.parametrize(
    ("table", "row", "cells", "message"),
    [
        ("nodes", 1, {"key": b'"a"'}, '/graph/nodes row 1: "a" is in row 0 already'),
        ("nodes", 2, {"key": b"2.0"}, "/graph/nodes row 2: 2.0 is in row 1 already"),
        ("nodes", 1, {"key": b"[1]"}, "/graph/nodes row 1, column 'key': unhashable type: 'list'"),
        ("nodes", 1, {"key": b'{"tuple": [[]]}'}, "/graph/nodes row 1, column 'key': unhashable type: 'list'"),
        ("nodes", 1, {"key": b"null"}, "/graph/nodes row 1, column 'key': null cannot be the key of a node"),
        ("nodes", 1, {"key": b"x"}, "/graph/nodes row 1, column 'key': "),
        ("nodes", 1, {"key": b""}, "/graph/nodes row 1, column 'key': "),
        ("nodes", 1, {"key": b"\xff"}, "/graph/nodes, column 'key': the cell b'.xff' is not UTF-8"),
        ("nodes", 1, {"key": b"%%0"}, "/graph/nodes%long: it is missing"),
        ("nodes", 1, {"attrs": b"[1]"}, "/graph/nodes row 1, column 'attrs': a pair was expected"),
        ("nodes", 1, {"attrs": b'{"x": ' + b"[" * 190}, "/graph/nodes row 1, column 'attrs': "),
        ("nodes", 0, {"attrs": b'{"x": {"array": {"dtype": "int64", "shape": [20], "constant": "no"}}}'},
         "/graph/constants/no: it is missing"),
        ("nodes", 0, {"attrs": b'{"x": {"array": {"dtype": "int64", "shape": [20], "constant": ""}}}'},
         "/graph/constants/: "),
        ("nodes", 0, {"attrs": b'{"x": {"array": {"dtype": "int32", "shape": [20], "constant": "a:w"}}}'},
         "row 0, column 'attrs': the constant has dtype int64 and shape (20,), but int32 [20] was expected"),
        ("nodes", 1, {"attrs": b'{"x": {"array": {"dtype": "int64", "shape": [20], "constant": "a:w"}}}'},
         "/graph/constants/a:w: two rows refer to it, but only one may"),
        ("edges", 0, {"source": 3}, "/graph/edges row 0, column 'source': there is no row 3 in /graph/nodes"),
        ("edges", 1, {"target": -1}, "/graph/edges row 1, column 'target': there is no row -1 in /graph/nodes"),
        ("edges", 1, {"source": 0, "target": 1}, "/graph/edges row 1: 'a' -> 2 is in row 0 already"),
        ("edges", 1, {"attrs": b"3"}, "/graph/edges row 1, column 'attrs': list was expected, not int"),
        ("attrs", 0, {"attrs": b"x"}, "/graph/attrs row 0, column 'attrs': "),
    ],
)  # fmt: skip
def test_a_cell_that_contradicts_the_rest_is_named(table, row, cells, message, file):
    """The table, the row and what is wrong with it."""
    change(file, table, row, **cells)
    with pytest.raises(errors.DataLossError) as caught:
        read(file)
    assert message.replace("b'.xff'", r"b'\xff'") in caught.value.message


def test_an_unknown_dtype_is_an_invalid_argument(file):
    """A file of a later version may know more dtypes."""
    change(file, "edges", 1, attrs=b'{"x": {"array": {"dtype": "float31", "shape": [], "hex": "00"}}}')
    with pytest.raises(
        errors.InvalidArgumentError, match=r"^/graph/edges row 1, column 'attrs': 'float31' is not a dtype"
    ):
        read(file)


@pytest.mark.parametrize("table", ["nodes", "edges", "attrs", "constants"])
def test_a_missing_part_is_noticed(table, file):
    """All tables are there, however empty."""
    del file[f"graph/{table}"]
    with pytest.raises(errors.DataLossError, match=f"^/graph/{table}: it is missing"):
        read(file)


def test_a_column_that_is_missing_is_noticed(file):
    """The tables of a computation graph have others."""
    replace(file, "nodes", np.zeros(1, [("name", "S1"), ("attrs", "S2")]))
    with pytest.raises(
        errors.DataLossError, match=r"^/graph/nodes: the column 'key' is missing; the columns are name,"
    ):
        read(file)


def test_two_rows_for_the_graph_are_noticed(file):
    """The graph itself has one."""
    replace(file, "attrs", np.repeat(file["graph/attrs"][:], 2))
    with pytest.raises(errors.DataLossError, match=r"^/graph/attrs: one row was expected, not 2"):
        read(file)


def test_a_constant_that_leads_elsewhere_is_refused(file):
    """Links out of the file are never followed."""
    del file["graph/constants/a:w"]
    file["graph/constants/a:w"] = h5py.ExternalLink("/etc/passwd", "/x")
    with pytest.raises(errors.DataLossError, match="/graph/constants/a:w: it is a soft or external link"):
        read(file)


def test_changed_bytes_give_an_error_or_a_graph_but_never_anything_else(file):
    """Single bytes of the tables changed at random: each time a graph, or an error of the package."""
    copy = io.BytesIO()
    with h5py.File(copy, "w", libver=("v110", "v110")) as target:
        file.copy("graph", target)
        spans = [
            (target[f"graph/{name}"].id.get_offset(), target[f"graph/{name}"].nbytes) for name in ("nodes", "edges")
        ]
    chance = np.random.default_rng(1)
    read_anyway = 0
    for _ in range(400):
        begin, size = spans[chance.integers(len(spans))]
        changed = bytearray(copy.getvalue())
        changed[begin + chance.integers(size)] = chance.integers(256)
        with h5py.File(io.BytesIO(changed), "r") as damaged:
            try:
                assert read(damaged).number_of_nodes() == 3
                read_anyway += 1
            except errors.OpError:
                pass
    assert 0 < read_anyway < 400
