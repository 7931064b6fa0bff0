"""Regularizers of ``tf.contrib.layers``: functions of weights that give a loss."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.arithmetic import add_n, multiply
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.constants import constant
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.losses import l2_loss
from hdfsaver.ops.reduction import reduce_sum

Regularizer = Callable[[Any], Any]
"""A function of weights that gives a loss, or None for no loss."""


def _scaled(scale: float | Tensor, scope: str | None, default: str, loss: Callable[[Any], Tensor]) -> Regularizer:
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"The scale of a regularizer cannot be an integer: {scale}.")
    if isinstance(scale, numbers.Real) and scale < 0:
        raise ValueError(f"The scale of a regularizer cannot be less than 0: {scale}.")
    if isinstance(scale, numbers.Real) and scale == 0:
        return lambda _: None

    def regularizer(weights: Any) -> Tensor:
        with name_scope(scope, default, weights) as full:
            factor = convert_to_tensor(scale, weights.dtype.base_dtype, name="scale")
            return multiply(factor, loss(weights), name=full)

    return regularizer


def l1_regularizer(scale: float | Tensor, scope: str | None = None) -> Regularizer:
    """A function that gives ``scale`` times the sum of the absolute values.

    Raises
    ------
    ValueError
        The scale is an integer, or less than 0. With 0.0 the function gives None.
    """
    return _scaled(scale, scope, "l1_regularizer", lambda weights: reduce_sum(absolute(weights)))


def l2_regularizer(scale: float | Tensor, scope: str | None = None) -> Regularizer:
    """A function that gives ``scale`` times half the sum of the squares.

    Raises
    ------
    ValueError
        The scale is an integer, or less than 0. With 0.0 the function gives None.
    """
    return _scaled(scale, scope, "l2_regularizer", l2_loss)


def l1_l2_regularizer(
    scale_l1: float | Tensor = 1.0, scale_l2: float | Tensor = 1.0, scope: str | None = None
) -> Regularizer | None:
    """The sum of `l1_regularizer` and `l2_regularizer`.

    Parameters
    ----------
    scale_l1, scale_l2 : float or Tensor
    scope : str, optional
        The name of the operations, ``l1_l2_regularizer`` by default.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        A scale is an integer, or less than 0.
    """
    scope = scope or "l1_l2_regularizer"
    by_size, by_square = l1_regularizer(scale_l1), l2_regularizer(scale_l2)
    if isinstance(scale_l1, numbers.Real) and scale_l1 == 0:
        return l2_regularizer(scale_l2, scope)
    if isinstance(scale_l2, numbers.Real) and scale_l2 == 0:
        return l1_regularizer(scale_l1, scope)
    return sum_regularizer([by_size, by_square], scope=scope)


def sum_regularizer(regularizer_list: Sequence[Regularizer | None], scope: str | None = None) -> Regularizer | None:
    """A function that gives the sum of several regularizers; None if there are none."""
    parts = [part for part in regularizer_list if part is not None]
    if not parts:
        return None

    def regularizer(weights: Any) -> Tensor | None:
        with name_scope(scope, "sum_regularizer", weights) as full:
            losses = [loss for part in parts if (loss := part(weights)) is not None]
            return add_n(losses, name=full) if losses else None

    return regularizer


def apply_regularization(regularizer: Regularizer, weights_list: Iterable[Any] | None = None) -> Tensor:
    """The sum of what a regularizer gives for each of some weights; it is listed as a loss of variables.

    Parameters
    ----------
    regularizer : callable
    weights_list : list of Tensor or Variable, optional
        Those in ``GraphKeys.WEIGHTS`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The regularizer gives something that is not a number.
    """
    graph = get_default_graph()
    weights = graph.get_collection(GraphKeys.WEIGHTS) if weights_list is None else list(weights_list)
    if not weights:
        raise ValueError("No weights to regularize.")
    with name_scope(None, "get_regularization_penalty", *weights) as full:
        found = [constant(0.0) if (loss := regularizer(one)) is None else loss for one in weights]
        for loss in found:
            if loss.shape.ndims != 0:
                raise ValueError(f"A regularizer gives one number, not a tensor of shape {loss.shape}.")
        summed = add_n(found, name=full)
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, summed)
        return summed
