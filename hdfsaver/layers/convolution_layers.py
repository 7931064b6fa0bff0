"""Convolutional layers as classes: over one, two or three axes, transposed, and separable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor
from hdfsaver.layers.core import Activation, Constraint
from hdfsaver.layers.input_spec import InputSpec
from hdfsaver.layers.layer import Layer
from hdfsaver.layers.named_functions import find_activation
from hdfsaver.layers.windows import (
    Sizes,
    checked_format,
    checked_padding,
    image_format,
    sizes_of,
    transposed_length,
    volume_format,
)
from hdfsaver.ops.biases import bias_add
from hdfsaver.ops.convolutions import conv1d as nn_conv1d
from hdfsaver.ops.convolutions import conv2d as nn_conv2d
from hdfsaver.ops.convolutions import conv2d_transpose as nn_conv2d_transpose
from hdfsaver.ops.depthwise import separable_conv2d as nn_separable_conv2d
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.ops.joining import stack
from hdfsaver.ops.padding import pad
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.ops.volumes import conv3d as nn_conv3d
from hdfsaver.ops.volumes import conv3d_transpose as nn_conv3d_transpose
from hdfsaver.shapes import ShapeLike, TensorShape
from hdfsaver.variables.variable_scope import InitializerLike, Regularizer


class _Conv(Layer):
    """What convolutional layers have in common: their arguments, the kernel, the bias and the activation.

    Parameters
    ----------
    filters : int
        The number of channels of the outputs.
    kernel_size : int or sequence of int
        The size of the window.
    strides : int or sequence of int
        How far the window moves.
    padding : {"valid", "same"}
        Whether zeros are added around the inputs; ``"causal"`` for `Conv1D` adds them before the inputs alone.
    data_format : {"channels_last", "channels_first"}
        Where the channels are.
    dilation_rate : int or sequence of int
        How far the elements of a window are apart.
    activation : callable or str, optional
    use_bias : bool
    kernel_initializer : Initializer, optional
        That of the variable scope by default.
    bias_initializer : Initializer, optional
        Zeros by default.
    kernel_regularizer, bias_regularizer, activity_regularizer : callable, optional
        Their results are added to ``GraphKeys.REGULARIZATION_LOSSES``.
    kernel_constraint, bias_constraint : callable, optional
        For optimizers, which apply them after each step.
    trainable : bool
    name : str, optional
        The name of the scope.
    **kwargs : object
        See `Layer`.

    Attributes
    ----------
    kernel, bias : Variable
        From the first call on; the bias is None with ``use_bias=False``.
    """

    rank: ClassVar[int]
    kernel: Any
    bias: Any

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Sizes = 1,
        activation: Activation = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike | None = None,
        bias_initializer: InitializerLike | None = zeros_initializer,
        kernel_regularizer: Regularizer | None = None,
        bias_regularizer: Regularizer | None = None,
        activity_regularizer: Regularizer | None = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        if filters <= 0:
            raise ValueError(f"A convolutional layer needs a positive number of filters, not {filters!r}.")
        self.filters = int(filters)
        self.kernel_size = sizes_of(kernel_size, self.rank, "kernel_size")
        self.strides = sizes_of(strides, self.rank, "strides")
        self.padding = checked_padding(padding, causal=self.rank == 1)
        self.data_format = checked_format(data_format)
        self.dilation_rate = sizes_of(dilation_rate, self.rank, "dilation_rate")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"Strides above 1 and a dilation_rate above 1 do not go together: {strides}, {dilation_rate}."
            )
        self.activation = find_activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def _channels(self, input_shape: ShapeLike) -> int:
        shape = TensorShape(input_shape).with_rank(self.rank + 2)
        channels = shape.as_list()[self._channel_axis]
        if channels is None:
            raise ValueError(f"The channel dimension of the inputs should be defined, and the shape is {shape}.")
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        return int(channels)

    def build(self, input_shape: ShapeLike) -> None:
        """Make the kernel and the bias."""
        self.kernel = self.add_weight(
            "kernel",
            shape=[*self.kernel_size, *self._depths(self._channels(input_shape))],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias()
        self.built = True

    def _depths(self, channels: int) -> tuple[int, int]:
        return channels, self.filters

    def _add_bias(self) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.filters],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: Any) -> Tensor:
        """The convolution, the bias and the activation."""
        outputs = self._convolved(inputs)
        if self.bias is not None:
            outputs = bias_add(outputs, self.bias, data_format=image_format(self.data_format))
        return self._activated(outputs)

    def _activated(self, outputs: Tensor) -> Tensor:
        return outputs if self.activation is None else self.activation(outputs)

    def _convolved(self, inputs: Tensor) -> Tensor:
        raise NotImplementedError


class Conv1D(_Conv):
    """A convolution over one axis, such as time; inputs have rank 3."""

    rank = 1

    def _convolved(self, inputs: Tensor) -> Tensor:
        padding = self.padding
        if padding == "causal":
            before = [[0, 0], [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0], [0, 0]]
            pairs = [before[0], before[2], before[1]] if self.data_format == "channels_first" else before
            inputs, padding = pad(inputs, pairs), "valid"
        return nn_conv1d(
            inputs,
            self.kernel,
            self.strides[0],
            padding.upper(),
            data_format="NCW" if self.data_format == "channels_first" else "NWC",
            dilations=self.dilation_rate[0],
            name="Conv1D",
        )

    def call(self, inputs: Any) -> Tensor:
        """The convolution, the bias and the activation."""
        outputs = self._convolved(inputs)
        if self.bias is not None and self.data_format == "channels_first":
            outputs = outputs + apply("Reshape", self.bias, [1, self.filters, 1])
        elif self.bias is not None:
            outputs = bias_add(outputs, self.bias)
        return self._activated(outputs)


class Conv2D(_Conv):
    """A convolution of images; inputs have rank 4."""

    rank = 2

    def _convolved(self, inputs: Tensor) -> Tensor:
        return nn_conv2d(
            inputs,
            self.kernel,
            self.strides,
            self.padding.upper(),
            data_format=image_format(self.data_format),
            dilations=self.dilation_rate,
        )


class Conv3D(_Conv):
    """A convolution of volumes; inputs have rank 5."""

    rank = 3

    def _convolved(self, inputs: Tensor) -> Tensor:
        return nn_conv3d(
            inputs,
            self.kernel,
            self.strides,
            self.padding.upper(),
            data_format=volume_format(self.data_format),
            dilations=self.dilation_rate,
        )


class _ConvTranspose(_Conv):
    """A transposed convolution, which makes images or volumes larger.

    Parameters
    ----------
    filters, kernel_size, strides, padding, data_format, activation, use_bias, kernel_initializer : object
        As for `Conv2D`.
    bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint : object
        As for `Conv2D`.
    bias_constraint, trainable, name, **kwargs : object
        As for `Conv2D`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        activation: Activation = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike | None = None,
        bias_initializer: InitializerLike | None = zeros_initializer,
        kernel_regularizer: Regularizer | None = None,
        bias_regularizer: Regularizer | None = None,
        activity_regularizer: Regularizer | None = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **kwargs,
        )

    def _depths(self, channels: int) -> tuple[int, int]:
        return self.filters, channels

    @property
    def _first(self) -> int:
        """The first axis along which the window moves."""
        return 2 if self.data_format == "channels_first" else 1

    def _grown(self, lengths: Sequence[Any]) -> list[Any]:
        """The lengths of the outputs, given those of the inputs."""
        return [
            transposed_length(length, window, stride, self.padding)
            for length, window, stride in zip(lengths, self.kernel_size, self.strides, strict=True)
        ]

    def _shape(self, batch: Any, lengths: Sequence[Any]) -> list[Any]:
        return [batch, self.filters, *lengths] if self._first == 2 else [batch, *lengths, self.filters]


class Conv2DTranspose(_ConvTranspose):
    """A transposed convolution of images, which makes them larger; inputs have rank 4."""

    rank = 2

    def _convolved(self, inputs: Tensor) -> Tensor:
        sizes, first = shape_of(inputs), self._first
        batch = sizes[0]
        static = inputs.shape.as_list()[first : first + 2]
        shape = self._shape(
            batch, self._grown([sizes[first + axis] if size is None else size for axis, size in enumerate(static)])
        )
        outputs = nn_conv2d_transpose(
            inputs,
            self.kernel,
            stack(shape),
            self.strides,
            self.padding.upper(),
            data_format=image_format(self.data_format),
        )
        outputs.set_shape(
            [inputs.shape.as_list()[0], *(None if isinstance(size, Tensor) else size for size in shape[1:])]
        )
        return outputs


class Conv3DTranspose(_ConvTranspose):
    """A transposed convolution of volumes, which makes them larger; inputs have rank 5."""

    rank = 3

    def _convolved(self, inputs: Tensor) -> Tensor:
        sizes, first = shape_of(inputs), self._first
        batch = sizes[0]
        lengths = [sizes[first + axis] for axis in range(3)]
        outputs = nn_conv3d_transpose(
            inputs,
            self.kernel,
            stack(self._shape(batch, self._grown(lengths))),
            self.strides,
            self.padding.upper(),
            data_format=volume_format(self.data_format),
        )
        known = inputs.shape.as_list()
        grown = [
            None if size is None else transposed_length(size, window, stride, self.padding)
            for size, window, stride in zip(known[first : first + 3], self.kernel_size, self.strides, strict=True)
        ]
        outputs.set_shape(self._shape(known[0], grown))
        return outputs


class _SeparableConv(_Conv):
    """A convolution of each channel, and then one over the channels.

    Parameters
    ----------
    filters, kernel_size, strides, padding, data_format, dilation_rate : object
        As for `Conv2D`.
    depth_multiplier : int
        The number of filters for each channel.
    activation, use_bias, bias_initializer, bias_regularizer, activity_regularizer, bias_constraint : object
        As for `Conv2D`.
    depthwise_initializer, depthwise_regularizer, depthwise_constraint : optional
        For the kernel of the first convolution.
    pointwise_initializer, pointwise_regularizer, pointwise_constraint : optional
        For that of the second.
    trainable : bool
    name : str, optional
        The name of the scope.
    **kwargs : object
        See `Layer`.

    Attributes
    ----------
    depthwise_kernel, pointwise_kernel, bias : Variable
        From the first call on.
    """

    depthwise_kernel: Any
    pointwise_kernel: Any

    def __init__(
        self,
        filters: int,
        kernel_size: Sizes,
        strides: Sizes = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Sizes = 1,
        depth_multiplier: int = 1,
        activation: Activation = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike | None = None,
        pointwise_initializer: InitializerLike | None = None,
        bias_initializer: InitializerLike | None = zeros_initializer,
        depthwise_regularizer: Regularizer | None = None,
        pointwise_regularizer: Regularizer | None = None,
        bias_regularizer: Regularizer | None = None,
        activity_regularizer: Regularizer | None = None,
        depthwise_constraint: Constraint = None,
        pointwise_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **kwargs,
        )
        self.depth_multiplier = int(depth_multiplier)
        self.depthwise_initializer = depthwise_initializer
        self.pointwise_initializer = pointwise_initializer
        self.depthwise_regularizer = depthwise_regularizer
        self.pointwise_regularizer = pointwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_constraint = pointwise_constraint

    def build(self, input_shape: ShapeLike) -> None:
        """Make the two kernels and the bias."""
        channels = self._channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel",
            shape=[*self.kernel_size, channels, self.depth_multiplier],
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            "pointwise_kernel",
            shape=[*(1,) * self.rank, channels * self.depth_multiplier, self.filters],
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._add_bias()
        self.built = True


class SeparableConv1D(_SeparableConv):
    """A separable convolution over one axis; inputs have rank 3."""

    rank = 1

    def call(self, inputs: Any) -> Tensor:
        """The two convolutions, the bias and the activation."""
        first = 2 if self.data_format == "channels_first" else 1
        outputs = nn_separable_conv2d(
            apply("ExpandDims", self._padded(inputs), first),
            apply("ExpandDims", self.depthwise_kernel, 0),
            apply("ExpandDims", self.pointwise_kernel, 0),
            self.strides * 2,
            "VALID" if self.padding == "causal" else self.padding.upper(),
            rate=(1, *self.dilation_rate),
            data_format=image_format(self.data_format),
        )
        if self.bias is not None:
            outputs = bias_add(outputs, self.bias, data_format=image_format(self.data_format))
        return self._activated(apply("Squeeze", outputs, squeeze_dims=[first]))

    def _padded(self, inputs: Tensor) -> Tensor:
        if self.padding != "causal":
            return inputs
        before = [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0]
        return pad(
            inputs, [[0, 0], [0, 0], before] if self.data_format == "channels_first" else [[0, 0], before, [0, 0]]
        )


class SeparableConv2D(_SeparableConv):
    """A separable convolution of images; inputs have rank 4."""

    rank = 2

    def _convolved(self, inputs: Tensor) -> Tensor:
        return nn_separable_conv2d(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            self.strides,
            self.padding.upper(),
            rate=self.dilation_rate,
            data_format=image_format(self.data_format),
        )
