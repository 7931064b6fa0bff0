"""Weights in Keras's layout: the formulas of its layers compute with them what the graph of TensorFlow computes."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf
from tests.conversion.layouts.torch_formulas import numbers


def _laid_out(folder, result, x, value):
    """The values of a tensor, and the arrays in Keras's layout after its variables were saved."""
    with tf.Session() as sess:
        for seed, variable in enumerate(tf.global_variables()):
            variable.load(numbers(variable.shape.as_list(), seed), sess)
        found = sess.run(result, {x: value})
        tf.train.Saver().save(sess, folder / "x.ckpt")
    done = tf.convert(folder / "x.ckpt", folder / "x.safetensors", layout="keras")
    with tf.open_file(folder / "x.safetensors") as file:
        return found, {name: file.read(name) for name in done.names}, done


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_lstm(tmp_path):
    """Keras has a matrix for the input and one for the last output, and no constant beside the bias."""
    x = tf.placeholder(tf.float32, [2, 1, 3])
    state = tf.nn.rnn_cell.LSTMStateTuple(tf.ones([2, 4]), tf.fill([2, 4], 0.5))
    y, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(4, forget_bias=0.3, name="cell"), x, initial_state=state)
    value = numbers((2, 1, 3), 9)
    expected, arrays, done = _laid_out(tmp_path, y, x, value)
    gates = value[:, 0] @ arrays["rnn/cell/kernel"] + 0.5 * np.ones((2, 4)) @ arrays["rnn/cell/recurrent_kernel"]
    enter, keep, new, leave = np.split(gates + arrays["rnn/cell/bias"], 4, 1)
    memory = _sigmoid(keep) + _sigmoid(enter) * np.tanh(new)
    np.testing.assert_allclose(expected[:, 0], _sigmoid(leave) * np.tanh(memory), atol=1e-5)
    assert {} == done.unchanged


def test_gru(tmp_path):
    """The four variables become three arrays of a layer with ``reset_after=False``; the report names each."""
    x = tf.placeholder(tf.float32, [2, 1, 3])
    y, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4, name="cell"), x, initial_state=tf.fill([2, 4], 0.5))
    value = numbers((2, 1, 3), 9)
    expected, arrays, done = _laid_out(tmp_path, y, x, value)
    assert {"rnn/cell/kernel", "rnn/cell/recurrent_kernel", "rnn/cell/bias"} == arrays.keys()
    inner = value[:, 0] @ arrays["rnn/cell/kernel"] + arrays["rnn/cell/bias"]
    outer = np.split(arrays["rnn/cell/recurrent_kernel"], 3, 1)
    last = 0.5 * np.ones((2, 4))
    update, reset = (_sigmoid(inner[:, 4 * i : 4 * i + 4] + last @ outer[i]) for i in range(2))
    new = np.tanh(inner[:, 8:] + (reset * last) @ outer[2])
    np.testing.assert_allclose(expected[:, 0], update * last + (1 - update) * new, atol=1e-5)
    assert "reset_after=False" in done.layout["rnn/cell/kernel"]


def test_a_gru_that_is_not_whole(tmp_path):
    """Without one of its arrays a GRU cannot be joined: the others are unchanged, and none is lost."""
    x = tf.placeholder(tf.float32, [2, 1, 3])
    y, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4, name="cell"), x, dtype=tf.float32)
    _laid_out(tmp_path, y, x, numbers((2, 1, 3)))
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="keras", exclude=["*candidate/kernel"])
    rest = {"rnn/cell/gates/kernel", "rnn/cell/gates/bias", "rnn/cell/candidate/bias"}
    assert rest == done.unchanged.keys() == done.names.keys()
    assert ["rnn/cell/candidate/kernel"] == list(done.left_out)


@pytest.mark.parametrize("layout", ["keras", "torch"])
def test_dense_layers(tmp_path, layout):
    """Keras keeps inputs before outputs: only a matrix that the graph transposes changes, where PyTorch's does not."""
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.matmul(x, tf.get_variable("fc/kernel", [4, 3]), transpose_b=True)
    value = numbers((2, 3), 9)
    expected, arrays, _ = _laid_out(tmp_path, y, x, value)
    np.testing.assert_allclose(expected, value @ arrays["fc/kernel"], atol=1e-5)
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout=layout)
    assert ("unchanged" in next(iter(done.layout.values()))) == (layout == "torch")


def test_kernels_that_keras_shares(tmp_path):
    """Convolutions are unchanged under their names, and the graph is not written beside another layout."""
    x = tf.placeholder(tf.float32, [None, 5, 5, 3])
    y = tf.layers.separable_conv2d(tf.layers.conv2d(x, 4, 3, name="conv"), 2, 3, name="sep")
    _, arrays, done = _laid_out(tmp_path, y, x, numbers((2, 5, 5, 3)))
    assert (3, 3, 3, 4) == arrays["conv/kernel"].shape
    assert arrays.keys() == {"conv/kernel", "conv/bias", "sep/depthwise_kernel", "sep/pointwise_kernel", "sep/bias"}
    assert {} == done.unchanged
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "y.h5", layout="keras")
    assert not done.has_graph
    assert any("the layout is changed" in remark for remark in done.remarks)
