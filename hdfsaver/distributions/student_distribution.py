"""`StudentT`: the distribution of a mean of few numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hdfsaver.assertions.comparisons import assert_less, assert_positive, assert_same_float_dtype
from hdfsaver.distributions.base_distribution import (
    FULLY_REPARAMETERIZED,
    Distribution,
    batch_of,
    parameters_of,
    shapes_of,
)
from hdfsaver.distributions.salted_seeds import salted_seed
from hdfsaver.graph.default_graph_functions import control_dependencies
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import scope, shape_of
from hdfsaver.ops.broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from hdfsaver.ops.comparison import greater, less
from hdfsaver.ops.constants import constant, identity, with_dependencies
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.elementary import log, log1p, square
from hdfsaver.ops.filling import fill, ones, ones_like
from hdfsaver.ops.gamma_functions import betainc, lbeta
from hdfsaver.ops.joining import concat
from hdfsaver.ops.random_distributions import random_gamma
from hdfsaver.ops.roots import rsqrt
from hdfsaver.ops.sampling import random_normal
from hdfsaver.ops.selection import where_v2
from hdfsaver.ops.special_functions import digamma, lgamma
from hdfsaver.shapes import TensorShape


class StudentT(Distribution):
    """Student's t-distribution.

    Parameters
    ----------
    df : TensorLike
        The degrees of freedom.
    loc : TensorLike
        The middle.
    scale : TensorLike
        The spread, which is the standard deviation only for many degrees of freedom. All are of one dtype, and are
        broadcast.
    validate_args : bool
        Whether runs check that ``df`` is positive.
    allow_nan_stats : bool
        Whether a mean or variance that does not exist is NaN; otherwise the run fails.
    name : str
        The scope of the operations.

    Raises
    ------
    ValueError
        The dtypes differ or are not floats, or the shapes do not broadcast.
    """

    def __init__(
        self,
        df: TensorLike,
        loc: TensorLike,
        scale: TensorLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "StudentT",
    ) -> None:
        parameters = parameters_of(locals())
        with (
            scope(None, name, df, loc, scale) as full,
            control_dependencies([assert_positive(df)] if validate_args else []),
        ):
            self._df, self._loc = identity(df, name="df"), identity(loc, name="loc")
            self._scale = identity(scale, name="scale")
            assert_same_float_dtype([self._df, self._loc, self._scale])
        parents = [self._df, self._loc, self._scale]
        dtype = self._scale.dtype
        super().__init__(dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)

    @staticmethod
    def _param_shapes(sample_shape: TensorLike) -> dict[str, Tensor]:
        return shapes_of(("df", "loc", "scale"), sample_shape)

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self._df

    @property
    def loc(self) -> Tensor:
        """The middle."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The spread."""
        return self._scale

    def _batch_shape_tensor(self) -> Tensor:
        whole = shape_of(self.df, "Shape")
        inner = broadcast_dynamic_shape(shape_of(self.loc, "Shape"), shape_of(self.scale, "Shape"))
        return broadcast_dynamic_shape(whole, inner)

    def _batch_shape(self) -> TensorShape:
        return broadcast_static_shape(broadcast_static_shape(self.df.shape, self.loc.shape), self.scale.shape)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], "int32")

    def _ones(self) -> Tensor:
        return ones(self.batch_shape_tensor(), dtype=self.dtype)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        normal = random_normal(batch_of(n, self), dtype=self.dtype, seed=seed)
        df = self.df * self._ones()
        spread = random_gamma([n], 0.5 * df, 0.5, self.dtype, salted_seed(seed, "student_t"))
        return normal * rsqrt(spread / df) * self.scale + self.loc

    def _log_prob(self, x: Tensor) -> Tensor:
        y = (x - self.loc) / self.scale
        return -0.5 * (self.df + 1.0) * log1p(y**2.0 / self.df) - self._log_normalization()

    def _log_normalization(self) -> Tensor:
        total = log(absolute(self.scale)) + 0.5 * log(self.df) + 0.5 * math.log(math.pi)
        return total + lgamma(0.5 * self.df) - lgamma(0.5 * (self.df + 1.0))

    def _cdf(self, x: Tensor) -> Tensor:
        y = (x - self.loc) / absolute(self.scale)
        part = self.df / (y**2.0 + self.df)
        below = 0.5 * betainc(0.5 * self.df, 0.5, part)
        return where_v2(less(y, 0.0), below, 1.0 - below)

    def _entropy(self) -> Tensor:
        one = self._ones()[..., None]
        df = one * self.df[..., None]
        halves = concat([df, one], -1) / 2.0
        total = log(absolute(self.scale)) + 0.5 * log(self.df) + lbeta(halves)
        return total + 0.5 * (self.df + 1.0) * (digamma(0.5 * (self.df + 1.0)) - digamma(0.5 * self.df))

    def _mean(self) -> Tensor:
        return self._where_it_exists("mean", self.loc * self._ones())

    def _variance(self) -> Tensor:
        rest = where_v2(greater(self.df, 2.0), self.df - 2.0, ones_like(self.df))
        variance = self._ones() * square(self.scale) * self.df / rest
        endless = np.array(np.inf, self.dtype.as_numpy_dtype)
        finite = self.df > fill(self.batch_shape_tensor(), np.array(2.0, self.dtype.as_numpy_dtype))
        found = where_v2(finite, variance, fill(self.batch_shape_tensor(), endless, name="inf"))
        return self._where_it_exists("variance", found)

    def _where_it_exists(self, what: str, found: Tensor) -> Tensor:
        """A statistic that needs more than one degree of freedom."""
        if self.allow_nan_stats:
            missing = np.array(np.nan, self.dtype.as_numpy_dtype)
            exists = greater(self.df, self._ones())
            return where_v2(exists, found, fill(self.batch_shape_tensor(), missing, name="nan"))
        message = f"{what} not defined for components of df <= 1"
        return with_dependencies([assert_less(ones([], dtype=self.dtype), self.df, message=message)], found)

    def _mode(self) -> Tensor:
        return identity(self.loc)
