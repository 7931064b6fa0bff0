"""Losses of ``tf.contrib.losses``: those of ``tf.losses`` with the predictions first, and a weight for each example."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from hdfsaver.absent_names import absent as _absent
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.losses import weighted_losses
from hdfsaver.losses.listed_losses import add_loss, get_losses, get_regularization_losses, get_total_loss
from hdfsaver.ops.activations import relu
from hdfsaver.ops.filling import ones
from hdfsaver.ops.shaping import reshape

__all__ = [
    "absolute_difference",
    "add_loss",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]

_DOC = """{first}

    Parameters
    ----------
    {predictions} : TensorLike
    {labels} : TensorLike
    weights : TensorLike
        A number, one for each example, or of the shape of the values.
    scope : str, optional
        The name of the operations.
    **options : object
        Further arguments of `tf.losses.{name}`.

    Returns
    -------
    Tensor
        The mean over what has a weight; ``GraphKeys.LOSSES`` lists it.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """


def _wide(weights: TensorLike, values: Tensor) -> Tensor:
    """Weights for each example in the rank of the values."""
    given = convert_to_tensor(weights)
    rank, own = values.shape.ndims, given.shape.ndims
    if own is None or rank is None or own in (0, rank):
        return given
    return apply("ExpandDims", given, -1) if rank == own + 1 else reshape(given, [-1, *[1] * (rank - 1)])


def _of_values(function: Callable[..., Tensor], first: str) -> Callable[..., Tensor]:
    """A loss of ``tf.losses`` that takes predictions first."""

    def loss(
        predictions: TensorLike,
        labels: TensorLike | None = None,
        weights: TensorLike = 1.0,
        scope: str | None = None,
        **options: Any,
    ) -> Tensor:
        values = convert_to_tensor(predictions)
        return function(labels, values, weights=_wide(weights, values), scope=scope, **options)

    return _described(loss, function, first, "predictions", "labels")


def _of_logits(
    function: Callable[..., Tensor], first: str, labels_name: str, is_per_row: bool
) -> Callable[..., Tensor]:
    """A loss of ``tf.losses`` that takes logits first; ``is_per_row`` tells whether each row has one loss."""

    def loss(
        logits: TensorLike, labels: TensorLike, weights: TensorLike = 1.0, scope: str | None = None, **options: Any
    ) -> Tensor:
        values = convert_to_tensor(logits)
        factors = weights if is_per_row else _wide(weights, values)
        return function(labels, values, weights=factors, scope=scope, **options)

    def named(*args: Any, **options: Any) -> Tensor:
        if labels_name in options:
            options["labels"] = options.pop(labels_name)
        return loss(*args, **options)

    return _described(named, function, first, "logits", labels_name)


def _described(
    made: Callable[..., Tensor], function: Callable[..., Tensor], first: str, predictions: str, labels: str
) -> Callable[..., Tensor]:
    made.__name__ = made.__qualname__ = function.__name__
    made.__doc__ = _DOC.format(first=first, predictions=predictions, labels=labels, name=function.__name__)
    return made


absolute_difference = _of_values(weighted_losses.absolute_difference, "The mean absolute difference.")
log_loss = _of_values(weighted_losses.log_loss, "The mean logarithmic loss of probabilities.")
mean_pairwise_squared_error = _of_values(
    weighted_losses.mean_pairwise_squared_error, "The mean squared difference of differences within examples."
)
mean_squared_error = _of_values(weighted_losses.mean_squared_error, "The mean squared difference.")
sigmoid_cross_entropy = _of_logits(
    weighted_losses.sigmoid_cross_entropy, "The mean cross entropy of logistic functions.", "multi_class_labels", False
)
softmax_cross_entropy = _of_logits(
    weighted_losses.softmax_cross_entropy, "The mean cross entropy of rows with labels as rows.", "onehot_labels", True
)
sparse_softmax_cross_entropy = _of_logits(
    weighted_losses.sparse_softmax_cross_entropy,
    "The mean cross entropy of rows with labels as numbers.",
    "labels",
    True,
)


def cosine_distance(
    predictions: TensorLike,
    labels: TensorLike | None = None,
    axis: int | None = None,
    weights: TensorLike = 1.0,
    scope: str | None = None,
    dim: int | None = None,
) -> Tensor:
    """The mean of 1 minus the products of vectors of length 1.

    Parameters
    ----------
    predictions, labels : TensorLike
    axis, dim : int
        The axis of the vectors; either name may be used.
    weights : TensorLike
    scope : str, optional

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The labels or the axis are missing, or the shapes do not fit.
    """
    if labels is None:
        raise ValueError("labels cannot be None.")
    place = dim if axis is None else axis
    return weighted_losses.cosine_distance(labels, predictions, axis=place, weights=weights, scope=scope)


def hinge_loss(logits: TensorLike, labels: TensorLike | None = None, scope: str | None = None) -> Tensor:
    """The hinge losses of all elements, without a mean; labels are 0 or 1."""
    if labels is None:
        raise ValueError("labels cannot be None.")
    given = convert_to_tensor(logits)
    signs = 2.0 * convert_to_tensor(labels, given.dtype.base_dtype) - 1.0
    signs.shape.assert_is_compatible_with(given.shape)
    return relu(ones([], given.dtype.base_dtype) - signs * given, name=scope)


def compute_weighted_loss(losses: TensorLike, weights: TensorLike = 1.0, scope: str | None = None) -> Tensor:
    """The mean of losses with weights, each for a loss or for an example.

    Parameters
    ----------
    losses : TensorLike
    weights : TensorLike
    scope : str, optional

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    values = convert_to_tensor(losses)
    return weighted_losses.compute_weighted_loss(values, _wide(weights, values), scope)


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent("hdfsaver.contrib.losses", name, __all__)
