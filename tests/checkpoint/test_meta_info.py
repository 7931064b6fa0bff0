"""`MetaGraphDef.meta_info_def`, and messages made of parts. The answers expected are those of TensorFlow 2.21."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.checkpoint.importing import import_scoped_meta_graph
from hdfsaver.checkpoint.meta_graph_messages import create_meta_graph_def, read_meta_graph_file
from hdfsaver.checkpoint.meta_info import ops_used_by_graph_def, stripped_op_list_for_graph

Info = tf.MetaGraphDef.MetaInfoDef
TYPES = ["AddV2", "Assign", "Complex", "Const", "Identity", "Placeholder", "VariableV2"]
GOLDEN = Path(__file__).parents[1] / "interop" / "golden_graphs"


def program() -> None:
    """A graph whose operation ``c`` has attributes with their default values only."""
    x = tf.placeholder(tf.float32, [2], name="x")
    v = tf.Variable([1.0, 2.0], name="v")
    tf.complex(x, v, name="c")
    tf.add_to_collection("k", v + 1.0)


def types_in(message: tf.MetaGraphDef) -> list[str]:
    """The types that the message defines."""
    return [op.name for op in message.meta_info_def.stripped_op_list.op]


def test_an_export_says_its_version_and_its_types() -> None:
    """So it is after an import too, and of an empty graph."""
    program()
    message = tf.train.export_meta_graph()
    info = message.meta_info_def
    assert (tf.VERSION, tf.GIT_VERSION) == (info.tensorflow_version, info.tensorflow_git_version)
    assert TYPES == types_in(message)
    assert not info.stripped_default_attrs
    assert ["validate_shape", "use_locking", "T"] == [attr.name for attr in info.stripped_op_list.op[1].attr]
    for scope in (None, "s"):
        with tf.Graph().as_default():
            import_scoped_meta_graph(message, import_scope=scope)
            assert info == tf.train.export_meta_graph().meta_info_def
    with tf.Graph().as_default():
        empty = tf.train.export_meta_graph()
    assert empty.meta_info_def.HasField("stripped_op_list")
    assert [] == types_in(empty)


def test_what_a_program_says_is_kept() -> None:
    """But for the version; its list of types takes the place of that of the graph, and its message is unchanged."""
    program()
    given = Info(tags=["a"], meta_graph_version="z", tensorflow_version="old", stripped_default_attrs=True)
    message = tf.train.export_meta_graph(meta_info_def=given)
    info = message.meta_info_def
    assert (["a"], "z", True) == (list(info.tags), info.meta_graph_version, info.stripped_default_attrs)
    assert (tf.VERSION, TYPES, "old") == (info.tensorflow_version, types_in(message), given.tensorflow_version)
    given.stripped_op_list.op.add(name="Mine")
    assert ["Mine"] == types_in(tf.train.export_meta_graph(meta_info_def=given))
    with pytest.raises(TypeError, match="meta_info_def must be of type MetaInfoDef"):
        tf.train.export_meta_graph(meta_info_def=3)


def test_attributes_with_their_defaults() -> None:
    """They are left out of functions as well, and are there again after an import."""
    program()
    function = tf.GraphDef().library.function.add()
    function.signature.name = "f"
    function.node_def.extend([tf.get_default_graph().get_operation_by_name("c").node_def, tf.NodeDef(name="g", op="f")])
    definition = tf.get_default_graph().as_graph_def()
    definition.library.function.append(function)
    message = tf.train.export_meta_graph(graph_def=definition, strip_default_attrs=True)
    assert message.meta_info_def.stripped_default_attrs
    assert {} == message.graph_def.library.function[0].node_def[0].attr
    assert {} == next(node.attr for node in message.graph_def.node if node.name == "c")
    with tf.Graph().as_default() as graph:
        import_scoped_meta_graph(message)
    assert ["T", "Tout"] == sorted(graph.get_operation_by_name("c").node_def.attr)


def test_types_of_functions() -> None:
    """Functions that are called count with what they call, in a circle too; other functions do not."""
    definition = tf.GraphDef(node=[tf.NodeDef(name="a", op="A")])
    calls = {"A": ["B", "Nobody"], "B": ["A", "Const", "PartitionedCall"], "C": ["Add"], "D": ["NoOp"]}
    for name, called in calls.items():
        function = definition.library.function.add()
        function.signature.name = name
        function.node_def.extend(tf.NodeDef(name=op, op=op) for op in called)
    definition.library.function[1].node_def[2].attr["f"].func.name = "D"
    assert ["Const", "NoOp", "Nobody", "PartitionedCall"] == sorted(ops_used_by_graph_def(definition))
    assert ["Const", "NoOp", "PartitionedCall"] == [op.name for op in stripped_op_list_for_graph(definition).op]


def test_definitions_of_unknown_types_stay(tmp_path: Path) -> None:
    """They came with a file of TensorFlow, and nothing else tells the outputs of such operations."""
    message = tf.MetaGraphDef(graph_def=tf.GraphDef(node=[tf.NodeDef(name="a", op="Nobody")]))
    for name in ("Nobody", "Gone"):
        message.meta_info_def.stripped_op_list.op.add(name=name).output_arg.add(name="y", type=3)
    (tmp_path / "x.meta").write_bytes(message.SerializeToString())
    tf.constant(1.0)
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(tmp_path / "x.meta")
        tf.constant(1.0)
        found = tf.train.export_meta_graph()
    assert ["Const", "Nobody"] == types_in(found)
    assert tf.int32 == graph.get_tensor_by_name("a:0").dtype


def test_a_message_of_its_parts() -> None:
    """The definition is taken over as it is; collections are those of the graph."""
    program()
    message = create_meta_graph_def()
    assert (TYPES, ["k", "trainable_variables", "variables"]) == (types_in(message), sorted(message.collection_def))
    assert "_output_shapes" in message.graph_def.node[0].attr
    assert not message.HasField("saver_def")
    assert ["k"] == list(create_meta_graph_def(collection_list=["k"]).collection_def)
    assert "k" not in create_meta_graph_def(exclude_nodes=["add"]).collection_def
    node = tf.NodeDef(name="a", op="Nobody", attr={"n": tf.AttrValue(i=1)})
    complex_node = tf.get_default_graph().get_operation_by_name("c").node_def
    definition = tf.GraphDef(node=[node, complex_node])
    stripped = create_meta_graph_def(graph_def=definition, strip_default_attrs=True, saver_def=tf.train.SaverDef())
    assert [["n"], []] == [sorted(node.attr) for node in stripped.graph_def.node]
    assert stripped.HasField("saver_def")
    for arguments in ({"graph": 3}, {"graph_def": 3}, {"saver_def": 3}, {"meta_info_def": 3}):
        wrong: dict[str, Any] = arguments
        with pytest.raises(TypeError, match=f"{next(iter(wrong))} must be of type .* Received type: .*int"):
            create_meta_graph_def(**wrong)


def test_savers_of_a_message() -> None:
    """All of the collection are described, or only the one that is given."""
    program()
    for suffix in ("", "_1"):
        tf.add_to_collection(tf.GraphKeys.SAVERS, tf.train.Saver(max_to_keep=3 + len(suffix)))
    own = tf.train.Saver(max_to_keep=9).as_saver_def()
    for clear, kept in ((False, [3, 5]), (True, [9])):
        message = create_meta_graph_def(saver_def=own, clear_extraneous_savers=clear)
        items = message.collection_def[tf.GraphKeys.SAVERS].bytes_list.value
        assert kept == [tf.train.SaverDef.FromString(item).max_to_keep for item in items]


def test_messages_of_files(tmp_path: Path) -> None:
    """The graph of a checkpoint is read under the name of the `.meta` file; a file of TensorFlow as it is."""
    program()
    message = tf.train.export_meta_graph(tmp_path / "x.meta")
    found = read_meta_graph_file(tmp_path / "x.meta")
    assert message.graph_def == found.graph_def
    assert message.collection_def == found.collection_def
    assert TYPES == types_in(found)
    path = GOLDEN / "small.ckpt.meta"
    golden, found = tf.MetaGraphDef.FromString(path.read_bytes()), read_meta_graph_file(path)
    assert (golden.graph_def, golden.meta_info_def) == (found.graph_def, found.meta_info_def)
    with pytest.raises(OSError, match="does not exist"):
        read_meta_graph_file(tmp_path / "nope.meta")
