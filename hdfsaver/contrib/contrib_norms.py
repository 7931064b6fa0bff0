"""Normalizations of ``tf.contrib.layers``: by the batch, by each example, and by each channel of each example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hdfsaver.contrib.arg_scopes import add_arg_scope
from hdfsaver.contrib.model_variables import model_variable
from hdfsaver.contrib.named_outputs import Collections
from hdfsaver.contrib.shared import (
    Function,
    Scope,
    VariableCollections,
    keys_for,
    list_variables,
    named,
    place_of_channels,
    renamed,
)
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.normalization import BatchNormalization
from hdfsaver.layers.training_phase import choose, phase_of
from hdfsaver.ops.batch_norm import batch_normalization, fused_batch_norm
from hdfsaver.ops.constants import constant
from hdfsaver.ops.init_ops import ones_initializer, zeros_initializer
from hdfsaver.ops.norms import moments
from hdfsaver.ops.shaping import reshape
from hdfsaver.ops.state_ops import assign_sub
from hdfsaver.variables.variable_scope import Reuse, variable_scope

_ZERO_FIRST = ("beta", "moving_mean")


@add_arg_scope
def batch_norm(
    inputs: TensorLike,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Function = None,
    param_initializers: Mapping[str, Any] | None = None,
    param_regularizers: Mapping[str, Any] | None = None,
    updates_collections: Collections = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    batch_weights: TensorLike | None = None,
    fused: bool | None = None,
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Scope = None,
    renorm: bool = False,
    renorm_clipping: object = None,
    renorm_decay: float = 0.99,
    adjustment: object = None,
) -> Tensor:
    """Normalize each channel by the batch in training, and by averages of batches otherwise.

    Parameters
    ----------
    inputs : TensorLike
        Of a known rank of 2 or more; the number of channels is known.
    decay : float
        The part of an average that stays with each step.
    center, scale : bool
        Whether there is a variable ``beta`` that is added, and a variable ``gamma`` that is multiplied by.
    epsilon : float
        Added to the variance.
    activation_fn : callable, optional
    param_initializers, param_regularizers : dict, optional
        For ``beta``, ``gamma``, ``moving_mean`` and ``moving_variance``; regularizers for the first two.
    updates_collections : str or list of str, optional
        What the operations that update the averages are added to; with None they run whenever the outputs are computed.
    is_training : bool, or Tensor
    reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    fused : bool, optional
        With False the operation FusedBatchNormV3 is not used.
    data_format : {"NHWC", "NCHW"}
    scope : str, optional
        ``BatchNorm`` and a number by default.
    batch_weights, zero_debias_moving_mean, renorm, renorm_clipping, renorm_decay, adjustment : object
        Not supported, except for their defaults.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The rank or the number of channels is unknown.
    UnimplementedError
        Something is wanted that is not supported.
    """
    unsupported = {
        "batch_weights": batch_weights is not None,
        "zero_debias_moving_mean": zero_debias_moving_mean,
        "renorm": renorm,
        "adjustment": adjustment is not None,
    }
    for option, is_wanted in unsupported.items():
        if is_wanted:
            raise UnimplementedError(None, None, f"tf.contrib.layers.batch_norm with {option} is not in hdfsaver.")
    tensor = convert_to_tensor(inputs)
    rank = tensor.shape.ndims
    if rank is None:
        raise ValueError(f"Inputs {tensor.name} has undefined rank.")
    first = place_of_channels(data_format) == "channels_first"
    made, regularizers = param_initializers or {}, param_regularizers or {}
    options: dict[str, Any] = {
        f"{name}_initializer": made.get(name, zeros_initializer() if name in _ZERO_FIRST else ones_initializer())
        for name in ("beta", "gamma", "moving_mean", "moving_variance")
    }
    with variable_scope(scope, "BatchNorm", reuse=reuse, custom_getter=renamed) as entered:
        layer = _Averaged(
            updates_collections,
            axis=1 if first else -1,
            momentum=decay,
            epsilon=epsilon,
            center=center,
            scale=scale,
            **options,
            beta_regularizer=regularizers.get("beta"),
            gamma_regularizer=regularizers.get("gamma"),
            fused=fused if rank == 4 or fused is False else None,
            trainable=trainable,
            name=entered.name,
            _scope=entered,
            _reuse=reuse,
        )
        outputs = layer(tensor, training=is_training)
        list_variables(layer, variables_collections, ["beta", "gamma", "moving_mean", "moving_variance"])
        outputs = outputs if activation_fn is None else activation_fn(outputs)
        found: Tensor = named(outputs, outputs_collections, entered)
        return found


class _Averaged(BatchNormalization):
    """Batch normalization whose updates go to collections of the program's choice, or run with the outputs.

    Matrices are normalized as images of one pixel, so that the averages are of the unbiased variance, as for images.
    """

    def __init__(self, updates_collections: Collections, fused: bool | None, **options: Any) -> None:
        super().__init__(fused=fused, **options)
        self._wants_fused = fused is not False
        self._keys = [updates_collections] if isinstance(updates_collections, str) else updates_collections

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        """The normalized inputs."""
        sizes = inputs.shape.as_list()
        if len(sizes) == 2 and self._wants_fused:
            outputs = self._normalized_rows(inputs, sizes[-1], phase_of(training))
        else:
            outputs = super().call(inputs, training)
        if self._keys is None:
            with get_default_graph().control_dependencies(self._taken_updates()):
                outputs = apply("Identity", outputs)
        elif self._keys != [GraphKeys.UPDATE_OPS]:
            for update in self._taken_updates():
                get_default_graph().add_to_collections(self._keys, update)
        return outputs

    def _taken_updates(self) -> list[Any]:
        """The updates, which are not listed by the layer itself then."""
        taken, self._updates = list(self._updates), []
        return taken

    def _normalized_rows(self, inputs: Tensor, length: int, phase: Any) -> Tensor:
        beta = constant(0.0, shape=[length]) if self.beta is None else self.beta
        gamma = constant(1.0, shape=[length]) if self.gamma is None else self.gamma
        images = reshape(inputs, [-1, 1, 1, length])

        def normalized(training: bool) -> tuple[Tensor, Tensor, Tensor]:
            mean, variance = (None, None) if training else (self.moving_mean, self.moving_variance)
            return fused_batch_norm(images, gamma, beta, mean, variance, self.epsilon, is_training=training)

        outputs, mean, variance = choose(
            phase,
            lambda: normalized(True),
            lambda: normalized(False),
        )
        if phase is not False:
            for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                self.add_update(choose(phase, *_steps(average, value, self.momentum)))
        rows = reshape(outputs, apply("Shape", inputs))
        rows.set_shape(inputs.shape)
        return rows


def _steps(average: Any, value: Tensor, momentum: float) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """What is done to an average in training, and otherwise: nothing."""

    def moved() -> Tensor:
        with get_default_graph().name_scope("AssignMovingAvg") as full, get_default_graph().colocate_with(average):
            decay = convert_to_tensor(1.0 - momentum, average.dtype.base_dtype, name="decay")
            return assign_sub(average, (average - value) * decay, name=full)

    return moved, lambda: average


@add_arg_scope
def layer_norm(
    inputs: TensorLike,
    center: bool = True,
    scale: bool = True,
    activation_fn: Function = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Scope = None,
) -> Tensor:
    """Normalize each example by its own mean and variance, then scale and shift it (J. L. Ba and others, 2016).

    Parameters
    ----------
    inputs : TensorLike
        Of a known rank of 2 or more.
    center, scale : bool
        Whether there is a variable ``beta`` that is added, and a variable ``gamma`` that is multiplied by.
    activation_fn, reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    begin_norm_axis : int
        The first of the axes that are normalized together.
    begin_params_axis : int
        The first of the axes that the variables have.
    scope : str, optional
        ``LayerNorm`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The rank or a length is unknown, or an axis is out of range.
    """
    with variable_scope(scope, "LayerNorm", reuse=reuse) as entered:
        tensor = convert_to_tensor(inputs)
        rank = tensor.shape.ndims
        if rank is None:
            raise ValueError(f"Inputs {tensor.name} has undefined rank.")
        first = begin_norm_axis + rank if begin_norm_axis < 0 else begin_norm_axis
        if begin_params_axis >= rank or first >= rank:
            raise ValueError(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({begin_norm_axis}) must be < "
                f"rank(inputs) ({rank})"
            )
        given = tensor.shape.as_list()[begin_params_axis:]
        if None in given:
            raise ValueError(f"Inputs {tensor.name}: shape(inputs)[{begin_params_axis}:] is not fully defined: {given}")
        sizes = [size or 0 for size in given]
        beta, gamma = _shift_and_scale(tensor, sizes, (center, scale), {}, variables_collections, trainable)
        mean, variance = moments(tensor, list(range(first, rank)), keep_dims=True)
        epsilon = 1e-3 if tensor.dtype.base_dtype.name == "float16" else 1e-12
        outputs = batch_normalization(tensor, mean, variance, beta, gamma, epsilon)
        return _activated(outputs, tensor, activation_fn, outputs_collections, entered)


@add_arg_scope
def instance_norm(
    inputs: TensorLike,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Function = None,
    param_initializers: Mapping[str, Any] | None = None,
    reuse: Reuse | None = None,
    variables_collections: VariableCollections = None,
    outputs_collections: Collections = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Scope = None,
) -> Tensor:
    """Normalize each channel of each example by its own mean and variance, then scale and shift it.

    Parameters
    ----------
    inputs : TensorLike
        Of a known rank of 3 or more; the number of channels is known.
    center, scale : bool
        Whether there is a variable ``beta`` that is added, and a variable ``gamma`` that is multiplied by.
    epsilon : float
        Added to the variance.
    activation_fn : callable, optional
    param_initializers : dict, optional
        For ``beta`` and ``gamma``.
    reuse, variables_collections, outputs_collections, trainable : object
        As for `fully_connected`.
    data_format : {"NHWC", "NCHW"}
    scope : str, optional
        ``InstanceNorm`` and a number by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The rank or the number of channels is unknown, or the format.
    """
    channels_first = place_of_channels(data_format) == "channels_first"
    with variable_scope(scope, "InstanceNorm", reuse=reuse) as entered:
        tensor = convert_to_tensor(inputs)
        rank = tensor.shape.ndims
        if rank is None:
            raise ValueError(f"Inputs {tensor.name} has undefined rank.")
        channel = 1 if channels_first else rank - 1
        channels = tensor.shape.as_list()[channel]
        if channels is None:
            raise ValueError(f"Inputs {tensor.name} has undefined channels dimension: {tensor.shape}.")
        shape = (center, scale), param_initializers or {}, variables_collections, trainable
        parameters = _shift_and_scale(tensor, [channels], *shape)
        if channels_first:
            wide = [1, channels, *[1] * (rank - 2)]
            parameters = [None if one is None else reshape(one, wide) for one in parameters]
        mean, variance = moments(tensor, [axis for axis in range(1, rank) if axis != channel], keep_dims=True)
        outputs = batch_normalization(tensor, mean, variance, parameters[0], parameters[1], epsilon)
        return _activated(outputs, tensor, activation_fn, outputs_collections, entered)


def _shift_and_scale(
    tensor: Tensor,
    sizes: Sequence[int],
    wanted: tuple[bool, bool],
    initializers: Mapping[str, Any],
    collections: VariableCollections,
    trainable: bool,
) -> list[Any]:
    """The variables ``beta`` and ``gamma``; None for one that is not wanted."""
    defaults = {"beta": zeros_initializer(), "gamma": ones_initializer()}
    return [
        model_variable(
            name,
            sizes,
            tensor.dtype.base_dtype,
            initializers.get(name, defaults[name]),
            collections=keys_for(collections, name),
            trainable=trainable,
        )
        if is_wanted
        else None
        for name, is_wanted in zip(defaults, wanted, strict=True)
    ]


def _activated(outputs: Tensor, inputs: Tensor, activation_fn: Function, keys: Collections, scope: Any) -> Tensor:
    outputs.set_shape(inputs.shape)
    found: Tensor = named(outputs if activation_fn is None else activation_fn(outputs), keys, scope)
    return found
