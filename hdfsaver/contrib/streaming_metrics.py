"""``tf.contrib.metrics``: the metrics of ``tf.metrics`` with the predictions first, and dicts of metrics."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any

from hdfsaver import metrics
from hdfsaver.absent_names import absent as _absent
from hdfsaver.metrics.classes import confusion_matrix

__all__ = [
    "aggregate_metric_map",
    "aggregate_metrics",
    "confusion_matrix",
    "streaming_accuracy",
    "streaming_auc",
    "streaming_false_negatives",
    "streaming_false_positives",
    "streaming_mean",
    "streaming_mean_absolute_error",
    "streaming_mean_iou",
    "streaming_mean_squared_error",
    "streaming_mean_tensor",
    "streaming_percentage_less",
    "streaming_precision",
    "streaming_recall",
    "streaming_root_mean_squared_error",
    "streaming_sparse_precision_at_k",
    "streaming_sparse_recall_at_k",
    "streaming_true_negatives",
    "streaming_true_positives",
]

Metric = Callable[..., tuple[Any, Any]]


def _streaming(metric: Metric) -> Metric:
    """A metric of ``tf.metrics`` that takes predictions before labels."""

    def streaming(predictions: Any, labels: Any, *args: Any, **options: Any) -> tuple[Any, Any]:
        return metric(labels, predictions, *args, **options)

    return _described(streaming, metric, f"`tf.metrics.{metric.__name__}` with the predictions first.")


def _described(made: Metric, metric: Metric, first: str) -> Metric:
    made.__name__ = made.__qualname__ = f"streaming_{metric.__name__}"
    made.__doc__ = (
        f"{first}\n\n    Parameters\n    ----------\n    predictions, labels : TensorLike\n"
        f"    *args, **options : object\n        As for `tf.metrics.{metric.__name__}`.\n\n"
        "    Returns\n    -------\n    value, update_op : Tensor\n    "
    )
    return made


streaming_accuracy = _streaming(metrics.accuracy)
streaming_auc = _streaming(metrics.auc)
streaming_false_negatives = _streaming(metrics.false_negatives)
streaming_false_positives = _streaming(metrics.false_positives)
streaming_mean_absolute_error = _streaming(metrics.mean_absolute_error)
streaming_mean_iou = _streaming(metrics.mean_iou)
streaming_mean_squared_error = _streaming(metrics.mean_squared_error)
streaming_precision = _streaming(metrics.precision)
streaming_recall = _streaming(metrics.recall)
streaming_root_mean_squared_error = _streaming(metrics.root_mean_squared_error)
streaming_sparse_precision_at_k = _streaming(metrics.precision_at_k)
streaming_sparse_recall_at_k = _streaming(metrics.recall_at_k)
streaming_true_negatives = _streaming(metrics.true_negatives)
streaming_true_positives = _streaming(metrics.true_positives)
streaming_mean = metrics.mean
streaming_mean_tensor = metrics.mean_tensor
streaming_percentage_less = metrics.percentage_below


def aggregate_metrics(*value_update_tuples: tuple[Any, Any]) -> tuple[list[Any], list[Any]]:
    """The values of metrics as one list, and their updates as another.

    Raises
    ------
    ValueError
        There is no metric.
    """
    if not value_update_tuples:
        raise ValueError("Expected at least one value_tensor/update_op pair")
    values, updates = zip(*value_update_tuples, strict=True)
    return list(values), list(updates)


def aggregate_metric_map(names_to_tuples: Mapping[str, tuple[Any, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of metrics by name as one dict, and their updates as another."""
    values = {name: value for name, (value, _) in names_to_tuples.items()}
    return values, {name: update for name, (_, update) in names_to_tuples.items()}


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent("hdfsaver.contrib.metrics", name, __all__)
