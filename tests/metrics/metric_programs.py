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
}
"""Programs whose results and collections are TensorFlow's; it checks shapes by more operations."""
