"""Derivatives: operations that are added to the graph that they are taken of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.graph.walks import execution_order

_Output = tuple[str, int]

_SMOOTH = FLOATS | COMPLEX
"""The dtypes that derivatives flow through."""


class AggregationMethod:
    """How several contributions to one derivative are added: accepted by name, without a difference here."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


class UnconnectedGradients:
    """The result of `gradients` for an ``x`` that no ``y`` depends on: nothing, or zeros."""

    NONE = "none"
    ZERO = "zero"


def gradients(
    ys: TensorLike,
    xs: TensorLike,
    grad_ys: TensorLike | Sequence[TensorLike | None] | None = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: TensorLike | None = None,
    unconnected_gradients: str = UnconnectedGradients.NONE,
) -> list[Tensor | None]:
    """The derivatives of the sum of ``ys`` by each of ``xs``, as tensors of the same graph.

    Parameters
    ----------
    ys : Tensor or list of Tensor
    xs : Tensor, Variable or list of them
    grad_ys : Tensor or list of Tensor, optional
        The derivative by each ``y``, element by element; ones where None is given.
    name : str
        The name scope of the new operations.
    colocate_gradients_with_ops, gate_gradients, aggregation_method
        Accepted for programs that give them; the result is the same.
    stop_gradients : Tensor or list of Tensor, optional
        The tensors to take as constants.
    unconnected_gradients : {"none", "zero"}
        The result for an ``x`` that no ``y`` depends on.

    Returns
    -------
    list of Tensor or None
        For each ``x`` a tensor of its shape and dtype.

    Raises
    ------
    LookupError
        An operation between ``xs`` and ``ys`` has no derivative.
    TypeError
        A complex ``y`` without a ``grad_y``, or a ``grad_y`` of another kind than its ``y``.
    ValueError
        The tensors belong to different graphs, or another argument is not one of those above.
    """
    if unconnected_gradients not in (UnconnectedGradients.NONE, UnconnectedGradients.ZERO):
        raise ValueError(f"unconnected_gradients must be 'none' or 'zero', not {unconnected_gradients!r}.")
    y_list, x_list, constants = _as_list(ys), _as_list(xs), _as_list(stop_gradients)
    graph = graph_of([*y_list, *x_list])
    with graph.as_default(), graph.name_scope(name):
        y_tensors = [convert_to_tensor(y, name="y") for y in y_list]
        x_tensors = [_differentiated(x) for x in x_list]
        seeds = _seeds(y_tensors, _as_list(grad_ys) or [None] * len(y_tensors))
        backward = _Backward(graph, y_tensors, x_tensors, [_differentiated(tensor) for tensor in constants])
        found = backward.run(seeds)
        if unconnected_gradients == UnconnectedGradients.ZERO:
            found = [apply("ZerosLike", x) if grad is None else grad for grad, x in zip(found, x_tensors, strict=True)]
    return found


def _as_list(values: Any) -> list[Any]:
    if values is None:
        return []
    return list(values) if isinstance(values, list | tuple) else [values]


def _differentiated(x: Any) -> Tensor:
    """The tensor that a derivative is taken by: of a variable the reference, of which all its values are made."""
    element = x._as_graph_element() if hasattr(type(x), "_as_graph_element") else convert_to_tensor(x, name="x")
    assert isinstance(element, Tensor)
    return element


def _seeds(ys: Sequence[Tensor], grad_ys: Sequence[Any]) -> list[Tensor]:
    if len(grad_ys) != len(ys):
        raise ValueError(f"Must specify exactly one grad_y for each y: there are {len(grad_ys)} for {len(ys)}.")
    return [_seed(number, y, grad_y) for number, (y, grad_y) in enumerate(zip(ys, grad_ys, strict=True))]


def _seed(number: int, y: Tensor, grad_y: Any) -> Tensor:
    kind = y.dtype.base_dtype
    if grad_y is None:
        if kind.is_complex:
            raise TypeError(f"Gradients of complex tensors must set grad_ys: {y.name!r} is {kind.name}.")
        return _ones(number, y)
    seed = convert_to_tensor(grad_y, kind if not is_tensor(grad_y) else None, name=f"grad_ys_{number}")
    if _is_smooth(kind.name) and seed.dtype.base_dtype is not kind:
        raise TypeError(f"The grad_y of {y.name!r} must be {kind.name}, without a conversion, not {seed.dtype.name}.")
    seed.shape.assert_is_compatible_with(y.shape)
    return seed


def _ones(number: int, y: Tensor) -> Tensor:
    sizes = apply("Shape", y)
    with y.graph.name_scope(f"grad_ys_{number}") as scope:
        one = convert_to_tensor(1 if not y.dtype.is_bool else True, y.dtype.base_dtype, name="Const")
        return apply("Fill", sizes, one, name=scope)


def _is_smooth(dtype: str) -> bool:
    return dtypes.base_name(dtype) in _SMOOTH


def _key(tensor: Tensor) -> _Output:
    return tensor.op.name, tensor.value_index


class _Backward:
    """One walk from ``ys`` back to ``xs``, in the reverse of an order in which the operations could run."""

    def __init__(self, graph: Graph, ys: Sequence[Tensor], xs: Sequence[Tensor], constants: Sequence[Tensor]) -> None:
        self.graph = graph
        self.xs = xs
        self.ys = ys
        self.constants = {_key(tensor) for tensor in constants}
        self.between = self._reached_from_xs() & self._needed_for_ys()
        self.contributions: dict[_Output, list[Tensor]] = {}

    def _reached_from_xs(self) -> set[str]:
        """The operations that change smoothly with ``xs``."""
        reached: dict[str, set[int]] = {}
        for x in self.xs:
            reached.setdefault(x.op.name, set()).add(x.value_index)
        # Each operation is visited once, with all of its smooth outputs, of which it may have many.
        waiting = list(reached.items())
        found = set(reached)
        while waiting:
            name, outputs = waiting.pop()
            for taker in self._takers(name, outputs):
                if taker not in found:
                    found.add(taker)
                    waiting.append((taker, self._smooth_outputs(taker)))
        return found

    def _takers(self, source: str, outputs: set[int]) -> Iterable[str]:
        for target, edge in self.graph.digraph.succ[source].items():
            if any(output in outputs for output, _ in edge["wires"]):
                yield target

    def _smooth_outputs(self, name: str) -> set[int]:
        outputs = self.graph.digraph.nodes[name]["outputs"]
        return {position for position, (dtype, _) in enumerate(outputs) if _is_smooth(dtype)}

    def _needed_for_ys(self) -> set[str]:
        nodes = self.graph.digraph.nodes
        needed: set[str] = set()
        waiting = [y.op.name for y in self.ys]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting.extend(source for source, _ in nodes[name]["inputs"])
        return needed

    def run(self, seeds: Sequence[Tensor]) -> list[Tensor | None]:
        """The derivatives by ``xs``."""
        digraph = self.graph.digraph
        order = execution_order(digraph, self.between, self.graph.positions()) if self.between else []
        for y, seed in zip(self.ys, seeds, strict=True):
            if y.op.name in self.between and _is_smooth(y.dtype.name):
                self._add(_key(y), seed)
        x_names = {x.op.name for x in self.xs}
        found: dict[str, list[Tensor | None]] = {}
        for name in reversed(order):
            totals = [self._total((name, position)) for position in range(len(digraph.nodes[name]["outputs"]))]
            if name in x_names:
                found[name] = totals
            self._pass_on(name, totals)
        return [found[x.op.name][x.value_index] if x.op.name in found else None for x in self.xs]

    def _add(self, output: _Output, grad: Tensor) -> None:
        if output not in self.constants:
            self.contributions.setdefault(output, []).append(grad)

    def _total(self, output: _Output) -> Tensor | None:
        """The sum of the contributions to one output; all of them exist when its operation is visited."""
        parts = self.contributions.pop(output, [])
        if len(parts) < 2:
            return parts[0] if parts else None
        return apply("AddN", parts)

    def _pass_on(self, name: str, grads: Sequence[Tensor | None]) -> None:
        """Add to the derivatives by the inputs of an operation, from those by its outputs."""
        operation = self.graph.get_operation_by_name(name)
        sources = operation.data["inputs"]
        if all(grad is None for grad in grads) or not any(source in self.between for source, _ in sources):
            return
        by_inputs = self._derive(operation, grads)
        for tensor, grad in zip(operation.inputs, by_inputs, strict=True):
            if grad is not None and tensor.op.name in self.between and _is_smooth(tensor.dtype.name):
                _check_shape(operation, tensor, grad)
                self._add(_key(tensor), grad)

    def _derive(self, operation: Operation, grads: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
        definition = find(operation.type)
        if definition is None:
            raise LookupError(
                f"No gradient is defined for operation {operation.name!r}: its type {operation.type} is not known here."
            )
        with self.graph.name_scope(operation.name + "_grad"):
            by_inputs = definition.gradient(operation, *grads)
        if len(by_inputs) != len(operation.inputs):
            raise ValueError(
                f"The gradient of {operation.name!r} ({operation.type}) has {len(by_inputs)} parts "
                f"for {len(operation.inputs)} inputs."
            )
        return by_inputs


def _check_shape(operation: Operation, tensor: Tensor, grad: Tensor) -> None:
    """A derivative has the shape of the tensor that it is by, which may be known better than its own."""
    try:
        grad.set_shape(tensor.shape)
    except ValueError as error:
        raise ValueError(
            f"The gradient of {operation.name!r} ({operation.type}) by {tensor.name!r} has shape {grad.shape}, "
            f"not {tensor.shape}."
        ) from error
