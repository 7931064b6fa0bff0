"""Saves in the background: of their moment, in order, with their errors."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.files.atomic_write import atomic_write
from tests import forks


@pytest.fixture
def held(monkeypatch):
    """Saves wait, once they have begun, until the event is set."""
    event = threading.Event()

    def waiting(*args, **options):
        event.wait(30)
        return atomic_write(*args, **options)

    monkeypatch.setattr("hdfsaver.storage.writing.atomic_write", waiting)
    return event


def test_values_are_those_of_the_moment(tmp_path, held):
    """A save that began before a thousand steps of training holds the values from before the first."""
    w = tf.get_variable("w", initializer=np.zeros(100_000, np.float32))
    step = w.assign_add(tf.ones_like(w))
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, tmp_path / "m", wait=False)
        for _ in range(1000):
            sess.run(step.op)
        assert not tf.train.checkpoint_exists(path)
        held.set()
        saver.wait()
        assert 0.0 == tf.train.load_variable(path, "w").max()
        assert 1000.0 == sess.run(w).min()


def test_the_graph_is_that_of_the_moment_too(tmp_path, held):
    """Operations added to the graph meanwhile are not in the file, and do not disturb the save."""
    tf.get_variable("w", initializer=1.0)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, tmp_path / "m", wait=False)
        tf.constant(1.0, name="later")
        held.set()
        saver.wait()
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(path)
        assert "w" in graph.digraph
        assert "later" not in graph.digraph


def test_saves_end_in_order(tmp_path, held):
    """Several saves are done one after the other, and old checkpoints go as always."""
    w = tf.get_variable("w", initializer=0)
    saver = tf.train.Saver(max_to_keep=2)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        paths = []
        for step in range(4):
            paths.append(saver.save(sess, tmp_path / "m", step, wait=False))
            sess.run(w.assign_add(1).op)
        held.set()
        # A save that waits comes behind all of them, and a restore reads what the last has written.
        paths.append(saver.save(sess, tmp_path / "m", 4))
        saver.restore(sess, paths[-1])
        assert 4 == sess.run(w)
    assert paths[-2:] == saver.last_checkpoints
    assert 3 == tf.train.load_variable(paths[3], "w")


def test_a_failed_save_is_heard_of(tmp_path):
    """The error of a save is raised by the next call, once; then the Saver works again."""
    tf.get_variable("w", initializer=0.0)
    saver = tf.train.Saver()
    (tmp_path / "m.h5").mkdir()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, tmp_path / "m", wait=False)
        with pytest.raises(tf.errors.OpError, match=r"m\.h5"):
            saver.wait()
        saver.wait()
        saver.save(sess, tmp_path / "m", wait=False)
        while saver._saves.pending:
            pass
        with pytest.raises(tf.errors.OpError, match=r"m\.h5"):
            saver.save(sess, tmp_path / "n")
        assert not (tmp_path / "n.h5").exists()
        assert tf.train.load_variable(saver.save(sess, tmp_path / "n"), "w") == 0.0


PROGRAM = """
import sys
import hdfsaver as tf

tf.get_variable("w", initializer=1.0)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    tf.train.Saver().save(sess, sys.argv[1], wait=False)
"""


@pytest.mark.slow
def test_the_end_of_the_program_waits(tmp_path):
    """A background save is completed at the end of the program; an error that was not raised is printed."""
    forks.run("-c", PROGRAM, tmp_path / "m", loaded=forks.MODELS)
    assert 1.0 == tf.train.load_variable(tmp_path / "m", "w")
    (tmp_path / "n.h5").mkdir()
    failed = forks.run("-c", PROGRAM, tmp_path / "n", check=False, loaded=forks.MODELS)
    assert "n.h5" in failed.stderr
