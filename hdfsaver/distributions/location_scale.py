"""Distributions of numbers around a location, spread by a scale: `Normal` and `Laplace`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hdfsaver.assertions.comparisons import assert_positive, assert_same_float_dtype
from hdfsaver.distributions.base_distribution import (
    FULLY_REPARAMETERIZED,
    Distribution,
    batch_of,
    joint_shape,
    parameters_of,
    shapes_of,
)
from hdfsaver.distributions.divergences import RegisterKL
from hdfsaver.distributions.normal_functions import log_ndtr, ndtr
from hdfsaver.graph.default_graph_functions import control_dependencies
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.activations import softplus
from hdfsaver.ops.arithmetic import squared_difference
from hdfsaver.ops.base import scope
from hdfsaver.ops.broadcasting import broadcast_static_shape
from hdfsaver.ops.constants import constant, identity
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.elementary import exp, log, log1p, sign, square
from hdfsaver.ops.filling import ones_like, zeros_like
from hdfsaver.ops.sampling import random_normal, random_uniform
from hdfsaver.ops.selection import where_v2
from hdfsaver.ops.special_functions import ndtri
from hdfsaver.shapes import TensorShape


class _LocationScale(Distribution):
    """A distribution with a location and a scale."""

    def __init__(
        self,
        loc: TensorLike,
        scale: TensorLike,
        validate_args: bool,
        allow_nan_stats: bool,
        name: str,
        parameters: dict[str, Any],
    ) -> None:
        with (
            scope(None, name, loc, scale) as full,
            control_dependencies([assert_positive(scale)] if validate_args else []),
        ):
            self._loc, self._scale = identity(loc, name="loc"), identity(scale, name="scale")
            assert_same_float_dtype([self._loc, self._scale])
        super().__init__(
            self._scale.dtype,
            FULLY_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._loc, self._scale],
            full,
        )

    @staticmethod
    def _param_shapes(sample_shape: TensorLike) -> dict[str, Tensor]:
        return shapes_of(("loc", "scale"), sample_shape)

    @property
    def loc(self) -> Tensor:
        """The location: the middle."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The scale."""
        return self._scale

    def _batch_shape_tensor(self) -> Tensor:
        return joint_shape(self.loc, self.scale)

    def _batch_shape(self) -> TensorShape:
        return broadcast_static_shape(self.loc.shape, self.scale.shape)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], "int32")


class Normal(_LocationScale):
    """The normal distribution.

    Parameters
    ----------
    loc : TensorLike
        The means.
    scale : TensorLike
        The standard deviations, of the same dtype; both are broadcast.
    validate_args : bool
        Whether runs check that the deviations are positive.
    allow_nan_stats : bool
        Without effect: every statistic exists.
    name : str
        The scope of the operations.

    Raises
    ------
    ValueError
        The dtypes differ or are not floats, or the shapes do not broadcast.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> normal = tf.distributions.Normal(0.0, 1.0)
    >>> with tf.Session() as session:
    ...     print(session.run(normal.cdf(0.0)))
    0.5
    """

    def __init__(
        self,
        loc: TensorLike,
        scale: TensorLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Normal",
    ) -> None:
        parameters = parameters_of(locals())
        super().__init__(loc, scale, validate_args, allow_nan_stats, name, parameters)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        dtype = self.loc.dtype
        drawn = random_normal(batch_of(n, self), 0.0, 1.0, dtype, seed=seed)
        return drawn * self.scale + self.loc

    def _log_prob(self, x: Tensor) -> Tensor:
        distance = -0.5 * square(self._z(x))
        return distance - (0.5 * math.log(2.0 * math.pi) + log(self.scale))

    def _log_cdf(self, x: Tensor) -> Tensor:
        return log_ndtr(self._z(x))

    def _cdf(self, x: Tensor) -> Tensor:
        return ndtr(self._z(x))

    def _log_survival_function(self, x: Tensor) -> Tensor:
        return log_ndtr(-self._z(x))

    def _survival_function(self, x: Tensor) -> Tensor:
        return ndtr(-self._z(x))

    def _entropy(self) -> Tensor:
        scale = self.scale * ones_like(self.loc)
        return 0.5 * math.log(2.0 * math.pi * math.e) + log(scale)

    def _mean(self) -> Tensor:
        return self.loc * ones_like(self.scale)

    def _mode(self) -> Tensor:
        return self._mean()

    def _quantile(self, p: Tensor) -> Tensor:
        standard = ndtri(p)
        with scope(None, "reconstruct", standard):
            return standard * self.scale + self.loc

    def _stddev(self) -> Tensor:
        return self.scale * ones_like(self.loc)

    def _z(self, x: Tensor) -> Tensor:
        with scope(None, "standardize", x):
            return (x - self.loc) / self.scale


class NormalWithSoftplusScale(Normal):
    """`Normal` with ``softplus(scale)`` as its standard deviations.

    Parameters
    ----------
    loc, scale, validate_args, allow_nan_stats, name : object
        As for `Normal`.
    """

    def __init__(
        self,
        loc: TensorLike,
        scale: TensorLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "NormalWithSoftplusScale",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, scale) as full:
            super().__init__(loc, softplus(scale, name="softplus_scale"), validate_args, allow_nan_stats, full)
        self._parameters = parameters


@RegisterKL(Normal, Normal)
def _kl_normal_normal(n_a: Normal, n_b: Normal, name: str | None = None) -> Tensor:
    with scope(name, "kl_normal_normal", n_a.loc, n_b.loc):
        one, two, half = (constant(value, n_a.dtype) for value in (1.0, 2.0, 0.5))
        variance, other = square(n_a.scale), square(n_b.scale)
        ratio = variance / other
        distance = squared_difference(n_a.loc, n_b.loc) / (two * other)
        return distance + half * (ratio - one - log(ratio))


class Laplace(_LocationScale):
    """The Laplace distribution: exponential to both sides of its location.

    Parameters
    ----------
    loc : TensorLike
        The means.
    scale : TensorLike
        The mean distances from them, of the same dtype; both are broadcast.
    validate_args : bool
        Whether runs check that the scales are positive.
    allow_nan_stats : bool
        Without effect: every statistic exists.
    name : str
        The scope of the operations.

    Raises
    ------
    ValueError
        The dtypes differ or are not floats, or the shapes do not broadcast.
    """

    def __init__(
        self,
        loc: TensorLike,
        scale: TensorLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Laplace",
    ) -> None:
        parameters = parameters_of(locals())
        super().__init__(loc, scale, validate_args, allow_nan_stats, name, parameters)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        shape = batch_of(n, self)
        lowest = np.nextafter(self.dtype.as_numpy_dtype(-1.0), self.dtype.as_numpy_dtype(0.0))
        drawn = random_uniform(shape, minval=lowest, maxval=1.0, dtype=self.dtype, seed=seed)
        return self.loc - self.scale * sign(drawn) * log1p(-absolute(drawn))

    def _log_prob(self, x: Tensor) -> Tensor:
        return -absolute(self._z(x)) - (math.log(2.0) + log(self.scale))

    def _cdf(self, x: Tensor) -> Tensor:
        z = self._z(x)
        return 0.5 + 0.5 * sign(z) * (1.0 - exp(-absolute(z)))

    def _log_cdf(self, x: Tensor) -> Tensor:
        return _log_cdf_laplace(self._z(x))

    def _log_survival_function(self, x: Tensor) -> Tensor:
        return _log_cdf_laplace(-self._z(x))

    def _entropy(self) -> Tensor:
        scale = self.scale + zeros_like(self.loc)
        return math.log(2.0) + 1.0 + log(scale)

    def _mean(self) -> Tensor:
        return self.loc + zeros_like(self.scale)

    def _stddev(self) -> Tensor:
        return math.sqrt(2.0) * self.scale + zeros_like(self.loc)

    def _mode(self) -> Tensor:
        return self._mean()

    def _z(self, x: Tensor) -> Tensor:
        return (x - self.loc) / self.scale


def _log_cdf_laplace(x: Tensor) -> Tensor:
    with scope(None, "log_cdf_laplace", x):
        lower = -math.log(2.0) + x
        upper = log1p(-0.5 * exp(-absolute(x)))
        return where_v2(x < 0.0, lower, upper)
