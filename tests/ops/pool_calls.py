"""Calls and cases of pools with places, dilations and pools of windows of two lengths; see `tests.ops.family_calls`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list

Call = Callable[..., Any]

WINDOWS: dict[str, Any] = {"ksize": [1, 2, 1, 1], "strides": [1, 1, 1, 1], "padding": b"VALID"}
GAPS: dict[str, Any] = {"strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": b"SAME"}
HALVES: dict[str, Any] = {"pooling_ratio": [1.0, 1.5, 1.5, 1.0], "deterministic": True, "seed": 1, "seed2": 2}
FIRST = np.array([0, 1], np.int64)


def image(x: Any) -> Any:
    """Six numbers as an image of two rows and three columns."""
    return apply("Reshape", x, [1, 2, 3, 1])


def row(x: Any) -> Any:
    """The first three numbers, as an image of one row."""
    return apply("Reshape", x[0], [1, 1, 3, 1])


def weights(x: Any) -> Any:
    """The first two numbers as a filter."""
    return apply("Reshape", x[0, :2], [1, 2, 1])


def single(x: Any) -> Any:
    """The first number as an image."""
    return apply("Reshape", x[0, 0], [1, 1, 1, 1])


PLACES = np.array([0, 1, 5], np.int64).reshape(1, 1, 3, 1)
SIZES = np.array([1, 2, 3, 1], np.int64)

CALLS: dict[str, Call] = {
    "MaxPoolWithArgmax": lambda x: apply_list("MaxPoolWithArgmax", image(x), **WINDOWS),
    "MaxPoolGradWithArgmax": lambda x: apply("MaxPoolGradWithArgmax", image(x), row(x), PLACES, **WINDOWS),
    "MaxPoolGradGrad": lambda x: apply("MaxPoolGradGrad", image(x), row(x), image(x), **WINDOWS),
    "Dilation2D": lambda x: apply("Dilation2D", image(x), weights(x), **GAPS),
    "Dilation2DBackpropInput": lambda x: apply("Dilation2DBackpropInput", image(x), weights(x), image(x), **GAPS),
    "Dilation2DBackpropFilter": lambda x: apply("Dilation2DBackpropFilter", image(x), weights(x), image(x), **GAPS),
    "FractionalMaxPool": lambda x: apply_list("FractionalMaxPool", image(x), **HALVES),
    "FractionalAvgPool": lambda x: apply_list("FractionalAvgPool", image(x), **HALVES),
    "FractionalMaxPoolGrad": lambda x: apply("FractionalMaxPoolGrad", image(x), single(x), single(x), FIRST, FIRST),
    "FractionalAvgPoolGrad": lambda x: apply("FractionalAvgPoolGrad", SIZES, single(x), FIRST, FIRST),
}
"""Of each operation a call; the tensor has shape (2, 3)."""

NUMBERS: Any = np.random.default_rng(7).permutation(np.linspace(-2.0, 1.9, 24))
"""Different numbers, no two of which are near each other."""

TALL = NUMBERS[:12].reshape(1, 4, 3, 1)

CASES: list[tuple[str, Call, tuple[Any, ...], int]] = [
    (
        "MaxPoolWithArgmax",
        lambda x: apply_list("MaxPoolWithArgmax", x, **WINDOWS)[0],
        (TALL,),
        1,
    ),
    (
        "MaxPoolGrad",
        lambda grad: apply("MaxPoolGrad", TALL, np.zeros([1, 3, 3, 1]), grad, **WINDOWS),
        (NUMBERS[:9].reshape(1, 3, 3, 1),),
        2,
    ),
    (
        "MaxPoolGradGrad",
        lambda grad: apply("MaxPoolGradGrad", TALL, np.zeros([1, 3, 3, 1]), grad, **WINDOWS),
        (TALL,),
        2,
    ),
    (
        "Dilation2D",
        lambda x, y: apply("Dilation2D", x, y, **GAPS),
        (NUMBERS[:12].reshape(1, 2, 3, 2), NUMBERS[12:20].reshape(2, 2, 2)),
        1,
    ),
    (
        "FractionalMaxPool",
        lambda x: apply_list("FractionalMaxPool", x, **HALVES)[0],
        (NUMBERS.reshape(1, 4, 3, 2),),
        1,
    ),
    (
        "FractionalAvgPool",
        lambda x: apply_list("FractionalAvgPool", x, **HALVES, overlapping=True)[0],
        (NUMBERS.reshape(1, 4, 3, 2),),
        1,
    ),
]
"""Of each derivative the operation, a function, its inputs, and how often it is differentiable."""
