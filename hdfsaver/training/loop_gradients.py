"""Derivatives of loops: for each loop another one that runs as often, and goes through the iterations backwards.

A value of the loop forward that a derivative needs is put onto a stack in each iteration, and taken from it in the loop
backwards. Both loops count their iterations. Everything is written as TensorFlow 1 writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.contexts import EXITS, CondContext, Context, context_of, current_context, output_context, switch
from hdfsaver.graph.definition import Node
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.loop_contexts import ENTERS, WhileContext, enter, loop_around, loop_of
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import constant_node
from hdfsaver.ops.filling import zeros
from hdfsaver.shapes import Shape
from hdfsaver.training.branch_zeros import kind_and_shape, shape_operation

SWITCHES = frozenset({"Switch", "RefSwitch"})

_UNCHANGED = SWITCHES | {"Identity", "RefIdentity"}
"""The operations that pass a value on, so that it is the same in all iterations if it was before."""


def _operation(tensor: Tensor) -> Operation:
    return tensor.graph.get_operation_by_name(tensor.op.name)


def is_loop_switch(operation: Operation) -> bool:
    """Whether an operation is the Switch of a loop variable."""
    return operation.type in SWITCHES and isinstance(context_of(operation), WhileContext)


def _constant_enter(value: Tensor) -> Operation | None:
    """The Enter that a value comes from, where it is the same in all iterations."""
    operation = _operation(value)
    while operation.type in _UNCHANGED:
        operation = _operation(operation.inputs[0])
    is_constant = operation.type in ENTERS and operation.data["attrs"]["is_constant"]
    return operation if is_constant else None


def _constant(shape: Sequence[int | None], dtype: str, name: str = "Const") -> Tensor:
    return constant_node(np.zeros([size or 0 for size in shape], dtypes.numpy_dtype(dtype)), dtype, name)


def _known(shape: Shape) -> bool:
    return shape is not None and None not in shape


class BackwardLoop:
    """The loop that computes the derivatives of another one.

    Parameters
    ----------
    forward : WhileContext
        The other loop.
    outer : BackwardLoop or None
        Where the other loop is in a loop, that which computes the derivatives of the loop around.
    called_in : Context or None
        Where `gradients` was called.

    Attributes
    ----------
    context : WhileContext
    history : dict of str to Tensor
        For tensors of the other loop those that have their values here.
    merges : dict of str to Tensor
        For the Switch of each loop variable forward the Merge of its derivative.
    exits, unused, waiting : list of Tensor
        The results of the loop forward; those without a derivative; those whose turn has come.
    pending : int
        How many results have not had their turn.
    """

    def __init__(self, forward: WhileContext, outer: BackwardLoop | None, called_in: Context | None) -> None:
        self.graph: Graph = forward.graph
        self.forward = forward
        self.outer = outer
        self.called_in = called_in
        self.history: dict[str, Tensor] = {}
        self.merges: dict[str, Any] = {}
        self.exits = list(forward.exits)
        self.unused: list[Tensor] = []
        self.waiting: list[Tensor] = []
        self.pending = len(self.exits)
        self._forward_sync: Operation | None = None
        self._backward_sync: Operation | None = None
        around = forward.outer_context if outer is None else outer.forward
        with self._inside(around):
            count, self.forward_index = self._count_forward()
        if outer is None:
            with self._inside(around):
                self.context = self._new_context()
                self.index = self._count_backward(count)
            return
        outer.forward.add_name(count.name)
        stack = outer.pushed(count)
        with self._inside(outer.context):
            self.context = self._new_context()
            self.index = self._count_backward(outer.popped(stack, count))

    def _inside(self, context: Context | None) -> AbstractContextManager[None]:
        return self.graph.inside(context if context is not None else self.called_in)

    def _new_context(self) -> WhileContext:
        forward = self.forward
        made = WhileContext(
            self.graph,
            self.graph.unique_name(forward.name),
            current_context(self.graph),
            parallel_iterations=forward.parallel_iterations,
            back_prop=forward.back_prop,
            swap_memory=forward.swap_memory,
            maximum_iterations=forward.maximum_iterations,
        )
        made.backward = self
        return made

    # -- counters ------------------------------------------------------------------------------------------------------

    def _count_forward(self) -> tuple[Tensor, Tensor]:
        """Let the loop forward count its iterations: their number, and the counter for the next one."""
        forward = self.forward
        zero = _constant((), "int32", "f_count")
        if self.outer is not None:  # what is pushed in one run of an inner loop comes before the next run of it
            _operation(zero)._add_control_input(self.outer.forward_step)
        with forward.entered():
            forward.add_name(zero.name)
            (off, on), merged = self._round(forward, zero, "f_count", "Merge")
            following = apply("NextIteration", apply("AddV2", on, 1, name="Add"))
            _operation(merged)._update_input(1, following)
            return self._left(forward, off, "f_count"), following

    def _count_backward(self, count: Tensor) -> Tensor:
        """Let the loop backwards run as often: its counter for the next iteration."""
        one = constant_node(np.array(1, np.int32), "int32", "b_count")
        context = self.context
        with context.entered():
            context.add_name(count.name)
            entered = enter(count, context.name, context.parallel_iterations, name="b_count")
            context.enters.append(entered)
            merged = apply_list("Merge", [entered, entered])[0]
            context.pivot_for_pred = merged
            context.pivot = apply("LoopCond", apply("GreaterEqual", merged, one), name="b_count")
            off, on = apply_list("Switch", merged, context.pivot)
            context.pivot_for_body = apply("Sub", on, one)
            following = apply("NextIteration", context.pivot_for_body)
            _operation(merged)._update_input(1, following)
            last = self._left(context, off, "b_count")
            if self.outer is not None:
                self.outer.backward_sync._add_control_input(_operation(last))
            return following

    def _round(
        self, context: WhileContext, first: Tensor, name: str, merge_name: str
    ) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """A further loop variable: the outputs of its Switch, and its Merge."""
        entered = enter(first, context.name, context.parallel_iterations, name=name)
        context.enters.append(entered)
        merged = apply_list("Merge", [entered, entered], name=merge_name)[0]
        off, on = apply_list("Switch", merged, context.pivot)
        return (off, on), merged

    def _left(self, context: WhileContext, value: Tensor, name: str) -> Tensor:
        """A loop variable where it leaves the loop."""
        left = apply("Exit", value, name=name)
        context.exits.append(left)
        context.add_result([left])
        return left

    @property
    def forward_step(self) -> Operation:
        """The operation that counts an iteration forward."""
        return _operation(_operation(self.forward_index).inputs[0])

    @property
    def forward_sync(self) -> Operation:
        """It keeps what is pushed in branches in the order of iterations."""
        if self._forward_sync is None:
            self._forward_sync = self._trigger("f_sync", self.forward)
            _operation(self.forward_index)._add_control_input(self._forward_sync)
        return self._forward_sync

    @property
    def backward_sync(self) -> Operation:
        """It keeps what is popped in the order of iterations."""
        if self._backward_sync is None:
            self._backward_sync = self._trigger("b_sync", self.context)
            _operation(self.index)._add_control_input(self._backward_sync)
        return self._backward_sync

    def _trigger(self, name: str, context: Context) -> Operation:
        with self.graph.control_dependencies(None):
            made = apply_op("ControlTrigger", name=name)
        self.graph.put_into(context, made.name)
        return made

    # -- values of the loop forward ------------------------------------------------------------------------------------

    def pushed(self, value: Tensor, is_dead: bool = False) -> Tensor:
        """Push a tensor of the loop forward in each of its iterations.

        Parameters
        ----------
        value : Tensor
        is_dead : bool
            Whether it is about the branch of a cond that is not taken.

        Returns
        -------
        Tensor
            The stack.
        """
        context = output_context(_operation(value))
        with self.graph.control_dependencies(None):
            with self.graph.inside(self.called_in), self.graph.colocate_with(value.op):
                size = constant_node(np.array(-1, np.int32), "int32", "Const")
                stack = apply("StackV2", size, name="f_acc", elem_type=value.dtype.base_dtype.name)
            entered = self.forward.add_value(stack)
            swap = self.forward.swap_memory
            with self.graph.inside(context.outer_context if is_dead and context is not None else context):
                push = _operation(apply("StackPushV2", entered, value, swap_memory=swap))
            if context is self.forward:
                _operation(self.forward_index)._add_control_input(push)
            elif isinstance(context, CondContext):
                self.graph.put_into(context, push.name)
                self.forward_sync._add_control_input(push)
            else:
                raise TypeError(f"The value of {value.name!r} cannot be kept for derivatives: it is in another loop.")
            push._add_control_input(self.forward_step)
        return stack

    def popped(self, stack: Tensor, value: Tensor, is_dead: bool = False) -> Tensor:
        """The value that was pushed in the iteration whose derivatives are computed.

        Parameters
        ----------
        stack : Tensor
        value : Tensor
            The tensor that was pushed.
        is_dead : bool
            See `pushed`.

        Returns
        -------
        Tensor
        """
        around = context_of(_operation(stack))
        inside = context_of(_operation(value))
        while inside is not None and inside is not around and not isinstance(inside, CondContext):
            inside = inside.outer_context
        with self.graph.control_dependencies(None), self.context.entered():
            if isinstance(inside, CondContext) and inside is not around:
                stack = switch(stack, self._real_pred(inside))[inside.branch ^ is_dead]
            found = apply("StackPopV2", stack, elem_type=value.dtype.base_dtype.name)
            found.set_shape(value.shape)
        if self.context.parallel_iterations > 1:
            self.backward_sync._add_control_input(_operation(found))
        return found

    def _real_pred(self, branch: CondContext) -> Tensor:
        """The condition of a branch, in the iteration whose derivatives are computed."""
        state: BackwardLoop | None = self
        while state is not None:
            if branch.pred.name in state.history:
                return state.history[branch.pred.name]
            state = state.outer
        return branch.pred

    def saved(self, value: Tensor) -> Tensor:
        """As `real_value`, by a stack in any case."""
        if value.name not in self.history:
            with self.graph.inside(self.called_in):
                stack = self.pushed(value)
            self.history[value.name] = self.popped(stack, value)
        return self.history[value.name]

    def real_value(self, value: Tensor) -> Tensor:
        """The value that a tensor of the loop forward had in the iteration whose derivatives are computed.

        A constant is made again here, and a value from outside of the loop enters this one too; others are on a stack.
        """
        if value.name not in self.history:
            self.history[value.name] = self._found(value)
        return self.history[value.name]

    def _found(self, value: Tensor) -> Tensor:
        state: BackwardLoop = self
        while (operation := _constant_enter(value)) is not None:
            value = operation.inputs[0]
            if state.outer is None:
                return self.context.add_value(value)
            state = state.outer
        if value.op.type == "Const":
            node = Node.of(self.graph.data, value.op.name)
            return constant_node(node.attrs["value"], value.dtype.base_dtype.name, "Const")
        with self.graph.inside(self.called_in):
            stack = state.pushed(value)
        found = state.popped(stack, value)
        return found if state is self else self.context.add_value(found)

    # -- derivatives by what is the same in all iterations -------------------------------------------------------------

    def summed(self, operation: Operation, grad: Any) -> Any:
        """The sum of the derivatives by a value that is the same in all iterations."""
        return self._summed_slices(operation, grad) if isinstance(grad, IndexedSlices) else self._sum(operation, grad)

    def _sum(self, operation: Operation, grad: Tensor) -> Tensor:
        context = self.context
        kind, shape = grad.dtype.base_dtype.name, grad.shape.plain
        with self.graph.inside(self._around()):
            if shape is not None and _known(shape):
                first = _constant(shape, kind, "b_acc")
            else:
                first = zeros(self._shape_around(operation.inputs[0]), kind)
        with context.entered():
            context.add_name(first.name)
            (off, on), merged = self._round(context, first, "b_acc", "b_acc")
            following = apply("NextIteration", apply("AddV2", on, grad, name="Add"))
            _operation(merged)._update_input(1, following)
            return self._left(context, off, "b_acc")

    def _around(self) -> Context | None:
        outer = self.context.outer_context
        return self.called_in if outer is None else outer

    def _shape_around(self, value: Tensor) -> Tensor:
        """The shape of a value that enters the loop forward, where the loop backwards is entered."""
        if self.outer is None:
            return apply("Shape", value)
        with self.graph.inside(self.forward.outer_context):
            shape = apply("Shape", value)
        with self.graph.inside(self.called_in):
            stack = self.outer.pushed(shape)
        return self.outer.popped(stack, shape)

    def _summed_slices(self, operation: Operation, grad: IndexedSlices) -> IndexedSlices:
        context = self.context
        values, indices, dense_shape = grad.values, grad.indices, grad.dense_shape
        source = operation.inputs[0]
        kind, shape = values.dtype.base_dtype.name, values.shape.plain
        with self.graph.inside(self._around()):
            if shape is not None and _known(shape):
                first = _constant((1, *shape[1:]), kind, "b_acc")
            else:
                rest = apply_row(apply("Shape", source))
                first = zeros(apply("ConcatV2", [[1], rest], 0, name="concat"), kind)
            firsts = [_constant((1,), indices.dtype.base_dtype.name), first]
            if dense_shape is not None:
                dtype, known = dense_shape.dtype.base_dtype.name, dense_shape.shape.plain
                if known is not None and _known(known):
                    firsts.append(_constant(known, dtype))
                else:
                    firsts.append(apply("ZerosLike", apply("Shape", source, out_type=dtype), name="zeros_like"))
        with context.entered():
            for tensor in firsts:
                context.add_name(tensor.name)
            entered = [enter(x, context.name, context.parallel_iterations, name="b_acc") for x in firsts]
            _operation(entered[0]).set_output_shape(0, (None,))
            if first.shape.plain is not None:
                _operation(entered[1]).set_output_shape(0, (None, *first.shape.plain[1:]))
            if len(entered) > 2:
                _operation(entered[2]).set_output_shape(0, None)
            context.enters += entered
            merged = [apply_list("Merge", [x, x], name="b_acc")[0] for x in entered]
            sides = [apply_list("Switch", x, context.pivot) for x in merged]
            added = [
                apply("ConcatV2", [on, new], 0, name="concat")
                for (_, on), new in zip(sides[:2], (indices, values), strict=True)
            ]
            if dense_shape is not None:
                added.append(apply("Maximum", dense_shape, sides[2][1]))
            for before, following in zip(merged, [apply("NextIteration", x) for x in added], strict=True):
                _operation(before)._update_input(1, following)
            left = [apply("Exit", off, name="b_acc") for off, _ in sides]
            context.exits += left
            context.add_result(left)
        return IndexedSlices(indices=left[0], values=left[1], dense_shape=left[2] if len(left) > 2 else None)


def apply_row(sizes: Tensor) -> Tensor:
    """All sizes but the first."""
    found: Tensor = cast("Any", sizes)[1:]
    return found


class LoopGradients:
    """The loops that one call of `gradients` goes through.

    Parameters
    ----------
    graph : Graph
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.called_in = current_context(graph)
        self.loops: dict[WhileContext, BackwardLoop] = {}

    def add(self, operation: Operation) -> list[str]:
        """Make the loop of the derivatives of the one that an Exit leaves, and give the names of all exits of that."""
        forward = loop_of(operation)
        if forward is None:
            raise LookupError(
                f"No gradient defined for operation {operation.name!r} (op type: {operation.type}): it leaves a loop "
                "of which only the operations are known. Import the graph with tf.train.import_meta_graph, from a file "
                "that has the collection while_context."
            )
        if forward in self.loops:
            return []
        around = None if forward.outer_context is None else forward.outer_context.while_context()
        outer = self.loops.get(cast("WhileContext", around))
        found = self.loops[forward] = BackwardLoop(forward, outer, self.called_in)
        return [tensor.op.name for tensor in found.exits]

    def of(self, operation: Operation, *, before: bool) -> BackwardLoop | None:
        """The loop of derivatives of the one that an operation is in.

        Parameters
        ----------
        operation : Operation
        before : bool
            Whether the loop that the outputs are in is meant; for an Exit that is the one around.

        Returns
        -------
        BackwardLoop or None
        """
        forward = loop_around(operation) if before else loop_of(operation)
        return None if forward is None else self.loops.get(forward)

    def inside(self, operation: Operation, *, before: bool) -> AbstractContextManager[None]:
        """Make operations in the loop of derivatives of the one that an operation is in; see `of`."""
        found = self.of(operation, before=before)
        return self.graph.inside(self.called_in if found is None else found.context)

    def unused_exits(self, missing: dict[str, int], starts: Iterable[str]) -> list[Tensor]:
        """The results of loops that no derivative is missing for any more, of the loops where that holds for all.

        Parameters
        ----------
        missing : dict of str to int
            How many derivatives are missing for each operation; changed so that loop variables are visited where they
            enter.
        starts : iterable of str
            The operations that have a derivative from the beginning.

        Returns
        -------
        list of Tensor
        """
        found: list[Tensor] = []
        first = set(starts)
        for loop in self.loops.values():
            for tensor in loop.exits:
                if not missing.get(tensor.op.name, 0):
                    loop.pending -= 1
                    if tensor.op.name not in first:
                        loop.unused.append(tensor)
                    if not loop.pending:
                        found += loop.unused
            for tensor in loop.forward.enters:
                if not missing.get(tensor.op.name, 0):
                    missing[tensor.op.name] = 1
        return found

    def zeros_for_exit(self, value: Tensor) -> Tensor:
        """Zeros as the derivative by a result of a loop that nothing uses."""
        kind, shape = value.dtype.base_dtype, value.shape.plain
        forward = loop_of(_operation(value))
        assert forward is not None
        around = None if forward.outer_context is None else forward.outer_context.while_context()
        outer = self.loops.get(cast("WhileContext", around))
        if outer is None:
            if shape is not None and _known(shape):
                return zeros(shape, dtype=kind)
            return apply("ZerosLike", value, name="zeros_like")
        if shape is not None and _known(shape):
            with outer.context.entered():
                return zeros(shape, dtype=kind)
        with self.graph.inside(forward.outer_context):
            sizes = apply("Shape", value)
        stack = outer.pushed(sizes)
        with outer.context.entered():
            return zeros(outer.popped(stack, sizes), dtype=kind)

    def zeros_for(self, output: Tensor) -> Tensor | None:
        """Zeros as the derivative by an output in a loop that nothing uses; None for the Switch of a loop variable.

        Called where the loop of derivatives is entered.
        """
        operation = _operation(output)
        loop, context = self.of(operation, before=False), context_of(operation)
        assert loop is not None
        if is_loop_switch(operation):
            return None
        is_dead = operation.type in SWITCHES
        (kind, shape), shape_type = kind_and_shape(output), shape_operation(output)
        if shape is not None and _known(shape):
            made = _constant(shape, kind)
            if is_dead and isinstance(context, CondContext):
                return switch(made, loop.history[context.pred.name])[1 - context.branch]
            return made
        if is_dead and isinstance(context, CondContext):
            with self.graph.inside(context.outer_context):
                other = switch(operation.inputs[0], context.pred)[1 - context.branch]
                sizes = apply(shape_type, other)
            for tensor in (other, sizes):
                self.graph.put_into(context, tensor.op.name)
        else:
            with self.graph.inside(context):
                sizes = apply(shape_type, output)
        with self.graph.inside(self.called_in):
            stack = loop.pushed(sizes, is_dead)
        return zeros(loop.popped(stack, sizes, is_dead), dtype=kind)

    def finish(self) -> None:
        """Let the derivative by a loop variable whose next value does not depend on it be zero but for the last one."""
        for loop in self.loops.values():
            for merged in loop.merges.values():
                if not isinstance(merged, Tensor):
                    continue
                operation = _operation(merged)
                first, second = operation.inputs
                if first.name == second.name:
                    operation._update_input(1, self._zeros_round(loop, first))

    def _zeros_round(self, loop: BackwardLoop, first: Tensor) -> Tensor:
        kind, shape = first.dtype.base_dtype.name, first.shape.plain
        if shape is not None and _known(shape):
            with loop.context.entered():
                return apply("NextIteration", _constant(shape, kind))
        outer = loop.context.outer_context
        with self.graph.inside(self.called_in if outer is None else outer):
            made = zeros(apply("Shape", _operation(first).inputs[0]), dtype=kind)
        with loop.context.entered():
            return apply("NextIteration", made)


def is_exit(operation: Operation) -> bool:
    """Whether an operation lets a value out of a loop."""
    return operation.type in EXITS
