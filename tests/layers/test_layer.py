"""Layers as objects: their scopes, their variables, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


def test_a_layer_tells_of_itself() -> None:
    """Its name, its scope, its dtype, its variables and their number of elements."""
    layer = tf.layers.Dense(4)
    assert ("dense_1", None, False) == (layer.name, layer.dtype, layer.built)
    for unknown in (lambda: layer.scope_name, layer.count_params):
        with pytest.raises(ValueError, match="dense_1"):
            unknown()
    layer(tf.zeros([2, 3], tf.float64))
    assert ("dense", tf.float64, 16) == (layer.scope_name, layer.dtype, layer.count_params())
    assert [layer.kernel, layer.bias] == layer.trainable_variables == layer.weights
    layer.trainable = False
    assert ([], [layer.kernel, layer.bias]) == (layer.trainable_weights, layer.non_trainable_variables)


def test_variables_that_are_not_trained() -> None:
    """They are in no collection of variables to be trained, and constraints are kept."""
    frozen = tf.layers.Dense(2, trainable=False, kernel_constraint=tf.abs)
    frozen(tf.zeros([1, 2]))
    assert [] == tf.trainable_variables()
    assert tf.abs is frozen.kernel.constraint
    normal = tf.layers.BatchNormalization()
    normal(tf.zeros([1, 2]), training=True)
    assert [normal.gamma, normal.beta] == tf.trainable_variables()
    assert [normal.moving_mean, normal.moving_variance] == normal.non_trainable_variables


def test_partitioned_variables() -> None:
    """A layer in a scope with a partitioner has parts; averages of batch normalization are never divided."""
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        tf.layers.dense(tf.zeros([1, 4]), 4, kernel_regularizer=tf.nn.l2_loss, name="d")
        tf.layers.batch_normalization(tf.zeros([1, 4]), name="n")
    names = [variable.op.name for variable in tf.global_variables()]
    assert ["s/d/kernel/part_0", "s/d/kernel/part_1"] == names[:2]
    assert ["s/n/moving_mean", "s/n/moving_variance"] == names[-2:]
    assert 2 == len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))


@pytest.mark.parametrize("training", [True, False])
def test_dropout(training: bool) -> None:
    """In training some inputs become 0 and the others larger, whole rows if wanted; otherwise they are unchanged."""
    layer = tf.layers.Dropout(0.25, noise_shape=[None, 1], seed=1)
    outputs = layer(tf.ones([100, 3]), training=tf.constant(training))
    with tf.Session() as session:
        values = session.run(outputs)
    assert {0.0, np.float32(4 / 3)} == set(values.ravel()) if training else {1.0} == set(values.ravel())
    assert (values == values[:, :1]).all()


def test_a_run_tells_the_phase_of_dropout() -> None:
    """Of a tensor as ``training`` a branch is taken in each run."""
    phase = tf.placeholder(tf.bool, [])
    dropped = tf.layers.dropout(tf.ones([2, 50]), 0.25, training=phase)
    with tf.Session() as session:
        assert {0.0, np.float32(4 / 3)} == set(session.run(dropped, {phase: True}).ravel())
        assert {1.0} == set(session.run(dropped, {phase: False}).ravel())


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda x: tf.layers.dense(tf.zeros([3]), 2), ValueError, 'layer "dense_1".*min_ndim=2, found ndim=1'),
        (lambda x: tf.layers.dense(tf.placeholder(tf.float32, [2, None]), 2), ValueError, "should be defined"),
        (lambda x: tf.layers.dense(tf.placeholder(tf.float32), 2), ValueError, "should be defined"),
        (lambda x: tf.layers.dense(tf.zeros([2, 2], tf.int32), 2), TypeError, "int32"),
        (lambda x: tf.layers.dense(x, 0), ValueError, "positive number of units"),
        (lambda x: tf.layers.dense(x, 2, activation="none"), ValueError, "Unknown activation function: 'none'"),
        (lambda x: tf.layers.dense(x, 2, kernel_initializer="none"), ValueError, "Unknown initializer: 'none'"),
        (lambda x: tf.layers.Dense(2, bias=False), TypeError, "'bias'"),
        (lambda x: tf.layers.dropout(x, 1.5), ValueError, "rate"),
        (lambda x: tf.layers.conv2d(x, 0, 2), ValueError, "positive number of filters"),
        (lambda x: tf.layers.conv2d(x, 2, [1, 2, 3]), ValueError, "kernel_size"),
        (lambda x: tf.layers.conv2d(x, 2, 2, strides=0), ValueError, "strides"),
        (lambda x: tf.layers.conv2d(x, 2, 2, padding="full"), ValueError, "padding"),
        (lambda x: tf.layers.conv2d(x, 2, 2, padding="causal"), ValueError, "padding"),
        (lambda x: tf.layers.conv2d(x, 2, 2, data_format="NHWC"), ValueError, "data_format"),
        (lambda x: tf.layers.conv2d(x, 2, 2, strides=2, dilation_rate=2), ValueError, "dilation_rate"),
        (lambda x: tf.layers.conv2d(x, 2, 2), ValueError, "expected ndim=4, found ndim=2"),
        (lambda x: tf.layers.max_pooling2d(x, 2, 2), ValueError, "expected ndim=4, found ndim=2"),
        (lambda x: tf.layers.batch_normalization(x, axis=2), ValueError, "out of range"),
        (lambda x: tf.layers.batch_normalization(x, renorm=True), tf.errors.UnimplementedError, "renorm"),
        (lambda x: tf.layers.dense(x, 2, name="a") + tf.layers.dense(x, 2, name="a"), ValueError, "already exists"),
        (lambda x: tf.layers.dense(x, 2, name="a", reuse=True), ValueError, "does not exist"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], said: str) -> None:
    """Shapes, dtypes and options that a layer cannot have: TensorFlow's class, and a sentence that names it."""
    with pytest.raises(error, match=said):
        call(tf.zeros([2, 2]))


def test_inputs_that_changed() -> None:
    """A layer that has its variables refuses inputs with another number of features."""
    layer = tf.layers.Dense(2, name="d")
    layer(tf.zeros([2, 3]))
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 3, but received 4"):
        layer(tf.zeros([2, 4]))
    specs = [tf.layers.InputSpec(dtype=tf.int32), tf.layers.InputSpec(shape=[2, 4]), tf.layers.InputSpec(max_ndim=1)]
    for spec in specs:
        with pytest.raises(ValueError, match='layer "d"'):
            spec.check(tf.zeros([2, 3]), 0, "d")


@pytest.mark.parametrize(
    ("rank", "call"),
    [
        (4, lambda x, **place: tf.layers.conv2d(x, 3, 2, **place)),
        (4, lambda x, **place: tf.layers.conv2d_transpose(x, 3, 2, 2, **place)),
        (4, lambda x, **place: tf.layers.max_pooling2d(x, 2, 1, **place)),
        (3, lambda x, **place: tf.layers.conv1d(x, 3, 2, padding="causal", bias_initializer="ones", **place)),
        (3, lambda x, **place: tf.layers.separable_conv1d(x, 3, 2, padding="causal", **place)),
        (3, lambda x, **place: tf.layers.average_pooling1d(x, 2, 1, **place)),
    ],
)
def test_channels_first(rank: int, call: Any) -> None:
    """With the channels second the results are those with the channels last."""
    x = tf.constant(np.arange(2 * 4 ** (rank - 1), dtype=np.float32).reshape([2] + [4] * (rank - 1)))
    to_second, to_last = [0, rank - 1, *range(1, rank - 1)], [0, *range(2, rank), 1]
    with tf.variable_scope("s", initializer=tf.ones_initializer()):
        last, second = call(x), call(tf.transpose(x, to_second), data_format="channels_first")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        expected, found = session.run([last, tf.transpose(second, to_last)])
    np.testing.assert_array_equal(expected, found)
