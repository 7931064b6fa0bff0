"""The walk from results back to what they depend on, which makes the derivative of each operation on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hdfsaver import dtypes
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.contexts import EXITS, CondContext, context_of, current_context
from hdfsaver.graph.definition import COMPLEX, FLOATS
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import is_tensor
from hdfsaver.graph.walks import data_behind
from hdfsaver.ops.constants import tuple_
from hdfsaver.training.branch_zeros import zeros_for
from hdfsaver.training.gradient_registry import gradient_function
from hdfsaver.training.gradient_sums import Gradient, total
from hdfsaver.training.loop_gradients import LoopGradients, is_exit, is_loop_switch

_SMOOTH = FLOATS | COMPLEX | {"resource", "variant"}
"""The dtypes that derivatives flow through."""


@contextmanager
def colocated(graph: Any, operation: Any) -> Iterator[None]:
    """Request the device of an operation, if there is one, for operations made inside."""
    if operation is None:
        yield
    else:
        with graph.colocate_with(operation):
            yield


def is_smooth(dtype: str) -> bool:
    """Whether derivatives flow through values of a dtype: floating and complex numbers, and handles of variables."""
    return dtypes.base_name(dtype) in _SMOOTH


class GradientWalk:
    """One walk from ``ys`` back to ``xs``. An operation is visited once all that it contributes to has been.

    Operations are visited, and derivatives made and named, in the order in which TensorFlow does it.
    """

    def __init__(
        self,
        graph: Graph,
        ys: Sequence[Tensor],
        xs: Sequence[Tensor],
        stopped: Sequence[Tensor],
        *,
        colocate: bool,
        gate: bool,
        method: int,
    ) -> None:
        self.graph = graph
        self.ys = ys
        self.xs = xs
        self.colocate = colocate
        self.gate = gate
        self.method = method
        self.loops = LoopGradients(graph)
        reached = self._reached_from_xs()
        self.starts = [name for name in dict.fromkeys(y.op.name for y in ys) if name in reached]
        self.missing = self._count_takers(self._between(reached))
        self.stops = {tensor.op.name for tensor in stopped} | {
            x.op.name for x in xs if not any(self.missing.get(source, 0) for source, _ in self._inputs(x.op.name))
        }
        self.parts: dict[str, list[list[Gradient]]] = {}
        self.totals: dict[str, list[Gradient | None]] = {}

    def _inputs(self, name: str) -> Sequence[tuple[str, int]]:
        inputs: Sequence[tuple[str, int]] = self.graph.data.nodes[name]["inputs"]
        return inputs

    def _reached_from_xs(self) -> set[str]:
        """The operations that change smoothly with the operations of ``xs``."""
        found = {x.op.name for x in self.xs}
        waiting = list(found)
        while waiting:
            name = waiting.pop()
            for taker in self._takers(name, self._smooth_outputs(name)):
                if taker not in found:
                    found.add(taker)
                    waiting.append(taker)
        return found

    def _takers(self, source: str, outputs: set[int]) -> Iterable[str]:
        for target, edge in self.graph.data.succ[source].items():
            if any(output in outputs for output, _ in edge["wires"]):
                yield target

    def _smooth_outputs(self, name: str) -> set[int]:
        outputs = self.graph.data.nodes[name]["outputs"]
        return {position for position, (dtype, _) in enumerate(outputs) if is_smooth(dtype)}

    def _between(self, reached: set[str]) -> dict[str, None]:
        """The operations between ``xs`` and ``ys``, and all results of the loops among them."""
        between: dict[str, None] = {}
        waiting = deque(self.starts)
        while waiting:
            name = waiting.popleft()
            if name in reached and name not in between:
                between[name] = None
                waiting.extend(source for source, _ in self._inputs(name))
        for name in list(between):
            if self.graph.data.nodes[name]["op"] in EXITS:
                operation = self.graph.get_operation_by_name(name)
                with colocated(self.graph, operation if self.colocate else None):
                    between.update(dict.fromkeys(self.loops.add(operation)))
        return between

    def _count_takers(self, between: Iterable[str]) -> dict[str, int]:
        """How many inputs of operations between ``xs`` and ``ys`` come from each of these operations."""
        between = set(between)
        missing: dict[str, int] = {}
        for name in between:
            for source, _ in self._inputs(name):
                if source in between:
                    missing[source] = missing.get(source, 0) + 1
        return missing

    def run(self, seeds: Sequence[Gradient]) -> list[Gradient | None]:
        """The derivatives by ``xs``."""
        for y, seed in zip(self.ys, seeds, strict=True):
            self._add(y.op.name, y.value_index, seed)
        first = [name for name in self.starts if not self.missing.get(name, 0)]
        queue = deque(first)
        for tensor in self.loops.unused_exits(self.missing, first):
            if _is_trainable(tensor):
                self._add(tensor.op.name, tensor.value_index, self.loops.zeros_for_exit(tensor))
                queue.append(tensor.op.name)
        while queue:
            name = queue.popleft()
            operation = self.graph.get_operation_by_name(name)
            with colocated(self.graph, operation if self.colocate else None):
                self._visit(operation)
            for source, output in self._inputs(name):
                if source in self.missing:
                    self.missing[source] -= 1
                    queue += self._ready(source, output)
        return [self.totals[x.op.name][x.value_index] if x.op.name in self.totals else None for x in self.xs]

    def _ready(self, name: str, output: int) -> list[str]:
        """The operations whose turn has come after one that takes an output.

        The Switch of a loop variable is visited twice: for the result of the loop, and for its next iteration. The
        results of a loop are visited once all of them are there.
        """
        left = self.missing[name]
        if left and not (left > 0 and is_loop_switch(self.graph.get_operation_by_name(name))):
            return []
        operation = self.graph.get_operation_by_name(name)
        loop = self.loops.of(operation, before=False) if is_exit(operation) else None
        if loop is None:
            return [name]
        loop.waiting.append(operation.outputs[output])
        loop.pending -= 1
        if loop.pending:
            return []
        found = [tensor.op.name for tensor in loop.waiting if tensor.op.name in self.parts]
        loop.unused += [tensor for tensor in loop.waiting if tensor.op.name not in self.parts]
        for tensor in loop.unused:
            if found and _is_trainable(tensor):
                self._add(tensor.op.name, tensor.value_index, self.loops.zeros_for_exit(tensor))
        return found + [tensor.op.name for tensor in loop.unused]

    def _add(self, name: str, output: int, grad: Gradient) -> None:
        if name not in self.parts:
            self.parts[name] = [[] for _ in self.graph.data.nodes[name]["outputs"]]
        self.parts[name][output].append(grad)

    def _visit(self, operation: Operation) -> None:
        """Sum the derivatives by the outputs, and add those by the inputs to the contributions to them."""
        name = operation.name
        if name not in self.parts and name not in self.totals:
            return
        with self.loops.inside(operation, before=True):
            grads = self._totals(operation)
        if name in self.stops or all(grad is None for grad in grads):
            return
        function = gradient_function(operation)
        if function is None:
            return
        before = len(self.graph.data)
        with self.loops.inside(operation, before=False):
            self._check_not_first_value(operation)
            self._pass_on(operation, self._derive(operation, function, self._with_zeros(operation, grads)))
        for made, _ in data_behind(self.graph.data, before):
            self.graph.get_operation_by_name(made)._original_op = operation

    def _totals(self, operation: Operation) -> list[Gradient | None]:
        """The derivatives by the outputs; those of the first visit where an operation is visited twice."""
        name = operation.name
        parts = self.parts.pop(name, [])
        found = [total(operation, each, self.method) for each in parts]
        if name in self.totals:
            before = self.totals[name]
            found = [old if new is None else new for new, old in zip(found or before, before, strict=True)]
        self.totals[name] = found
        return found

    def _check_not_first_value(self, operation: Operation) -> None:
        """Refuse a derivative within a loop by what its loop variables were before."""
        context = context_of(operation)
        if context is not None and is_loop_switch(operation) and context is current_context(self.graph):
            raise ValueError(
                f"Cannot compute gradient inside while loop with respect to op {self.xs[0].op.name!r}. We do not "
                "support taking the gradient wrt or through the initial value of a loop variable. Gradients can be "
                "computed through loop invariants or wrt the input parameters to the loop body."
            )

    def _with_zeros(self, operation: Operation, grads: Sequence[Gradient | None]) -> list[Gradient | None]:
        """Put zeros where an output has no derivative but could have one."""
        return [
            self._zeros(operation, output)
            if grad is None and (_is_trainable(output) or _is_handle_in_branch(output))
            else grad
            for output, grad in zip(operation.outputs, grads, strict=True)
        ]

    def _zeros(self, operation: Operation, output: Tensor) -> Gradient | None:
        return zeros_for(output) if self.loops.of(operation, before=False) is None else self.loops.zeros_for(output)

    def _derive(self, operation: Operation, function: Any, grads: Sequence[Gradient | None]) -> list[Gradient | None]:
        with self.graph.name_scope(operation.name + "_grad"):
            found = function(operation, *grads)
            by_inputs = list(found) if isinstance(found, list | tuple) else [found]
            if len(by_inputs) != len(operation.data["inputs"]):
                raise ValueError(
                    f"Num gradients {len(by_inputs)} generated for op {operation.name!r} ({operation.type}) do not "
                    f"match num inputs {len(operation.data['inputs'])}."
                )
            checked = [_checked(operation, grad) for grad in by_inputs]
            if self.gate and len([grad for grad in checked if grad is not None]) > 1:
                checked = self._gated(checked)
        return checked

    def _gated(self, grads: Sequence[Gradient | None]) -> list[Gradient | None]:
        """The same derivatives, each of them there only once all are."""
        with self.graph.device(None), self.graph.colocate_with(None, ignore_existing=True):
            return tuple_(grads)

    def _pass_on(self, operation: Operation, grads: Sequence[Gradient | None]) -> None:
        for position, (tensor, grad) in enumerate(zip(operation.inputs, grads, strict=True)):
            if grad is None:
                continue
            if isinstance(grad, Tensor) and tensor.dtype.base_dtype.name != "resource":
                _check_shape(operation, position, tensor, grad)
            self._add(tensor.op.name, tensor.value_index, grad)


def _is_trainable(output: Tensor) -> bool:
    name = output.dtype.base_dtype.name
    return is_smooth(name) and name not in ("resource", "variant")


def _is_handle_in_branch(output: Tensor) -> bool:
    """Whether a variable behind a handle goes into a branch here, with whose derivative that of the other is merged."""
    is_switch = output.dtype.base_dtype.name == "resource" and output.op.type == "Switch"
    return is_switch and isinstance(output.graph.context_of(output.op.name), CondContext)


def _checked(operation: Operation, grad: Any) -> Gradient | None:
    if grad is None or isinstance(grad, IndexedSlices):
        return grad
    if is_tensor(grad):
        return grad._as_tensor()
    raise TypeError(
        f"The gradient of {operation.name!r} ({operation.type}) must be made of tensors and IndexedSlices, not of "
        f"{grad!r}."
    )


def _check_shape(operation: Operation, position: int, tensor: Tensor, grad: Tensor) -> None:
    """A derivative has the shape of the tensor that it is by, which may be known better than its own."""
    try:
        grad.set_shape(tensor.shape)
    except ValueError as error:
        raise ValueError(
            "Incompatible shapes between op input and calculated input gradient. Forward operation: "
            f"{operation.name} ({operation.type}). Input index: {position}. Original input shape: {tensor.shape}. "
            f"Calculated input gradient shape: {grad.shape}."
        ) from error
