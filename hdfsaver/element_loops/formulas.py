"""Operations on elements as formulas: what becomes of one element of each input.

Only operations are here whose results are the same in compiled code as in NumPy, bit by bit: those of IEEE arithmetic,
each rounded to its dtype, and choices. Exponentials and their like, and numbers of 16 bits, are left to NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from hdfsaver.schema import AttrValue

FLOAT = frozenset({"float32", "float64"})
NUMBER = FLOAT | {"int32", "int64"}
CASTABLE = NUMBER | {"bool", "uint8"}
ANY = NUMBER | {"bool"}


@dataclass(frozen=True, slots=True)
class Formula:
    """The computation of an operation on one element of each input.

    Attributes
    ----------
    arguments : tuple of str
        The names of the inputs, in their order.
    lines : str
        Assignments, one a line: expressions of Python. Its numbers are of ``dtype``; ``sqrt``, ``abs``, ``floor`` and
        ``ceil`` are known, and the names of dtypes convert.
    results : tuple of str
        The names of the results.
    dtype : str
        The dtype of the numbers in it, and of results that are not bool.
    kept : int
        How many of the arguments, the first ones, are variables, which get the results as their new values.
    reads : bool
        Whether it needs the values that these have.
    scalars : frozenset of str
        The arguments that are one number for all elements. Others may be rows or columns, but where ``whole`` says no.
    whole : bool
        Whether all arguments but scalars must have the shape of the result.
    by_handle : bool
        Whether variables are behind handles; such an operation has no result in the graph.
    passes : int
        How often NumPy goes through the arrays for it, where the lines do not tell.
    """

    arguments: tuple[str, ...]
    lines: str
    results: tuple[str, ...]
    dtype: str
    kept: int = 0
    reads: bool = True
    scalars: frozenset[str] = frozenset()
    whole: bool = False
    by_handle: bool = False
    passes: int = 0


_SIMPLE = {
    "Abs": ("x", "abs(x)", FLOAT),
    "Add": ("x y", "x + y", NUMBER),
    "AddV2": ("x y", "x + y", NUMBER),
    "BiasAdd": ("value bias", "value + bias", NUMBER),
    "BiasAddV1": ("value bias", "value + bias", NUMBER),
    "Ceil": ("x", "ceil(x)", FLOAT),
    "Div": ("x y", "x / y", FLOAT),
    "Equal": ("x y", "x == y", NUMBER),
    "Floor": ("x", "floor(x)", FLOAT),
    "Greater": ("x y", "x > y", NUMBER),
    "GreaterEqual": ("x y", "x >= y", NUMBER),
    "IsNan": ("x", "x != x", FLOAT),
    "LeakyRelu": ("features", "features if features > 0 else features * {alpha}", FLOAT),
    "Less": ("x y", "x < y", NUMBER),
    "LessEqual": ("x y", "x <= y", NUMBER),
    "Mul": ("x y", "x * y", NUMBER),
    "Neg": ("x", "-x", NUMBER),
    "NotEqual": ("x y", "x != y", NUMBER),
    "RealDiv": ("x y", "x / y", FLOAT),
    "Reciprocal": ("x", "1 / x", FLOAT),
    "Relu": ("features", "features if features != features else features if features > 0 else 0", NUMBER),
    "Rsqrt": ("x", "1 / sqrt(x)", FLOAT),
    "SelectV2": ("condition t e", "t if condition else e", NUMBER),
    "Softsign": ("features", "features / (1 + abs(features))", FLOAT),
    "Sqrt": ("x", "sqrt(x)", FLOAT),
    "Square": ("x", "x * x", NUMBER),
    "SquaredDifference": ("x y", "(x - y) * (x - y)", FLOAT),
    "Sub": ("x y", "x - y", NUMBER),
}
"""The arguments, the expression and the dtypes of operations whose shapes broadcast."""

_WHOLE = {
    "LeakyReluGrad": ("gradients features", "gradients if features > 0 else gradients * {alpha}", FLOAT),
    "ReciprocalGrad": ("y dy", "0 if dy == 0 else -dy * (y * y)", FLOAT),
    "RsqrtGrad": ("y dy", "0 if dy == 0 else dy * -0.5 * (y * y * y)", FLOAT),
    "Select": ("condition t e", "t if condition else e", NUMBER),
    "SigmoidGrad": ("y dy", "dy * (y * (1 - y))", FLOAT),
    "SoftsignGrad": ("gradients features", "gradients / ((1 + abs(features)) * (1 + abs(features)))", FLOAT),
    "SqrtGrad": ("y dy", "0 if dy == 0 else dy * 0.5 / y", FLOAT),
    "TanhGrad": ("y dy", "dy * (1 - y * y)", FLOAT),
}
"""Those whose inputs have one shape."""

_LOGIC = {
    "LogicalAnd": ("x y", "x and y"),
    "LogicalNot": ("x", "not x"),
    "LogicalOr": ("x y", "x or y"),
}


def formula_of(op_type: str, attrs: Mapping[str, AttrValue]) -> Formula | None:
    """The formula of an operation that changes no variable.

    Parameters
    ----------
    op_type : str
    attrs : mapping
        Its attributes.

    Returns
    -------
    Formula or None
        None where there is none, or not for these dtypes.
    """
    if op_type in _SPECIAL:
        return _SPECIAL[op_type](attrs)
    if op_type in _LOGIC:
        names, text = _LOGIC[op_type]
        return Formula(tuple(names.split()), f"z = {text}", ("z",), "bool")
    names, text, dtypes = _SIMPLE.get(op_type) or _WHOLE.get(op_type) or ("", "", frozenset())
    dtype = attrs.get("T")
    if dtype not in dtypes or attrs.get("data_format", b"NHWC") != b"NHWC":
        return None
    text = text.format(alpha=_rounded(attrs.get("alpha", 0), dtype))
    return Formula(tuple(names.split()), f"z = {text}", ("z",), dtype, whole=op_type in _WHOLE)


def _rounded(number: Any, dtype: str) -> str:
    """An attribute, which is a float32, as a number that has exactly its value."""
    return repr(float(np.float32(number).astype(dtype)))


def _cast(attrs: Mapping[str, Any]) -> Formula | None:
    source, target = attrs["SrcT"], attrs["DstT"]
    if source not in CASTABLE or target not in FLOAT or source == target:  # which is no copy
        return None
    return Formula(("x",), f"y = {target}(x)", ("y",), target)


def _sum(attrs: Mapping[str, Any]) -> Formula | None:
    count = attrs["N"]
    if attrs["T"] not in NUMBER or not 2 <= count <= _MOST_TERMS:
        return None
    names = tuple(f"x{number}" for number in range(count))
    return Formula(names, f"y = {' + '.join(names)}", ("y",), attrs["T"], whole=True)


_MOST_TERMS = 8


def larger(x: str, y: str, relation: str = ">") -> str:
    """Lines that give ``z``, the larger of two floats: the second of two zeros, and NaN where one of them is.

    The instruction that NumPy uses makes 0 of subnormal numbers where a run has none; a choice alone does not.

    Parameters
    ----------
    x, y : str
        Their names.
    relation : str
        ``"<"`` for the smaller one.
    """
    return f"""
z = {x} if {x} != {x} else {x} if {x} {relation} {y} else {y}
{_FLUSHED}
"""


_FLUSHED = "z = z if abs(z) >= 1 else z * 2 * 0.5"
"""A line that changes no number but subnormal ones, which become 0 where a run has none."""


def _extreme(relation: str, attrs: Mapping[str, Any]) -> Formula | None:
    if attrs["T"] not in NUMBER:
        return None
    is_float = attrs["T"] in FLOAT
    lines = larger("x", "y", relation) if is_float else f"z = x if x {relation} y else y"
    return Formula(("x", "y"), lines, ("z",), attrs["T"], passes=1)


def _gate(passes: int, is_open: str, attrs: Mapping[str, Any]) -> Formula | None:
    """A product with 1 or 0, of which a compiler would leave out the product with 1."""
    if attrs["T"] not in FLOAT:
        return None
    lines = f"z = gradients if {is_open} else gradients * 0\n{_FLUSHED}"
    return Formula(("gradients", "features"), lines, ("z",), attrs["T"], whole=True, passes=passes)


def _relu6(attrs: Mapping[str, Any]) -> Formula | None:
    if attrs["T"] not in FLOAT:
        return None
    lines = f"z = 0 if features < 0 else 6 if features > 6 else features\n{_FLUSHED}"
    return Formula(("features",), lines, ("z",), attrs["T"], passes=1)


_SPECIAL: dict[str, Callable[[Mapping[str, Any]], Formula | None]] = {
    "AddN": _sum,
    "Cast": _cast,
    "Maximum": partial(_extreme, ">"),
    "Minimum": partial(_extreme, "<"),
    "Relu6": _relu6,
    "Relu6Grad": partial(_gate, 5, "features > 0 and features < 6"),
    "ReluGrad": partial(_gate, 3, "features > 0"),
}
