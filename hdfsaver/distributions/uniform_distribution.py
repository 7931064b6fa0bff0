"""`Uniform`: numbers that are equally likely between two bounds."""

from __future__ import annotations

import math
from typing import Any

from hdfsaver.assertions.comparisons import assert_less, assert_same_float_dtype
from hdfsaver.distributions.base_distribution import (
    FULLY_REPARAMETERIZED,
    Distribution,
    batch_of,
    joint_shape,
    parameters_of,
    shapes_of,
)
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default_graph_functions import control_dependencies
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import scope
from hdfsaver.ops.broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from hdfsaver.ops.comparison import logical_or
from hdfsaver.ops.constants import constant, identity
from hdfsaver.ops.elementary import log, square
from hdfsaver.ops.filling import ones, ones_like, zeros, zeros_like
from hdfsaver.ops.rounding import is_nan
from hdfsaver.ops.sampling import random_uniform
from hdfsaver.ops.selection import where_v2
from hdfsaver.shapes import TensorShape


class Uniform(Distribution):
    """The distribution of numbers that are equally likely between two bounds.

    Parameters
    ----------
    low : TensorLike
        The lower bounds, which belong to the range.
    high : TensorLike
        The upper bounds, which do not; of the same dtype. Both are broadcast.
    validate_args : bool
        Whether runs check that the lower bounds are below the upper ones.
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
        low: TensorLike = 0.0,
        high: TensorLike = 1.0,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Uniform",
    ) -> None:
        parameters = parameters_of(locals())
        with scope(None, name, low, high) as full:
            message = "uniform not defined when low >= high."
            with control_dependencies([assert_less(low, high, message=message)] if validate_args else []):
                self._low, self._high = identity(low, name="low"), identity(high, name="high")
                assert_same_float_dtype([self._low, self._high])
        parents = [self._low, self._high]
        super().__init__(
            self._low.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, full
        )

    @staticmethod
    def _param_shapes(sample_shape: TensorLike) -> dict[str, Tensor]:
        return shapes_of(("low", "high"), sample_shape)

    @property
    def low(self) -> Tensor:
        """The lower bounds."""
        return self._low

    @property
    def high(self) -> Tensor:
        """The upper bounds."""
        return self._high

    def range(self, name: str = "range") -> Tensor:
        """The distances between the bounds."""
        with self._name_scope(name):
            return self.high - self.low

    def _batch_shape_tensor(self) -> Tensor:
        return joint_shape(self.low, self.high)

    def _batch_shape(self) -> TensorShape:
        return broadcast_static_shape(self.low.shape, self.high.shape)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], "int32")

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        drawn = random_uniform(batch_of(n, self), seed=seed, dtype=self.dtype)
        return self.low + self.range() * drawn

    def _prob(self, x: Tensor) -> Tensor:
        whole = x * ones(self.batch_shape_tensor(), dtype=x.dtype)
        missing = is_nan(whole)
        outside = logical_or(whole < self.low, whole >= self.high)
        inside = where_v2(outside, zeros_like(whole), ones_like(whole) / self.range())
        return where_v2(missing, whole, inside)

    def _cdf(self, x: Tensor) -> Tensor:
        shape = broadcast_dynamic_shape(apply("Shape", x), self.batch_shape_tensor())
        nothing, everything = zeros(shape, dtype=self.dtype), ones(shape, dtype=self.dtype)
        whole = x * everything
        risen = where_v2(x < self.low, nothing, (whole - self.low) / self.range())
        return where_v2(x >= self.high, everything, risen)

    def _entropy(self) -> Tensor:
        return log(self.range())

    def _mean(self) -> Tensor:
        return (self.low + self.high) / 2.0

    def _variance(self) -> Tensor:
        return square(self.range()) / 12.0

    def _stddev(self) -> Tensor:
        return self.range() / math.sqrt(12.0)
