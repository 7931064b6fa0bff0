"""Small programs with metrics, run by TensorFlow once (`tests/layers/make_programs.py`) and by hdfsaver in every test.

python -m tests.layers.make_programs tests.metrics.metric_programs > tests/metrics/metric_programs.json
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Program = Callable[[Any], Any]

LABELS = [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]

ROW = [[1.0], [0.5]]


def gathered(function: str, *more: float, name: str | None = None) -> Program:
    """The values of a metric after batches, with and without weights; updates are run before the values are."""

    def program(tf: Any) -> list[Any]:
        x = tf.placeholder("float32", [None, 3], name="x")
        given = (x,) if function in ("mean", "percentage_below") else (LABELS, x)
        made = []
        for weights in (None, 2.0, ROW):
            value, update = getattr(tf.metrics, function)(
                *given,
                *more,
                weights=weights,
                metrics_collections=["losses"],
                updates_collections="update_ops",
                name=name,
            )
            made.append(value)
            assert tf.get_collection("update_ops")[-1] is update
        return made

    return program


def classes(tf: Any) -> list[Any]:
    """Numbers of classes: of several dtypes, and as columns."""
    predicted = tf.placeholder("int64", [None, 1], name="p")
    made = []
    for labels in (tf.constant([2, 1]), tf.constant([[2], [1]], tf.int64)):
        value, update = tf.metrics.accuracy(labels, predicted)
        tf.add_to_collection("update_ops", update)
        made.append(value)
    return made


def of_rates(function: str, *more: Any, **options: Any) -> Program:
    """The values of a metric of predictions from 0 to 1, after batches with and without weights."""

    def program(tf: Any) -> list[Any]:
        x = tf.sigmoid(tf.placeholder("float32", [None, 3], name="x"))
        made = []
        for weights in (None, ROW):
            value, update = getattr(tf.metrics, function)(LABELS, x, *more, weights=weights, **options)
            tf.add_to_collection("update_ops", update)
            made.append(value)
        return made

    return program


def of_classes(tf: Any) -> list[Any]:
    """Means over classes, of labels in vectors and matrices; and the matrix of all pairs."""
    predicted = tf.placeholder("int64", [2, 2], name="p")
    made = []
    for function in (tf.metrics.mean_iou, tf.metrics.mean_per_class_accuracy):
        for weights in (None, tf.constant([[1.0, 0.5], [0.0, 2.0]])):
            value, update = function(tf.constant([[3, 2], [0, 1]]), predicted, 5, weights)
            tf.add_to_collection("update_ops", update)
            made.append(value)
    pairs = [1, 0, 2], [[1], [2], [2]]
    return [*made, tf.confusion_matrix(*pairs), tf.confusion_matrix(*pairs, 4, tf.float32, weights=[0.5, 1.0, 2.0])]


def at_k(tf: Any) -> list[Any]:
    """Precision and recall of the greatest predictions, of one label or several, of all classes or one."""
    x = tf.placeholder("float32", [None, 4], name="x")
    several = tf.constant([[0, 3], [1, 1]], tf.int64)
    sparse = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([0, 3, 1], tf.int64), [2, 3])
    made = []
    for labels, function, options in (
        (tf.constant([3, 1], tf.int64), "precision_at_k", {"k": 2}),
        (several, "recall_at_k", {"k": 2}),
        (several, "precision_at_k", {"k": 3, "class_id": 3}),
        (several, "recall_at_k", {"k": 2, "weights": [1.0, 0.5]}),
        (sparse, "recall_at_k", {"k": 2, "class_id": 0, "name": "n"}),
        (several, "average_precision_at_k", {"k": 3}),
        (sparse, "sparse_average_precision_at_k", {"k": 2, "weights": [2.0, 1.0]}),
        (sparse, "sparse_precision_at_k", {"k": 1}),
    ):
        value, update = getattr(tf.metrics, function)(labels, x, **options)
        tf.add_to_collection("update_ops", update)
        made.append(value)
    top = tf.constant([[3, 3, 0], [1, 2, 0]], tf.int64)
    for function in (tf.metrics.precision_at_top_k, tf.metrics.recall_at_top_k):
        value, update = function(several, top)
        tf.add_to_collection("update_ops", update)
        made.append(value)
    return made


def of_vectors(tf: Any) -> list[Any]:
    """Means of elements, of products of vectors, and of errors divided by numbers."""
    x = tf.placeholder("float32", [2, 3], name="x")
    made = []
    for value, update in (
        tf.metrics.mean_tensor(x),
        tf.metrics.mean_tensor(x, ROW, name="n"),
        tf.metrics.mean_cosine_distance(LABELS, x, 1),
        tf.metrics.mean_relative_error(tf.constant(LABELS), x, LABELS),
    ):
        tf.add_to_collection("update_ops", update)
        made.append(value)
    return made


PROGRAMS: dict[str, Program] = {
    "mean": lambda tf: [
        tf.metrics.mean(tf.placeholder("float32", [None]))[0],
        tf.metrics.mean([1.0, 2.0], name="m")[0],
    ],
}
"""Programs whose graphs and results are TensorFlow's."""

RESULTS: dict[str, Program] = {
    "weighted mean": gathered("mean"),
    "accuracy": gathered("accuracy"),
    "classes": classes,
    "absolute error": gathered("mean_absolute_error"),
    "squared error": gathered("mean_squared_error", name="named"),
    "root of squared error": gathered("root_mean_squared_error"),
    "below": gathered("percentage_below", 0.3),
    "true positives": gathered("true_positives"),
    "true negatives": gathered("true_negatives"),
    "false positives": gathered("false_positives"),
    "false negatives": gathered("false_negatives"),
    "precision": gathered("precision"),
    "recall": gathered("recall"),
    "area": of_rates("auc"),
    "areas by other rules": of_rates("auc", num_thresholds=9, summation_method="minoring", curve="PR"),
    "upper areas": of_rates("auc", thresholds=[0.7, 0.2], summation_method="majoring", name="n"),
    "interpolated area": of_rates("auc", num_thresholds=7, curve="PR", summation_method="careful_interpolation"),
    "precision at thresholds": of_rates("precision_at_thresholds", [0.3, 0.6]),
    "recall at thresholds": of_rates("recall_at_thresholds", [0.3, 0.6]),
    **{
        f"{kind} at thresholds": of_rates(f"{kind}_at_thresholds", [0.3, 0.6])
        for kind in ("true_positives", "false_negatives", "true_negatives", "false_positives")
    },
    "sensitivity": of_rates("sensitivity_at_specificity", 0.7),
    "specificity": of_rates("specificity_at_sensitivity", 0.4, num_thresholds=20),
    "of classes": of_classes,
    "at k": at_k,
    "of vectors": of_vectors,
}
"""Programs whose results and collections are TensorFlow's; it checks shapes by more operations."""
