"""The versions of graphs: kept through every way, and respected."""

from __future__ import annotations

import pytest

import hdfsaver as tf


def old_graph(producer=21, op="Placeholder"):
    """The definition of an old graph with a placeholder of the shape ()."""
    definition = tf.GraphDef()
    definition.versions.producer = producer
    node = definition.node.add(name="p", op=op)
    node.attr["dtype"].type = 1
    node.attr["shape"].shape.SetInParent()
    return definition


@pytest.mark.parametrize(("producer", "rank"), [(0, None), (21, None), (22, 0), (2000, 0)])
def test_shapes_of_old_placeholders(producer, rank):
    """Up to version 21 the shape () of a placeholder stands for an unknown one."""
    tf.import_graph_def(old_graph(producer), name="")
    assert rank == tf.get_default_graph().get_tensor_by_name("p:0").shape.rank
    assert producer == tf.get_default_graph().as_graph_def().versions.producer


def test_the_oldest_producer_counts():
    """A graph that is made of several has the oldest of their producers, and all that they say of consumers."""
    graph = tf.get_default_graph()
    newest = graph.graph_def_versions.producer
    first, second = old_graph(1000), old_graph(30)
    first.versions.min_consumer = 12
    second.versions.bad_consumers.append(5)
    tf.import_graph_def(first, name="a")
    tf.import_graph_def(second, name="b")
    tf.import_graph_def(old_graph(2000), name="c")
    found = graph.graph_def_versions
    assert (30, 12, [5]) == (found.producer, found.min_consumer, list(found.bad_consumers))
    assert newest == tf.Graph().graph_def_versions.producer


def test_versions_are_kept(tmp_path):
    """They come back from every file, also of an import that changes the graph, and from a frozen graph."""
    tf.import_graph_def(old_graph(30), name="")
    tf.get_variable("v", [1])
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        prefix = saver.save(sess, tmp_path / "m")
        frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["v/read"])
    assert 30 == frozen.versions.producer
    assert 30 == tf.train.export_meta_graph().graph_def.versions.producer
    for options in ({}, {"clear_devices": True}, {"import_scope": "s"}):
        with tf.Graph().as_default() as graph:
            tf.train.import_meta_graph(prefix, **options)
        assert 30 == graph.as_graph_def().versions.producer


def test_graphs_for_other_consumers():
    """A graph that says that it cannot be read here is refused, and nothing is imported."""
    refused = {
        "min_consumer": (
            10**6,
            r"min consumer version 1000000 above .* TensorFlow \S+\.  Please upgrade TensorFlow\.\n",
        ),
        "bad_consumers": ([tf.version.GRAPH_DEF_VERSION], r"disallows consumer version 2474\.  Please upgrade"),
        "producer": (-1, r"producer version -1 below min producer 0 .*  Please regenerate your graph\.\n"),
    }
    for field, (value, match) in refused.items():
        definition = old_graph(100)
        definition.versions.MergeFrom(tf.GraphDef(versions={field: value}).versions)
        with pytest.raises(ValueError, match=match) as caught:
            tf.import_graph_def(definition)
        with pytest.raises(ValueError, match=match):
            tf.train.import_meta_graph(tf.MetaGraphDef(graph_def=definition))
        assert [f"graph_def.versions.{field}" in note for note in caught.value.__notes__] == [True]
    assert not tf.get_default_graph().get_operations()


def test_the_remedies_for_graphs_of_other_consumers():
    """What the notes say makes the graph one that is imported."""
    definition = old_graph(100)
    definition.versions.min_consumer = 10**6
    definition.versions.bad_consumers.append(2474)
    definition.versions.min_consumer = 0
    definition.versions.ClearField("bad_consumers")
    tf.import_graph_def(definition)
    assert tf.get_default_graph().get_operations()


def test_attributes_from_before_they_existed():
    """An attribute that an old file lacks has its default."""
    definition = tf.GraphDef()
    definition.versions.producer = 24
    with tf.Graph().as_default() as graph:
        tf.fill([2], 1.0, name="f")
        definition.node.extend(graph.as_graph_def().node)
    for node in definition.node:
        if node.op == "Fill":
            del node.attr["index_type"]
    [filled] = tf.import_graph_def(definition, return_elements=["f:0"])
    with tf.Session() as sess:
        assert [1.0, 1.0] == sess.run(filled).tolist()
