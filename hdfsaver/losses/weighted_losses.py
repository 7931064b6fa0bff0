"""Losses of a batch, weighted and reduced to one number, as programs for training use them."""

from __future__ import annotations

from typing import Any

from hdfsaver.graph.apply import apply
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.losses.listed_losses import add_loss
from hdfsaver.losses.loss_shapes import check_broadcastable, squeezed
from hdfsaver.losses.reductions import Reduction
from hdfsaver.ops.activations import relu
from hdfsaver.ops.arithmetic import add, div_no_nan, maximum, minimum, multiply, squared_difference, subtract
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.constants import stop_gradient
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.elementary import log, negative, square
from hdfsaver.ops.filling import ones_like, zeros_like
from hdfsaver.ops.losses import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import expand_dims, size
from hdfsaver.ops.shaping import shape as shape_of


def compute_weighted_loss(
    losses: TensorLike,
    weights: TensorLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """Multiply losses by weights, and reduce them to one number.

    Parameters
    ----------
    losses : TensorLike
        Of any shape.
    weights : TensorLike
        A number, or of the rank of the losses with each size 1 or that of the losses.
    scope : str, optional
        The name of the operations, ``weighted_loss`` by default.
    loss_collection : str, optional
        The collection that the result is added to.
    reduction : str
        One of `Reduction`.

    Returns
    -------
    Tensor
        Of the dtype of the losses; it is computed in float32. A number, or of the shape of the losses for
        ``Reduction.NONE``.

    Raises
    ------
    ValueError
        The reduction is unknown, or the weights do not fit the losses.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> loss = tf.losses.compute_weighted_loss([1.0, 2.0, 6.0], [1.0, 1.0, 0.0])
    >>> with tf.Session() as session:
    ...     print(session.run(loss))
    1.5
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", losses, weights):
        losses = convert_to_tensor(losses)
        dtype = losses.dtype.base_dtype
        losses, weights = cast(losses, "float32"), cast(weights, "float32")
        check_broadcastable(weights, losses)
        loss = multiply(losses, weights)
        if reduction != Reduction.NONE:
            loss = reduce_sum(loss)
        if reduction == Reduction.MEAN:
            loss = _mean(loss, reduce_sum(ones_like(losses) * weights))
        elif reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
            loss = _mean(loss, _present(losses, weights))
        elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
            with name_scope(None, "num_elements") as full:
                count = cast(size(losses, name=full), "float32")
            loss = _mean(loss, count)
        loss = cast(loss, dtype)
        add_loss(loss, loss_collection)
        return loss


def _mean(total: Tensor, count: Tensor) -> Tensor:
    return div_no_nan(reduce_sum(total), count, name="value")


def _present(losses: Tensor, weights: Tensor, per_batch: bool = False) -> Tensor:
    """The number of losses whose weight is not 0; one for each element of the batch if wanted."""
    with name_scope(None, "num_present", losses, weights) as full:
        chosen = where(apply("Equal", weights, 0.0), zeros_like(weights), ones_like(weights))
        with name_scope(None, "broadcast_weights", chosen, losses) as inner:
            present = multiply(chosen, ones_like(losses), name=inner)
        if per_batch:
            return reduce_sum(present, _inner_axes(present), keepdims=True, name=full)
        return reduce_sum(present, name=full)


def _inner_axes(tensor: Tensor) -> Any:
    """All axes but the first."""
    rank = tensor.shape.ndims
    return list(range(1, rank)) if rank is not None else apply("Range", 1, apply("Rank", tensor), 1)


def _needed(**arguments: object) -> None:
    for name, value in arguments.items():
        if value is None:
            raise ValueError(f"The argument {name} must not be None.")


def _pair(labels: TensorLike, predictions: TensorLike) -> tuple[Tensor, Tensor]:
    """Both as float32, of one shape."""
    predictions, labels = cast(predictions, "float32"), cast(labels, "float32")
    predictions.shape.assert_is_compatible_with(labels.shape)
    return labels, predictions


def absolute_difference(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The absolute differences of labels and predictions.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape; they are cast to float32.
    weights : TensorLike
        See `compute_weighted_loss`.
    scope : str, optional
        The name of the operations, ``absolute_difference`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(labels=labels, predictions=predictions)
    with name_scope(scope, "absolute_difference", predictions, labels, weights) as full:
        labels, predictions = _pair(labels, predictions)
        losses = absolute(subtract(predictions, labels))
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def mean_squared_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The squared differences of labels and predictions.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape; they are cast to float32.
    weights : TensorLike
        See `compute_weighted_loss`.
    scope : str, optional
        The name of the operations, ``mean_squared_error`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_squared_error", predictions, labels, weights) as full:
        labels, predictions = _pair(labels, predictions)
        losses = squared_difference(predictions, labels)
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def huber_loss(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The squared differences of labels and predictions where they are small, growing linearly beyond ``delta``.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape; they are cast to float32.
    weights : TensorLike
        See `compute_weighted_loss`.
    delta : float
        Where the loss begins to be linear.
    scope : str, optional
        The name of the operations, ``huber_loss`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", predictions, labels, weights) as full:
        labels, predictions = _pair(labels, predictions)
        error = absolute(subtract(predictions, labels))
        quadratic = minimum(error, delta)
        linear = subtract(error, quadratic)
        losses = add(multiply(0.5, multiply(quadratic, quadratic)), multiply(delta, linear))
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def log_loss(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of labels and predicted probabilities.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape; they are cast to float32.
    weights : TensorLike
        See `compute_weighted_loss`.
    epsilon : float
        Added to what a logarithm is taken of.
    scope : str, optional
        The name of the operations, ``log_loss`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", predictions, labels, weights) as full:
        labels, predictions = _pair(labels, predictions)
        losses = negative(multiply(labels, log(predictions + epsilon))) - multiply(
            (1 - labels), log(1 - predictions + epsilon)
        )
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def hinge_loss(
    labels: TensorLike,
    logits: TensorLike,
    weights: TensorLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The hinge loss: ``max(0, 1 - label * logit)``, the label being -1 for 0.

    Parameters
    ----------
    labels, logits : TensorLike
        Of the same shape; the labels are 0 and 1. They are cast to float32.
    weights : TensorLike
        See `compute_weighted_loss`.
    scope : str, optional
        The name of the operations, ``hinge_loss`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", logits, labels, weights) as full:
        labels, logits = _pair(labels, logits)
        ones = ones_like(labels)
        losses = relu(subtract(ones, multiply(subtract(2 * labels, ones), logits)))
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def cosine_distance(
    labels: TensorLike,
    predictions: TensorLike,
    axis: int | None = None,
    weights: TensorLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim: int | None = None,
) -> Tensor:
    """1 less the product of labels and predictions along an axis, along which both have unit length.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape; they are cast to float32.
    axis, dim : int
        The axis, which keeps length 1; either name may be used.
    weights : TensorLike
        See `compute_weighted_loss`.
    scope : str, optional
        The name of the operations, ``cosine_distance_loss`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(axis=axis if dim is None else dim, labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", predictions, labels, weights) as full:
        labels, predictions = _pair(labels, predictions)
        products = multiply(predictions, labels)
        losses = 1 - reduce_sum(products, axis if dim is None else dim, keepdims=True)
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def sigmoid_cross_entropy(
    multi_class_labels: TensorLike,
    logits: TensorLike,
    weights: TensorLike = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of labels and the sigmoid of logits, element by element.

    Parameters
    ----------
    multi_class_labels, logits : TensorLike
        Of the same shape; the labels are cast to the dtype of the logits.
    weights : TensorLike
        See `compute_weighted_loss`.
    label_smoothing : float
        The part of each label that is replaced by 1/2.
    scope : str, optional
        The name of the operations, ``sigmoid_cross_entropy_loss`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(multi_class_labels=multi_class_labels, logits=logits)
    with name_scope(scope, "sigmoid_cross_entropy_loss", logits, multi_class_labels, weights) as full:
        logits = convert_to_tensor(logits)
        labels = cast(multi_class_labels, logits.dtype.base_dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: TensorLike,
    logits: TensorLike,
    weights: TensorLike = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of labels and the softmax of logits, row by row; the labels get no derivative.

    Parameters
    ----------
    onehot_labels, logits : TensorLike
        Of the same shape; the labels are cast to the dtype of the logits.
    weights : TensorLike
        See `compute_weighted_loss`.
    label_smoothing : float
        The part of each row of labels that is spread over all classes.
    scope : str, optional
        The name of the operations, ``softmax_cross_entropy_loss`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(onehot_labels=onehot_labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", logits, onehot_labels, weights) as full:
        logits = convert_to_tensor(logits)
        labels = cast(onehot_labels, logits.dtype.base_dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            classes = cast(shape_of(labels)[1], logits.dtype.base_dtype)
            labels = labels * (1.0 - label_smoothing) + label_smoothing / classes
        losses = softmax_cross_entropy_with_logits_v2(labels=stop_gradient(labels), logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: TensorLike,
    logits: TensorLike,
    weights: TensorLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of the numbers of classes and the softmax of logits, row by row.

    Parameters
    ----------
    labels, logits : TensorLike
        Numbers of classes, and a row of logits for each; labels and weights may have a last axis of length 1 more.
    weights : TensorLike
        See `compute_weighted_loss`.
    scope : str, optional
        The name of the operations, ``sparse_softmax_cross_entropy_loss`` by default.
    loss_collection, reduction : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor
        See `compute_weighted_loss`.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(labels=labels, logits=logits)
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", logits, labels, weights) as full:
        labels, logits, weights = convert_to_tensor(labels), convert_to_tensor(logits), convert_to_tensor(weights)
        rank = None if logits.shape.ndims is None else logits.shape.ndims - 1
        labels, weights = squeezed(labels, rank), squeezed(weights, rank)
        losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def mean_pairwise_squared_error(
    labels: TensorLike,
    predictions: TensorLike,
    weights: TensorLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """The squared errors of the differences between elements, over all pairs of each element of the batch.

    Parameters
    ----------
    labels, predictions : TensorLike
        Of the same shape, of rank 1 or more; they are cast to float32.
    weights : TensorLike
        A number, or one for each element of the batch.
    scope : str, optional
        The name of the operations, ``mean_pairwise_squared_error`` by default.
    loss_collection : str, optional
        The collection that the result is added to.

    Returns
    -------
    Tensor
        A number.

    Raises
    ------
    ValueError
        The shapes do not fit, or an argument is missing.
    """
    _needed(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_pairwise_squared_error", predictions, labels, weights):
        weights = cast(weights, "float32")
        labels, predictions = _pair(labels, predictions)
        differences = subtract(predictions, labels)
        check_broadcastable(weights, differences)
        if differences.shape.ndims is None or differences.shape.ndims <= 1:
            differences = expand_dims(differences, 0)
            weights = expand_dims(weights, 0)
        axes = _inner_axes(differences)
        present = _present(differences, weights, per_batch=True)
        pairs = maximum(present - 1, 0)
        squares = 2.0 * div_no_nan(reduce_sum(square(differences), axes, keepdims=True), pairs, name="value")
        products = div_no_nan(
            square(reduce_sum(differences, axes, keepdims=True)), multiply(present, pairs), name="value"
        )
        weighted = multiply(squares - 2.0 * products, weights)
        loss = where(reduce_sum(present) > 0, reduce_sum(weighted), zeros_like(reduce_sum(weighted)), name="value")
        add_loss(loss, loss_collection)
        return loss
