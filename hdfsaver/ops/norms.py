"""Norms and moments, and clipping values or norms to bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import like, scope


def _axes(tensor: Tensor, axis: TensorLike | None) -> TensorLike:
    """The axes as an operation takes them: all of them for None."""
    if axis is not None:
        return axis
    rank = tensor.shape.rank
    return np.arange(rank, dtype=np.int32) if rank is not None else apply("Range", 0, apply("Rank", tensor), 1)


def _sum_of_squares(tensor: Tensor, axis: TensorLike | None, keepdims: bool) -> Tensor:
    square = apply("Mul", tensor, apply("Conj", tensor) if tensor.dtype.is_complex else tensor)
    return apply("Sum", square, _axes(tensor, axis), keep_dims=keepdims)


def norm(
    tensor: TensorLike,
    ord: str | float = "euclidean",
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The norm of vectors along axes: their length, the sum of magnitudes, or the greatest magnitude.

    Parameters
    ----------
    tensor : TensorLike
        Floating or complex; for the orders 1 and ``numpy.inf`` signed integers too.
    ord : {"euclidean", 1, 2, numpy.inf}
        The root of the sum of squares (also 2), the sum of magnitudes, or the greatest magnitude. Unlike in TensorFlow
        there are no other orders, and no norms of matrices: two axes are taken as one long vector.
    axis : int or list of int, optional
        By default all axes.
    keepdims : bool, optional
        Keep the axes with length 1.
    name : str, optional
        The name of the operation.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Of the same dtype; for complex numbers and the orders 1 and ``numpy.inf``, of the dtype of their parts.

    Raises
    ------
    ValueError
        The order is another, or an axis is out of range.
    TypeError
        The dtype is not one of these.
    """
    keep = bool(keep_dims if keepdims is None else keepdims)
    with scope(name, "norm", tensor) as full:
        tensor = convert_to_tensor(tensor)
        if ord in ("euclidean", 2):
            length = apply("Sqrt", _sum_of_squares(tensor, axis, keep))
        elif ord == 1 or ord == np.inf:
            length = apply("Sum" if ord == 1 else "Max", abs(tensor), _axes(tensor, axis), keep_dims=keep)
        else:
            raise ValueError(f"The order of a norm must be 'euclidean', 1, 2 or numpy.inf, not {ord!r}.")
        return apply("Identity", length, name=full)


def l2_normalize(
    x: TensorLike,
    axis: TensorLike | None = None,
    epsilon: float = 1e-12,
    name: str | None = None,
    dim: TensorLike | None = None,
) -> Tensor:
    """Divide vectors along axes by their lengths: ``x / sqrt(max(sum(x ** 2), epsilon))``.

    Parameters
    ----------
    x : TensorLike
        Floating: float16, bfloat16, float32 or float64. TensorFlow takes complex numbers too.
    axis : int or list of int, optional
        By default all axes.
    epsilon : float
        The least value of the sum of squares, which keeps a vector of zeros from being divided by 0.
    name : str, optional
        The name of the operation.
    dim : int or list of int, optional
        An older name of ``axis``.

    Returns
    -------
    Tensor
        Of the same dtype and shape.

    Raises
    ------
    TypeError
        The dtype is not floating.
    ValueError
        An axis is out of range.
    """
    axis = dim if axis is None else axis
    with scope(name, "l2_normalize", x) as full:
        x = convert_to_tensor(x, name="x")
        total = apply("Sum", apply("Square", x), _axes(x, axis), keep_dims=True)
        return apply("Mul", x, apply("Rsqrt", apply("Maximum", total, epsilon)), name=full)


def moments(
    x: TensorLike,
    axes: TensorLike,
    shift: object = None,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and the variance along axes; the variance is the mean of the squared differences from the mean.

    Parameters
    ----------
    x : TensorLike
        Of any numeric dtype. The means of integers are integers, rounded towards zero.
    axes : int or list of int
        The axes to take them over.
    shift : object, optional
        Accepted for programs that give it; it changes nothing.
    name : str, optional
        The name of the operation.
    keep_dims : bool, optional
        An older name of ``keepdims``.
    keepdims : bool, optional
        Keep the axes with length 1.

    Returns
    -------
    mean, variance : Tensor
        Of the dtype of ``x``. The squares of float16 and bfloat16 are of that dtype too and may overflow.

    Raises
    ------
    TypeError
        The dtype is not numeric, or the axes are not integers.
    ValueError
        An axis is out of range.
    """
    keep = bool(keep_dims if keepdims is None else keepdims)
    with scope(name, "moments", x):
        x = convert_to_tensor(x, name="x")
        mean = apply("Mean", x, axes, keep_dims=True, name="mean")
        spread = apply("SquaredDifference", x, apply("StopGradient", mean))
        variance = apply("Mean", spread, axes, keep_dims=keep, name="variance")
        return (mean if keep else apply("Mean", x, axes, name="mean_1")), variance


def clip_by_value(
    t: TensorLike, clip_value_min: TensorLike, clip_value_max: TensorLike, name: str | None = None
) -> Tensor:
    """Keep values within bounds: ``max(min(t, clip_value_max), clip_value_min)``.

    Parameters
    ----------
    t : TensorLike
        Of a real dtype: floating or integer.
    clip_value_min, clip_value_max : TensorLike
        Bounds of the same dtype, broadcast to the shape of ``t``. Where they cross, the lower one counts.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the dtype and shape of ``t``.

    Raises
    ------
    ValueError
        The bounds do not broadcast to the shape of ``t``.
    TypeError
        The dtype is not real, or a bound is of another.
    """
    with scope(name, "clip_by_value", t, clip_value_min, clip_value_max) as full:
        t = convert_to_tensor(t, name="t")
        clipped = apply("Maximum", apply("Minimum", t, clip_value_max), clip_value_min, name=full)
        clipped.set_shape(t.shape)  # bounds may be of lower rank, and may not make the tensor grow
        return clipped


def clip_by_norm(
    t: TensorLike, clip_norm: TensorLike, axes: TensorLike | None = None, name: str | None = None
) -> Tensor:
    """Scale a tensor down where its length along axes is more than a bound.

    Parameters
    ----------
    t : TensorLike
        Floating: float16, bfloat16, float32 or float64.
    clip_norm : TensorLike
        The greatest length, positive (this is not checked), of the same dtype.
    axes : int or list of int, optional
        By default all axes, so that the whole tensor is one vector.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        ``t * clip_norm / max(length, clip_norm)``, of the dtype and shape of ``t``.

    Raises
    ------
    TypeError
        The dtype is not floating, or the bound is of another.
    ValueError
        An axis is out of range.
    """
    with scope(name, "clip_by_norm", t, clip_norm) as full:
        t = convert_to_tensor(t, name="t")
        total = _sum_of_squares(t, axes, keepdims=True)
        is_positive = apply("Greater", total, like(0, t))
        # The root of 0 has no derivative, so the root of 1 is taken there; the length is still 0.
        safe = apply("SelectV2", is_positive, total, apply("OnesLike", total))
        length = apply("SelectV2", is_positive, apply("Sqrt", safe), total)
        scaled = apply("Mul", t, clip_norm)
        return apply("RealDiv", scaled, apply("Maximum", length, clip_norm), name=full)


def global_norm(t_list: Sequence[TensorLike | None], name: str | None = None) -> Tensor:
    """The length of all tensors of a list together: ``sqrt(sum(length ** 2))``; None among them is left out.

    Returns
    -------
    Tensor
        A single value of the tensors' common floating dtype.

    Raises
    ------
    ValueError
        The list holds no tensor.
    TypeError
        A dtype is not floating, or they differ.
    """
    present = [tensor for tensor in t_list if tensor is not None]
    if not present:
        raise ValueError("tf.global_norm needs at least one tensor.")
    with scope(name, "global_norm", *present):
        halves = apply("Pack", [apply("L2Loss", tensor) for tensor in present])
        half = apply("Sum", halves, [0])
        return apply("Sqrt", apply("Mul", half, like(2, half)), name="global_norm")


def clip_by_global_norm(
    t_list: Sequence[TensorLike | None],
    clip_norm: TensorLike,
    use_norm: TensorLike | None = None,
    name: str | None = None,
) -> tuple[list[Tensor | None], Tensor]:
    """Scale all tensors of a list by one factor so that their length together is at most a bound.

    Parameters
    ----------
    t_list : sequence of TensorLike or None
        Tensors of one floating dtype; None stays None.
    clip_norm : TensorLike
        The greatest length, a single positive number (this is not checked).
    use_norm : TensorLike, optional
        The length, where it is known already; otherwise it is computed by `global_norm`.
    name : str, optional
        The name of the operations.

    Returns
    -------
    tensors : list of (Tensor or None)
        Each ``t * clip_norm / max(length, clip_norm)``. Where the length is infinite, finite elements become 0;
        TensorFlow makes them NaN.
    length : Tensor
        The length before, a single value.

    Raises
    ------
    ValueError
        The list holds no tensor, and no ``use_norm`` is given.
    TypeError
        A dtype is not floating, or they differ.
    """
    length = global_norm(t_list, name) if use_norm is None else use_norm
    with scope(name, "clip_by_global_norm", *[tensor for tensor in t_list if tensor is not None]):
        length = convert_to_tensor(length)
        clip = convert_to_tensor(clip_norm, length.dtype.base_dtype)
        scale = apply("RealDiv", clip, apply("Maximum", length, clip))
        return [None if tensor is None else apply("Mul", tensor, scale) for tensor in t_list], length
