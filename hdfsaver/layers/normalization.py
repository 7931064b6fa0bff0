"""Batch normalization as a layer, with the averages that are used outside of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver import dtypes
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.core import Constraint
from hdfsaver.layers.input_spec import InputSpec
from hdfsaver.layers.layer import Layer
from hdfsaver.layers.training_phase import Phase, choose, phase_of
from hdfsaver.ops.batch_norm import batch_normalization as nn_batch_normalization
from hdfsaver.ops.batch_norm import fused_batch_norm
from hdfsaver.ops.constants import constant
from hdfsaver.ops.init_ops import ones_initializer, zeros_initializer
from hdfsaver.ops.norms import moments
from hdfsaver.ops.state_ops import assign_sub
from hdfsaver.shapes import ShapeLike, TensorShape
from hdfsaver.variables.distribution import VariableAggregation, VariableSynchronization
from hdfsaver.variables.variable import Variable
from hdfsaver.variables.variable_scope import InitializerLike, Regularizer, Reuse


class BatchNormalization(Layer):
    """Normalize each channel, then scale and shift it (S. Ioffe and C. Szegedy, 2015).

    In training the mean and the variance are those of the batch, and operations in ``GraphKeys.UPDATE_OPS`` take them
    into averages; these are used otherwise.

    Parameters
    ----------
    axis : int or list of int
        The axis of the channels; several axes have a number for each combination.
    momentum : float
        The part of an average that stays with each step.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is a variable ``beta`` that is added, and a variable ``gamma`` that is multiplied by.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer : Initializer
    beta_regularizer, gamma_regularizer : callable, optional
    beta_constraint, gamma_constraint : callable, optional
    renorm, renorm_clipping, renorm_momentum, virtual_batch_size, adjustment : object
        Not supported, except for their defaults.
    fused : bool, optional
        With False the operation FusedBatchNormV3 is not used; it is for images of rank 4 alone.
    trainable : bool
    name : str, optional
        The name of the scope.
    **kwargs : object
        See `Layer`.

    Attributes
    ----------
    gamma, beta, moving_mean, moving_variance : Variable
        From the first call on; gamma and beta are None if they are not wanted.

    Raises
    ------
    UnimplementedError
        Something is wanted that is not supported.
    """

    gamma: Any
    beta: Any
    moving_mean: Any
    moving_variance: Any

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: InitializerLike | None = zeros_initializer,
        gamma_initializer: InitializerLike | None = ones_initializer,
        moving_mean_initializer: InitializerLike | None = zeros_initializer,
        moving_variance_initializer: InitializerLike | None = ones_initializer,
        beta_regularizer: Regularizer | None = None,
        gamma_regularizer: Regularizer | None = None,
        beta_constraint: Constraint = None,
        gamma_constraint: Constraint = None,
        renorm: bool = False,
        renorm_clipping: object = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: object = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        unsupported = {"renorm": renorm, "virtual_batch_size": virtual_batch_size, "adjustment": adjustment}
        for option, value in unsupported.items():
            if value:
                raise UnimplementedError(None, None, f"Batch normalization with {option} is not in hdfsaver.")
        self.axis = [int(number) for number in axis] if isinstance(axis, Sequence) else [int(axis)]
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = beta_initializer
        self.gamma_initializer = gamma_initializer
        self.moving_mean_initializer = moving_mean_initializer
        self.moving_variance_initializer = moving_variance_initializer
        self.beta_regularizer = beta_regularizer
        self.gamma_regularizer = gamma_regularizer
        self.beta_constraint = beta_constraint
        self.gamma_constraint = gamma_constraint
        self.fused = fused
        self._numbers: list[int] = []

    def build(self, input_shape: ShapeLike) -> None:
        """Make the variables; they are float32 for float16 and bfloat16."""
        shape = TensorShape(input_shape)
        rank = shape.ndims
        if rank is None:
            raise ValueError("The inputs of batch normalization need a known rank.")
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(f"The axis {self.axis} is out of range for inputs of shape {shape}.")
        self.axis = [axis % rank for axis in self.axis]
        sizes = [size or 0 for size in shape.as_list()]
        if any(shape.as_list()[axis] is None for axis in self.axis):
            raise ValueError(f"The size of the axes {self.axis} must be known, and the shape is {shape}.")
        self.input_spec = InputSpec(ndim=rank, axes={axis: sizes[axis] for axis in self.axis})
        self._numbers = [sizes[axis] if axis in self.axis else 1 for axis in range(rank)]
        if len(self.axis) == 1:
            self._numbers = [sizes[self.axis[0]]]
        self.fused = self.fused in (None, True) and rank == 4 and self.axis in ([1], [3])
        self._add_weights()
        self.built = True

    def _add_weights(self) -> None:
        narrow = self.dtype in (dtypes.float16, dtypes.bfloat16)
        shared: dict[str, Any] = {"shape": self._numbers, "dtype": dtypes.float32 if narrow else self.dtype}
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                **shared,
            )
        if self.center:
            self.beta = self.add_weight(
                "beta",
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                **shared,
            )
        shared |= {
            "trainable": False,
            "synchronization": VariableSynchronization.ON_READ,
            "aggregation": VariableAggregation.MEAN,
        }
        with self._without_partitioner():
            self.moving_mean = self.add_weight("moving_mean", initializer=self.moving_mean_initializer, **shared)
            self.moving_variance = self.add_weight(
                "moving_variance", initializer=self.moving_variance_initializer, **shared
            )

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        """The normalized inputs.

        Parameters
        ----------
        inputs : Tensor
        training : bool, or Tensor

        Returns
        -------
        Tensor
        """
        phase = phase_of(training)
        outputs = self._fused(inputs, phase) if self.fused else self._composed(inputs, phase)
        outputs.set_shape(inputs.shape)
        return outputs

    def compute_output_shape(self, input_shape: ShapeLike) -> TensorShape:
        """That of the inputs."""
        return TensorShape(input_shape)

    def _fused(self, inputs: Tensor, phase: Phase) -> Tensor:
        beta = constant(0.0, shape=self._numbers) if self.beta is None else self.beta
        gamma = constant(1.0, shape=self._numbers) if self.gamma is None else self.gamma

        def normalized(training: bool) -> tuple[Tensor, Tensor, Tensor]:
            return fused_batch_norm(
                inputs,
                gamma,
                beta,
                self.moving_mean,
                self.moving_variance,
                self.epsilon,
                "NCHW" if self.axis == [1] else "NHWC",
                training,
            )

        outputs: Tensor
        outputs, mean, variance = choose(phase, lambda: normalized(True), lambda: normalized(False))
        if phase is not False:
            momentum = choose(phase, lambda: constant(self.momentum), lambda: constant(1.0))
            self.add_update(self._averaged(self.moving_mean, mean, momentum))
            self.add_update(self._averaged(self.moving_variance, variance, momentum))
        return outputs

    def _composed(self, inputs: Tensor, phase: Phase) -> Tensor:
        dtype = inputs.dtype.base_dtype
        if dtype in (dtypes.float16, dtypes.bfloat16):
            inputs = apply("Cast", inputs, DstT="float32")
        scale, offset = self._broadcast(self.gamma, inputs), self._broadcast(self.beta, inputs)
        mean, variance = self.moving_mean, self.moving_variance
        if phase is not False:
            axes = [axis for axis in range(inputs.shape.ndims or 0) if axis not in self.axis]
            of_batch = moments(inputs, axes, keep_dims=len(self.axis) > 1)
            mean, variance = self._chosen(phase, mean, of_batch[0]), self._chosen(phase, variance, of_batch[1])
            self.add_update(self._update(phase, self.moving_mean, mean))
            self.add_update(self._update(phase, self.moving_variance, variance))
        outputs = nn_batch_normalization(
            inputs, self._broadcast(mean, inputs), self._broadcast(variance, inputs), offset, scale, self.epsilon
        )
        return outputs if outputs.dtype.base_dtype is dtype else apply("Cast", outputs, DstT=dtype.name)

    @staticmethod
    def _chosen(phase: Phase, average: Variable, of_batch: Tensor) -> Any:
        """The number of the batch in training, the average otherwise."""
        return choose(phase, lambda: of_batch, lambda: average)

    def _update(self, phase: Phase, average: Variable, value: Tensor) -> Any:
        return choose(phase, lambda: self._averaged(average, value), lambda: average)

    def _broadcast(self, value: Any, inputs: Tensor) -> Any:
        """A vector per channel in a shape that broadcasts, where the channels are not the last axis."""
        rank = inputs.shape.ndims or 0
        if value is None or len(self.axis) > 1 or self.axis == [rank - 1]:
            return value
        return apply("Reshape", value, [-1 if axis in self.axis else 1 for axis in range(rank)])

    def _averaged(self, variable: Variable, value: Tensor, momentum: Tensor | None = None) -> Tensor:
        """Take a value into an average, by ``variable -= (variable - value) * (1 - momentum)``."""
        graph = get_default_graph()
        with graph.name_scope("AssignMovingAvg") as full, graph.colocate_with(variable):
            if momentum is None:
                decay = convert_to_tensor(1.0 - self.momentum, variable.dtype.base_dtype, name="decay")
            else:
                decay = 1.0 - momentum
            delta = (variable - value) * decay
            return assign_sub(variable, delta, name=full)


def batch_normalization(
    inputs: TensorLike,
    axis: int | Sequence[int] = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: InitializerLike | None = zeros_initializer,
    gamma_initializer: InitializerLike | None = ones_initializer,
    moving_mean_initializer: InitializerLike | None = zeros_initializer,
    moving_variance_initializer: InitializerLike | None = ones_initializer,
    beta_regularizer: Regularizer | None = None,
    gamma_regularizer: Regularizer | None = None,
    beta_constraint: Constraint = None,
    gamma_constraint: Constraint = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Reuse | None = None,
    renorm: bool = False,
    renorm_clipping: object = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: object = None,
) -> Tensor:
    """The outputs of a new layer `BatchNormalization`.

    Programs run the operations in ``GraphKeys.UPDATE_OPS`` with each step of training.

    Parameters
    ----------
    inputs : TensorLike
        Of a known rank; the channels have a known number.
    axis, momentum, epsilon, center, scale : object
        As for `BatchNormalization`.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer : object
        As for `BatchNormalization`.
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : object
        As for `BatchNormalization`.
    training : bool, or Tensor
        Whether the mean and the variance are those of the batch.
    trainable : bool
        With False the averages are not updated either.
    name : str, optional
        The name of the scope; ``batch_normalization`` and a number by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables of a layer with that name are used again.
    renorm, renorm_clipping, renorm_momentum, fused, virtual_batch_size, adjustment : object
        As for `BatchNormalization`.

    Returns
    -------
    Tensor
        Of the shape and dtype of the inputs.

    Raises
    ------
    ValueError
        The shape does not fit.
    UnimplementedError
        ``training`` is a tensor whose value is not known before the run, or an option is not supported.
    """
    layer = BatchNormalization(
        axis=axis,
        momentum=momentum,
        epsilon=epsilon,
        center=center,
        scale=scale,
        beta_initializer=beta_initializer,
        gamma_initializer=gamma_initializer,
        moving_mean_initializer=moving_mean_initializer,
        moving_variance_initializer=moving_variance_initializer,
        beta_regularizer=beta_regularizer,
        gamma_regularizer=gamma_regularizer,
        beta_constraint=beta_constraint,
        gamma_constraint=gamma_constraint,
        renorm=renorm,
        renorm_clipping=renorm_clipping,
        renorm_momentum=renorm_momentum,
        fused=fused,
        trainable=trainable,
        virtual_batch_size=virtual_batch_size,
        adjustment=adjustment,
        name=name,
        _scope=name,
        _reuse=reuse,
    )
    outputs: Tensor = layer(inputs, training=training)
    return outputs
