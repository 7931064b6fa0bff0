"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops import scatter_ops, state_ops
from hdfsaver.ops.casting import cast
from hdfsaver.ops.constants import group
from hdfsaver.ops.roots import sqrt
from hdfsaver.optimizers.optimizer import Rate
from hdfsaver.optimizers.rule_optimizer import RuleOptimizer
from hdfsaver.variables.variable import Variable


class AdamOptimizer(RuleOptimizer):
    """Moves by a running mean of the derivatives, divided by the root of that of their squares.

    The slots of a variable ``w`` are ``w/Adam`` (``"m"``) and ``w/Adam_1`` (``"v"``); ``beta1_power`` and
    ``beta2_power`` count the steps for all variables.

    Parameters
    ----------
    learning_rate : float, Tensor or callable
        The rate.
    beta1, beta2 : float, Tensor or callable
        How much of the mean, and of that of the squares, is kept in a step.
    epsilon : float, Tensor or callable
        Added to the root.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.
    use_own_namescope_for_non_slot_vars : bool
        See `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta1: Rate = 0.9,
        beta2: Rate = 0.999,
        epsilon: Rate = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
        use_own_namescope_for_non_slot_vars: bool = False,
    ) -> None:
        super().__init__(use_locking, name, use_own_namescope_for_non_slot_vars)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._lr_t: Tensor | None = None
        self._beta1_t: Tensor | None = None
        self._beta2_t: Tensor | None = None
        self._epsilon_t: Tensor | None = None

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        graph = get_default_graph()
        return (
            self._get_non_slot_variable("beta1_power", graph=graph),
            self._get_non_slot_variable("beta2_power", graph=graph),
        )

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        first = min(var_list, key=lambda variable: variable.name)
        self._create_non_slot_variable(self._beta1, "beta1_power", first)
        self._create_non_slot_variable(self._beta2, "beta2_power", first)
        for variable in var_list:
            self._zeros_slot(variable, "m", self._name)
            self._zeros_slot(variable, "v", self._name)

    def _prepare(self) -> None:
        self._lr_t = self._tensor(self._lr, "learning_rate")
        self._beta1_t = self._tensor(self._beta1, "beta1")
        self._beta2_t = self._tensor(self._beta2, "beta2")
        self._epsilon_t = self._tensor(self._epsilon, "epsilon")

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        if indices is not None:
            return self._apply_rows(var, grad, indices)
        numbers = [*self._get_beta_accumulators(), self._lr_t, self._beta1_t, self._beta2_t, self._epsilon_t]
        return self._rule("Adam", var, ["m", "v"], [*numbers, [grad]])

    def _apply_rows(self, var: Variable, grad: Tensor, indices: Tensor) -> Operation:
        """Move by slices: the means of all rows decay, those of the given rows change further."""
        kind = var.dtype.base_dtype
        numbers = [*self._get_beta_accumulators(), self._lr_t, self._beta1_t, self._beta2_t, self._epsilon_t]
        power1, power2, lr, beta1, beta2, epsilon = (cast(number, kind) for number in numbers)
        rate = lr * sqrt(1 - power2) / (1 - power1)
        change = grad * (1 - beta1)
        mean = self._decayed(var, "m", beta1, indices, change)
        change = (grad * grad) * (1 - beta2)
        square = self._decayed(var, "v", beta2, indices, change)
        root = sqrt(square)
        moved = state_ops.assign_sub(var, rate * mean / (root + epsilon), use_locking=self._use_locking)
        return group(moved, mean, square)

    def _decayed(self, var: Variable, name: str, decay: Tensor, indices: Tensor, change: Tensor) -> Tensor:
        slot: Any = self.get_slot(var, name)
        decayed = state_ops.assign(slot, slot * decay, use_locking=self._use_locking)
        with get_default_graph().control_dependencies([decayed]):
            return scatter_ops.scatter_add(slot, indices, change, use_locking=self._use_locking)

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        graph = get_default_graph()
        with graph.control_dependencies(update_ops):
            power1, power2 = self._get_beta_accumulators()
            with graph.colocate_with(power1):
                first = power1.assign(power1 * self._beta1_t, use_locking=self._use_locking)
                second = power2.assign(power2 * self._beta2_t, use_locking=self._use_locking)
        return group(*update_ops, first, second, name=name_scope)
