"""Pools, and layers of ``tf.contrib.layers`` that give their inputs another form or apply others in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.contrib.arg_scopes import add_arg_scope
from hdfsaver.contrib.model_variables import model_variable
from hdfsaver.contrib.named_outputs import Collections
from hdfsaver.contrib.regularizers import Regularizer
from hdfsaver.contrib.shared import Scope, VariableCollections, keys_for, named, place_of_channels, renamed
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.core import Dropout, Flatten
from hdfsaver.layers.pooling_layers import AveragePooling2D, AveragePooling3D, MaxPooling2D, MaxPooling3D
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.filling import one_hot
from hdfsaver.ops.init_ops import constant_initializer
from hdfsaver.ops.losses import softmax as nn_softmax
from hdfsaver.ops.shaping import reshape, transpose
from hdfsaver.variables.embeddings import embedding_lookup
from hdfsaver.variables.variable_scope import InitializerLike, Reuse, variable_scope


@add_arg_scope
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
    with name_scope(scope, "MaxPool2D", inputs) as full:
        outputs = _pooled(MaxPooling2D(kernel_size, stride, padding, place_of_channels(data_format)), inputs)
        found: Tensor = named(outputs, outputs_collections, full)
        return found


@add_arg_scope
def max_pool3d(
    inputs: TensorLike,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 2,
    padding: str = "VALID",
    data_format: str = "NDHWC",
    outputs_collections: Collections = None,
    scope: str | None = None,
) -> Tensor:
    """The greatest of each window of volumes.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 5.
    kernel_size, stride, padding : object
        As ``pool_size``, ``strides`` and ``padding`` of `tf.layers.max_pooling3d`.
    data_format : {"NDHWC", "NCDHW"}
    outputs_collections : list of str, optional
    scope : str, optional
        ``MaxPool3D`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.max_pooling3d`.
    """
    with name_scope(scope, "MaxPool3D", inputs) as full:
        outputs = _pooled(MaxPooling3D(kernel_size, stride, padding, place_of_channels(data_format)), inputs)
        found: Tensor = named(outputs, outputs_collections, full)
        return found


@add_arg_scope
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
    with name_scope(scope, "AvgPool2D", inputs) as full:
        outputs = _pooled(AveragePooling2D(kernel_size, stride, padding, place_of_channels(data_format)), inputs)
        found: Tensor = named(outputs, outputs_collections, full)
        return found


@add_arg_scope
def avg_pool3d(
    inputs: TensorLike,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 2,
    padding: str = "VALID",
    data_format: str = "NDHWC",
    outputs_collections: Collections = None,
    scope: str | None = None,
) -> Tensor:
    """The mean of each window of volumes.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 5.
    kernel_size, stride, padding, data_format, outputs_collections : object
        As for `max_pool3d`.
    scope : str, optional
        ``AvgPool3D`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `tf.layers.average_pooling3d`.
    """
    with name_scope(scope, "AvgPool3D", inputs) as full:
        outputs = _pooled(AveragePooling3D(kernel_size, stride, padding, place_of_channels(data_format)), inputs)
        found: Tensor = named(outputs, outputs_collections, full)
        return found


def _pooled(layer: Any, inputs: TensorLike) -> Tensor:
    """The outputs of a layer without a scope of its own, as TensorFlow names them."""
    images = convert_to_tensor(inputs)
    if layer.input_spec is not None:
        layer.input_spec.check(images, 0, layer.name)
    outputs: Tensor = layer.call(images)
    return outputs


@add_arg_scope
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
    with name_scope(scope, "Flatten", inputs) as full:
        found: Tensor = named(Flatten()(inputs), outputs_collections, full)
        return found


@add_arg_scope
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
    with variable_scope(scope, "Dropout", custom_getter=renamed) as entered:
        layer = Dropout(1 - keep_prob, noise_shape, seed, name=entered.name, _scope=entered)
        found: Tensor = named(layer(inputs, training=is_training), outputs_collections, entered)
        return found


@add_arg_scope
def one_hot_encoding(
    labels: TensorLike,
    num_classes: int,
    on_value: float = 1.0,
    off_value: float = 0.0,
    outputs_collections: Collections = None,
    scope: str | None = None,
) -> Tensor:
    """Rows with ``on_value`` at the place of the label; see `tf.one_hot`.

    Parameters
    ----------
    labels : TensorLike
        Integers.
    num_classes : int
    on_value, off_value : float
    outputs_collections : list of str, optional
    scope : str, optional
        ``OneHotEncoding`` by default.

    Returns
    -------
    Tensor
    """
    with name_scope(scope, "OneHotEncoding", labels) as full:
        places = convert_to_tensor(labels)
        if places.dtype.base_dtype.name == "int32":
            places = apply("Cast", places, DstT="int64", name="ToInt64")
        found: Tensor = named(one_hot(places, num_classes, on_value, off_value), outputs_collections, full)
        return found


def _name_of(layer: Callable[..., Any], default: str) -> str:
    function = layer if hasattr(layer, "__name__") else getattr(layer, "func", layer)
    return str(getattr(function, "__name__", default))


@add_arg_scope
def repeat(inputs: TensorLike, repetitions: int, layer: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Apply a layer several times, in scopes with numbers: ``conv1/conv1_1``, ``conv1/conv1_2``.

    Parameters
    ----------
    inputs : TensorLike
    repetitions : int
    layer : callable
        A function that takes inputs and a ``scope``.
    *args, **kwargs : object
        Further arguments of the layer; ``scope`` is the name of the scope around all, ``Repeat`` by default.

    Returns
    -------
    Tensor
    """
    return _in_turn(inputs, layer, [args] * repetitions, kwargs, "Repeat", "repeat")


@add_arg_scope
def stack(inputs: TensorLike, layer: Callable[..., Any], stack_args: Sequence[Any], **kwargs: Any) -> Any:
    """Apply a layer several times with different arguments, in scopes with numbers.

    Parameters
    ----------
    inputs : TensorLike
    layer : callable
        A function that takes inputs and a ``scope``.
    stack_args : list
        The arguments for each time: a list of several, or one.
    **kwargs : object
        Further arguments of the layer; ``scope`` is the name of the scope around all, ``Stack`` by default.

    Returns
    -------
    Tensor
    """
    given = [one if isinstance(one, list | tuple) else [one] for one in stack_args]
    return _in_turn(inputs, layer, given, kwargs, "Stack", "stack")


def _in_turn(
    inputs: TensorLike,
    layer: Callable[..., Any],
    arguments: Sequence[Sequence[Any]],
    options: dict[str, Any],
    default: str,
    unnamed: str,
) -> Any:
    scope = options.pop("scope", None)
    with variable_scope(scope, default):
        outputs: Any = convert_to_tensor(inputs)
        name = scope or _name_of(layer, unnamed)
        for number, given in enumerate(arguments, 1):
            outputs = layer(outputs, *given, **{**options, "scope": f"{name}_{number}"})
        return outputs


@add_arg_scope
def softmax(logits: TensorLike, scope: Scope = None) -> Tensor:
    """The softmax of the last axis, of a tensor of any rank.

    Parameters
    ----------
    logits : TensorLike
    scope : str, optional
        ``softmax`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The length of the last axis is unknown.
    """
    with variable_scope(scope, "softmax"):
        given = convert_to_tensor(logits)
        length = given.shape.as_list()[-1]
        if length is None:
            raise ValueError("The softmax of tf.contrib.layers needs a known number of logits.")
        predictions = nn_softmax(reshape(given, [-1, length]))
        predictions = reshape(predictions, apply("Shape", given))
        predictions.set_shape(given.shape)
        return predictions


@add_arg_scope
def spatial_softmax(
    features: TensorLike,
    temperature: float | None = None,
    name: str | None = None,
    variables_collections: VariableCollections = None,
    trainable: bool = True,
    data_format: str = "NHWC",
) -> Tensor:
    """The expected place of each channel of images, from -1 to 1: its softmax is taken as probabilities.

    Parameters
    ----------
    features : TensorLike
        Images of rank 4, of known size.
    temperature : float
        What the variable ``temperature`` begins with, which the features are divided by.
    name : str, optional
        ``spatial_softmax`` by default.
    variables_collections : list of str, optional
    trainable : bool
    data_format : {"NHWC", "NCHW"}

    Returns
    -------
    Tensor
        Shape (batch, 2 * channels): for each channel the row and the column.

    Raises
    ------
    ValueError
        The size of the images or the number of channels is unknown.
    """
    with variable_scope(name, "spatial_softmax"):
        images = convert_to_tensor(features)
        first = place_of_channels(data_format) == "channels_first"
        sizes = [size or 0 for size in images.shape.with_rank(4).as_list()[1:]]
        if 0 in sizes:
            raise ValueError(f"The spatial softmax needs a known size of the images, not {images.shape}.")
        channels, height, width = sizes if first else (sizes[2], sizes[0], sizes[1])
        places = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
        own = model_variable(
            "temperature",
            (),
            "float32",
            constant_initializer(1.0 if temperature is None else temperature),
            trainable=trainable,
            collections=keys_for(variables_collections, "temperature"),
        )
        flat = reshape(images if first else transpose(images, [0, 3, 1, 2]), [-1, height * width])
        weights = nn_softmax(flat / own)
        expected = [apply("Sum", np.float32(place.reshape(-1)) * weights, [1], keep_dims=True) for place in places]
        keypoints = reshape(apply("ConcatV2", expected, 1), [-1, channels * 2])
        keypoints.set_shape([None, channels * 2])
        return keypoints


@add_arg_scope
def unit_norm(inputs: TensorLike, dim: int, epsilon: float = 1e-7, scope: Scope = None) -> Tensor:
    """Divide vectors along an axis by their lengths.

    Parameters
    ----------
    inputs : TensorLike
        Of a known rank.
    dim : int
        The axis, counted from the front.
    epsilon : float
        Added to the sum of squares.
    scope : str, optional
        ``UnitNorm`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The rank is unknown, or there is no such axis.
    """
    with variable_scope(scope, "UnitNorm"):
        given = convert_to_tensor(inputs)
        rank = given.shape.ndims
        if rank is None:
            raise ValueError("The input rank must be known.")
        if not 0 <= dim < rank:
            raise ValueError(f"dim must be positive but smaller than the input rank, {rank}, not {dim}.")
        lengths = apply("Sqrt", apply("Sum", apply("Square", given), dim, keep_dims=True) + epsilon)
        return given / lengths


@add_arg_scope
def maxout(inputs: TensorLike, num_units: int, axis: int = -1, scope: Scope = None) -> Tensor:
    """The greatest of each group of channels.

    Parameters
    ----------
    inputs : TensorLike
        Of a known number of channels.
    num_units : int
        The number of groups, which the number of channels is a multiple of.
    axis : int
        The axis of the channels.
    scope : str, optional
        ``MaxOut`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The number of channels is not a multiple of the number of groups.
    """
    with variable_scope(scope, "MaxOut"):
        given = convert_to_tensor(inputs)
        sizes = given.shape.as_list()
        count = sizes[axis]
        if count is None or count % num_units:
            raise ValueError(f"number of features({count}) is not a multiple of num_units({num_units})")
        parts = [-1 if size is None else size for size in sizes] + [count // num_units]
        parts[axis if axis >= 0 else axis - 1] = num_units
        return apply("Max", reshape(given, parts), [-1])


def embed_sequence(
    ids: TensorLike,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    trainable: bool = True,
    scope: Scope = None,
    reuse: Reuse | None = None,
) -> Tensor:
    """Rows of a variable ``embeddings`` for each number of sequences.

    Parameters
    ----------
    ids : TensorLike
        Integers.
    vocab_size, embed_dim : int, optional
        The shape of the variable; with ``reuse`` it is that of the existing one.
    unique : bool
        Accepted: each row is looked up as often as its number is there.
    initializer, regularizer, trainable : object
        As for `model_variable`.
    scope : str, optional
        ``EmbedSequence`` and a number by default.
    reuse : bool or AUTO_REUSE, optional

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        A size is missing.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            f"Must specify vocab size and embedding dimension when not reusing. Got {vocab_size}, {embed_dim}."
        )
    with variable_scope(scope, "EmbedSequence", reuse=reuse):
        shape = [vocab_size, embed_dim] if vocab_size and embed_dim else None
        table = model_variable(
            "embeddings", shape=shape, initializer=initializer, regularizer=regularizer, trainable=trainable
        )
        return embedding_lookup(table, ids)
