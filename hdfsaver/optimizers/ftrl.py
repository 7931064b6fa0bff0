"""FTRL-proximal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.arithmetic import maximum
from hdfsaver.ops.filling import ones
from hdfsaver.optimizers.rule_optimizer import RuleOptimizer, gradient_of
from hdfsaver.variables.variable import Variable


class FtrlOptimizer(RuleOptimizer):
    """Follows the regularized leader: takes the values that all derivatives and the penalties ask for.

    The slots are called ``"accum"`` and ``"linear"``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate.
    learning_rate_power : float
        How the rate falls with the sum of squares: not positive.
    initial_accumulator_value : float
        The sum of squares at first: not negative.
    l1_regularization_strength, l2_regularization_strength : float
        The penalties: not negative.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.
    accum_name, linear_name : str, optional
        The last parts of the names of slots; ``name`` by default.
    l2_shrinkage_regularization_strength : float
        A penalty on the size of values: not negative.
    beta : float, optional
        Added to the root of the sum of squares; 0 by default.

    Raises
    ------
    ValueError
        A number is out of its range.
    """

    def __init__(
        self,
        learning_rate: TensorLike,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float | None = None,
    ) -> None:
        super().__init__(use_locking, name)
        for what, value in {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
        }.items():
            if value < 0.0:
                raise ValueError(f"{what} {value:f} needs to be positive or zero.")
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power:f} needs to be negative or zero.")
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self._beta = 0.0 if beta is None else beta
        self._accum_name = accum_name or name
        self._linear_name = linear_name or name
        self._numbers: list[Any] = []

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        def start(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
            return ones(shape, dtype) * self._initial_accumulator_value

        for variable in var_list:
            kind = variable.dtype.base_dtype
            self._get_or_make_slot_with_initializer(variable, start, variable.shape, kind, "accum", self._accum_name)
            self._zeros_slot(variable, "linear", self._linear_name)

    def _prepare(self) -> None:
        rate = self._tensor(self._learning_rate, "learning_rate")
        l1 = self._tensor(self._l1_regularization_strength, "l1_regularization_strength")
        # The operations have no beta; this is what it adds to the second penalty.
        share = self._beta / (2.0 * maximum(self._learning_rate, 1e-36))
        l2 = self._tensor(self._l2_regularization_strength + share, "adjusted_l2_regularization_strength")
        self._tensor(self._beta, "beta")
        shrinkage = self._tensor(self._l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength")
        power = self._tensor(self._learning_rate_power, "learning_rate_power")
        self._numbers = [
            rate,
            l1,
            l2,
            *([shrinkage] if self._l2_shrinkage_regularization_strength > 0.0 else []),
            power,
        ]

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        rule = "FtrlV2" if self._l2_shrinkage_regularization_strength > 0.0 else "Ftrl"
        return self._rule(rule, var, ["accum", "linear"], [gradient_of(grad, indices), *self._numbers])
