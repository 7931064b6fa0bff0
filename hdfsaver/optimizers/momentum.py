"""Gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.optimizers.optimizer import Rate
from hdfsaver.optimizers.rule_optimizer import RuleOptimizer, gradient_of
from hdfsaver.variables.variable import Variable


class MomentumOptimizer(RuleOptimizer):
    """Subtracts a decaying sum of the derivatives, multiplied by a rate. The slot is called ``"momentum"``.

    Parameters
    ----------
    learning_rate : float, Tensor or callable
        The rate.
    momentum : float, Tensor or callable
        How much of the sum is kept in a step.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.
    use_nesterov : bool
        Whether the derivative is used as if the sum had been subtracted already.
    """

    def __init__(
        self,
        learning_rate: Rate,
        momentum: Rate,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov
        self._learning_rate_tensor: Tensor | None = None
        self._momentum_tensor: Tensor | None = None

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        for variable in var_list:
            self._zeros_slot(variable, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")
        self._momentum_tensor = self._tensor(self._momentum, "momentum")

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        inputs = [self._learning_rate_tensor, gradient_of(grad, indices), self._momentum_tensor]
        return self._rule("Momentum", var, ["momentum"], inputs, use_nesterov=bool(self._use_nesterov))
