"""Optimizer: derivatives of a loss, and operations that change variables by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from hdfsaver import dtypes
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.graph.composite_tensors import IndexedSlices, SparseTensor, convert_to_tensor_or_indexed_slices
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.constants import group, tuple_
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.ops.uniqueness import unique
from hdfsaver.ops.unsorted_segments import unsorted_segment_sum
from hdfsaver.optimizers.slots import create_slot, create_slot_with_initializer, create_zeros_slot
from hdfsaver.shapes import ShapeLike
from hdfsaver.training.gradients import gradients
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.resource_variable import ResourceVariable
from hdfsaver.variables.variable import Variable, trainable_variables
from hdfsaver.variables.variable_scope import VariableScope, variable_scope

Rate: TypeAlias = "TensorLike | Callable[[], TensorLike]"
"""A number of a rule: a value, or a function that gives one when the operations are made."""

Gradient = Tensor | IndexedSlices | None
"""A derivative; None where the loss does not depend on the variable."""

_Key = tuple[Graph, str]


class Optimizer:
    """Makes the operations that train variables. A subclass says how a variable is changed by a derivative.

    Parameters
    ----------
    use_locking : bool
        Kept as an attribute of the operations for TensorFlow; updates of a session never overlap.
    name : str
        The name scope of the operations, and the last part of the names of slots.
    use_own_namescope_for_non_slot_vars : bool
        Whether variables that belong to no other one are made in a variable scope of that name.

    Raises
    ------
    ValueError
        There is no name.

    Notes
    -----
    A subclass may replace these methods, which are called in this order: `_create_slots`, `_prepare`, then for each
    variable one of `_apply_dense`, `_apply_sparse_duplicate_indices`, `_resource_apply_dense` and
    `_resource_apply_sparse_duplicate_indices`, and at the end `_finish`.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str, use_own_namescope_for_non_slot_vars: bool = False) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name.")
        self._use_locking = use_locking
        self._name = name
        self._own_scope: VariableScope | None = None
        if use_own_namescope_for_non_slot_vars:
            with variable_scope(None, name) as self._own_scope:
                pass
        self._slots: dict[str, dict[_Key, Variable]] = {}
        self._non_slot_dict: dict[tuple[str, Graph], Variable] = {}

    def get_name(self) -> str:
        """The name that it was made with."""
        return self._name

    # -- steps ---------------------------------------------------------------------------------------------------

    def minimize(
        self,
        loss: Any,
        global_step: Variable | None = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: TensorLike | None = None,
    ) -> Operation:
        """Make the operation that does one step: `compute_gradients`, then `apply_gradients`.

        Parameters
        ----------
        loss : Tensor
            The number to make smaller; of a tensor of another shape, the sum of its elements.
        global_step : Variable, optional
            Made greater by one when the variables have been changed.
        var_list : list of Variable, optional
            The variables to change; all trainable ones by default.
        gate_gradients : {GATE_OP, GATE_NONE, GATE_GRAPH}
            See `compute_gradients`.
        aggregation_method : int, optional
            See `hdfsaver.AggregationMethod`.
        colocate_gradients_with_ops : bool
            See `hdfsaver.gradients`.
        name : str, optional
            The name of the operation; that of the optimizer by default.
        grad_loss : TensorLike, optional
            The derivative of something else by the loss, by which all derivatives are multiplied.

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            The loss depends on none of the variables; see `compute_gradients` too.
        """
        found = self.compute_gradients(
            loss,
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        if all(grad is None for grad, _ in found):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support gradients, "
                f"between variables {[str(variable) for _, variable in found]} and loss {loss}."
            )
        return self.apply_gradients(found, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: TensorLike | None = None,
    ) -> list[tuple[Gradient, Any]]:
        """The derivatives of a loss by variables.

        Parameters
        ----------
        loss : Tensor or callable
            A tensor of floats, or a function without arguments that gives it.
        var_list : list of Variable, optional
            All trainable ones by default. It may hold tensors too, and lists.
        gate_gradients : {GATE_OP, GATE_NONE, GATE_GRAPH}
            Whether no derivative may be used before all those by the inputs of one operation are there (``GATE_OP``),
            or before all are there (``GATE_GRAPH``).
        aggregation_method : int, optional
            See `hdfsaver.AggregationMethod`.
        colocate_gradients_with_ops : bool
            See `hdfsaver.gradients`.
        grad_loss : TensorLike, optional
            The derivative of something else by the loss.

        Returns
        -------
        list of (Tensor, IndexedSlices or None, Variable)
            None where the loss does not depend on the variable.

        Raises
        ------
        ValueError
            There are no variables, a dtype is not one of floats, or ``gate_gradients`` is something else.
        NotImplementedError
            An item of ``var_list`` is neither a variable nor a tensor.
        """
        loss = loss() if callable(loss) else loss
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH. "
                f"Not {gate_gradients}."
            )
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        variables = _trained() if var_list is None else list(_flat(var_list))
        for variable in variables:
            _check_trained(variable)
        if not variables:
            raise ValueError("No variables to optimize.")
        found: Sequence[Gradient] = gradients(
            loss,
            variables,
            grad_ys=grad_loss,
            aggregation_method=aggregation_method,
            gate_gradients=gate_gradients == self.GATE_OP,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            found = tuple_(found)
        pairs = list(zip(found, variables, strict=True))
        self._assert_valid_dtypes([variable for grad, variable in pairs if grad is not None])
        return pairs

    def apply_gradients(
        self,
        grads_and_vars: Iterable[tuple[Any, Any]],
        global_step: Variable | None = None,
        name: str | None = None,
        skip_gradients_aggregation: bool = False,
    ) -> Operation:
        """Make the operation that changes variables by derivatives.

        Parameters
        ----------
        grads_and_vars : list of (Tensor, IndexedSlices or None, Variable)
            As `compute_gradients` gives them; a variable whose derivative is None is not changed.
        global_step : Variable, optional
            Made greater by one when the variables have been changed.
        name : str, optional
            The name of the operation; that of the optimizer by default.
        skip_gradients_aggregation : bool
            Accepted for programs that give it.

        Returns
        -------
        Operation
            It is also in the collection ``GraphKeys.TRAIN_OP``.

        Raises
        ------
        ValueError
            There are no variables, or no derivative.
        TypeError
            A derivative is something else.
        NotImplementedError
            A variable is something else.
        """
        pairs = [(_converted(grad), variable) for grad, variable in grads_and_vars]
        if not pairs:
            raise ValueError("No variables provided.")
        for _, variable in pairs:
            _check_trained(variable)
            if isinstance(variable, Tensor):
                raise NotImplementedError(f"Trying to update a Tensor {variable!r}.")
        changed = [(grad, variable) for grad, variable in pairs if grad is not None]
        if not changed:
            raise ValueError(f"No gradients provided for any variable: {[str(variable) for _, variable in pairs]}.")
        graph = get_default_graph()
        with graph.control_dependencies(None):
            self._create_slots([variable for _, variable in changed])
        with graph.name_scope(name or self._name) as scope:
            self._prepare()
            updates = [self._update(graph, grad, variable) for grad, variable in changed]
            if global_step is None:
                done = self._finish(updates, scope)
            else:
                with graph.control_dependencies([self._finish(updates, "update")]):
                    done = _counted(graph, global_step, scope)
        operation: Operation = done.op if isinstance(done, Tensor) else done
        listed = graph.get_collection_ref(GraphKeys.TRAIN_OP)
        if operation not in listed:
            listed.append(operation)
        return operation

    def _update(self, graph: Graph, grad: Tensor | IndexedSlices, variable: Variable) -> Any:
        """Make the operation that changes one variable, and then applies its constraint."""
        with graph.name_scope(f"update_{variable.op.name}"), graph.colocate_with(variable):
            if isinstance(grad, IndexedSlices):
                if variable.constraint is not None:
                    raise RuntimeError("Cannot use a constraint function on a sparse variable.")
                if isinstance(variable, ResourceVariable):
                    return self._resource_apply_sparse_duplicate_indices(grad.values, variable, grad.indices)
                return self._apply_sparse_duplicate_indices(grad, variable)
            is_resource = isinstance(variable, ResourceVariable)
            update = self._resource_apply_dense(grad, variable) if is_resource else self._apply_dense(grad, variable)
            if variable.constraint is None:
                return update
            with graph.control_dependencies([update]):
                return variable.assign(variable.constraint(variable))

    # -- variables -----------------------------------------------------------------------------------------------

    def get_slot(self, var: Variable, name: str) -> Variable | None:
        """The slot of a variable, None where there is none; `get_slot_names` gives the names."""
        return self._slots.get(name, {}).get(_key_of(var))

    def get_slot_names(self) -> list[str]:
        """The names of the slots that it has made, sorted."""
        return sorted(self._slots)

    def variables(self) -> list[Variable]:
        """The variables that it keeps in the default graph, sorted by their names."""
        slots = [slot for named in self._slots.values() for slot in named.values()]
        graph = get_default_graph()
        found = [variable for variable in (*self._non_slot_variables(), *slots) if variable.graph is graph]
        return sorted(found, key=lambda variable: variable.name)

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Variable) -> Variable:
        """The variable of that name that belongs to no other one; it is made once for each graph."""
        graph = colocate_with.graph
        found = self._non_slot_dict.get((name, graph))
        if found is None:
            with graph.colocate_with(colocate_with):
                found = self._made_non_slot(initial_value, name, isinstance(colocate_with, ResourceVariable))
            self._non_slot_dict[name, graph] = found
        return found

    def _made_non_slot(self, initial_value: Any, name: str, use_resource: bool) -> Variable:
        if self._own_scope is None:
            return Variable(initial_value, name=name, trainable=False, use_resource=use_resource)
        with get_default_graph().name_scope(None), variable_scope(self._own_scope):
            return get_variable(name, initializer=initial_value, trainable=False, use_resource=use_resource)

    def _get_non_slot_variable(self, name: str, graph: Graph | None = None) -> Variable | None:
        return None if graph is None else self._non_slot_dict.get((name, graph))

    def _non_slot_variables(self) -> Iterable[Variable]:
        return self._non_slot_dict.values()

    def _slot_dict(self, slot_name: str) -> dict[_Key, Variable]:
        return self._slots.setdefault(slot_name, {})

    def _slot(self, var: Variable, slot_name: str, make: Callable[[], Variable]) -> Variable:
        named, key = self._slot_dict(slot_name), _key_of(var)
        if key not in named:
            named[key] = make()
        return named[key]

    def _get_or_make_slot(self, var: Variable, val: Tensor, slot_name: str, op_name: str) -> Variable:
        """The slot of a variable, made with an initial value where it is missing."""
        return self._slot(var, slot_name, lambda: create_slot(var, val, op_name))

    def _get_or_make_slot_with_initializer(
        self,
        var: Variable,
        initializer: Callable[..., Any],
        shape: ShapeLike,
        dtype: DTypeLike,
        slot_name: str,
        op_name: str,
    ) -> Variable:
        """The slot of a variable, made by an initializer where it is missing."""
        return self._slot(var, slot_name, lambda: create_slot_with_initializer(var, initializer, shape, dtype, op_name))

    def _zeros_slot(self, var: Variable, slot_name: str, op_name: str) -> Variable:
        """The slot of a variable, made of zeros where it is missing."""
        return self._slot(var, slot_name, lambda: create_zeros_slot(var, op_name))

    # -- what subclasses replace ---------------------------------------------------------------------------------

    def _valid_dtypes(self) -> set[DType]:
        return {dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64}

    def _assert_valid_dtypes(self, tensors: Iterable[Any]) -> None:
        """Raise `ValueError` where a loss, a variable or a derivative is not of a dtype of `_valid_dtypes`."""
        valid = self._valid_dtypes()
        for tensor in tensors:
            dtype = tensor.dtype.base_dtype
            if dtype not in valid:
                names = sorted(known.name for known in valid)
                raise ValueError(f"Invalid type {dtype!r} for {tensor.name}, expected: {', '.join(names)}.")

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        """Make the slots of the variables."""

    def _prepare(self) -> None:
        """Make tensors of the numbers that all variables share."""

    def _apply_dense(self, grad: Tensor, var: Variable) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how a tensor changes a variable.")

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} does not say how a tensor changes a variable behind a handle."
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how slices change a variable.")

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how slices change what a handle holds.")

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Variable) -> Any:
        """Change a variable by slices, among which several may be of one row: those are added before."""
        values, indices = _summed(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _resource_apply_sparse_duplicate_indices(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        """Change a variable behind a handle by slices, among which several may be of one row."""
        values, rows = _summed(grad, indices)
        return self._resource_apply_sparse(values, handle, rows)

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        """One operation for all updates, after what is to be done when they have run."""
        return group(*update_ops, name=name_scope)

    def _call_if_callable(self, param: Any) -> Any:
        return param() if callable(param) else param

    def _tensor(self, number: Any, name: str) -> Tensor:
        """A number of the rule, or what a function gives for it, as a tensor."""
        return convert_to_tensor(self._call_if_callable(number), name=name)


def _trained() -> list[Any]:
    graph = get_default_graph()
    return [*trainable_variables(), *graph.get_collection(GraphKeys.TRAINABLE_RESOURCE_VARIABLES)]


def _flat(items: Any) -> Iterator[Any]:
    if isinstance(items, Mapping):
        items = [items[key] for key in sorted(items)]
    if not isinstance(items, list | tuple | set):
        yield items
        return
    for item in items:
        yield from _flat(item)


def _check_trained(variable: object) -> None:
    if not isinstance(variable, Variable | Tensor):
        raise NotImplementedError(f"Trying to optimize unsupported type {variable!r}.")


def _converted(grad: Any) -> Gradient:
    if grad is None:
        return None
    try:
        found = convert_to_tensor_or_indexed_slices(grad)
    except TypeError:
        raise TypeError(f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {grad}.") from None
    if isinstance(found, SparseTensor):
        raise TypeError(f"Gradient must be a Tensor, IndexedSlices, or None: {grad}.")
    return found


def _key_of(var: Any) -> _Key:
    return var.op.graph, var.op.name


def _counted(graph: Graph, global_step: Any, name: str) -> Any:
    """Make the operation that adds one to the global step."""
    with graph.colocate_with(global_step):
        return global_step.assign_add(1, name=name, read_value=False)


def _summed(values: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Slices of which none are of one row: those that are, are added."""
    rows, places = unique(indices)
    return unsorted_segment_sum(values, places, shape_of(rows)[0]), rows
