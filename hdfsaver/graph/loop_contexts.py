"""Loops that are being built: values from outside enter them, once for each loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from hdfsaver.graph.apply import apply
from hdfsaver.graph.contexts import Context, context_of, current_context, output_context
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.op_names import strip_name_scope
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes

ENTERS = frozenset({"Enter", "RefEnter"})


_SIZES = frozenset({"Shape", "Size", "Rank"})
"""The operations that a derivative computes in the loop forward, so that their small results are kept."""


class Backward(Protocol):
    """The loop that computes the derivatives of another one; see `hdfsaver.training.loop_gradients`."""

    context: WhileContext
    forward: WhileContext
    history: dict[str, Tensor]
    merges: dict[str, Any]

    def real_value(self, value: Tensor) -> Tensor:
        """The value that a tensor of the loop forward had in the iteration whose derivatives are computed.

        Parameters
        ----------
        value : Tensor

        Returns
        -------
        Tensor
        """

    def saved(self, value: Tensor) -> Tensor:
        """The same, by a stack in any case.

        Parameters
        ----------
        value : Tensor

        Returns
        -------
        Tensor
        """

    def summed(self, operation: Operation, grad: Any) -> Any:
        """The sum of the derivatives by a value that is the same in all iterations.

        Parameters
        ----------
        operation : Operation
            The Enter of the value.
        grad : Tensor or IndexedSlices
            The derivative in one iteration.

        Returns
        -------
        Tensor or IndexedSlices
        """


def loop_around(operation: Operation) -> WhileContext | None:
    """The innermost loop that the outputs of an operation are in."""
    context = output_context(operation)
    found = None if context is None else context.while_context()
    return found if isinstance(found, WhileContext) else None


def loop_of(operation: Operation) -> WhileContext | None:
    """The innermost loop that an operation is in; of an Exit the one that it leaves."""
    context = context_of(operation)
    found = None if context is None else context.while_context()
    return found if isinstance(found, WhileContext) else None


def backward_here(graph: Any) -> Backward | None:
    """The loop of derivatives that is being built in this thread."""
    context = current_context(graph)
    loop = None if context is None else context.while_context()
    return loop.backward if isinstance(loop, WhileContext) else None


def enter(
    value: Tensor, frame: str, parallel_iterations: int, is_constant: bool = False, name: str | None = None
) -> Tensor:
    """Let a tensor, or a variable itself, into a loop.

    Parameters
    ----------
    value : Tensor
    frame : str
        The name of the loop.
    parallel_iterations : int
        An attribute of the operation.
    is_constant : bool
        Whether it is there in every iteration, not in the first one alone.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
    """
    kind = "RefEnter" if value.dtype.is_ref_dtype else "Enter"
    return apply(
        kind,
        value,
        name=name,
        frame_name=frame.encode(),
        is_constant=is_constant,
        parallel_iterations=parallel_iterations,
    )


class WhileContext(Context):
    """A loop.

    Parameters
    ----------
    graph : Graph
    name : str
        The name of the loop, which its operations have as the name of their frame.
    outer : Context or None
        The branch or the loop around it.
    parallel_iterations : int
    back_prop, swap_memory : bool
    maximum_iterations : Tensor, optional

    Attributes
    ----------
    pivot, pivot_for_pred, pivot_for_body : Tensor or None
        The condition; the first loop variable as the condition sees it, and as the body does.
    enters, exits : list of Tensor
        The loop variables where they enter, and where they leave.
    backward : Backward or None
        Of a loop that computes derivatives what it knows about the other loop.
    """

    def __init__(
        self,
        graph: Graph,
        name: str,
        outer: Context | None,
        *,
        parallel_iterations: int = 10,
        back_prop: bool = True,
        swap_memory: bool = False,
        maximum_iterations: Tensor | None = None,
    ) -> None:
        super().__init__(graph, name, outer)
        self.parallel_iterations = parallel_iterations
        self.back_prop = back_prop
        self.swap_memory = swap_memory
        self.maximum_iterations = maximum_iterations
        self.pivot: Tensor | None = None
        self.pivot_for_pred: Tensor | None = None
        self.pivot_for_body: Tensor | None = None
        self.enters: list[Tensor] = []
        self.exits: list[Tensor] = []
        self.backward: Backward | None = None

    @property
    def control_pivot(self) -> Operation | None:
        """The operation that those without inputs wait for, so that they run once in each iteration."""
        pivot = self.pivot_for_pred if self.pivot_for_body is None else self.pivot_for_body
        return None if pivot is None else self.graph.get_operation_by_name(pivot.op.name)

    def while_context(self) -> Context:
        """The loop itself."""
        return self

    def add_value(self, value: Tensor) -> Tensor:
        """The tensor that stands in the loop for one from anywhere: it enters once, for all iterations."""
        if value.name in self.values or self.graph.context_of(value.op.name) is self:
            return self.external_values.get(value.name, value)
        self.values.add(value.name)
        backward = backward_here(self.graph)
        if backward is not None and loop_around(self.graph.get_operation_by_name(value.op.name)) is backward.forward:
            entered = self.external_values[value.name] = backward.real_value(value)
            return entered
        around = value if self.outer_context is None else self.outer_context.add_value(value)
        with self.graph.control_dependencies(None):
            entered = enter(around, self.name, self.parallel_iterations, is_constant=True)
        self.graph.prevent_feeding(entered)
        self.take([entered])
        self.values.add(entered.name)
        self.external_values[value.name] = entered
        return entered

    def take(self, entered: Sequence[Tensor]) -> None:
        """Make what enters part of the loop; it waits for the same operations as the loop itself."""
        for tensor in entered:
            operation = self.graph.get_operation_by_name(tensor.op.name)
            waited = self.graph.control_inputs_for(operation.inputs[0].op.name)
            kept = [other for other in map(self.graph.get_operation_by_name, waited) if self._is_around(other)]
            self.graph.put_into(self, operation.name)
            if kept:
                operation._add_control_inputs(kept)
            self.graph.made_inside(operation.name)

    def _is_around(self, other: Operation) -> bool:
        """Whether the loop may wait for an operation: one of the contexts around, up to the next loop."""
        found, around = output_context(other), self.outer_context
        loop = None if around is None else around.while_context()
        while around is not found:
            if around is None or around is loop:
                return False
            around = around.outer_context
        return True

    def add_op(self, operation: Operation) -> None:
        """Make a new operation part of the loop: values from outside enter it for all iterations."""
        if operation.type in _SIZES and (backward := backward_here(self.graph)) is not None:
            source = self.graph.get_operation_by_name(operation.inputs[0].op.name)
            if loop_of(source) is backward.forward and (context := context_of(source)) is not None:
                context.add_inside(operation)
                return
        self.add_inside(operation)

    def add_inside(self, operation: Operation) -> None:
        """Make a new operation part of this loop, whichever it is about."""
        self.graph.put_into(self, operation.name)
        if operation.data["inputs"]:
            self.bring_in(operation)
        dropped = self.drop_outer_controls(operation)
        pivot = self.control_pivot
        if pivot is not None and not operation.control_inputs and all(map(_is_constant, operation.inputs)):
            operation._add_control_input(pivot)
        self.values.update(tensor.name for tensor in operation.outputs)
        self._wait_inside(operation, [other.outputs[0] for other in dropped if other.outputs])
        self.close_in(operation)
        if self.graph.is_fetchable(operation):
            return
        for tensor in operation.outputs:
            self.graph.prevent_feeding(tensor)

    def _wait_inside(self, operation: Operation, outside: Sequence[Tensor]) -> None:
        """Let an operation wait for values from outside once they have entered the loop."""
        if not outside:
            return
        scope = self.graph.set_name_scope(operation.name + "/")
        if operation.type == "Const":  # TensorFlow makes constants without a scope of their own
            self.graph.set_name_scope(scope)
        try:
            with self.graph.control_dependencies(None), self.entered():
                waited = [apply("Identity", tensor).op for tensor in outside]
        finally:
            self.graph.set_name_scope(scope)
        operation._add_control_inputs([self.graph.get_operation_by_name(other.name) for other in waited])

    def to_proto(self, export_scope: str | None = None) -> message_classes.WhileContextDef:
        """The context as a message; a scope is taken from the names."""

        def name_of(tensor: Tensor | None) -> str:
            return "" if tensor is None else strip_name_scope(tensor.name, export_scope)

        return message_classes.WhileContextDef(
            context_name=strip_name_scope(self.name, export_scope),
            parallel_iterations=self.parallel_iterations,
            back_prop=self.back_prop,
            swap_memory=self.swap_memory,
            pivot_name=name_of(self.pivot),
            pivot_for_pred_name=name_of(self.pivot_for_pred),
            pivot_for_body_name=name_of(self.pivot_for_body),
            loop_exit_names=[name_of(tensor) for tensor in self.exits],
            loop_enter_names=[name_of(tensor) for tensor in self.enters],
            maximum_iterations_name=name_of(self.maximum_iterations),
            values_def=self.message_of_values(export_scope),
            nested_contexts=[context.message(export_scope) for context in self.nested],
        )

    def message(self, export_scope: str | None = None) -> message_classes.ControlFlowContextDef:
        """The context as a message of its own kind within a wrapper."""
        return message_classes.ControlFlowContextDef(while_ctxt=self.to_proto(export_scope))


def _is_constant(tensor: Tensor) -> bool:
    operation = tensor.graph.get_operation_by_name(tensor.op.name)
    return operation.type in ENTERS and bool(operation.data["attrs"]["is_constant"])
