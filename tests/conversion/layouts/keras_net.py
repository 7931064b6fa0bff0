"""A network with layers of many classes, which Keras can build too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hdfsaver as tf
from tests.conversion.layouts.torch_formulas import numbers


def saved(folder: Path, *, runs: bool = True) -> tuple[dict[str, Any], Any, Any]:
    """Save the network as ``net.ckpt``: its variables, an input and, if it runs, the output that belongs to it."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 8, 8, 3])
        h = tf.layers.batch_normalization(tf.layers.conv2d(x, 4, 3, name="conv"), name="bn")
        h = tf.layers.separable_conv2d(h, 5, 3, name="sep", depth_multiplier=2)
        h = tf.reshape(tf.layers.conv2d_transpose(h, 3, 3, name="block/up"), [-1, 6, 18])
        first, second = (tf.nn.rnn_cell.BasicLSTMCell(4, name="basic_lstm_cell") for _ in range(2))
        both, _ = tf.nn.bidirectional_dynamic_rnn(first, second, h, dtype=tf.float32, scope="both")
        cell = tf.nn.rnn_cell.GRUCell(4, name="gru_cell")
        h, _ = tf.nn.dynamic_rnn(cell, tf.concat(both, 2), dtype=tf.float32, scope="rnn")
        h = tf.layers.dense(tf.layers.flatten(tf.layers.conv1d(h, 4, 3, name="c1")), 5, name="fc")
        matrix, bias = tf.get_variable("w", [5, 2]), tf.get_variable("b", [2])
        y = tf.matmul(h, matrix) + bias
        tf.get_variable("odd", [3])
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(y), var_list=[matrix, bias])
        with tf.Session() as sess:
            for seed, variable in enumerate(tf.global_variables()):
                first = numbers(variable.shape.as_list(), seed)
                variable.load(abs(first) + 0.5 if "variance" in variable.name else first, sess)
            variables = tf.global_variables()
            names = [variable.op.name for variable in variables]
            arrays = dict(zip(names, sess.run(variables), strict=True))
            value = numbers((2, 8, 8, 3), 9)
            output = sess.run(y, {x: value}) if runs else None
            tf.train.Saver().save(sess, folder / "net.ckpt")
    return arrays, value, output
