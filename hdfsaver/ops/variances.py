"""Variances and standard deviations along axes."""

from __future__ import annotations

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.reduction import reduce_mean


def reduce_variance(
    input_tensor: TensorLike, axis: TensorLike | None = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The variance of the elements along axes: the mean of the squared distances to the mean.

    Parameters
    ----------
    input_tensor : TensorLike
        Floats or complex numbers.
    axis : int, list of int or TensorLike, optional
        The axes; by default all.
    keepdims : bool
        Keep the axes with length 1.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Without the axes; floats where the numbers are complex.

    Raises
    ------
    TypeError
        The numbers are integers.
    ValueError
        An axis is out of range.
    """
    with scope(name, "reduce_variance", input_tensor):
        tensor = convert_to_tensor(input_tensor)
        means = reduce_mean(tensor, axis, keepdims=True)
        if means.dtype.is_integer:
            raise TypeError(f"Input must be either real or complex. Received integer type {means.dtype}.")
        away = apply("Sub", tensor, means, name="sub")
        if not away.dtype.is_complex:
            return reduce_mean(apply("Square", away), axis, keepdims=keepdims)
        product = apply("Mul", apply("Conj", away), away)
        return reduce_mean(apply("Real", product, Tout=away.dtype.real_dtype.name), axis, keepdims=keepdims)


def reduce_std(
    input_tensor: TensorLike, axis: TensorLike | None = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The standard deviation of the elements along axes: the square root of `reduce_variance`.

    Parameters
    ----------
    input_tensor : TensorLike
        Floats or complex numbers.
    axis : int, list of int or TensorLike, optional
        The axes; by default all.
    keepdims : bool
        Keep the axes with length 1.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Without the axes; floats where the numbers are complex.

    Raises
    ------
    TypeError
        The numbers are integers.
    ValueError
        An axis is out of range.
    """
    with scope(name, "reduce_std", input_tensor):
        return apply("Sqrt", reduce_variance(convert_to_tensor(input_tensor), axis, keepdims))
