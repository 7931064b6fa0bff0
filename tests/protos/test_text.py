"""Protobuf's text format.

``graph.pbtxt`` is what `program` gives; TensorFlow 2.21 read it (``make_text.py``) and found what ``graph.txt`` says.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.protos.graphs import FunctionDefLibrary
from hdfsaver.protos.text import text_of
from tests.protos.recorded import description, program

HERE = Path(__file__).parent


def test_the_text_is_the_one_that_tensorflow_read():
    """The text of a graph with every kind of attribute is, byte for byte, the recorded one."""
    assert (HERE / "graph.pbtxt").read_text(encoding="utf-8") == text_of(program().as_graph_def())


def test_tensorflow_found_what_was_meant():
    """What TensorFlow said about the operations is what they are here."""
    found = (HERE / "graph.txt").read_text(encoding="utf-8").splitlines()
    assert found == [description(operation) for operation in program().get_operations()]


def test_every_kind_of_attribute():
    """Functions, placeholders, lists and unknown shapes are written too; versions where they say something."""
    attrs = {
        "f": tf.AttrValue(func=tf.NameAttrList("g", {"n": tf.AttrValue(i=-1)})),
        "l": tf.AttrValue.of([(2, None), None]),
        "p": tf.AttrValue(placeholder="T"),
        "x": tf.AttrValue(f=float("inf")),
        "y": tf.AttrValue.of([True, False]),
        "z": tf.AttrValue(),
    }
    definition = tf.GraphDef([tf.NodeDef("n", "N", ["a:1", "^b"], "/cpu:0", attrs)])
    definition.versions.min_consumer, definition.versions.bad_consumers = 3, [4]
    text = text_of(definition)
    for part in (
        'attr {\n    key: "f"\n    value {\n      func {\n        name: "g"\n        attr {\n          key: "n"\n',
        "          value {\n            i: -1\n",
        "shape {\n          dim {\n            size: 2\n          }\n          dim {\n            size: -1\n",
        "shape {\n          unknown_rank: true\n",
        'placeholder: "T"',
        "f: inf",
        "b: true\n        b: false",
        'key: "z"\n    value {\n    }',
        '  input: "a:1"\n  input: "^b"\n  device: "/cpu:0"\n',
        "versions {\n  producer: 0\n  min_consumer: 3\n  bad_consumers: 4\n}",
    ):
        assert part in text


def test_functions_have_no_text():
    """What is kept as it is cannot be written, and is not left out silently."""
    with pytest.raises(TypeError, match="GraphDef with functions has no text"):
        text_of(tf.GraphDef(library=FunctionDefLibrary([object()])))
    with pytest.raises(TypeError, match="A int has no text"):
        text_of(3)


def test_write_graph(tmp_path):
    """A graph or its definition is written as text or as HDF5, into a folder that need not be there."""
    graph = program()
    for given in (graph, graph.as_graph_def()):
        path = tf.train.write_graph(given, tmp_path / "new" / "folder", "graph.pbtxt")
        assert str(tmp_path / "new" / "folder" / "graph.pbtxt") == path
        assert text_of(graph.as_graph_def()) == Path(path).read_text(encoding="utf-8")
        path = tf.io.write_graph(given, str(tmp_path), "graph", as_text=False)
        assert str(tmp_path / "graph.h5") == path
        with tf.Graph().as_default() as again:
            assert tf.train.import_meta_graph(path) is None
        assert graph.as_graph_def() == again.as_graph_def()


def test_what_cannot_be_written(tmp_path):
    """What is no graph is refused, and so is a folder that cannot be; nothing is left."""
    with pytest.raises(TypeError, match="not str"):
        tf.train.write_graph("graph", tmp_path, "graph.pbtxt")
    (tmp_path / "file").touch()
    with pytest.raises(errors.OpError, match="Cannot make the folder"):
        tf.train.write_graph(tf.Graph(), tmp_path / "file" / "x", "graph.pbtxt")
    assert [tmp_path / "file"] == list(tmp_path.iterdir())
