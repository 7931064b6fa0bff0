"""Fully connected layers of ``tf.contrib.layers``, and biases."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from hdfsaver.contrib.arg_scopes import add_arg_scope
from hdfsaver.contrib.contrib_initializers import xavier_initializer
from hdfsaver.contrib.model_variables import model_variable
from hdfsaver.contrib.named_outputs import Collections
from hdfsaver.contrib.regularizers import Regularizer
from hdfsaver.contrib.shared import (
    Function,
    Scope,
    VariableCollections,
    finished,
    keys_for,
    named,
    place_of_channels,
    renamed,
)
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.core import Dense
from hdfsaver.ops import activations
from hdfsaver.ops.biases import bias_add as nn_bias_add
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.variables.variable_scope import InitializerLike, Reuse, variable_scope


@add_arg_scope
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
    with variable_scope(scope, "fully_connected", reuse=reuse, custom_getter=renamed) as entered:
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
        outputs = finished(layer, inputs, normalizer_fn, normalizer_params, activation_fn, variables_collections)
        found: Tensor = named(outputs, outputs_collections, entered)
        return found


@add_arg_scope
def bias_add(
    inputs: TensorLike,
    activation_fn: Function = None,
    initializer: InitializerLike | None = zeros_initializer,
    regularizer: Regularizer | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Scope = None,
) -> Tensor:
    """Add a variable ``biases`` to each channel.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 2 or more; the number of channels is known.
    activation_fn : callable, optional
    initializer : Initializer
    regularizer : callable, optional
    reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    data_format : {"NHWC", "NCHW"}
    scope : str, optional
        ``BiasAdd`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The number of channels is unknown.
    """
    with variable_scope(scope, "BiasAdd", reuse=reuse) as entered:
        tensor = convert_to_tensor(inputs)
        rank = tensor.shape.ndims
        if rank is None:
            raise ValueError("Dims of shape must be known but is None")
        channels = tensor.shape.as_list()[1 if place_of_channels(data_format) == "channels_first" else -1]
        if channels is None:
            raise ValueError("`C` dimension must be known but is None")
        biases = model_variable(
            "biases",
            [channels],
            tensor.dtype.base_dtype,
            initializer,
            regularizer,
            trainable,
            keys_for(variables_collections, "biases"),
        )
        outputs = nn_bias_add(tensor, biases, data_format=data_format)
        found: Tensor = named(
            outputs if activation_fn is None else activation_fn(outputs), outputs_collections, entered
        )
        return found


relu = functools.partial(fully_connected, activation_fn=activations.relu)
relu6 = functools.partial(fully_connected, activation_fn=activations.relu6)
elu = functools.partial(fully_connected, activation_fn=activations.elu)
linear = functools.partial(fully_connected, activation_fn=None)
