"""Savers for several models of one file."""

from __future__ import annotations

import pytest

import hdfsaver as tf


def trained(value):
    """A graph with one variable, a session in it, and the variable's value in that."""
    graph = tf.Graph()
    with graph.as_default():
        tf.get_variable("w", initializer=value)
        sess = tf.Session()
        sess.run(tf.global_variables_initializer())
    return graph, sess


@pytest.fixture
def path(tmp_path):
    """A file into which two Savers have saved."""
    for name, value in (("teacher", 1.0), ("student", 2.0)):
        graph, sess = trained(value)
        with graph.as_default():
            tf.train.Saver(group=name).save(sess, tmp_path / "models.h5")
    return tmp_path / "models.h5"


@pytest.mark.parametrize(("name", "value"), [("teacher", 1.0), ("student", 2.0)])
def test_each_saver_restores_its_model(path, name, value):
    """One file has both, and each Saver finds its own."""
    tf.get_variable("w", initializer=0.0)
    with tf.Session() as sess:
        tf.train.Saver(group=name).restore(sess, path)
        assert value == sess.run("w:0")
    assert value == tf.train.load_variable(path, "w", group=name)
    assert [("w", [])] == tf.train.list_variables(path, group=name)
    assert value == tf.train.load_checkpoint(path, group=name).get_tensor("w")


def test_graphs_come_back_too(path):
    """A graph is brought back from its group, with a Saver for that group."""
    saver = tf.train.import_meta_graph(path, group="student")
    with tf.Session() as sess:
        saver.restore(sess, path)
        assert 2.0 == sess.run("w:0")


def test_saving_one_leaves_the_others(path):
    """A second save of one model changes that one alone."""
    graph, sess = trained(9.0)
    with graph.as_default():
        tf.train.Saver(group="teacher").save(sess, path)
    found = [tf.train.load_variable(path, "w", group=name) for name in ("teacher", "student")]
    assert [9.0, 2.0] == found


def test_a_saver_without_a_group_says_where_the_models_are(path):
    """At the root there is no variable; the message names the groups."""
    tf.get_variable("w", initializer=0.0)
    with tf.Session() as sess:
        with pytest.raises(tf.errors.NotFoundError, match="other models under 'student', 'teacher'"):
            tf.train.Saver().restore(sess, path)
        with pytest.raises(tf.errors.NotFoundError, match="no group 'pupil'"):
            tf.train.Saver(group="pupil").restore(sess, path)


def test_a_damaged_file_is_not_written_over(path):
    """Where the other models cannot be read, a save fails and leaves the file as it was."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    graph, sess = trained(9.0)
    with graph.as_default(), pytest.raises(tf.errors.DataLossError, match=r"models\.h5"):
        tf.train.Saver(group="teacher").save(sess, path)
    assert bytes(content) == path.read_bytes()


def test_a_group_that_cannot_be(tmp_path):
    """A Saver is refused a name that no group can have."""
    tf.get_variable("w", initializer=0.0)
    with pytest.raises(ValueError, match="'graph'"):
        tf.train.Saver(group="graph")
    with pytest.raises(TypeError, match="named by a str, not 3"):
        tf.train.Saver(group=3)
