"""`MultivariateNormalDiag`: vectors whose elements are normal and independent of each other."""

from __future__ import annotations

import math
from typing import Any

from hdfsaver.distributions.base_distribution import FULLY_REPARAMETERIZED, Distribution, parameters_of
from hdfsaver.distributions.divergences import RegisterKL
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from hdfsaver.ops.casting import cast
from hdfsaver.ops.diagonals import matrix_diag
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.elementary import exp, log, square
from hdfsaver.ops.filling import ones_like, zeros_like
from hdfsaver.ops.joining import concat
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.sampling import random_normal
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.shapes import TensorShape


class MultivariateNormalDiag(Distribution):
    """The normal distribution of vectors whose elements are independent of each other.

    Parameters
    ----------
    loc : TensorLike, optional
        The mean vectors; zeros by default.
    scale_diag : TensorLike, optional
        Vectors of standard deviations; ones by default.
    scale_identity_multiplier : TensorLike, optional
        A number for each distribution, which is added to the deviations, or is them. All are broadcast.
    validate_args : bool
        Without effect.
    allow_nan_stats : bool
        Without effect: every statistic exists.
    name : str
        The scope of the operations.

    Raises
    ------
    ValueError
        Neither ``loc`` nor ``scale_diag`` tells the length of the vectors.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> normal = tf.contrib.distributions.MultivariateNormalDiag([1.0, 2.0], [0.5, 1.0])
    >>> with tf.Session() as session:
    ...     print(session.run(normal.mean()))
    [1. 2.]
    """

    def __init__(
        self,
        loc: TensorLike | None = None,
        scale_diag: TensorLike | None = None,
        scale_identity_multiplier: TensorLike | None = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiag",
    ) -> None:
        parameters = parameters_of(locals())
        if loc is None and scale_diag is None:
            raise ValueError("MultivariateNormalDiag needs loc or scale_diag, which tell the length of its vectors.")
        with scope(None, name, loc, scale_diag, scale_identity_multiplier) as full:
            given = None if loc is None else convert_to_tensor(loc, name="loc")
            self._diagonal = _diagonal(given, scale_diag, scale_identity_multiplier)
            self._loc = zeros_like(self._diagonal) if given is None else given
        parents = [self._loc, self._diagonal]
        dtype = self._diagonal.dtype
        super().__init__(dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full)
        self._given_loc = given

    @property
    def loc(self) -> Tensor | None:
        """The mean vectors; None where they were not given."""
        return self._given_loc

    def _whole_shape(self) -> Tensor:
        return broadcast_dynamic_shape(shape_tensor(self._loc), shape_tensor(self._diagonal))

    def _static_shape(self) -> TensorShape:
        return broadcast_static_shape(self._loc.shape, self._diagonal.shape)

    def _batch_shape(self) -> TensorShape:
        return self._static_shape().with_rank_at_least(1)[:-1]

    def _event_shape(self) -> TensorShape:
        return self._static_shape().with_rank_at_least(1)[-1:]

    def _batch_shape_tensor(self) -> Tensor:
        return self._whole_shape()[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return self._whole_shape()[-1:]

    def _everywhere(self, value: Tensor) -> Tensor:
        """A value for each element of each distribution of the batch."""
        return value * ones_like(self._loc) * ones_like(self._diagonal)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = random_normal(concat([[n], self._whole_shape()], 0), dtype=self.dtype, seed=seed)
        return drawn * self._diagonal + self._loc

    def _log_prob(self, x: Tensor) -> Tensor:
        z = (x - self._loc) / self._diagonal
        return reduce_sum(-0.5 * square(z) - 0.5 * math.log(2.0 * math.pi), -1) - self._log_volume()

    def _prob(self, x: Tensor) -> Tensor:
        return exp(self._log_prob(x))

    def _log_volume(self) -> Tensor:
        return reduce_sum(log(absolute(self._everywhere(self._diagonal))), -1)

    def _entropy(self) -> Tensor:
        length = cast(self._event_shape_tensor()[0], self.dtype)
        return length * (0.5 + 0.5 * math.log(2.0 * math.pi)) + self._log_volume()

    def _mean(self) -> Tensor:
        return self._everywhere(self._loc)

    def _mode(self) -> Tensor:
        return self._mean()

    def _variance(self) -> Tensor:
        return square(self._everywhere(self._diagonal))

    def _stddev(self) -> Tensor:
        return absolute(self._everywhere(self._diagonal))

    def _covariance(self) -> Tensor:
        return matrix_diag(self._variance())


def _diagonal(loc: Tensor | None, diagonal: TensorLike | None, multiplier: TensorLike | None) -> Tensor:
    """The standard deviations of two forms, which are added up."""
    dtype = None if loc is None else loc.dtype.base_dtype
    added: Any = None if multiplier is None else convert_to_tensor(multiplier, dtype, name="scale_identity_multiplier")
    if diagonal is None:
        assert loc is not None
        return ones_like(loc) if added is None else ones_like(loc) * added[..., None]
    given = convert_to_tensor(diagonal, dtype, name="scale_diag")
    return given if added is None else given + added[..., None]


@RegisterKL(MultivariateNormalDiag, MultivariateNormalDiag)
def _kl_of_both(a: MultivariateNormalDiag, b: MultivariateNormalDiag, name: str | None = None) -> Tensor:
    with scope(name, "kl_mvn", a._loc, a._diagonal, b._loc, b._diagonal):
        spread = reduce_sum(square(a._diagonal / b._diagonal) * ones_like(a._loc - b._loc) - 1.0, -1)
        distance = reduce_sum(square((b._loc - a._loc) / b._diagonal), -1)
        return 0.5 * (spread + distance) + b._log_volume() - a._log_volume()
