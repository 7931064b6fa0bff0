"""Programs about quantized numbers and networks; see `tests.ops.test_families`.

Integers are compared bit for bit: TensorFlow gives those of quantized dtypes as plain ones after ``tf.bitcast``. The
record is made with ``TF_ENABLE_ONEDNN_OPTS=0``: with oneDNN, TensorFlow refuses some modes of `Dequantize`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops import graph_calls

Program = Callable[[Any], Any]

_DRAWN = np.random.default_rng(5)
FLOATS = (_DRAWN.standard_normal((2, 4, 3)) * 3).astype(np.float32)
EDGES = np.array([[-3.5, -0.51, -0.5, -0.0, 0.0, 0.25, 0.5, 1.49999, 2.5, 6.0, 99.0, -99.0]], np.float32)
BYTES = _DRAWN.integers(0, 256, (1, 6, 7, 2)).astype(np.uint8)
FILTERS = _DRAWN.integers(0, 256, (3, 2, 2, 2)).astype(np.uint8)
WIDE = _DRAWN.integers(-(2**31), 2**31, (3, 12)).astype(np.int32)
RANGES = ((-6.0, 6.0), (0.0, 2.5), (-1.7, 0.3), (-0.001, 0.002), (0.5, 4.0))
PLAIN = {"quint8": "uint8", "qint8": "int8", "quint16": "uint16", "qint16": "int16", "qint32": "int32"}


def plain(tf: Any, outputs: Any) -> list[Any]:
    """Integers of quantized dtypes as plain ones."""
    made = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    names = [tensor.dtype.base_dtype.name for tensor in made]
    return [tf.bitcast(x, PLAIN[name]) if name in PLAIN else x for x, name in zip(made, names, strict=True)]


def quantized(tf: Any, values: Any, dtype: str = "quint8") -> Any:
    """Plain integers as those of a quantized dtype."""
    return tf.bitcast(tf.constant(values), dtype)


def both_ways(tf: Any) -> list[Any]:
    """Floats as integers of each dtype, in each mode, and back."""
    made = []
    for dtype in PLAIN:
        for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED"):
            for low, high in RANGES[:3]:
                low = -high if dtype == "qint32" else low
                values = np.clip(EDGES, low * 0.99, high * 0.99) if dtype == "qint32" else EDGES
                output, least, most = tf.quantize(values, low, high, tf.as_dtype(dtype), mode)
                made += [*plain(tf, output), least, most, tf.dequantize(output, least, most, mode)]
    made += plain(tf, tf.quantize_v2(EDGES, -2.0, 5.0, tf.qint8, "SCALED", None, "HALF_TO_EVEN", True))
    narrow = quantized(tf, BYTES.view(np.int8), "qint8")
    made += [
        tf.dequantize(narrow, -1.0, 2.0, dtype=tf.bfloat16),
        tf.dequantize(narrow, -4.0, 2.0, "SCALED", narrow_range=True),
    ]
    return made


def by_slices(tf: Any) -> list[Any]:
    """A range for each slice."""
    low, high = np.array([-1, -2, 0], np.float32), np.array([1, 0.5, 3], np.float32)
    made = []
    for mode in ("MIN_COMBINED", "SCALED"):
        for axis in (2, -1):
            output, least, most = tf.quantization.quantize(tf.constant(FLOATS), low, high, tf.quint8, mode, axis=axis)
            made += [*plain(tf, output), least, most, tf.quantization.dequantize(output, least, most, mode, axis=axis)]
    return made


def faked(tf: Any) -> list[Any]:
    """Floats rounded as if they were quantized, with derivatives."""
    made = []
    x = tf.constant(FLOATS)
    depth = np.array([-1, -2, 0], np.float32), np.array([1, 0.5, 0], np.float32)
    for bits, narrow in ((8, False), (2, True), (16, False)):
        for low, high in (*RANGES, (0.0, 0.0)):
            ends = tf.constant(low), tf.constant(high)
            y = tf.fake_quant_with_min_max_vars(x, *ends, bits, narrow)
            made += [y, *tf.gradients(y * y, [x, *ends])]
            if high:
                y = tf.fake_quant_with_min_max_args(x, low, high, bits, narrow)
                made += [y, *tf.gradients(y * y, x)]
        ends = tf.constant(depth[0]), tf.constant(depth[1])
        y = tf.fake_quant_with_min_max_vars_per_channel(x, *ends, bits, narrow)
        made += [y, *tf.gradients(y * y, [x, *ends])]
    made.append(tf.fake_quant_with_min_max_args_gradient(x, x, -1, 1))
    made += tf.fake_quant_with_min_max_vars_gradient(x, x, -1.0, 1.0)
    made += tf.quantization.fake_quant_with_min_max_vars_per_channel_gradient(x, x, *depth)
    return made


def there_and_back(tf: Any) -> list[Any]:
    """Floats made integers and floats again."""
    made = []
    for values in (FLOATS, FLOATS.astype(np.float64)):
        x = tf.constant(values)
        for signed in (True, False):
            for mode in ("HALF_TO_EVEN", "HALF_UP"):
                for given in (True, False):
                    y = tf.quantization.quantize_and_dequantize(x, -2.5, 1.5, signed, 4, given, mode)
                    z = tf.quantization.quantize_and_dequantize_v2(x, -2.5, 1.5, signed, 8, given, mode, None, True)
                    made += [y, z, *tf.gradients(y * z, x)]
        made.append(tf.quantization.quantize_and_dequantize(x, [0.0] * 3, [0.0] * 3, axis=-1))
    return made


def layers(tf: Any) -> list[Any]:
    """Convolutions and pools."""
    made = []
    images, filters = quantized(tf, BYTES), quantized(tf, FILTERS)
    for padding in ("SAME", "VALID"):
        for step in (1, 2, 4, 5):
            for first, second in (((-1.0, 3.0), (-2.0, 0.5)), ((0.0, 2.0), (-1.0, 0.0)), ((0.5, 2.0), (-3.0, -1.0))):
                steps = [1, step, step, 1]
                made += plain(tf, tf.nn.quantized_conv2d(images, filters, *first, *second, steps, padding))
        window, steps = [1, 3, 2, 1], [1, 2, 2, 1]
        made += plain(tf, tf.nn.quantized_max_pool(images, -1.0, 2.0, window, steps, padding))
        made += plain(tf, tf.nn.quantized_avg_pool(images, -1.0, 2.0, window, steps, padding))
    for axis in (0, 3):
        for dtype, values in (("quint8", BYTES), ("qint32", WIDE.reshape(3, 1, 2, 6))):
            one = quantized(tf, values, dtype)
            made += plain(tf, tf.quantized_concat(axis, [one, one, one], [-1.0, 0.5, -1.0], [2.0, 3.0, 3.0]))
    return made


def call(tf: Any, op_type: str, inputs: list[Any], count: int = 3, **attrs: Any) -> list[Any]:
    """The outputs of an operation that a graph from outside has, as plain numbers."""
    return plain(tf, graph_calls.call(tf, op_type, inputs, count, **attrs))


def ends(tf: Any, *numbers: float) -> list[Any]:
    """The ends of ranges."""
    return [tf.constant(number, tf.float32) for number in numbers]


def products(tf: Any) -> list[Any]:
    """Products of matrices, and of numbers; sums of numbers."""
    made = []
    a, b = quantized(tf, BYTES.reshape(6, 14)), quantized(tf, BYTES.reshape(14, 6))
    pair = {"T1": tf.quint8, "T2": tf.quint8, "Toutput": tf.qint32}
    for low, high in RANGES:
        made += call(tf, "QuantizedMatMul", [a, b, *ends(tf, low, high, -1, 2)], **pair)
    for turns in ((True, False), (False, True)):
        one, other = (a, a) if turns[0] else (b, b)
        made += call(
            tf,
            "QuantizedMatMul",
            [one, other, *ends(tf, -3, 1, 0, 2)],
            transpose_a=turns[0],
            transpose_b=turns[1],
            **pair,
        )
    row, single = quantized(tf, BYTES.reshape(6, 14)[0]), quantized(tf, BYTES.reshape(-1)[:1])
    for op_type in ("QuantizedAdd", "QuantizedMul"):
        for x, y in ((a, a), (a, row), (row, a), (single, a), (a, single), (single, single)):
            made += call(tf, op_type, [x, y, *ends(tf, -3, 1, -0.5, 2)], **pair)
    for name in ("quint8", "qint8"):
        bias = {"T1": tf.as_dtype(name), "T2": tf.as_dtype(name), "out_type": tf.qint32}
        values = quantized(tf, BYTES.reshape(6, 14).view(PLAIN[name]), name)
        channels = quantized(tf, BYTES.reshape(6, 14)[3].view(PLAIN[name]), name)
        for low, high in RANGES:
            made += call(tf, "QuantizedBiasAdd", [values, channels, *ends(tf, low, high, -2, 0.5)], **bias)
    return made


def narrower(tf: Any) -> list[Any]:
    """Integers in another range, and activations."""
    made = []
    wide, small = quantized(tf, WIDE, "qint32"), quantized(tf, BYTES)
    for values in (wide, quantized(tf, WIDE // 5000, "qint32"), quantized(tf, WIDE[:0], "qint32")):
        for low, high in ((-900.0, 700.0), (-1.0, 1.0), (-2e6, 3e6)):
            given = [values, *ends(tf, low, high)]
            down = {"Tinput": tf.qint32, "out_type": tf.quint8}
            made += call(tf, "QuantizeDownAndShrinkRange", given, **down) if values.shape[0] else []
            made += call(tf, "RequantizationRange", given, 2, Tinput=tf.qint32) if values.shape[0] else []
            for wanted in ((-1.0, 3.0), (low / 2, high), (0.0, 0.0)):
                for to in (tf.quint8, tf.qint8):
                    made += call(tf, "Requantize", [*given, *ends(tf, *wanted)], Tinput=tf.qint32, out_type=to)
    for op_type in ("QuantizedRelu", "QuantizedRelu6"):
        for low, high in (*RANGES, (-20.0, 9.0)):
            for values, kind in ((small, tf.quint8), (wide, tf.qint32)):
                made += call(tf, op_type, [values, *ends(tf, low, high)], Tinput=kind, out_type=kind)
    shape = tf.constant([6, -1])
    made += call(tf, "QuantizedReshape", [small, shape, *ends(tf, -1, 2)], T=tf.quint8, Tshape=tf.int32)
    return made


def network(tf: Any) -> list[Any]:
    """A network as TensorFlow's own quantization writes it: convolution, bias, activation, pool, product."""
    down = {"Tinput": tf.qint32, "out_type": tf.quint8}

    def eight(values: Any, low: Any, high: Any) -> list[Any]:
        """32 bits as 8, in the range that is used."""
        least, most = call(tf, "RequantizationRange", [values, low, high], 2, Tinput=tf.qint32)
        output, *ends_of = call(tf, "Requantize", [values, low, high, least, most], **down)
        return [tf.bitcast(output, tf.quint8), *ends_of]

    def pair(one: list[Any], other: list[Any]) -> list[Any]:
        """The inputs of an operation of two quantized tensors."""
        return [one[0], other[0], *one[1:], *other[1:]]

    def of_floats(values: Any) -> list[Any]:
        x = tf.constant(values, tf.float32)
        return list(tf.quantize_v2(x, tf.reduce_min(x), tf.reduce_max(x), tf.quint8, "MIN_FIRST"))

    def wide(outputs: list[Any]) -> list[Any]:
        return [tf.bitcast(outputs[0], tf.qint32), *outputs[1:]]

    images, filters = of_floats(BYTES / 100 - 1), of_floats(FILTERS / 200 - 0.7)
    x = eight(*tf.nn.quantized_conv2d(*pair(images, filters), [1, 1, 1, 1], "SAME"))
    kinds = {"T1": tf.quint8, "T2": tf.quint8, "out_type": tf.qint32}
    x = eight(*wide(call(tf, "QuantizedBiasAdd", pair(x, of_floats([0.5, -3.0])), **kinds)))
    activated = call(tf, "QuantizedRelu6", x, Tinput=tf.quint8, out_type=tf.quint8)
    x = list(
        tf.nn.quantized_max_pool(
            tf.bitcast(activated[0], tf.quint8), *activated[1:], [1, 2, 2, 1], [1, 2, 2, 1], "VALID"
        )
    )
    flat = call(tf, "QuantizedReshape", [x[0], tf.constant([1, -1]), *x[1:]], T=tf.quint8, Tshape=tf.int32)
    rows = [tf.bitcast(flat[0], tf.quint8), *flat[1:]]
    matrix = of_floats(np.arange(72).reshape(18, 4) / 9 - 4)
    kinds = {"T1": tf.quint8, "T2": tf.quint8, "Toutput": tf.qint32}
    x = eight(*wide(call(tf, "QuantizedMatMul", pair(rows, matrix), **kinds)))
    return [tf.dequantize(*x, "MIN_FIRST"), *x[1:], *plain(tf, x[0])]


PROGRAMS: dict[str, Program] = {
    "both_ways": both_ways,
    "by_slices": by_slices,
    "faked": faked,
    "layers": layers,
}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {
    "narrower": narrower,
    "network": network,
    "products": products,
    "there_and_back": there_and_back,
}
"""Programs whose results are TensorFlow's."""
