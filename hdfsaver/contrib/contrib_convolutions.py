"""Convolutional layers of ``tf.contrib.layers``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hdfsaver.contrib.arg_scopes import add_arg_scope
from hdfsaver.contrib.contrib_initializers import xavier_initializer
from hdfsaver.contrib.named_outputs import Collections
from hdfsaver.contrib.regularizers import Regularizer
from hdfsaver.contrib.shared import (
    Function,
    Scope,
    VariableCollections,
    finished,
    named,
    place_of_channels,
    renamed,
)
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.convolution_layers import Conv1D, Conv2D, Conv2DTranspose, Conv3D, Conv3DTranspose, SeparableConv2D
from hdfsaver.layers.layer import Layer
from hdfsaver.layers.windows import image_format
from hdfsaver.ops import activations
from hdfsaver.ops.depthwise import depthwise_conv2d
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.shapes import ShapeLike
from hdfsaver.variables.variable_scope import InitializerLike, Reuse, variable_scope

_LAYERS: dict[int, type[Any]] = {1: Conv1D, 2: Conv2D, 3: Conv3D}


@add_arg_scope
def convolution(
    inputs: TensorLike,
    num_outputs: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: int | Sequence[int] = 1,
    activation_fn: Function = activations.relu,
    normalizer_fn: Function = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: InitializerLike | None = None,
    weights_regularizer: Regularizer | None = None,
    biases_initializer: InitializerLike | None = zeros_initializer,
    biases_regularizer: Regularizer | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Scope = None,
    conv_dims: int | None = None,
) -> Tensor:
    """A convolution with variables ``weights`` and ``biases``, by default with padding and `tf.nn.relu`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 3, 4 or 5.
    num_outputs : int
    kernel_size, stride, padding, rate : object
        As ``kernel_size``, ``strides``, ``padding`` and ``dilation_rate`` of `tf.layers.conv2d`.
    data_format : str, optional
        ``"NHWC"`` or ``"NCHW"``, or what they are called for rows and volumes.
    activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer : object
        As for `fully_connected`.
    biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    scope : str, optional
        ``Conv`` and a number by default.
    conv_dims : {1, 2, 3}, optional
        Along how many axes the window moves; by default as the rank of the inputs says.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.conv2d`.
    """
    with variable_scope(scope, "Conv", reuse=reuse, custom_getter=renamed) as entered:
        inputs = convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if rank is None or (conv_dims is not None and rank != conv_dims + 2):
            raise ValueError(f"Convolution expects input with rank {(conv_dims or 2) + 2}, got {rank}.")
        if rank - 2 not in _LAYERS:
            raise ValueError(f"Convolution not supported for input with rank {rank}.")
        layer = _LAYERS[rank - 2](
            num_outputs,
            kernel_size,
            strides=stride,
            padding=padding,
            data_format=place_of_channels(data_format),
            dilation_rate=rate,
            use_bias=normalizer_fn is None and biases_initializer is not None,
            kernel_initializer=weights_initializer or xavier_initializer(),
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=entered.name,
            _scope=entered,
            _reuse=reuse,
        )
        outputs = finished(layer, inputs, normalizer_fn, normalizer_params, activation_fn, variables_collections)
        found: Tensor = named(outputs, outputs_collections, entered)
        return found


@add_arg_scope
def convolution1d(
    inputs: TensorLike,
    num_outputs: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: int | Sequence[int] = 1,
    activation_fn: Function = activations.relu,
    normalizer_fn: Function = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: InitializerLike | None = None,
    weights_regularizer: Regularizer | None = None,
    biases_initializer: InitializerLike | None = zeros_initializer,
    biases_regularizer: Regularizer | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Scope = None,
) -> Tensor:
    """A convolution of rows; see `convolution`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 3.
    num_outputs : int
    kernel_size, stride, padding, rate : object
        As ``kernel_size``, ``strides``, ``padding`` and ``dilation_rate`` of `tf.layers.conv2d`.
    data_format : str, optional
        ``"NHWC"`` or ``"NCHW"``, or what they are called for rows and volumes.
    activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer : object
        As for `fully_connected`.
    biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    scope : str, optional
        ``Conv`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.conv2d`.
    """
    return convolution(
        inputs,
        num_outputs,
        kernel_size,
        stride,
        padding,
        data_format,
        rate,
        activation_fn,
        normalizer_fn,
        normalizer_params,
        weights_initializer,
        weights_regularizer,
        biases_initializer,
        biases_regularizer,
        reuse,
        variables_collections,
        outputs_collections,
        trainable,
        scope,
        1,
    )


@add_arg_scope
def convolution2d(
    inputs: TensorLike,
    num_outputs: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: int | Sequence[int] = 1,
    activation_fn: Function = activations.relu,
    normalizer_fn: Function = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: InitializerLike | None = None,
    weights_regularizer: Regularizer | None = None,
    biases_initializer: InitializerLike | None = zeros_initializer,
    biases_regularizer: Regularizer | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Scope = None,
) -> Tensor:
    """A convolution of images; see `convolution`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4.
    num_outputs : int
    kernel_size, stride, padding, rate : object
        As ``kernel_size``, ``strides``, ``padding`` and ``dilation_rate`` of `tf.layers.conv2d`.
    data_format : str, optional
        ``"NHWC"`` or ``"NCHW"``, or what they are called for rows and volumes.
    activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer : object
        As for `fully_connected`.
    biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    scope : str, optional
        ``Conv`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.conv2d`.
    """
    return convolution(
        inputs,
        num_outputs,
        kernel_size,
        stride,
        padding,
        data_format,
        rate,
        activation_fn,
        normalizer_fn,
        normalizer_params,
        weights_initializer,
        weights_regularizer,
        biases_initializer,
        biases_regularizer,
        reuse,
        variables_collections,
        outputs_collections,
        trainable,
        scope,
        2,
    )


@add_arg_scope
def convolution3d(
    inputs: TensorLike,
    num_outputs: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: int | Sequence[int] = 1,
    activation_fn: Function = activations.relu,
    normalizer_fn: Function = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: InitializerLike | None = None,
    weights_regularizer: Regularizer | None = None,
    biases_initializer: InitializerLike | None = zeros_initializer,
    biases_regularizer: Regularizer | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Scope = None,
) -> Tensor:
    """A convolution of volumes; see `convolution`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 5.
    num_outputs : int
    kernel_size, stride, padding, rate : object
        As ``kernel_size``, ``strides``, ``padding`` and ``dilation_rate`` of `tf.layers.conv2d`.
    data_format : str, optional
        ``"NHWC"`` or ``"NCHW"``, or what they are called for rows and volumes.
    activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer : object
        As for `fully_connected`.
    biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    scope : str, optional
        ``Conv`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.conv2d`.
    """
    return convolution(
        inputs,
        num_outputs,
        kernel_size,
        stride,
        padding,
        data_format,
        rate,
        activation_fn,
        normalizer_fn,
        normalizer_params,
        weights_initializer,
        weights_regularizer,
        biases_initializer,
        biases_regularizer,
        reuse,
        variables_collections,
        outputs_collections,
        trainable,
        scope,
        3,
    )


@add_arg_scope
def convolution2d_transpose(
    inputs: TensorLike,
    num_outputs: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    activation_fn: Function = activations.relu,
    normalizer_fn: Function = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: InitializerLike | None = None,
    weights_regularizer: Regularizer | None = None,
    biases_initializer: InitializerLike | None = zeros_initializer,
    biases_regularizer: Regularizer | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Scope = None,
) -> Tensor:
    """A transposed convolution of images, which makes them larger; see `convolution`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4.
    num_outputs : int
    kernel_size, stride, padding : object
        As ``kernel_size``, ``strides`` and ``padding`` of `tf.layers.conv2d_transpose`.
    data_format : str
        Where the channels are.
    activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer : object
        As for `fully_connected`.
    biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    scope : str, optional
        ``Conv2d_transpose`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.conv2d_transpose`.
    """
    with variable_scope(scope, "Conv2d_transpose", reuse=reuse, custom_getter=renamed) as entered:
        layer = Conv2DTranspose(
            num_outputs,
            kernel_size,
            strides=stride,
            padding=padding,
            data_format=place_of_channels(data_format),
            use_bias=normalizer_fn is None and biases_initializer is not None,
            kernel_initializer=weights_initializer or xavier_initializer(),
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=entered.name,
            _scope=entered,
            _reuse=reuse,
        )
        given = convert_to_tensor(inputs)
        outputs = finished(layer, given, normalizer_fn, normalizer_params, activation_fn, variables_collections)
        found: Tensor = named(outputs, outputs_collections, entered)
        return found


@add_arg_scope
def convolution3d_transpose(
    inputs: TensorLike,
    num_outputs: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    activation_fn: Function = activations.relu,
    normalizer_fn: Function = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: InitializerLike | None = None,
    weights_regularizer: Regularizer | None = None,
    biases_initializer: InitializerLike | None = zeros_initializer,
    biases_regularizer: Regularizer | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Scope = None,
) -> Tensor:
    """A transposed convolution of volumes, which makes them larger; see `convolution`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 5.
    num_outputs : int
    kernel_size, stride, padding : object
        As ``kernel_size``, ``strides`` and ``padding`` of `tf.layers.conv2d_transpose`.
    data_format : str
        Where the channels are.
    activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer : object
        As for `fully_connected`.
    biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    scope : str, optional
        ``Conv3d_transpose`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.conv2d_transpose`.
    """
    with variable_scope(scope, "Conv3d_transpose", reuse=reuse, custom_getter=renamed) as entered:
        layer = Conv3DTranspose(
            num_outputs,
            kernel_size,
            strides=stride,
            padding=padding,
            data_format=place_of_channels(data_format),
            use_bias=normalizer_fn is None and biases_initializer is not None,
            kernel_initializer=weights_initializer or xavier_initializer(),
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=entered.name,
            _scope=entered,
            _reuse=reuse,
        )
        given = convert_to_tensor(inputs)
        outputs = finished(layer, given, normalizer_fn, normalizer_params, activation_fn, variables_collections)
        found: Tensor = named(outputs, outputs_collections, entered)
        return found


@add_arg_scope
def separable_convolution2d(
    inputs: TensorLike,
    num_outputs: int | None,
    kernel_size: int | Sequence[int],
    depth_multiplier: int = 1,
    stride: int | Sequence[int] = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    rate: int | Sequence[int] = 1,
    activation_fn: Function = activations.relu,
    normalizer_fn: Function = None,
    normalizer_params: Mapping[str, Any] | None = None,
    weights_initializer: InitializerLike | None = None,
    pointwise_initializer: InitializerLike | None = None,
    weights_regularizer: Regularizer | None = None,
    biases_initializer: InitializerLike | None = zeros_initializer,
    biases_regularizer: Regularizer | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    scope: Scope = None,
) -> Tensor:
    """A convolution of each channel, and then one over the channels, unless ``num_outputs`` is None.

    Parameters
    ----------
    inputs : TensorLike
        Images of rank 4.
    num_outputs : int or None
    kernel_size, depth_multiplier, stride, padding, rate : object
        As for `tf.layers.separable_conv2d`.
    data_format : {"NHWC", "NCHW"}
    activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer : object
        As for `fully_connected`.
    pointwise_initializer : Initializer, optional
        For the second convolution; ``weights_initializer`` by default.
    biases_initializer, biases_regularizer, reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    scope : str, optional
        ``SeparableConv2d`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.separable_conv2d`.
    """
    initializer = weights_initializer or xavier_initializer()
    use_bias = normalizer_fn is None and biases_initializer is not None
    place = place_of_channels(data_format)
    layer: Layer
    with variable_scope(scope, "SeparableConv2d", reuse=reuse, custom_getter=renamed) as entered:
        common: dict[str, Any] = {
            "strides": stride,
            "padding": padding,
            "data_format": place,
            "use_bias": use_bias,
            "bias_initializer": biases_initializer,
            "bias_regularizer": biases_regularizer,
            "trainable": trainable,
            "name": entered.name,
            "_scope": entered,
            "_reuse": reuse,
            "dilation_rate": rate,
            "depth_multiplier": depth_multiplier,
            "depthwise_initializer": initializer,
            "depthwise_regularizer": weights_regularizer,
        }
        if num_outputs is None:
            layer = _Depthwise(1, kernel_size, **common)
        else:
            layer = SeparableConv2D(
                num_outputs,
                kernel_size,
                pointwise_initializer=pointwise_initializer or initializer,
                pointwise_regularizer=weights_regularizer,
                **common,
            )
        given = convert_to_tensor(inputs)
        outputs = finished(layer, given, normalizer_fn, normalizer_params, activation_fn, variables_collections)
        found: Tensor = named(outputs, outputs_collections, entered)
        return found


class _Depthwise(SeparableConv2D):
    """The first half of a separable convolution: that of each channel."""

    def build(self, input_shape: ShapeLike) -> None:
        """Make the kernel and the bias."""
        channels = self._channels(input_shape)
        self.filters = channels * self.depth_multiplier
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel",
            shape=[*self.kernel_size, channels, self.depth_multiplier],
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
        )
        self._add_bias()
        self.built = True

    def _convolved(self, inputs: Tensor) -> Tensor:
        return depthwise_conv2d(
            inputs,
            self.depthwise_kernel,
            self.strides,
            self.padding.upper(),
            rate=self.dilation_rate,
            data_format=image_format(self.data_format),
        )
