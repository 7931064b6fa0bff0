"""Small programs with samples of classes, run by TensorFlow once and by hdfsaver in every test.

They are recorded by ``python -m tests.layers.make_programs tests.variables.sampled > tests/variables/sampled.json``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.layers.programs import ramp

Program = Callable[[Any], Any]


def table(tf: Any, rows: int = 6, **options: Any) -> tuple[Any, Any]:
    """Weights and biases of classes."""
    weights = tf.get_variable("weights", [rows, 3], initializer=ramp(tf), **options)
    return weights, tf.get_variable("biases", [rows], initializer=ramp(tf))


def drawn(tf: Any, count: int = 2) -> tuple[Any, Any, Any]:
    """A sample, one of whose classes is a true one."""
    expected = np.linspace(0.25, 1.5, 2 * count, dtype=np.float32).reshape(2, count)
    return tf.constant([4, 1, 0], tf.int64), tf.constant(expected), tf.constant([0.5, 1.0, 0.75])


def nce(tf: Any) -> list[Any]:
    """The loss with a sample that is given, of one and of two true classes, and its derivatives."""
    weights, biases = table(tf)
    x = tf.placeholder("float32", [None, 3], name="x")
    classes = tf.placeholder("int32", [None, 1], name="classes")
    labels = tf.placeholder("int64", [None, 2], name="labels")
    one = tf.nn.nce_loss(weights, biases, classes, x, 3, 6, sampled_values=drawn(tf, 1))
    given: dict[str, Any] = {"num_true": 2, "sampled_values": drawn(tf), "remove_accidental_hits": True}
    two = tf.nn.nce_loss(weights, biases, labels, x, 3, 6, name="two", **given)
    return [one, two]


def softmax(tf: Any) -> list[Any]:
    """The loss with a sample that is given, with accidental hits and without; with a table in parts."""
    weights, biases = table(tf, partitioner=tf.fixed_size_partitioner(2))
    x = tf.placeholder("float32", [None, 3], name="x")
    labels = tf.placeholder("int64", [None, 1], name="labels")
    given: dict[str, Any] = {"sampled_values": drawn(tf, 1)}
    kept = tf.nn.sampled_softmax_loss(weights, biases, labels, x, 3, 6, remove_accidental_hits=False, **given)
    left = tf.nn.sampled_softmax_loss(weights, biases, labels, x, 3, 6, partition_strategy="div", **given)
    return [kept, left]


def own_samples(tf: Any) -> list[Any]:
    """Losses that draw; the results are not the same each time."""
    weights, biases = table(tf)
    x = tf.placeholder("float32", [None, 3], name="x")
    labels = tf.placeholder("int32", [None, 1], name="labels")
    tf.nn.nce_loss(weights, biases, labels, x, 3, 6)
    tf.nn.sampled_softmax_loss(weights, biases, labels, x, 3, 6)
    return []


def samplers(tf: Any) -> list[Any]:
    """Samplers with names; that of all classes has the same result each time."""
    classes = tf.constant([[1, 2], [0, 3]], tf.int64)
    nn = tf.nn
    nn.uniform_candidate_sampler(classes, 2, 3, True, 5, seed=1)
    nn.log_uniform_candidate_sampler(classes, 2, 3, False, 5, seed=1, name="log")
    nn.learned_unigram_candidate_sampler(classes, 2, 3, True, 5, seed=1)
    nn.fixed_unigram_candidate_sampler(classes, 2, 3, True, 4, unigrams=[1.0, 2.0, 0.5, 4.0], seed=1)
    unknown = tf.placeholder("int64", [None, 2])
    return [*nn.all_candidate_sampler(classes, 2, 4, True), *nn.all_candidate_sampler(unknown, 2, 4, True)]


def hits(tf: Any) -> list[Any]:
    """True classes among the candidates, and values at places."""
    found = tf.nn.compute_accidental_hits(
        tf.constant([[4, 2], [9, 1]], tf.int64), tf.constant([1, 4, 4, 0], tf.int64), 2
    )
    rows = tf.sparse_to_dense([[0, 1], [2, 0]], [3, 2], [1.0, 2.0], -1.0, name="rows")
    places = tf.sparse_to_dense(tf.constant([3, 1], tf.int64), [5], 7, validate_indices=False)
    return [*found, rows, places, tf.sparse_to_dense(2, [4], 1)]


def derivatives(tf: Any) -> list[Any]:
    """Of the losses by all of their variables, and of values at places."""
    losses = [*nce(tf)]
    variables = tf.trainable_variables()
    values, default = tf.constant([1.0, 2.0]), tf.constant(0.5)
    dense = tf.sparse_to_dense([[0, 1], [2, 0]], [3, 2], values, default)
    found = tf.gradients(losses, variables)
    slices = [tf.convert_to_tensor(each) for each in found]
    return [*slices, *tf.gradients(dense * dense, [values, default])]


PROGRAMS: dict[str, Program] = {
    "samplers": samplers,
    "hits": hits,
}
"""Programs whose graphs are TensorFlow's too."""

RESULTS: dict[str, Program] = {
    "nce": nce,
    "own_samples": own_samples,
    "softmax": softmax,
    "derivatives": derivatives,
}
"""Programs of which the collections and values are TensorFlow's."""
