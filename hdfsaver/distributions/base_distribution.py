"""`Distribution`: what all distributions have; a subclass has methods such as ``_log_prob`` of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.assertions.static_values import constant_value, constant_value_as_shape
from hdfsaver.distributions.divergences import cross_entropy, kl_divergence
from hdfsaver.dtypes import DType
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default_graph_functions import name_scope
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor
from hdfsaver.ops.base import scope, shape_of
from hdfsaver.ops.elementary import exp, log, log1p, square
from hdfsaver.ops.joining import concat
from hdfsaver.ops.reduction import reduce_prod
from hdfsaver.ops.roots import sqrt
from hdfsaver.ops.shaping import reshape
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.shapes import TensorShape


class ReparameterizationType:
    """Whether derivatives pass through samples to the parameters; see the two instances."""

    def __init__(self, rep_type: str) -> None:
        self._rep_type = rep_type

    def __repr__(self) -> str:
        return f"<Reparameterization Type: {self._rep_type}>"


FULLY_REPARAMETERIZED = ReparameterizationType("FULLY_REPARAMETERIZED")
"""Samples are functions of the parameters and of random numbers: derivatives pass through them."""

NOT_REPARAMETERIZED = ReparameterizationType("NOT_REPARAMETERIZED")
"""No derivative passes through samples."""


def parameters_of(names: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a constructor, out of its local names."""
    return {name: value for name, value in names.items() if name != "self" and not name.startswith("__")}


class Distribution:
    """A probability distribution, or a batch of them; subclasses say which.

    Parameters
    ----------
    dtype : DType
        The dtype of events.
    reparameterization_type : ReparameterizationType
        Whether derivatives pass through samples.
    validate_args : bool
        Whether runs check the parameters.
    allow_nan_stats : bool
        Whether a statistic that does not exist is NaN; otherwise the run fails.
    parameters : dict, optional
        The arguments of the constructor, for `copy`.
    graph_parents : sequence of Tensor, optional
        The tensors that it depends on.
    name : str, optional
        The scope of its operations, the name of the class by default.
    """

    def __init__(
        self,
        dtype: Any,
        reparameterization_type: ReparameterizationType,
        validate_args: bool,
        allow_nan_stats: bool,
        parameters: Mapping[str, Any] | None = None,
        graph_parents: Sequence[Tensor] | None = None,
        name: str | None = None,
    ) -> None:
        if not name or not name.endswith("/"):
            with name_scope(name or type(self).__name__) as full:
                name = full
        self._dtype = dtypes.as_dtype(dtype)
        self._reparameterization_type = reparameterization_type
        self._validate_args = validate_args
        self._allow_nan_stats = allow_nan_stats
        self._parameters = dict(parameters or {})
        self._graph_parents = list(graph_parents or [])
        self._name = name

    @property
    def name(self) -> str:
        """The scope of its operations, which ends with a slash."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The dtype of events."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments that it was made with."""
        return parameters_of(self._parameters)

    @property
    def reparameterization_type(self) -> ReparameterizationType:
        """Whether derivatives pass through samples."""
        return self._reparameterization_type

    @property
    def allow_nan_stats(self) -> bool:
        """Whether a statistic that does not exist is NaN."""
        return self._allow_nan_stats

    @property
    def validate_args(self) -> bool:
        """Whether runs check the parameters."""
        return self._validate_args

    def copy(self, **override_parameters_kwargs: Any) -> Distribution:
        """A distribution of the same class, with some arguments replaced."""
        return type(self)(**{**self.parameters, **override_parameters_kwargs})

    @classmethod
    def param_shapes(cls, sample_shape: TensorLike, name: str = "DistributionParamShapes") -> dict[str, Tensor]:
        """The shapes of parameters with which a sample has a given shape.

        Parameters
        ----------
        sample_shape : TensorLike
        name : str
            The name of the operations.

        Returns
        -------
        dict of str to Tensor

        Raises
        ------
        NotImplementedError
            The class does not tell.
        """
        with scope(None, name, sample_shape):
            return cls._param_shapes(sample_shape)

    @classmethod
    def param_static_shapes(cls, sample_shape: Any) -> dict[str, TensorShape]:
        """The shapes of parameters, as `param_shapes` gives them, known while the graph is built.

        Raises
        ------
        ValueError
            The shape of the sample is not known.
        """
        if isinstance(sample_shape, TensorShape):
            if not sample_shape.is_fully_defined():
                raise ValueError(f"TensorShape sample_shape must be fully defined, not {sample_shape}.")
            sample_shape = sample_shape.as_list()
        found = {name: constant_value(shape) for name, shape in cls.param_shapes(sample_shape).items()}
        if any(shape is None for shape in found.values()):
            raise ValueError("sample_shape must be a fully-defined TensorShape or list/tuple.")
        return {name: TensorShape(shape) for name, shape in found.items()}

    @staticmethod
    def _param_shapes(sample_shape: TensorLike) -> dict[str, Tensor]:
        raise NotImplementedError("_param_shapes is not implemented.")

    @property
    def batch_shape(self) -> TensorShape:
        """The shape of the batch as far as it is known."""
        return TensorShape(self._batch_shape())

    @property
    def event_shape(self) -> TensorShape:
        """The shape of one event as far as it is known."""
        return TensorShape(self._event_shape())

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """The shape of the batch as a vector."""
        with self._name_scope(name):
            known = _vector(self.batch_shape, "batch_shape")
            return self._batch_shape_tensor() if known is None else known

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Tensor:
        """The shape of one event as a vector."""
        with self._name_scope(name):
            known = _vector(self.event_shape, "event_shape")
            return self._event_shape_tensor() if known is None else known

    def is_scalar_batch(self, name: str = "is_scalar_batch") -> Tensor:
        """Whether the batch has no dimensions."""
        with self._name_scope(name):
            return self._is_scalar(self.batch_shape, self.batch_shape_tensor, name)

    def is_scalar_event(self, name: str = "is_scalar_event") -> Tensor:
        """Whether one event has no dimensions."""
        with self._name_scope(name):
            return self._is_scalar(self.event_shape, self.event_shape_tensor, name)

    @staticmethod
    def _is_scalar(shape: TensorShape, tensor: Callable[[], Tensor], name: str) -> Tensor:
        if shape.ndims is not None:
            return convert_to_tensor(shape.ndims == 0, name=name)
        return apply("Equal", apply("Size", tensor()), 0)

    # What a subclass defines: those that it leaves out are computed from the others, or are errors.

    def _batch_shape(self) -> Any:
        return None

    def _event_shape(self) -> Any:
        return None

    def _batch_shape_tensor(self) -> Tensor:
        raise self._missing("batch_shape_tensor")

    def _event_shape_tensor(self) -> Tensor:
        raise self._missing("event_shape_tensor")

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        raise self._missing("sample_n")

    def _cdf_complement(self, value: Tensor) -> Tensor:
        return 1.0 - self.cdf(value)

    def _cdf_negative(self, value: Tensor) -> Tensor:
        return -self.cdf(value)

    def _missing(self, what: str) -> NotImplementedError:
        return NotImplementedError(f"{what} is not implemented for {type(self).__name__}")

    def _first_of(self, what: str, **ways: Callable[[Tensor], Tensor] | None) -> Callable[..., Tensor]:
        """The first of several methods that the class has, with what its result becomes."""
        for method, after in ways.items():
            found = getattr(self, "_" + method, None)
            if found is not None:
                return _then(found, after)
        raise self._missing(what)

    def _of_value(self, what: str, value: TensorLike, name: str, **ways: Callable[[Tensor], Tensor] | None) -> Tensor:
        with self._name_scope(name, value):
            value = convert_to_tensor(value, name="value", preferred_dtype=self.dtype)
            return self._first_of(what, **ways)(value)

    def _statistic(self, what: str, name: str, **ways: Callable[[Tensor], Tensor] | None) -> Tensor:
        with self._name_scope(name):
            return self._first_of(what, **ways)()

    def sample(self, sample_shape: TensorLike = (), seed: int | None = None, name: str = "sample") -> Tensor:
        """Random events.

        Parameters
        ----------
        sample_shape : TensorLike
            The number of samples, or a shape of them.
        seed : int, optional
            The operation's own seed.
        name : str
            The name of the operations.

        Returns
        -------
        Tensor
            Of the sample's shape, followed by that of the batch and of an event.

        Raises
        ------
        ValueError
            The shape has two dimensions or more.
        """
        with self._name_scope(name, sample_shape):
            wanted = convert_to_tensor(sample_shape, "int32", name="sample_shape")
            wanted, count = _shape_and_count(wanted)
            drawn = self._sample_n(count, seed)
            inner = shape_tensor(drawn)[1:]
            result = reshape(drawn, concat([wanted, inner], 0))
            known = constant_value_as_shape(wanted)
            result.set_shape(known.concatenate(self.batch_shape).concatenate(self.event_shape))
            return result

    def log_prob(self, value: TensorLike, name: str = "log_prob") -> Tensor:
        """The logarithm of the probability, or of its density."""
        return self._of_value("log_prob", value, name, log_prob=None, prob=log)

    def prob(self, value: TensorLike, name: str = "prob") -> Tensor:
        """The probability, or its density."""
        return self._of_value("prob", value, name, prob=None, log_prob=exp)

    def log_cdf(self, value: TensorLike, name: str = "log_cdf") -> Tensor:
        """The logarithm of the probability that an event is not greater."""
        return self._of_value("log_cdf", value, name, log_cdf=None, cdf=log)

    def cdf(self, value: TensorLike, name: str = "cdf") -> Tensor:
        """The probability that an event is not greater."""
        return self._of_value("cdf", value, name, cdf=None, log_cdf=exp)

    def log_survival_function(self, value: TensorLike, name: str = "log_survival_function") -> Tensor:
        """The logarithm of the probability that an event is greater."""
        return self._of_value("log_survival_function", value, name, log_survival_function=None, cdf_negative=log1p)

    def survival_function(self, value: TensorLike, name: str = "survival_function") -> Tensor:
        """The probability that an event is greater."""
        return self._of_value("survival_function", value, name, survival_function=None, cdf_complement=None)

    def quantile(self, value: TensorLike, name: str = "quantile") -> Tensor:
        """The number that an event is not greater than with a given probability."""
        return self._of_value("quantile", value, name, quantile=None)

    def entropy(self, name: str = "entropy") -> Tensor:
        """The entropy in nats."""
        return self._statistic("entropy", name, entropy=None)

    def mean(self, name: str = "mean") -> Tensor:
        """The mean."""
        return self._statistic("mean", name, mean=None)

    def variance(self, name: str = "variance") -> Tensor:
        """The mean of the squared distance from the mean."""
        return self._statistic("variance", name, variance=None, stddev=square)

    def stddev(self, name: str = "stddev") -> Tensor:
        """The root of the variance."""
        return self._statistic("stddev", name, stddev=None, variance=sqrt)

    def covariance(self, name: str = "covariance") -> Tensor:
        """The covariances of the elements of an event."""
        return self._statistic("covariance", name, covariance=None)

    def mode(self, name: str = "mode") -> Tensor:
        """The event of the greatest probability, or density."""
        return self._statistic("mode", name, mode=None)

    def cross_entropy(self, other: Distribution, name: str = "cross_entropy") -> Tensor:
        """The entropy of this distribution, and its divergence from another one."""
        with self._name_scope(name):
            return cross_entropy(self, other, allow_nan_stats=self.allow_nan_stats)

    def kl_divergence(self, other: Distribution, name: str = "kl_divergence") -> Tensor:
        """The divergence from another distribution; see `tf.distributions.kl_divergence`."""
        with self._name_scope(name):
            return kl_divergence(self, other, allow_nan_stats=self.allow_nan_stats)

    @contextmanager
    def _name_scope(self, name: str | None = None, *values: object) -> Iterator[str]:
        with name_scope(self.name), scope(name, "", *values, *self._graph_parents) as full:
            yield full

    def __str__(self) -> str:
        shapes = [("batch_shape", self.batch_shape), ("event_shape", self.event_shape)]
        known = [f"{what}={shape}" for what, shape in shapes if shape.ndims is not None]
        inner = ", ".join([f'"{self.name}"', *known, f"dtype={self.dtype.name}"])
        return f"tfp.distributions.{type(self).__name__}({inner})"

    def __repr__(self) -> str:
        shapes = f"batch_shape={self.batch_shape} event_shape={self.event_shape}"
        return f"<tfp.distributions.{type(self).__name__} '{self.name}' {shapes} dtype={self.dtype.name}>"


def shapes_of(names: Sequence[str], sample_shape: TensorLike) -> dict[str, Tensor]:
    """The same shape for each of some parameters."""
    shape = convert_to_tensor(sample_shape, "int32")
    return dict.fromkeys(names, shape)


def _then(function: Callable[..., Tensor], after: Callable[[Tensor], Tensor] | None) -> Callable[..., Tensor]:
    return function if after is None else lambda *values: after(function(*values))


def _vector(shape: TensorShape, name: str) -> Tensor | None:
    """A known shape as a constant; None where it is not known."""
    sizes = shape.plain
    if sizes is None or None in sizes:
        return None
    return constant_node(np.array(sizes, np.int32), "int32", name)


def _shape_and_count(shape: Tensor) -> tuple[Tensor, Any]:
    """The shape of samples as a vector, and the number of samples: a plain number where it is known."""
    known = constant_value(shape)
    rank = shape.shape.ndims
    if rank is not None and rank > 1:
        raise ValueError(f"sample_shape: Input is neither scalar nor vector, but of rank {rank}.")
    count = reduce_prod(shape) if known is None else int(np.prod(known))
    if rank == 0 and known is not None:
        return constant_node(np.array([known], np.int32), "int32", "sample_shape"), count
    return (shape if rank == 1 else reshape(shape, [-1])), count


def batch_of(n: Any, distribution: Distribution) -> Tensor:
    """The shape of a number of samples of numbers."""
    return concat([[n], distribution.batch_shape_tensor()], 0)


def joint_shape(first: Tensor, second: Tensor) -> Tensor:
    """The shape that two tensors are broadcast to, as a vector."""
    return apply("BroadcastArgs", shape_of(first, "Shape"), shape_of(second, "Shape"))
