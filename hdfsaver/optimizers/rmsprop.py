"""RMSProp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.filling import ones_like
from hdfsaver.ops.init_ops import ones_initializer
from hdfsaver.optimizers.optimizer import Rate
from hdfsaver.optimizers.rule_optimizer import RuleOptimizer, gradient_of
from hdfsaver.variables.variable import Variable


class RMSPropOptimizer(RuleOptimizer):
    """Divides the derivative by the root of a running mean of its squares.

    The slots are called ``"rms"``, ``"momentum"`` and, where it is centered, ``"mg"``.

    Parameters
    ----------
    learning_rate : float, Tensor or callable
        The rate.
    decay : float, Tensor or callable
        How much of the mean is kept in a step.
    momentum : float, Tensor or callable
        How much of earlier changes is kept in a step.
    epsilon : float, Tensor or callable
        Added to the mean.
    use_locking : bool
        See `Optimizer`.
    centered : bool
        Whether the square of a running mean of derivatives is subtracted from that of squares.
    name : str
        See `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate,
        decay: Rate = 0.9,
        momentum: Rate = 0.0,
        epsilon: Rate = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered
        self._learning_rate_tensor: Tensor | None = None
        self._decay_tensor: Tensor | None = None
        self._momentum_tensor: Tensor | None = None
        self._epsilon_tensor: Tensor | None = None

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        for variable in var_list:
            kind = variable.dtype.base_dtype
            ones: Any = ones_initializer(dtype=kind)
            if not variable.shape.is_fully_defined():
                ones = ones_like(variable)
            self._get_or_make_slot_with_initializer(variable, ones, variable.shape, kind, "rms", self._name)
            if self._centered:
                self._zeros_slot(variable, "mg", self._name)
            self._zeros_slot(variable, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")
        self._decay_tensor = self._tensor(self._decay, "decay")
        self._momentum_tensor = self._tensor(self._momentum, "momentum")
        self._epsilon_tensor = self._tensor(self._epsilon, "epsilon")

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        numbers = [self._learning_rate_tensor, self._decay_tensor, self._momentum_tensor, self._epsilon_tensor]
        inputs = [*numbers, gradient_of(grad, indices)]
        if self._centered:
            return self._rule("CenteredRMSProp", var, ["mg", "rms", "momentum"], inputs)
        return self._rule("RMSProp", var, ["rms", "momentum"], inputs)
