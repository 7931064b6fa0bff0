"""Metrics that are means over all batches."""

from __future__ import annotations

from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.losses.loss_shapes import check_broadcastable, squeezed
from hdfsaver.metrics.local_totals import Collections, Metric, listed, local_total
from hdfsaver.ops.arithmetic import div_no_nan, divide, maximum, multiply, squared_difference, subtract
from hdfsaver.ops.casting import cast
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.filling import ones_like, zeros_like
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.roots import sqrt
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import size
from hdfsaver.ops.state_ops import assign_add
from hdfsaver.variables.variable_scope import variable_scope


def _matching(labels: TensorLike, predictions: TensorLike) -> tuple[Tensor, Tensor]:
    """Labels and predictions, of which one may have a last axis of length 1 more."""
    labels, predictions = convert_to_tensor(labels), convert_to_tensor(predictions)
    labels, predictions = squeezed(labels, predictions.shape.ndims), squeezed(predictions, labels.shape.ndims)
    predictions.shape.assert_is_compatible_with(labels.shape)
    return labels, predictions


def mean(
    values: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean of values over all batches.

    Parameters
    ----------
    values : TensorLike
        Of any shape.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``mean`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with variable_scope(name, "mean"):
        values = cast(values, "float32")
        total, count = local_total("total"), local_total("count")
        if weights is None:
            added = cast(size(values), "float32")
        else:
            weights = cast(squeezed(convert_to_tensor(weights), values.shape.ndims), "float32")
            check_broadcastable(weights, values)
            values = multiply(values, weights)
            added = reduce_sum(multiply(ones_like(values), weights))
        more = assign_add(total, reduce_sum(values))
        with get_default_graph().control_dependencies([values]):
            counted = assign_add(count, added)
        value = div_no_nan(total, maximum(count, 0.0), name="value")
        update = div_no_nan(more, maximum(counted, 0.0), name="update_op")
        return listed(value, update, metrics_collections, updates_collections)


def accuracy(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How often predictions are the labels.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``accuracy`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _matching(labels, predictions)
    if labels.dtype != predictions.dtype:
        predictions = cast(predictions, labels.dtype)
    correct = cast(apply("Equal", predictions, labels), "float32")
    return mean(correct, weights, metrics_collections, updates_collections, name or "accuracy")


def mean_absolute_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean of the absolute differences.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``mean_absolute_error`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _floats(labels, predictions)
    errors = absolute(subtract(predictions, labels))
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_absolute_error")


def mean_squared_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean of the squared differences.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``mean_squared_error`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _floats(labels, predictions)
    errors = squared_difference(labels, predictions)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_squared_error")


def root_mean_squared_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The root of the mean of the squared differences.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``root_mean_squared_error`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _floats(labels, predictions)
    value, update = mean_squared_error(labels, predictions, weights, None, None, name or "root_mean_squared_error")
    return listed(sqrt(value), sqrt(update), metrics_collections, updates_collections)


def mean_cosine_distance(
    labels: TensorLike,
    predictions: TensorLike,
    dim: int,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean of 1 minus the products of vectors of length 1.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape.
    dim : int
        The axis of the vectors.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``mean_cosine_distance`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _floats(labels, predictions)
    products = reduce_sum(multiply(predictions, labels), [dim], keepdims=True)
    value, update = mean(products, weights, None, None, name or "mean_cosine_distance")
    return listed(subtract(1.0, value), subtract(1.0, update), metrics_collections, updates_collections)


def mean_relative_error(
    labels: TensorLike,
    predictions: TensorLike,
    normalizer: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean of the absolute differences, each divided by a number; 0 where that is 0.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape.
    normalizer : TensorLike
        Of that shape too.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``mean_relative_error`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    labels, predictions = _floats(labels, predictions)
    divisor = cast(squeezed(convert_to_tensor(normalizer), predictions.shape.ndims), "float32")
    predictions.shape.assert_is_compatible_with(divisor.shape)
    parts = divide(absolute(subtract(labels, predictions)), divisor)
    errors = where(apply("Equal", divisor, 0.0), zeros_like(labels), parts)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_relative_error")


def mean_tensor(
    values: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean of each element over all batches.

    Parameters
    ----------
    values : TensorLike
        Of a known shape.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``mean`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with variable_scope(name, "mean"):
        values = cast(values, "float32")
        total, count = (local_total(name, values.shape) for name in ("total_tensor", "count_tensor"))
        added = ones_like(values)
        if weights is not None:
            factors = cast(squeezed(convert_to_tensor(weights), values.shape.ndims), "float32")
            check_broadcastable(factors, values)
            values, added = multiply(values, factors), multiply(added, factors)
        more = assign_add(total, values)
        with get_default_graph().control_dependencies([values]):
            counted = assign_add(count, added)
        value = div_no_nan(total, maximum(count, 0.0), name="value")
        update = div_no_nan(more, maximum(counted, 0.0), name="update_op")
        return listed(value, update, metrics_collections, updates_collections)


def percentage_below(
    values: TensorLike,
    threshold: TensorLike,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many of the values are below a threshold, as a part of 1.

    Parameters
    ----------
    values : TensorLike
        Of any shape.
    threshold : number
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``percentage_below_threshold`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    below = cast(apply("Less", values, threshold), "float32")
    return mean(below, weights, metrics_collections, updates_collections, name or "percentage_below_threshold")


def _floats(labels: TensorLike, predictions: TensorLike) -> tuple[Tensor, Tensor]:
    labels, predictions = _matching(labels, predictions)
    return cast(labels, "float32"), cast(predictions, "float32")
