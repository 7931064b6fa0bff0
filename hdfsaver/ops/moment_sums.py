"""Moments from sums, with weights, and the part of a tensor that is 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import like, normal_axis, scope


def sufficient_statistics(
    x: TensorLike,
    axes: Sequence[int],
    shift: TensorLike | None = None,
    keep_dims: bool | None = None,
    name: str | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """The sums that `normalize_moments` makes a mean and a variance of.

    Parameters
    ----------
    x : TensorLike
        Floating.
    axes : list of int
    shift : TensorLike, optional
        A number near the mean, which is subtracted first.
    keep_dims, keepdims : bool, optional
        Whether the axes stay, with length 1. Either name may be used.
    name : str, optional
        ``sufficient_statistics`` by default.

    Returns
    -------
    count, mean_ss, var_ss : Tensor
        The number of elements, their sum, and the sum of their squares.
    shift : Tensor or None

    Raises
    ------
    ValueError
        An axis is out of range.
    """
    keep = bool(keep_dims if keepdims is None else keepdims)
    places = list(dict.fromkeys(int(axis) for axis in np.ravel(np.asarray(axes))))
    with scope(name, "sufficient_statistics", x, shift):
        tensor = convert_to_tensor(x, name="x")
        sizes = _lengths(tensor, places)
        if sizes is None:
            lengths = apply("Cast", apply("Shape", tensor), DstT=tensor.dtype.base_dtype.name)
            count = apply("Prod", apply("GatherV2", lengths, places, 0), [0], name="count")
        else:
            count = convert_to_tensor(np.prod(sizes), tensor.dtype.base_dtype, name="count")
        moved = None if shift is None else convert_to_tensor(shift, tensor.dtype.base_dtype, name="shift")
        first = tensor if moved is None else apply("Sub", tensor, moved)
        second = apply("Square", tensor) if moved is None else apply("SquaredDifference", tensor, moved)
        mean = apply("Sum", first, places, keep_dims=keep, name="mean_ss")
        return count, mean, apply("Sum", second, places, keep_dims=keep, name="var_ss"), moved


def _lengths(tensor: Tensor, places: Sequence[int]) -> list[int] | None:
    """The lengths of some axes, if they are known."""
    rank = tensor.shape.ndims
    if rank is None:
        return None
    known = [tensor.shape.as_list()[normal_axis(axis, rank)] for axis in places]
    return None if None in known else [size or 0 for size in known]


def normalize_moments(
    counts: TensorLike,
    mean_ss: TensorLike,
    variance_ss: TensorLike,
    shift: TensorLike | None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and the variance that the sums of `sufficient_statistics` make.

    Parameters
    ----------
    counts, mean_ss, variance_ss : TensorLike
        The number of elements, their sum, and the sum of their squares.
    shift : TensorLike or None
        The number that was subtracted first.
    name : str, optional
        ``normalize`` by default.

    Returns
    -------
    mean, variance : Tensor
    """
    with scope(name, "normalize", counts, mean_ss, variance_ss, shift):
        divisor = apply("Reciprocal", counts, name="divisor")
        own = apply("Mul", mean_ss, divisor, name="mean" if shift is None else "shifted_mean")
        mean = own if shift is None else apply("AddV2", own, shift, name="mean")
        squares = apply("Mul", variance_ss, divisor, name="Mul")
        return mean, apply("Sub", squares, apply("Square", own), name="variance")


def weighted_moments(
    x: TensorLike,
    axes: TensorLike,
    frequency_weights: TensorLike,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and the variance along axes, as if each element were there as often as its weight says.

    Parameters
    ----------
    x : TensorLike
        Floating.
    axes : int or list of int
    frequency_weights : TensorLike
        Of a shape that broadcasts to that of ``x``.
    name : str, optional
        ``weighted_moments`` by default.
    keep_dims, keepdims : bool, optional
        Whether the axes stay, with length 1. Either name may be used.

    Returns
    -------
    mean, variance : Tensor

    Raises
    ------
    ValueError
        The shapes do not broadcast, or an axis is out of range.
    """
    with scope(name, "weighted_moments", x, frequency_weights, axes):
        tensor, weights = convert_to_tensor(x, name="x"), convert_to_tensor(frequency_weights, name="frequency_weights")
        target = tensor.dtype.base_dtype.name
        if weights.dtype.base_dtype.name != target:
            weights = apply("Cast", weights, DstT=target)
        total = apply("Sum", apply("Mul", weights, tensor), axes, keep_dims=True, name="weighted_input_sum")
        wide = apply("AddV2", weights, apply("ZerosLike", tensor))
        divisor = apply("Reciprocal", apply("Sum", wide, axes, keep_dims=True, name="sum_of_weights"))
        mean = apply("Mul", total, divisor)
        spread = apply("Mul", weights, apply("SquaredDifference", tensor, mean))
        variance = apply("Mul", apply("Sum", spread, axes, keep_dims=True, name="weighted_distsq"), divisor)
        if keep_dims if keepdims is None else keepdims:
            return mean, variance
        dropped = [int(axis) for axis in np.ravel(np.asarray(axes))]
        return apply("Squeeze", mean, squeeze_dims=dropped), apply("Squeeze", variance, squeeze_dims=dropped)


def zero_fraction(value: TensorLike, name: str | None = None) -> Tensor:
    """Which part of the elements is 0, as float32; NaN of a tensor without elements.

    Parameters
    ----------
    value : TensorLike
        Of a numeric dtype.
    name : str, optional
        ``zero_fraction`` by default.

    Returns
    -------
    Tensor
        A single number.
    """
    with scope(name, "zero_fraction", value):
        tensor = convert_to_tensor(value, name="value")
        flat = apply("Reshape", tensor, [-1])
        is_zero = apply("Cast", apply("Equal", flat, like(0, tensor)), DstT="int64")
        count = apply("Cast", apply("Size", tensor), DstT="float32")
        return apply("RealDiv", apply("Cast", apply("Sum", is_zero, [0]), DstT="float32"), count, name="fraction")


def log_poisson_loss(
    targets: TensorLike, log_input: TensorLike, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """The losses of counts, given the logarithms of their means: ``exp(log_input) - targets * log_input``.

    Parameters
    ----------
    targets, log_input : TensorLike
        Floating, of the same shape.
    compute_full_loss : bool
        Whether Stirling's approximation of the logarithm of ``targets!`` is added, where a target is more than 1.
    name : str, optional
        ``log_poisson_loss`` by default.

    Returns
    -------
    Tensor
        Of that shape.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    with scope(name, "log_poisson_loss", log_input, targets) as full:
        means, counts = convert_to_tensor(log_input, name="log_input"), convert_to_tensor(targets, name="targets")
        counts.shape.assert_is_compatible_with(means.shape)
        result = apply(
            "Sub", apply("Exp", means), apply("Mul", means, counts), name=None if compute_full_loss else full
        )
        if not compute_full_loss:
            return result
        stirling = counts * apply("Log", counts) - counts + 0.5 * apply("Log", 2.0 * np.pi * counts)
        is_small = apply("LogicalAnd", apply("GreaterEqual", counts, 0.0), apply("LessEqual", counts, 1.0))
        more = apply("SelectV2", is_small, apply("ZerosLike", counts), stirling)
        return apply("AddV2", result, more, name=full)
