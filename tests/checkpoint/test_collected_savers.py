"""The collection of Savers, through files and messages, and Savers made of the settings of others."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.checkpoint.importing import import_scoped_meta_graph
from hdfsaver.checkpoint.meta_graph import structure_of
from hdfsaver.interop.graphs.meta_graph_defs import message_of
from hdfsaver.messages.names_of_savers import read_names
from hdfsaver.messages.saver_defs import read_saver


@pytest.fixture
def savers() -> Any:
    """Two Savers of two variables, in the collection, and a session."""
    with tf.Graph().as_default(), tf.Session() as session:
        v0 = tf.Variable([1.0, 2.0], name="v0")
        v1 = tf.get_variable(
            "v1", [4], initializer=tf.constant_initializer(3.0), partitioner=tf.fixed_size_partitioner(2)
        )
        made = [tf.train.Saver([v0], max_to_keep=2), tf.train.Saver({"of v1": v1})]
        for saver in made:
            tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
        session.run(tf.global_variables_initializer())
        yield session, made


def items(message: Any) -> list[tf.train.SaverDef]:
    listed = message.collection_def[tf.GraphKeys.SAVERS]
    assert "bytes_list" == listed.WhichOneof("kind")
    return [tf.train.SaverDef.FromString(item) for item in listed.bytes_list.value]


def test_they_are_messages(savers: Any) -> None:
    """The collection is exported as SaverDef messages, with which or without which Saver it may be."""
    _, made = savers
    for message in (tf.train.export_meta_graph(), made[0].export_meta_graph()):
        assert [saver.to_proto() for saver in made] == items(message)
    assert not tf.train.export_meta_graph().HasField("saver_def")
    assert [2, 5] == [found.max_to_keep for found in items(tf.train.export_meta_graph())]


def test_only_the_one_that_writes(savers: Any) -> None:
    """With clear_extraneous_savers no other Saver is described; without a Saver none is."""
    _, made = savers
    assert [made[1].to_proto()] == items(made[1].export_meta_graph(clear_extraneous_savers=True))
    assert "savers" not in tf.train.export_meta_graph(clear_extraneous_savers=True).collection_def
    assert "savers" not in tf.train.export_meta_graph(collection_list=["variables"]).collection_def


@pytest.mark.parametrize("scope", [None, "s"])
@pytest.mark.parametrize("is_file", [True, False])
def test_they_come_back(savers: Any, tmp_path: Path, scope: str | None, is_file: bool) -> None:
    """Each restores its own variables, under its own names, and nothing else."""
    session, made = savers
    paths = [saver.save(session, tmp_path / f"m{number}") for number, saver in enumerate(made)]
    message = tf.train.export_meta_graph(tmp_path / "graph")
    with tf.Graph().as_default(), tf.Session() as other:
        tf.train.import_meta_graph(tmp_path / "graph" if is_file else message, import_scope=scope)
        first, second = tf.get_collection(tf.GraphKeys.SAVERS)
        v0, *parts = tf.global_variables()
        assert ("v0",) == first.restore(other, paths[0]).restored
        assert ("of v1",) == second.restore(other, paths[1]).restored
        np.testing.assert_array_equal([1.0, 2.0], other.run(v0))
        np.testing.assert_array_equal([3.0] * 4, np.concatenate(other.run(parts)))
        assert [2, 5] == [saver.as_saver_def().max_to_keep for saver in (first, second)]


def test_a_collection_that_is_not_wanted(savers: Any) -> None:
    """The predicate of an import keeps them away."""
    message = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        import_scoped_meta_graph(message, restore_collections_predicate=lambda key: key != "savers")
        assert [] == tf.get_collection("savers")
        assert 3 == len(tf.global_variables())


def test_items_that_are_no_savers(savers: Any) -> None:
    """An item that is not a message, or keeps what the graph lacks, is left out with a warning; the rest is there."""
    message = tf.train.export_meta_graph()
    listed = message.collection_def["savers"].bytes_list.value
    listed.append(b"\xff\xff")
    listed.append(b"")
    other = tf.train.SaverDef(max_to_keep=1)
    other.saved_names["x"].op_name = "gone"
    listed.append(other.SerializeToString())
    with tf.Graph().as_default(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tf.train.import_meta_graph(message)
        assert 2 == len(tf.get_collection("savers"))
    assert 3 == len(caught)
    assert "keeps 'gone', which is not in the graph" in str(caught[2].message)


def test_a_monitored_session_takes_it(tmp_path: Path) -> None:
    """The Saver of an imported graph is that of the session, as in TensorFlow."""
    with tf.Graph().as_default() as graph:
        tf.train.create_global_step()
        tf.Variable(1.0, name="left_out")
        saver = tf.train.Saver({"step": tf.train.get_global_step()})
        tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
        message = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        tf.train.import_meta_graph(message)
        with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path)):
            pass
    assert [("step", [])] == tf.train.list_variables(tmp_path)
    assert [saver] == graph.get_collection(tf.GraphKeys.SAVERS)


def test_a_collected_variable_of_parts(savers: Any) -> None:
    """A Saver joins the parts of one in a collection, whose name is exported then: of an operation in an import."""
    whole = tf.get_variable("whole", [4], partitioner=tf.fixed_size_partitioner(2))
    tf.add_to_collection("wholes", whole)
    with pytest.warns(UserWarning, match="'wholes' is left out"):
        assert "wholes" not in tf.train.export_meta_graph().collection_def
    for _ in range(2):
        tf.train.Saver()
    tf.add_to_collection("wholes", tf.global_variables()[0])
    message = tf.train.export_meta_graph()
    assert ["whole", "v0:0"] == message.collection_def["wholes"].node_list.value
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(message)
        assert [graph.get_operation_by_name("whole"), graph.get_tensor_by_name("v0:0")] == tf.get_collection("wholes")
        assert "whole_1" not in graph.digraph


def test_operations_for_tensorflow(savers: Any) -> None:
    """In a graph that TensorFlow reads, each names operations of its own, which alone tell its variables."""
    session, made = savers
    settings, names = read_saver(made[1].to_proto()), read_names(made[1].to_proto())
    message = message_of(structure_of(session.graph, settings, names))
    found = items(message)
    operations = {node.name for node in message.graph_def.node}
    assert ["save_1/restore_all", "save/restore_all"] == [saver.restore_op_name for saver in found]
    assert all({saver.restore_op_name, saver.save_tensor_name.partition(":")[0]} <= operations for saver in found)
    assert "save/restore_all" == message.saver_def.restore_op_name
    assert not any(saver.saved_names for saver in found)
    with tf.Graph().as_default():
        tf.train.import_meta_graph(message)
        assert [["v0"], ["of v1"]] == [list(saver.to_proto().saved_names) for saver in tf.get_collection("savers")]
        again = tf.train.Saver(saver_def=found[0])
        assert ["v0"] == list(again.to_proto().saved_names)


def test_a_scope_has_its_own(savers: Any) -> None:
    """An export of a scope describes the Savers whose variables are all in it."""
    with tf.name_scope("inner"):
        inside = tf.train.Saver([tf.Variable(1.0, name="w")])
    for saver in (inside, tf.train.Saver()):
        tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
    (found,) = items(tf.train.export_meta_graph(export_scope="inner"))
    assert {"inner/w": "w"} == {name: saved.op_name for name, saved in found.saved_names.items()}
    assert found == inside.to_proto("inner")


def test_settings_tell_the_variables(savers: Any, tmp_path: Path) -> None:
    """A Saver made of the settings of another, in this graph or another one, keeps the same variables."""
    session, made = savers
    settings = made[1].as_saver_def()
    path = tf.train.Saver(saver_def=settings).save(session, tmp_path / "m")
    assert [("of v1", [4])] == tf.train.list_variables(path)
    with tf.Graph().as_default():
        tf.train.import_meta_graph(tf.train.export_meta_graph(graph=session.graph), import_scope="s")
        again = tf.train.Saver.from_proto(settings, import_scope="s").to_proto()
        assert ["s/v1/part_0", "s/v1/part_1"] == [part.op_name for part in again.saved_names["of v1"].parts]
    with tf.Graph().as_default(), pytest.raises(KeyError, match="'v1/part_0' refers to an Operation not in the graph"):
        tf.train.Saver(saver_def=settings)
    message = tf.train.export_meta_graph(graph=session.graph, saver_def=settings)
    with tf.Graph().as_default():
        assert ["of v1"] == list(tf.train.import_meta_graph(message).to_proto().saved_names)


def test_where_there_is_a_saver() -> None:
    """An import gives None only where the file has no Saver and the scope has no variable, as in TensorFlow."""
    tf.constant(1.0, name="c")
    assert tf.train.Saver(allow_empty=True).as_saver_def() is None
    without = tf.train.Saver(allow_empty=True).export_meta_graph()
    assert not without.HasField("saver_def")
    settings = tf.train.export_meta_graph(saver_def=tf.train.SaverDef(max_to_keep=3))
    with tf.Graph().as_default():
        assert 3 == tf.train.import_meta_graph(settings).as_saver_def().max_to_keep
        assert tf.train.import_meta_graph(without) is None
        tf.Variable(1.0, name="inner/v")
        assert tf.train.import_meta_graph(without, import_scope="other") is None
        for scope in ("inner", None):
            found = tf.train.import_meta_graph(without, import_scope=scope)
            assert ["inner/v"] == list(found.to_proto().saved_names)
