"""Gradient descent with penalties on the size of values."""

from __future__ import annotations

from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.optimizers.optimizer import Rate
from hdfsaver.optimizers.rule_optimizer import RuleOptimizer, gradient_of
from hdfsaver.variables.variable import Variable


class ProximalGradientDescentOptimizer(RuleOptimizer):
    """Subtracts the derivative, multiplied by a rate, and then moves values towards zero.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate.
    l1_regularization_strength, l2_regularization_strength : float or Tensor
        The penalties.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate,
        l1_regularization_strength: TensorLike = 0.0,
        l2_regularization_strength: TensorLike = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._numbers: list[Tensor] = []

    def _prepare(self) -> None:
        self._numbers = [
            self._tensor(self._learning_rate, "learning_rate"),
            self._tensor(self._l1_regularization_strength, "l1_regularization_strength"),
            self._tensor(self._l2_regularization_strength, "l2_regularization_strength"),
        ]

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        return self._rule("ProximalGradientDescent", var, [], [*self._numbers, gradient_of(grad, indices)])
