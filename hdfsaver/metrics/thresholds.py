"""Metrics of yes or no at several thresholds: counts, rates, and the areas under their curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hdfsaver.assertions.comparisons import assert_greater_equal, assert_less_equal
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.losses.loss_shapes import check_broadcastable, squeezed
from hdfsaver.metrics.local_totals import Collections, Metric, listed, local_total
from hdfsaver.ops.arithmetic import div_no_nan, divide, maximum, minimum, multiply
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import greater, logical_and
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.elementary import log
from hdfsaver.ops.filling import ones_like
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.scans import argmin
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import reshape
from hdfsaver.ops.state_ops import assign_add
from hdfsaver.training.tf_logging import warning
from hdfsaver.variables.variable_scope import variable_scope

_KINDS = {
    "true_positives": (True, True),
    "false_negatives": (True, False),
    "true_negatives": (False, False),
    "false_positives": (False, True),
}
"""For each kind of answer the label and the prediction, in the order of the variables."""

_EDGE = 1e-7
"""How far the first and the last threshold are outside of the range of predictions."""

Counts = dict[str, Tensor]


def _counted(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None,
    kinds: Sequence[str] = tuple(_KINDS),
) -> tuple[Counts, Counts]:
    """The numbers of answers of each kind at each threshold, before and after this batch is added."""
    given = convert_to_tensor(predictions)
    bounds = [
        assert_greater_equal(given, convert_to_tensor(0.0, given.dtype), message="predictions must be in [0, 1]"),
        assert_less_equal(given, convert_to_tensor(1.0, given.dtype), message="predictions must be in [0, 1]"),
    ]
    with get_default_graph().control_dependencies([bound for bound in bounds if bound is not None]):
        values, answers = cast(apply("Identity", given), "float32"), cast(labels, "bool")
    answers, values = squeezed(answers, values.shape.ndims), squeezed(values, answers.shape.ndims)
    values.shape.assert_is_compatible_with(answers.shape)
    factors = None
    if weights is not None:
        factors = cast(squeezed(convert_to_tensor(weights), values.shape.ndims), "float32")
        check_broadcastable(factors, values)
        factors = reshape(multiply(ones_like(values), factors), [1, -1])
    is_above = greater(reshape(values, [1, -1]), reshape(convert_to_tensor(list(thresholds), "float32"), [-1, 1]))
    is_label = reshape(answers, [1, -1])
    totals: Counts = {}
    updates: Counts = {}
    for kind, (label, prediction) in _KINDS.items():
        if kind in kinds:
            chosen = logical_and(apply("Equal", is_label, label), apply("Equal", is_above, prediction))
            number = cast(chosen, "float32")
            total = local_total(kind, [len(thresholds)])
            added = reduce_sum(number if factors is None else multiply(number, factors), 1)
            totals[kind], updates[kind] = apply("Identity", total), assign_add(total, added)
    return totals, updates


def _even(number: int) -> list[float]:
    """Thresholds that are evenly apart, of which the first and the last are outside of the range."""
    return [-_EDGE, *((place + 1) / (number - 1) for place in range(number - 2)), 1.0 + _EDGE]


def true_positives_at_thresholds(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many labels are not 0 while predictions are above each threshold.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    thresholds : list of float
        A prediction above one of them counts as yes.
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
    with variable_scope(name, "true_positives"):
        totals, updates = _counted(labels, predictions, thresholds, weights, ["true_positives"])
        return listed(totals["true_positives"], updates["true_positives"], metrics_collections, updates_collections)


def false_negatives_at_thresholds(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many labels are not 0 while predictions are not above each threshold.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    thresholds : list of float
        A prediction above one of them counts as yes.
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
    with variable_scope(name, "false_negatives"):
        totals, updates = _counted(labels, predictions, thresholds, weights, ["false_negatives"])
        return listed(totals["false_negatives"], updates["false_negatives"], metrics_collections, updates_collections)


def true_negatives_at_thresholds(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many labels are 0 while predictions are not above each threshold.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    thresholds : list of float
        A prediction above one of them counts as yes.
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
    with variable_scope(name, "true_negatives"):
        totals, updates = _counted(labels, predictions, thresholds, weights, ["true_negatives"])
        return listed(totals["true_negatives"], updates["true_negatives"], metrics_collections, updates_collections)


def false_positives_at_thresholds(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """How many labels are 0 while predictions are above each threshold.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    thresholds : list of float
        A prediction above one of them counts as yes.
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
    with variable_scope(name, "false_positives"):
        totals, updates = _counted(labels, predictions, thresholds, weights, ["false_positives"])
        return listed(totals["false_positives"], updates["false_positives"], metrics_collections, updates_collections)


def precision_at_thresholds(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """Which part of the predictions above each threshold is right.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    thresholds : list of float
        A prediction above one of them counts as yes.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``precision_at_thresholds`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    kinds = "true_positives", "false_positives"

    def part(counts: Counts, label: str) -> Tensor:
        right, other = (counts[kind] for kind in kinds)
        return divide(right, _EDGE + right + other, name=f"precision_{label}")

    with variable_scope(name, "precision_at_thresholds"):
        totals, updates = _counted(labels, predictions, thresholds, weights, kinds)
        value, update = part(totals, "value"), part(updates, "update_op")
        return listed(value, update, metrics_collections, updates_collections)


def recall_at_thresholds(
    labels: TensorLike,
    predictions: TensorLike,
    thresholds: Sequence[float],
    weights: TensorLike | None = None,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """Which part of the labels that are not 0 is predicted at each threshold.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    thresholds : list of float
        A prediction above one of them counts as yes.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``recall_at_thresholds`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    kinds = "true_positives", "false_negatives"

    def part(counts: Counts, label: str) -> Tensor:
        right, other = (counts[kind] for kind in kinds)
        return divide(right, _EDGE + right + other, name=f"recall_{label}")

    with variable_scope(name, "recall_at_thresholds"):
        totals, updates = _counted(labels, predictions, thresholds, weights, kinds)
        value, update = part(totals, "value"), part(updates, "update_op")
        return listed(value, update, metrics_collections, updates_collections)


def sensitivity_at_specificity(
    labels: TensorLike,
    predictions: TensorLike,
    specificity: float,
    weights: TensorLike | None = None,
    num_thresholds: int = 200,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """Which part of the labels that are not 0 is predicted, at the threshold of a given specificity.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    specificity : float
        From 0 to 1.
    num_thresholds : int
        How many thresholds are tried.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``sensitivity_at_specificity`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The specificity is out of range, or the shapes do not fit.
    """
    if not 0 <= specificity <= 1:
        raise ValueError(f"`specificity` must be in the range [0, 1]. Currently, `specificity` got {specificity}.")

    def at_goal(counts: Counts, label: str) -> Tensor:
        right, wrong = counts["true_negatives"], counts["false_positives"]
        chosen, missed = counts["true_positives"], counts["false_negatives"]
        place = cast(argmin(absolute(divide(right, right + wrong + _EDGE) - specificity), 0), "int32")
        return divide(chosen[place], chosen[place] + missed[place] + _EDGE, name=label)

    with variable_scope(name, "sensitivity_at_specificity"):
        totals, updates = _counted(labels, predictions, _even(num_thresholds), weights, tuple(_KINDS))
        value, update = at_goal(totals, "value"), at_goal(updates, "update_op")
        return listed(value, update, metrics_collections, updates_collections)


def specificity_at_sensitivity(
    labels: TensorLike,
    predictions: TensorLike,
    sensitivity: float,
    weights: TensorLike | None = None,
    num_thresholds: int = 200,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    name: str | None = None,
) -> Metric:
    """Which part of the labels that are 0 is predicted so, at the threshold of a given sensitivity.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    sensitivity : float
        From 0 to 1.
    num_thresholds : int
        How many thresholds are tried.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``specificity_at_sensitivity`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The sensitivity is out of range, or the shapes do not fit.
    """
    if not 0 <= sensitivity <= 1:
        raise ValueError(f"`sensitivity` must be in the range [0, 1]. Currently, `sensitivity` got {sensitivity}.")

    def at_goal(counts: Counts, label: str) -> Tensor:
        right, missed = counts["true_positives"], counts["false_negatives"]
        chosen, wrong = counts["true_negatives"], counts["false_positives"]
        distances = absolute(divide(right, right + missed + _EDGE) - sensitivity)
        is_nearest = cast(apply("Equal", distances, apply("Min", distances, [0])), "float32")
        place = cast(apply("ArgMax", apply("Cumsum", is_nearest, 0), 0), "int32")
        return divide(chosen[place], chosen[place] + wrong[place] + _EDGE, name=label)

    with variable_scope(name, "specificity_at_sensitivity"):
        totals, updates = _counted(labels, predictions, _even(num_thresholds), weights, tuple(_KINDS))
        value, update = at_goal(totals, "value"), at_goal(updates, "update_op")
        return listed(value, update, metrics_collections, updates_collections)


def auc(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike | None = None,
    num_thresholds: int = 200,
    metrics_collections: Collections = None,
    updates_collections: Collections = None,
    curve: str = "ROC",
    name: str | None = None,
    summation_method: str = "trapezoidal",
    thresholds: Sequence[float] | None = None,
) -> Metric:
    """The area under a curve: of the rates of right and wrong answers, or of precision and recall.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape. Labels are cast to bool; predictions are from 0 to 1.
    num_thresholds : int
        At how many thresholds the curve is known.
    curve : {"ROC", "PR"}
    summation_method : {"trapezoidal", "careful_interpolation", "minoring", "majoring"}
        How the area between two thresholds is computed.
    thresholds : list of float, optional
        Those within the range, instead of even ones.
    weights : TensorLike, optional
        A number, or of the rank of the values with each size 1 or theirs.
    metrics_collections, updates_collections : list of str, optional
        What the value and the update are added to.
    name : str, optional
        The name of the variables and operations, ``auc`` by default.

    Returns
    -------
    value, update_op : Tensor
        The value over all batches so far, and the operation that adds a batch and gives the new value.

    Raises
    ------
    ValueError
        The curve or the method is unknown, or the shapes do not fit.
    """
    if curve not in ("ROC", "PR"):
        raise ValueError(f"Curve must be either ROC or PR. Curve {curve} is unknown.")
    if summation_method not in _METHODS:
        raise ValueError(f"Invalid summation_method: {summation_method}. It should be one of {', '.join(_METHODS)}.")
    places = _even(num_thresholds) if thresholds is None else [-_EDGE, *sorted(thresholds), 1.0 + _EDGE]
    if curve == "PR" and summation_method == "trapezoidal":
        warning("Trapezoidal rule gives wrong areas under PR curves; use 'careful_interpolation' instead.")

    def area(counts: Counts, label: str) -> Tensor:
        if curve == "PR" and summation_method == "careful_interpolation":
            return _interpolated(counts)
        return _area(*_curve(counts, curve), _METHODS[summation_method], label)

    with variable_scope(name, "auc"):
        totals, updates = _counted(labels, predictions, places, weights, tuple(_KINDS))
        value, update = area(totals, "value"), area(updates, "update_op")
        return listed(value, update, metrics_collections, updates_collections)


_METHODS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "trapezoidal": lambda first, second: (first + second) / 2.0,
    "careful_interpolation": lambda first, second: (first + second) / 2.0,
    "minoring": minimum,
    "majoring": maximum,
}
"""The height between two thresholds, given those at both."""


def _curve(counts: Counts, curve: str) -> tuple[Tensor, Tensor]:
    """The points of a curve."""
    right, missed = counts["true_positives"], counts["false_negatives"]
    small, wrong = 1e-6, counts["false_positives"]
    recall = divide(right + small, right + missed + small)
    if curve == "ROC":
        return divide(wrong, wrong + counts["true_negatives"] + small), recall
    return recall, divide(right + small, right + wrong + small)


def _area(x: Tensor, y: Tensor, height: Callable[[Tensor, Tensor], Tensor], label: str) -> Tensor:
    return reduce_sum(multiply(x[:-1] - x[1:], height(y[:-1], y[1:])), name=label)


def _interpolated(counts: Counts) -> Tensor:
    """The area under precision and recall where both counts grow evenly between two thresholds.

    J. Davis and M. Goadrich, "The relationship between precision-recall and ROC curves", 2006.
    """
    right, missed = counts["true_positives"], counts["false_negatives"]
    both = right + counts["false_positives"]
    grown = right[:-1] - right[1:]
    slope = div_no_nan(grown, maximum(both[:-1] - both[1:], 0.0), name="prec_slope")
    start = right[1:] - multiply(slope, both[1:])
    ratio = where(
        logical_and(both[:-1] > 0, both[1:] > 0),
        div_no_nan(both[:-1], maximum(both[1:], 0.0), name="recall_relative_ratio"),
        ones_like(both[1:]),
    )
    parts = div_no_nan(slope * (grown + start * log(ratio)), maximum(right[1:] + missed[1:], 0.0))
    return reduce_sum(parts, name="interpolate_pr_auc")
