"""Floats as quantized integers and back, and quantized integers in another range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import QUANTIZED, Kernel, Node, OpDef, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops import named_results
from hdfsaver.ops.base import at_least, invalid
from hdfsaver.ops.quantized_values import (
    FLOAT,
    GREATEST,
    Integers,
    Interval,
    dequantized,
    floating,
    integers,
    interval,
    positive_axis,
    quantized_all,
    requantized,
    rounded,
    scalars,
)
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_MODES = frozenset({b"MIN_COMBINED", b"MIN_FIRST", b"SCALED"})
_LATE = "A float beyond what the integers hold becomes the least of qint32."


def _shape_of_range(node: Node) -> Shape:
    """That of the two numbers of a range: a scalar, or one for each slice along the axis."""
    axis = node.attrs["axis"]
    if axis < -1:
        raise ValueError(f"axis should be at least -1, got {axis}.")
    low, high = node.input_shapes[1:3]
    if axis == -1:
        return shapes.merge(shapes.merge(low, ()), high)
    values = at_least(node.input_shapes[0], axis + 1)
    depth = None if values is None else values[axis]
    return shapes.merge(shapes.merge(shapes.merge(low, (None,)), high), (depth,))


def _slices(values: Array, low: Array, high: Array, axis: int) -> Iterator[tuple[tuple[Any, ...], Interval]]:
    """The parts of a tensor that have a range of their own, and that range."""
    if axis >= values.ndim:
        raise invalid(f"Axis must be less than input dimension({values.ndim}), got {axis}.")
    count = 1 if axis == -1 else values.shape[axis]
    if np.size(low) != count or np.size(high) != count:
        raise invalid(f"The range must have {count} numbers, not {np.size(low)} and {np.size(high)}.")
    lows, highs = np.ravel(low), np.ravel(high)
    for number in range(count):
        place: tuple[Any, ...] = (...,) if count == 1 else (slice(None),) * axis + (number,)
        yield place, interval(lows[number], highs[number])


def _widened(given: Interval, least: float) -> Interval:
    """The range with 0 inside, and of some extent."""
    if given.high < given.low:
        raise invalid("input_max_range must be larger than input_min_range.")
    low = min(FLOAT(0), given.low)
    extent = max(FLOAT(1), abs(given.low), abs(given.high)) * FLOAT(least)
    return Interval(low, max(FLOAT(0), given.high, low + extent))


def _combined(values: Array, of: Interval, to: Integers) -> tuple[Array, Interval]:
    scale = FLOAT((float(to.highest) - float(to.lowest)) / float(of.high - of.low))
    moved = (np.clip(values, of.low, of.high) - of.low) * scale
    if to.lowest:
        return rounded(moved - FLOAT(to.steps / 2.0)).astype(to.dtype), of
    return (moved + FLOAT(0.5)).astype(to.dtype), of


def _scaled(values: Array, of: Interval, to: Integers, node: Node) -> tuple[Array, Interval]:
    least, most = FLOAT(to.lowest + bool(node.attrs["narrow_range"])), FLOAT(to.highest)
    sides = [bound / limit if bound * limit > 0 else GREATEST for bound, limit in ((least, of.low), (most, of.high))]
    scale = min(sides)
    widest = Interval(least / scale, most / scale)
    moved = np.clip(values, widest.low, widest.high) * scale
    to_even = node.attrs["round_mode"] == b"HALF_TO_EVEN"
    return (np.rint(moved) if to_even else rounded(moved)).astype(to.dtype), widest


@register
class QuantizeV2(OpDef):
    """Floats as integers of a quantized dtype, and the range that these stand for."""

    type = "QuantizeV2"
    signature = (
        "input: float32, min_range: float32, max_range: float32 -> output: T, output_min: float32, output_max: float32"
    )
    types = {"T": QUANTIZED}
    attrs = {
        "mode": b"MIN_COMBINED",
        "round_mode": b"HALF_AWAY_FROM_ZERO",
        "narrow_range": False,
        "axis": -1,
        "ensure_minimum_range": 0.01,
    }
    allowed = {"mode": _MODES, "round_mode": frozenset({b"HALF_AWAY_FROM_ZERO", b"HALF_TO_EVEN"})}
    differs = _LATE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input; a scalar or (input.shape[axis],) for each number of the range."""
        shape = _shape_of_range(node)
        return [node.input_shapes[0], shape, shape]

    def kernel(self, node: Node) -> Kernel:
        to, mode, axis = integers(node.attrs["T"]), node.attrs["mode"], node.attrs["axis"]
        least = node.attrs["ensure_minimum_range"]

        def one(values: Array, given: Interval) -> tuple[Array, Interval]:
            of = _widened(given, least)
            if mode == b"MIN_FIRST":
                return quantized_all(values, of, to), of
            return _combined(values, of, to) if mode == b"MIN_COMBINED" else _scaled(values, of, to, node)

        def quantize(values: Array, low: Array, high: Array) -> tuple[Array, ...]:
            if node.attrs["round_mode"] == b"HALF_TO_EVEN" and mode != b"SCALED":
                raise invalid("Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED'.")
            result = np.empty(values.shape, to.dtype)
            ranges = []
            for place, given in _slices(values, low, high, axis):
                _refuse_min_first(mode, axis, place)
                result[place], found = one(values[place], given)
                ranges.append(found)
            if len(ranges) == 1:
                return result, *map(np.asarray, ranges[0])
            return (
                result,
                np.array([each.low for each in ranges], FLOAT),
                np.array([each.high for each in ranges], FLOAT),
            )

        return quantize


def _refuse_min_first(mode: bytes, axis: int, place: tuple[Any, ...]) -> None:
    if mode == b"MIN_FIRST" and place != (...,):
        raise UnimplementedError(None, None, f"MIN_FIRST mode is not implemented with axis {axis}, only with -1.")


@register
class Dequantize(OpDef):
    """The floats that quantized integers stand for."""

    type = "Dequantize"
    signature = "input: T, min_range: float32, max_range: float32 -> output: dtype"
    types = {"T": QUANTIZED, "dtype": frozenset({"float32", "bfloat16"})}
    attrs = {"dtype": "float32", "mode": b"MIN_COMBINED", "narrow_range": False, "axis": -1}
    allowed = {"mode": _MODES}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input."""
        _shape_of_range(node)
        return [node.input_shapes[0]]

    def kernel(self, node: Node) -> Kernel:
        given, mode, axis = integers(node.attrs["T"]), node.attrs["mode"], node.attrs["axis"]
        target = dtypes.numpy_dtype(node.attrs["dtype"])
        one = self._rule(node, given)

        def dequantize(values: Array, low: Array, high: Array) -> Array:
            if target != FLOAT and mode != b"MIN_COMBINED":
                raise invalid(f"For bfloat16 the mode must be MIN_COMBINED, not {mode.decode()}.")
            result = np.empty(values.shape, FLOAT)
            for place, of in _slices(values, low, high, axis):
                _refuse_min_first(mode, axis, place)
                result[place] = one(values[place], of)
            return result.astype(target, copy=False)

        return dequantize

    def _rule(self, node: Node, given: Integers) -> Callable[[Array, Interval], Array]:
        least, most = FLOAT(given.lowest + bool(node.attrs["narrow_range"])), FLOAT(given.highest)

        def combined(values: Array, of: Interval) -> Array:
            half = FLOAT(given.steps / 2.0) if given.lowest else FLOAT(0)
            scale = (of.high - of.low) / (most - FLOAT(given.lowest))
            result: Array = (values.astype(FLOAT) + half) * scale + of.low
            return result

        def scaled(values: Array, of: Interval) -> Array:
            scale = of.high / most if not given.lowest else max(of.low / least, of.high / most)
            result: Array = values.astype(FLOAT) * scale
            return result

        if node.attrs["mode"] == b"MIN_FIRST":
            return lambda values, of: dequantized(values, of, given)
        return combined if node.attrs["mode"] == b"MIN_COMBINED" else scaled


def _used(values: Array, of: Interval, given: Integers) -> Interval:
    """The range that integers make use of, with 0 inside."""
    least, most = (int(values.min()), int(values.max())) if values.size else (given.highest, given.lowest)
    return Interval(min(FLOAT(0), floating(least, of, given)), floating(most, of, given))


@register
class RequantizationRange(OpDef):
    """The range that quantized integers make use of."""

    type = "RequantizationRange"
    signature = "input: Tinput, input_min: float32, input_max: float32 -> output_min: float32, output_max: float32"
    types = {"Tinput": frozenset({"qint32"})}
    further_types = {"Tinput": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Two scalars."""
        for shape in node.input_shapes[1:]:
            shapes.merge(shape, ())
        return [(), ()]

    def kernel(self, node: Node) -> Kernel:
        given = integers(node.attrs["Tinput"])
        return lambda values, low, high: tuple(map(np.asarray, _used(values, interval(low, high), given)))


@register
class Requantize(OpDef):
    """Quantized integers as others that stand for nearly the same floats, in a range that is asked for."""

    type = "Requantize"
    signature = (
        "input: Tinput, input_min: float32, input_max: float32, requested_output_min: float32, "
        "requested_output_max: float32 -> output: out_type, output_min: float32, output_max: float32"
    )
    types = {"Tinput": frozenset({"qint32"}), "out_type": frozenset({"quint8", "qint8"})}
    further_types = {"Tinput": QUANTIZED, "out_type": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input, and two scalars."""
        for shape in node.input_shapes[1:]:
            shapes.merge(shape, ())
        return [node.input_shapes[0], (), ()]

    def kernel(self, node: Node) -> Kernel:
        given, to = integers(node.attrs["Tinput"]), integers(node.attrs["out_type"])

        def requantize(values: Array, *pairs: Array) -> tuple[Array, ...]:
            of, wanted = scalars(*pairs)
            if wanted.low > 0:
                raise invalid(f"requested_output_min must be <= 0, but got {wanted.low}.")
            if wanted.high < wanted.low:
                raise invalid(
                    f"requested_output_max must be >= requested_output_min, but got {wanted.high} and {wanted.low}."
                )
            return requantized(values, of, given, wanted, to), *map(np.asarray, wanted)

        return requantize


@register
class QuantizeDownAndShrinkRange(OpDef):
    """Quantized integers of fewer bits, in the range that they make use of."""

    type = "QuantizeDownAndShrinkRange"
    signature = (
        "input: Tinput, input_min: float32, input_max: float32 -> "
        "output: out_type, output_min: float32, output_max: float32"
    )
    types = {"Tinput": frozenset({"qint32"}), "out_type": frozenset({"quint8"})}
    further_types = {"Tinput": QUANTIZED, "out_type": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input, and two scalars."""
        for shape in node.input_shapes[1:]:
            shapes.merge(shape, ())
        return [node.input_shapes[0], (), ()]

    def kernel(self, node: Node) -> Kernel:
        given, to = integers(node.attrs["Tinput"]), integers(node.attrs["out_type"])

        def shrink(values: Array, *pair: Array) -> tuple[Array, ...]:
            (of,) = scalars(*pair)
            used = _used(values, of, given)
            return requantized(values, of, given, used, to), *map(np.asarray, used)

        return shrink


def quantize(
    input: TensorLike,
    min_range: TensorLike,
    max_range: TensorLike,
    T: DTypeLike,  # noqa: N803, TensorFlow's name
    mode: str = "MIN_COMBINED",
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
    ensure_minimum_range: float = 0.01,
) -> named_results.QuantizeV2:
    """Floats as integers of a quantized dtype.

    Parameters
    ----------
    input : TensorLike
        float32.
    min_range, max_range : TensorLike
        The range of the floats: one number each or, with ``axis``, one for each slice.
    T : DTypeLike
        A quantized dtype, such as ``tf.quint8``.
    mode : {"MIN_COMBINED", "MIN_FIRST", "SCALED"}
        How floats and integers belong together.
    round_mode : {"HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"}
        The second one for ``"SCALED"`` only.
    name : str, optional
        ``QuantizeV2`` by default.
    narrow_range : bool
        Leave the lowest integer out, for ``"SCALED"``.
    axis : int, optional
        The axis along which each slice has a range of its own.
    ensure_minimum_range : float
        The least extent of the range, as a part of its greatest number.

    Returns
    -------
    named tuple of Tensor
        The integers, and the least and the greatest float that they can stand for.

    Raises
    ------
    TypeError
        The dtype is not a quantized one.
    ValueError
        A shape, the mode or the axis does not fit.
    InvalidArgumentError, UnimplementedError
        In the run: the greatest number is below the least, or the mode does not go with the rounding or the axis.
    """
    attrs: dict[str, Any] = {
        "T": dtypes.as_dtype(T).name,
        "mode": mode.encode(),
        "round_mode": round_mode.encode(),
        "narrow_range": narrow_range,
        "axis": positive_axis(axis, input),
        "ensure_minimum_range": ensure_minimum_range,
    }
    return named_results.QuantizeV2(*apply_list("QuantizeV2", input, min_range, max_range, name=name, **attrs))


def quantize_v2(
    input: TensorLike,
    min_range: TensorLike,
    max_range: TensorLike,
    T: DTypeLike,  # noqa: N803, TensorFlow's name
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    narrow_range: bool = False,
    axis: int | None = None,
    ensure_minimum_range: float = 0.01,
) -> named_results.QuantizeV2:
    """As `quantize`, with its arguments in another order.

    Parameters
    ----------
    input, min_range, max_range : TensorLike
    T : DTypeLike
    mode : {"MIN_COMBINED", "MIN_FIRST", "SCALED"}
    name : str, optional
    round_mode : {"HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"}
    narrow_range : bool
    axis : int, optional
    ensure_minimum_range : float
        All as for `quantize`.

    Returns
    -------
    named tuple of Tensor

    Raises
    ------
    TypeError, ValueError
        As for `quantize`.
    """
    return quantize(input, min_range, max_range, T, mode, round_mode, name, narrow_range, axis, ensure_minimum_range)


def dequantize(
    input: TensorLike,
    min_range: TensorLike,
    max_range: TensorLike,
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    axis: int | None = None,
    narrow_range: bool = False,
    dtype: DTypeLike = "float32",
) -> Tensor:
    """The floats that quantized integers stand for.

    Parameters
    ----------
    input : TensorLike
        Of a quantized dtype.
    min_range, max_range : TensorLike
        The range: one number each or, with ``axis``, one for each slice.
    mode : {"MIN_COMBINED", "MIN_FIRST", "SCALED"}
        The mode that `quantize` was given.
    name : str, optional
        ``Dequantize`` by default.
    axis : int, optional
        The axis along which each slice has a range of its own.
    narrow_range : bool
        Whether the lowest integer was left out, for ``"SCALED"``.
    dtype : {float32, bfloat16}
        bfloat16 for ``"MIN_COMBINED"`` only.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError
        A dtype does not fit.
    ValueError
        A shape, the mode or the axis does not fit.
    InvalidArgumentError, UnimplementedError
        In the run: the mode does not go with the dtype or the axis.
    """
    attrs: dict[str, Any] = {"mode": mode.encode(), "axis": positive_axis(axis, input), "narrow_range": narrow_range}
    target = dtypes.as_dtype(dtype).name
    return apply("Dequantize", input, min_range, max_range, name=name, dtype=target, **attrs)
