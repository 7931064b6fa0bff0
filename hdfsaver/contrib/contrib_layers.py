"""Layers of ``tf.contrib.layers``: those of ``tf.layers`` with other names of variables, and other defaults."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hdfsaver.contrib.contrib_initializers import xavier_initializer
from hdfsaver.contrib.regularizers import Regularizer
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.convolution_layers import Conv2D
from hdfsaver.layers.core import Dense, Dropout, Flatten
from hdfsaver.layers.layer import Layer
from hdfsaver.layers.pooling_layers import AveragePooling2D, MaxPooling2D
from hdfsaver.ops import activations
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.variables.variable_scope import InitializerLike, Reuse, VariableScope, variable_scope

Function = Callable[..., Any] | None
Scope = str | VariableScope | None
Collections = str | Sequence[str] | None
VariableCollections = Sequence[str] | Mapping[str, Sequence[str]] | None

_NAMES = {"kernel": "weights", "bias": "biases"}
"""What variables of ``tf.layers`` are called here."""


def _renamed(getter: Callable[..., Any], name: str, *args: Any, **options: Any) -> Any:
    """A custom getter that gives variables their names, and lists them as variables of the model."""
    scope, _, last = name.rpartition("/")
    listed = options.pop("collections", None) or [GraphKeys.GLOBAL_VARIABLES]
    options["collections"] = [*listed, GraphKeys.MODEL_VARIABLES]
    return getter(f"{scope}/{_NAMES.get(last, last)}", *args, **options)


def _listed(outputs: Any, collections: Collections) -> Any:
    """The outputs, which are added to collections."""
    for key in [collections] if isinstance(collections, str) else collections or ():
        get_default_graph().add_to_collection(key, outputs)
    return outputs


def _list_variables(layer: Any, collections: VariableCollections) -> None:
    for own, name in _NAMES.items():
        variable = getattr(layer, own)
        keys = collections.get(name, ()) if isinstance(collections, Mapping) else collections or ()
        for key in keys if variable is not None else ():
            get_default_graph().add_to_collection(key, variable)


def _finished(
    layer: Layer,
    inputs: Tensor,
    normalizer_fn: Function,
    normalizer_params: Mapping[str, Any] | None,
    activation_fn: Function,
    variables_collections: VariableCollections,
) -> Any:
    """The outputs of a layer, normalized and activated."""
    outputs = layer(inputs)
    _list_variables(layer, variables_collections)
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    return outputs if activation_fn is None else activation_fn(outputs)


def fully_connected(
    inputs: TensorLike,
    num_outputs: int,
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
    """A fully connected layer with variables ``weights`` and ``biases``, and by default with `tf.nn.relu`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 2 or more; the last axis has a known length.
    num_outputs : int
    activation_fn : callable, optional
        None for a linear layer.
    normalizer_fn, normalizer_params : optional
        A function that takes the place of the biases, with its arguments.
    weights_initializer : Initializer, optional
        `xavier_initializer` by default.
    weights_regularizer, biases_regularizer : callable, optional
    biases_initializer : Initializer, optional
        None for no biases.
    reuse : bool or AUTO_REUSE, optional
    variables_collections : list of str, or dict of such lists for ``weights`` and ``biases``, optional
    outputs_collections : list of str, optional
    trainable : bool
    scope : str, optional
        ``fully_connected`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.dense`.
    """
    with variable_scope(scope, "fully_connected", reuse=reuse, custom_getter=_renamed) as entered:
        inputs = convert_to_tensor(inputs)
        layer = Dense(
            num_outputs,
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
        outputs = _finished(layer, inputs, normalizer_fn, normalizer_params, activation_fn, variables_collections)
        found: Tensor = _listed(outputs, outputs_collections)
        return found


relu = fully_connected
linear = functools.partial(fully_connected, activation_fn=None)


def conv2d(
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
    """A convolution with variables ``weights`` and ``biases``, by default with padding and `tf.nn.relu`.

    Parameters
    ----------
    inputs : TensorLike
        Images of rank 4.
    num_outputs : int
    kernel_size, stride, padding, rate : object
        As ``kernel_size``, ``strides``, ``padding`` and ``dilation_rate`` of `tf.layers.conv2d`.
    data_format : {"NHWC", "NCHW"}, optional
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
    with variable_scope(scope, "Conv", reuse=reuse, custom_getter=_renamed) as entered:
        inputs = convert_to_tensor(inputs)
        if inputs.shape.ndims not in (4, None):
            raise ValueError(f"Convolution expects input with rank 4, got {inputs.shape.ndims}.")
        layer = Conv2D(
            num_outputs,
            kernel_size,
            strides=stride,
            padding=padding,
            data_format=_place(data_format),
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
        outputs = _finished(layer, inputs, normalizer_fn, normalizer_params, activation_fn, variables_collections)
        found: Tensor = _listed(outputs, outputs_collections)
        return found


def _place(data_format: str | None) -> str:
    if data_format not in (None, "NHWC", "NCHW"):
        raise ValueError(f"data_format has to be either NCHW or NHWC, not {data_format!r}.")
    return "channels_first" if data_format == "NCHW" else "channels_last"


def max_pool2d(
    inputs: TensorLike,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Collections = None,
    scope: str | None = None,
) -> Tensor:
    """The greatest of each window of images.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4.
    kernel_size, stride, padding : object
        As ``pool_size``, ``strides`` and ``padding`` of `tf.layers.max_pooling2d`.
    data_format : {"NHWC", "NCHW"}
    outputs_collections : list of str, optional
    scope : str, optional
        ``MaxPool2D`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.max_pooling2d`.
    """
    with name_scope(scope, "MaxPool2D", inputs):
        outputs = _pooled(MaxPooling2D(kernel_size, stride, padding, _place(data_format)), inputs)
        found: Tensor = _listed(outputs, outputs_collections)
        return found


def avg_pool2d(
    inputs: TensorLike,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Collections = None,
    scope: str | None = None,
) -> Tensor:
    """The mean of each window of images.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4.
    kernel_size, stride, padding, data_format, outputs_collections : object
        As for `max_pool2d`.
    scope : str, optional
        ``AvgPool2D`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.average_pooling2d`.
    """
    with name_scope(scope, "AvgPool2D", inputs):
        outputs = _pooled(AveragePooling2D(kernel_size, stride, padding, _place(data_format)), inputs)
        found: Tensor = _listed(outputs, outputs_collections)
        return found


def _pooled(layer: MaxPooling2D | AveragePooling2D, inputs: TensorLike) -> Tensor:
    """The outputs of a layer without a scope of its own, as TensorFlow names them."""
    images = convert_to_tensor(inputs)
    if layer.input_spec is not None:
        layer.input_spec.check(images, 0, layer.name)
    return layer.call(images)


def flatten(inputs: TensorLike, outputs_collections: Collections = None, scope: str | None = None) -> Tensor:
    """A matrix with a row for each element of the batch; see `tf.layers.flatten`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 2 or more.
    outputs_collections : list of str, optional
    scope : str, optional
        ``Flatten`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.flatten`.
    """
    with name_scope(scope, "Flatten", inputs):
        found: Tensor = _listed(Flatten()(inputs), outputs_collections)
        return found


def dropout(
    inputs: TensorLike,
    keep_prob: float | Tensor = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Collections = None,
    scope: Scope = None,
    seed: int | None = None,
) -> Tensor:
    """Set a random part of the inputs to zero in training, which is the default here.

    Parameters
    ----------
    inputs : TensorLike
    keep_prob : float or Tensor
        The part that is kept.
    noise_shape, seed : object
        As for `tf.layers.dropout`.
    is_training : bool, or Tensor
    outputs_collections : list of str, optional
    scope : str, optional
        ``Dropout`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    UnimplementedError
        As for `tf.layers.dropout`.
    """
    with variable_scope(scope, "Dropout", custom_getter=_renamed) as entered:
        layer = Dropout(1 - keep_prob, noise_shape, seed, name=entered.name, _scope=entered)
        found: Tensor = _listed(layer(inputs, training=is_training), outputs_collections)
        return found
