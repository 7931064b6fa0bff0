"""Norms and moments, and clipping values or norms to bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
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
        variance = apply("Mean", spread, axes, keep_dims=True, name="variance")
        if keep:
            return mean, variance
        if is_tensor(axes):
            return apply("Mean", x, axes, name="mean_1"), apply("Mean", spread, axes, name="variance_1")
        dropped = [int(axis) for axis in np.ravel(np.asarray(axes))]
        if not dropped:  # no axis to squeeze means all of them
            return mean, variance
        return apply("Squeeze", mean, squeeze_dims=dropped), apply("Squeeze", variance, squeeze_dims=dropped)


def _constant(value: npt.ArrayLike, dtype: str) -> Tensor:
    return convert_to_tensor(value, dtype)


def _as(number: Tensor, other: Tensor) -> Tensor:
    """A number in the dtype of a tensor."""
    target = other.dtype.base_dtype.name
    return number if number.dtype.base_dtype.name == target else apply("Cast", number, DstT=target)


def _values_of(t: TensorLike | IndexedSlices, name: str) -> Tensor:
    """The numbers of a tensor or of slices."""
    return t.values if isinstance(t, IndexedSlices) else convert_to_tensor(t, name=name)


def _with_values(t: TensorLike | IndexedSlices, values: Tensor) -> Tensor | IndexedSlices:
    return IndexedSlices(values, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else values


@overload
def clip_by_value(
    t: IndexedSlices, clip_value_min: TensorLike, clip_value_max: TensorLike, name: str | None = None
) -> IndexedSlices: ...
@overload
def clip_by_value(
    t: TensorLike, clip_value_min: TensorLike, clip_value_max: TensorLike, name: str | None = None
) -> Tensor: ...
def clip_by_value(
    t: TensorLike | IndexedSlices, clip_value_min: TensorLike, clip_value_max: TensorLike, name: str | None = None
) -> Tensor | IndexedSlices:
    """Keep values within bounds: ``max(min(t, clip_value_max), clip_value_min)``.

    Parameters
    ----------
    t : TensorLike or IndexedSlices
        Of a real dtype: floating or integer. Of slices the values are clipped.
    clip_value_min, clip_value_max : TensorLike
        Bounds of the same dtype, broadcast to the shape of ``t``. Where they cross, the lower one counts.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor or IndexedSlices
        Of the dtype and shape of ``t``.

    Raises
    ------
    ValueError
        The bounds do not broadcast to the shape of ``t``.
    TypeError
        The dtype is not real, or a bound is of another.
    """
    with scope(name, "clip_by_value", t, clip_value_min, clip_value_max) as full:
        values = _values_of(t, "t")
        clipped = apply("Maximum", apply("Minimum", values, clip_value_max), clip_value_min, name=full)
        clipped.set_shape(values.shape)  # bounds may be of lower rank, and may not make the tensor grow
        return _with_values(t, clipped)


@overload
def clip_by_norm(
    t: IndexedSlices, clip_norm: TensorLike, axes: TensorLike | None = None, name: str | None = None
) -> IndexedSlices: ...
@overload
def clip_by_norm(
    t: TensorLike, clip_norm: TensorLike, axes: TensorLike | None = None, name: str | None = None
) -> Tensor: ...
def clip_by_norm(
    t: TensorLike | IndexedSlices, clip_norm: TensorLike, axes: TensorLike | None = None, name: str | None = None
) -> Tensor | IndexedSlices:
    """Scale a tensor down where its length along axes is more than a bound.

    Parameters
    ----------
    t : TensorLike or IndexedSlices
        Floating: float16, bfloat16, float32 or float64. Of slices the values are scaled.
    clip_norm : TensorLike
        The greatest length; a negative one counts as 0. A tensor of another dtype is converted.
    axes : int or list of int, optional
        By default all axes, so that the whole tensor is one vector.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor or IndexedSlices
        ``t * clip_norm / max(length, clip_norm)``, of the dtype and shape of ``t``. Where the length is infinite,
        finite elements become 0 and infinite ones NaN.

    Raises
    ------
    TypeError
        The dtype is not floating.
    ValueError
        An axis is out of range, or ``clip_norm`` does not broadcast to the shape of ``t``.
    """
    with scope(name, "clip_by_norm", t, clip_norm) as full:
        values = _values_of(t, "t")
        bound: TensorLike
        if isinstance(clip_norm, int | float):
            bound = max(clip_norm, 0)
        else:
            given = convert_to_tensor(clip_norm)
            bound = _as(apply("Maximum", given, like(0, given)), values)
        total = apply("Sum", apply("Mul", values, values, name="mul"), _axes(values, axes), keep_dims=True)
        is_positive = apply("Greater", total, 0)
        # The root of 0 has no derivative, so the root of 1 is taken there; the length is still 0.
        safe = apply("SelectV2", is_positive, total, apply("OnesLike", total, name="ones_like"), name="Select")
        length = apply("SelectV2", is_positive, apply("Sqrt", safe), total, name="Select")
        scaled = apply("Mul", values, bound, name="mul")
        values.shape.assert_is_compatible_with(scaled.shape)
        quotient = apply("RealDiv", scaled, apply("Maximum", length, bound), name="truediv")
        return _with_values(t, apply("Identity", quotient, name=full))


def clip_by_average_norm(t: TensorLike, clip_norm: TensorLike, name: str | None = None) -> Tensor:
    """Scale a tensor down where its length, divided by the number of its elements, is more than a bound.

    Parameters
    ----------
    t : TensorLike
        float32, as in TensorFlow.
    clip_norm : TensorLike
        The greatest average length.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        ``t * clip_norm * min(size / length, 1 / clip_norm)``.

    Raises
    ------
    TypeError
        The dtype is another.
    """
    with scope(name, "clip_by_average_norm", t, clip_norm) as full:
        t = convert_to_tensor(t, name="t")
        count = apply("Cast", apply("Size", t), DstT="float32")
        total = apply("Sum", apply("Mul", t, t, name="mul"), apply("Range", 0, apply("Rank", t), 1, name="range"))
        ratio = apply("Mul", apply("Rsqrt", total), count, name="mul")
        bound = apply("RealDiv", _constant(1.0, "float32"), clip_norm, name="truediv")
        scaled = apply("Mul", apply("Mul", t, clip_norm, name="mul"), apply("Minimum", ratio, bound), name="mul")
        return apply("Identity", scaled, name=full)


def _checked_list(t_list: object) -> list[TensorLike | IndexedSlices | None]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, str):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")
    return list(t_list)


def _all_values(t_list: Sequence[TensorLike | IndexedSlices | None]) -> list[Tensor | None]:
    return [None if t is None else _values_of(t, f"t_{number}") for number, t in enumerate(t_list)]


def global_norm(t_list: Sequence[TensorLike | IndexedSlices | None], name: str | None = None) -> Tensor:
    """The length of all tensors of a list together: ``sqrt(sum(length ** 2))``; None among them is left out.

    Of slices the values count.

    Returns
    -------
    Tensor
        A single value of the tensors' common floating dtype; 0.0 if there are no tensors.

    Raises
    ------
    TypeError
        The list is not a sequence; a dtype is not floating, or they differ.
    """
    given = _checked_list(t_list)
    with scope(name, "global_norm", *given):
        halves = []
        for values in _all_values(given):
            if values is not None:
                with values.graph.colocate_with(values.op):
                    halves.append(apply("L2Loss", values))
        stacked = apply("Pack", halves, name="stack") if halves else convert_to_tensor([], dtypes.float32, name="stack")
        half = apply("Sum", stacked, _constant([0], "int32"))
        return apply("Sqrt", apply("Mul", half, like(2.0, half), name="mul"), name="global_norm")


def clip_by_global_norm(
    t_list: Sequence[TensorLike | IndexedSlices | None],
    clip_norm: TensorLike,
    use_norm: TensorLike | None = None,
    name: str | None = None,
) -> tuple[list[Tensor | IndexedSlices | None], Tensor]:
    """Scale all tensors of a list by one factor so that their length together is at most a bound.

    Parameters
    ----------
    t_list : sequence of TensorLike, IndexedSlices or None
        Of one floating dtype, or of several where ``use_norm`` is given; None stays None. Of slices the values are
        scaled.
    clip_norm : TensorLike
        The greatest length, a single positive number (this is not checked).
    use_norm : TensorLike, optional
        The length, where it is known already; otherwise it is computed by `global_norm`.
    name : str, optional
        The name of the operations.

    Returns
    -------
    tensors : list of (Tensor, IndexedSlices or None)
        Each ``t * clip_norm / max(length, clip_norm)``. Where the length is not finite, all elements are NaN.
    length : Tensor
        The length before, a single value.

    Raises
    ------
    TypeError
        The list is not a sequence; a dtype is not floating, or they differ.
    """
    given = _checked_list(t_list)
    length = global_norm(given, name) if use_norm is None else convert_to_tensor(use_norm)
    with scope(name, "clip_by_global_norm", *given, clip_norm) as full:
        inverse = apply("RealDiv", 1.0, length, name="truediv")
        bound = apply("RealDiv", like(1.0, length), clip_norm, name="truediv")
        finite = apply("Mul", clip_norm, apply("Minimum", inverse, bound), name="mul")
        # The difference is 0, but NaN of an infinite length: that of a gradient says that something went wrong.
        scale = apply("AddV2", finite, apply("Sub", length, length, name="sub"), name="add")
        clipped: list[Tensor | IndexedSlices | None] = []
        for number, (t, values) in enumerate(zip(given, _all_values(given), strict=True)):
            if t is None or values is None:
                clipped.append(None)
                continue
            with values.graph.colocate_with(values.op):
                scaled = apply("Mul", values, _as(scale, values), name="mul")
                clipped.append(_with_values(t, apply("Identity", scaled, name=f"{full}_{number}")))
        return clipped, length
