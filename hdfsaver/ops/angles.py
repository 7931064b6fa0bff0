"""Angles of numbers, complex or real."""

from __future__ import annotations

import math

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.filling import ones_like, zeros_like


def angle(input: TensorLike, name: str | None = None) -> Tensor:
    """The angles of complex numbers in radians; of a negative real number pi, of another one 0.

    Parameters
    ----------
    input : TensorLike
        Numbers of any dtype.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        float32 or float64 for complex numbers, otherwise of the dtype of the input.

    Raises
    ------
    TypeError
        The input is not numeric.
    """
    with scope(name, "Angle", input) as full:
        x = convert_to_tensor(input, name="input")
        if x.dtype.is_complex:
            return apply("Angle", x, name=full, Tout=x.dtype.real_dtype.name)
        is_negative = apply("Less", x, 0)
        turned = apply("Mul", math.pi, ones_like(x), name="mul")
        return apply("Select", is_negative, turned, zeros_like(x))
