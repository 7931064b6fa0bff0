"""``tf.contrib.slim`` and ``tf.contrib.framework``: networks of layers with shared arguments, and their training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.contrib import framework, layers, slim, training


def names(variables: list[Any]) -> list[str]:
    """The names of variables or operations."""
    return [one.op.name for one in variables]


def small_vgg(images: Any, is_training: Any = True) -> tuple[Any, dict[str, Any]]:
    """Two blocks of convolutions and a layer on top, with what they give by name."""
    with tf.variable_scope("vgg", values=[images]) as scope:
        ends = f"{scope.original_name_scope}_end_points"
        with slim.arg_scope([slim.conv2d, slim.fully_connected, slim.max_pool2d], outputs_collections=ends):
            net = slim.repeat(images, 2, slim.conv2d, 3, [3, 3], scope="conv1")
            net = slim.max_pool2d(net, [2, 2], scope="pool1")
            net = slim.conv2d(net, 4, [2, 2], padding="VALID", scope="fc6")
            net = slim.dropout(net, 0.5, is_training=False, scope="dropout6")
            net = slim.fully_connected(slim.flatten(net), 2, activation_fn=None, scope="fc8")
            return net, slim.utils.convert_collection_to_dict(ends)


def test_a_network_by_hand() -> None:
    """Scopes, variables and end points have TensorFlow's names, and shared arguments reach each layer."""
    regularizer = slim.l2_regularizer(0.0005)
    with slim.arg_scope([slim.conv2d], weights_regularizer=regularizer, biases_initializer=tf.ones_initializer()):
        net, ends = small_vgg(tf.zeros([2, 4, 4, 1]))
    scopes = ("conv1/conv1_1", "conv1/conv1_2", "fc6", "fc8")
    expected = [f"vgg/{scope}/{name}" for scope in scopes for name in ("weights", "biases")]
    assert expected == names(slim.get_model_variables()) == names(tf.trainable_variables())
    assert ["vgg/conv1/conv1_1", "vgg/conv1/conv1_2", "vgg/pool1", "vgg/fc6", "vgg/fc8"] == list(ends)
    assert net is ends["vgg/fc8"]
    assert 3 == len(slim.losses.get_regularization_losses())
    assert [f"vgg/{scope}/weights" for scope in scopes[2:]] == names(slim.get_variables("vgg/fc", "weights"))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert [1.0] * 3 == session.run(tf.trainable_variables("vgg/conv1/conv1_1/biases")[0]).tolist()


def test_arg_scopes() -> None:
    """Scopes within scopes, scopes that are used again, calls that say otherwise, and functions of a program's own."""

    @slim.add_arg_scope
    def pair(first: int, second: int = 0, third: int = 0) -> tuple[int, int, int]:
        return first, second, third

    with slim.arg_scope([pair], second=2):
        with slim.arg_scope([pair], third=3) as both:
            assert (1, 2, 3) == pair(1)
            assert (1, 5, 3) == pair(1, second=5)
        assert (1, 2, 0) == pair(1)
    assert (1, 0, 0) == pair(1)
    with slim.arg_scope(both):
        assert (1, 2, 3) == pair(1)
    assert framework.has_arg_scope(pair)
    assert ("second", "third") == framework.arg_scoped_arguments(pair)
    with pytest.raises(ValueError, match="is not decorated with @add_arg_scope"), slim.arg_scope([len], obj=1):
        pass
    with pytest.raises(TypeError, match="must be a list of functions"), slim.arg_scope(pair, second=1):
        pass
    with pytest.raises(ValueError, match="takes no further arguments"), slim.arg_scope(both, second=1):
        pass


@pytest.mark.parametrize("keys", ["update_ops", None, "others"])
@pytest.mark.parametrize("shape", [[4, 3], [2, 2, 1, 3]], ids=str)
def test_batch_norm(shape: list[int], keys: str | None) -> None:
    """Averages move with the batch: in operations of a collection, or whenever the outputs are computed."""
    x = np.arange(12, dtype=np.float32).reshape(shape)
    outputs = slim.batch_norm(x, decay=0.5, updates_collections=keys, scope="bn")
    assert ["bn/beta", "bn/moving_mean", "bn/moving_variance"] == names(slim.get_model_variables())
    assert ["bn/beta"] == names(tf.trainable_variables())
    assert (2 if keys == "update_ops" else 0) == len(tf.get_collection("update_ops"))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run([outputs, tf.get_collection(keys or "none")])
        mean, variance = session.run(slim.get_model_variables("bn/moving"))
    rows = x.reshape(4, 3)
    np.testing.assert_allclose(rows.mean(0) / 2, mean, rtol=1e-6)
    np.testing.assert_allclose((1 + rows.var(0, ddof=1)) / 2, variance, rtol=1e-6)


def test_other_norms() -> None:
    """Each example, each channel of each example, and each vector, is normalized by itself."""
    x = np.random.default_rng(3).normal(3.0, 2.0, (2, 4, 4, 3)).astype(np.float32)
    made = [slim.layer_norm(x), slim.instance_norm(x), slim.unit_norm(x, 3)]
    assert ["LayerNorm/beta", "LayerNorm/gamma", "InstanceNorm/beta", "InstanceNorm/gamma"] == names(
        tf.trainable_variables()
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        layer, instance, unit = session.run(made)
    np.testing.assert_allclose([0.0] * 2, layer.mean((1, 2, 3)), atol=1e-5)
    np.testing.assert_allclose([1.0] * 2, layer.std((1, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(np.ones((2, 3)), instance.std((1, 2)), rtol=1e-4)
    np.testing.assert_allclose(np.ones((2, 4, 4)), np.linalg.norm(unit, axis=3), rtol=1e-5)


def test_other_layers() -> None:
    """Names of their scopes and variables, and shapes of what they give."""
    x = tf.zeros([2, 4, 4, 4])
    made = {
        "Conv": slim.conv1d(tf.zeros([2, 5, 3]), 2, 3),
        "Conv_1": slim.conv3d(tf.zeros([1, 3, 3, 3, 1]), 2, 2),
        "Conv2d_transpose": slim.conv2d_transpose(x, 2, 3, 2),
        "Conv3d_transpose": slim.conv3d_transpose(tf.zeros([1, 2, 2, 2, 1]), 1, 2, 2),
        "SeparableConv2d": slim.separable_conv2d(x, 5, 3),
        "SeparableConv2d_1": slim.separable_conv2d(x, None, 3, 2),
        "BiasAdd": slim.bias_add(x),
        "MaxOut": slim.maxout(x, 2),
        "EmbedSequence": slim.embed_sequence([[1, 2]], 5, 3),
        "Stack": slim.stack(x[:, 0, 0], slim.fully_connected, [3, 2]),
        "spatial_softmax": slim.spatial_softmax(x),
        "OneHotEncoding": slim.one_hot_encoding([1, 0], 3),
    }
    shapes = [[2, 5, 2], [1, 3, 3, 3, 2], [2, 8, 8, 2], [1, 4, 4, 4, 1], [2, 4, 4, 5], [2, 4, 4, 8], [2, 4, 4, 4]]
    shapes += [[2, 4, 4, 2], [1, 2, 3], [2, 2], [2, 8], [2, 3]]
    assert shapes == [tensor.shape.as_list() for tensor in made.values()]
    assert all(re.match(name, tensor.op.name) for name, tensor in made.items())
    assert [
        "SeparableConv2d/depthwise_weights",
        "SeparableConv2d/pointwise_weights",
        "SeparableConv2d/biases",
    ] == names(slim.get_model_variables("SeparableConv2d/"))
    assert "Stack/fully_connected_2/weights" in names(slim.get_variables())


def test_training_goes_on(tmp_path: Path) -> None:
    """A loop ends at a step, saves, and goes on from there; updates run with each step, derivatives are clipped."""
    for last in (3, 5):
        with tf.Graph().as_default():
            x = tf.constant([[1.0, 2.0], [3.0, -1.0]])
            predicted = slim.fully_connected(
                slim.batch_norm(x, decay=0.5), 1, None, weights_initializer=tf.ones_initializer()
            )
            slim.losses.mean_squared_error(predicted, [[1.0], [0.0]])
            optimizer = tf.train.GradientDescentOptimizer(0.1)
            total = slim.losses.get_total_loss()
            train_op = slim.learning.create_train_op(total, optimizer, clip_gradient_norm=0.5, summarize_gradients=True)
            loss = slim.learning.train(train_op, tmp_path, number_of_steps=last, log_every_n_steps=2)
            assert train_op in tf.get_collection("train_op")
        assert float(loss) < 1.0
        assert f"model.ckpt-{last}" in str(tf.train.latest_checkpoint(tmp_path))
    mean = tf.train.load_variable(tmp_path, "BatchNorm/moving_mean")
    np.testing.assert_allclose([2.0 * (1 - 0.5**5), 0.5 * (1 - 0.5**5)], mean, rtol=1e-6)


@pytest.mark.parametrize(
    "optimizer", ["SGD", tf.train.GradientDescentOptimizer, tf.train.GradientDescentOptimizer(0.1)]
)
def test_optimize_loss(optimizer: Any) -> None:
    """An optimizer by its name, its class or itself; the rate may fall, derivatives are clipped together."""
    v = tf.Variable([3.0, 4.0])
    step = framework.get_or_create_global_step()
    decay = lambda rate, _: rate / 2.0  # noqa: E731, as programs write it
    loss = layers.optimize_loss(
        tf.reduce_sum(v * v), step, 0.2, optimizer, clip_gradients=5.0, learning_rate_decay_fn=decay
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert 25.0 == session.run(loss)
        np.testing.assert_allclose([2.7, 3.6], session.run(v), rtol=1e-6)
        assert 1 == session.run(step)
    assert "OptimizeLoss/learning_rate" in names(slim.get_variables())
    assert 4 == len(tf.get_collection("summaries"))
    for wrong in ({"optimizer": "SGD2"}, {"summaries": ["x"]}, {"learning_rate": "a"}, {"clip_gradients": "b"}):
        options = {"learning_rate": 0.1, "optimizer": "SGD", **wrong}
        with pytest.raises(ValueError, match=r"should be|one of|Unknown type"):
            layers.optimize_loss(tf.reduce_sum(v), step, **options)


def test_derivatives_are_multiplied() -> None:
    """By factors for variables or their names; a missing derivative cannot be."""
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    pairs = [(tf.constant(3.0), v), (None, w)]
    ((grad, _), _) = training.multiply_gradients(pairs, {"v": 2.0})
    with tf.Session() as session:
        assert 6.0 == session.run(grad)
    with pytest.raises(ValueError, match="Requested multiple of `None` gradient"):
        training.multiply_gradients(pairs, {w: 2.0})


def test_values_are_assigned(tmp_path: Path) -> None:
    """From arrays and from checkpoints, by names of its own, and without what a checkpoint lacks."""
    with tf.variable_scope("a"):
        v, w = slim.variable("v", [2], initializer=tf.ones_initializer()), slim.local_variable([1.0, 2.0], name="w")
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        prefix = tf.train.Saver({"other": w}).save(session, tmp_path / "m")
        operation, feeds = slim.assign_from_values({"a/v": [5.0, 6.0]})
        session.run(operation, feeds)
        assert [5.0, 6.0] == session.run(v).tolist()
        operation, feeds = slim.assign_from_checkpoint(prefix, {"other": v})
        session.run(operation, feeds)
        assert [1.0, 2.0] == session.run(v).tolist()
        session.run(tf.global_variables_initializer())
        restore = slim.assign_from_checkpoint_fn(prefix, {"other": v, "none": w}, ignore_missing_vars=True)
        assert restore is not None
        restore(session)
        assert [1.0, 2.0] == session.run(v).tolist()
    assert slim.assign_from_checkpoint_fn(prefix, [w], ignore_missing_vars=True) is None
    with pytest.raises(ValueError, match=r"Checkpoint is missing variable \[a/v\]"):
        slim.assign_from_checkpoint(prefix, [v])
    with pytest.raises(ValueError, match="Total size of new array must be unchanged"):
        slim.assign_from_checkpoint(prefix, {"other": slim.variable("x", [3])})
    with pytest.raises(ValueError, match="var_list cannot be empty"):
        slim.assign_from_checkpoint_fn(prefix, [])


def test_variables_are_found() -> None:
    """By scope, suffix, name and pattern."""
    for scope in ("a", "b"):
        with tf.variable_scope(scope):
            slim.model_variable("v", [1])
            slim.variable("w", [1], trainable=False)
    assert ["a/v", "a/w", "b/v", "b/w"] == names(slim.get_variables())
    assert ["a/v", "b/v"] == names(slim.get_variables_by_name("v")) == names(slim.get_variables_by_suffix("v"))
    assert ["b/w"] == names(slim.get_variables_by_name("w", "b"))
    assert "a/w" == slim.get_unique_variable("a/w").op.name
    assert ["b/v"] == names(slim.get_variables_to_restore(["b"], ["b/w"]))
    assert ["a/v"] == names(slim.filter_variables(slim.get_variables(), ["v"], ["^b"]))
    with pytest.raises(ValueError, match="There are 2 variables"):
        slim.get_unique_variable("a")
    with pytest.raises(TypeError, match="must be a list of scopes"):
        slim.get_variables_to_restore(include="a")


def test_losses_of_contrib() -> None:
    """Predictions come first, and a weight for each example counts for all that it has."""
    p, q = tf.constant([[1.0, 2.0], [3.0, 0.0]]), tf.constant([[0.0, 2.0], [1.0, 1.0]])
    made = [
        slim.losses.mean_squared_error(p, q),
        slim.losses.absolute_difference(p, q, weights=[0.0, 2.0]),
        slim.losses.softmax_cross_entropy(p, onehot_labels=[[0.0, 1.0], [0.0, 1.0]], weights=[1.0, 0.0]),
        slim.losses.sparse_softmax_cross_entropy(p, [1, 0]),
        slim.losses.compute_weighted_loss([1.0, 3.0], [1.0, 0.0]),
    ]
    assert made == slim.losses.get_losses()
    with tf.Session() as session:
        found = session.run([*made, slim.losses.hinge_loss(p, [[0.0, 1.0], [1.0, 0.0]])])
    np.testing.assert_allclose(
        [1.5, 3.0, np.log1p(np.exp(-1.0)), (np.log1p(np.exp(-1)) + np.log1p(np.exp(-3))) / 2, 1.0], found[:5], rtol=1e-6
    )
    assert [[2.0, 0.0], [0.0, 1.0]] == found[5].tolist()


def test_summaries_of_layers() -> None:
    """Activations, variables and others get summaries of their kind."""
    hidden = slim.relu6(tf.ones([2, 3]), 2)
    slim.summarize_activation(hidden)
    assert 3 == len(tf.get_collection("summaries"))
    assert 2 == len(slim.summarize_variables())
    assert slim.summarize_tensor(tf.constant("a")) is None


def test_streaming_metrics() -> None:
    """Predictions come first; values and updates are dicts or lists of their own."""
    values, updates = slim.metrics.aggregate_metric_map(
        {
            "accuracy": slim.metrics.streaming_accuracy([1, 2, 3], [1, 2, 0], weights=[1.0, 0.0, 3.0]),
            "precision": slim.metrics.streaming_precision([1, 1, 0], [1, 0, 0]),
            "mean": slim.metrics.streaming_mean([1.0, 3.0]),
        }
    )
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        session.run(list(updates.values()))
        assert {"accuracy": 0.25, "precision": 0.5, "mean": 2.0} == session.run(values)
    assert ([1, 3], [2, 4]) == slim.metrics.aggregate_metrics((1, 2), (3, 4))
    with pytest.raises(ValueError, match="at least one"):
        slim.metrics.aggregate_metrics()
