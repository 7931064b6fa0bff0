"""Initial values from a checkpoint: when they are read, what they survive, and how they fail."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.checkpoint import restore_op
from hdfsaver.reading.reader import open_checkpoint
from tests import forks


@pytest.fixture
def variable():
    with tf.variable_scope("q"):
        return tf.get_variable("root", (), initializer=tf.zeros_initializer())


def value_of(variable):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(variable)


def test_what_is_added_to_the_graph(checkpoint, variable):
    """An operation that restores, with its three inputs, and one that assigns; the variable knows them."""
    before = {operation.name for operation in tf.get_default_graph().get_operations()}
    with tf.name_scope("ns"):
        tf.train.init_from_checkpoint(checkpoint, {"root": variable})
    added = [operation for operation in tf.get_default_graph().get_operations() if operation.name not in before]
    restore = "ns/checkpoint_initializer"
    inputs = [f"{restore}/{name}" for name in ("prefix", "tensor_names", "shape_and_slices")]
    assert [*inputs, restore, "ns/Assign"] == [operation.name for operation in added]
    assert ["RestoreV2", "Assign"] == [operation.type for operation in added[3:]]
    assert [f"{name}:0" for name in inputs] == [tensor.name for tensor in added[3].inputs]
    assert [*["/device:CPU:0"] * 4, ""] == [operation.device for operation in added]
    assert (f"{restore}:0", (), tf.float32) == (
        variable.initial_value.name,
        variable.initial_value.shape,
        variable.initial_value.dtype,
    )
    assert "ns/Assign" == variable.initializer.name
    with tf.Session() as sess:
        assert checkpoint.encode() == sess.run(f"{inputs[0]}:0")


def test_an_earlier_initializer_gives_the_old_values(checkpoint, variable):
    """An operation that was made before still gives the old values; one made afterwards gives the new ones."""
    before = tf.global_variables_initializer()
    tf.train.init_from_checkpoint(checkpoint, {"root": variable})
    after = tf.global_variables_initializer()
    with tf.Session() as sess:
        for operation, expected in [(before, 0.0), (after, 9.0), (variable.initializer, 9.0)]:
            sess.run(operation)
            assert expected == sess.run(variable)


def test_derived_initial_values(checkpoint, variable):
    """A variable made from the initial value of another one gets the value in the checkpoint."""
    tf.train.init_from_checkpoint(checkpoint, {"root": variable})
    copy = tf.Variable(variable.initialized_value() * 2.0, name="copy")
    with tf.Session() as sess:
        assert 9.0 == sess.run(variable.initial_value)
        sess.run(copy.initializer)
        assert 18.0 == sess.run(copy)


def test_values_are_read_when_the_initializer_runs(checkpoint, variable, save_tensors):
    """The values are read at run time; if the file is missing then, a NotFoundError keeps the old values."""
    tf.train.init_from_checkpoint(checkpoint, {"root": variable})
    with tf.Session() as sess:
        sess.run(variable.initializer)
        save_tensors(checkpoint, {"root": np.float32(77.0)})
        sess.run(variable.initializer)
        assert 77.0 == sess.run(variable)
        tf.train.remove_checkpoint(checkpoint)
        with pytest.raises(tf.errors.NotFoundError, match="m.h5.*checkpoint_initializer"):
            sess.run(variable.initializer)
        assert 77.0 == sess.run(variable)


def test_values_of_one_run_belong_together(checkpoint, monkeypatch):
    """A run opens the file once, for all that it reads, and closes it."""
    opened = []

    def opening(path):
        opened.append(open_checkpoint(path))
        return opened[-1]

    monkeypatch.setattr(restore_op, "open_checkpoint", opening)
    for name in ("root", "old/deep/v"):
        tf.get_variable(name, (), initializer=tf.zeros_initializer())
    tf.train.init_from_checkpoint(checkpoint, {"/": "/"})
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert 1 == len(opened)
        with pytest.raises(tf.errors.FailedPreconditionError, match="closed"):
            opened[0].read("root")
        sess.run(tf.global_variables_initializer())
    assert 2 == len(opened)


@pytest.mark.parametrize("as_what", [str, Path, os.fsencode])
@pytest.mark.parametrize("ending", ["m", "m.h5", ""])
def test_paths(checkpoint, variable, as_what, ending):
    """A prefix, the file or the folder, as text, bytes or Path."""
    tf.train.init_from_checkpoint(as_what(f"{os.path.dirname(checkpoint)}/{ending}"), {"root": "q/root"})
    assert 9.0 == value_of(variable)


def test_the_latest_of_a_folder_is_fixed(checkpoint, variable, save_tensors):
    """Of a folder the checkpoint that is the latest now is taken, not the one that is when the initializer runs."""
    tf.train.init_from_checkpoint(os.path.dirname(checkpoint), {"root": variable})
    save_tensors(f"{checkpoint}-new", {"root": np.float32(77.0)})
    assert 9.0 == value_of(variable)


def test_relative_paths_stay_relative(checkpoint, variable, tmp_path, monkeypatch):
    """A relative path is kept: it is relative to the working directory when the initializer runs."""
    monkeypatch.chdir(tmp_path)
    tf.train.init_from_checkpoint("ckpt/m", {"root": variable})
    assert 9.0 == value_of(variable)
    monkeypatch.chdir("/")
    with pytest.raises(tf.errors.NotFoundError, match="ckpt/m"):
        value_of(variable)


def test_no_checkpoint(variable, tmp_path):
    """Nothing there is a NotFoundError, an empty folder a ValueError, no path a TypeError, a damaged file DataLoss."""
    (tmp_path / "bad.h5").write_bytes(b"\xffgarbage")
    (tmp_path / "text.h5").write_bytes(b"garbage")
    for path, error in [
        (tmp_path / "none", tf.errors.NotFoundError),
        (tmp_path, ValueError),
        (None, TypeError),
        (tmp_path / "bad", tf.errors.DataLossError),
        (tmp_path / "text", tf.errors.InvalidArgumentError),
    ]:
        with pytest.raises(error):
            tf.train.init_from_checkpoint(path, {"root": variable})
    assert "q/root/Assign" == variable.initializer.name


def test_another_dtype_fails_when_it_runs(checkpoint):
    """A dtype that differs is an InvalidArgumentError of the run, not of the call."""
    variable = tf.get_variable("x", (), tf.int32)
    tf.train.init_from_checkpoint(checkpoint, {"root": variable})
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="int32 .*dtype float in"):
        sess.run(variable.initializer)


def test_another_shape_in_a_scope_fails_when_it_runs(checkpoint):
    """The shapes of what a scope stands for are checked by the assignment."""
    variable = tf.get_variable("new/var1", (3,))
    tf.train.init_from_checkpoint(checkpoint, {"old/": "new/"})
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="shapes of both tensors to match"):
        sess.run(variable.initializer)


def test_a_shape_that_is_not_known(checkpoint):
    """A variable of unknown shape takes the tensor's."""
    variable = tf.Variable(tf.placeholder_with_default([0.0], [None]), validate_shape=False, name="w")
    tf.train.init_from_checkpoint(checkpoint, {"old/var2": variable})
    assert [3.0, 4.0] == value_of(variable).tolist()


FRESH = """
import sys
import hdfsaver as tf

saver = tf.train.import_meta_graph(sys.argv[1])
(variable,) = tf.global_variables()
assert ("Assign", "checkpoint_initializer:0") == (variable.initializer.name, variable.initial_value.name)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    print(sess.run("q/root:0"))
    saver.restore(sess, sys.argv[1])
    print(sess.run("q/root:0"))
"""


def test_in_a_fresh_process(checkpoint, variable, tmp_path):
    """A graph that is saved and brought back elsewhere initializes itself from the checkpoint, and restores its own."""
    tf.train.init_from_checkpoint(checkpoint, {"root": variable})
    with tf.Session() as sess:
        sess.run(variable.assign(5.0))
        tf.train.Saver().save(sess, tmp_path / "other")
    answer = forks.run("-c", FRESH, tmp_path / "other", loaded=forks.MODELS)
    assert ("9.0\n5.0\n", "") == (answer.stdout, answer.stderr)


def test_the_graph_holds_no_values(tmp_path, save_tensors):
    """No constant of the graph has the values: it stays small, however large the checkpoint is."""
    large = save_tensors(tmp_path / "large", {"table": np.arange(100_000, dtype=np.float32)})
    table = tf.get_variable("table", (100_000,), initializer=tf.zeros_initializer())
    tf.train.init_from_checkpoint(large, {"table": table})
    tf.train.export_meta_graph(tmp_path / "graph")
    assert 50_000 > (tmp_path / "graph.h5").stat().st_size
    np.testing.assert_array_equal(np.arange(100_000), value_of(table))
