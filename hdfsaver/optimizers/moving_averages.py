"""Running averages of variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hdfsaver import dtypes
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.arithmetic import minimum
from hdfsaver.ops.arithmetic import pow as raised
from hdfsaver.ops.casting import cast
from hdfsaver.ops.constants import group
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.ops.state_ops import assign, assign_sub
from hdfsaver.optimizers.slots import create_slot, create_zeros_slot
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.variable import Variable, global_variables, moving_average_variables, trainable_variables
from hdfsaver.variables.variable_scope import variable_scope

_FLOATS = (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64)


class ExponentialMovingAverage:
    """Keeps averages of variables, in which earlier values count less and less.

    Parameters
    ----------
    decay : float or Tensor
        How much of the average is kept when a value is added.
    num_updates : Variable, Tensor or int, optional
        The number of values so far; while it is small, less of the average is kept.
    zero_debias : bool
        Whether averages of tensors, which begin at zero, are corrected for it.
    name : str
        The last part of the names of the averages.
    """

    def __init__(
        self,
        decay: TensorLike,
        num_updates: TensorLike | None = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[tuple[Graph, str], Variable] = {}

    @property
    def name(self) -> str:
        """The name that it was made with."""
        return self._name

    def apply(self, var_list: Sequence[Any] | None = None) -> Operation:
        """Make the averages of variables where they are missing, and the operation that adds the present values.

        Parameters
        ----------
        var_list : list of Variable or Tensor, optional
            All trainable variables by default.

        Returns
        -------
        Operation

        Raises
        ------
        TypeError
            One is not of floats.
        """
        members = trainable_variables() if var_list is None else list(var_list)
        corrected = set()
        for member in members:
            if member.dtype.base_dtype not in _FLOATS:
                raise TypeError(f"The variables must be half, float, or double: {member.name}")
            key = _key_of(member)
            if key not in self._averages:
                with get_default_graph().control_dependencies(None):
                    self._averages[key] = self._made(member)
                if self._zero_debias and not isinstance(member, Variable):
                    corrected.add(key)
        with get_default_graph().name_scope(self._name) as scope:
            decay = self._decay_tensor()
            updates = [
                _updated(self._averages[_key_of(member)], member, decay, _key_of(member) in corrected)
                for member in members
            ]
            return group(*updates, name=scope)

    def _made(self, member: Variable | Tensor) -> Variable:
        if not isinstance(member, Variable):
            is_variable = member.op.type in ("Variable", "VariableV2", "VarHandleOp")
            return create_zeros_slot(member, self._name, colocate_with_primary=is_variable)
        graph = get_default_graph()
        with graph.device(member.device):
            start = member.initialized_value()
        average = create_slot(member, start, self._name)
        graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, member)
        return average

    def _decay_tensor(self) -> Tensor:
        decay = convert_to_tensor(self._decay, dtypes.float32, name="decay")
        if self._num_updates is None:
            return decay
        count = cast(self._num_updates, dtypes.float32, name="num_updates")
        return minimum(decay, (1.0 + count) / (10.0 + count))

    def average(self, var: Variable | Tensor) -> Variable | None:
        """The average of a variable, None where there is none."""
        return self._averages.get(_key_of(var))

    def average_name(self, var: Variable | Tensor) -> str:
        """The name of the average of a variable, or the one that it would have."""
        found = self.average(var)
        if found is not None:
            return found.op.name
        graph = get_default_graph()
        return graph.unique_name(f"{var.name.partition(':')[0]}/{self._name}", mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Iterable[Variable] | None = None) -> dict[str, Variable]:
        """The names under which a Saver finds variables, averages in place of the variables that have them.

        Parameters
        ----------
        moving_avg_variables : list of Variable, optional
            The variables to give the values of their averages: all that are trainable or have averages by default.

        Returns
        -------
        dict of str to Variable
            All global variables, by the names of averages or their own.
        """
        if moving_avg_variables is None:
            moving_avg_variables = [*trainable_variables(), *moving_average_variables()]
        averaged = {variable.op.name: variable for variable in moving_avg_variables}
        found = {self.average_name(variable): variable for variable in averaged.values()}
        for variable in global_variables():
            if variable.op.name not in averaged and variable.op.name not in found:
                found[variable.op.name] = variable
        return found


def _key_of(member: Variable | Tensor) -> tuple[Graph, str]:
    return member.graph, member.name


def _updated(average: Variable, value: Any, decay: Tensor, corrects: bool) -> Any:
    """Make the operation that adds a value to an average."""
    with get_default_graph().name_scope("AssignMovingAvg") as scope:
        rest = convert_to_tensor(1.0 - decay, name="decay")
        kind = average.dtype.base_dtype
        if rest.dtype is not kind:
            rest = cast(rest, kind)
        if corrects:
            return _corrected(average, value, rest, scope)
        return assign_sub(average, (average - value) * rest, name=scope)


def _corrected(average: Variable, value: Any, rest: Tensor, name: str) -> Tensor:
    """Make the operation that adds a value to an average from zero, and divides by what has been added so far."""
    kind = average.dtype.base_dtype
    with variable_scope(average.op.name), get_default_graph().colocate_with(average):
        biased = get_variable("biased", average.shape, kind, zeros_initializer(), trainable=False)
        count = get_variable("local_step", [], kind, zeros_initializer(), trainable=False)
    total = assign_sub(biased, (biased - value) * rest)
    steps = count.assign_add(1)
    factor = 1 - raised(1.0 - rest, steps)
    return assign(average, total / factor, name=name)
