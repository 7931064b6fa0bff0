"""Random numbers whose value does not matter: a dropout that keeps everything compares them with their own bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from hdfsaver import dtypes
from hdfsaver.onnx_graphs.frames import Between, Frame, Value

DRAWN = ("RandomUniform",)
"""The types of operations that draw numbers from 0 to below 1."""


def _moved(each: Between, by: float) -> Between:
    return each._replace(low=each.low + by, high=each.high + by)


def _scaled(each: Between, by: float) -> Between | None:
    return each._replace(low=each.low * by, high=each.high * by) if by > 0 else None


_ARITHMETIC: Mapping[str, Callable[[Between, float], Between | None]] = {
    "Add": _moved,
    "AddV2": _moved,
    "Mul": _scaled,
    "Sub": lambda each, by: _moved(each, -by),
}

_COMPARISONS: Mapping[str, Callable[[Between, float], tuple[bool, bool]]] = {
    "GreaterEqual": lambda each, by: (each.low >= by, each.high <= by),
    "Less": lambda each, by: (each.high <= by, each.low >= by),
}
"""Whether the comparison is true, and whether it is false, for all numbers."""


def narrowed(op_type: str, values: list[Value]) -> Between | float | bool | None:
    """What an operation makes of random numbers: other bounds, or one value for all; None where it is not known.

    Parameters
    ----------
    op_type : str
    values : list of Value
        Its inputs.

    Returns
    -------
    Between, float, bool or None
    """
    found = [value.between for value in values]
    if op_type == "Floor" and found[0] is not None:
        low, high = found[0].low, found[0].high
        return float(math.floor(low)) if math.floor(low) == math.ceil(high) - 1 else None
    if len(values) != 2:
        return None
    place = 0 if found[0] is not None else 1
    each, other = found[place], values[1 - place].known
    if each is None or other is None or other.size != 1 or (place and op_type not in ("Add", "AddV2", "Mul")):
        return None
    number = float(other.ravel()[0])
    if op_type in _ARITHMETIC:
        return _ARITHMETIC[op_type](each, number)
    if op_type in _COMPARISONS:
        is_true, is_false = _COMPARISONS[op_type](each, number)
        return is_true if is_true or is_false else None
    return None


def everywhere(frame: Frame, each: Between, value: float | bool, dtype: str) -> Value:
    """One value in the shape of random numbers."""
    number = np.asarray(value, dtypes.numpy_dtype(dtypes.base_name(dtype)))
    to = frame.emitter
    source, output = each.source
    kind = each.frame.digraph.nodes[source]["outputs"][output][0]
    sizes = each.shape.name or to.constant(each.shape.known)
    return Value(to.add("Expand", to.constant(number), to.cast(sizes, dtypes.base_name(kind), "int64")))
