"""TensorFlow's messages are protobuf's own classes, made when the first one is asked for."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, assert_type

import pytest

import hdfsaver as tf
from hdfsaver.messages import message_classes
from tests import forks
from tests.messages import make_stubs

if TYPE_CHECKING:
    from hdfsaver.messages.message_classes import Message


def node() -> tf.NodeDef:
    """A definition with an attribute of each form: a number, a list, a message, a function."""
    made = tf.NodeDef(name="x", op="Placeholder", input=["a", "^b"])
    made.attr["dtype"].type = 1
    made.attr["shape"].CopyFrom(tf.AttrValue(shape=tf.TensorShape([2]).as_proto()))
    made.attr["l"].list.i.extend([1, 2])
    made.attr["f"].func.CopyFrom(tf.NameAttrList(name="g", attr={"n": tf.AttrValue(i=-1)}))
    return made


def test_programs_put_definitions_together_as_with_tensorflow():
    """Copies share nothing, also those that `extend` makes; an attribute that is asked for is made."""
    first, graph_def = node(), tf.GraphDef()
    graph_def.node.extend([first, first])
    graph_def.node.add(name="y").attr["T"].type = tf.int32.as_datatype_enum
    first.attr["dtype"].type = 3
    assert [1, 1, 0] == [found.attr["dtype"].type for found in graph_def.node]
    assert ("list", None) == (first.attr["l"].WhichOneof("value"), first.attr["new"].WhichOneof("value"))
    assert tf.AttrValue(list=tf.AttrValue.ListValue(i=[1, 2])) == first.attr["l"]
    assert not graph_def.HasField("versions")
    other = tf.GraphDef()
    other.ParseFromString(graph_def.SerializeToString())
    assert other == graph_def
    other.node[0].device = "/cpu:0"
    assert other != graph_def
    with pytest.raises(TypeError):
        other.CopyFrom(first)
    with pytest.raises(ValueError, match="inputs"):
        getattr(tf, "NodeDef")(inputs=["a"])  # noqa: B009, what type checkers refuse


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, lambda message: pickle.loads(pickle.dumps(message))])
def test_copies(again):
    """Messages can be copied and pickled."""
    for message in (node(), tf.GraphDef(node=[node()]), tf.train.SaverDef(max_to_keep=3)):
        found = again(message)
        assert found == message
        assert type(found) is type(message)


def test_names():
    """Messages, those inside others and enumerations have the names that TensorFlow gives them."""
    assert "tensorflow.AttrValue.ListValue" == tf.AttrValue.ListValue.DESCRIPTOR.full_name
    assert isinstance(tf.MetaGraphDef().meta_info_def, tf.MetaGraphDef.MetaInfoDef)
    assert (0, 1, 2) == (tf.train.SaverDef.LEGACY, tf.train.SaverDef.V1, tf.train.SaverDef.V2)
    assert 'attr {\n  key: "dtype"\n  value {\n    type: DT_FLOAT\n  }\n}\n' in str(node())
    for module, name in ((message_classes, "Nope"), (message_classes, "_x"), (tf, "Nope"), (tf.train, "Nope")):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(module, name)


def test_protobuf_is_loaded_when_the_first_message_is_asked_for():
    """Neither the import, nor a save and a restore of a graph, needs it."""
    code = """
import sys, tempfile, hdfsaver as tf
saver = tf.train.Saver([tf.Variable(1.0)])
with tempfile.TemporaryDirectory() as folder, tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    saver.restore(sess, saver.save(sess, folder + "/x"))
print("google.protobuf" in sys.modules)
tf.GraphDef
print("google.protobuf" in sys.modules)
"""
    done = forks.run("-c", code)
    assert ["False", "True"] == done.stdout.split()


def test_type_checkers_are_told_what_the_declaration_says():
    """The stubs are those that `tests.messages.make_stubs` makes."""
    assert make_stubs.stubs() == make_stubs.PATH.read_text(encoding="utf-8")


def test_types_of_fields():
    """Type checkers know what fields are; this is checked where the types of the tests are."""
    graph_def = tf.GraphDef()
    assert_type(graph_def.node.add(name="x"), message_classes.NodeDef)
    for found in graph_def.node:
        assert_type(found.name, str)
        assert_type(found.input[:], list[str])
        assert_type(found.attr["T"].type, int)
        assert_type([dim.size for shape in found.attr["T"].list.shape for dim in shape.dim], list[int])
        assert_type(tf.GraphDef.FromString(b""), message_classes.GraphDef)
    message: Message = graph_def
    assert_type(message.SerializeToString(deterministic=True), bytes)
    assert "" == graph_def.node[0].op
