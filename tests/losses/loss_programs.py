"""Small programs with losses, run by TensorFlow once (`tests/layers/make_programs.py`) and by hdfsaver in every test.

python -m tests.layers.make_programs tests.losses.loss_programs > tests/losses/loss_programs.json
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Program = Callable[[Any], Any]

LABELS = [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]


def predictions(tf: Any) -> Any:
    """A placeholder for a matrix."""
    return tf.placeholder("float32", [None, 3], name="x")


def weighted(function: str, **options: Any) -> Program:
    """A loss with weights of several shapes, and with each reduction."""

    def program(tf: Any) -> list[Any]:
        loss, given = getattr(tf.losses, function), tf.sigmoid(predictions(tf))
        row = [[1.0], [0.0]] if function not in ("softmax_cross_entropy",) else [1.0, 0.0]
        made = [loss(LABELS, given, weights=weights, **options) for weights in (1.0, 0.0, 2, row)]
        kinds = ("NONE", "SUM", "MEAN", "SUM_OVER_BATCH_SIZE", "SUM_OVER_NONZERO_WEIGHTS")
        reductions = [getattr(tf.losses.Reduction, kind) for kind in kinds]
        made += [loss(LABELS, given, weights=row, reduction=kind, **options) for kind in reductions]
        x = tf.constant([[0.5, 0.25, 0.75], [0.125, 0.5, 0.875]])
        return [*made, *tf.gradients(loss(LABELS, x, scope="last", loss_collection=None, **options), x)]

    return program


def sparse(tf: Any) -> list[Any]:
    """Numbers of classes, as a vector and as a column, with weights of both shapes."""
    loss, logits = tf.losses.sparse_softmax_cross_entropy, predictions(tf)
    column = tf.placeholder("int64", [None, 1], name="labels")
    made = [loss([2, 1], logits), loss(column, logits, weights=[[1.0], [3.0]]), loss([0, 1], logits, [0.0, 2.0])]
    return [*made, loss([0, 1], tf.cast(logits, tf.float64))]


def pairwise(tf: Any) -> list[Any]:
    """Differences between pairs, with weights for elements of the batch."""
    loss, given = tf.losses.mean_pairwise_squared_error, predictions(tf)
    return [loss(LABELS, given), loss(LABELS, given, weights=[[2.0], [0.0]]), loss(LABELS, given, weights=0.0)]


def totals(tf: Any) -> list[Any]:
    """The sums of all losses, of those of variables, and of those in a scope."""
    x = predictions(tf)
    nothing = tf.losses.get_regularization_loss()
    tf.losses.mean_squared_error(LABELS, x)
    with tf.name_scope("inner"):
        tf.losses.absolute_difference(LABELS, x)
    tf.losses.add_loss(tf.constant(3.0))
    tf.layers.dense(x, 2, kernel_regularizer=tf.nn.l2_loss, kernel_initializer=tf.ones_initializer())
    found = [tf.losses.get_total_loss(), tf.losses.get_total_loss(False, name="t"), tf.losses.get_regularization_loss()]
    inner = tf.losses.get_total_loss(scope="inner", add_regularization_losses=False)
    return [nothing, *found, inner, *tf.losses.get_losses("mean"), *tf.losses.get_regularization_losses()]


PROGRAMS: dict[str, Program] = {}

RESULTS: dict[str, Program] = {
    "absolute difference": weighted("absolute_difference"),
    "squared error": weighted("mean_squared_error"),
    "huber": weighted("huber_loss", delta=0.4),
    "log": weighted("log_loss"),
    "hinge": weighted("hinge_loss"),
    "cosine": weighted("cosine_distance", axis=1),
    "sigmoid": weighted("sigmoid_cross_entropy"),
    "smoothed sigmoid": weighted("sigmoid_cross_entropy", label_smoothing=0.1),
    "softmax": weighted("softmax_cross_entropy"),
    "smoothed softmax": weighted("softmax_cross_entropy", label_smoothing=0.1),
    "sparse softmax": sparse,
    "pairwise": pairwise,
    "totals": totals,
    "weighted": lambda tf: tf.losses.compute_weighted_loss(tf.constant([1, 2, 4]), [0.5, 0.0, 2.0]),
}
"""Programs whose results and collections are TensorFlow's; it checks shapes by more operations."""
