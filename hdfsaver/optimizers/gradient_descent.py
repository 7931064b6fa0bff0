"""Gradient descent."""

from __future__ import annotations

from typing import Any

from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.casting import cast
from hdfsaver.optimizers.optimizer import Rate
from hdfsaver.optimizers.rule_optimizer import RuleOptimizer
from hdfsaver.variables.variable import Variable


class GradientDescentOptimizer(RuleOptimizer):
    """Subtracts the derivative, multiplied by a rate.

    Parameters
    ----------
    learning_rate : float, Tensor or callable
        The rate.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.
    """

    def __init__(self, learning_rate: Rate, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_tensor: Tensor | None = None

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        return self._rule("GradientDescent", var, [], [self._learning_rate_tensor, [grad]])

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Variable) -> Any:
        assert self._learning_rate_tensor is not None
        change = grad.values * cast(self._learning_rate_tensor, var.dtype.base_dtype)
        return var.scatter_sub(IndexedSlices(change, grad.indices, grad.dense_shape), use_locking=self._use_locking)

    def _resource_apply_sparse_duplicate_indices(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        assert self._learning_rate_tensor is not None
        rate = cast(self._learning_rate_tensor, grad.dtype.base_dtype)
        return handle.scattered("ResourceScatterAdd", indices, -grad * rate)
