"""``tf.contrib.layers``: names of variables and operations as in TensorFlow 1.15, initializers, regularizers."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.contrib import layers


def names(collection: str) -> list[str]:
    """The names of what a collection lists."""
    return [getattr(element, "op", element).name for element in tf.get_collection(collection)]


def test_names() -> None:
    """Variables are weights and biases, also of the model, and scopes have the names of the functions."""
    hidden = layers.conv2d(tf.zeros([1, 6, 6, 2]), 3, 2, outputs_collections="outs")
    flat = layers.flatten(layers.max_pool2d(hidden, 2))
    out = layers.fully_connected(layers.avg_pool2d(hidden, 2)[:, 0, 0], 2, scope="out", variables_collections=["seen"])
    linear = layers.linear(flat, 2)
    assert ["Conv/weights", "Conv/biases", "out/weights", "out/biases"] == names("trainable_variables")[:4]
    assert names("trainable_variables") == names("model_variables") == names("variables")
    assert ["Conv/Relu"] == names("outs")
    assert ["out/weights", "out/biases"] == names("seen")
    assert ["Flatten/flatten/Reshape", "out/Relu", "fully_connected/BiasAdd"] == [
        tensor.op.name for tensor in (flat, out, linear)
    ]
    assert {"MaxPool2D/MaxPool", "AvgPool2D/AvgPool"} < {op.name for op in tf.get_default_graph().get_operations()}


def test_variables_are_used_again() -> None:
    """With ``reuse`` and a scope, and nothing is listed twice."""
    x = tf.ones([1, 2])
    options: dict[str, Any] = {"scope": "a", "weights_regularizer": layers.l2_regularizer(0.5), "activation_fn": None}
    first = layers.fully_connected(x, 2, **options)
    second = layers.fully_connected(x, 2, reuse=True, **options)
    assert ["a/weights", "a/biases"] == names("variables")
    assert ["a/kernel/Regularizer/l2_regularizer"] == names("regularization_losses")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(*session.run([first, second]))


def test_a_normalizer_takes_the_place_of_biases() -> None:
    """With its arguments; its variables are variables of the model too."""
    layers.fully_connected(
        tf.ones([2, 2]), 2, None, tf.layers.batch_normalization, {"scale": False, "training": True}, scope="a"
    )
    assert ["a/weights", "a/batch_normalization/beta"] == names("trainable_variables")
    assert 4 == len(names("model_variables"))
    assert 2 == len(names("update_ops"))


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (layers.l1_regularizer(0.5), 2.0),
        (layers.l2_regularizer(0.5), 2.5),
        (layers.l1_l2_regularizer(0.5, 0.5), 4.5),
        (layers.l1_l2_regularizer(0.0, 0.5), 2.5),
        (layers.l1_l2_regularizer(0.5, 0.0), 2.0),
        (layers.sum_regularizer([layers.l1_regularizer(1.0), None, layers.l2_regularizer(0.0)]), 4.0),
    ],
)
def test_regularizers(regularizer: Any, expected: float) -> None:
    """Sums of absolute values and halves of sums of squares, times a scale."""
    with tf.Session() as session:
        assert expected == session.run(regularizer(tf.constant([[1.0, -3.0]])))
        total = layers.apply_regularization(regularizer, [tf.constant([1.0, -3.0])] * 2)
        assert 2 * expected == session.run(total)
    assert [total] == tf.get_collection("regularization_losses")


def test_no_regularizers() -> None:
    """A scale of 0 and an empty sum give no loss; other scales are refused."""
    assert layers.l2_regularizer(0.0)(tf.ones([1])) is None
    assert layers.sum_regularizer([None]) is None
    for scale in (1, -0.5):
        with pytest.raises(ValueError, match="scale"):
            layers.l1_regularizer(scale)


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize(
    ("mode", "factor", "variance"), [("FAN_IN", 2.0, 2 / 30), ("FAN_OUT", 1.0, 1 / 600), ("FAN_AVG", 1.0, 2 / 630)]
)
def test_initializers_have_their_variance(uniform: bool, mode: str, factor: float, variance: float) -> None:
    """It depends on the number of inputs, of outputs, or on both; windows count for both."""
    initial = layers.variance_scaling_initializer(factor, mode, uniform, seed=1)
    with tf.Session() as session:
        values = session.run(initial([2, 3, 5, 100]))
    assert pytest.approx(variance, rel=0.15) == values.var()


def test_what_is_refused() -> None:
    """Dtypes and modes of initializers, ranks of images, places of channels; and what tf.contrib lacks is named."""
    for call, error, said in (
        (lambda: layers.xavier_initializer(dtype=tf.int32), TypeError, "int32"),
        (lambda: layers.variance_scaling_initializer(mode="fan_in"), TypeError, "fan_in"),
        (lambda: layers.conv2d(tf.ones([2, 2]), 2, 2), ValueError, "rank 4, got 2"),
        (lambda: layers.max_pool2d(tf.ones([2, 2, 2]), 2), ValueError, "expected ndim=4, found ndim=3"),
        (lambda: layers.max_pool2d(tf.ones([2, 2, 2, 2]), 2, data_format="NWHC"), ValueError, "NCHW or NHWC"),
        (
            lambda: operator.attrgetter("gdn")(layers),
            AttributeError,
            "tf.contrib.layers.gdn is not in hdfsaver",
        ),
        (lambda: operator.attrgetter("contrib.tpu")(tf), AttributeError, "tf.contrib.tpu is not in hdfsaver"),
    ):
        with pytest.raises(error, match=said):
            call()


def test_dropout_is_for_training() -> None:
    """By default it drops; outside of training the inputs are unchanged."""
    with tf.Session() as session:
        dropped, kept = session.run(
            [layers.dropout(tf.ones([100]), 0.5, seed=1), layers.dropout(tf.ones([100]), is_training=False)]
        )
    assert {0.0, 2.0} == set(dropped)
    assert {1.0} == set(kept)
