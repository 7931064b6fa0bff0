"""Savers for several models of one file."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver.cli import app
from hdfsaver.storage import index, reading, resealing, seal
from hdfsaver.storage.writing import Model, write_models


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
        with pytest.raises(tf.errors.NotFoundError, match="other models in the groups 'student', 'teacher'"):
            tf.train.Saver().restore(sess, path)
        with pytest.raises(tf.errors.NotFoundError, match="no group 'pupil'"):
            tf.train.Saver(group="pupil").restore(sess, path)


def test_a_damaged_file_is_not_written_over(path):
    """If the other models cannot be read, a save fails and leaves the file unchanged."""
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
    with pytest.raises(TypeError, match="must be a str, not 3"):
        tf.train.Saver(group=3)


PROGRAM = """
import sys
import hdfsaver as tf

path, name = sys.argv[1:]
w = tf.get_variable("w", initializer=0.0)
saver = tf.train.Saver(group=name)
with tf.Session() as sess:
    sess.run(w.initializer)
    for _ in range(20):
        sess.run(w.assign_add(1.0).op)
        saver.save(sess, path, durable=False, write_state=False)
"""


def test_two_programs_save_their_models_into_one_file(tmp_path):
    """With several saving programs, no model of the file is lost, and each is the last one of its program."""
    programs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path / "models.h5", name])
        for name in ("teacher", "student")
    ]
    assert [0, 0] == [program.wait(60) for program in programs]
    for name in ("teacher", "student"):
        assert 20.0 == tf.train.load_variable(tmp_path / "models.h5", "w", group=name)


def test_metadata_survive_a_save(tmp_path):
    """The metadata of the file are kept when a model is added."""
    tf.save_file({"x": np.ones(2)}, tmp_path / "models.h5", {"author": "me"})
    graph, sess = trained(1.0)
    with graph.as_default():
        tf.train.Saver(group="teacher").save(sess, tmp_path / "models.h5")
    with tf.open_file(tmp_path / "models.h5") as file:
        assert ({"author": "me"}, [1.0, 1.0]) == (file.metadata(), file["x"].tolist())


@pytest.mark.parametrize("work", ["ls", "rest", "reseal"])
def test_a_file_of_many_models_is_checked_once(tmp_path, monkeypatch, work):
    """What belongs to the whole file, its seal and its index, is not read again for each of its models."""
    path = tmp_path / "x.h5"
    write_models(path, {f"model_{number}": Model({"w": np.zeros(number)}, None, {}) for number in range(12)})
    read = []

    def count(module, name):
        function = getattr(module, name)

        def counted(*given):
            read.append(name)
            return function(*given)

        monkeypatch.setattr(module, name, counted)

    count(seal, "check")
    count(index, "_columns")
    if work == "ls":
        assert 0 == CliRunner().invoke(app, ["ls", str(path)]).exit_code
    elif work == "rest":
        with reading.open_rest(path, "model_0") as rest:
            assert list(range(1, 12)) == sorted(
                model.variables["w"].size for model in rest.models.values() if model.variables
            )
    else:
        resealing.reseal(path)
    assert 1 <= len(read) <= 4
