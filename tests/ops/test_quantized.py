"""What operations on quantized numbers refuse, and sizes at which floats would not hold their sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.ops.quantized_values import exact_product

X = np.arange(6, dtype=np.float32).reshape(2, 3)
BYTES = np.arange(24, dtype=np.uint8).reshape(1, 4, 3, 2)
LATE = tf.errors.InvalidArgumentError
PAIR = (np.float32(-1), np.float32(1))


def images() -> Any:
    """Quantized images."""
    return tf.bitcast(BYTES, tf.quint8)


def convolved(**attrs: Any) -> Any:
    """A convolution with other strides or dilations."""
    filters = tf.bitcast(BYTES.reshape(2, 2, 2, 3), tf.quint8)
    return tf.nn.quantized_conv2d(images(), filters, *PAIR, *PAIR, padding="SAME", **attrs)


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: tf.quantize(X, 2.0, 1.0, tf.quint8), LATE, "must be larger"),
        (lambda: tf.quantize(X, 0.0, 1.0, tf.quint8, round_mode="HALF_TO_EVEN"), LATE, "only supported for mode"),
        (
            lambda: tf.quantize(X, [0.0] * 3, [1.0] * 3, tf.quint8, "MIN_FIRST", axis=1),
            tf.errors.UnimplementedError,
            "axis",
        ),
        (lambda: tf.quantize(X, [0.0] * 2, [1.0] * 2, tf.quint8, axis=1), ValueError, r"\(2,\).*\(3,\)"),
        (lambda: tf.quantize(X, 0.0, 1.0, tf.uint8), TypeError, "uint8"),
        (lambda: tf.dequantize(images(), *PAIR, "SCALED", dtype=tf.bfloat16), LATE, "bfloat16"),
        (lambda: tf.fake_quant_with_min_max_args(X, 1.0, 1.0), LATE, "min has to be smaller"),
        (lambda: tf.fake_quant_with_min_max_vars(X, 0.0, 1.0, 17), LATE, "between 2 and 16"),
        (lambda: tf.fake_quant_with_min_max_vars_per_channel(X, [0.0], [1.0]), ValueError, r"\(1,\).*\(3,\)"),
        (lambda: tf.quantization.quantize_and_dequantize(X, 0.0, 1.0, num_bits=64), LATE, "out of range"),
        (lambda: tf.quantization.quantize_and_dequantize(X, 1.0, 0.0, range_given=True), LATE, "Invalid range"),
        (lambda: convolved(strides=[1, 1, 2, 1]), LATE, "equal length"),
        (lambda: convolved(strides=[1] * 4, dilations=[1, 2, 2, 1]), LATE, "dilations"),
        (lambda: apply_list("QuantizedMul", images(), images(), *PAIR, *PAIR[::-1]), LATE, "larger"),
        (
            lambda: apply_list(
                "Requantize", apply("Bitcast", [1, 2], type="qint32"), *PAIR, *PAIR[::-1], out_type="quint8"
            ),
            LATE,
            "requested_output_min",
        ),
    ],
)
def test_what_is_refused(call: Callable[[], Any], kind: type[Exception], said: str) -> None:
    """Ranges, modes, bits and windows that do not fit are errors of TensorFlow's class."""
    with pytest.raises(kind, match=said), tf.Session() as session:
        session.run(call())


@pytest.mark.parametrize("size", [100, 1 << 12, 1 << 20, 1 << 29])
def test_products_are_exact(size: int) -> None:
    """Products of integers of every size are those of Python's integers, modulo 2 ** 32."""
    a = np.array([[size - 1, -size, size - 3]], np.int64)
    b = np.array([[size + 1, 3], [-size + 7, 5], [9 - size, size]], np.int64)
    exact = [sum(int(x) * int(y) for x, y in zip(a[0], column, strict=True)) for column in b.T]
    assert [[(each + (1 << 31)) % (1 << 32) - (1 << 31) for each in exact]] == exact_product(a, b).tolist()
