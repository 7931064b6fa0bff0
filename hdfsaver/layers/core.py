"""Layers of every kind of network: fully connected ones, dropout, and flattening."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import is_tensor
from hdfsaver.layers.input_spec import InputSpec
from hdfsaver.layers.layer import Layer
from hdfsaver.layers.named_functions import find_activation
from hdfsaver.layers.training_phase import choose, phase_of
from hdfsaver.ops.biases import bias_add
from hdfsaver.ops.constants import constant
from hdfsaver.ops.dropout import dropout as nn_dropout
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.ops.joining import stack
from hdfsaver.ops.linalg_ops import matmul, tensordot
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.shapes import ShapeLike, TensorShape
from hdfsaver.variables.variable_scope import InitializerLike, Regularizer, Reuse

Activation = str | Callable[..., Any] | None
"""A function of a tensor, its name, or None."""

Constraint = Callable[..., Any] | None
"""A function that gives the value of a variable after a step of training."""


class Dense(Layer):
    """A fully connected layer: ``activation(inputs @ kernel + bias)``.

    Parameters
    ----------
    units : int
        The number of outputs.
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

    kernel: Any
    bias: Any

    def __init__(
        self,
        units: int,
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
        self.units = int(units)
        if self.units <= 0:
            raise ValueError(f"A dense layer needs a positive number of units, not {units!r}.")
        self.activation = find_activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: ShapeLike) -> None:
        """Make the kernel and the bias."""
        if self.dtype is not None and not (self.dtype.is_floating or self.dtype.is_complex):
            raise TypeError(f"A dense layer is for floating-point or complex inputs, not {self.dtype.name}.")
        shape = TensorShape(input_shape)
        size = shape.as_list()[-1] if shape.ndims else None
        if size is None:
            raise ValueError(
                "The last dimension of the inputs to a Dense layer should be defined, and that of the shape "
                f"{shape} is None."
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        self.kernel = self.add_weight(
            "kernel",
            shape=[size, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        """The product with the kernel along the last axis, the bias and the activation."""
        rank = inputs.shape.ndims
        if rank == 2:
            outputs = matmul(inputs, self.kernel)
        else:
            outputs = tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        if self.bias is not None:
            outputs = bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: ShapeLike) -> TensorShape:
        """That of the inputs, with the number of units at its end."""
        sizes = TensorShape(input_shape).with_rank_at_least(2).as_list()
        if sizes[-1] is None:
            raise ValueError(f"The last dimension of the input shape of a Dense layer should be defined: {input_shape}")
        return TensorShape([*sizes[:-1], self.units])


def dense(
    inputs: TensorLike,
    units: int,
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
    """The outputs of a new layer `Dense`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 2 or more; the last axis has a known length.
    units, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer : object
        As for `Dense`.
    activity_regularizer, kernel_constraint, bias_constraint, trainable : object
        As for `Dense`.
    name : str, optional
        The name of the scope; ``dense``, ``dense_1`` and so on by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.

    Returns
    -------
    Tensor
        Of the shape of the inputs, with the number of units at its end.

    Raises
    ------
    ValueError
        The rank or the shape does not fit, or as for `get_variable`.
    TypeError
        The inputs are neither floating-point nor complex.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.layers.dense(tf.zeros([2, 3]), 4, activation=tf.nn.relu, name="hidden")
    <tf.Tensor 'hidden/Relu:0' shape=(2, 4) dtype=float32>
    >>> [variable.name for variable in tf.trainable_variables("hidden")]
    ['hidden/kernel:0', 'hidden/bias:0']
    """
    layer = Dense(
        units,
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
        _scope=name,
        _reuse=reuse,
    )
    outputs: Tensor = layer(inputs)
    return outputs


class Dropout(Layer):
    """A layer that sets a random part of its inputs to zero in training, and changes nothing otherwise.

    Parameters
    ----------
    rate : float
        The part that is dropped.
    noise_shape : ShapeLike or TensorLike, optional
        See `tf.nn.dropout`; a size that is None is that of the inputs.
    seed : int, optional
    name : str, optional
        The name of the scope.
    **kwargs : object
        See `Layer`.
    """

    def __init__(
        self,
        rate: float | Tensor = 0.5,
        noise_shape: Any = None,
        seed: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if not is_tensor(rate) and not 0 <= rate <= 1:
            raise ValueError(f"The rate of dropout must be from 0 to 1, not {rate}.")
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        """The inputs, with dropout if ``training``.

        Parameters
        ----------
        inputs : Tensor
        training : bool, or Tensor

        Returns
        -------
        Tensor
        """
        outputs: Tensor = choose(phase_of(training), lambda: self._dropped(inputs), lambda: apply("Identity", inputs))
        return outputs

    def compute_output_shape(self, input_shape: ShapeLike) -> TensorShape:
        """That of the inputs."""
        return TensorShape(input_shape)

    def _dropped(self, inputs: Tensor) -> Tensor:
        return nn_dropout(inputs, noise_shape=self._noise_shape(inputs), seed=self.seed, rate=self.rate)

    def _noise_shape(self, inputs: Tensor) -> Any:
        if self.noise_shape is None or is_tensor(self.noise_shape):
            return self.noise_shape
        sizes = shape_of(inputs)
        given = [sizes[axis] if size is None else size for axis, size in enumerate(self.noise_shape)]
        return stack(given, name="packed") if any(is_tensor(size) for size in given) else given


def dropout(
    inputs: TensorLike,
    rate: float | Tensor = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Tensor:
    """The outputs of a new layer `Dropout`.

    Parameters
    ----------
    inputs : TensorLike
        Floating-point.
    rate, noise_shape, seed : object
        As for `Dropout`.
    training : bool, or Tensor
        Without it the inputs are given back.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the shape and dtype of the inputs.

    Raises
    ------
    ValueError
        The rate is out of range.
    """
    outputs: Tensor = Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)(inputs, training=training)
    return outputs


class Flatten(Layer):
    """A layer that makes a matrix of its inputs: a row for each element of the batch.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}
        With ``"channels_first"`` the second axis is moved to the end before.
    **kwargs : object
        See `Layer`.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = "channels_last" if data_format is None else data_format.lower()
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(f"The data_format is 'channels_last' or 'channels_first', not {data_format!r}.")
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Tensor:
        """The inputs as a matrix; a vector becomes a matrix of one column."""
        rank = inputs.shape.ndims
        if self.data_format == "channels_first" and rank is not None and rank > 1:
            inputs = apply("Transpose", inputs, [0, *range(2, rank), 1], name="transpose")
        if rank == 1:
            return apply("ExpandDims", inputs, 1)
        if rank is None:
            return apply("Reshape", inputs, stack([shape_of(inputs)[0], -1], name="Reshape/shape"))
        batch, *others = inputs.shape.as_list()
        if None not in others:
            outputs = apply("Reshape", inputs, constant([batch or -1, math.prod(size or 0 for size in others)]))
        elif batch:
            outputs = apply("Reshape", inputs, [batch, -1])
        else:
            outputs = apply("Reshape", inputs, stack([shape_of(inputs)[0], -1], name="Reshape/shape"))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape: ShapeLike) -> TensorShape:
        """The batch, and the product of the other sizes."""
        batch, *others = TensorShape(input_shape).as_list()
        return TensorShape([batch, None if None in others else math.prod(size or 0 for size in others)])


def flatten(inputs: TensorLike, name: str | None = None, data_format: str = "channels_last") -> Tensor:
    """The outputs of a new layer `Flatten`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 1 or more.
    name : str, optional
        The name of the scope.
    data_format : {"channels_last", "channels_first"}

    Returns
    -------
    Tensor
        A matrix with a row for each element of the batch.

    Raises
    ------
    ValueError
        The rank is 0 or unknown.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.layers.flatten(tf.placeholder(tf.float32, [None, 4, 3]), name="flat").shape.as_list()
    [None, 12]
    """
    outputs: Tensor = Flatten(name=name, data_format=data_format)(inputs)
    return outputs
