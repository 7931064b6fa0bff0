"""What a program puts on the nodes and edges of a graph: it is saved and given back, or refused by name."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import h5py
import networkx as nx
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.annotations import annotations_of

VALUES = {
    "text": "käse",
    "flag": True,
    "nothing": None,
    "count": 3,
    "ratio": 0.5,
    "list": [1, [2.5, "x"]],
    "tuple": (1, ("a", None)),
    "dict": {"a": 1, 2: "b"},
    "array": np.arange(6, dtype=np.int16).reshape(2, 3),
    "large": np.arange(5000.0),
    "scalar": np.float32(1.5),
    3: "a key that is not text",
}


def program():
    """A graph of a scope with a variable, and an operation outside of it."""
    x = tf.placeholder(tf.float32, [2], name="x")
    with tf.name_scope("s"):
        v = tf.Variable([1.0, 2.0], name="v")
        y = tf.multiply(x, v, name="y")
    tf.add(y, y, name="z")
    return tf.get_default_graph().digraph


def annotated():
    """The same, with values on two nodes, two edges and the graph."""
    digraph = program()
    digraph.nodes["s/y"].update(VALUES)
    nx.set_node_attributes(digraph, {"s/v": 7}, "layer")
    digraph.edges["s/y", "z"]["weight"] = 0.25
    digraph.edges["x", "s/y"].update(VALUES)
    digraph.graph["title"] = "annotated"
    digraph.graph["matrix"] = np.eye(3)
    return digraph


def saved(prefix):
    """Save the default graph, and give the prefix."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, prefix)


def same(expected, found):
    """Whether two values have the same types and bits."""
    if isinstance(expected, dict):
        return list(expected) == list(found) and all(same(expected[key], found[key]) for key in expected)
    if isinstance(expected, np.ndarray):
        return expected.dtype == found.dtype and np.array_equal(expected, found)
    return type(expected) is type(found) and expected == found


def all_same(expected, found):
    """Whether two graphs have the same annotations."""
    return all(same(ours, theirs) for ours, theirs in zip(annotations_of(expected), annotations_of(found), strict=True))


def test_a_save_keeps_them(tmp_path):
    """The graph that is read, and the one that is imported, have every value with its type, and the same edges."""
    digraph = annotated()
    prefix = saved(tmp_path / "m")
    assert all_same(digraph, tf.read_digraph(prefix))
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(prefix)
        assert all_same(digraph, graph.digraph)
        assert same(VALUES, annotations_of(graph.digraph).nodes["s/y"])
        again = saved(tmp_path / "again")
    assert all_same(digraph, tf.read_digraph(again))


def test_the_same_values_give_the_same_bytes(tmp_path):
    """Whatever the order of the calls; and a graph without values has no group for them."""
    files = []
    for edges in ([("s/y", "z"), ("x", "s/y")], [("x", "s/y"), ("s/y", "z")]):
        with tf.Graph().as_default():
            digraph = program()
            for edge in edges:
                digraph.edges[edge]["weight"] = 1
            files.append(saved(tmp_path / f"m{len(files)}") + ".h5")
    contents = [Path(file).read_bytes() for file in files]
    assert contents[0] == contents[1]
    with tf.Graph().as_default():
        program()
        with h5py.File(saved(tmp_path / "plain") + ".h5") as file:
            assert "annotations" not in file["graph"]


def test_each_save_has_the_values_of_its_moment(tmp_path):
    """A value changes without a word to the graph, in the list itself too, and between saves of one Saver."""
    digraph = program()
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, tmp_path / "m0")
        notes = digraph.nodes["z"]["notes"] = [1]
        saver.save(sess, tmp_path / "m1")
        notes.append(2)
        saver.save(sess, tmp_path / "m2")
        saver.save(sess, tmp_path / "m3", wait=False)
        notes.append(3)
        saver.wait()
        del digraph.nodes["z"]["notes"]
        saver.save(sess, tmp_path / "m4")
    found = [tf.read_digraph(tmp_path / f"m{number}").nodes["z"].get("notes") for number in range(5)]
    assert [None, [1], [1, 2], [1, 2], None] == found


def refused_node(digraph):
    digraph.nodes["z"]["lock"] = threading.Lock()


def refused_edge(digraph):
    digraph.edges["s/y", "z"]["who"] = {"a": [object()]}


def refused_graph(digraph):
    digraph.graph["what"] = iter([])


def refused_loop(digraph):
    digraph.nodes["z"]["loop"] = loop = []
    loop.append(loop)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (refused_node, "node 'z', attribute 'lock': a value of type _thread.lock cannot be stored; only plain"),
        (refused_edge, "edge 's/y' -> 'z', attribute 'who': a value of type builtins.object cannot be stored"),
        (refused_graph, "the graph itself, attribute 'what': a value of type builtins.list_iterator cannot"),
        (refused_loop, "node 'z', attribute 'loop': it is nested deeper than 100 levels, or contains itself"),
    ],
)
@pytest.mark.parametrize("wait", [True, False])
def test_what_no_file_can_hold_is_refused_by_name(tmp_path, spoil, message, wait):
    """In the call itself and before anything is written; the checkpoint that was there stays."""
    digraph = program()
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, tmp_path / "m")
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        spoil(digraph)
        with pytest.raises((TypeError, ValueError), match=message):
            saver.save(sess, tmp_path / "m", wait=wait)
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_the_remedy_for_a_relation(tmp_path):
    """What the message says about an edge that stands for no input."""
    digraph = program()
    digraph.nodes["z"]["related"] = ["x"]
    assert ["x"] == tf.read_digraph(saved(tmp_path / "m")).nodes["z"]["related"]


def test_a_scope_keeps_them_under_the_new_names(tmp_path):
    """A part of the graph is exported and imported with its values, also below another scope."""
    annotated()
    tf.train.export_meta_graph(tmp_path / "part", export_scope="s")
    part = tf.read_digraph(tmp_path / "part")
    assert same(VALUES, annotations_of(part).nodes["y"])
    with tf.Graph().as_default() as graph:
        x = tf.ones([2], name="x")
        graph.digraph.graph["title"] = "other"
        tf.train.import_meta_graph(tmp_path / "part", import_scope="t", input_map={"$unbound_inputs_x": x})
        assert same(VALUES, annotations_of(graph.digraph).nodes["t/y"])
        assert 7 == graph.digraph.nodes["t/v"]["layer"]
        assert "other" == graph.digraph.graph["title"]
        assert same(np.eye(3), graph.digraph.graph["matrix"])
        # The edge from x is another one now: its values belong to the input that was replaced.
        assert {} == annotations_of(graph.digraph).edges


def test_a_whole_graph_below_a_scope(tmp_path):
    """Edges have theirs too."""
    annotated()
    prefix = saved(tmp_path / "m")
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(prefix, import_scope="t")
        assert same(VALUES, annotations_of(graph.digraph).edges["t/x", "t/s/y"])
        assert 0.25 == graph.digraph.edges["t/s/y", "t/z"]["weight"]


def test_a_file_of_messages_says_that_it_has_none(tmp_path):
    """TensorFlow's messages cannot hold them; an HDF5 file made from the checkpoint has them."""
    digraph = annotated()
    prefix = saved(tmp_path / "m")
    said = r"m\.pb has the graph without the values on 2 nodes and 2 edges and on the graph"
    with pytest.warns(UserWarning, match=said):
        tf.train.write_graph(tf.get_default_graph(), tmp_path, "m.pb", as_text=False)
    with pytest.warns(UserWarning, match=said.replace("pb", "pbtxt")):
        tf.train.write_graph(tf.get_default_graph(), tmp_path, "m.pbtxt")
    (remark,) = (each for each in tf.convert(prefix, tmp_path / "m.meta").remarks if "Left out of the graph" in each)
    assert "2 nodes and 2 edges and on the graph" in remark
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tf.convert(prefix, tmp_path / "copy.h5")
        tf.train.write_graph(tf.get_default_graph(), tmp_path, "g.h5", as_text=False)
    assert all_same(digraph, tf.read_digraph(tmp_path / "copy.h5"))
    assert all_same(digraph, tf.read_digraph(tmp_path / "g.h5"))


def test_an_attribute_with_an_underscore_is_for_tensorflow(tmp_path):
    """The remedy of the page: messages have it, and so has the graph that is read from them."""
    digraph = program()
    digraph.nodes["z"]["attrs"]["_layer"] = 3
    message = tf.train.export_meta_graph(tmp_path / "m")
    assert 3 == next(node for node in message.graph_def.node if node.name == "z").attr["_layer"].i
    tf.convert(tmp_path / "m.h5", tmp_path / "m.meta")
    for source in (message, tmp_path / "m.h5", tmp_path / "m.meta"):
        with tf.Graph().as_default() as graph:
            tf.train.import_meta_graph(source)
            assert 3 == graph.digraph.nodes["z"]["attrs"]["_layer"]
