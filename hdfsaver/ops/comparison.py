"""Comparisons, and logic on their results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import REALS, Array, Kernel, Node, register
from hdfsaver.ops.base import Binary, Flat, Unary
from hdfsaver.shapes import Shape

_COMPARABLE = frozenset(dtypes.ROW_BY_NAME) - {"resource", "variant"}


class _Equality(Flat, Binary):
    """Whether two values are the same, or not."""

    signature = "x: T, y: T -> z: bool"
    types = {"T": _COMPARABLE}
    attrs = {"incompatible_shape_error": True}
    of_misfits: bool

    def shapes(self, node: Node) -> Sequence[Shape]:
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
    # Objects compare to objects unless NumPy is told that a bool is wanted.
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
    ufunc = np.equal
    of_misfits = False


def equal(x: Any, y: Any, name: str | None = None) -> Any:
    """x == y, element by element."""
    return apply("Equal", x, y, name=name)


@register
class NotEqual(_Equality):
    """x != y."""

    type = "NotEqual"
    ufunc = np.not_equal
    of_misfits = True


def not_equal(x: Any, y: Any, name: str | None = None) -> Any:
    """x != y, element by element."""
    return apply("NotEqual", x, y, name=name)


class _Order(Flat, Binary):
    """Which of two numbers is greater."""

    signature = "x: T, y: T -> z: bool"
    types = {"T": REALS}


@register
class Less(_Order):
    """x < y."""

    type = "Less"
    ufunc = np.less


def less(x: Any, y: Any, name: str | None = None) -> Any:
    """x < y, element by element."""
    return apply("Less", x, y, name=name)


@register
class LessEqual(_Order):
    """x <= y."""

    type = "LessEqual"
    ufunc = np.less_equal


def less_equal(x: Any, y: Any, name: str | None = None) -> Any:
    """x <= y, element by element."""
    return apply("LessEqual", x, y, name=name)


@register
class Greater(_Order):
    """x > y."""

    type = "Greater"
    ufunc = np.greater


def greater(x: Any, y: Any, name: str | None = None) -> Any:
    """x > y, element by element."""
    return apply("Greater", x, y, name=name)


@register
class GreaterEqual(_Order):
    """x >= y."""

    type = "GreaterEqual"
    ufunc = np.greater_equal


def greater_equal(x: Any, y: Any, name: str | None = None) -> Any:
    """x >= y, element by element."""
    return apply("GreaterEqual", x, y, name=name)


@register
class ApproximateEqual(_Order):
    """Whether x and y differ by less than the tolerance."""

    type = "ApproximateEqual"
    attrs = {"tolerance": 1e-5}

    def shapes(self, node: Node) -> Sequence[Shape]:
        return [shapes.merge(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        tolerance = node.attrs["tolerance"]
        return lambda x, y: np.less(np.absolute(np.subtract(x, y)), tolerance)


class _Logic(Flat, Binary):
    """A connection of two truths."""

    signature = "x: bool, y: bool -> z: bool"
    types = {}


@register
class LogicalAnd(_Logic):
    """Whether both are true."""

    type = "LogicalAnd"
    ufunc = np.logical_and


def logical_and(x: Any, y: Any, name: str | None = None) -> Any:
    """Whether both are true, element by element."""
    return apply("LogicalAnd", x, y, name=name)


@register
class LogicalOr(_Logic):
    """Whether one or both are true."""

    type = "LogicalOr"
    ufunc = np.logical_or


def logical_or(x: Any, y: Any, name: str | None = None) -> Any:
    """Whether one or both are true, element by element."""
    return apply("LogicalOr", x, y, name=name)


@register
class LogicalNot(Flat, Unary):
    """Whether it is false."""

    type = "LogicalNot"
    signature = "x: bool -> y: bool"
    types = {}
    ufunc = np.logical_not


def logical_not(x: Any, name: str | None = None) -> Any:
    """Whether it is false, element by element."""
    return apply("LogicalNot", x, name=name)


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Any:
    """Whether exactly one is true, element by element."""
    either, both = apply("LogicalOr", x, y), apply("LogicalAnd", x, y)
    return apply("LogicalAnd", either, apply("LogicalNot", both), name=name)
