"""The graph in the file: what is read equals what was written, and a damaged part is named."""

from __future__ import annotations

import gc
import io
import shutil
import subprocess
import time
from copy import deepcopy

import h5py
import networkx as nx
import numpy as np
import pytest
from h5py import h5f, h5g
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import dtypes, errors, schema
from hdfsaver.schema import CollectionDef, SaverDef, Structure, VariableDef
from hdfsaver.storage.graph.graph_group import read_structure, write_structure
from hdfsaver.storage.hdf5 import narrow_numbers
from hdfsaver.storage.skeleton import access_properties, file_properties
from hdfsaver.storage.writing import write_file

SCALAR = (("float32", ()),)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NODE_NAMES = TEXT | st.sampled_from(["a", "a/b", "a/b/c", "a:value", "a:x", ".", "..", "/", "", "%%0", "n" * 3000])
ARRAYS = st.sampled_from(
    [
        np.arange(20.0),
        np.array([np.nan, -0.0], np.float32),
        np.array([b"x\0", b""], object),
        np.frombuffer(bytes(range(256)), dtypes.numpy_dtype("float8_e4m3fn")),
        np.frombuffer(bytes(range(256)), dtypes.numpy_dtype("bfloat16")),
        np.zeros((0, 3)),
        np.array(3, np.int32),
    ]
)
VALUES = st.one_of(
    st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False), st.binary(max_size=5), st.none(), ARRAYS
)
ATTRS = st.dictionaries(st.sampled_from(["value", "x", "T", "é"]), VALUES | st.lists(VALUES, max_size=3), max_size=3)
OUTPUTS = st.lists(st.tuples(st.sampled_from(["float32", "string_ref"]), st.sampled_from([None, (), (None, 3)])))


@st.composite
def digraphs(draw):
    """Any wiring: from earlier nodes and later ones, from themselves, twice from one, and to wait for beside that."""
    names = draw(st.lists(NODE_NAMES, max_size=6, unique=True))
    outputs = {name: tuple(draw(OUTPUTS)) for name in names}
    ends = [(name, i) for name in names for i in range(len(outputs[name]))]
    nodes = {}
    for name in names:
        nodes[name] = {
            "op": draw(TEXT),
            "device": draw(st.sampled_from(["", "/cpu:0"])),
            "attrs": draw(ATTRS),
            "inputs": tuple(draw(st.lists(st.sampled_from(ends), max_size=4))) if ends else (),
            "control_inputs": tuple(draw(st.lists(st.sampled_from(names), max_size=3, unique=True))),
            "outputs": outputs[name],
        }
    return schema.build(nodes)


def exactly(value):
    """Values with all that == does not tell apart."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tolist() if value.dtype == object else value.tobytes()
    if isinstance(value, dict):
        return [(key, exactly(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [exactly(item) for item in value]
    return type(value), value


def all_of(digraph):
    nodes = [(name, exactly({key: data[key] for key in schema.NODE_FIELDS})) for name, data in digraph.nodes.items()]
    return nodes, sorted((source, target, exactly(data)) for source, target, data in digraph.edges(data=True))


def image_of(structure):
    buffer = io.BytesIO()
    with h5py.File(h5f.create(b"x", h5f.ACC_TRUNC, file_properties(), access_properties(buffer))) as file:
        write_structure(h5g.open(file.id, b"/"), structure)
    return buffer


def written_and_read(structure):
    with h5py.File(image_of(structure), "r") as file:
        return read_structure(h5g.open(file.id, b"/"))


def add_program():
    """The program of the README, as its graph is."""
    digraph: schema.DiGraph = nx.DiGraph()
    wide = (("float32", (1,)),)
    for name, constant in (("a", 1.0), ("b", 2.0)):
        value = np.array([constant], np.float32)
        initial = "Const" if name == "a" else "Const_1"
        schema.add_node(digraph, initial, op="Const", attrs={"value": value, "dtype": "float32"}, outputs=wide)
        variable = {"shape": (1,), "dtype": "float32", "container": b"", "shared_name": b""}
        schema.add_node(digraph, name, op="VariableV2", attrs=variable, outputs=(("float32_ref", (1,)),))
        assign = {"T": "float32", "_class": [b"loc:@" + name.encode()], "use_locking": True, "validate_shape": True}
        inputs = ((name, 0), (initial, 0))
        schema.add_node(
            digraph, f"{name}/Assign", op="Assign", inputs=inputs, attrs=assign, outputs=(("float32_ref", (1,)),)
        )
        schema.add_node(
            digraph, f"{name}/read", op="Identity", inputs=((name, 0),), attrs={"T": "float32"}, outputs=wide
        )
    schema.add_node(
        digraph, "add", op="AddV2", inputs=(("a/read", 0), ("b/read", 0)), attrs={"T": "float32"}, outputs=wide
    )
    schema.add_node(digraph, "init", op="NoOp", control_inputs=("a/Assign", "b/Assign"))
    return digraph


def add_structure():
    variables = [
        VariableDef(f"{name}:0", f"{const}:0", f"{name}/Assign", f"{name}/read:0")
        for name, const in (("a", "Const"), ("b", "Const_1"))
    ]
    collections = {
        "variables": CollectionDef("variable_list", variables),
        "trainable_variables": CollectionDef("variable_list", variables),
        "train_op": CollectionDef("node_list", ["add:0"]),
    }
    return Structure(add_program(), collections, SaverDef(max_to_keep=3), {"a": "a", "b": "b"})


@pytest.fixture
def file(tmp_path):
    """A real file with the graph of the add program, open for changes."""
    with h5py.File(tmp_path / "add.h5", "w", libver=("v110", "v110")) as file:
        write_structure(h5g.open(file.id, b"/"), add_structure())
        yield file


def read(file):
    return read_structure(h5g.open(file.id, b"/"))


# --- what is read is what was written -------------------------------------------------------------------------------


def test_the_add_program_survives():
    """Nodes in order, attributes, edges, collections, Saver and saved names are those that were written."""
    structure = add_structure()
    found = written_and_read(structure)
    assert all_of(structure.digraph) == all_of(found.digraph)
    assert (structure.collections, structure.saver, structure.saved_names) == (
        found.collections,
        found.saver,
        found.saved_names,
    )
    schema.validate(found.digraph)


@given(digraphs())
def test_any_graph_survives(digraph):
    """Any wiring and any attributes come back, under names that would meet as paths."""
    found = written_and_read(Structure(digraph)).digraph
    assert all_of(digraph) == all_of(found)
    schema.validate(found)


@given(digraphs())
def test_the_same_graph_gives_the_same_bytes(digraph):
    """Reading a graph and writing it again gives the same file."""
    first = image_of(Structure(digraph))
    with h5py.File(first, "r") as file:
        assert first.getvalue() == image_of(read(file)).getvalue()


def test_the_hour_is_not_in_the_file(tmp_path):
    """Two saves of one graph at different times are one file."""
    write_file(tmp_path / "first.h5", variables=None, structure=add_structure())
    time.sleep(1.1)  # HDF5's clock counts seconds
    write_file(tmp_path / "second.h5", variables=None, structure=add_structure())
    assert (tmp_path / "first.h5").read_bytes() == (tmp_path / "second.h5").read_bytes()


def test_x_times_x_and_a_forward_reference_survive():
    """Two wires on one edge, a control edge beside data, and an input from a node that comes later."""
    digraph: schema.DiGraph = nx.DiGraph()
    digraph.add_nodes_from(["y", "x"])
    schema.add_node(digraph, "y", op="Mul", inputs=(("x", 0), ("x", 0)), control_inputs=("x",), outputs=SCALAR)
    schema.add_node(digraph, "x", op="Placeholder", outputs=SCALAR)
    found = written_and_read(Structure(digraph)).digraph
    assert ["y", "x"] == list(found)
    assert {"wires": [(0, 0), (0, 1)], "control": True} == found.edges["x", "y"]


def test_constants_of_any_dtype_keep_every_bit():
    """All 65,536 bit patterns of the wide dtypes, all codes of the narrow ones."""
    digraph: schema.DiGraph = nx.DiGraph()
    codes = np.arange(65536, dtype=np.uint16)
    for row in dtypes.TABLE:
        if row.hdf5 is None or row.name == "string":
            continue
        narrow = 2 if row.name == "bool" else 1 << narrow_numbers.BITS.get(row.name, 8)
        data = codes if np.dtype(row.numpy).itemsize > 1 else np.arange(narrow, dtype=np.uint8)
        attrs = {"value": np.frombuffer(data.tobytes(), row.numpy)}
        schema.add_node(digraph, row.name, op="Const", attrs=attrs)
    assert all_of(digraph) == all_of(written_and_read(Structure(digraph)).digraph)


def test_constants_of_names_that_meet_stand_apart():
    """``a:x`` is the name of a node and that of a constant of ``a``; ``a/b`` is below a dataset."""
    digraph: schema.DiGraph = nx.DiGraph()
    for number, name in enumerate(["a", "a:x", "a/b", "a:x:2"]):
        big = np.full(20, number)
        schema.add_node(digraph, name, op="Const", attrs={"value": big, "x": [big + 10, big + 20]})
    assert all_of(digraph) == all_of(written_and_read(Structure(digraph)).digraph)


def test_long_strings_survive():
    """An attribute of a megabyte beside nodes of a few bytes."""
    digraph: schema.DiGraph = nx.DiGraph()
    schema.add_node(digraph, "long", op="Op", attrs={"config": b"x" * 10**6, "list": list(range(10000))})
    for i in range(1000):
        schema.add_node(digraph, f"n{i}", op="Op", attrs={"a": i})
    image = image_of(Structure(digraph))
    assert 2_000_000 > len(image.getvalue())
    with h5py.File(image, "r") as file:
        assert all_of(digraph) == all_of(read(file).digraph)


def test_equal_attributes_are_not_one_object():
    """A change to one node's attributes, lists and functions included, leaves all others alone."""
    digraph: schema.DiGraph = nx.DiGraph()
    attrs = {"T": "float32", "strides": [1, 1], "f": {"name": "f", "attr": {"n": 1}}}
    for name in ("a", "b"):
        schema.add_node(digraph, name, op="Op", attrs=deepcopy(attrs))
        schema.add_node(digraph, f"{name}_plain", op="Op", attrs={"T": "float32"})
    found = written_and_read(Structure(digraph)).digraph
    found.nodes["a"]["attrs"]["strides"].append(2)
    found.nodes["a"]["attrs"]["f"]["attr"]["n"] = 2
    found.nodes["a_plain"]["attrs"]["T"] = "int32"
    assert attrs == found.nodes["b"]["attrs"]
    assert {"T": "float32"} == found.nodes["b_plain"]["attrs"]


def test_an_empty_graph_survives_and_a_missing_one_is_none(tmp_path):
    """A graph without nodes is a graph; a file without ``/graph`` has none."""
    found = written_and_read(Structure(nx.DiGraph()))
    assert (0, {}, None, {}) == (len(found.digraph), found.collections, found.saver, found.saved_names)
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        assert read(file) is None


def test_saver_fields_survive():
    """Every field, including strings with NULs."""
    saver = SaverDef("save/Const:0", "save/x\0", "save/restore_all", 2**40, True, 0.1, 1)
    assert saver == written_and_read(Structure(nx.DiGraph(), saver=saver)).saver


def test_reading_restores_garbage_collection(file):
    """Collection pauses while a graph is built, and no longer, whatever comes of it."""
    assert gc.isenabled()
    read(file)
    assert gc.isenabled()
    del file["graph/edges"]
    with pytest.raises(errors.DataLossError):
        read(file)
    assert gc.isenabled()


# --- what other programs see ----------------------------------------------------------------------------------------


def test_the_tables_are_as_the_page_says(file):
    """Node names are not escaped, and an edge is a row of numbers of rows and of outputs and inputs."""
    nodes, edges = file["graph/nodes"][:], file["graph/edges"][:]
    assert ("name", "op", "device", "outputs", "attrs") == nodes.dtype.names
    assert (b"a/read", b"Identity", b"", b"float32[1]", b'{"T": {"type": "float32"}}') == nodes[3].tolist()
    assert ("source", "target", "output", "input") == edges.dtype.names
    assert [
        (b"a/read", b"add", 0, 0),
        (b"b/read", b"add", 0, 1),
        (b"a/Assign", b"init", -1, -1),
        (b"b/Assign", b"init", -1, -1),
    ] == [(nodes["name"][source], nodes["name"][target], *ends) for source, target, *ends in edges[-4:].tolist()]
    assert {np.dtype("<i4")} == {edges.dtype[column] for column in edges.dtype.names}


def test_h5dump_prints_the_graph(file, tmp_path):
    """HDF5's own tool, of the oldest series that must do, shows names, attributes and the Saver as text."""
    h5dump = shutil.which("h5dump")
    if h5dump is None:
        pytest.skip("h5dump, against which this is checked, is not installed")
    file.close()
    command = [h5dump, "-g", "/graph", str(tmp_path / "add.h5")]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    for shown in ('"b/Assign"', '"float32_ref[1]"', "max_to_keep", '"trainable_variables"', '"variable_list"'):
        assert shown in text
    for hidden in ("H5T_VLEN", "H5T_VARIABLE", r"\000"):
        assert hidden not in text


def test_a_table_edited_with_h5py_is_read(file):
    """Tables that another program writes with another string type are read as well."""
    change(file, "nodes", 8, device="/gpu:0")
    assert "/gpu:0" == read(file).digraph.nodes["add"]["device"]


# --- damage ---------------------------------------------------------------------------------------------------------


def change(file, table, row, **cells):
    """Set cells of a row, in columns widened where they must be."""
    rows = file[f"graph/{table}"][:]
    wide = [(key, "S200" if rows.dtype[key].kind == "S" else rows.dtype[key]) for key in rows.dtype.names]
    rows = rows.astype(wide)
    for key, value in cells.items():
        rows[key][row] = value
    replace(file, table, rows)


def replace(file, table, rows):
    del file[f"graph/{table}"]
    file.create_dataset(f"graph/{table}", data=rows)


@pytest.mark.parametrize(
    ("table", "row", "cells", "message"),
    [
        ("edges", 0, {"source": 10}, "/graph/edges row 0: there is no row 10 in /graph/nodes"),
        ("edges", 3, {"target": -1}, "/graph/edges row 3: there is no row -1 in /graph/nodes"),
        ("edges", 3, {"source": 2**31 - 1}, "/graph/edges row 3: there is no row 2147483647 in /graph/nodes"),
        ("edges", 7, {"input": 0}, "/graph/edges row 7: it is for input 0 of 'add', where input 1 was expected"),
        ("edges", 6, {"input": 1}, "/graph/edges row 6: it is for input 1 of 'add', where input 0 was expected"),
        ("edges", 6, {"output": 1}, "/graph/edges row 6: 'add' takes output 1 of 'a/read', which has 1"),
        ("edges", 6, {"output": -1}, "/graph/edges row 6: 'add' takes output -1 of 'a/read'"),
        ("edges", 8, {"output": 0}, "/graph/edges row 8: it is for input -1 of 'init', where input 0 was expected"),
        ("nodes", 3, {"name": b"a"}, "/graph/nodes row 3: the node 'a' is in row 1 already"),
        ("nodes", 3, {"name": b"\xff"}, "/graph/nodes, column 'name': the cell b'.xff' is not UTF-8"),
        ("nodes", 3, {"outputs": b"float32"}, "/graph/nodes row 3 ('a/read'), column 'outputs': 'float32' does not"),
        ("nodes", 3, {"attrs": b"{"}, "/graph/nodes row 3 ('a/read'), column 'attrs': "),
        ("nodes", 3, {"attrs": b'{"x": {"tensor": {}}}'}, "column 'attrs': a tensor needs exactly dtype, shape and"),
        ("nodes", 3, {"attrs": b'{"x": ' + b"[" * 190}, "column 'attrs': "),
        ("nodes", 3, {"attrs": b'{"x": {"constant": "y"}}'}, "/graph/constants: it is missing"),
    ],
)
def test_a_cell_that_contradicts_the_rest_is_named(table, row, cells, message, file):
    """The table, the row and what is wrong with it."""
    change(file, table, row, **cells)
    with pytest.raises(errors.DataLossError) as caught:
        read(file)
    assert message.replace("b'.xff'", r"b'\xff'") in caught.value.message


@pytest.mark.parametrize(
    "cells", [{"outputs": b"float31[]"}, {"attrs": b'{"T": {"type": "float31"}}'}], ids=["outputs", "attrs"]
)
def test_an_unknown_dtype_is_an_invalid_argument(cells, file):
    """A file of a later version may know more dtypes."""
    change(file, "nodes", 3, **cells)
    with pytest.raises(errors.InvalidArgumentError, match=r"/graph/nodes row 3 \('a/read'\), .* unknown dtype"):
        read(file)


@pytest.mark.parametrize("table", ["nodes", "edges"])
def test_a_missing_table_is_noticed(table, file):
    """A graph needs both tables."""
    del file[f"graph/{table}"]
    with pytest.raises(errors.DataLossError, match=f"^/graph/{table}: it is missing"):
        read(file)


def test_columns_that_are_missing_or_of_another_kind_are_noticed(file):
    """Columns are found by name; unknown columns are ignored."""
    rows = file["graph/edges"][:]
    replace(file, "edges", rows[["source", "target", "output"]])
    with pytest.raises(
        errors.DataLossError, match=r"^/graph/edges: the column 'input' is missing; the columns are source, tar"
    ):
        read(file)
    replace(file, "edges", rows.astype([("source", "i4"), ("target", "i4"), ("output", "f4"), ("input", "i4")]))
    with pytest.raises(errors.DataLossError, match=r"^/graph/edges: column 'output' must be int32, not float32"):
        read(file)
    more = np.zeros(len(rows), [("more", "f8"), *[(key, rows.dtype[key]) for key in reversed(rows.dtype.names)]])
    for key in rows.dtype.names:
        more[key] = rows[key]
    replace(file, "edges", more)
    assert all_of(add_program()) == all_of(read(file).digraph)


def test_a_missing_edge_is_noticed_where_others_follow(file):
    """The inputs of a node are numbered without gaps."""
    replace(file, "edges", np.delete(file["graph/edges"][:], 6))
    with pytest.raises(errors.DataLossError, match=r"row 6: it is for input 1 of 'add', where input 0 was expected"):
        read(file)


def test_two_savers_are_noticed(file):
    """The table of the Saver has one row."""
    replace(file, "saver", np.repeat(file["graph/saver"][:], 2))
    with pytest.raises(errors.DataLossError, match=r"^/graph/saver: one row was expected, not 2"):
        read(file)


@pytest.mark.slow
def test_changed_bytes_give_an_error_or_a_graph_but_never_anything_else(file, tmp_path):
    """Single bytes of the tables changed at random: each time a graph that is valid, or an error of the package."""
    spans = [
        (file[f"graph/{name}"].id.get_offset(), file[f"graph/{name}"].nbytes) for name in ("nodes", "edges", "saver")
    ]
    file.close()
    image = (tmp_path / "add.h5").read_bytes()
    chance = np.random.default_rng(1)
    read_anyway = 0
    for _ in range(400):
        begin, size = spans[chance.integers(len(spans))]
        changed = bytearray(image)
        changed[begin + chance.integers(size)] = chance.integers(256)
        with h5py.File(io.BytesIO(changed), "r") as copy:
            try:
                schema.validate(read(copy).digraph)
                read_anyway += 1
            except errors.OpError:
                pass
    assert 0 < read_anyway < 400


# --- what cannot be written -----------------------------------------------------------------------------------------


def broken(**data):
    """A graph of two nodes, the second of which has other data than it should."""
    digraph: schema.DiGraph = nx.DiGraph()
    schema.add_node(digraph, "x", op="Placeholder", outputs=SCALAR)
    schema.add_node(digraph, "y", op="Neg", inputs=(("x", 0),), outputs=SCALAR)
    digraph.nodes["y"].update(data)
    return digraph


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ({"inputs": (("x", 1),)}, ValueError, "'y' takes output 1 of 'x', which has 1"),
        ({"inputs": (("x", -1),)}, ValueError, "'y' takes output -1 of 'x', which has 1"),
        ({"inputs": (("z", 0),)}, ValueError, "Edge 'x' -> 'y' stands for no input of 'y'"),
        ({"control_inputs": ("z",)}, ValueError, "'y'"),
        ({"outputs": (("float31", ()),)}, ValueError, "outputs of node 'y' cannot be stored: unknown dtype"),
        ({"outputs": (("float32", (-1,)),)}, ValueError, "outputs of node 'y' cannot be stored: 'float32.-1.'"),
        ({"attrs": {"x": object()}}, TypeError, "Node 'y': attribute 'x' cannot be stored: .* unsupported type"),
        ({"attrs": {"x": "NHWC"}}, ValueError, "Node 'y': attribute 'x' cannot be stored: a str must be the name"),
        ({"op": None}, TypeError, "Column 'op' of table 'nodes' must hold str, not None"),
        ({"op": "x\udc80"}, ValueError, "Column 'op' of table 'nodes' cannot hold"),
    ],
)
def test_a_graph_that_could_not_be_read_back_is_refused(data, error, message):
    """The error names the node and comes before there is a file."""
    with pytest.raises(error, match=message):
        image_of(Structure(broken(**data)))


def test_an_input_that_was_never_defined_is_refused():
    """A DiGraph makes a node of every name in an edge; such a node has no data."""
    digraph: schema.DiGraph = nx.DiGraph()
    schema.add_node(digraph, "y", op="Neg", inputs=(("x", 0),), outputs=SCALAR)
    with pytest.raises(ValueError, match="Node 'x' is an input of an operation, but it is not defined"):
        image_of(Structure(digraph))


# --- size -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_large_graph_is_stored_in_a_moment():
    """100,000 nodes pass in seconds of the processor, in fewer than 40 MB, and in no deep recursion."""
    digraph: schema.DiGraph = nx.DiGraph()
    previous = "c_0"
    for i in range(50_000):
        attrs = {"value": np.array(i, np.float32), "dtype": "float32"}
        schema.add_node(digraph, f"c_{i}", op="Const", attrs=attrs, outputs=SCALAR)
        inputs = ((previous, 0), (f"c_{i}", 0))
        previous = f"add_{i}"
        schema.add_node(digraph, previous, op="AddV2", inputs=inputs, attrs={"T": "float32"}, outputs=SCALAR)
    begin = time.process_time()
    image = image_of(Structure(digraph))
    written = time.process_time()
    with h5py.File(image, "r") as file:
        found = read(file).digraph
    assert 15 > time.process_time() - begin  # 2.1 s when nothing else runs: 0.6 s to write, 1.4 s to read
    assert 5 > written - begin
    assert 40_000_000 > len(image.getvalue())
    assert list(digraph) == list(found)
    assert digraph.edges["add_7", "add_8"] == found.edges["add_7", "add_8"]
    assert 49_999 == found.nodes["c_49999"]["attrs"]["value"]
