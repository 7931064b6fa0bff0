"""Functions that round floats as if they were quantized; see `hdfsaver.ops.fake_quantization`."""

from __future__ import annotations

from typing import Any

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops import named_results
from hdfsaver.ops.quantized_values import positive_axis


def fake_quant_with_min_max_args(
    inputs: TensorLike,
    min: float = -6,
    max: float = 6,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Tensor:
    """Floats rounded to the steps of a range that the graph fixes.

    Parameters
    ----------
    inputs : TensorLike
        float32.
    min, max : float
        The range. It is moved a little so that 0 is one of its steps.
    num_bits : int
        From 2 to 16: the range has ``2 ** num_bits`` steps.
    narrow_range : bool
        Leave the lowest step out.
    name : str, optional
        ``FakeQuantWithMinMaxArgs`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    InvalidArgumentError
        In the run: the range has no extent, or the number of bits is out of range.
    """
    attrs = {"min": float(min), "max": float(max), "num_bits": num_bits, "narrow_range": narrow_range}
    return apply("FakeQuantWithMinMaxArgs", inputs, name=name, **attrs)


def fake_quant_with_min_max_args_gradient(
    gradients: TensorLike,
    inputs: TensorLike,
    min: float = -6,
    max: float = 6,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Tensor:
    """The derivative of `fake_quant_with_min_max_args`.

    Parameters
    ----------
    gradients : TensorLike
        The derivatives by its result.
    inputs : TensorLike
        Its input.
    min, max : float
    num_bits : int
    narrow_range : bool
    name : str, optional
        As there.

    Returns
    -------
    Tensor

    Raises
    ------
    InvalidArgumentError
        As there, or the shapes differ.
    """
    attrs = {"min": float(min), "max": float(max), "num_bits": num_bits, "narrow_range": narrow_range}
    return apply("FakeQuantWithMinMaxArgsGradient", gradients, inputs, name=name, **attrs)


def fake_quant_with_min_max_vars(
    inputs: TensorLike,
    min: TensorLike,
    max: TensorLike,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Tensor:
    """Floats rounded to the steps of a range.

    Parameters
    ----------
    inputs : TensorLike
        float32.
    min, max : TensorLike
        The range, scalars.
    num_bits : int
        From 2 to 16.
    narrow_range : bool
        Leave the lowest step out.
    name : str, optional
        ``FakeQuantWithMinMaxVars`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The range is not made of scalars.
    InvalidArgumentError
        In the run: the number of bits is out of range.
    """
    attrs: dict[str, Any] = {"num_bits": num_bits, "narrow_range": narrow_range}
    return apply("FakeQuantWithMinMaxVars", inputs, min, max, name=name, **attrs)


def fake_quant_with_min_max_vars_gradient(
    gradients: TensorLike,
    inputs: TensorLike,
    min: TensorLike,
    max: TensorLike,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> named_results.FakeQuantWithMinMaxVarsGradient:
    """The derivatives of `fake_quant_with_min_max_vars` by its floats and its range.

    Parameters
    ----------
    gradients : TensorLike
        The derivatives by its result.
    inputs, min, max : TensorLike
    num_bits : int
    narrow_range : bool
    name : str, optional
        As there.

    Returns
    -------
    named tuple of Tensor

    Raises
    ------
    ValueError
        The shapes do not fit.
    InvalidArgumentError
        As there.
    """
    attrs: dict[str, Any] = {"num_bits": num_bits, "narrow_range": narrow_range}
    made = apply_list("FakeQuantWithMinMaxVarsGradient", gradients, inputs, min, max, name=name, **attrs)
    return named_results.FakeQuantWithMinMaxVarsGradient(*made)


def fake_quant_with_min_max_vars_per_channel(
    inputs: TensorLike,
    min: TensorLike,
    max: TensorLike,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Tensor:
    """Floats rounded to the steps of the range of their channel, the last dimension.

    Parameters
    ----------
    inputs : TensorLike
        float32, of rank 1 or more.
    min, max : TensorLike
        The ranges, vectors with a number for each channel.
    num_bits : int
        From 2 to 16.
    narrow_range : bool
        Leave the lowest step out.
    name : str, optional
        ``FakeQuantWithMinMaxVarsPerChannel`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The shapes do not fit.
    InvalidArgumentError
        In the run: the number of bits is out of range.
    """
    attrs: dict[str, Any] = {"num_bits": num_bits, "narrow_range": narrow_range}
    return apply("FakeQuantWithMinMaxVarsPerChannel", inputs, min, max, name=name, **attrs)


def fake_quant_with_min_max_vars_per_channel_gradient(
    gradients: TensorLike,
    inputs: TensorLike,
    min: TensorLike,
    max: TensorLike,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> named_results.FakeQuantWithMinMaxVarsPerChannelGradient:
    """The derivatives of `fake_quant_with_min_max_vars_per_channel` by its floats and its ranges.

    Parameters
    ----------
    gradients : TensorLike
        The derivatives by its result.
    inputs, min, max : TensorLike
    num_bits : int
    narrow_range : bool
    name : str, optional
        As there.

    Returns
    -------
    named tuple of Tensor

    Raises
    ------
    ValueError
        The shapes do not fit.
    InvalidArgumentError
        As there.
    """
    attrs: dict[str, Any] = {"num_bits": num_bits, "narrow_range": narrow_range}
    made = apply_list("FakeQuantWithMinMaxVarsPerChannelGradient", gradients, inputs, min, max, name=name, **attrs)
    return named_results.FakeQuantWithMinMaxVarsPerChannelGradient(*made)


def quantize_and_dequantize(
    input: TensorLike,
    input_min: TensorLike,
    input_max: TensorLike,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Tensor:
    """Floats made integers and floats again.

    Parameters
    ----------
    input : TensorLike
        float32 or float64.
    input_min, input_max : TensorLike
        The range, if ``range_given``: scalars, or with ``axis`` a number for each slice.
    signed_input : bool
        Whether the integers have a sign.
    num_bits : int
        The bits of an integer.
    range_given : bool
        Whether the range is that of the arguments; otherwise it is that of the floats.
    round_mode : {"HALF_TO_EVEN", "HALF_UP"}
    name : str, optional
        ``QuantizeAndDequantizeV2`` by default.
    narrow_range : bool
        Leave the lowest integer out.
    axis : int, optional
        The axis along which each slice has a range of its own.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        A shape or the axis does not fit.
    InvalidArgumentError
        In the run: the number of bits is out of range, or the least number above the greatest.
    """
    attrs = _attrs(signed_input, num_bits, range_given, round_mode, narrow_range, positive_axis(axis, input))
    return apply("QuantizeAndDequantizeV2", input, input_min, input_max, name=name, **attrs)


def quantize_and_dequantize_v2(
    input: TensorLike,
    input_min: TensorLike,
    input_max: TensorLike,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Tensor:
    """As `quantize_and_dequantize`; its derivative is 0 outside of ``input_min`` and ``input_max``.

    Parameters
    ----------
    input, input_min, input_max : TensorLike
    signed_input : bool
    num_bits : int
    range_given : bool
    round_mode : {"HALF_TO_EVEN", "HALF_UP"}
        As there.
    name : str, optional
        ``QuantizeAndDequantizeV4`` by default.
    narrow_range : bool
    axis : int, optional
        As there.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError, InvalidArgumentError
        As there.
    """
    attrs = _attrs(signed_input, num_bits, range_given, round_mode, narrow_range, positive_axis(axis, input))
    return apply("QuantizeAndDequantizeV4", input, input_min, input_max, name=name, **attrs)


def _attrs(
    signed_input: bool, num_bits: int, range_given: bool, round_mode: str, narrow_range: bool, axis: int
) -> dict[str, Any]:
    return {
        "signed_input": signed_input,
        "num_bits": num_bits,
        "range_given": range_given,
        "round_mode": round_mode.encode(),
        "narrow_range": narrow_range,
        "axis": axis,
    }
