"""Comparisons, and logical operations on bools.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import ALL, COMPLEX, QUANTIZED, REALS, Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Binary, Flat, Unary
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_COMPARABLE = dtypes.IN_GRAPHS - {"resource", "variant"}


class _Equality(Flat, Binary):
    """Whether two values are equal, or not."""

    signature = "x: T, y: T -> z: bool"
    types = {"T": _COMPARABLE}
    attrs = {"incompatible_shape_error": True}
    of_misfits: bool

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The broadcast shape of the inputs; () for incompatible ones without incompatible_shape_error."""
        try:
            return [shapes.broadcast(*node.input_shapes)]
        except ValueError:
            if node.attrs["incompatible_shape_error"]:
                raise
            return [()]

    def kernel(self, node: Node) -> Kernel:
        compare = _to_bool(type(self).ufunc)
        return compare if node.attrs["incompatible_shape_error"] else _tolerating(compare, self.of_misfits)


def _to_bool(ufunc: Callable[..., Any]) -> Kernel:
    # NumPy's comparison of objects gives objects unless a bool is requested.
    return lambda x, y: ufunc(x, y, dtype=bool) if np.asarray(x).dtype == object else ufunc(x, y)


def _tolerating(compare: Kernel, of_misfits: bool) -> Kernel:
    def compare_any(x: Array, y: Array) -> Any:
        try:
            np.broadcast_shapes(np.shape(x), np.shape(y))
        except ValueError:
            return np.bool_(of_misfits)
        return compare(x, y)

    return compare_any


@register
class Equal(_Equality):
    """x == y."""

    type = "Equal"
    further_types = {"T": ALL}
    ufunc = np.equal
    of_misfits = False


def equal(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x == y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, whichever it is, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``Equal`` by default.

    Returns
    -------
    Tensor
        Bools of the broadcast shape; NaN equals nothing.

    Raises
    ------
    TypeError
        The dtypes differ.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Equal", x, y, name=name)


@register
class NotEqual(_Equality):
    """x != y."""

    type = "NotEqual"
    further_types = {"T": ALL}
    ufunc = np.not_equal
    of_misfits = True


def not_equal(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x != y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, whichever it is, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``NotEqual`` by default.

    Returns
    -------
    Tensor
        Bools of the broadcast shape; NaN differs from everything.

    Raises
    ------
    TypeError
        The dtypes differ.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("NotEqual", x, y, name=name)


class _Order(Flat, Binary):
    """An order of two real numbers."""

    signature = "x: T, y: T -> z: bool"
    types = {"T": REALS}


@register
class Less(_Order):
    """x < y."""

    type = "Less"
    ufunc = np.less


def less(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x < y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``Less`` by default.

    Returns
    -------
    Tensor
        Bools of the broadcast shape, False where either is NaN.

    Raises
    ------
    TypeError
        The dtypes differ, or are bool, complex or string.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Less", x, y, name=name)


@register
class LessEqual(_Order):
    """x <= y."""

    type = "LessEqual"
    ufunc = np.less_equal


def less_equal(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x <= y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``LessEqual`` by default.

    Returns
    -------
    Tensor
        Bools of the broadcast shape, False where either is NaN.

    Raises
    ------
    TypeError
        The dtypes differ, or are bool, complex or string.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("LessEqual", x, y, name=name)


@register
class Greater(_Order):
    """x > y."""

    type = "Greater"
    ufunc = np.greater


def greater(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x > y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``Greater`` by default.

    Returns
    -------
    Tensor
        Bools of the broadcast shape, False where either is NaN.

    Raises
    ------
    TypeError
        The dtypes differ, or are bool, complex or string.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Greater", x, y, name=name)


@register
class GreaterEqual(_Order):
    """x >= y."""

    type = "GreaterEqual"
    ufunc = np.greater_equal


def greater_equal(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x >= y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``GreaterEqual`` by default.

    Returns
    -------
    Tensor
        Bools of the broadcast shape, False where either is NaN.

    Raises
    ------
    TypeError
        The dtypes differ, or are bool, complex or string.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("GreaterEqual", x, y, name=name)


@register
class ApproximateEqual(_Order):
    """Whether x and y differ by less than the tolerance."""

    type = "ApproximateEqual"
    further_types = {"T": COMPLEX | QUANTIZED}
    attrs = {"tolerance": 1e-5}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that the inputs share."""
        return [shapes.merge(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        tolerance = node.attrs["tolerance"]
        return lambda x, y: np.less(np.absolute(np.subtract(x, y)), tolerance)


class _Logic(Flat, Binary):
    """A logical operation on two bools."""

    signature = "x: bool, y: bool -> z: bool"
    types = {}


@register
class LogicalAnd(_Logic):
    """x and y."""

    type = "LogicalAnd"
    ufunc = np.logical_and


def logical_and(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """Whether both x and y are true, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Bools, of shapes that broadcast together; integers are not taken.
    name : str, optional
        Name of the operation, ``LogicalAnd`` by default.

    Returns
    -------
    Tensor
        Bools of the broadcast shape.

    Raises
    ------
    TypeError
        An input is not of bool.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("LogicalAnd", x, y, name=name)


@register
class LogicalOr(_Logic):
    """x or y."""

    type = "LogicalOr"
    ufunc = np.logical_or


def logical_or(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """Whether x, y or both are true, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Bools, of shapes that broadcast together; integers are not taken.
    name : str, optional
        Name of the operation, ``LogicalOr`` by default.

    Returns
    -------
    Tensor
        Bools of the broadcast shape.

    Raises
    ------
    TypeError
        An input is not of bool.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("LogicalOr", x, y, name=name)


@register
class LogicalNot(Flat, Unary):
    """not x."""

    type = "LogicalNot"
    signature = "x: bool -> y: bool"
    types = {}
    ufunc = np.logical_not


def logical_not(x: TensorLike, name: str | None = None) -> Tensor:
    """Whether x is false, element by element; x is of bool."""
    return apply("LogicalNot", x, name=name)


def logical_xor(x: TensorLike, y: TensorLike, name: str = "LogicalXor") -> Tensor:
    """Whether exactly one of x and y is true, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Bools, of shapes that broadcast together; integers are not taken.
    name : str
        Name of the last of the four operations that compute it.

    Returns
    -------
    Tensor
        Bools of the broadcast shape.

    Raises
    ------
    TypeError
        An input is not of bool.
    ValueError
        The shapes do not broadcast together.
    """
    either, both = apply("LogicalOr", x, y), apply("LogicalAnd", x, y)
    return apply("LogicalAnd", either, apply("LogicalNot", both), name=name)
