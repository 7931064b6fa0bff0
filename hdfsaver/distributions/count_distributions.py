"""Distributions of how often each of several outcomes comes: `Multinomial` and `DirichletMultinomial`."""

from __future__ import annotations

from typing import Any

from hdfsaver.assertions.comparisons import assert_equal, assert_positive
from hdfsaver.control_flow.folds import map_fn
from hdfsaver.distributions.base_distribution import NOT_REPARAMETERIZED, Distribution, parameters_of
from hdfsaver.distributions.choices import checked_events, logits_and_probabilities
from hdfsaver.distributions.salted_seeds import salted_seed
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.constants import identity, with_dependencies
from hdfsaver.ops.diagonals import matrix_set_diag
from hdfsaver.ops.elementary import exp, log
from hdfsaver.ops.filling import one_hot, ones_like
from hdfsaver.ops.gamma_functions import lbeta
from hdfsaver.ops.joining import concat
from hdfsaver.ops.linalg_ops import matmul
from hdfsaver.ops.losses import log_softmax
from hdfsaver.ops.random_distributions import multinomial, random_gamma
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.roots import sqrt
from hdfsaver.ops.shaping import reshape, transpose
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.ops.special_functions import lgamma
from hdfsaver.shapes import TensorShape


class _Counts(Distribution):
    """A distribution of the counts in a number of draws."""

    _total_count: Tensor

    @property
    def total_count(self) -> Tensor:
        """The number of draws."""
        return self._total_count

    def _set_total(self, total_count: TensorLike, validate: bool) -> None:
        given = convert_to_tensor(total_count, name="total_count")
        self._total_count = checked_events(given) if validate else given

    def _checked(self, counts: Tensor, message: str) -> Tensor:
        if not self.validate_args:
            return counts
        counts = checked_events(counts)
        check = assert_equal(self.total_count, reduce_sum(counts, -1), message=message)
        return with_dependencies([check], counts)


def _log_combinations(total: Tensor, counts: Tensor) -> Tensor:
    """The logarithm of the number of orders of draws that have these counts."""
    with scope(None, "log_combinations", total, counts):
        orders, each = lgamma(total + 1), lgamma(counts + 1)
        return orders - reduce_sum(each, axis=[-1])


class Multinomial(_Counts):
    """The distribution of the counts of several outcomes in a number of draws.

    Parameters
    ----------
    total_count : TensorLike
        The number of draws, in the dtype of the probabilities.
    logits : TensorLike, optional
        A vector for each distribution: the logarithms of probabilities, up to a constant.
    probs : TensorLike, optional
        The probabilities; one of both is given.
    validate_args : bool
        Whether runs check the arguments and the counts.
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
        total_count: TensorLike,
        logits: TensorLike | None = None,
        probs: TensorLike | None = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Multinomial",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, total_count, logits, probs) as full:
            self._set_total(total_count, validate_args)
            self._logits, self._probs = logits_and_probabilities(logits, probs, validate_args, several=True)
            self._mean_val = self._total_count[..., None] * self._probs
        parents = [self._total_count, self._logits, self._probs]
        dtype = self._probs.dtype
        super().__init__(dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities, up to a constant."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._probs

    def _batch_shape_tensor(self) -> Tensor:
        return shape_tensor(self._mean_val)[:-1]

    def _batch_shape(self) -> TensorShape:
        return self._mean_val.shape.with_rank_at_least(1)[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return shape_tensor(self._mean_val)[-1:]

    def _event_shape(self) -> TensorShape:
        return self._mean_val.shape.with_rank_at_least(1)[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        draws: Any = cast(self.total_count, "int32")
        outcomes = self.event_shape_tensor()[0]
        draws = ones_like(self.logits[..., 0], dtype=draws.dtype) * draws
        logits = ones_like(draws[..., None], dtype=self.logits.dtype) * self.logits
        flat_logits, flat_draws = reshape(logits, [-1, outcomes]), n * reshape(draws, [-1])

        def counted(row: Any) -> Tensor:
            drawn = reshape(multinomial(row[0][None, ...], row[1], seed), shape=[n, -1])
            return reduce_sum(one_hot(drawn, depth=outcomes), axis=-2)

        counts = transpose(map_fn(counted, [flat_logits, flat_draws], dtype=self.dtype), perm=[1, 0, 2])
        return reshape(counts, concat([[n], self.batch_shape_tensor(), [outcomes]], 0))

    def _log_prob(self, counts: Tensor) -> Tensor:
        total = reduce_sum(self._valid(counts) * log_softmax(self.logits), -1)
        return total - -_log_combinations(self.total_count, self._valid(counts))

    def _valid(self, counts: Tensor) -> Tensor:
        return self._checked(counts, "counts must sum to `self.total_count`")

    def _mean(self) -> Tensor:
        return identity(self._mean_val)

    def _covariance(self) -> Tensor:
        probs = self.probs * ones_like(self.total_count)[..., None]
        outer = matmul(self._mean_val[..., None], probs[..., None, :])
        return matrix_set_diag(-outer, self._variance())

    def _variance(self) -> Tensor:
        probs = self.probs * ones_like(self.total_count)[..., None]
        return self._mean_val - self._mean_val * probs


class DirichletMultinomial(_Counts):
    """The distribution of counts whose probabilities are drawn from a `Dirichlet` before.

    Parameters
    ----------
    total_count : TensorLike
        The number of draws, in the dtype of the concentrations.
    concentration : TensorLike
        A vector of two positive numbers or more for each distribution.
    validate_args : bool
        Whether runs check the arguments and the counts.
    allow_nan_stats : bool
        Without effect: every statistic exists.
    name : str
        The scope of the operations.
    """

    def __init__(
        self,
        total_count: TensorLike,
        concentration: TensorLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "DirichletMultinomial",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, total_count, concentration) as full:
            self._set_total(total_count, validate_args)
            given = convert_to_tensor(concentration, name="concentration")
            if validate_args:
                message = "Concentration parameter must be positive."
                given = with_dependencies([assert_positive(given, message=message)], given)
            self._concentration = given
            self._total = reduce_sum(given, -1)
        parents = [self._total_count, given]
        super().__init__(given.dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)

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
        draws = cast(self.total_count, "int32")
        outcomes = self.event_shape_tensor()[0]
        drawn = random_gamma([n], self.concentration, dtype=self.dtype, seed=seed)
        logits = reshape(log(drawn), shape=[-1, outcomes])
        found = multinomial(logits, draws, salted_seed(seed, "dirichlet_multinomial"))
        counts = reduce_sum(one_hot(found, depth=outcomes), -2)
        counts = reshape(counts, concat([[n], self.batch_shape_tensor(), [outcomes]], 0))
        return cast(counts, self.dtype)

    def _log_prob(self, counts: Tensor) -> Tensor:
        counts = self._checked(counts, "counts last-dimension must sum to `self.total_count`")
        of_order = lbeta(self.concentration + counts) - lbeta(self.concentration)
        return of_order + _log_combinations(self.total_count, counts)

    def _prob(self, counts: Tensor) -> Tensor:
        return exp(self._log_prob(counts))

    def _mean(self) -> Tensor:
        return self.total_count * (self.concentration / self.total_concentration[..., None])

    def _covariance(self) -> Tensor:
        x = self._scale() * self._mean()
        return matrix_set_diag(-matmul(x[..., None], x[..., None, :]), self._variance())

    def _variance(self) -> Tensor:
        scale = self._scale()
        x = scale * self._mean()
        return x * (self.total_count * scale - x)

    def _scale(self) -> Tensor:
        total = self.total_concentration[..., None]
        return sqrt((1.0 + total / self.total_count) / (1.0 + total))
