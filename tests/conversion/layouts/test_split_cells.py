"""Cells with a matrix for the input and one for the last output, in loops, steps and functions."""

from __future__ import annotations

import importlib.util
import time

import numpy as np
import pytest

import hdfsaver as tf
from tests.conversion.layouts.make_golden_cells import FOLDER, KINDS
from tests.conversion.layouts.torch_formulas import Formulas, Functions, numbers

HAS_TORCH = importlib.util.find_spec("torch") is not None
WEIGHTS = ["*/kernel", "*/recurrent_kernel", "*/bias"]


@pytest.fixture(params=["formulas", pytest.param("torch", marks=pytest.mark.skipif(not HAS_TORCH, reason="no torch"))])
def lib(request):
    """PyTorch, or the formulas of its pages."""
    return Formulas() if request.param == "formulas" else Functions(pytest.importorskip("torch"))


@pytest.fixture(scope="module")
def values():
    """The input of the recorded cells, and the output of each."""
    with np.load(FOLDER / "values.npz") as file:
        return dict(file)


def _state(path, lib):
    with np.load(path) as file:
        return {name.rpartition(".")[2]: lib.tensor(value) for name, value in file.items()}


@pytest.mark.parametrize("name", ["lstm", "lstm_in_functions", "gru", "gru_in_functions", "rnn_in_functions"])
def test_cells_of_keras(tmp_path, lib, values, name):
    """Parts of the matrices are joined in PyTorch's order; variables are followed into the bodies of functions."""
    done = tf.convert(FOLDER / f"{name}.pb", tmp_path / "x.npz", layout="torch", include=WEIGHTS)
    found = getattr(lib, KINDS[name])(lib.tensor(values["x"]), _state(tmp_path / "x.npz", lib))
    np.testing.assert_allclose(values[name], found, atol=1e-5)
    assert {} == done.unchanged


@pytest.mark.parametrize(
    ("name", "torch", "keras"),
    [
        ("lstm_hard_sigmoid", "hard_sigmoid", "for hard_sigmoid of Keras 2"),
        ("gru_reset_before", "resets the last output before", "for reset_after=False"),
    ],
)
def test_cells_that_pytorch_lacks(tmp_path, name, torch, keras):
    """They are unchanged and listed with the reason; Keras has them."""
    done = tf.convert(FOLDER / f"{name}.pb", tmp_path / "x.npz", layout="torch", include=WEIGHTS)
    assert 3 == len(done.unchanged)
    assert all(torch in reason for reason in done.unchanged.values())
    done = tf.convert(FOLDER / f"{name}.pb", tmp_path / "y.npz", layout="keras", include=WEIGHTS)
    assert {} == done.unchanged
    assert all(keras in what for what in done.layout.values())
    before, after = np.load(tmp_path / "x.npz"), np.load(tmp_path / "y.npz")
    for array in after:  # the source has Keras's own order
        np.testing.assert_array_equal(before[array], after[array])


@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_before", "rnn_in_functions"])
def test_cells_for_keras(tmp_path, name):
    """Their weights are those of one layer, whose name is the scope without the cell's."""
    done = tf.convert(FOLDER / f"{name}.pb", tmp_path / "x.weights.h5", include=WEIGHTS)
    kind = {"rnn_in_functions": "simple_rnn"}.get(name, name.partition("_")[0])
    assert [f"layers/{kind}/cell/vars/{place}" for place in range(3)] == sorted(done.names)
    done = tf.convert(FOLDER / f"{name}.pb", tmp_path / "x.h5", to="keras2", include=WEIGHTS)
    assert {"layer/kernel", "layer/recurrent_kernel", "layer/bias"} == done.names.keys()


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("is_loop", [True, False])
def test_simple_cells(tmp_path, lib, is_loop, activation):
    """The matrix of a BasicRNNCell is divided into those of the input and of the last output."""
    x = tf.placeholder(tf.float32, [2, 5, 3])
    cell = tf.nn.rnn_cell.BasicRNNCell(4, activation=getattr(tf.nn, activation), name="cell")
    if is_loop:
        y, _ = tf.nn.dynamic_rnn(cell, x, sequence_length=tf.fill([2], 5), dtype=tf.float32)
    else:
        y = tf.stack(tf.nn.static_rnn(cell, tf.unstack(x, 5, 1), dtype=tf.float32)[0], 1)
    average = tf.train.ExponentialMovingAverage(0.5)
    average.apply(tf.trainable_variables())
    value = numbers((2, 5, 3), 9)
    with tf.Session() as sess:
        for seed, variable in enumerate(tf.global_variables()):
            variable.load(numbers(variable.shape.as_list(), seed) / 2, sess)
        expected = sess.run(y, {x: value})
        tf.train.Saver().save(sess, tmp_path / "x.ckpt")
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    assert "rnn.cell.weight_hh.ExponentialMovingAverage" in done.names
    assert {} == done.unchanged
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch", exclude=["*Average"])
    found = lib.rnn(lib.tensor(value), _state(tmp_path / "x.npz", lib), activation)
    np.testing.assert_allclose(expected, found, atol=1e-5)


def test_sums_that_are_not_cells(tmp_path):
    """A dense layer of two inputs side by side, or the sum of two dense layers, has no last output."""
    x = tf.placeholder(tf.float32, [None, 3])
    h = tf.layers.dense(tf.concat([x, x], 1), 3, activation=tf.tanh, name="fc")
    tf.tanh(tf.matmul(x, tf.get_variable("a/kernel", [3, 3])) + tf.matmul(h, tf.get_variable("b/kernel", [3, 3])))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "x.ckpt")
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    assert {"fc.weight", "fc.bias", "a.weight", "b.weight"} == done.names.keys()


def test_a_matrix_that_another_layer_shares(tmp_path):
    """A cell whose matrix is used in another layer, too, is not written as a cell."""
    x = tf.placeholder(tf.float32, [2, 5, 3])
    cell = tf.nn.rnn_cell.BasicRNNCell(4, name="cell")
    tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    kernel = tf.trainable_variables()[0]
    tf.matmul(tf.ones([1, 7]), kernel)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "x.ckpt")
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    assert {"rnn.cell.weight", "rnn.cell.bias"} == done.names.keys()


def test_sums_of_sums(tmp_path):
    """A value that is doubled again and again, which would have a million terms, takes no longer than another."""
    value = tf.matmul(tf.ones([1, 3]), tf.get_variable("fc/kernel", [3, 3]))
    for _ in range(20):
        value = value + value
    for _ in range(100):
        tf.tanh(value)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "x.ckpt")
    start = time.process_time()
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    assert ["fc.weight"] == list(done.names)
    assert time.process_time() - start < 1
