"""Rounding, and whether numbers are finite."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, REALS, Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Binary, Flat, Grads, Unary, sum_to_inputs


class _Step(Flat, Unary):
    """A function that is constant between jumps."""

    types = {"T": FLOATS}


@register
class Floor(_Step):
    """The greatest integer that is not above x."""

    type = "Floor"
    ufunc = np.floor


def floor(x: TensorLike, name: str | None = None) -> Tensor:
    """The greatest integer that is not above x, as a number of the same floating dtype."""
    return apply("Floor", x, name=name)


@register
class Ceil(_Step):
    """The least integer that is not below x."""

    type = "Ceil"
    ufunc = np.ceil


def ceil(x: TensorLike, name: str | None = None) -> Tensor:
    """The least integer that is not below x, as a number of the same floating dtype."""
    return apply("Ceil", x, name=name)


@register
class Rint(_Step):
    """The nearest integer; halves are rounded to the even one."""

    type = "Rint"
    ufunc = np.rint


def rint(x: TensorLike, name: str | None = None) -> Tensor:
    """The nearest integer, as a number of the same floating dtype; halves are rounded to the even one."""
    return apply("Rint", x, name=name)


@register
class Round(_Step):
    """The nearest integer; halves are rounded to the even one, and integers stay unchanged."""

    type = "Round"
    types = {"T": REALS - {"uint8", "uint16", "uint32", "uint64"}}
    further_types = {"T": COMPLEX}
    differs = "An integer is unchanged; TensorFlow 2.21 makes int32 and int64 zeros."

    def kernel(self, node: Node) -> Kernel:
        return np.positive if dtypes.as_dtype(node.attrs["T"]).is_integer else np.rint


def round(x: TensorLike, name: str | None = None) -> Tensor:
    """The nearest integer, of the same real dtype; halves are rounded to the even one, and integers stay."""
    return apply("Round", x, name=name)


class _Question(Flat, Unary):
    """A property of each number, as a bool."""

    signature = "x: T -> y: bool"
    types = {"T": FLOATS}


@register
class IsNan(_Question):
    """Whether x is NaN."""

    type = "IsNan"
    ufunc = np.isnan


def is_nan(x: TensorLike, name: str | None = None) -> Tensor:
    """Whether each element of a floating tensor is NaN."""
    return apply("IsNan", x, name=name)


@register
class IsInf(_Question):
    """Whether x is infinite."""

    type = "IsInf"
    ufunc = np.isinf


def is_inf(x: TensorLike, name: str | None = None) -> Tensor:
    """Whether each element of a floating tensor is infinite."""
    return apply("IsInf", x, name=name)


@register
class IsFinite(_Question):
    """Whether x is neither infinite nor NaN."""

    type = "IsFinite"
    ufunc = np.isfinite


def is_finite(x: TensorLike, name: str | None = None) -> Tensor:
    """Whether each element of a floating tensor is neither infinite nor NaN."""
    return apply("IsFinite", x, name=name)


@register
class NextAfter(Binary):
    """The next float after x1 in the direction of x2."""

    type = "NextAfter"
    signature = "x1: T, x2: T -> output: T"
    types = {"T": frozenset({"float32", "float64"})}
    default_types = {"T": "float32"}
    ufunc = np.nextafter

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x1, x2 = op.inputs
        return sum_to_inputs(x1, x2, grads[0], apply("ZerosLike", grads[0]))


def nextafter(x1: TensorLike, x2: TensorLike, name: str | None = None) -> Tensor:
    """The next float after ``x1`` in the direction of ``x2``.

    Parameters
    ----------
    x1, x2 : TensorLike
        Both float32 or both float64, of shapes that broadcast together.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    ValueError
        The shapes do not broadcast together.
    """
    return apply("NextAfter", x1, x2, name=name)
