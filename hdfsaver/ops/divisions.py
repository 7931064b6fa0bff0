"""Further divisions: towards zero, and TensorFlow's older names of those that are in `hdfsaver.ops.arithmetic`."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, INDICES, Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Flat
from hdfsaver.ops.integer_division import IntegerDivision
from hdfsaver.tensor_info import Array


@register
class TruncateDiv(Flat, IntegerDivision):
    """x / y rounded towards zero."""

    type = "TruncateDiv"
    further_types = {"T": COMPLEX}

    @staticmethod
    def ufunc(x: Array, y: Array) -> Array:
        """Of integers the quotient is exact once the remainder, which has the sign of x, is taken from x."""
        return np.floor_divide(np.subtract(x, np.fmod(x, y)), y)

    def kernel(self, node: Node) -> Kernel:
        if dtypes.as_dtype(node.attrs["T"]).is_integer:
            return super().kernel(node)
        return lambda x, y: np.trunc(np.true_divide(x, y))


class _Remainder(IntegerDivision):
    """The remainder of the division that rounds towards zero; it has the sign of x."""

    types = {"T": FLOATS | INDICES}
    ufunc = np.fmod


@register
class TruncateMod(_Remainder):
    """The remainder of the division that rounds towards zero; it has the sign of x."""

    type = "TruncateMod"


@register
class Mod(_Remainder):
    """The remainder of the division that rounds towards zero, as graphs of the first versions have it."""

    type = "Mod"


def truncatemod(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The remainder of the division that rounds towards zero, as in C; it has the sign of ``x``.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float dtype, int32 or int64, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``TruncateMod`` by default.

    Returns
    -------
    Tensor
        The remainder, of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ.
    ValueError
        The shapes do not broadcast together.
    InvalidArgumentError
        When run: an integer is divided by zero; floats give NaN.
    """
    return apply("TruncateMod", x, y, name=name)


def truncatediv(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x / y rounded towards zero, as in C.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``TruncateDiv`` by default.

    Returns
    -------
    Tensor
        The quotient, of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ.
    ValueError
        The shapes do not broadcast together.
    InvalidArgumentError
        When run: an integer is divided by zero; floats give an infinity or NaN.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> with tf.Session() as sess:
    ...     print(sess.run([tf.truncatediv(-7, 2), tf.floor_div(-7, 2)]))
    [np.int32(-3), np.int32(-4)]
    """
    return apply("TruncateDiv", x, y, name=name)


def floor_div(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x / y rounded down, as `floordiv`, which names its operation otherwise.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``FloorDiv`` by default.

    Returns
    -------
    Tensor
        The quotient, of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ.
    ValueError
        The shapes do not broadcast together.
    InvalidArgumentError
        When run: an integer is divided by zero; floats give an infinity or NaN.
    """
    return apply("FloorDiv", x, y, name=name)


def realdiv(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x / y of floating-point or complex numbers.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``RealDiv`` by default.

    Returns
    -------
    Tensor
        The quotient, of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("RealDiv", x, y, name=name)
