"""Polynomials."""

from __future__ import annotations

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.filling import zeros_like


def polyval(coeffs: list[TensorLike], x: TensorLike, name: str | None = None) -> Tensor:
    """The value of a polynomial, by Horner's rule.

    Parameters
    ----------
    coeffs : list of TensorLike
        The coefficients, that of the highest power first.
    x : TensorLike
        The variable, of their dtype.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the shape to which the coefficients and the variable broadcast.

    Raises
    ------
    ValueError
        The coefficients are not a list.
    """
    if not isinstance(coeffs, list):
        raise ValueError(f"Argument coeffs must be list type. Received type {type(coeffs)}.")
    with scope(name, "polyval", x, *coeffs) as full:
        variable = convert_to_tensor(x, name="x")
        if not coeffs:
            return zeros_like(variable, name=full)
        total, *others = [convert_to_tensor(each, name=f"coeff_{number}") for number, each in enumerate(coeffs)]
        for coefficient in others:
            total = apply("AddV2", coefficient, apply("Mul", total, variable, name="mul"), name="add")
        return total
