"""`Gamma`, and `Exponential`, its case with a concentration of 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdfsaver.assertions.comparisons import assert_less, assert_positive, assert_same_float_dtype
from hdfsaver.distributions.base_distribution import (
    FULLY_REPARAMETERIZED,
    Distribution,
    joint_shape,
    parameters_of,
    shapes_of,
)
from hdfsaver.distributions.divergences import RegisterKL
from hdfsaver.graph.default_graph_functions import control_dependencies
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.broadcasting import broadcast_static_shape
from hdfsaver.ops.constants import constant, identity, with_dependencies
from hdfsaver.ops.elementary import log, square
from hdfsaver.ops.filling import fill, ones
from hdfsaver.ops.gamma_functions import igamma
from hdfsaver.ops.guarded_products import xlogy
from hdfsaver.ops.joining import concat
from hdfsaver.ops.random_distributions import random_gamma
from hdfsaver.ops.roots import sqrt
from hdfsaver.ops.sampling import random_uniform
from hdfsaver.ops.selection import where_v2
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.ops.special_functions import digamma, lgamma
from hdfsaver.shapes import TensorShape


class Gamma(Distribution):
    """The gamma distribution: of the time of several events that are independent of each other.

    Parameters
    ----------
    concentration : TensorLike
        The shape parameter, often called alpha.
    rate : TensorLike
        The inverse of the scale, often called beta; of the same dtype. Both are broadcast.
    validate_args : bool
        Whether runs check that both are positive, and so are values.
    allow_nan_stats : bool
        Whether a mode that does not exist is NaN; otherwise the run fails.
    name : str
        The scope of the operations.

    Raises
    ------
    ValueError
        The dtypes differ or are not floats, or the shapes do not broadcast.
    """

    def __init__(
        self,
        concentration: TensorLike,
        rate: TensorLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Gamma",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, concentration, rate) as full:
            checks = [assert_positive(concentration), assert_positive(rate)] if validate_args else []
            with control_dependencies(checks):
                self._concentration = identity(concentration, name="concentration")
                self._rate = identity(rate, name="rate")
                assert_same_float_dtype([self._concentration, self._rate])
        parents = [self._concentration, self._rate]
        dtype = self._concentration.dtype
        super().__init__(dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)

    @staticmethod
    def _param_shapes(sample_shape: TensorLike) -> dict[str, Tensor]:
        return shapes_of(("concentration", "rate"), sample_shape)

    @property
    def concentration(self) -> Tensor:
        """The shape parameter."""
        return self._concentration

    @property
    def rate(self) -> Tensor:
        """The inverse of the scale."""
        return self._rate

    def _batch_shape_tensor(self) -> Tensor:
        return joint_shape(self.concentration, self.rate)

    def _batch_shape(self) -> TensorShape:
        return broadcast_static_shape(self.concentration.shape, self.rate.shape)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], "int32")

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return random_gamma([n], self.concentration, self.rate, self.dtype, seed)

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._unnormalized(x) - (lgamma(self.concentration) - self.concentration * log(self.rate))

    def _cdf(self, x: Tensor) -> Tensor:
        return igamma(self.concentration, self.rate * self._checked(x))

    def _unnormalized(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        return xlogy(self.concentration - 1.0, x) - self.rate * x

    def _entropy(self) -> Tensor:
        alone = self.concentration - log(self.rate) + lgamma(self.concentration)
        return alone + (1.0 - self.concentration) * digamma(self.concentration)

    def _mean(self) -> Tensor:
        return self.concentration / self.rate

    def _variance(self) -> Tensor:
        return self.concentration / square(self.rate)

    def _stddev(self) -> Tensor:
        return sqrt(self.concentration) / self.rate

    def _mode(self) -> Tensor:
        mode = (self.concentration - 1.0) / self.rate
        if self.allow_nan_stats:
            missing = fill(self.batch_shape_tensor(), np.array(np.nan, self.dtype.as_numpy_dtype), name="nan")
            return where_v2(self.concentration > 1.0, mode, missing)
        message = "mode not defined when any concentration <= 1"
        check = assert_less(ones([], self.dtype), self.concentration, message=message)
        return with_dependencies([check], mode)

    def _checked(self, x: Tensor) -> Tensor:
        assert_same_float_dtype([x], self.dtype)
        return with_dependencies([assert_positive(x)], x) if self.validate_args else x


@RegisterKL(Gamma, Gamma)
def _kl_gamma_gamma(g0: Gamma, g1: Gamma, name: str | None = None) -> Tensor:
    with scope(name, "kl_gamma_gamma", g0.concentration, g0.rate, g1.concentration, g1.rate):
        total = (g0.concentration - g1.concentration) * digamma(g0.concentration)
        total = total + lgamma(g1.concentration) - lgamma(g0.concentration)
        total = total + g1.concentration * log(g0.rate) - g1.concentration * log(g1.rate)
        return total + g0.concentration * (g1.rate / g0.rate - 1.0)


class Exponential(Gamma):
    """The exponential distribution: of the time until the next of events that are independent of each other.

    Parameters
    ----------
    rate : TensorLike
        The number of events in a unit of time.
    validate_args : bool
        Whether runs check that rates are positive, and so are values.
    allow_nan_stats : bool
        As for `Gamma`.
    name : str
        The scope of the operations.

    Raises
    ------
    ValueError
        The dtype is not a float.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> waiting = tf.distributions.Exponential(rate=2.0)
    >>> with tf.Session() as session:
    ...     print(session.run(waiting.mean()))
    0.5
    """

    def __init__(
        self,
        rate: TensorLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Exponential",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, rate) as full:
            given = convert_to_tensor(rate, name="rate")
        super().__init__(ones([], given.dtype), given, validate_args, allow_nan_stats, full)
        self._parameters = parameters
        self._graph_parents.append(self._rate)

    @staticmethod
    def _param_shapes(sample_shape: TensorLike) -> dict[str, Tensor]:
        return shapes_of(("rate",), sample_shape)

    def _log_survival_function(self, x: Tensor) -> Tensor:
        return self._log_prob(x) - log(self.rate)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        shape = concat([[n], shape_tensor(self.rate)], 0)
        lowest = np.finfo(self.dtype.as_numpy_dtype).tiny
        drawn = random_uniform(shape, minval=lowest, maxval=1.0, seed=seed, dtype=self.dtype)
        return -log(drawn) / self.rate
