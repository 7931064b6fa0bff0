"""Values as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, NUMBERS, Kernel, Node, OpDef, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Flat, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class AsString(Flat, OpDef):
    """Each element as text, as C's function printf writes it; bools as ``true`` and ``false``."""

    type = "AsString"
    signature = "input: T -> output: string"
    types = {"T": NUMBERS | {"bool", "string"}}
    further_types = {"T": frozenset({"variant"})}
    attrs = {"precision": -1, "scientific": False, "shortest": False, "width": -1, "fill": b""}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        write = _writer(node)

        def written(values: Array) -> Array:
            texts = np.empty(np.size(values), object)
            texts[:] = [write(item) for item in np.ravel(values).tolist()]
            return texts.reshape(np.shape(values))

        return written


def _writer(node: Node) -> Callable[[Any], bytes]:
    """The function that writes one element."""
    name, attrs = node.attrs["T"], node.attrs
    _check_form(node)
    if name == "bool":
        return lambda item: b"true" if item else b"false"
    if name == "string" and attrs["width"] <= 0:
        return lambda item: item
    flag = attrs["fill"].decode("latin-1")
    if dtypes.as_dtype(name).is_unsigned and flag in (" ", "+"):
        flag = ""  # a sign is for signed numbers
    kind = "s" if name == "string" else "d" if name not in FLOATS | COMPLEX else "f"
    if kind == "f":
        kind = "g" if attrs["shortest"] else "e" if attrs["scientific"] else "f"
    width = "" if attrs["width"] < 0 else str(attrs["width"])
    precision = "" if attrs["precision"] < 0 else f".{attrs['precision']}"
    form = f"%{flag}{width}{precision}{kind}".encode()
    if kind in "sd":
        return lambda item: form % item
    without_zeros = form.replace(b"%0", b"%", 1)  # infinities and NaN are filled with spaces

    def number(item: Any) -> bytes:
        return (form if np.isfinite(item) else without_zeros) % float(item)

    if name in COMPLEX:
        return lambda item: b"(%s,%s)" % (number(item.real), number(item.imag))
    return number


def _check_form(node: Node) -> None:
    name, attrs = node.attrs["T"], node.attrs
    if name not in FLOATS | COMPLEX | {"string"}:
        if attrs["scientific"] or attrs["shortest"]:
            raise invalid(f"scientific and shortest format not supported for datatype {name}.")
        if attrs["precision"] >= 0:
            raise invalid(f"precision not supported for datatype {name}.")
    fill = attrs["fill"]
    if len(fill) > 1:
        raise invalid(f"Fill string must be one or fewer characters, not {fill!r}.")
    if attrs["scientific"] and attrs["shortest"]:
        raise invalid("Cannot select both scientific and shortest notation.")
    if not re.fullmatch(rb"[ +\-0#]?", fill):
        raise invalid(f"Fill argument not supported: {fill!r}; it is one of ' ', '+', '-', '0' and '#'.")


def as_string(
    input: TensorLike,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Numbers, bools and strings as text.

    Parameters
    ----------
    input : Tensor or array_like
        Of any shape, and any dtype of numbers, bool or string.
    precision : int
        Digits behind the point of a float, 6 by default.
    scientific : bool
        Write floats with an exponent: ``1.500000e+00``.
    shortest : bool
        Write floats as shortly as the precision allows: ``1.5``.
    width : int
        Characters that a text has at least; it begins with spaces.
    fill : str
        ``"0"`` for zeros instead of spaces, ``"-"`` for spaces at the end, ``"+"`` or ``" "`` for a sign, or a space,
        before positive numbers.
    name : str, optional
        Name of the operation, ``AsString`` by default.

    Returns
    -------
    Tensor
        Of strings, of the same shape.

    Raises
    ------
    TypeError
        The dtype is another one.
    InvalidArgumentError
        When run: the options do not go together, or not with the dtype.
    """
    return apply(
        "AsString",
        input,
        name=name,
        precision=precision,
        scientific=scientific,
        shortest=shortest,
        width=width,
        fill=fill.encode(),
    )
