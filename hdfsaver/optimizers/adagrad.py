"""Adagrad, also with penalties and with dual averaging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.casting import cast
from hdfsaver.ops.constants import constant, identity
from hdfsaver.ops.filling import fill
from hdfsaver.ops.init_ops import constant_initializer
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.optimizers.optimizer import Rate
from hdfsaver.optimizers.rule_optimizer import RuleOptimizer, gradient_of
from hdfsaver.variables.variable import Variable


class AdagradOptimizer(RuleOptimizer):
    """Divides the derivative by the root of the sum of its squares. The slot is called ``"accumulator"``.

    Parameters
    ----------
    learning_rate : float, Tensor or callable
        The rate.
    initial_accumulator_value : float
        The sum at first, which is positive.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.

    Raises
    ------
    ValueError
        ``initial_accumulator_value`` is not positive.
    """

    def __init__(
        self,
        learning_rate: Rate,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        _check_positive("initial_accumulator_value", initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._learning_rate_tensor: Tensor | None = None

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        for variable in var_list:
            kind = variable.dtype.base_dtype
            start: Any = constant_initializer(self._initial_accumulator_value, dtype=kind)
            if not variable.shape.is_fully_defined():
                start = self._filled_like(variable)
            self._get_or_make_slot_with_initializer(variable, start, variable.shape, kind, "accumulator", self._name)

    def _filled_like(self, variable: Variable) -> Callable[[], Tensor]:
        value = self._initial_accumulator_value
        return lambda: cast(fill(shape_of(variable), value), variable.dtype.base_dtype)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        inputs = [self._learning_rate_tensor, gradient_of(grad, indices)]
        return self._rule("Adagrad", var, ["accumulator"], inputs)


class ProximalAdagradOptimizer(RuleOptimizer):
    """Adagrad with penalties on the size of values. The slot is called ``"accumulator"``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate.
    initial_accumulator_value : float
        The sum at first, which is positive.
    l1_regularization_strength, l2_regularization_strength : float or Tensor
        The penalties.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.

    Raises
    ------
    ValueError
        ``initial_accumulator_value`` is not positive.
    """

    def __init__(
        self,
        learning_rate: Rate,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: TensorLike = 0.0,
        l2_regularization_strength: TensorLike = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        _check_positive("initial_accumulator_value", initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._numbers: list[Tensor] = []

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        for variable in var_list:
            value = _filled(variable, self._initial_accumulator_value)
            self._get_or_make_slot(variable, value, "accumulator", self._name)

    def _prepare(self) -> None:
        self._numbers = [
            self._tensor(self._learning_rate, "learning_rate"),
            self._tensor(self._l1_regularization_strength, "l1_regularization_strength"),
            self._tensor(self._l2_regularization_strength, "l2_regularization_strength"),
        ]

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        return self._rule("ProximalAdagrad", var, ["accumulator"], [*self._numbers, gradient_of(grad, indices)])


class AdagradDAOptimizer(RuleOptimizer):
    """Adagrad with dual averaging, which makes linear models sparse.

    The slots are called ``"gradient_accumulator"`` and ``"gradient_squared_accumulator"``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate.
    global_step : Variable
        The number of steps so far, int64.
    initial_gradient_squared_accumulator_value : float
        The sum of squares at first, which is positive.
    l1_regularization_strength, l2_regularization_strength : float or Tensor
        The penalties.
    use_locking : bool
        See `Optimizer`.
    name : str
        See `Optimizer`.

    Raises
    ------
    ValueError
        ``initial_gradient_squared_accumulator_value`` is not positive.
    """

    def __init__(
        self,
        learning_rate: Rate,
        global_step: Variable,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: TensorLike = 0.0,
        l2_regularization_strength: TensorLike = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        _check_positive("initial_gradient_squared_accumulator_value", initial_gradient_squared_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_gradient_squared_accumulator_value = initial_gradient_squared_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._global_step = global_step
        self._learning_rate_tensor: Tensor | None = None
        self._next_step: Tensor | None = None

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        for variable in var_list:
            total = _filled(variable, 0.0)
            squares = _filled(variable, self._initial_gradient_squared_accumulator_value)
            self._get_or_make_slot(variable, total, "gradient_accumulator", self._name)
            self._get_or_make_slot(variable, squares, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")
        with get_default_graph().colocate_with(self._learning_rate_tensor):
            self._next_step = identity(self._global_step) + 1

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        assert self._next_step is not None
        with get_default_graph().device(var.device):
            step = identity(self._next_step)
        numbers = [self._learning_rate_tensor, self._l1_regularization_strength, self._l2_regularization_strength]
        slots = ["gradient_accumulator", "gradient_squared_accumulator"]
        return self._rule("AdagradDA", var, slots, [gradient_of(grad, indices), *numbers, [step]])


def _check_positive(name: str, value: float) -> None:
    if value <= 0.0:
        raise ValueError(f"{name} must be positive: {value}")


def _filled(variable: Variable, value: float) -> Tensor:
    with get_default_graph().colocate_with(variable):
        return constant(value, dtype=variable.dtype.base_dtype, shape=variable.shape)
