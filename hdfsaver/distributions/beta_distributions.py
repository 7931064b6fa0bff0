"""Distributions of parts of a whole: `Beta` of one part, `Dirichlet` of several."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdfsaver.assertions.comparisons import assert_less, assert_near, assert_positive, assert_same_float_dtype
from hdfsaver.assertions.shape_assertions import assert_rank_at_least
from hdfsaver.distributions.base_distribution import (
    FULLY_REPARAMETERIZED,
    Distribution,
    parameters_of,
    shapes_of,
)
from hdfsaver.distributions.divergences import RegisterKL
from hdfsaver.distributions.salted_seeds import salted_seed
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import logical_and
from hdfsaver.ops.constants import constant, with_dependencies
from hdfsaver.ops.diagonals import matrix_set_diag
from hdfsaver.ops.elementary import exp, log, log1p
from hdfsaver.ops.filling import fill, ones, ones_like
from hdfsaver.ops.gamma_functions import betainc, lbeta
from hdfsaver.ops.guarded_products import xlogy
from hdfsaver.ops.linalg_ops import matmul
from hdfsaver.ops.random_distributions import random_gamma
from hdfsaver.ops.reduction import reduce_all, reduce_sum
from hdfsaver.ops.roots import rsqrt
from hdfsaver.ops.selection import where_v2
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.ops.special_functions import digamma, lgamma
from hdfsaver.shapes import TensorShape

_POSITIVE = "Concentration parameter must be positive."


class Beta(Distribution):
    """The beta distribution of numbers between 0 and 1.

    Parameters
    ----------
    concentration1, concentration0 : TensorLike
        The positive exponents of x and of 1 - x, each raised by 1, often called alpha and beta; of the same dtype. Both
        are broadcast.
    validate_args : bool
        Whether runs check that both are positive, and that values are between 0 and 1.
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
        concentration1: TensorLike | None = None,
        concentration0: TensorLike | None = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Beta",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, concentration1, concentration0) as full:
            one, zero = (
                _positive(convert_to_tensor(given, name=argument), validate_args)
                for argument, given in (("concentration1", concentration1), ("concentration0", concentration0))
            )
            assert_same_float_dtype([one, zero])
            self._concentration1, self._concentration0 = one, zero
            self._total = one + zero
        parents = [one, zero, self._total]
        dtype = self._total.dtype
        super().__init__(dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)

    @staticmethod
    def _param_shapes(sample_shape: TensorLike) -> dict[str, Tensor]:
        return shapes_of(("concentration1", "concentration0"), sample_shape)

    @property
    def concentration1(self) -> Tensor:
        """The exponent of x, raised by 1."""
        return self._concentration1

    @property
    def concentration0(self) -> Tensor:
        """The exponent of 1 - x, raised by 1."""
        return self._concentration0

    @property
    def total_concentration(self) -> Tensor:
        """The sum of both."""
        return self._total

    def _batch_shape_tensor(self) -> Tensor:
        return shape_tensor(self.total_concentration)

    def _batch_shape(self) -> TensorShape:
        return self.total_concentration.shape

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], "int32")

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        one = ones_like(self.total_concentration, dtype=self.dtype) * self.concentration1
        zero = ones_like(self.total_concentration, dtype=self.dtype) * self.concentration0
        first = random_gamma([n], one, dtype=self.dtype, seed=seed)
        second = random_gamma([n], zero, dtype=self.dtype, seed=salted_seed(seed, "beta"))
        return first / (first + second)

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._unnormalized(x) - self._log_normalization()

    def _prob(self, x: Tensor) -> Tensor:
        return exp(self._log_prob(x))

    def _log_cdf(self, x: Tensor) -> Tensor:
        return log(self._cdf(x))

    def _cdf(self, x: Tensor) -> Tensor:
        return betainc(self.concentration1, self.concentration0, x)

    def _unnormalized(self, x: Tensor) -> Tensor:
        if self.validate_args:
            one = ones([], self.dtype)
            checks = [
                assert_positive(x, message="sample must be positive"),
                assert_less(x, one, message="sample must be less than `1`."),
            ]
            x = with_dependencies(checks, x)
        return xlogy(self.concentration1 - 1.0, x) + (self.concentration0 - 1.0) * log1p(-x)

    def _log_normalization(self) -> Tensor:
        parts = lgamma(self.concentration1) + lgamma(self.concentration0)
        return parts - lgamma(self.total_concentration)

    def _entropy(self) -> Tensor:
        total = self._log_normalization()
        total = total - (self.concentration1 - 1.0) * digamma(self.concentration1)
        total = total - (self.concentration0 - 1.0) * digamma(self.concentration0)
        return total + (self.total_concentration - 2.0) * digamma(self.total_concentration)

    def _mean(self) -> Tensor:
        return self.concentration1 / self.total_concentration

    def _variance(self) -> Tensor:
        return self._mean() * (1.0 - self._mean()) / (1.0 + self.total_concentration)

    def _mode(self) -> Tensor:
        mode = (self.concentration1 - 1.0) / (self.total_concentration - 2.0)
        if self.allow_nan_stats:
            missing = fill(self.batch_shape_tensor(), np.array(np.nan, self.dtype.as_numpy_dtype), name="nan")
            exists = logical_and(self.concentration1 > 1.0, self.concentration0 > 1.0)
            return where_v2(exists, mode, missing)
        checks = [
            assert_less(ones([], self.dtype), concentration, message=f"Mode undefined for concentration{number} <= 1.")
            for number, concentration in ((1, self.concentration1), (0, self.concentration0))
        ]
        return with_dependencies(checks, mode)


def _positive(concentration: Tensor, validate: bool) -> Tensor:
    if not validate:
        return concentration
    return with_dependencies([assert_positive(concentration, message=_POSITIVE)], concentration)


@RegisterKL(Beta, Beta)
def _kl_beta_beta(d1: Beta, d2: Beta, name: str | None = None) -> Tensor:
    one, zero = (d1.concentration1, d2.concentration1), (d1.concentration0, d2.concentration0)
    both = d1.total_concentration, d2.total_concentration
    with scope(name, "kl_beta_beta", one[0], zero[0], both[0], one[1], zero[1], both[1]):
        after, before = d2._log_normalization, d1._log_normalization
        last = after()
        total = last - before()
        total = total - digamma(one[0]) * (one[1] - one[0])
        total = total - digamma(zero[0]) * (zero[1] - zero[0])
        return total + digamma(both[0]) * (both[1] - both[0])


class Dirichlet(Distribution):
    """The Dirichlet distribution of several positive numbers whose sum is 1.

    Parameters
    ----------
    concentration : TensorLike
        A vector of two positive numbers or more for each distribution.
    validate_args : bool
        Whether runs check that, and that values are positive and have the sum 1.
    allow_nan_stats : bool
        Whether a mode that does not exist is NaN; otherwise the run fails.
    name : str
        The scope of the operations.
    """

    def __init__(
        self,
        concentration: TensorLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Dirichlet",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, concentration) as full:
            given = convert_to_tensor(concentration, name="concentration")
            self._concentration = _several(given) if validate_args else given
            self._total = reduce_sum(self._concentration, -1)
        parents = [self._concentration, self._total]
        dtype = self._concentration.dtype
        super().__init__(dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)

    @property
    def concentration(self) -> Tensor:
        """The vectors of positive numbers."""
        return self._concentration

    @property
    def total_concentration(self) -> Tensor:
        """Their sums."""
        return self._total

    def _batch_shape_tensor(self) -> Tensor:
        return shape_tensor(self.total_concentration)

    def _batch_shape(self) -> TensorShape:
        return self.total_concentration.shape

    def _event_shape_tensor(self) -> Tensor:
        return shape_tensor(self.concentration)[-1:]

    def _event_shape(self) -> TensorShape:
        return self.concentration.shape.with_rank_at_least(1)[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = random_gamma([n], self.concentration, dtype=self.dtype, seed=seed)
        return drawn / reduce_sum(drawn, -1, keepdims=True)

    def _log_prob(self, x: Tensor) -> Tensor:
        if self.validate_args:
            whole = ones([], self.dtype), reduce_sum(x, -1)
            checks = [
                assert_positive(x, message="samples must be positive"),
                assert_near(*whole, message="sample last-dimension must sum to `1`"),
            ]
            x = with_dependencies(checks, x)
        return reduce_sum(xlogy(self.concentration - 1.0, x), -1) - lbeta(self.concentration)

    def _prob(self, x: Tensor) -> Tensor:
        return exp(self._log_prob(x))

    def _entropy(self) -> Tensor:
        count = cast(self.event_shape_tensor()[0], self.dtype)
        total = lbeta(self.concentration)
        total = total + (self.total_concentration - count) * digamma(self.total_concentration)
        return total - reduce_sum((self.concentration - 1.0) * digamma(self.concentration), axis=-1)

    def _mean(self) -> Tensor:
        return self.concentration / self.total_concentration[..., None]

    def _covariance(self) -> Tensor:
        x = self._scale() * self._mean()
        return matrix_set_diag(-matmul(x[..., None], x[..., None, :]), self._variance())

    def _variance(self) -> Tensor:
        scale = self._scale()
        x = scale * self._mean()
        return x * (scale - x)

    def _scale(self) -> Tensor:
        return rsqrt(1.0 + self.total_concentration[..., None])

    def _mode(self) -> Tensor:
        count = cast(self.event_shape_tensor()[0], self.dtype)
        mode = (self.concentration - 1.0) / (self.total_concentration[..., None] - count)
        if self.allow_nan_stats:
            missing = fill(shape_tensor(mode), np.array(np.nan, self.dtype.as_numpy_dtype), name="nan")
            return where_v2(reduce_all(self.concentration > 1.0, axis=-1), mode, missing)
        message = "Mode undefined when any concentration <= 1"
        return with_dependencies([assert_less(ones([], self.dtype), self.concentration, message=message)], mode)


def _several(concentration: Tensor) -> Tensor:
    """Vectors of two positive numbers or more; the run checks it."""
    fewer = "Concentration parameter must have event_size >= 2."
    checks = [
        assert_positive(concentration, message=_POSITIVE),
        assert_rank_at_least(concentration, 1, message="Concentration parameter must have >=1 dimensions."),
        assert_less(1, shape_tensor(concentration)[-1], message=fewer),
    ]
    return with_dependencies(checks, concentration)


@RegisterKL(Dirichlet, Dirichlet)
def _kl_dirichlet_dirichlet(d1: Dirichlet, d2: Dirichlet, name: str | None = None) -> Tensor:
    with scope(name, "kl_dirichlet_dirichlet", d1.concentration, d2.concentration):
        whole = digamma(reduce_sum(d1.concentration, axis=-1, keepdims=True))
        each = digamma(d1.concentration) - whole
        change = d1.concentration - d2.concentration
        return reduce_sum(change * each, axis=-1) - lbeta(d1.concentration) + lbeta(d2.concentration)
