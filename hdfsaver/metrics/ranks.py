"""Metrics of the classes with the greatest predictions of each row: precision and recall at k."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.losses.loss_shapes import check_broadcastable
from hdfsaver.metrics.local_totals import Collections, Metric, listed, local_total
from hdfsaver.ops.arithmetic import div_no_nan, divide, minimum, multiply
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import logical_and, logical_not
from hdfsaver.ops.filling import ones_like
from hdfsaver.ops.reduction import reduce_any, reduce_sum
from hdfsaver.ops.scans import cumsum
from hdfsaver.ops.shaping import expand_dims
from hdfsaver.ops.state_ops import assign_add


class _Ids(NamedTuple):
    """Numbers of classes in rows; each counts only where ``is_there``."""

    values: Tensor
    is_there: Tensor

    def only(self, class_id: int | None) -> _Ids:
        """Those of one class, or all."""
        if class_id is None:
            return self
        return _Ids(self.values, logical_and(self.is_there, apply("Equal", self.values, np.int64(class_id))))

    def within(self, others: _Ids) -> Tensor:
        """For each number whether it is among others, and not one that has been there before in its row."""
        first, second = expand_dims(self.values, -1), expand_dims(others.values, -2)
        is_among = reduce_any(logical_and(apply("Equal", first, second), expand_dims(others.is_there, -2)), -1)
        return logical_and(self.distinct(), is_among)

    def beside(self, others: _Ids) -> Tensor:
        """For each number whether it is not among others, and not one that has been there before in its row."""
        first, second = expand_dims(self.values, -1), expand_dims(others.values, -2)
        is_among = reduce_any(logical_and(apply("Equal", first, second), expand_dims(others.is_there, -2)), -1)
        return logical_and(self.distinct(), logical_not(is_among))

    def distinct(self) -> Tensor:
        """For each number whether it is there, and was not before in its row."""
        is_same = apply("Equal", expand_dims(self.values, -1), expand_dims(self.values, -2))
        known = logical_and(is_same, expand_dims(self.is_there, -2))
        length = apply("GatherV2", apply("Shape", self.values), [-1 + (self.values.shape.ndims or 1)], 0)
        places = apply("Range", 0, apply("Reshape", length, []), 1)
        earlier = apply("Less", expand_dims(places, 0), expand_dims(places, 1))
        return logical_and(self.is_there, logical_not(reduce_any(logical_and(known, earlier), -1)))


def _ids_of(labels: TensorLike | SparseTensor, rank: int | None) -> _Ids:
    """The labels in rows, as many axes as the predictions have."""
    if isinstance(labels, SparseTensor):
        values = cast(labels.values, "int64")
        made = apply("ScatterNd", labels.indices, values, labels.dense_shape)
        there = apply("ScatterNd", labels.indices, cast(ones_like(values), "int32"), labels.dense_shape)
        return _Ids(_ranked(made, rank), _ranked(apply("Greater", there, 0), rank))
    given = _ranked(cast(convert_to_tensor(labels), "int64"), rank)
    return _Ids(given, apply("Equal", given, given))


def _ranked(labels: Tensor, rank: int | None) -> Tensor:
    own = labels.shape.ndims
    if rank is None or own is None:
        raise UnimplementedError(None, None, "Metrics at k need a known rank of labels and predictions.")
    if own == rank:
        return labels
    if own + 1 == rank:
        return expand_dims(labels, -1)
    raise ValueError(
        f"Unexpected labels shape {labels.shape} for predictions of rank {rank}. Predictions rank should be the same "
        "rank as labels rank or labels rank plus one."
    )


def _predicted(predictions_idx: TensorLike) -> _Ids:
    given = cast(convert_to_tensor(predictions_idx), "int64")
    return _Ids(given, apply("Equal", given, given))


def _at_k(name: str, k: int | None, class_id: int | None = None) -> str:
    base = f"{name}_at_k" if k is None else f"{name}_at_{k}"
    return base if class_id is None else f"{base}_class{class_id}"


def _added(chosen: Tensor, weights: TensorLike | None, name: str) -> Metric:
    """A variable with the number of all that are chosen so far, and the operation that adds those of this batch."""
    with name_scope(None, name, chosen) as full:
        number = reduce_sum(cast(chosen, "float64"), -1)
        if weights is not None:
            factors = cast(convert_to_tensor(weights), "float64")
            check_broadcastable(factors, number)
            number = multiply(number, factors)
        total = local_total(full, (), "float64")
        return apply("Identity", total), assign_add(total, reduce_sum(number), name="update")


def precision_at_k(
    labels: TensorLike | SparseTensor,
    predictions: TensorLike,
    k: int,
    class_id: int | None = None,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """Which part of the predicted classes is among the labels.

    Parameters
    ----------
    labels : TensorLike or SparseTensor
        Numbers of classes, int64: one or several for each row.
    predictions : TensorLike
        A number for each class, floating; the last axis has the classes.
    k : int
        How many classes with the greatest numbers count as predicted.
    class_id : int, optional
        Only this class counts.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``precision_at_k`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with name_scope(name, _at_k("precision", k, class_id), predictions) as full:
        places = apply_list("TopKV2", predictions, k)[1]
        return precision_at_top_k(
            labels, places, k, class_id, weights, metrics_collections, updates_collections, name=full
        )


def precision_at_top_k(
    labels: TensorLike | SparseTensor,
    predictions_idx: TensorLike,
    k: int | None = None,
    class_id: int | None = None,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """Which part of the predicted classes is among the labels.

    Parameters
    ----------
    labels : TensorLike or SparseTensor
        Numbers of classes, int64: one or several for each row.
    predictions_idx : TensorLike
        Numbers of the classes that are predicted, int64.
    k : int, optional
        Only for the names of variables.
    class_id : int, optional
        Only this class counts.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``precision_at_k`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with name_scope(name, _at_k("precision", k, class_id), predictions_idx) as full:
        found = _predicted(predictions_idx)
        given = _ids_of(labels, found.values.shape.ndims).only(class_id)
        found = found.only(class_id)
        right, more_right = _added(found.within(given), weights, _at_k("true_positive", k, class_id))
        other, more_other = _added(found.beside(given), weights, _at_k("false_positive", k, class_id))
        value = divide(right, apply("AddV2", right, other), name=full)
        update = divide(more_right, apply("AddV2", more_right, more_other), name="update")
        return listed(value, update, metrics_collections, updates_collections)


def recall_at_k(
    labels: TensorLike | SparseTensor,
    predictions: TensorLike,
    k: int,
    class_id: int | None = None,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """Which part of the labels is among the predicted classes.

    Parameters
    ----------
    labels : TensorLike or SparseTensor
        Numbers of classes, int64: one or several for each row.
    predictions : TensorLike
        A number for each class, floating; the last axis has the classes.
    k : int
        How many classes with the greatest numbers count as predicted.
    class_id : int, optional
        Only this class counts.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``recall_at_k`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with name_scope(name, _at_k("recall", k, class_id), predictions) as full:
        places = apply_list("TopKV2", predictions, k)[1]
        return recall_at_top_k(
            labels, places, k, class_id, weights, metrics_collections, updates_collections, name=full
        )


def recall_at_top_k(
    labels: TensorLike | SparseTensor,
    predictions_idx: TensorLike,
    k: int | None = None,
    class_id: int | None = None,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """Which part of the labels is among the predicted classes.

    Parameters
    ----------
    labels : TensorLike or SparseTensor
        Numbers of classes, int64: one or several for each row.
    predictions_idx : TensorLike
        Numbers of the classes that are predicted, int64.
    k : int, optional
        Only for the names of variables.
    class_id : int, optional
        Only this class counts.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``recall_at_k`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with name_scope(name, _at_k("recall", k, class_id), predictions_idx) as full:
        found = _predicted(predictions_idx)
        given = _ids_of(labels, found.values.shape.ndims).only(class_id)
        found = found.only(class_id)
        right, more_right = _added(found.within(given), weights, _at_k("true_positive", k, class_id))
        other, more_other = _added(given.beside(found), weights, _at_k("false_negative", k, class_id))
        value = divide(right, apply("AddV2", right, other), name=full)
        update = divide(more_right, apply("AddV2", more_right, more_other), name="update")
        return listed(value, update, metrics_collections, updates_collections)


def average_precision_at_k(
    labels: TensorLike | SparseTensor,
    predictions: TensorLike,
    k: int,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean over rows of the precisions at each right prediction, divided by the number of labels, at most k.

    Parameters
    ----------
    labels : TensorLike or SparseTensor
        Numbers of classes, int64: one or several for each row.
    predictions : TensorLike
        A number for each class, floating; the last axis has the classes.
    k : int
        How many classes with the greatest numbers count as predicted.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``average_precision_at_k`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        k is less than 1, or the shapes do not fit.
    """
    if k < 1:
        raise ValueError(f"Invalid k={k}. `k` should be >= 1.")
    with name_scope(name, _at_k("average_precision", k), predictions) as full:
        rates = convert_to_tensor(predictions)
        found = _predicted(apply_list("TopKV2", rates, k)[1])
        given = _ids_of(labels, found.values.shape.ndims)
        right = cast(found.within(given), "float64")
        precision = divide(cumsum(right, -1), cumsum(ones_like(right), -1))
        wanted = cast(minimum(reduce_sum(cast(_relevant(labels, given, rates), "int32"), -1), k), "float64")
        average = divide(reduce_sum(multiply(precision, right), -1), wanted)
        return _mean_of(average, weights, full, (metrics_collections, updates_collections))


def _relevant(labels: TensorLike | SparseTensor, given: _Ids, classes: Tensor) -> Tensor:
    """Which of the labels count: of a sparse tensor different ones, of a tensor those that are numbers of classes."""
    if isinstance(labels, SparseTensor):
        return given.distinct()
    count = cast(apply("GatherV2", apply("Shape", classes), -1 + (classes.shape.ndims or 1), 0), "int64")
    return logical_and(apply("GreaterEqual", given.values, np.int64(0)), apply("Less", given.values, count))


def _mean_of(average: Tensor, weights: TensorLike | None, name: str, keys: tuple[Collections, Collections]) -> Metric:
    factors = ones_like(average)
    if weights is not None:
        given = cast(convert_to_tensor(weights), "float64")
        check_broadcastable(given, average)
        factors = multiply(factors, given)
        average = multiply(average, factors)
    with name_scope(None, "max_1", average) as full:  # TensorFlow has an operation Max before
        most = local_total(full, (), "float64")
        more = assign_add(most, reduce_sum(factors), name="update")
    with name_scope(None, "total", average) as full:
        total = local_total(full, (), "float64")
        added = assign_add(total, reduce_sum(average), name="update")
    return listed(div_no_nan(total, most, name="mean"), div_no_nan(added, more, name=name), *keys)


def sparse_precision_at_k(
    labels: TensorLike | SparseTensor,
    predictions: TensorLike,
    k: int,
    class_id: int | None = None,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """An older name of `precision_at_k`.

    Parameters
    ----------
    labels : TensorLike or SparseTensor
        Numbers of classes, int64: one or several for each row.
    predictions : TensorLike
        A number for each class, floating; the last axis has the classes.
    k : int
        How many classes with the greatest numbers count as predicted.
    class_id : int, optional
        Only this class counts.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``precision_at_k`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    return precision_at_k(labels, predictions, k, class_id, weights, metrics_collections, updates_collections, name)


def sparse_average_precision_at_k(
    labels: TensorLike | SparseTensor,
    predictions: TensorLike,
    k: int,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """An older name of `average_precision_at_k`.

    Parameters
    ----------
    labels : TensorLike or SparseTensor
        Numbers of classes, int64: one or several for each row.
    predictions : TensorLike
        A number for each class, floating; the last axis has the classes.
    k : int
        How many classes with the greatest numbers count as predicted.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``average_precision_at_k`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        k is less than 1, or the shapes do not fit.
    """
    return average_precision_at_k(labels, predictions, k, weights, metrics_collections, updates_collections, name)
