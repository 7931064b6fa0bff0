"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.optimizers.optimizer import Rate
from hdfsaver.optimizers.rule_optimizer import RuleOptimizer, gradient_of
from hdfsaver.variables.variable import Variable


class AdadeltaOptimizer(RuleOptimizer):
    """Changes by as much as before, relative to the size of derivatives.

    The slots are called ``"accum"`` and ``"accum_update"``.

    Parameters
    ----------
    learning_rate : float, Tensor or callable
        The rate.
    rho : float, Tensor or callable
        How much of the means of squares is kept in a step.
    epsilon : float, Tensor or callable
        Added to the means.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: Rate = 0.95,
        epsilon: Rate = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon
        self._lr_t: Tensor | None = None
        self._rho_t: Tensor | None = None
        self._epsilon_t: Tensor | None = None

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        for variable in var_list:
            self._zeros_slot(variable, "accum", self._name)
            self._zeros_slot(variable, "accum_update", self._name)

    def _prepare(self) -> None:
        self._lr_t = self._tensor(self._lr, "lr")
        self._rho_t = self._tensor(self._rho, "rho")
        self._epsilon_t = self._tensor(self._epsilon, "epsilon")

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        inputs = [self._lr_t, self._rho_t, self._epsilon_t, gradient_of(grad, indices)]
        return self._rule("Adadelta", var, ["accum", "accum_update"], inputs)
