"""Dropout: a random part of the values becomes zero."""

from __future__ import annotations

import numbers
from typing import Any

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor, is_tensor
from hdfsaver.ops.base import scope, shape_of
from hdfsaver.ops.sampling import random_uniform
from hdfsaver.ops.seeds import get_seed
from hdfsaver.shapes import ShapeLike


def dropout(
    x: TensorLike,
    keep_prob: float | Tensor | None = None,
    noise_shape: ShapeLike | TensorLike = None,
    seed: int | None = None,
    name: str | None = None,
    rate: float | Tensor | None = None,
) -> Tensor:
    """Set a random part of the values to zero and scale the others up, so that the expected sum is the same.

    Parameters
    ----------
    x : TensorLike
        Floating: float16, bfloat16, float32 or float64.
    keep_prob : float or Tensor, optional
        The part that is kept, above 0 and at most 1; the older form of ``rate``, one of which must be given.
    noise_shape : ShapeLike or TensorLike, optional
        A shape that broadcasts to that of ``x``: along a dimension of length 1 all values are kept or dropped together.
        A size that is None is that of ``x``.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.
    rate : float or Tensor, optional
        The part that is dropped, at least 0 and below 1; a tensor of the dtype of ``x`` is not checked.

    Returns
    -------
    Tensor
        ``x / (1 - rate)`` or 0, of the dtype and shape of ``x``; with the number 0 as rate ``x`` itself.

    Raises
    ------
    ValueError
        Neither or both parts are given, a part is out of range or not a single number, ``x`` is not floating, or the
        noise's shape does not fit.
    """
    rate = _rate(keep_prob, rate)
    with scope(name, "dropout", x):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise ValueError(f"The input of dropout is scaled, so it must be floating-point, not {x.dtype.name}.")
        dtype = x.dtype.base_dtype
        if not is_tensor(rate) and rate == 0:
            get_seed(seed)  # it counts, so that operations made later have the same seeds as with another rate
            return x
        if is_tensor(rate):
            rate = _rate_tensor(rate, dtype)
            scaled = apply("RealDiv", x, apply("Sub", constant_node(_number(1, dtype), dtype.name, "Const"), rate))
        else:
            scaled = apply("Mul", x, constant_node(_number(1 / (1 - rate), dtype), dtype.name, "Const"))
        drawn = random_uniform(_noise_shape(x, noise_shape), seed=seed, dtype=dtype)
        zero = apply("GreaterEqual", drawn, rate), scaled, constant_node(_number(0, dtype), dtype.name, "Const")
        kept = apply("SelectV2", *zero)
        kept.set_shape(x.shape)
        return kept


def _number(value: Any, dtype: dtypes.DType) -> Any:
    return dtypes.numpy_dtype(dtype.name).type(value)


def _rate(keep_prob: Any, rate: Any) -> Any:
    """The rate, from either of the two arguments."""
    if keep_prob is not None:
        if rate is not None:
            raise ValueError("Cannot specify both 'keep_prob' and 'rate'.")
        try:
            rate = 1.0 - keep_prob
        except TypeError:
            raise ValueError(
                f"`keep_prob` must be a floating point number or Tensor. Received: keep_prob={keep_prob}"
            ) from None
    if rate is None:
        raise ValueError("`rate` must be provided: tf.nn.dropout takes rate or, in older programs, keep_prob.")
    if is_tensor(rate):
        return rate
    if not isinstance(rate, numbers.Real):
        raise ValueError(f"`rate` must be a scalar or scalar tensor. Received: rate={rate}")
    if not 0 <= float(rate) < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    return rate


def _rate_tensor(rate: Any, dtype: dtypes.DType) -> Tensor:
    found = convert_to_tensor(rate)
    if found.dtype.base_dtype != dtype:
        raise ValueError(
            f"`x.dtype` must be compatible with `rate.dtype`. Received: x.dtype={dtype!r}, rate.dtype={found.dtype!r}"
        )
    found.shape.assert_has_rank(0)
    return found


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    if noise_shape is None:
        return shape_of(x, "Shape")
    try:
        sizes = shapes.as_shape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape  # it has tensors
    known = x.shape.plain
    if sizes is None or known is None or len(sizes) != len(known):
        return noise_shape
    return tuple(own if size is None else size for size, own in zip(sizes, known, strict=True))
