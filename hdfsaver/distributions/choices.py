"""Distributions over finitely many outcomes: `Bernoulli` of two, `Categorical` of several."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.assertions.comparisons import assert_equal, assert_less_equal, assert_near, assert_non_negative
from hdfsaver.distributions.base_distribution import (
    NOT_REPARAMETERIZED,
    Distribution,
    batch_of,
    parameters_of,
    shapes_of,
)
from hdfsaver.distributions.divergences import RegisterKL
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor
from hdfsaver.ops.activations import sigmoid, softplus
from hdfsaver.ops.base import like, scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.constants import constant, identity, with_dependencies
from hdfsaver.ops.elementary import log, log1p
from hdfsaver.ops.filling import ones, ones_like, range_, zeros_like
from hdfsaver.ops.losses import (
    log_softmax,
    sigmoid_cross_entropy_with_logits,
    softmax,
    sparse_softmax_cross_entropy_with_logits,
)
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.rounding import floor
from hdfsaver.ops.sampling import random_uniform
from hdfsaver.ops.scans import argmax
from hdfsaver.ops.seeds import seed_attrs
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import expand_dims, rank, reshape, transpose
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.shapes import TensorShape


def logits_and_probabilities(
    logits: TensorLike | None, probs: TensorLike | None, validate: bool, several: bool
) -> tuple[Tensor, Tensor]:
    """Both forms of a parameter, of which one is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Must pass probs or logits, but not both.")
    if logits is not None:
        given = convert_to_tensor(logits, name="logits")
        if not given.dtype.is_floating:
            raise TypeError(f"logits must have a floating-point dtype, not {given.dtype.name}.")
        return given, softmax(given, name="probs") if several else sigmoid(given, name="probs")
    given = convert_to_tensor(probs, name="probs")
    if validate:
        with scope(None, "validate_probs"):
            given = _checked(given, several)
    with scope(None, "logits"):
        return (log(given) if several else log(given) - log1p(-1.0 * given)), given


def _checked(probs: Tensor, several: bool) -> Tensor:
    one = constant(1.0, probs.dtype)
    checks = [assert_non_negative(probs)]
    if several:
        checks.append(assert_near(reduce_sum(probs, -1), one, message="probs does not sum to 1."))
    else:
        checks.append(assert_less_equal(probs, one, message="probs has components greater than 1."))
    return with_dependencies(checks, probs)


def checked_events(events: Tensor, most: int | None = None) -> Tensor:
    """Events that are whole numbers from 0 on, whatever their dtype; the run checks it."""
    checks = [assert_non_negative(events, message="Elements must be non-negative.")]
    if most is not None:
        checks.append(assert_less_equal(events, like(most, events), message=f"Elements cannot exceed {most}."))
    if events.dtype.is_floating:
        checks.append(assert_equal(floor(events), events, message="Elements must be whole numbers."))
    return with_dependencies(checks, events)


class _OverOutcomes(Distribution):
    """What distributions by logits or probabilities share."""

    _logits: Tensor
    _probs: Tensor

    @property
    def logits(self) -> Tensor:
        """The logits: of two outcomes the logarithm of the odds, of several that of the probabilities."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._probs

    @staticmethod
    def _param_shapes(sample_shape: TensorLike) -> dict[str, Tensor]:
        return shapes_of(("logits",), sample_shape)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], "int32")


class Bernoulli(_OverOutcomes):
    """The distribution over 0 and 1.

    Parameters
    ----------
    logits : TensorLike, optional
        The logarithms of the odds of 1.
    probs : TensorLike, optional
        The probabilities of 1; one of both is given.
    dtype : DTypeLike
        The dtype of samples.
    validate_args : bool
        Whether runs check the probabilities.
    allow_nan_stats : bool
        Without effect: every statistic exists.
    name : str
        The scope of the operations.

    Raises
    ------
    ValueError
        Both forms are given, or none.
    """

    def __init__(
        self,
        logits: TensorLike | None = None,
        probs: TensorLike | None = None,
        dtype: DTypeLike = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Bernoulli",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, logits, probs) as full:
            self._logits, self._probs = logits_and_probabilities(logits, probs, validate_args, several=False)
        parents = [self._logits, self._probs]
        super().__init__(dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)

    def _batch_shape_tensor(self) -> Tensor:
        return shape_tensor(self._logits)

    def _batch_shape(self) -> TensorShape:
        return self._logits.shape

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = random_uniform(batch_of(n, self), seed=seed, dtype=self.probs.dtype)
        return cast(drawn < self.probs, self.dtype)

    def _log_prob(self, event: Tensor) -> Tensor:
        if self.validate_args:
            event = checked_events(event, 1)
        event, logits = cast(event, self.logits.dtype), self.logits
        if not event.shape.is_fully_defined() or not logits.shape.is_fully_defined() or event.shape != logits.shape:
            logits = ones_like(event) * logits
            event = ones_like(logits) * event
        return -sigmoid_cross_entropy_with_logits(labels=event, logits=logits)

    def _entropy(self) -> Tensor:
        return (-self.logits) * (sigmoid(self.logits) - 1) + softplus(-self.logits)

    def _mean(self) -> Tensor:
        return identity(self.probs)

    def _variance(self) -> Tensor:
        return self._mean() * (1.0 - self.probs)

    def _mode(self) -> Tensor:
        return cast(self.probs > 0.5, self.dtype)


@RegisterKL(Bernoulli, Bernoulli)
def _kl_bernoulli_bernoulli(a: Bernoulli, b: Bernoulli, name: str | None = None) -> Tensor:
    with scope(name, "kl_bernoulli_bernoulli", a.logits, b.logits):
        of_one = softplus(-b.logits) - softplus(-a.logits)
        of_zero = softplus(b.logits) - softplus(a.logits)
        return sigmoid(a.logits) * of_one + sigmoid(-a.logits) * of_zero


class Categorical(_OverOutcomes):
    """The distribution over the numbers of some classes.

    Parameters
    ----------
    logits : TensorLike, optional
        A vector for each distribution: the logarithms of probabilities, up to a constant.
    probs : TensorLike, optional
        The probabilities; one of both is given.
    dtype : DTypeLike
        The dtype of samples.
    validate_args : bool
        Whether runs check the probabilities.
    allow_nan_stats : bool
        Without effect: every statistic exists.
    name : str
        The scope of the operations.

    Raises
    ------
    ValueError
        Both forms are given, or none.
    """

    def __init__(
        self,
        logits: TensorLike | None = None,
        probs: TensorLike | None = None,
        dtype: DTypeLike = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Categorical",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, logits, probs) as full:
            self._logits, self._probs = logits_and_probabilities(logits, probs, validate_args, several=True)
            self._measure()
        parents = [self._logits, self._probs]
        super().__init__(dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)

    def _measure(self) -> None:
        """Make the tensors about the shape of the logits that the methods use."""
        known = self._logits.shape
        if known.ndims is not None:
            self._batch_rank = constant_node(np.array(known.ndims - 1, np.int32), "int32", "batch_rank")
        else:
            with scope(None, "batch_rank"):
                self._batch_rank = rank(self._logits) - 1
        logits_shape = shape_tensor(self._logits, name="logits_shape")
        if known.ndims is not None and known.as_list()[-1] is not None:
            self._event_size = constant_node(np.array(known.as_list()[-1], np.int32), "int32", "event_size")
        else:
            with scope(None, "event_size"):
                self._event_size = logits_shape[self._batch_rank]
        if known[:-1].is_fully_defined():
            batch = np.array(known.as_list()[:-1], np.int32)
            self._batch_shape_val = constant_node(batch, "int32", "batch_shape")
        else:
            with scope(None, "batch_shape"):
                self._batch_shape_val = logits_shape[:-1]

    @property
    def event_size(self) -> Tensor:
        """The number of classes."""
        return self._event_size

    def _batch_shape_tensor(self) -> Tensor:
        return identity(self._batch_shape_val)

    def _batch_shape(self) -> TensorShape:
        return self.logits.shape[:-1]

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        logits = self.logits if self.logits.shape.ndims == 2 else reshape(self.logits, [-1, self.event_size])
        dtype = "int64" if self.dtype.size > 4 else "int32"
        with scope(None, "multinomial", logits):
            drawn = apply("Multinomial", logits, n, output_dtype=dtype, **seed_attrs(seed))
        drawn = reshape(transpose(drawn), batch_of(n, self))
        return cast(drawn, self.dtype)

    def _cdf(self, k: Tensor) -> Tensor:
        k, probs = self._broadcast(k, self.probs)
        flat = reshape(probs, [-1, self.event_size])
        below = range_(0, self.event_size) < expand_dims(reshape(cast(k, "int32"), [-1]), -1)
        total = reduce_sum(where(below, flat, zeros_like(flat)), -1)
        return reshape(total, shape_tensor(k))

    def _log_prob(self, k: Tensor) -> Tensor:
        if self.validate_args:
            k = checked_events(k)
        k, logits = self._broadcast(k, self.logits)
        return -sparse_softmax_cross_entropy_with_logits(labels=k, logits=logits)

    def _broadcast(self, k: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Classes and parameters of one batch shape."""
        batch = parameters.shape[:-1]
        if k.shape.is_fully_defined() and batch.is_fully_defined() and k.shape == batch:
            return k, parameters
        parameters = parameters * ones_like(k[..., None], dtype=parameters.dtype)
        return k * ones(shape_tensor(parameters)[:-1], dtype=k.dtype), parameters

    def _entropy(self) -> Tensor:
        return -reduce_sum(log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Tensor:
        found = cast(argmax(self.logits, axis=self._batch_rank), self.dtype)
        found.set_shape(self.batch_shape)
        return found


@RegisterKL(Categorical, Categorical)
def _kl_categorical_categorical(a: Categorical, b: Categorical, name: str | None = None) -> Tensor:
    with scope(name, "kl_categorical_categorical", a.logits, b.logits):
        ratio = log_softmax(a.logits) - log_softmax(b.logits)
        return reduce_sum(softmax(a.logits) * ratio, axis=-1)
