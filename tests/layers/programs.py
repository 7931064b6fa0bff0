"""Small programs with layers, run by TensorFlow once (`make_programs.py`) and by hdfsaver in every test.

Each is a function of the module that it is to be run with, ``tensorflow.compat.v1`` or ``hdfsaver``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]


def ramp(tf: Any) -> Any:
    """An initializer of different numbers."""

    def initial(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        sizes = [int(size) for size in shape]
        return tf.constant(np.linspace(-1, 1, int(np.prod(sizes)), dtype=np.float32).reshape(sizes))

    return initial


def matrix(tf: Any, columns: int = 3) -> Any:
    """A placeholder for a matrix whose number of rows is not known."""
    return tf.placeholder("float32", [None, columns], name="x")


def rows(tf: Any, *sizes: int | None) -> Any:
    """A placeholder for rows of values."""
    return tf.placeholder("float32", [None, *(sizes or (6, 2))], name="x")


def images(tf: Any, *sizes: int | None) -> Any:
    """A placeholder for images."""
    return tf.placeholder("float32", [None, *(sizes or (5, 4, 2))], name="x")


def dense(tf: Any) -> list[Any]:
    """Layers with and without names, activations, biases and scopes."""
    hidden = tf.layers.dense(matrix(tf), 4, activation=tf.nn.relu, kernel_initializer=ramp(tf))
    named = tf.layers.dense(hidden, 2, use_bias=False, name="out", kernel_initializer=ramp(tf))
    with tf.variable_scope("s"):
        made = [tf.layers.dense(named, 2, kernel_initializer=ramp(tf), bias_initializer=ramp(tf)) for _ in range(2)]
    return [hidden, named, *made, *tf.gradients(made[1], tf.trainable_variables()[:1])]


def reused(tf: Any) -> list[Any]:
    """Layers that share variables: by ``reuse``, by a scope, and as one object that is called twice."""
    x = matrix(tf)
    with tf.variable_scope("a", initializer=ramp(tf)):
        first = tf.layers.dense(x, 3, name="q")
    with tf.variable_scope("a", reuse=True):
        again = tf.layers.dense(x, 3, name="q")
    with tf.variable_scope("a"):
        third = tf.layers.dense(x, 3, name="q", reuse=True)
    layer = tf.layers.Dense(3, kernel_initializer=ramp(tf))
    with tf.name_scope("n"):
        return [first, again, third, layer(x), layer(first)]


def objects(tf: Any) -> list[Any]:
    """Layers as objects: names that are made unique, also where they were given."""
    x = matrix(tf)
    named = [tf.layers.Dense(2, name="d", kernel_initializer=ramp(tf)) for _ in range(2)]
    built = tf.layers.Dense(2, kernel_initializer=ramp(tf))
    built.build([None, 3])
    return [layer(x) for layer in [*named, built]]


def regularized(tf: Any) -> list[Any]:
    """Losses of variables, of those that are used again none, and of outputs."""
    x = matrix(tf)
    options = {
        "kernel_initializer": ramp(tf),
        "kernel_regularizer": tf.nn.l2_loss,
        "bias_initializer": tf.ones_initializer(),
        "bias_regularizer": tf.reduce_sum,
        "activity_regularizer": tf.nn.l2_loss,
    }
    made = [tf.layers.dense(x, 2, name=name, **options) for name in ("a", "b")]
    made.append(tf.layers.dense(x, 2, name="b", reuse=True, kernel_regularizer=tf.nn.l2_loss))
    return [*made, *tf.get_collection("regularization_losses")]


def flattened(tf: Any) -> list[Any]:
    """Matrices of tensors of any rank, with known and unknown sizes."""
    known = [tf.layers.flatten(rows(tf)), tf.layers.flatten(tf.ones([2, 3, 2])), tf.layers.flatten(tf.ones([3]))]
    unknown = [tf.layers.flatten(rows(tf, None, 2)), tf.layers.flatten(tf.placeholder("float32", name="u"))]
    return [*known, *unknown, tf.layers.flatten(images(tf), data_format="channels_first")]


def convolved(tf: Any) -> list[Any]:
    """Convolutions of images."""
    x, initial = images(tf), ramp(tf)
    made = [tf.layers.conv2d(x, 3, 2, activation=tf.nn.relu, kernel_initializer=initial, bias_initializer=initial)]
    made += [tf.layers.conv2d(x, 3, [2, 3], (2, 1), "same", kernel_initializer=initial, use_bias=False, name="c")]
    layer = tf.layers.Conv2D(2, 2, padding="SAME", kernel_initializer=initial)
    made += [layer(x), layer(x)]
    return [*made, *tf.gradients(made[-1], tf.trainable_variables()[-1:])]


def convolved_rows(tf: Any) -> list[Any]:
    """Convolutions of rows."""
    x, initial = rows(tf), ramp(tf)
    made = [tf.layers.conv1d(x, 3, 2, activation=tf.nn.tanh, kernel_initializer=initial, bias_initializer=initial)]
    made += [tf.layers.conv1d(x, 3, 3, 2, "same", kernel_initializer=initial, name="c")]
    made += [tf.layers.conv1d(x, 2, 3, padding="causal", kernel_initializer=initial)]
    return made


def pooled(tf: Any) -> list[Any]:
    """Pooling of images and rows."""
    x, y = images(tf), rows(tf)
    made = [tf.layers.max_pooling2d(x, 2, 2), tf.layers.average_pooling2d(x, (2, 1), (1, 2), "same")]
    made += [tf.layers.max_pooling1d(y, 2, 2), tf.layers.average_pooling1d(y, 3, 2, padding="same", name="p")]
    layer = tf.layers.MaxPooling2D(2, 1)
    return [*made, layer(x), layer(x)]


def of_volumes(tf: Any) -> list[Any]:
    """Convolutions and pools along three axes, with known and unknown sizes."""
    x, initial = images(tf, 3, 4, 2, 2), ramp(tf)
    u = tf.placeholder("float32", [None, None, 4, 2, 2], name="u")
    made = [tf.layers.conv3d(x, 2, 2, activation=tf.nn.relu, kernel_initializer=initial, bias_initializer=initial)]
    made += [tf.layers.conv3d(u, 1, (2, 1, 2), (1, 2, 1), "same", kernel_initializer=initial, name="c")]
    made += [tf.layers.conv3d_transpose(x, 1, 2, 2, kernel_initializer=initial, bias_initializer=initial)]
    made += [tf.layers.conv3d_transpose(u, 2, (2, 3, 1), (1, 2, 1), "same", use_bias=False, kernel_initializer=initial)]
    made += [tf.layers.max_pooling3d(x, 2, 2), tf.layers.average_pooling3d(u, (2, 1, 2), 1, "same", name="p")]
    return made


def normalized(tf: Any) -> list[Any]:
    """Batch normalization of matrices and images, in training and otherwise."""
    x, y = matrix(tf), images(tf)
    made = [tf.layers.batch_normalization(x), tf.layers.batch_normalization(x, training=True, momentum=0.5)]
    made += [tf.layers.batch_normalization(y, training=True, scale=False), tf.layers.batch_normalization(y, name="n")]
    made += [tf.layers.batch_normalization(y, training=True, fused=False, center=False)]
    made += [tf.layers.batch_normalization(y, axis=2, training=True, fused=False, trainable=False)]
    layer = tf.layers.BatchNormalization(axis=[1, 3], gamma_initializer=ramp(tf))
    return [*made, layer(y, training=True), layer(y, training=tf.constant(False))]


def phases_of_a_run(tf: Any) -> list[Any]:
    """Batch normalization of which a run tells whether it is for training."""
    made = []
    for training in (True, False):
        phase = tf.placeholder_with_default(training, [])
        made.append(tf.layers.batch_normalization(matrix(tf), training=phase, momentum=0.5))
        made.append(tf.layers.batch_normalization(images(tf), training=phase))
    return made


def transposed(tf: Any) -> list[Any]:
    """Transposed convolutions, whose graph in TensorFlow has a slice more that nothing uses."""
    x, initial = images(tf), ramp(tf)
    made = [tf.layers.conv2d_transpose(x, 3, 3, strides=2, padding="same", kernel_initializer=initial)]
    made += [tf.layers.conv2d_transpose(x, 3, (2, 3), activation=tf.nn.relu, kernel_initializer=initial)]
    made += [tf.layers.conv2d_transpose(images(tf, None, None, 2), 1, 2, 3, kernel_initializer=initial)]
    return [*made, *tf.gradients(made, tf.trainable_variables()[:1])]


def separable(tf: Any) -> list[Any]:
    """Separable convolutions, which TensorFlow gives two constants that nothing uses."""
    options = {"depthwise_initializer": ramp(tf), "pointwise_initializer": ramp(tf), "bias_initializer": ramp(tf)}
    made = [tf.layers.separable_conv2d(images(tf), 3, 2, depth_multiplier=2, activation=tf.nn.relu, **options)]
    made += [tf.layers.separable_conv2d(images(tf), 3, 2, padding="same", use_bias=False, **options)]
    made += [tf.layers.separable_conv1d(rows(tf), 3, 2, padding="causal", **options)]
    return made


def dilated(tf: Any) -> list[Any]:
    """Windows with gaps, for which TensorFlow divides the images into many."""
    made = [tf.layers.conv2d(images(tf), 3, 2, dilation_rate=2, padding="same", kernel_initializer=ramp(tf))]
    return [*made, tf.layers.conv1d(rows(tf), 2, 2, dilation_rate=2, padding="causal", kernel_initializer=ramp(tf))]


def wide(tf: Any) -> list[Any]:
    """Inputs of more than two dimensions, and of other dtypes."""
    made = [tf.layers.dense(rows(tf), 3, kernel_initializer=ramp(tf))]
    made += [tf.layers.dense(tf.ones([2, 3, 2, 2]), 3, kernel_initializer=ramp(tf), activation="tanh")]
    return [*made, tf.layers.dense(np.ones([2, 2]), 3, kernel_initializer="ones")]


def own_layer(tf: Any) -> list[Any]:
    """A layer of a program's own, with losses, updates and variables that are not trained."""

    class ScaleRows(tf.layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            self.scale = self.add_variable("scale", [int(input_shape[-1])], initializer=ramp(tf))
            self.count = self.add_weight("count", [], trainable=False, initializer=tf.zeros_initializer())
            super().build(input_shape)

        def call(self, inputs: Any) -> Any:
            self.add_update(tf.assign_add(self.count, 1.0))
            self.add_loss(tf.reduce_sum(self.scale, name="total"))
            return inputs * self.scale

    layer = ScaleRows()
    return [layer(matrix(tf)), *layer.losses]


def looked_up(tf: Any) -> list[Any]:
    """Rows of a table, as a tensor and as a list of one."""
    table = tf.get_variable("table", [5, 3], initializer=ramp(tf))
    rows = tf.nn.embedding_lookup(table, [[4, 0], [0, 1]])
    return [rows, tf.nn.embedding_lookup([table], [2, 4], name="n")]


def looked_up_in_parts(tf: Any) -> list[Any]:
    """Rows of a table in several parts, its derivative, and rows of a limited norm."""
    sizes = {"a": 3, "b": 2, "c": 2}
    tables = [tf.get_variable(name, [size, 2], initializer=ramp(tf)) for name, size in sizes.items()]
    ids = tf.constant([[6, 0, 1], [5, 3, 3]])
    made = [tf.nn.embedding_lookup(tables, ids, how) for how in ("mod", "div")]
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        whole = tf.get_variable("whole", [5, 2], initializer=tf.ones_initializer())
    made += [tf.nn.embedding_lookup(whole, [4, 0], "div", max_norm=1.0)]
    made += [tf.nn.embedding_lookup(tables[0], [[0, 2]], max_norm=0.5)]
    return [*made, *(tf.convert_to_tensor(by_table) for by_table in tf.gradients(made[0], tables))]


def composed(tf: Any) -> list[Any]:
    """Functions that are made of other operations."""
    x, ones = matrix(tf), tf.ones([3])
    made = [tf.nn.relu_layer(x, tf.ones([3, 2]), [0.5, -0.5]), tf.nn.crelu(x), tf.arg_max(x, 1), tf.arg_min(x, 0)]
    made += [tf.nn.weighted_cross_entropy_with_logits([[0.0, 1.0, 0.5]] * 2, tf.ones([2, 3]) * [-2.0, 3.0, 0.0], 2.0)]
    normal = tf.nn.batch_norm_with_global_normalization
    made += [normal(x, ones, ones, ones, ones * 2, 0.001, after) for after in (True, False)]
    return [*made, tf.nn.batch_normalization(x, ones, ones, None, ones, 0.1, name="n")]


PROGRAMS: dict[str, Program] = {
    "dense": dense,
    "reused": reused,
    "objects": objects,
    "regularized": regularized,
    "flattened": flattened,
    "convolved": convolved,
    "convolved rows": convolved_rows,
    "pooled": pooled,
    "of volumes": of_volumes,
    "normalized": normalized,
    "phases of a run": phases_of_a_run,
    "own layer": own_layer,
    "looked up": looked_up,
    "not dropped": lambda tf: tf.layers.dropout(matrix(tf), 0.5),
}
"""Programs whose graphs and results are TensorFlow's."""


RESULTS: dict[str, Program] = {
    "looked up in parts": looked_up_in_parts,
    "transposed": transposed,
    "separable": separable,
    "dilated": dilated,
    "wide": wide,
    "composed": composed,
}
"""Programs whose results are TensorFlow's, but not all their operations."""
