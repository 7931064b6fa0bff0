"""Floats rounded as if they were quantized, so that networks learn with the rounding that is to come.

Source: ``tensorflow/core/kernels/fake_quant_ops_functor.h`` and ``quantize_and_dequantize_op.h``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import FLOATS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, at_least, invalid, with_rank
from hdfsaver.ops.quantized_values import FLOAT, rounded
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_BITS: dict[str, Any] = {"num_bits": 8, "narrow_range": False}
_RANGE = {"min": -6.0, "max": 6.0, **_BITS}
_WIDE = frozenset({"float32", "float64"})


class _Nudged(NamedTuple):
    """A range that is moved so that 0 is one of its steps."""

    low: np.float32
    high: np.float32
    step: np.float32
    per_unit: np.float32


def _integers(node: Node) -> tuple[np.float32, np.float32]:
    """The least and the greatest step."""
    bits = node.attrs["num_bits"]
    if not 2 <= bits <= 16:
        raise invalid(f"num_bits must be between 2 and 16, inclusive, not {bits}.")
    return FLOAT(bool(node.attrs["narrow_range"])), FLOAT((1 << bits) - 1)


def _nudged(low: np.float32, high: np.float32, least: np.float32, most: np.float32) -> _Nudged:
    step = (high - low) / (most - least)
    per_unit = (most - least) / (high - low)
    from_low = least - low / step
    zero = FLOAT(np.clip(rounded(from_low), least, most))
    return _Nudged((least - zero) * step, (most - zero) * step, step, per_unit)


def _rounded_to_steps(values: Array, of: _Nudged, divides: bool) -> Array:
    zero = np.floor(-of.low * of.per_unit + FLOAT(0.5))
    moved = np.maximum(np.minimum(values, of.high), of.low) - of.low
    counts = moved / of.step if divides else moved * of.per_unit
    result: Array = np.floor(counts - zero + FLOAT(0.5)) * of.step
    return result


def _fixed_range(node: Node) -> tuple[np.float32, np.float32]:
    low, high = FLOAT(node.attrs["min"]), FLOAT(node.attrs["max"])
    if low >= high:
        raise invalid(f"min has to be smaller than max, was: {low} >= {high}.")
    return low, high


def _attrs(op: Operation, names: Sequence[str]) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in names}


@register
class FakeQuantWithMinMaxArgs(OpDef):
    """Floats rounded to the steps of a range that the graph fixes."""

    type = "FakeQuantWithMinMaxArgs"
    signature = "inputs: float32 -> outputs: float32"
    attrs = _RANGE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of inputs."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        of = _nudged(*_fixed_range(node), *_integers(node))
        return lambda values: _rounded_to_steps(values, of, divides=False)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("FakeQuantWithMinMaxArgsGradient", grads[0], op.inputs[0], **_attrs(op, tuple(_RANGE)))]


@register
class FakeQuantWithMinMaxArgsGradient(OpDef):
    """The derivative of `FakeQuantWithMinMaxArgs`: none outside of the range."""

    type = "FakeQuantWithMinMaxArgsGradient"
    signature = "gradients: float32, inputs: float32 -> backprops: float32"
    attrs = _RANGE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of gradients."""
        return node.input_shapes[:1]

    def kernel(self, node: Node) -> Kernel:
        of = _nudged(*_fixed_range(node), *_integers(node))

        def inside(grad: Array, values: Array) -> Array:
            _same_shape(grad, values)
            result: Array = grad * ((values >= of.low) & (values <= of.high))
            return result

        return inside


def _same_shape(grad: Array, values: Array) -> None:
    if grad.shape != values.shape:
        raise invalid(f"gradients and inputs must have the same shape, not {grad.shape} and {values.shape}.")


class _Learned(OpDef):
    """Floats rounded to the steps of a range that is a tensor, of all floats or of each channel."""

    attrs = _BITS
    per_channel: ClassVar[bool] = False

    def range_shape(self, node: Node, values: Shape, first: int) -> Shape:
        """The shape of both numbers of the range."""
        low, high = node.input_shapes[first : first + 2]
        if not self.per_channel:
            return shapes.merge(shapes.merge(low, ()), high)
        channels = None if values is None else values[-1]
        return shapes.merge(shapes.merge(shapes.merge(low, (None,)), high), (channels,))

    def parts(self, values: Array, low: Array, high: Array) -> list[tuple[Any, np.float32, np.float32]]:
        """The parts of the floats that have a range, and that range."""
        shape = values.shape[-1:] if self.per_channel else ()
        if np.shape(low) != shape or np.shape(high) != shape:
            raise invalid(f"min and max must have shape {shape}, not {np.shape(low)} and {np.shape(high)}.")
        if not self.per_channel:
            return [(..., FLOAT(low), FLOAT(high))]
        return [((..., number), FLOAT(low[number]), FLOAT(high[number])) for number in range(shape[0])]


class _Rounding(_Learned):
    signature = "inputs: float32, min: float32, max: float32 -> outputs: float32"
    backward: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of inputs; min and max are scalars, or (channels,)."""
        values = at_least(node.input_shapes[0], 1) if self.per_channel else node.input_shapes[0]
        depth = self.range_shape(node, values, 1)
        if self.per_channel and values is not None:
            return [(*values[:-1], depth[0] if depth else None)]
        return [values]

    def kernel(self, node: Node) -> Kernel:
        least, most = _integers(node)

        def quantize(values: Array, low: Array, high: Array) -> Array:
            result = np.zeros_like(values)
            for place, first, last in self.parts(values, low, high):
                if first or last:  # a range of nothing gives 0
                    of = _nudged(first, last, least, most)
                    result[place] = _rounded_to_steps(values[place], of, divides=not self.per_channel)
            return result

        return quantize

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return apply_list(self.backward, grads[0], *op.inputs, **_attrs(op, tuple(_BITS)))


class _Back(_Learned):
    signature = (
        "gradients: float32, inputs: float32, min: float32, max: float32 -> "
        "backprops_wrt_input: float32, backprop_wrt_min: float32, backprop_wrt_max: float32"
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of inputs, and twice that of min."""
        values = shapes.merge(node.input_shapes[0], node.input_shapes[1])
        if self.per_channel:
            at_least(values, 1)
        depth = self.range_shape(node, values, 2)
        return [values, depth, depth]

    def kernel(self, node: Node) -> Kernel:
        least, most = _integers(node)

        def back(grad: Array, values: Array, low: Array, high: Array) -> tuple[Array, Array, Array]:
            _same_shape(grad, values)
            by_values, by_low, by_high = np.array(grad), np.zeros_like(low), np.zeros_like(high)
            for place, first, last in self.parts(values, low, high):
                if not first and not last:
                    continue
                of = _nudged(first, last, least, most)
                some, above, below = grad[place], values[place] > of.high, values[place] < of.low
                number = place if place is ... else place[1]
                by_values[place] = some * ((values[place] >= of.low) & (values[place] <= of.high))
                by_low[number], by_high[number] = (some * below).sum(), (some * above).sum()
            return by_values, by_low, by_high

        return back


@register
class FakeQuantWithMinMaxVars(_Rounding):
    """Floats rounded to the steps of a range."""

    type = "FakeQuantWithMinMaxVars"
    backward = "FakeQuantWithMinMaxVarsGradient"


@register
class FakeQuantWithMinMaxVarsGradient(_Back):
    """The derivatives of `FakeQuantWithMinMaxVars` by floats and range."""

    type = "FakeQuantWithMinMaxVarsGradient"


@register
class FakeQuantWithMinMaxVarsPerChannel(_Rounding):
    """Floats rounded to the steps of the range of their channel, the last dimension."""

    type = "FakeQuantWithMinMaxVarsPerChannel"
    backward = "FakeQuantWithMinMaxVarsPerChannelGradient"
    per_channel = True


@register
class FakeQuantWithMinMaxVarsPerChannelGradient(_Back):
    """The derivatives of `FakeQuantWithMinMaxVarsPerChannel` by floats and ranges."""

    type = "FakeQuantWithMinMaxVarsPerChannelGradient"
    per_channel = True


def _scaled_range(low: Any, high: Any, bits: int, node: Node) -> tuple[Any, Any, Any, Any]:
    """The range in which 0 stays 0, how many steps a unit has, and the length of a step."""
    kind, is_signed = type(low), node.attrs["signed_input"]
    least = -(1 << (bits - 1)) + bool(node.attrs.get("narrow_range")) if is_signed else 0
    most = (1 << (bits - 1)) - 1 if is_signed else (1 << bits) - 1
    greatest = np.finfo(kind).max
    from_low, from_high = (
        kind(count) / side if kind(count) * side > 0 else greatest for count, side in ((least, low), (most, high))
    )
    if from_low < from_high:
        step = low / kind(least)
        return low, kind(most) * step, from_low, step
    step = high / kind(most)
    return kind(least) * step, high, from_high, step


def _check_bits(bits: int, node: Node) -> None:
    if not 0 < bits < (62 if node.attrs["signed_input"] else 63):
        raise invalid(f"num_bits is out of range: {bits} with signed_input {node.attrs['signed_input']}.")


class _There(OpDef):
    """Floats made integers and floats again."""

    types = {"T": _WIDE}
    further_types = {"T": FLOATS}
    extra_inputs: ClassVar[int] = 2

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input; input_min and input_max are scalars, or (input.shape[axis],)."""
        _axis_range(node, 0)
        return node.input_shapes[:1]

    def rule(self, node: Node) -> Callable[[Array, Array | None, Array | None, int], Array]:
        """A function from floats, their range and the number of bits."""
        axis = node.attrs.get("axis", -1)
        up = node.attrs.get("round_mode") == b"HALF_UP"

        def there(values: Array, low: Array | None, high: Array | None, bits: int) -> Array:
            _check_bits(bits, node)
            kind = values.dtype.type
            result = np.empty_like(values)
            for place, number in _places(values, axis):
                some = values[place]
                given = (some.min(), some.max()) if low is None or high is None else (low[number], high[number])
                first, last = kind(given[0]), kind(given[1])
                if first > last:
                    raise invalid(f"Invalid range: input_min {first} > input_max {last}.")
                first, last, scale, step = _scaled_range(first, last, bits, node)
                some = some if low is None else np.maximum(np.minimum(some, last), first)
                moved = some * scale
                result[place] = (np.floor(moved + kind(0.5)) if up else np.rint(moved)) * step
            return result

        return there

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [grads[0], *[None] * (len(op.inputs) - 1)]


def _places(values: Array, axis: int) -> list[tuple[Any, Any]]:
    """The parts of floats that have a range of their own, and where that range is."""
    if axis >= values.ndim:
        raise invalid(f"Shape must be at least rank {axis + 1} but is rank {values.ndim}.")
    if not values.size:
        return []
    if axis == -1:
        return [(..., ())]
    return [((slice(None),) * axis + (number,), number) for number in range(values.shape[axis])]


def _axis_range(node: Node, first: int) -> Shape:
    axis = node.attrs["axis"]
    if axis < -1:
        raise ValueError(f"axis should be at least -1, got {axis}.")
    low, high = node.input_shapes[first + 1 : first + 3]
    if axis == -1:
        return shapes.merge(shapes.merge(low, ()), high)
    values = at_least(node.input_shapes[first], axis + 1)
    return shapes.merge(shapes.merge(shapes.merge(low, (None,)), high), (None if values is None else values[axis],))


def _check_range(values: Array, low: Array, high: Array, axis: int) -> None:
    shape = () if axis == -1 else values.shape[axis : axis + 1]
    if np.shape(low) != shape or np.shape(high) != shape:
        raise invalid(f"input_min and input_max must have shape {shape}, not {np.shape(low)} and {np.shape(high)}.")


@register
class QuantizeAndDequantize(_There):
    """Floats made integers and floats again; found in older graphs."""

    type = "QuantizeAndDequantize"
    signature = "input: T -> output: T"
    attrs = {"signed_input": True, "num_bits": 8, "range_given": False, "input_min": 0.0, "input_max": 0.0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        there, bits = self.rule(node), node.attrs["num_bits"]
        low, high = (np.asarray(node.attrs[key]) for key in ("input_min", "input_max"))
        if not node.attrs["range_given"]:
            return lambda values: there(values, None, None, bits)
        return lambda values: there(values, low, high, bits)


class _WithRange(_There):
    signature = "input: T, input_min: T, input_max: T -> output: T"
    attrs = {
        "signed_input": True,
        "num_bits": 8,
        "range_given": False,
        "round_mode": b"HALF_TO_EVEN",
        "narrow_range": False,
        "axis": -1,
    }
    allowed = {"round_mode": frozenset({b"HALF_TO_EVEN", b"HALF_UP"})}

    def kernel(self, node: Node) -> Kernel:
        there, axis, is_given = self.rule(node), node.attrs["axis"], node.attrs["range_given"]

        def convert(values: Array, low: Array, high: Array, bits: Array | None = None) -> Array:
            count = node.attrs["num_bits"] if bits is None else int(np.reshape(bits, ()))
            if not is_given:
                return there(values, None, None, count)
            _places(values, axis)
            _check_range(values, low, high, axis)
            return there(values, low, high, count)

        return convert


@register
class QuantizeAndDequantizeV2(_WithRange):
    """Floats made integers and floats again, in a range that is given or their own."""

    type = "QuantizeAndDequantizeV2"
    differs = "A range for each slice along the axis is taken; TensorFlow 2 asks for scalars and vectors at once."


@register
class QuantizeAndDequantizeV3(_WithRange):
    """As `QuantizeAndDequantizeV2`, with the number of bits as a tensor."""

    type = "QuantizeAndDequantizeV3"
    signature = "input: T, input_min: T, input_max: T, num_bits: int32 -> output: T"
    attrs = {"signed_input": True, "range_given": True, "narrow_range": False, "axis": -1}
    allowed = {}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input; num_bits is a scalar."""
        with_rank(node.input_shapes[3], 0)
        return super().shapes(node)


@register
class QuantizeAndDequantizeV4(_WithRange):
    """As `QuantizeAndDequantizeV2`, with a derivative of 0 outside of the range."""

    type = "QuantizeAndDequantizeV4"
    differs = QuantizeAndDequantizeV2.differs

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return apply_list("QuantizeAndDequantizeV4Grad", grads[0], *op.inputs, axis=op.get_attr("axis"))


@register
class QuantizeAndDequantizeV4Grad(OpDef):
    """The derivative of `QuantizeAndDequantizeV4`: none outside of the range."""

    type = "QuantizeAndDequantizeV4Grad"
    signature = (
        "gradients: T, input: T, input_min: T, input_max: T -> "
        "input_backprop: T, input_min_backprop: T, input_max_backprop: T"
    )
    types = {"T": _WIDE}
    further_types = {"T": FLOATS}
    attrs = {"axis": -1}
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input, and twice that of input_min."""
        depth = _axis_range(node, 1)
        return [shapes.merge(node.input_shapes[0], node.input_shapes[1]), depth, depth]

    def kernel(self, node: Node) -> Kernel:
        axis = node.attrs["axis"]

        def back(grad: Array, values: Array, low: Array, high: Array) -> tuple[Array, Array, Array]:
            _same_shape(grad, values)
            places = _places(values, axis)
            _check_range(values, low, high, axis)
            result = np.empty_like(grad)
            for place, number in places:
                result[place] = grad[place] * ((values[place] >= low[number]) & (values[place] <= high[number]))
            return result, np.zeros_like(low), np.zeros_like(high)

        return back
