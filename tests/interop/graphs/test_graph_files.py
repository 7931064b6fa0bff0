"""TensorFlow's graph files: what is read, and that nothing is lost on the way through HDF5."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from hdfsaver import schema
from hdfsaver.checkpoint.meta_graph_files import read_nodes
from hdfsaver.errors import DataLossError, NotFoundError
from hdfsaver.interop.graphs import graph_files
from hdfsaver.interop.graphs.message_files import read_message, write_message
from hdfsaver.interop.graphs.meta_graph_defs import with_nodes
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import same_value
from hdfsaver.schema import Structure
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file

FOLDER = Path(__file__).parents[1] / "golden_graphs"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text())

META = ["small.ckpt.meta", "resource.ckpt.meta"]
DEFINITIONS = ["frozen.pb", "frozen.pbtxt"]


def through_hdf5(structure: Structure, folder: Path) -> Structure:
    """The structure that a file has into which one was written."""
    write_file(folder / "graph.h5", variables=None, structure=structure)
    with open_file(folder / "graph.h5") as file:
        found = file.structure()
    assert found is not None
    return found


def structure_in(path: Path) -> Structure:
    """The structure that an import finds at a path, whatever the file's kind."""
    return with_nodes(*read_nodes(path))


def assert_same_digraph(expected: Any, found: Any) -> None:
    """Same nodes in the same order, with the same data, and the same edges."""
    assert list(expected) == list(found)
    for name, data in expected.nodes.items():
        other = found.nodes[name]
        assert data.keys() == other.keys()
        assert all(data[key] == other[key] for key in data if key != "attrs"), name
        assert list(data["attrs"]) == list(other["attrs"])
        assert all(same_value(value, other["attrs"][key]) for key, value in data["attrs"].items()), name
    assert list(expected.edges(data=True)) == list(found.edges(data=True))


def assert_nothing_lost(message: Any, folder: Path) -> Structure:
    """A ``MetaGraphDef`` is equal to itself when it has been a file, a structure, HDF5, a structure and a file."""
    write_message(folder / "first.meta", message)
    structure = graph_files.read_meta_graph(folder / "first.meta")
    schema.validate(structure.digraph)
    found = through_hdf5(structure, folder)
    assert_same_digraph(structure.digraph, found.digraph)
    graph_files.write_meta_graph(found, folder / "again.meta")
    assert message == read_message(folder / "again.meta", message_classes.MetaGraphDef)
    return structure


def new_graph(*nodes: dict[str, Any]) -> Any:
    """A ``MetaGraphDef`` of some nodes."""
    message = message_classes.MetaGraphDef()
    message.graph_def.SetInParent()
    for node in nodes:
        message.graph_def.node.add(**node)
    return message


@pytest.mark.parametrize("name", META)
def test_a_meta_graph_is_the_same_after_hdf5(tmp_path: Path, name: str) -> None:
    """Functions, definitions of types, collections of all kinds, unusual constants: all is there, byte for byte."""
    message = read_message(FOLDER / name, message_classes.MetaGraphDef)
    assert_nothing_lost(message, tmp_path)
    expected = message.SerializeToString(deterministic=True)
    assert expected == (tmp_path / "again.meta").read_bytes()


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_graph_alone_is_the_same_after_hdf5(tmp_path: Path, name: str) -> None:
    """A frozen graph, binary and as text, into a file of the same form."""
    found = through_hdf5(graph_files.read_graph_def(FOLDER / name), tmp_path)
    graph_files.write_graph_def(found, tmp_path / name)
    assert read_message(FOLDER / name, message_classes.GraphDef) == read_message(
        tmp_path / name, message_classes.GraphDef
    )
    assert name.endswith(".pbtxt") == (tmp_path / name).read_bytes().startswith(b"node {")


def test_text_and_binary_are_the_same_graph() -> None:
    """What form a file has does not matter, nor what it is called."""
    binary, text = (graph_files.read_graph_def(FOLDER / name) for name in DEFINITIONS)
    assert_same_digraph(binary.digraph, text.digraph)
    assert ["x"] == [
        name for name in nx.ancestors(binary.digraph, "y") if binary.digraph.nodes[name]["op"] == "Placeholder"
    ]


@pytest.mark.parametrize("name", ["small", "resource"])
def test_outputs_are_those_that_tensorflow_infers(name: str) -> None:
    """dtypes and shapes of everything that comes out of operations, references and resources included."""
    digraph = graph_files.read_meta_graph(FOLDER / f"{name}.ckpt.meta").digraph
    expected = EXPECTED[name]["outputs"]
    assert set(expected) >= set(digraph)
    for node, data in digraph.nodes.items():
        found = [[dtype, None if shape is None else list(shape)] for dtype, shape in data["outputs"]]
        # Without an attribute that says more, a shape is unknown; scalars and the like are often left out.
        assert [dtype for dtype, _ in expected[node]] == [dtype for dtype, _ in found], node
        assert all(shape in (None, said) for (_, shape), (_, said) in zip(found, expected[node], strict=True)), node


def test_what_a_saver_keeps_is_read_from_its_operations() -> None:
    """Names in the file, and the parts of a partitioned variable."""
    found = graph_files.read_meta_graph(FOLDER / "small.ckpt.meta").saved_names
    assert ["b", "p", "weights"] == sorted(found)
    assert ("b", "w") == (found["b"], found["weights"])
    assert [("p/part_0", (0, 0)), ("p/part_1", (2, 0))] == [(part.op_name, part.info.var_offset) for part in found["p"]]


def test_constants_are_read_however_they_are_packed() -> None:
    """Bytes, fields of numbers, and one number that stands for all; the latter takes no room."""
    nodes = graph_files.read_meta_graph(FOLDER / "small.ckpt.meta").digraph.nodes
    value = {
        name: nodes[name]["attrs"]["value"] for name in ("big", "zeros", "splat", "half", "texts", "complex", "flags")
    }
    np.testing.assert_array_equal(np.arange(100, dtype=np.float32), value["big"])
    np.testing.assert_array_equal(np.zeros((200, 300), np.float32), value["zeros"])
    assert (0, 0) == value["zeros"].strides
    np.testing.assert_array_equal(np.full(1000, 7, np.int32), value["splat"])
    np.testing.assert_array_equal(np.array([1.5, 2], np.float16), value["half"])
    assert [b"a\0", b"\xff"] == value["texts"].tolist()
    assert [1 + 2j] == value["complex"].tolist()
    assert [True, False] == value["flags"].tolist()


def test_a_saved_model_is_read(tmp_path: Path) -> None:
    """Tags, graph, where the variables are, and its asset; the graph and its signatures survive."""
    model = graph_files.read_saved_model(FOLDER / "saved")
    assert [("serve", "test")] == [graph.tags for graph in model.meta_graphs]
    assert str(FOLDER / "saved" / "variables" / "variables") == model.variables
    assert {"vocab.txt": "a\nb\n"} == {name: path.read_text() for name, path in model.assets.items()}
    message = read_message(FOLDER / "saved" / "saved_model.pb", message_classes.SavedModel).meta_graphs[0]
    assert ["serving_default"] == list(message.signature_def)
    assert_nothing_lost(message, tmp_path)


def test_a_saved_model_as_text_is_the_same(tmp_path: Path) -> None:
    """``saved_model.pbtxt`` is found too."""
    write_message(
        tmp_path / "saved_model.pbtxt", read_message(FOLDER / "saved" / "saved_model.pb", message_classes.SavedModel)
    )
    found, expected = graph_files.read_saved_model(tmp_path), graph_files.read_saved_model(FOLDER / "saved")
    assert expected.meta_graphs[0].structure.tensorflow == found.meta_graphs[0].structure.tensorflow
    assert_same_digraph(expected.meta_graphs[0].structure.digraph, found.meta_graphs[0].structure.digraph)
    assert found.variables is None


def test_text_that_would_lose_something_is_refused(tmp_path: Path) -> None:
    """Text needs the names of fields: where one has none, nothing is written, and binary does it."""
    message = new_graph({"name": "a", "op": "A"})
    message.graph_def.node[0].MergeFromString(UNKNOWN)
    write_message(tmp_path / "x.meta", message)
    structure = graph_files.read_meta_graph(tmp_path / "x.meta")
    with pytest.raises(ValueError, match="Write it as binary"):
        graph_files.write_meta_graph(structure, tmp_path / "x.pbtxt")
    assert [tmp_path / "x.meta"] == list(tmp_path.iterdir())


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    """The error names both files that are looked for."""
    with pytest.raises(NotFoundError, match=r"neither saved_model.pb nor saved_model.pbtxt"):
        graph_files.read_saved_model(tmp_path)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "C:\\x", "..\\x", "\\\\host\\share\\x"])
@pytest.mark.parametrize("is_old", [False, True])
def test_assets_stay_in_their_folder(tmp_path: Path, name: str, is_old: bool) -> None:
    """A name that leads out of the SavedModel is refused, in either of the places where names are."""
    model = message_classes.SavedModel()
    graph = model.meta_graphs.add()
    graph.graph_def.SetInParent()
    asset = message_classes.AssetFileDef(filename=name)
    if is_old:
        graph.collection_def["saved_model_assets"].any_list.value.add(value=asset.SerializeToString())
    else:
        graph.asset_file_def.append(asset)
    write_message(tmp_path / "saved_model.pb", model)
    with pytest.raises(DataLossError, match="would be outside of the SavedModel"):
        graph_files.read_saved_model(tmp_path)


# -- what nobody knows ---------------------------------------------------------------------------------------------


def test_unknown_operations_and_attributes_are_kept(tmp_path: Path) -> None:
    """A type of operations that does not exist, with dtypes that do not exist either, three outputs of it taken."""
    message = new_graph(
        {"name": "a", "op": "FromTheFuture"},
        {"name": "b", "op": "Identity", "input": ["a:2", "^a"], "device": "/gpu:7"},
    )
    attrs = message.graph_def.node[0].attr
    attrs["odd"].type = 9999
    attrs["nothing"].SetInParent()
    attrs["empty"].list.SetInParent()
    attrs["mixed"].list.i.append(1)
    attrs["mixed"].list.s.append(b"x")
    attrs["names"].shape.dim.add(size=3, name="batch")
    attrs["f"].func.name = "g"
    attrs["f"].func.attr["T"].placeholder = "U"
    structure = assert_nothing_lost(message, tmp_path)
    nodes = structure.digraph.nodes
    assert 3 == len(nodes["a"]["outputs"])
    assert {"empty", "mixed", "names", "f"} == set(nodes["a"]["attrs"])
    assert {"name": "g", "attr": {"T": {"placeholder": "U"}}} == nodes["a"]["attrs"]["f"]
    assert ((("a", 2),), ("a",), "/gpu:7") == tuple(nodes["b"][key] for key in ("inputs", "control_inputs", "device"))


UNKNOWN = bytes.fromhex("ca3e03616263")
"""A field 1001 of three letters, which no message has."""


@pytest.mark.parametrize(
    "place", ["meta", "graph", "node", "attr", "library", "saver", "collection", "tensor", "shape"]
)
def test_unknown_fields_are_kept(tmp_path: Path, place: str) -> None:
    """A field that is newer than we are stays where it is, whatever message has it."""
    message = new_graph({"name": "c", "op": "Const"})
    node = message.graph_def.node[0]
    node.attr["value"].tensor.dtype = 1
    node.attr["value"].tensor.float_val.append(1.0)
    node.attr["T"].type = 1
    node.attr["shape"].shape.dim.add(size=2)
    message.saver_def.max_to_keep = 3
    message.collection_def["c"].node_list.value.append("c")
    message.graph_def.library.function.add().signature.name = "f"
    places = {
        "meta": message,
        "graph": message.graph_def,
        "node": node,
        "attr": node.attr["T"],
        "library": message.graph_def.library.function[0].signature,
        "saver": message.saver_def,
        "collection": message.collection_def["c"],
        "tensor": node.attr["value"].tensor,
        "shape": node.attr["shape"].shape.dim[0],
    }
    places[place].MergeFromString(UNKNOWN)
    assert UNKNOWN in message.SerializeToString()
    assert_nothing_lost(message, tmp_path)
    assert 1 == (tmp_path / "again.meta").read_bytes().count(UNKNOWN)


def test_the_bits_of_a_nan_are_kept(tmp_path: Path) -> None:
    """Python makes a quiet NaN of a signaling one, so that its message is kept beside."""
    message = new_graph({"name": "c", "op": "NoOp"})
    message.graph_def.node[0].attr["x"].MergeFromString(bytes.fromhex("25 01 00 80 7f"))
    assert_nothing_lost(message, tmp_path)


def test_collections_of_every_kind_are_kept(tmp_path: Path) -> None:
    """The five kinds, one without any, variables of both kinds together, and bytes that only look like variables."""
    message = new_graph({"name": "v", "op": "VariableV2"})
    defined = message.collection_def
    defined["nodes"].node_list.value.append("v:0")
    defined["texts"].bytes_list.value.extend([b"x", b"\xff"])
    defined["ints"].int64_list.value.extend([-1, 2**62])
    defined["floats"].float_list.value.append(0.1)
    defined["any"].any_list.value.add(type_url="x", value=b"y")
    defined["nothing"].SetInParent()
    defined["empty"].float_list.SetInParent()
    known = message_classes.VariableDef(variable_name="v:0", initializer_name="v/Assign", trainable=True)
    resource = message_classes.VariableDef(variable_name="r:0", is_resource=True)
    defined["variables"].bytes_list.value.extend(item.SerializeToString() for item in (known, resource))
    defined["trainable_variables"].bytes_list.value.append(known.SerializeToString())
    defined["local_variables"].bytes_list.value.append(b"\xff\xff")
    structure = assert_nothing_lost(message, tmp_path)
    kinds = {key: item.kind for key, item in structure.collections.items()}
    assert "variable_list" == kinds["variables"] == kinds["trainable_variables"]
    assert "bytes_list" == kinds["local_variables"] == kinds["texts"]
    assert [("v:0", False), ("r:0", True)] == [
        (item.variable_name, item.is_resource) for item in structure.collections["variables"].value
    ]
    assert not kinds.keys() & {"any", "nothing"}


def test_changed_collections_are_written_as_they_are_now(tmp_path: Path) -> None:
    """Variables that go, go, those behind handles too."""
    message = new_graph({"name": "v", "op": "VariableV2"})
    known = message_classes.VariableDef(variable_name="v:0", initializer_name="v/Assign")
    resource = message_classes.VariableDef(variable_name="r:0", is_resource=True).SerializeToString()
    message.collection_def["variables"].bytes_list.value.extend([known.SerializeToString(), resource])
    message.collection_def["other"].int64_list.value.append(1)
    write_message(tmp_path / "x.meta", message)
    structure = graph_files.read_meta_graph(tmp_path / "x.meta")
    structure.collections = {"new": schema.CollectionDef("float_list", [0.5])}
    graph_files.write_meta_graph(structure, tmp_path / "x.meta")
    found = read_message(tmp_path / "x.meta", message_classes.MetaGraphDef).collection_def
    assert {"new"} == set(found)
    assert [0.5] == list(found["new"].float_list.value)


def test_a_changed_node_does_not_get_its_old_form_back(tmp_path: Path) -> None:
    """What was remembered of an attribute or of inputs counts only as long as these are what they were."""
    message = new_graph({"name": "a", "op": "A"}, {"name": "b", "op": "B", "input": ["a:0", "^a", "a:0"]})
    message.graph_def.node[0].attr["size"].shape.dim.add(size=3, name="batch")
    write_message(tmp_path / "x.meta", message)
    structure = graph_files.read_meta_graph(tmp_path / "x.meta")
    structure.digraph.nodes["a"]["attrs"]["size"] = (4,)
    structure.digraph.nodes["b"]["inputs"] = (("a", 0),)
    graph_files.write_meta_graph(structure, tmp_path / "x.meta")
    first, second = read_message(tmp_path / "x.meta", message_classes.MetaGraphDef).graph_def.node
    assert [(4, "")] == [(dim.size, dim.name) for dim in first.attr["size"].shape.dim]
    assert ["a", "^a"] == list(second.input)


def test_the_same_structure_gives_the_same_bytes(tmp_path: Path) -> None:
    """Writing is deterministic, maps included."""
    structure = graph_files.read_meta_graph(FOLDER / "small.ckpt.meta")
    for name in ("a.meta", "b.meta"):
        graph_files.write_meta_graph(structure, tmp_path / name)
    assert (tmp_path / "a.meta").read_bytes() == (tmp_path / "b.meta").read_bytes()


def test_a_plain_digraph_is_no_graph_of_tensorflow(tmp_path: Path) -> None:
    """It is refused before anything is written."""
    with pytest.raises(ValueError, match="its nodes are not operations"):
        graph_files.write_meta_graph(Structure(nx.DiGraph(), is_plain=True), tmp_path / "x.meta")
    assert [] == list(tmp_path.iterdir())
