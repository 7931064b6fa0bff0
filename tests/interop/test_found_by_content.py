"""TensorFlow checkpoints in the usual functions: the format of a prefix is detected by content."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("prefix", ["part", "part_sharded", "part_v1", "part_v1_sharded"])
def test_readers_and_savers_take_them(prefix):
    """Bundles and V1 checkpoints, whole or in shards: listed, read, restored and initialized from."""
    path = GOLDEN / prefix
    assert tf.train.checkpoint_exists(path)
    listed = dict(tf.train.list_variables(path))
    reader = tf.train.load_checkpoint(path)
    assert listed == reader.get_variable_to_shape_map()
    name, shape = next((name, shape) for name, shape in listed.items() if shape)
    value = reader.get_tensor(name)
    np.testing.assert_array_equal(value, tf.train.load_variable(path, name))
    dtype = reader.get_variable_to_dtype_map()[name]
    restored = tf.get_variable("restored", shape, dtype)
    initialized = tf.get_variable("initialized", shape, dtype)
    tf.train.init_from_checkpoint(path, {name: initialized})
    with tf.Session() as sess:
        report = tf.train.Saver({name: restored}).restore(sess, path)
        assert (name,) == report.restored
        sess.run(initialized.initializer)
        np.testing.assert_array_equal(value, sess.run(restored))
        np.testing.assert_array_equal(value, sess.run(initialized))


def test_a_folder_with_tensorflows_state_file(tmp_path):
    """The state file is one and the same, so that the latest checkpoint of a folder is found."""
    for file in GOLDEN.glob("part.*"):
        shutil.copy(file, tmp_path)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "part"\nall_model_checkpoint_paths: "part"\n')
    assert str(tmp_path / "part") == tf.train.latest_checkpoint(tmp_path)
    assert tf.train.list_variables(GOLDEN / "part") == tf.train.list_variables(tmp_path)
    assert 1 == len(tf.train.get_checkpoint_mtimes([tmp_path / "part"]))


def test_ours_come_first(tmp_path):
    """Where both are under one prefix, that of hdfsaver is meant."""
    for file in GOLDEN.glob("part.*"):
        shutil.copy(file, tmp_path)
    tf.save_file({"mine": np.ones(2)}, tmp_path / "part.h5")
    assert [("mine", [2])] == tf.train.list_variables(tmp_path / "part")


def test_what_is_not_there():
    """A prefix that nothing bears is missing as always, and TensorFlow's files have no groups."""
    with pytest.raises(tf.errors.NotFoundError, match="no checkpoint"):
        tf.train.NewCheckpointReader(GOLDEN / "nothing")
    with pytest.raises(tf.errors.NotFoundError, match="has no group 'teacher'"):
        tf.train.NewCheckpointReader(GOLDEN / "part", group="teacher")


def test_names_that_are_missing_are_said():
    """The errors of a restore are those of every restore."""
    variable = tf.get_variable("w", [2])
    with tf.Session() as sess, pytest.raises(tf.errors.NotFoundError, match=r"Key w not found in checkpoint .*part"):
        tf.train.Saver([variable]).restore(sess, GOLDEN / "part")
