"""Metrics that count right and wrong answers to yes or no."""

from __future__ import annotations

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.losses.loss_shapes import check_broadcastable, squeezed
from hdfsaver.metrics.local_totals import Collections, Metric, listed, local_total
from hdfsaver.ops.arithmetic import multiply
from hdfsaver.ops.casting import cast
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.selection import where
from hdfsaver.ops.state_ops import assign_add
from hdfsaver.variables.variable_scope import variable_scope


def _answers(labels: TensorLike, predictions: TensorLike) -> tuple[Tensor, Tensor]:
    """Labels and predictions as bools, of which one may have a last axis of length 1 more."""
    labels, predictions = cast(labels, "bool"), cast(predictions, "bool")
    labels, predictions = squeezed(labels, predictions.shape.ndims), squeezed(predictions, labels.shape.ndims)
    predictions.shape.assert_is_compatible_with(labels.shape)
    return labels, predictions


def _counted(
    labels: Tensor,
    predictions: Tensor,
    weights: TensorLike | None,
    name: str | None,
    scope: str,
    wanted: tuple[bool, bool],
) -> Metric:
    """How many pairs of a label and a prediction are the wanted ones."""
    with variable_scope(name, scope):
        chosen = apply("LogicalAnd", apply("Equal", labels, wanted[0]), apply("Equal", predictions, wanted[1]))
        count, values = local_total("count"), cast(chosen, "float32")
        if weights is not None:
            factors = cast(squeezed(convert_to_tensor(weights), values.shape.ndims), "float32")
            check_broadcastable(factors, values)
            values = multiply(values, factors)
        return apply("Identity", count), assign_add(count, reduce_sum(values))


def _ratio(part: Tensor, other: Tensor, name: str) -> Tensor:
    """The part of the sum of both; 0 if the sum is."""
    return where((part + other) > 0, part / (part + other), apply("Cast", 0.0, DstT="float32"), name=name)


def true_positives(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many labels are not 0 while the predictions are not 0.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. They are cast to bool.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``true_positives`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _answers(labels, predictions)
    value, update = _counted(labels, predictions, weights, name, "true_positives", (True, True))
    return listed(value, update, metrics_collections, updates_collections)


def true_negatives(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many labels are 0 while the predictions are 0.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. They are cast to bool.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``true_negatives`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _answers(labels, predictions)
    value, update = _counted(labels, predictions, weights, name, "true_negatives", (False, False))
    return listed(value, update, metrics_collections, updates_collections)


def false_positives(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many labels are 0 while the predictions are not 0.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. They are cast to bool.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``false_positives`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _answers(labels, predictions)
    value, update = _counted(labels, predictions, weights, name, "false_positives", (False, True))
    return listed(value, update, metrics_collections, updates_collections)


def false_negatives(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many labels are not 0 while the predictions are 0.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. They are cast to bool.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``false_negatives`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _answers(labels, predictions)
    value, update = _counted(labels, predictions, weights, name, "false_negatives", (True, False))
    return listed(value, update, metrics_collections, updates_collections)


def precision(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many of the predictions that are not 0 are right, as a part of 1; 0 if there are none.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. They are cast to bool.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``precision`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with variable_scope(name, "precision"):
        labels, predictions = _answers(labels, predictions)
        right, more_right = _counted(labels, predictions, weights, None, "true_positives", (True, True))
        wrong, more_wrong = _counted(labels, predictions, weights, None, "false_positives", (False, True))
        value, update = _ratio(right, wrong, "value"), _ratio(more_right, more_wrong, "update_op")
        return listed(value, update, metrics_collections, updates_collections)


def recall(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many of the labels that are not 0 are predicted, as a part of 1; 0 if there are none.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. They are cast to bool.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``recall`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with variable_scope(name, "recall"):
        labels, predictions = _answers(labels, predictions)
        right, more_right = _counted(labels, predictions, weights, None, "true_positives", (True, True))
        wrong, more_wrong = _counted(labels, predictions, weights, None, "false_negatives", (True, False))
        value, update = _ratio(right, wrong, "value"), _ratio(more_right, more_wrong, "update_op")
        return listed(value, update, metrics_collections, updates_collections)
