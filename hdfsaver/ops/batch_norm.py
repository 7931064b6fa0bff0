"""Batch normalization of images as one operation.

Source: ``tensorflow/core/kernels/fused_batch_norm_op.cc``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, scope, with_rank
from hdfsaver.ops.sliding_windows import FORMATS, NCHW, NHWC
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_ATTRS: dict[str, Any] = {"epsilon": 0.0001, "exponential_avg_factor": 1.0, "data_format": NHWC, "is_training": True}
_GRAD_ATTRS = {name: _ATTRS[name] for name in ("epsilon", "data_format", "is_training")}

_FLOAT = frozenset({"float32"})
_NARROW = frozenset({"float16", "bfloat16", "float32"})
_NOTHING = np.zeros(0, np.float32)
"""The empty value of outputs that only other devices fill."""
_AXES = (0, 1, 2)


def _last(values: Array, data_format: bytes) -> Array:
    return np.moveaxis(values, 1, -1) if data_format == NCHW else values


def _back(values: Array, data_format: bytes) -> Array:
    return np.ascontiguousarray(np.moveaxis(values, -1, 1)) if data_format == NCHW else values


def _channels(node: Node, position: int) -> Shape:
    shape = with_rank(node.input_shapes[position], 4)
    return (None if shape is None else shape[1 if node.attrs["data_format"] == NCHW else 3],)


def _normalize(attrs: Any, x: Array, scale: Array, offset: Array, mean: Array, variance: Array) -> tuple[Array, ...]:
    """The images, the averages of mean and variance, and the statistics that the derivative needs."""
    values = np.asarray(_last(x, attrs["data_format"]), np.float32)
    batch, spread, kept = mean, variance, variance
    if attrs["is_training"]:
        batch, spread = values.mean(_AXES), values.var(_AXES)
        count = values[..., 0].size
        kept = spread * np.float32(count / max(count - 1, 1))
    normal = (values - batch) * (scale / np.sqrt(spread + np.float32(attrs["epsilon"]))) + offset
    factor = np.float32(attrs.get("exponential_avg_factor", 1.0))
    running = (batch, kept)
    if attrs["is_training"] and factor != 1:
        running = (mean + factor * (batch - mean), variance + factor * (kept - variance))
    return _back(normal.astype(x.dtype), attrs["data_format"]), *running, batch, spread


def _derivatives(attrs: Any, grad: Array, x: Array, scale: Array, mean: Array, variance: Array) -> tuple[Array, ...]:
    """The derivatives by the images, the scale and the offset."""
    dy, values = (np.asarray(_last(given, attrs["data_format"]), np.float32) for given in (grad, x))
    root = 1 / np.sqrt(variance + np.float32(attrs["epsilon"]))
    normal = (values - mean) * root
    by_offset, by_scale = dy.sum(_AXES), (dy * normal).sum(_AXES)
    if attrs["is_training"]:
        count = np.float32(values[..., 0].size)
        dy = dy - by_offset / count - normal * by_scale / count
    return _back((dy * scale * root).astype(x.dtype), attrs["data_format"]), by_scale, by_offset


def _gradient(op: Operation, grad: Tensor | None, op_type: str, *more: Tensor) -> Grads:
    x, scale, _, mean, variance = op.inputs
    saved = op.outputs[3:5] if op.get_attr("is_training") else [mean, variance]
    attrs = {name: op.get_attr(name) for name in _GRAD_ATTRS}
    found = apply_list(op_type, grad, x, scale, *saved, *more, **attrs)
    return [*found[:3], None, None]


class _Norm(OpDef):
    """Each channel normalized, scaled and shifted: by its own mean and variance in training, else by those given."""

    allowed = {"data_format": FORMATS}
    attrs = _ATTRS
    derivative = ""
    """The type of the operation that is its derivative."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of x, which has rank 4; (channels,) for the other outputs."""
        return [with_rank(node.input_shapes[0], 4), *[_channels(node, 0)] * 4]

    def kernel(self, node: Node) -> Kernel:
        return lambda *values: _normalize(node.attrs, *values)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return _gradient(op, grads[0], self.derivative, *op.outputs[5:])


class _NormGrad(OpDef):
    """The derivatives of a normalization by the images, the scale and the offset."""

    differs = NO_DERIVATIVE

    allowed = {"data_format": FORMATS}
    attrs = _GRAD_ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of x, which has rank 4; (channels,) for scale and offset; (0,) for the reserved outputs."""
        return [with_rank(node.input_shapes[1], 4), *[_channels(node, 1)] * 2, (0,), (0,)]

    def kernel(self, node: Node) -> Kernel:
        return lambda *values: (*_derivatives(node.attrs, *values[:5]), _NOTHING, _NOTHING)


@register
class FusedBatchNorm(_Norm):
    """Each channel normalized, scaled and shifted; everything is float32."""

    type = "FusedBatchNorm"
    derivative = "FusedBatchNormGrad"
    signature = (
        "x: T, scale: T, offset: T, mean: T, variance: T "
        "-> y: T, batch_mean: T, batch_variance: T, reserve_space_1: T, reserve_space_2: T"
    )
    types = {"T": _FLOAT}


@register
class FusedBatchNormGrad(_NormGrad):
    """The derivatives of `FusedBatchNorm`."""

    type = "FusedBatchNormGrad"
    signature = (
        "y_backprop: T, x: T, scale: T, reserve_space_1: T, reserve_space_2: T "
        "-> x_backprop: T, scale_backprop: T, offset_backprop: T, reserve_space_3: T, reserve_space_4: T"
    )
    types = {"T": _FLOAT}


@register
class FusedBatchNormV2(_Norm):
    """Each channel normalized, scaled and shifted; the numbers per channel are float32."""

    type = "FusedBatchNormV2"
    derivative = "FusedBatchNormGradV2"
    signature = (
        "x: T, scale: U, offset: U, mean: U, variance: U "
        "-> y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U"
    )
    types = {"T": _NARROW, "U": _FLOAT}


@register
class FusedBatchNormGradV2(_NormGrad):
    """The derivatives of `FusedBatchNormV2`."""

    type = "FusedBatchNormGradV2"
    signature = (
        "y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U "
        "-> x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_3: U, reserve_space_4: U"
    )
    types = {"T": _NARROW, "U": _FLOAT}


@register
class FusedBatchNormV3(_Norm):
    """Each channel normalized, scaled and shifted, as in graphs since TensorFlow 1.15."""

    type = "FusedBatchNormV3"
    allowed = {"data_format": FORMATS | {b"NDHWC", b"NCDHW"}}
    further_types = {"U": frozenset({"bfloat16"})}
    derivative = "FusedBatchNormGradV3"
    signature = (
        "x: T, scale: U, offset: U, mean: U, variance: U -> y: T, batch_mean: U, batch_variance: U, "
        "reserve_space_1: U, reserve_space_2: U, reserve_space_3: U"
    )
    types = {"T": _NARROW, "U": _FLOAT}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of x, which has rank 4; (channels,) for the others, but unknown for reserve_space_3."""
        return [*super().shapes(node), None]

    def kernel(self, node: Node) -> Kernel:
        return lambda *values: (*_normalize(node.attrs, *values), _NOTHING)


@register
class FusedBatchNormGradV3(_NormGrad):
    """The derivatives of `FusedBatchNormV3`."""

    type = "FusedBatchNormGradV3"
    signature = (
        "y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U, reserve_space_3: U "
        "-> x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_4: U, reserve_space_5: U"
    )
    types = {"T": _NARROW, "U": _FLOAT}
    allowed = {"data_format": FORMATS | {b"NDHWC", b"NCDHW"}}


def fused_batch_norm(
    x: TensorLike,
    scale: TensorLike,
    offset: TensorLike,
    mean: TensorLike | None = None,
    variance: TensorLike | None = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
    exponential_avg_factor: float = 1.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize, scale and shift each channel of a batch of images; give the mean and variance for later use as well.

    Per channel, ``y = scale * (x - mean) / sqrt(variance + epsilon) + offset`` (S. Ioffe and C. Szegedy, "Batch
    normalization: accelerating deep network training by reducing internal covariate shift", 2015, algorithm 1). It is
    computed in float32, and only the result is rounded to the dtype of the images.

    Parameters
    ----------
    x : Tensor or array_like
        Images of rank 4: batch, height, width, channels, or as ``data_format`` says; float16, bfloat16 or float32.
    scale, offset : Tensor or array_like
        One number per channel, float32.
    mean, variance : Tensor or array_like, optional
        One number per channel, float32: the statistics to use if ``is_training`` is False, and the averages so far if
        ``exponential_avg_factor`` is not 1.
    epsilon : float
        Added to the variance. Smaller values than 1.001e-5 are raised to it, as in TensorFlow.
    data_format : {"NHWC", "NCHW"}
        Where the channels are.
    is_training : bool
        Whether the batch's own mean and variance are used, rather than those given.
    name : str, optional
        Name of the operation, ``FusedBatchNormV3`` by default.
    exponential_avg_factor : float
        Weight of this batch in the averages; 1 gives the statistics of this batch alone.

    Returns
    -------
    y : Tensor
        The images normalized, of the shape and dtype of ``x``.
    batch_mean, batch_variance : Tensor
        One float32 number per channel: the averages. The variance is the unbiased one (divided by count - 1).

    Raises
    ------
    TypeError
        The images are not float16, bfloat16 or float32, or the numbers per channel are not float32.
    ValueError
        The images do not have rank 4.
    InvalidArgumentError
        When run: a vector per channel has another length, or mean and variance are needed and missing.
    """
    with scope(name, "FusedBatchNormV3", x) as full:
        x = convert_to_tensor(x, name="input")
        scale, offset = (
            convert_to_tensor(value, name=label) for value, label in ((scale, "scale"), (offset, "offset"))
        )
        known = [convert_to_tensor([] if value is None else value, "float32") for value in (mean, variance)]
        found = apply_list(
            "FusedBatchNormV3",
            x,
            scale,
            offset,
            *known,
            name=full,
            epsilon=max(epsilon, 1.001e-5),
            exponential_avg_factor=exponential_avg_factor,
            data_format=data_format.encode(),
            is_training=is_training,
        )
    return found[0], found[1], found[2]


def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    offset: TensorLike | None,
    scale: TensorLike | None,
    variance_epsilon: TensorLike,
    name: str | None = None,
) -> Tensor:
    """Normalize by a given mean and variance, then scale and shift: ``scale * (x - mean) / sqrt(variance + epsilon)``.

    Parameters
    ----------
    x : TensorLike
        Floating or complex, of any shape.
    mean, variance : TensorLike
        Of the dtype of ``x``; of a shape that broadcasts to that of ``x``.
    offset, scale : TensorLike or None
        As the mean; None is 0 and 1.
    variance_epsilon : float
        Added to the variance.
    name : str, optional
        Name of the operations, ``batchnorm`` by default.

    Returns
    -------
    Tensor
        Of the dtype of ``x``.

    Raises
    ------
    ValueError
        The shapes do not broadcast, or the dtypes are not the same.
    """
    with scope(name, "batchnorm", x, mean, variance, scale, offset):
        factor = apply("Rsqrt", apply("AddV2", variance, variance_epsilon, name="add"))
        factor = factor if scale is None else apply("Mul", factor, scale, name="mul")
        scaled = apply("Mul", x, factor, name="mul")
        if offset is None:
            shift = apply("Mul", apply("Neg", mean), factor, name="mul")
        else:
            shift = apply("Sub", offset, apply("Mul", mean, factor, name="mul"), name="sub")
        return apply("AddV2", scaled, shift, name="add")


def batch_norm_with_global_normalization(
    t: TensorLike | None = None,
    m: TensorLike | None = None,
    v: TensorLike | None = None,
    beta: TensorLike | None = None,
    gamma: TensorLike | None = None,
    variance_epsilon: float | None = None,
    scale_after_normalization: bool | None = None,
    name: str | None = None,
    input: TensorLike | None = None,
    mean: TensorLike | None = None,
    variance: TensorLike | None = None,
) -> Tensor:
    """The older form of `batch_normalization`.

    Parameters
    ----------
    t, input : TensorLike
        Floating-point; either name may be used, as for the two that follow.
    m, mean, v, variance : TensorLike
        The mean and the variance.
    beta, gamma : TensorLike
        The offset, and the factor.
    variance_epsilon : float
        Added to the variance.
    scale_after_normalization : bool
        Whether gamma is used.
    name : str, optional
        Name of the operations, ``batchnorm`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        An argument is missing, or the shapes do not broadcast.
    """
    x, mean, variance = (new if old is None else old for old, new in ((t, input), (m, mean), (v, variance)))
    if x is None or mean is None or variance is None or variance_epsilon is None:
        raise ValueError("batch_norm_with_global_normalization needs input, mean, variance and variance_epsilon.")
    scale = gamma if scale_after_normalization else None
    return batch_normalization(x, mean, variance, beta, scale, variance_epsilon, name)
