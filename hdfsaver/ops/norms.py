"""Lengths of vectors, and keeping values or lengths within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.conversion import convert_to_tensor
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import like, scope


def _axes(tensor: Tensor, axis: Any) -> Any:
    """The axes as an operation takes them: all of them for None."""
    if axis is not None:
        return axis
    rank = tensor.shape.rank
    return np.arange(rank, dtype=np.int32) if rank is not None else apply("Range", 0, apply("Rank", tensor), 1)


def _sum_of_squares(tensor: Tensor, axis: Any, keepdims: bool) -> Any:
    square = apply("Mul", tensor, apply("Conj", tensor) if tensor.dtype.is_complex else tensor)
    return apply("Sum", square, _axes(tensor, axis), keep_dims=keepdims)


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Any:
    """The length of vectors along axes, all of them by default.

    Parameters
    ----------
    ord : {"euclidean", 1, 2, numpy.inf}
        The root of the sum of squares, the sum of magnitudes, or the greatest magnitude.

    Raises
    ------
    ValueError
        The order is another.
    """
    keep = bool(keep_dims if keepdims is None else keepdims)
    with scope(name, "norm", tensor) as full:
        tensor = convert_to_tensor(tensor)
        if ord in ("euclidean", 2):
            length = apply("Sqrt", _sum_of_squares(tensor, axis, keep))
        elif ord == 1 or ord == np.inf:
            length = apply("Sum" if ord == 1 else "Max", abs(tensor), _axes(tensor, axis), keep_dims=keep)
        else:
            raise ValueError(f"The order of a norm is 'euclidean', 1, 2 or numpy.inf, not {ord!r}.")
        return apply("Identity", length, name=full)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None) -> Any:
    """Vectors along axes divided by their lengths, whose squares count as ``epsilon`` where they are less."""
    axis = dim if axis is None else axis
    with scope(name, "l2_normalize", x) as full:
        x = convert_to_tensor(x, name="x")
        total = apply("Sum", apply("Square", x), _axes(x, axis), keep_dims=True)
        return apply("Mul", x, apply("Rsqrt", apply("Maximum", total, epsilon)), name=full)


def moments(
    x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: bool | None = None, keepdims: Any = None
) -> tuple[Any, Any]:
    """The mean and the variance along axes; ``shift`` is accepted for programs that give it."""
    keep = bool(keep_dims if keepdims is None else keepdims)
    with scope(name, "moments", x):
        x = convert_to_tensor(x, name="x")
        mean = apply("Mean", x, axes, keep_dims=True, name="mean")
        spread = apply("SquaredDifference", x, apply("StopGradient", mean))
        variance = apply("Mean", spread, axes, keep_dims=keep, name="variance")
        return (mean if keep else apply("Mean", x, axes, name="mean_1")), variance


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """The tensor with what is below the least value or above the greatest one set to those."""
    with scope(name, "clip_by_value", t, clip_value_min, clip_value_max) as full:
        t = convert_to_tensor(t, name="t")
        clipped = apply("Maximum", apply("Minimum", t, clip_value_max), clip_value_min, name=full)
        clipped.set_shape(t.shape)  # bounds may be of lower rank, and may not make the tensor grow
        return clipped


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """The tensor, made shorter where its length along the axes (all by default) is more than ``clip_norm``."""
    with scope(name, "clip_by_norm", t, clip_norm) as full:
        t = convert_to_tensor(t, name="t")
        total = _sum_of_squares(t, axes, keepdims=True)
        is_positive = apply("Greater", total, like(0, t))
        # The root of 0 has no derivative; the length of nothing is taken as 1, and nothing is what it scales.
        safe = apply("SelectV2", is_positive, total, apply("OnesLike", total))
        length = apply("SelectV2", is_positive, apply("Sqrt", safe), total)
        scaled = apply("Mul", t, clip_norm)
        return apply("RealDiv", scaled, apply("Maximum", length, clip_norm), name=full)


def global_norm(t_list: Sequence[Any], name: str | None = None) -> Any:
    """The length of all tensors of a list together; None among them counts as nothing."""
    present = [tensor for tensor in t_list if tensor is not None]
    if not present:
        raise ValueError("tf.global_norm needs at least one tensor.")
    with scope(name, "global_norm", *present):
        halves = apply("Pack", [apply("L2Loss", tensor) for tensor in present])
        half = apply("Sum", halves, [0])
        return apply("Sqrt", apply("Mul", half, like(2, half)), name="global_norm")


def clip_by_global_norm(
    t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Any]:
    """All tensors of a list, scaled alike so that their length together is at most ``clip_norm``; and that length."""
    length = global_norm(t_list, name) if use_norm is None else use_norm
    with scope(name, "clip_by_global_norm", *[tensor for tensor in t_list if tensor is not None]):
        length = convert_to_tensor(length)
        clip = convert_to_tensor(clip_norm, length.dtype.base_dtype)
        scale = apply("RealDiv", clip, apply("Maximum", length, clip))
        return [None if tensor is None else apply("Mul", tensor, scale) for tensor in t_list], length
