"""Calls of operations on quantized numbers; see `tests.ops.family_calls`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list

Call = Callable[..., Any]

PAIR = (np.float32(-1), np.float32(2))
ENDS = (np.full(3, -1, np.float32), np.full(3, 2, np.float32))


def image(x: Any) -> Any:
    """Six numbers as an image."""
    return apply("Reshape", x, [1, 2, 3, 1])


def bounds(x: Any) -> Any:
    """The ends of a range, of the dtype of a tensor."""
    kind = x.dtype.as_numpy_dtype
    return kind(-1), kind(2)


FILTER = np.ones([1, 2, 1, 2], np.uint8)
WINDOWS: dict[str, Any] = {"ksize": [1, 2, 1, 1], "strides": [1, 1, 1, 1], "padding": b"VALID"}
CONVOLVED: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": b"SAME"}

CALLS: dict[str, Call] = {
    "QuantizeV2": lambda x: apply_list("QuantizeV2", x, *PAIR, T="quint8"),
    "Dequantize": lambda x: apply("Dequantize", x, *PAIR),
    "RequantizationRange": lambda x: apply_list("RequantizationRange", x, *PAIR),
    "Requantize": lambda x: apply_list("Requantize", x, *PAIR, *PAIR, out_type="qint8"),
    "QuantizeDownAndShrinkRange": lambda x: apply_list("QuantizeDownAndShrinkRange", x, *PAIR, out_type="quint8"),
    "QuantizedMatMul": lambda x: apply_list("QuantizedMatMul", x, x, *PAIR, *PAIR, transpose_b=True),
    "QuantizedConv2D": lambda x: apply_list(
        "QuantizedConv2D", image(x), apply("Bitcast", FILTER, type="quint8"), *PAIR, *PAIR, **CONVOLVED
    ),
    "QuantizedBiasAdd": lambda x: apply_list("QuantizedBiasAdd", x, x[0], *PAIR, *PAIR, out_type="qint32"),
    "QuantizedAdd": lambda x: apply_list("QuantizedAdd", x, x, *PAIR, *PAIR),
    "QuantizedMul": lambda x: apply_list("QuantizedMul", x, x, *PAIR, *PAIR),
    "QuantizedRelu": lambda x: apply_list("QuantizedRelu", x, *PAIR, out_type=x.dtype.name),
    "QuantizedRelu6": lambda x: apply_list("QuantizedRelu6", x, *PAIR, out_type=x.dtype.name),
    "QuantizedMaxPool": lambda x: apply_list("QuantizedMaxPool", image(x), *PAIR, **WINDOWS),
    "QuantizedAvgPool": lambda x: apply_list("QuantizedAvgPool", image(x), *PAIR, **WINDOWS),
    "QuantizedReshape": lambda x: apply_list("QuantizedReshape", x, [3, 2], *PAIR),
    "QuantizedConcat": lambda x: apply_list("QuantizedConcat", np.int32(0), [x, x], [PAIR[0]] * 2, [PAIR[1]] * 2),
    "FakeQuantWithMinMaxArgs": lambda x: apply("FakeQuantWithMinMaxArgs", x),
    "FakeQuantWithMinMaxArgsGradient": lambda x: apply("FakeQuantWithMinMaxArgsGradient", x, x),
    "FakeQuantWithMinMaxVars": lambda x: apply("FakeQuantWithMinMaxVars", x, *PAIR),
    "FakeQuantWithMinMaxVarsGradient": lambda x: apply_list("FakeQuantWithMinMaxVarsGradient", x, x, *PAIR),
    "FakeQuantWithMinMaxVarsPerChannel": lambda x: apply("FakeQuantWithMinMaxVarsPerChannel", x, *ENDS),
    "FakeQuantWithMinMaxVarsPerChannelGradient": lambda x: apply_list(
        "FakeQuantWithMinMaxVarsPerChannelGradient", x, x, *ENDS
    ),
    "QuantizeAndDequantize": lambda x: apply("QuantizeAndDequantize", x),
    "QuantizeAndDequantizeV2": lambda x: apply("QuantizeAndDequantizeV2", x, *bounds(x)),
    "QuantizeAndDequantizeV3": lambda x: apply("QuantizeAndDequantizeV3", x, *bounds(x), np.int32(8)),
    "QuantizeAndDequantizeV4": lambda x: apply("QuantizeAndDequantizeV4", x, *bounds(x)),
    "QuantizeAndDequantizeV4Grad": lambda x: apply_list("QuantizeAndDequantizeV4Grad", x, x, *bounds(x)),
}
"""Of each operation a call; the tensor has shape (2, 3)."""

ROUNDED = {
    "FakeQuantWithMinMaxArgs",
    "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxVarsPerChannel",
    "QuantizeAndDequantize",
    "QuantizeAndDequantizeV2",
    "QuantizeAndDequantizeV3",
    "QuantizeAndDequantizeV4",
}
"""Operations with steps, whose derivatives are defined and no limit of differences; TensorFlow's are recorded."""

OF_FLOATS = {"QuantizeV2", *(name for name in CALLS if name.startswith("Fake"))}
"""Operations whose first input is float32."""

OF_INTEGERS = dict.fromkeys(("RequantizationRange", "Requantize", "QuantizeDownAndShrinkRange"), "qint32")
OF_INTEGERS |= {name: "quint8" for name in CALLS if name.startswith(("Dequantize", "Quantized"))}
"""Operations of quantized integers, and a dtype of theirs."""
