"""Protobuf's text format.

``graph.pbtxt`` is a text of what `program` gives; TensorFlow 2.21 read it (``make_text.py``) and found what
``graph.txt`` says.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.messages.message_classes import message_to_string, parse_text
from tests.messages.recorded import description, program

HERE = Path(__file__).parent


def constants(definition: tf.GraphDef) -> dict[str, bytes]:
    """The elements of all constants, which texts may give in different fields, and which are taken out."""
    found = {}
    for node in definition.node:
        if node.op == "Const":
            found[node.name] = np.array(tf.make_ndarray(node.attr["value"].tensor).tolist()).tobytes()
            del node.attr["value"]
    return found


def test_the_text_says_what_the_one_says_that_tensorflow_read():
    """The text of a graph with every kind of attribute is a message equal to the recorded one."""
    texts = [(HERE / "graph.pbtxt").read_text(encoding="utf-8"), message_to_string(program().as_graph_def())]
    recorded, found = (parse_text(text, tf.GraphDef()) for text in texts)
    assert found == program().as_graph_def()
    assert constants(recorded) == constants(found)
    assert recorded == found


def test_tensorflow_found_what_was_meant():
    """What TensorFlow said about the operations is what they are here."""
    found = (HERE / "graph.txt").read_text(encoding="utf-8").splitlines()
    assert found == [description(operation) for operation in program().get_operations()]


def test_write_graph(tmp_path):
    """A graph or its definition is written as text or as HDF5, into a folder that need not be there."""
    graph = program(stored=True)
    for given in (graph, graph.as_graph_def()):
        path = tf.train.write_graph(given, tmp_path / "new" / "folder", "graph.pbtxt")
        assert str(tmp_path / "new" / "folder" / "graph.pbtxt") == path
        assert message_to_string(graph.as_graph_def()) == Path(path).read_text(encoding="utf-8")
        path = tf.io.write_graph(given, str(tmp_path), "graph", as_text=False)
        assert str(tmp_path / "graph.h5") == path
        with tf.Graph().as_default() as again:
            assert tf.train.import_meta_graph(path) is None
        assert graph.as_graph_def() == again.as_graph_def()


def test_what_cannot_be_written(tmp_path):
    """What is not a graph, a folder that cannot be, and fields without known names are refused; nothing is left."""
    with pytest.raises(TypeError, match="not str"):
        tf.train.write_graph("graph", tmp_path, "graph.pbtxt")
    newer = tf.GraphDef.FromString(bytes.fromhex("ca3e03616263"))
    with pytest.raises(ValueError, match="has fields whose names are not known here"):
        tf.train.write_graph(newer, tmp_path, "graph.pbtxt")
    (tmp_path / "file").touch()
    with pytest.raises(errors.OpError, match="Cannot make the folder"):
        tf.train.write_graph(tf.Graph(), tmp_path / "file" / "x", "graph.pbtxt")
    assert [tmp_path / "file"] == list(tmp_path.iterdir())
