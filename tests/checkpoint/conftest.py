"""A checkpoint to initialize from."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf

TENSORS = {
    "old/var1": np.array([[1.0, 2.0]], np.float32),
    "old/var2": np.array([3.0, 4.0], np.float32),
    "old/deep/v": np.float32(1.5),
    "root": np.float32(9.0),
    "count": np.int32(4),
    "table": np.arange(8, dtype=np.float32).reshape(4, 2),
}


def _save(prefix, tensors):
    """Save arrays under their names, in a graph of its own."""
    with tf.Graph().as_default(), tf.Session() as sess:
        for name, value in tensors.items():
            tf.Variable(value, name=name)
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, prefix)


@pytest.fixture
def save_tensors():
    """A function that saves arrays under their names, and gives back the prefix."""
    return _save


@pytest.fixture
def checkpoint(tmp_path):
    """The prefix of a checkpoint of `TENSORS`, alone in its folder."""
    (tmp_path / "ckpt").mkdir()
    return _save(tmp_path / "ckpt" / "m", TENSORS)
