"""Layers of networks on quantized integers: products, convolutions, sums, activations, pools.

TensorFlow's own quantization writes them into frozen graphs. Results of 32 bits stand for a range so wide that they
cannot overflow in practice; where they do, they go on from the other end, as in TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.definition import ALL, QUANTIZED, Kernel, Node, OpDef, lookup, register
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.ops.base import at_least, dtype_name, integer, invalid, normal_axis, with_rank
from hdfsaver.ops.named_results import QuantizedAvgPool as AvgPoolResult
from hdfsaver.ops.named_results import QuantizedConcat as ConcatResult
from hdfsaver.ops.named_results import QuantizedConv2D as Conv2DResult
from hdfsaver.ops.named_results import QuantizedMaxPool as MaxPoolResult
from hdfsaver.ops.quantized_values import (
    FLOAT,
    Integers,
    Interval,
    centered,
    dequantized,
    exact_product,
    floating,
    integers,
    interval,
    product_range,
    quantized,
    quantized_all,
    scalars,
    unclamped,
)
from hdfsaver.ops.sliding_windows import Windows, four, window_of, windows_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_EIGHT = frozenset({"quint8"})
_RESULT = frozenset({"qint32"})
_PADDINGS = {"padding": frozenset({b"SAME", b"VALID"})}


def _check_ranges(node: Node, first: int) -> None:
    for shape in node.input_shapes[first:]:
        shapes.merge(shape, ())


def _shape_as(op_type: str, node: Node, count: int) -> Shape:
    """The shape that another operation gives with the first inputs of this one."""
    return lookup(op_type).shapes(Node(node.digraph, node.name, node.attrs, node.inputs[:count], node.depth))[0]


def _with(values: Array, of: Interval) -> tuple[Array, Array, Array]:
    return values, np.asarray(of.low), np.asarray(of.high)


def _proper(*ranges: Interval) -> None:
    for of in ranges:
        if not of.high > of.low:
            raise invalid(f"The greatest number of a range must be larger than its least, not {of.high} and {of.low}.")


@register
class QuantizedMatMul(OpDef):
    """The product of two matrices of quantized integers."""

    type = "QuantizedMatMul"
    signature = (
        "a: T1, b: T2, min_a: float32, max_a: float32, min_b: float32, max_b: float32 -> "
        "out: Toutput, min_out: float32, max_out: float32"
    )
    types = {"T1": _EIGHT, "T2": _EIGHT, "Toutput": _RESULT, "Tactivation": QUANTIZED}
    further_types = {"T1": QUANTIZED, "T2": QUANTIZED, "Toutput": QUANTIZED}
    attrs = {"Toutput": "qint32", "transpose_a": False, "transpose_b": False, "Tactivation": "quint8"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(rows of a, columns of b), after transposing, and two scalars."""
        _check_ranges(node, 2)
        return [_shape_as("MatMul", node, 2), (), ()]

    def kernel(self, node: Node) -> Kernel:
        first, second, to = (integers(node.attrs[key]) for key in ("T1", "T2", "Toutput"))
        turns = node.attrs["transpose_a"], node.attrs["transpose_b"]

        def multiply(a: Array, b: Array, *pairs: Array) -> tuple[Array, ...]:
            of_a, of_b = (interval(*pairs[:2]), interval(*pairs[2:]))
            _proper(of_a, of_b)
            a, b = (value.T if turn else value for value, turn in zip((a, b), turns, strict=True))
            if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
                raise invalid(f"Matrix size-incompatible: In[0]: {a.shape}, In[1]: {b.shape}.")
            wide_a, wide_b = centered(a, unclamped(0, of_a, first)), centered(b, unclamped(0, of_b, second))
            return _with(exact_product(wide_a, wide_b), product_range((of_a, first), (of_b, second), to))

        return multiply


def _begin(windows: Windows, axis: int, size: int, length: int, count: int) -> int:
    """How far the first window begins before the images: TensorFlow shares what is left over between both ends."""
    over = (count - 1) * windows.strides[axis] + length - size + (windows.padding == b"VALID")
    return int(over / 2)  # towards zero


def _placed(windows: Windows, images: Array, window: Sequence[int], counts: Sequence[int]) -> Array:
    """Images with zeros around them, or without what comes before the first window, for windows that fit exactly."""
    found = images
    for axis, (length, count) in enumerate(zip(window, counts, strict=True)):
        size = images.shape[axis + 1]
        before = _begin(windows, axis, size, length, count)
        whole = (count - 1) * windows.strides[axis] + length
        found = np.delete(found, slice(0, max(-before, 0)), axis + 1)
        widths = [(0, 0)] * found.ndim
        before = max(before, 0)
        widths[axis + 1] = before, max(whole - before - found.shape[axis + 1], 0)
        found = np.pad(found, widths)
    return found


@register
class QuantizedConv2D(OpDef):
    """The cross-correlation of images and filters of quantized integers."""

    type = "QuantizedConv2D"
    signature = (
        "input: Tinput, filter: Tfilter, min_input: float32, max_input: float32, min_filter: float32, "
        "max_filter: float32 -> output: out_type, min_output: float32, max_output: float32"
    )
    types = {"Tinput": _EIGHT, "Tfilter": _EIGHT, "out_type": _RESULT}
    further_types = {"Tinput": QUANTIZED, "Tfilter": QUANTIZED, "out_type": QUANTIZED}
    needed = {"strides": "list(int)", "padding": "string"}
    allowed = _PADDINGS
    attrs: ClassVar[dict[str, Any]] = {"out_type": "qint32", "dilations": [1, 1, 1, 1]}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, numbers of windows, filter.shape[-1]), and two scalars."""
        _check_ranges(node, 2)
        return [_shape_as("Conv2D", node, 2), (), ()]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)
        first, second, to = (integers(node.attrs[key]) for key in ("Tinput", "Tfilter", "out_type"))

        def convolve(values: Array, filters: Array, *pairs: Array) -> tuple[Array, ...]:
            _supported(windows)
            of_images, of_filters = scalars(*pairs)
            if values.shape[-1] != filters.shape[-2]:
                raise invalid(f"input and filter must have the same depth: {values.shape[-1]} vs {filters.shape[-2]}.")
            window, outputs = filters.shape[:-2], filters.shape[-1]
            counts = [count or 0 for count in windows.counts(values.shape[1:-1], window)]
            if not values.size or not math.prod(counts):
                raise invalid(f"Images of shape {values.shape} have no windows.")
            images = _placed(windows, centered(values, unclamped(0, of_images, first)), window, counts)
            matrix = centered(filters, unclamped(0, of_filters, second)).reshape(-1, outputs)
            result = np.empty((len(images), *counts, outputs), to.dtype)
            for part, rows in Windows(windows.strides, (1, 1), b"VALID", [], False).rows(images, window):
                result[part] = exact_product(rows, matrix).reshape(result[part].shape)
            return _with(result, product_range((of_images, first), (of_filters, second), to))

        return convolve


def _supported(windows: Windows) -> None:
    if windows.strides[0] != windows.strides[1]:
        raise invalid(f"Only strides of equal length for rows and columns are supported, not {windows.strides}.")
    if windows.dilations != (1, 1):
        raise invalid(f"Only dilations of 1 are supported, not {windows.dilations}.")


@register
class QuantizedBiasAdd(OpDef):
    """A quantized integer added to each channel, the last dimension."""

    type = "QuantizedBiasAdd"
    signature = (
        "input: T1, bias: T2, min_input: float32, max_input: float32, min_bias: float32, max_bias: float32 -> "
        "output: out_type, min_out: float32, max_out: float32"
    )
    types = {"T1": frozenset({"quint8", "qint8"}), "T2": frozenset({"quint8", "qint8"}), "out_type": _RESULT}
    further_types = {"T1": QUANTIZED, "T2": QUANTIZED, "out_type": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input, of rank 2 or more, and two scalars; bias is (channels,)."""
        values, bias = at_least(node.input_shapes[0], 2), with_rank(node.input_shapes[1], 1)
        _check_ranges(node, 2)
        if values is not None and bias is not None:
            values = shapes.merge(values, (None,) * (len(values) - 1) + bias)
        return [values, (), ()]

    def kernel(self, node: Node) -> Kernel:
        first, second, to = (integers(node.attrs[key]) for key in ("T1", "T2", "out_type"))

        def add(values: Array, bias: Array, *pairs: Array) -> tuple[Array, ...]:
            of_values, of_bias = scalars(*pairs)
            if values.ndim < 2 or bias.shape != values.shape[-1:] or not bias.size:
                raise invalid(f"There must be as many biases as channels: {bias.shape} vs. {values.shape}.")
            most = max(of_values.high, -of_values.low, of_bias.high, -of_bias.low) * FLOAT(1 << 17)
            total = Interval(-most, most)
            sums = [
                quantized_all(dequantized(part, of, kind), total, to).astype(np.int64)
                for part, of, kind in ((values, of_values, first), (bias, of_bias, second))
            ]
            return _with((sums[0] + sums[1] + quantized(0, total, to)).astype(to.dtype), total)

        return add


class _OfTwo(OpDef):
    """Two tensors of quantized integers, element by element."""

    signature = (
        "x: T1, y: T2, min_x: float32, max_x: float32, min_y: float32, max_y: float32 -> "
        "z: Toutput, min_z: float32, max_z: float32"
    )
    types = {"T1": _EIGHT, "T2": _EIGHT, "Toutput": _RESULT}
    further_types = {"T1": QUANTIZED, "T2": QUANTIZED, "Toutput": QUANTIZED}
    attrs = {"Toutput": "qint32"}
    differs = "Any shapes are broadcast; TensorFlow repeats one tensor along the first dimensions of the other only."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The broadcast shape of the inputs, and two scalars."""
        _check_ranges(node, 2)
        return [shapes.broadcast(*node.input_shapes[:2]), (), ()]


def _in_range(values: Array, of: Interval, given: Integers, wanted: Interval, to: Integers) -> Array:
    """As `requantized` from 8 bits to 32: a number for 0, and one for each step."""
    zero, one = (unclamped(float(floating(number, of, given)), wanted, to) for number in (0, 1))
    return np.clip(zero + values.astype(np.int64) * (one - zero), to.lowest, to.highest)


def _alone(values: Array, of: Interval, given: Integers, wanted: Interval, to: Integers) -> Array:
    """As `_in_range`, for one number."""
    return np.full(values.shape, quantized(float(floating(int(values.item()), of, given)), wanted, to), np.int64)


@register
class QuantizedAdd(_OfTwo):
    """The sum of quantized integers."""

    type = "QuantizedAdd"

    def kernel(self, node: Node) -> Kernel:
        first, second, to = (integers(node.attrs[key]) for key in ("T1", "T2", "Toutput"))

        def add(x: Array, y: Array, *pairs: Array) -> tuple[Array, ...]:
            of_x, of_y = scalars(*pairs)
            _proper(of_x, of_y)
            most = max(abs(min(of_x.low, of_y.low)), abs(max(of_x.high, of_y.high))) * FLOAT(1 << 14)
            total = Interval(-most, most)
            # One number alone is rounded by itself, not in steps; of two such, only the first.
            wide_x = (_alone if x.size == 1 else _in_range)(x, of_x, first, total, to)
            wide_y = (_alone if y.size == 1 and x.size != 1 else _in_range)(y, of_y, second, total, to)
            sums = wide_x + wide_y
            return _with(sums.astype(to.dtype), total)

        return add


@register
class QuantizedMul(_OfTwo):
    """The product of quantized integers."""

    type = "QuantizedMul"

    def kernel(self, node: Node) -> Kernel:
        first, second, to = (integers(node.attrs[key]) for key in ("T1", "T2", "Toutput"))

        def multiply(x: Array, y: Array, *pairs: Array) -> tuple[Array, ...]:
            of_x, of_y = scalars(*pairs)
            _proper(of_x, of_y)
            product = centered(x, unclamped(0, of_x, first)) * centered(y, unclamped(0, of_y, second))
            return _with(product.astype(to.dtype), product_range((of_x, first), (of_y, second), to))

        return multiply


class _Activation(OpDef):
    signature = (
        "features: Tinput, min_features: float32, max_features: float32 -> "
        "activations: out_type, min_activations: float32, max_activations: float32"
    )
    types = {"Tinput": frozenset({"quint8", "qint32"}), "out_type": frozenset({"quint8", "qint32"})}
    further_types = {"Tinput": QUANTIZED, "out_type": QUANTIZED}
    attrs = {"out_type": "quint8"}
    highest: ClassVar[float | None] = None

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of features, and two scalars."""
        _check_ranges(node, 1)
        return [node.input_shapes[0], (), ()]

    def kernel(self, node: Node) -> Kernel:
        given = integers(node.attrs["Tinput"])
        if node.attrs["out_type"] != node.attrs["Tinput"]:
            raise invalid(f"Features of {node.attrs['Tinput']} do not become {node.attrs['out_type']}.")

        def activate(values: Array, *pair: Array) -> tuple[Array, ...]:
            (of,) = scalars(*pair)
            result = np.maximum(values, given.dtype.type(quantized(0, of, given)))
            if self.highest is not None:
                result = np.minimum(result, given.dtype.type(quantized(self.highest, of, given)))
            return _with(result, of)

        return activate


@register
class QuantizedRelu(_Activation):
    """The greater of a quantized integer and that which stands for 0."""

    type = "QuantizedRelu"


@register
class QuantizedRelu6(_Activation):
    """As `QuantizedRelu`, and not above the integer that stands for 6."""

    type = "QuantizedRelu6"
    highest = 6.0


class _Pool(OpDef):
    signature = (
        "input: T, min_input: float32, max_input: float32 -> output: T, min_output: float32, max_output: float32"
    )
    types = {"T": _EIGHT}
    further_types = {"T": QUANTIZED}
    needed = {"ksize": "list(int)", "strides": "list(int)", "padding": "string"}
    allowed = _PADDINGS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input, with a row and a column for each window, and two scalars."""
        _check_ranges(node, 1)
        return [_shape_as("MaxPool", node, 1), (), ()]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)
        window = window_of(node, windows)

        def pool(values: Array, *pair: Array) -> tuple[Array, ...]:
            (of,) = scalars(*pair)
            return _with(self.of_windows(windows, window, values), of)

        return pool

    def of_windows(self, windows: Windows, window: tuple[int, ...], values: Array) -> Array:
        """A number for each window."""
        raise NotImplementedError


@register
class QuantizedMaxPool(_Pool):
    """The greatest quantized integer of each window."""

    type = "QuantizedMaxPool"

    def of_windows(self, windows: Windows, window: tuple[int, ...], values: Array) -> Array:
        lowest = int(np.iinfo(values.dtype).min)
        result: Array = windows.over(windows.padded(values, window, lowest), window).max(windows.elements)
        return result


@register
class QuantizedAvgPool(_Pool):
    """The mean of the quantized integers of each window, without the padding, rounded down."""

    type = "QuantizedAvgPool"

    def of_windows(self, windows: Windows, window: tuple[int, ...], values: Array) -> Array:
        ones = np.ones((1, *values.shape[1:3], 1), np.int32)
        sums, counts = (
            windows.over(windows.padded(each.astype(np.int32), window), window).sum(windows.elements)
            for each in (values, ones)
        )
        result: Array = (sums // counts).astype(values.dtype)
        return result


@register
class QuantizedReshape(OpDef):
    """Quantized integers in another shape."""

    type = "QuantizedReshape"
    signature = (
        "tensor: T, shape: Tshape, input_min: float32, input_max: float32 -> "
        "output: T, output_min: float32, output_max: float32"
    )
    types = {"T": frozenset({"quint8", "qint32"}), "Tshape": frozenset({"int32", "int64"})}
    further_types = {"T": ALL}
    default_types = {"Tshape": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape, with the remaining length where it is -1, and two scalars."""
        _check_ranges(node, 2)
        return [_shape_as("Reshape", node, 2), (), ()]

    def kernel(self, node: Node) -> Kernel:
        reshape = lookup("Reshape").kernel(node)
        return lambda values, sizes, low, high: _with(reshape(values, sizes), interval(low, high))


@register
class QuantizedConcat(OpDef):
    """Quantized integers one after the other along an axis, in a range that holds all."""

    type = "QuantizedConcat"
    signature = (
        "concat_dim: int32, values: N * T, input_mins: N * float32, input_maxes: N * float32 -> "
        "output: T, output_min: float32, output_max: float32"
    )
    minimums = {"N": 2}
    types = {"T": frozenset({"quint8", "qint32"})}
    further_types = {"T": ALL}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of values, with the lengths along concat_dim summed, and two scalars."""
        count = (len(node.inputs) - 1) // 3
        _check_ranges(node, count + 1)
        return [_shape_as("Concat", node, count + 1), (), ()]

    def kernel(self, node: Node) -> Kernel:
        kind = integers(node.attrs["T"])

        def join(axis: Array, *given: Array) -> tuple[Array, ...]:
            count = len(given) // 3
            values, lows, highs = given[:count], given[count : 2 * count], given[2 * count :]
            ranges = [interval(*pair) for pair in zip(lows, highs, strict=True)]
            low, high = min(FLOAT(0), *(of.low for of in ranges)), max(of.high for of in ranges)
            whole = Interval(low, high)
            if kind.lowest:
                most = max(abs(low), abs(high))
                whole = Interval(-most, most)
            parts = [
                part if of == whole else quantized_all(dequantized(part, of, kind), whole, kind)
                for part, of in zip(values, ranges, strict=True)
            ]
            return _with(np.concatenate(parts, normal_axis(integer(axis), values[0].ndim)), whole)

        return join


def quantized_concat(
    concat_dim: TensorLike,
    values: Sequence[TensorLike],
    input_mins: Sequence[TensorLike],
    input_maxes: Sequence[TensorLike],
    name: str | None = None,
) -> ConcatResult:
    """Quantized integers one after the other along an axis.

    Parameters
    ----------
    concat_dim : TensorLike
        The axis, int32.
    values : sequence of TensorLike
        Two or more, of quint8 or qint32.
    input_mins, input_maxes : sequence of TensorLike
        The range of each.
    name : str, optional
        ``QuantizedConcat`` by default.

    Returns
    -------
    named tuple of Tensor
        The integers, and the range that they stand for.

    Raises
    ------
    ValueError
        There are fewer than two, or the shapes do not fit.
    """
    return ConcatResult(*apply_list("QuantizedConcat", concat_dim, values, input_mins, input_maxes, name=name))


def quantized_conv2d(
    input: TensorLike,
    filter: TensorLike,
    min_input: TensorLike,
    max_input: TensorLike,
    min_filter: TensorLike,
    max_filter: TensorLike,
    strides: Sequence[int],
    padding: str,
    out_type: Any = "qint32",
    dilations: Sequence[int] = (1, 1, 1, 1),
    name: str | None = None,
) -> Conv2DResult:
    """The cross-correlation of images and filters of quantized integers.

    Parameters
    ----------
    input, filter : TensorLike
        quint8, of rank 4; channels last.
    min_input, max_input, min_filter, max_filter : TensorLike
        The ranges that they stand for.
    strides : list of int
        Four numbers, the first and the last 1, the others equal.
    padding : {"SAME", "VALID"}
    out_type : DTypeLike
        qint32.
    dilations : list of int
        Four times 1.
    name : str, optional
        ``QuantizedConv2D`` by default.

    Returns
    -------
    named tuple of Tensor
        The integers, and the range that they stand for.

    Raises
    ------
    ValueError
        A shape does not fit.
    InvalidArgumentError
        In the run: strides that differ, or dilations.
    """
    attrs: dict[str, Any] = {"strides": list(strides), "padding": padding.encode(), "dilations": list(dilations)}
    given = (input, filter, min_input, max_input, min_filter, max_filter)
    return Conv2DResult(*apply_list("QuantizedConv2D", *given, name=name, out_type=dtype_name(out_type), **attrs))


def quantized_max_pool(
    input: TensorLike,
    min_input: TensorLike,
    max_input: TensorLike,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    name: str | None = None,
) -> MaxPoolResult:
    """The greatest quantized integer of each window of images.

    Parameters
    ----------
    input : TensorLike
        quint8, of rank 4; channels last.
    min_input, max_input : TensorLike
        The range that it stands for.
    ksize, strides : list of int
        Four numbers each, the first and the last 1.
    padding : {"SAME", "VALID"}
    name : str, optional
        ``QuantizedMaxPool`` by default.

    Returns
    -------
    named tuple of Tensor
        The integers, and their range.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    attrs = {"ksize": four(ksize, "NHWC"), "strides": four(strides, "NHWC"), "padding": padding.encode()}
    return MaxPoolResult(*apply_list("QuantizedMaxPool", input, min_input, max_input, name=name, **attrs))


def quantized_avg_pool(
    input: TensorLike,
    min_input: TensorLike,
    max_input: TensorLike,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    name: str | None = None,
) -> AvgPoolResult:
    """The mean of the quantized integers of each window of images, rounded down.

    Parameters
    ----------
    input : TensorLike
        quint8, of rank 4; channels last.
    min_input, max_input : TensorLike
        The range that it stands for.
    ksize, strides : list of int
        Four numbers each, the first and the last 1.
    padding : {"SAME", "VALID"}
    name : str, optional
        ``QuantizedAvgPool`` by default.

    Returns
    -------
    named tuple of Tensor
        The integers, and their range.

    Raises
    ------
    ValueError
        A shape does not fit.
    """
    attrs = {"ksize": four(ksize, "NHWC"), "strides": four(strides, "NHWC"), "padding": padding.encode()}
    return AvgPoolResult(*apply_list("QuantizedAvgPool", input, min_input, max_input, name=name, **attrs))
