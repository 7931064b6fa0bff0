"""Biases of neural networks.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import NUMBERS, QUANTIZED, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import ROUNDED_ONCE, Grads, at_least, scope, widened, with_rank
from hdfsaver.ops.sliding_windows import FORMATS
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _channel_axis(data_format: bytes, rank: int) -> int:
    return 1 if data_format == b"NCHW" else rank - 1


_SHORT, _LARGE, _ROW = 64, 1 << 14, 1 << 10


def _by_long_rows(value: Array, bias: Array, out: Array) -> Array:
    """Add few channels to many numbers: NumPy takes as long for the start of a row as for 50 numbers of it."""
    width = len(bias) * max(_ROW // max(len(bias), 1), 1)
    whole = value.size // width * width
    flat, target = value.reshape(-1), out.reshape(-1)
    long = np.tile(bias, width // len(bias))
    np.add(flat[:whole].reshape(-1, width), long, out=target[:whole].reshape(-1, width))
    np.add(flat[whole:], long[: value.size - whole], out=target[whole:])
    return out


class _BiasAdd(OpDef):
    """A number added to each channel: the last dimension or, with NCHW, the second."""

    signature = "value: T, bias: T -> output: T"
    overwrites = (0,)
    types = {"T": NUMBERS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of value, of rank 2 or more; bias is (channels,)."""
        value, bias = at_least(node.input_shapes[0], 2), with_rank(node.input_shapes[1], 1)
        if value is None or bias is None:
            return [value]
        axis = _channel_axis(node.attrs.get("data_format", b"NHWC"), len(value))
        return [shapes.merge(value, (None,) * axis + bias + (None,) * (len(value) - axis - 1))]

    def kernel(self, node: Node) -> Kernel:
        data_format = node.attrs.get("data_format", b"NHWC")

        def add(value: Array, bias: Array, out: Array | None = None) -> Array:
            axis = _channel_axis(data_format, value.ndim)
            if len(bias) != value.shape[axis]:
                raise ValueError(f"The bias must have one number per channel, {value.shape[axis]}, not {len(bias)}.")
            if axis == value.ndim - 1 and len(bias) < _SHORT and value.size > _LARGE and value.flags.c_contiguous:
                return _by_long_rows(value, bias, np.empty_like(value) if out is None else out)
            return np.add(value, bias.reshape((-1,) + (1,) * (value.ndim - axis - 1)), out=out)

        return add

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        attrs = {} if op.type == "BiasAddV1" else {"data_format": op.get_attr("data_format")}
        return [grads[0], apply("BiasAddGrad", grads[0], **attrs)]


@register
class BiasAdd(_BiasAdd):
    """A number added to each channel."""

    type = "BiasAdd"
    further_types = {"T": QUANTIZED}
    allowed = {"data_format": FORMATS}
    attrs = {"data_format": b"NHWC"}


@register
class BiasAddV1(_BiasAdd):
    """A number added to each channel, the last dimension; found in older graphs."""

    type = "BiasAddV1"
    further_types = {"T": QUANTIZED}


@register
class BiasAddGrad(OpDef):
    """The derivative of `BiasAdd` by the bias: the sum over all dimensions but the channels."""

    type = "BiasAddGrad"
    differs = ROUNDED_ONCE
    signature = "out_backprop: T -> output: T"
    types = {"T": NUMBERS}
    further_types = {"T": QUANTIZED}
    allowed = {"data_format": FORMATS}
    attrs = {"data_format": b"NHWC"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(channels,)."""
        shape = at_least(node.input_shapes[0], 2)
        return [(None if shape is None else shape[_channel_axis(node.attrs["data_format"], len(shape))],)]

    def kernel(self, node: Node) -> Kernel:
        data_format = node.attrs["data_format"]

        def sum_channels(values: Array) -> Array:
            channels = _channel_axis(data_format, values.ndim)
            axes = tuple(axis for axis in range(values.ndim) if axis != channels)
            return np.sum(values, axis=axes, dtype=values.dtype)

        return widened(node, sum_channels)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        values = op.inputs[0]
        grad = grads[0]
        if op.get_attr("data_format") == b"NCHW":
            ones = apply("Fill", apply("Reshape", apply("Sub", apply("Rank", values), 2), [1]), 1)
            grad = apply("Reshape", grad, apply("ConcatV2", [[-1], ones], 0))
        return [apply("BroadcastTo", grad, apply("Shape", values))]


def bias_add(value: TensorLike, bias: TensorLike, data_format: str | None = None, name: str | None = None) -> Tensor:
    """Add a number to each channel: the last dimension, or the second with ``data_format="NCHW"``.

    Parameters
    ----------
    value : Tensor or array_like
        Of rank 2 or more; any float, complex or integer dtype.
    bias : Tensor or array_like
        A vector with one number per channel, of the dtype of ``value``.
    data_format : str, optional
        Channels are second if it begins with ``NC``, and last otherwise.
    name : str, optional
        Name of the operation, ``BiasAdd`` by default.

    Returns
    -------
    Tensor
        Of the shape and dtype of ``value``. The derivative by a bias of float16 or bfloat16 is summed in float32 and
        rounded once.

    Raises
    ------
    TypeError
        The dtype is not among those above.
    ValueError
        The dtypes differ, the shapes do not match, or the format does not begin with ``N``.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.nn.bias_add([[1.0, 2.0], [3.0, 4.0]], [10.0, 20.0]))
    array([[11., 22.],
           [13., 24.]], dtype=float32)
    """
    layout = b"NCHW" if data_format is not None and data_format.startswith("NC") else b"NHWC"
    if data_format is not None and not data_format.startswith("N"):
        raise ValueError(f"data_format must begin with N, for the batch, as in NHWC or NCHW, not {data_format!r}.")
    with scope(name, "BiasAdd", value, bias) as full:
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, value.dtype.base_dtype, name="bias")
        return apply("BiasAdd", value, bias, name=full, data_format=layout)


def xw_plus_b(x: TensorLike, weights: TensorLike, biases: TensorLike, name: str | None = None) -> Tensor:
    """Matrix multiplication and a bias: ``matmul(x, weights) + biases``.

    Parameters
    ----------
    x : Tensor or array_like
        Matrix of shape (batch, inputs); any float, complex or integer dtype but int8 and int16.
    weights : Tensor or array_like
        Matrix of shape (inputs, outputs), of the dtype of ``x``.
    biases : Tensor or array_like
        Vector of length outputs, of the dtype of ``x``.
    name : str, optional
        Name of the operation that adds, and scope of the others, ``xw_plus_b`` by default.

    Returns
    -------
    Tensor
        Of shape (batch, outputs) and the dtype of ``x``.

    Raises
    ------
    TypeError
        The dtypes of ``x`` and ``weights`` differ, or are not among those above.
    ValueError
        The biases have another dtype, or the shapes do not match.
    """
    with scope(name, "xw_plus_b", x, weights, biases) as full:
        x, weights, biases = (
            convert_to_tensor(value, name=label)
            for value, label in ((x, "x"), (weights, "weights"), (biases, "biases"))
        )
        return bias_add(apply("MatMul", x, weights), biases, name=full)


def relu_layer(x: TensorLike, weights: TensorLike, biases: TensorLike, name: str | None = None) -> Tensor:
    """The rectified ``x @ weights + biases``.

    Parameters
    ----------
    x, weights : TensorLike
        Matrices.
    biases : TensorLike
        A vector with a number for each column of the weights.
    name : str, optional
        The name of the operations, ``relu_layer`` by default.

    Returns
    -------
    Tensor
        A matrix.

    Raises
    ------
    ValueError
        The shapes do not fit.
    """
    with scope(name, "relu_layer", x, weights, biases) as full:
        return apply("Relu", apply("BiasAdd", apply("MatMul", x, weights), biases), name=full)
