"""Calls of layers that graphs of long ago have; see `tests.ops.family_calls`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list

Call = Callable[..., Any]
NORMAL: dict[str, Any] = {"variance_epsilon": 0.1, "scale_after_normalization": True}


def image(x: Any) -> Any:
    """Six numbers as an image of three channels."""
    return apply("Reshape", x, [1, 1, 2, 3])


def channels(x: Any) -> Any:
    """A number for each channel."""
    return np.array([0.5, 1, 2], x.dtype.as_numpy_dtype)


def padded(x: Any) -> Any:
    """A convolution of one pixel with padding."""
    attrs: dict[str, Any] = {"mode": b"SYMMETRIC", "strides": [1, 1, 1, 1], "padding": b"VALID"}
    filters = apply("Reshape", x, [1, 1, 3, 2])
    return apply("FusedPadConv2D", image(x), [[0, 0], [1, 0], [0, 1], [0, 0]], filters, **attrs)


CALLS: dict[str, Call] = {
    "BatchNormWithGlobalNormalization": lambda x: apply(
        "BatchNormWithGlobalNormalization", image(x), *[channels(x)] * 4, **NORMAL
    ),
    "BatchNormWithGlobalNormalizationGrad": lambda x: apply_list(
        "BatchNormWithGlobalNormalizationGrad", image(x), *[channels(x)] * 3, image(x), **NORMAL
    ),
    "FusedPadConv2D": padded,
}
"""Of each operation a call; the tensor has shape (2, 3)."""

CASES: list[tuple[str, Call, tuple[Any, ...], int]] = [
    (
        "BatchNormWithGlobalNormalization",
        lambda *values: apply("BatchNormWithGlobalNormalization", *values, **NORMAL),
        (np.linspace(-1, 1, 12).reshape(1, 2, 2, 3), *(np.array([0.5, 1.2, 2]) + number for number in range(4))),
        1,
    )
]
"""Of each derivative the operation, a function, its inputs, and how often it is differentiable."""
