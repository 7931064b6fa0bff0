"""Messages as programs of TensorFlow use them: they are protobuf's own, and copied where protobuf copies."""

from __future__ import annotations

import copy
import pathlib
import pickle

import pytest

import hdfsaver as tf
from hdfsaver.interop import read_graph_def, read_meta_graph
from hdfsaver.messages import message_classes


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def doubled():
    """The definition of ``y = 2 x``."""
    with tf.Graph().as_default() as graph:
        tf.multiply(tf.placeholder(tf.float32, [None], name="x"), 2.0, name="y")
        return graph.as_graph_def()


def test_lists_and_constructors_copy():
    """What is put into a message is a copy; `add` gives the item itself."""
    node = tf.NodeDef(name="a", op="NoOp")
    graph = tf.GraphDef(node=[node], versions={"producer": 3})
    graph.node.extend([node])
    graph.node.append(node)
    graph.node.add().name = "b"
    node.name = "changed"
    assert ["a", "a", "a", "b"] == [item.name for item in graph.node]
    assert 3 == graph.versions.producer
    del graph.node[1:3]
    assert ["a", "b"] == [graph.node.pop(0).name, graph.node[0].name]


def test_fields_of_messages_are_not_assigned():
    """As in protobuf that is an error, and `CopyFrom` is the way."""
    node = tf.NodeDef(name="a")
    for owner, field, value in ((tf.GraphDef(), "node", [node]), (tf.GraphDef(), "versions", 1), (node, "none", 1)):
        with pytest.raises(AttributeError):
            setattr(owner, field, value)
    with pytest.raises(ValueError, match="may not be assigned"):
        node.attr.__setitem__("T", tf.AttrValue(type=1))  # type: ignore[index]
    with pytest.raises(TypeError):
        setattr(node, "name", 3)  # noqa: B010 - a type checker refuses the plain way
    kind = tf.AttrValue(type=tf.float32.as_datatype_enum)
    node.attr["T"].CopyFrom(kind)
    kind.type = 2
    assert (1, "type") == (node.attr["T"].type, node.attr["T"].WhichOneof("value"))


def test_merging_clearing_and_equality():
    """Lists are joined, a cleared field is empty, and equal content is equal."""
    first, second = (tf.GraphDef(node=[tf.NodeDef(name=name)]) for name in "ab")
    first.MergeFrom(second)
    first.MergeFromString(second.SerializeToString())
    assert ["a", "b", "b"] == [node.name for node in first.node]
    assert doubled() == doubled() != first
    first.ClearField("node")
    assert (0, 0, tf.GraphDef()) == (len(first.node), first.ByteSize(), first)
    for same in (copy.deepcopy(doubled()), pickle.loads(pickle.dumps(doubled()))):
        assert doubled() == same


def test_text_is_protobufs():
    """`str` gives the text format, which protobuf's module reads back."""
    from google.protobuf import json_format, text_format

    text = str(doubled())
    assert 'name: "x"\n  op: "Placeholder"' in text
    assert doubled() == text_format.Parse(text_format.MessageToString(doubled()), tf.GraphDef())
    assert doubled() == text_format.Parse(text, tf.GraphDef()) == text_format.Merge(text, tf.GraphDef())
    assert doubled() == json_format.Parse(json_format.MessageToJson(doubled()), tf.GraphDef())


def test_a_message_that_is_changed_later():
    """Neither an import nor an operation shares it with the program."""
    definition = doubled()
    tf.import_graph_def(definition, name="")
    definition.node[0].name = "changed"
    op = tf.get_default_graph().get_operation_by_name("y")
    op.node_def.name = "changed"
    assert ("y", "y") == (op.name, op.node_def.name)
    assert ["x", "y/y", "y"] == [node.name for node in tf.get_default_graph().as_graph_def().node]


def test_a_frozen_graph_is_loaded_in_four_lines():
    """The lines that most programs have for it."""
    pathlib.Path("frozen.pb").write_bytes(doubled().SerializeToString())
    with tf.gfile.GFile("frozen.pb", "rb") as file:
        graph_def = tf.GraphDef()
        graph_def.ParseFromString(file.read())
    tf.import_graph_def(graph_def, name="")
    with tf.Session() as session:
        assert [6.0] == session.run("y:0", {"x:0": [3.0]}).tolist()


@pytest.mark.parametrize("source", ["graph", "meta"])
def test_a_graph_that_was_read_from_a_file(source):
    """What `read_graph_def` and `read_meta_graph` give can be imported, with replaced inputs and functions."""
    definition = doubled()
    definition.library.function.add().signature.name = "f"
    meta = tf.MetaGraphDef(graph_def=definition)
    pathlib.Path("file.pb").write_bytes((definition if source == "graph" else meta).SerializeToString())
    structure = read_graph_def("file.pb") if source == "graph" else read_meta_graph("file.pb")
    (y,) = tf.import_graph_def(structure, {"x": tf.constant([4.0])}, ["y:0"])
    with tf.Session() as session:
        assert [8.0] == session.run(y).tolist()
    assert ["f"] == [function.signature.name for function in tf.get_default_graph().as_graph_def().library.function]
    assert ["x", "y/y", "y"] == list(structure.digraph)


@pytest.mark.parametrize("given", [b"bytes", "file.pb", None, tf.NodeDef(), tf.MetaGraphDef()])
def test_something_else_is_not_imported(given):
    """It is a TypeError that says what is asked for."""
    with pytest.raises(TypeError, match="Argument `graph_def` must be a GraphDef proto"):
        tf.import_graph_def(given)


def test_any_message_in_a_collection():
    """A message of the type Any is protobuf's: it packs and unpacks others."""
    held = tf.MetaGraphDef().collection_def["files"].any_list.value.add()
    held.Pack(message_classes.AssetFileDef(filename="f"))
    found = message_classes.AssetFileDef()
    assert (True, "f") == (held.Unpack(found), found.filename)
    assert not held.Unpack(tf.NodeDef())
    assert held == pickle.loads(pickle.dumps(held))


def test_the_state_of_a_folder_has_protobufs_methods():
    """It is written and read as TensorFlow's message, in bytes and as text."""
    from google.protobuf import text_format

    state = tf.train.CheckpointState("m/x", ["m/w", "m/x"], [1.0, 2.5], 3.0)
    data = state.SerializeToString()
    message = message_classes.CheckpointState.FromString(data)
    assert (str(message), len(data)) == (str(state), state.ByteSize())
    assert state == tf.train.CheckpointState.FromString(data)
    assert state == text_format.Merge(str(state), tf.train.CheckpointState())
    assert state == text_format.Parse(text_format.MessageToString(state), tf.train.CheckpointState())
    other = tf.train.CheckpointState()
    other.CopyFrom(state)
    other.all_model_checkpoint_paths.append("m/y")
    assert ["m/w", "m/x"] == state.all_model_checkpoint_paths
    other.MergeFrom(message)
    assert ["m/w", "m/x", "m/y", "m/w", "m/x"] == other.all_model_checkpoint_paths
    assert len(data) == other.ParseFromString(data)
    assert state == other
    other.ClearField("all_model_checkpoint_paths")
    assert [] == other.all_model_checkpoint_paths
    for use in (lambda: other.ClearField("none"), lambda: other.HasField("model_checkpoint_path")):
        with pytest.raises(ValueError, match="field|presence"):
            use()
    other.Clear()
    assert tf.train.CheckpointState() == other
