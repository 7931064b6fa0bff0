"""Operations on the bits of integers: int8 to int64 and uint8 to uint64."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INTEGERS, Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Binary, Flat, Unary
from hdfsaver.tensor_info import Array


class _OfBits(Flat, Binary):
    """A function of the bits of two integers."""

    types = {"T": INTEGERS}


@register
class BitwiseAnd(_OfBits):
    """The bits that are set in both."""

    type = "BitwiseAnd"
    ufunc = np.bitwise_and


def bitwise_and(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The bits that are set in both of two integers, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Integers of one dtype, of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``BitwiseAnd`` by default.

    Returns
    -------
    Tensor
        Of the same dtype and the broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ, or are not integers.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("BitwiseAnd", x, y, name=name)


@register
class BitwiseOr(_OfBits):
    """The bits that are set in either."""

    type = "BitwiseOr"
    ufunc = np.bitwise_or


def bitwise_or(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The bits that are set in either of two integers, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Integers of one dtype, of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``BitwiseOr`` by default.

    Returns
    -------
    Tensor
        Of the same dtype and the broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ, or are not integers.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("BitwiseOr", x, y, name=name)


@register
class BitwiseXor(_OfBits):
    """The bits that are set in exactly one."""

    type = "BitwiseXor"
    ufunc = np.bitwise_xor


def bitwise_xor(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The bits that are set in exactly one of two integers, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Integers of one dtype, of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``BitwiseXor`` by default.

    Returns
    -------
    Tensor
        Of the same dtype and the broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ, or are not integers.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("BitwiseXor", x, y, name=name)


@register
class Invert(Flat, Unary):
    """All bits the other way round."""

    type = "Invert"
    types = {"T": INTEGERS}
    ufunc = np.invert


def invert(x: TensorLike, name: str | None = None) -> Tensor:
    """Integers with all their bits the other way round; a `TypeError` for other dtypes."""
    return apply("Invert", x, name=name)


class _Shift(_OfBits):
    """The bits, moved by a number of places between 0 and one less than the bits that there are."""

    def kernel(self, node: Node) -> Kernel:
        most, ufunc = 8 * dtypes.numpy_dtype(node.attrs["T"]).itemsize - 1, type(self).ufunc

        def shifted(x: Array, y: Array) -> Array:
            return np.asarray(ufunc(x, np.clip(y, 0, most)))

        return shifted


@register
class LeftShift(_Shift):
    """The bits moved towards the greatest, with zeros behind them; the number of places is clipped to those of x."""

    type = "LeftShift"
    ufunc = np.left_shift


def left_shift(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The bits of an integer, moved towards the greatest by ``y`` places, with zeros behind them.

    Parameters
    ----------
    x, y : Tensor or array_like
        Integers of one dtype, of shapes that broadcast together. A ``y`` below 0 counts as 0, one that is greater than
        the number of other bits as that number.
    name : str, optional
        Name of the operation, ``LeftShift`` by default.

    Returns
    -------
    Tensor
        Of the same dtype and the broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ, or are not integers.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("LeftShift", x, y, name=name)


@register
class RightShift(_Shift):
    """The bits moved towards the least; the sign stays. The number of places is clipped to those of x."""

    type = "RightShift"
    ufunc = np.right_shift


def right_shift(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The bits of an integer, moved towards the least by ``y`` places; a negative number stays negative.

    Parameters
    ----------
    x, y : Tensor or array_like
        Integers of one dtype, of shapes that broadcast together. A ``y`` below 0 counts as 0, one that is greater than
        the number of other bits as that number.
    name : str, optional
        Name of the operation, ``RightShift`` by default.

    Returns
    -------
    Tensor
        Of the same dtype and the broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ, or are not integers.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("RightShift", x, y, name=name)
