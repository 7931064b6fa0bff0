"""Metrics about classes: which are taken for which others."""

from __future__ import annotations

from hdfsaver import dtypes
from hdfsaver.assertions.comparisons import assert_less, assert_non_negative
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.losses.loss_shapes import squeezed
from hdfsaver.metrics.local_totals import Collections, Metric, listed, local_total
from hdfsaver.ops.arithmetic import div_no_nan, divide, maximum
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import greater, not_equal
from hdfsaver.ops.filling import ones, ones_like
from hdfsaver.ops.indexing import scatter_nd
from hdfsaver.ops.joining import stack
from hdfsaver.ops.reduction import reduce_max, reduce_mean, reduce_sum
from hdfsaver.ops.scatter_ops import scatter_add
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import reshape, size
from hdfsaver.ops.state_ops import assign_add
from hdfsaver.variables.variable_scope import variable_scope


def confusion_matrix(
    labels: TensorLike,
    predictions: TensorLike,
    num_classes: TensorLike | None = None,
    dtype: DTypeLike = dtypes.int32,
    name: str | None = None,
    weights: TensorLike | None = None,
) -> Tensor:
    """How often each class (the row) is taken for each other (the column).

    Parameters
    ----------
    labels, predictions : TensorLike
        Vectors of numbers of classes; one may have a last axis of length 1 more.
    num_classes : int, optional
        By default one more than the greatest number.
    dtype : DType
        Of the result.
    name : str, optional
        ``confusion_matrix`` by default.
    weights : TensorLike, optional
        What each pair counts, instead of 1.

    Returns
    -------
    Tensor
        Shape (num_classes, num_classes).

    Raises
    ------
    ValueError
        The shapes do not fit.
    InvalidArgumentError
        When run: a number is negative, or not less than ``num_classes``.
    """
    with name_scope(name, "confusion_matrix", predictions, labels, num_classes, weights):
        given, found = convert_to_tensor(labels), convert_to_tensor(predictions)
        given, found = squeezed(given, found.shape.ndims), squeezed(found, given.shape.ndims)
        given, found = cast(given, "int64"), cast(found, "int64")
        found.shape.assert_is_compatible_with(given.shape)
        checks = [
            assert_non_negative(given, message="`labels` contains negative values"),
            assert_non_negative(found, message="`predictions` contains negative values"),
        ]
        if num_classes is None:
            count = maximum(reduce_max(found), reduce_max(given)) + 1
        else:
            count = cast(num_classes, "int64")
            checks += [
                assert_less(given, count, message="`labels` out of bound"),
                assert_less(found, count, message="`predictions` out of bound"),
            ]
        target = dtypes.as_dtype(dtype).base_dtype.name
        counted = ones_like(found, target) if weights is None else cast(convert_to_tensor(weights), target)
        with get_default_graph().control_dependencies([check for check in checks if check is not None]):
            places = stack([apply("Identity", given), apply("Identity", found)], 1)
        return scatter_nd(places, counted, cast(stack([count, count]), "int64"))


def _flat(values: TensorLike) -> Tensor:
    tensor = convert_to_tensor(values)
    return reshape(tensor, [-1]) if (tensor.shape.ndims or 0) > 1 else tensor


def mean_iou(
    labels: TensorLike,
    predictions: TensorLike,
    num_classes: int,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean over classes of "intersection over union": right answers, by all that are or should be of the class.

    Parameters
    ----------
    labels, predictions : TensorLike
        Numbers of classes, of the same shape.
    num_classes : int
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``mean_iou`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the matrix of all pairs.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with variable_scope(name, "mean_iou"):
        convert_to_tensor(predictions).shape.assert_is_compatible_with(convert_to_tensor(labels).shape)
        total = local_total("total_confusion_matrix", [num_classes, num_classes], "float64")
        pairs = _flat(labels), _flat(predictions)
        factors = None if weights is None else _flat(weights)
        update = assign_add(total, confusion_matrix(*pairs, num_classes, dtypes.float64, weights=factors))
        rows, columns = (cast(reduce_sum(total, axis), "float32") for axis in (1, 0))
        right = cast(apply("GatherNd", total, [[place, place] for place in range(num_classes)]), "float32")
        either = columns + rows - right
        valid = reduce_sum(cast(not_equal(either, 0.0), "float32"))
        part = divide(right, where(greater(either, 0.0), either, ones_like(either)))
        value = where(greater(valid, 0.0), reduce_sum(part, name="mean_iou") / valid, 0.0)
        return listed(value, update, metrics_collections, updates_collections)


def mean_per_class_accuracy(
    labels: TensorLike,
    predictions: TensorLike,
    num_classes: int,
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """The mean over classes of how often their labels are predicted.

    Parameters
    ----------
    labels, predictions : TensorLike
        Numbers of classes, of the same shape.
    num_classes : int
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``mean_accuracy`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the accuracy of each class.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with variable_scope(name, "mean_accuracy"):
        given, found = cast(_flat(labels), "int64"), _flat(predictions)
        found.shape.assert_is_compatible_with(given.shape)
        total, count = local_total("total", [num_classes]), local_total("count", [num_classes])
        added = ones([size(given)], dtypes.float32)
        right = cast(apply("Equal", cast(found, "int64"), given), "float32")
        if weights is not None:
            factors = cast(_flat(weights), "float32")
            right, added = right * factors, added * factors
        more, more_right = scatter_add(total, given, added), scatter_add(count, given, right)
        value = reduce_mean(div_no_nan(count, maximum(total, 0.0)), name="mean_accuracy")
        update = div_no_nan(more_right, maximum(more, 0.0), name="update_op")
        return listed(value, update, metrics_collections, updates_collections)
