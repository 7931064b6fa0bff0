"""Losses of sequences: the cross-entropy of each step with its target, by weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.arithmetic import add_n, div_no_nan
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.losses import sparse_softmax_cross_entropy_with_logits
from hdfsaver.ops.reduction import count_nonzero, reduce_sum
from hdfsaver.ops.shaping import reshape
from hdfsaver.ops.shaping import shape as shape_of

LossFunction = Callable[..., Any] | None
"""A function of ``labels`` and ``logits``; by default the cross-entropy with the softmax."""


def sequence_loss(
    logits: TensorLike,
    targets: TensorLike,
    weights: TensorLike,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: LossFunction = None,
    name: str | None = None,
) -> Tensor:
    """The cross-entropy of the steps of a batch of sequences, by weights.

    Parameters
    ----------
    logits : TensorLike
        Of shape (batch, steps, classes).
    targets : TensorLike
        Numbers of classes, of shape (batch, steps).
    weights : TensorLike
        Of shape (batch, steps): 0 for steps after the end of a sequence.
    average_across_timesteps, average_across_batch : bool
        Divide the sum over the steps, or over the sequences, by that of the weights.
    sum_over_timesteps, sum_over_batch : bool
        Divide it by the number of weights that are not 0.
    softmax_loss_function : callable, optional
        Takes ``labels`` and ``logits`` in the place of the cross-entropy.
    name : str, optional
        The name of the operations, ``sequence_loss`` by default.

    Returns
    -------
    Tensor
        A number where both axes are gone, a vector where one is, and otherwise of shape (batch, steps).

    Raises
    ------
    ValueError
        The ranks do not fit, or one axis is both to be averaged and summed.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> targets, weights = tf.ones([2, 3], tf.int32), tf.ones([2, 3])
    >>> tf.Session().run(tf.contrib.seq2seq.sequence_loss(tf.zeros([2, 3, 4]), targets, weights))
    np.float32(1.3862944)
    """
    values, numbers, factors = (convert_to_tensor(value) for value in (logits, targets, weights))
    for tensor, rank, what in (
        (values, 3, "Logits must be a [batch_size x sequence_length x logits] tensor"),
        (numbers, 2, "Targets must be a [batch_size x sequence_length] tensor"),
        (factors, 2, "Weights must be a [batch_size x sequence_length] tensor"),
    ):
        if tensor.shape.ndims != rank:
            raise ValueError(what)
    for averaged, summed, axis in (
        (average_across_timesteps, sum_over_timesteps, "timesteps"),
        (average_across_batch, sum_over_batch, "batch"),
    ):
        if averaged and summed:
            across = "average_across_" + axis
            raise ValueError(f"{across} and sum_over_{axis} cannot be set to True at same time.")
    with name_scope(name, "sequence_loss", values, numbers, factors):
        classes = shape_of(values)[2]
        flat = reshape(values, [-1, classes])
        of_function = softmax_loss_function or sparse_softmax_cross_entropy_with_logits
        losses = of_function(labels=reshape(numbers, [-1]), logits=flat) * reshape(factors, [-1])
        if average_across_timesteps and average_across_batch:
            total = reduce_sum(losses)
            return div_no_nan(total, reduce_sum(factors))
        if sum_over_timesteps and sum_over_batch:
            total = reduce_sum(losses)
            return div_no_nan(total, cast(count_nonzero(factors), total.dtype))
        each: Tensor = reshape(losses, shape_of(values)[0:2])
        if average_across_timesteps or average_across_batch:
            axis_of_sum = [0] if average_across_batch else [1]
            total = reduce_sum(each, axis=axis_of_sum)
            return div_no_nan(total, reduce_sum(factors, axis=axis_of_sum))
        if sum_over_timesteps or sum_over_batch:
            axis_of_sum = [0] if sum_over_batch else [1]
            total = reduce_sum(each, axis=axis_of_sum)
            return div_no_nan(total, cast(count_nonzero(factors, axis=axis_of_sum), total.dtype))
        return each


def sequence_loss_by_example(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    softmax_loss_function: LossFunction = None,
    name: str | None = None,
) -> Tensor:
    """The cross-entropy of each sequence of a batch, of which lists have the steps.

    Parameters
    ----------
    logits : list of Tensor
        Of shape (batch, classes) each.
    targets : list of Tensor
        Numbers of classes, of shape (batch,) each.
    weights : list of Tensor
        Of shape (batch,) each.
    average_across_timesteps : bool
        Divide the sum over the steps by that of the weights.
    softmax_loss_function : callable, optional
        Takes ``labels`` and ``logits`` in the place of the cross-entropy.
    name : str, optional
        The name of the operations, ``sequence_loss_by_example`` by default.

    Returns
    -------
    Tensor
        Of shape (batch,).

    Raises
    ------
    ValueError
        The lists have different lengths.
    """
    if not len(logits) == len(targets) == len(weights):
        raise ValueError(
            f"Lengths of logits, weights, and targets must be the same {len(logits)}, {len(weights)}, {len(targets)}."
        )
    with name_scope(name, "sequence_loss_by_example", *logits, *targets, *weights):
        steps = []
        for value, target, weight in zip(logits, targets, weights, strict=True):
            if softmax_loss_function is None:
                loss: Any = sparse_softmax_cross_entropy_with_logits(labels=reshape(target, [-1]), logits=value)
            else:
                loss = softmax_loss_function(labels=target, logits=value)
            steps.append(loss * weight)
        summed = add_n(steps)
        if not average_across_timesteps:
            return summed
        mean: Tensor = summed / (add_n(list(weights)) + 1e-12)
        return mean


def sequence_loss_of_lists(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: LossFunction = None,
    name: str | None = None,
) -> Tensor:
    """The cross-entropy of a batch of sequences, of which lists have the steps.

    Parameters
    ----------
    logits, targets, weights, average_across_timesteps, softmax_loss_function : object
        As for `sequence_loss_by_example`.
    average_across_batch : bool
        Divide the sum over the sequences by their number.
    name : str, optional
        The name of the operations, ``sequence_loss`` by default.

    Returns
    -------
    Tensor
        A number.

    Raises
    ------
    ValueError
        The lists have different lengths.
    """
    with name_scope(name, "sequence_loss", *logits, *targets, *weights):
        losses = sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps, softmax_loss_function=softmax_loss_function
        )
        cost = reduce_sum(losses)
        return cost / cast(shape_of(targets[0])[0], cost.dtype) if average_across_batch else cost
