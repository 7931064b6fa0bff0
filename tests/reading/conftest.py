"""A folder with one checkpoint of variables of many kinds, and its state file."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf

VALUES = {
    "w": np.array([[1.0, 2.0]], np.float32),
    "w/Adam": np.zeros((1, 2), np.float32),
    "scalar": np.float64(3.5),
    "flag": np.bool_(True),
    "step": np.int64(7),
    "none": np.zeros((0, 3), np.float32),
    "half": np.ones(2, np.float16),
    "z": np.complex64(1 + 2j),
    "text": "caf\u00e9",
    "texts": ["x", "yy"],
}


@pytest.fixture
def folder(tmp_path):
    """The folder; the checkpoint's prefix is ``m-5``, and bfloat16 is among its dtypes."""
    (tmp_path / "models").mkdir()
    with tf.Graph().as_default(), tf.Session() as sess:
        for name, value in VALUES.items():
            tf.Variable(value, name=name)
        tf.Variable(tf.cast([1.5], tf.bfloat16), name="brain")
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "models" / "m", global_step=5)
    return tmp_path / "models"
