"""Convolutional layers as functions: each makes a new layer and gives its outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.layers.convolution_layers import (
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    SeparableConv1D,
    SeparableConv2D,
)
from hdfsaver.layers.core import Activation, Constraint
from hdfsaver.layers.windows import Sizes
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.variables.variable_scope import InitializerLike, Regularizer, Reuse


def _outputs_of(make: Callable[..., Any], arguments: dict[str, Any]) -> Tensor:
    """The outputs of a new layer; all arguments of a function but the inputs and ``reuse`` are those of its class."""
    options = {name: value for name, value in arguments.items() if name not in ("inputs", "reuse")}
    outputs: Tensor = make(**options, _scope=arguments["name"], _reuse=arguments["reuse"])(arguments["inputs"])
    return outputs


def conv1d(
    inputs: TensorLike,
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
    reuse: Reuse | None = None,
) -> Tensor:
    """The outputs of a new layer `Conv1D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 3; the number of channels is known.
    filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias : object
        As for `Conv1D`.
    kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer : object
        As for `Conv1D`.
    activity_regularizer, kernel_constraint, bias_constraint, trainable : object
        As for `Conv1D`.
    name : str, optional
        The name of the scope; ``conv1d``, ``conv1d_1`` and so on by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.

    Returns
    -------
    Tensor
        Of rank 3, with as many channels as there are filters.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit, or as for `get_variable`.
    """
    return _outputs_of(Conv1D, locals())


def conv2d(
    inputs: TensorLike,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Sizes = (1, 1),
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
    reuse: Reuse | None = None,
) -> Tensor:
    """The outputs of a new layer `Conv2D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4; the number of channels is known.
    filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias : object
        As for `Conv2D`.
    kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer : object
        As for `Conv2D`.
    activity_regularizer, kernel_constraint, bias_constraint, trainable : object
        As for `Conv2D`.
    name : str, optional
        The name of the scope; ``conv2d``, ``conv2d_1`` and so on by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.

    Returns
    -------
    Tensor
        Of rank 4, with as many channels as there are filters.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit, or as for `get_variable`.
    """
    return _outputs_of(Conv2D, locals())


def conv2d_transpose(
    inputs: TensorLike,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = (1, 1),
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
    reuse: Reuse | None = None,
) -> Tensor:
    """The outputs of a new layer `Conv2DTranspose`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4; the number of channels is known.
    filters, kernel_size, strides, padding, data_format, activation, use_bias, kernel_initializer : object
        As for `Conv2DTranspose`.
    bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint : object
        As for `Conv2DTranspose`.
    bias_constraint, trainable : object
        As for `Conv2DTranspose`.
    name : str, optional
        The name of the scope; ``conv2d_transpose``, ``conv2d_transpose_1`` and so on by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.

    Returns
    -------
    Tensor
        Of rank 4, with as many channels as there are filters.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit, or as for `get_variable`.
    """
    return _outputs_of(Conv2DTranspose, locals())


def conv3d(
    inputs: TensorLike,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Sizes = (1, 1, 1),
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
    reuse: Reuse | None = None,
) -> Tensor:
    """The outputs of a new layer `Conv3D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 5; the number of channels is known.
    filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias : object
        As for `Conv3D`.
    kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer : object
        As for `Conv3D`.
    activity_regularizer, kernel_constraint, bias_constraint, trainable : object
        As for `Conv3D`.
    name : str, optional
        The name of the scope; ``conv3d``, ``conv3d_1`` and so on by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.

    Returns
    -------
    Tensor
        Of rank 5, with as many channels as there are filters.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit, or as for `get_variable`.
    """
    return _outputs_of(Conv3D, locals())


def conv3d_transpose(
    inputs: TensorLike,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = (1, 1, 1),
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
    reuse: Reuse | None = None,
) -> Tensor:
    """The outputs of a new layer `Conv3DTranspose`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 5; the number of channels is known.
    filters, kernel_size, strides, padding, data_format, activation, use_bias, kernel_initializer : object
        As for `Conv3DTranspose`.
    bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint : object
        As for `Conv3DTranspose`.
    bias_constraint, trainable : object
        As for `Conv3DTranspose`.
    name : str, optional
        The name of the scope; ``conv3d_transpose``, ``conv3d_transpose_1`` and so on by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.

    Returns
    -------
    Tensor
        Of rank 5, with as many channels as there are filters.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit, or as for `get_variable`.
    """
    return _outputs_of(Conv3DTranspose, locals())


def separable_conv1d(
    inputs: TensorLike,
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
    reuse: Reuse | None = None,
) -> Tensor:
    """The outputs of a new layer `SeparableConv1D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 3; the number of channels is known.
    filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier : object
        As for `SeparableConv1D`.
    activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer : object
        As for `SeparableConv1D`.
    depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer : object
        As for `SeparableConv1D`.
    depthwise_constraint, pointwise_constraint, bias_constraint, trainable : object
        As for `SeparableConv1D`.
    name : str, optional
        The name of the scope; ``separable_conv1d``, ``separable_conv1d_1`` and so on by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.

    Returns
    -------
    Tensor
        Of rank 3, with as many channels as there are filters.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit, or as for `get_variable`.
    """
    return _outputs_of(SeparableConv1D, locals())


def separable_conv2d(
    inputs: TensorLike,
    filters: int,
    kernel_size: Sizes,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Sizes = (1, 1),
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
    reuse: Reuse | None = None,
) -> Tensor:
    """The outputs of a new layer `SeparableConv2D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4; the number of channels is known.
    filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier : object
        As for `SeparableConv2D`.
    activation, use_bias, depthwise_initializer, pointwise_initializer, bias_initializer : object
        As for `SeparableConv2D`.
    depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer : object
        As for `SeparableConv2D`.
    depthwise_constraint, pointwise_constraint, bias_constraint, trainable : object
        As for `SeparableConv2D`.
    name : str, optional
        The name of the scope; ``separable_conv2d``, ``separable_conv2d_1`` and so on by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.

    Returns
    -------
    Tensor
        Of rank 4, with as many channels as there are filters.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit, or as for `get_variable`.
    """
    return _outputs_of(SeparableConv2D, locals())
