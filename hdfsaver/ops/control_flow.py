"""Branches and loops: values that are passed to one of two outputs, and round after round.

A value on the side that was not taken is dead, and so are operations that need it, until a Merge chooses one that is
alive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.contexts import CondContext, context_of, output_context, switch
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.loop_contexts import Backward, WhileContext, backward_here, enter
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.structures import filled_with, leaves_of, parts_of
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, Gradient, Grads
from hdfsaver.shapes import Shape

DEAD = object()
"""The value of tensors on the branch that a Switch did not take."""


class Chooser:
    """The kernel of a Merge; engines call it although some of its inputs are dead."""

    def __call__(self, *values: Any) -> Any:
        for index, value in enumerate(values):
            if value is not DEAD:
                return value, np.int32(index)
        return DEAD, DEAD


@register
class Switch(OpDef):
    """Passes the data to the second output where the predicate is true, and to the first where it is false."""

    type = "Switch"
    signature = "data: T, pred: bool -> output_false: T, output_true: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of data, for both outputs; pred is ()."""
        shapes.merge(node.input_shapes[1], ())
        return [node.input_shapes[0]] * 2

    def kernel(self, node: Node) -> Kernel:
        return lambda data, pred: (DEAD, data) if pred else (data, DEAD)

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        context = context_of(op)
        backward = backward_here(op.graph)
        if isinstance(context, WhileContext) and backward is not None:
            return [_around_again(backward, op, grads), None]
        if isinstance(context, CondContext):
            if grads[1 - context.branch] is None:
                return [None, None]
            return [merge(list(grads), "cond_grad")[0], None]
        pred = op.inputs[1]
        sides = [switch_gradient(grad, pred, "Switch")[side] for side, grad in enumerate(grads)]
        return [merge(sides, "Merge")[0], None]


@register
class RefSwitch(Switch):
    """As `Switch`, for a variable by reference."""

    type = "RefSwitch"
    signature = "data: Ref(T), pred: bool -> output_false: Ref(T), output_true: Ref(T)"


@register
class Merge(OpDef):
    """Passes on the one input that is alive, together with its number."""

    type = "Merge"
    signature = "inputs: N * T -> output: T, value_index: int32"
    minimums = {"N": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The sizes that the shapes of all inputs agree on; () for value_index."""
        given = node.input_shapes
        return [common_shape(given), ()]

    def kernel(self, node: Node) -> Kernel:
        return Chooser()

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        grad = grads[0]
        context = output_context(op.inputs[0].op)
        backward = backward_here(op.graph)
        if isinstance(context, WhileContext) and backward is not None and backward.context.pivot is not None:
            return list(switch_gradient(grad, backward.context.pivot, "Switch"))
        if isinstance(context, CondContext):
            pred = context.pred if backward is None else backward.saved(context.pred)
            return list(switch_gradient(grad, pred, "cond_grad"))
        chosen = [apply("Equal", op.outputs[1], index) for index in range(len(op.inputs))]
        return [switch_gradient(grad, each, "Switch")[1] for each in chosen]


def _around_again(backward: Backward, op: Operation, grads: Sequence[Gradient]) -> Gradient:
    """The derivative by a loop variable in each iteration: at first that by the result, then that by the next value.

    The first visit makes the Merge of both, with the derivative by the result twice; the second one replaces one.
    """
    merged = backward.merges.get(op.name)
    if merged is None:
        if grads[0] is None:
            return None
        made: Gradient = merge([grads[0], grads[0]], "b_switch")[0]
        backward.merges[op.name] = made
        return made
    if grads[1] is not None:
        following = as_slices(grads[1]) if isinstance(merged, IndexedSlices) else grads[1]
        for before, after in zip(parts_of_gradient(merged), parts_of_gradient(following), strict=True):
            op.graph.get_operation_by_name(before.op.name)._update_input(1, apply("NextIteration", after))
    return None


def parts_of_gradient(grad: Tensor | IndexedSlices) -> list[Tensor]:
    """The tensors that a derivative is made of."""
    return parts_of(grad) if isinstance(grad, IndexedSlices) else [grad]


@register
class RefMerge(Merge):
    """As `Merge`, for variables by reference."""

    type = "RefMerge"
    signature = "inputs: N * Ref(T) -> output: Ref(T), value_index: int32"


def common_shape(given: Sequence[Shape]) -> Shape:
    """The sizes that some shapes agree on; unknown where their ranks differ."""
    if any(shape is None for shape in given) or len({len(shape or ()) for shape in given}) > 1:
        return None
    return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*map(tuple, given), strict=True))  # type: ignore[arg-type]


def switch_gradient(grad: Gradient, pred: Tensor, name: str) -> tuple[Gradient, Gradient]:
    """Let a derivative be alive on one of two branches.

    Parameters
    ----------
    grad : Tensor, IndexedSlices or None
    pred : Tensor
        The condition.
    name : str
        The name of the operations.

    Returns
    -------
    tuple of (Tensor, IndexedSlices or None)
        The derivative where the condition is false, and where it is true.

    Raises
    ------
    ValueError
        The condition is not of shape ``()``.
    """
    if grad is None:
        return None, None
    if isinstance(grad, IndexedSlices):
        values, indices = switch(grad.values, pred, name), switch(grad.indices, pred, name)
        sizes = (None, None) if grad.dense_shape is None else switch(grad.dense_shape, pred, name)
        return IndexedSlices(values[0], indices[0], sizes[0]), IndexedSlices(values[1], indices[1], sizes[1])
    return switch(grad, pred, name)


def merge(inputs: Sequence[Any], name: str = "Merge") -> tuple[Any, Tensor]:
    """The one input that is alive, and its number.

    Parameters
    ----------
    inputs : list of Tensor or IndexedSlices
        Where some are slices, all of them become slices.
    name : str
        The name of the operation.

    Returns
    -------
    output : Tensor or IndexedSlices
    value_index : Tensor
    """
    if all(isinstance(item, Tensor) for item in inputs):
        by_reference = all(item.dtype.is_ref_dtype for item in inputs)
        output, index = apply_list("RefMerge" if by_reference else "Merge", list(inputs), name=name)
        return output, index
    with inputs[0].graph.name_scope(name):
        parts = [as_slices(item) for item in inputs]
        values, _ = apply_list("Merge", [part.values for part in parts])
        indices, index = apply_list("Merge", [part.indices for part in parts])
        sizes = [part.dense_shape for part in parts]
        shape = None if any(size is None for size in sizes) else apply_list("Merge", sizes)[0]
    return IndexedSlices(values, indices, shape), index


def as_slices(grad: Tensor | IndexedSlices) -> IndexedSlices:
    """A whole derivative as slices: all its rows."""
    if isinstance(grad, IndexedSlices):
        return grad
    sizes = apply("Shape", grad)
    rows = apply("Range", 0, sizes[0], 1, name="range")
    return IndexedSlices(grad, rows, sizes)


@register
class ControlTrigger(OpDef):
    """No computation; it waits for its control inputs, and runs even where these are on a branch not taken."""

    type = "ControlTrigger"
    signature = "->"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        return lambda: ()


class _Passing(OpDef):
    """Passes a value on within a loop, into it, or out of it."""

    signature = "data: T -> output: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        return unchanged


def _each(grad: Tensor | IndexedSlices, function: Callable[[Tensor], Tensor]) -> Tensor | IndexedSlices:
    """The results of a function for each part of a derivative."""
    return filled_with(grad, map(function, leaves_of(grad)))  # type: ignore[no-any-return]  # of the same class


def unchanged(value: Any) -> Any:
    """The value itself."""
    return value


@register
class Enter(_Passing):
    """Lets a value into a loop, for its first iteration or for all."""

    type = "Enter"
    needed = {"frame_name": "string"}
    attrs = {"is_constant": False, "parallel_iterations": 10}

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        backward = backward_here(op.graph)
        if backward is None or not backward.context.back_prop:
            return list(grads)
        if op.get_attr("is_constant"):
            return [backward.summed(op, grads[0])]
        assert grads[0] is not None
        left = _each(grads[0], lambda part: apply("Exit", part))
        parts = parts_of_gradient(left)
        backward.context.exits += parts
        backward.context.add_result(parts)
        return [left]


@register
class RefEnter(Enter):
    """As `Enter`, for a variable by reference."""

    type = "RefEnter"
    signature = "data: Ref(T) -> output: Ref(T)"


@register
class Exit(_Passing):
    """Lets a value out of a loop, once it is alive."""

    type = "Exit"

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        backward, loop, grad = backward_here(op.graph), context_of(op), grads[0]
        if backward is None or not backward.context.back_prop or grad is None:
            return [None]
        if isinstance(loop, WhileContext) and loop.backward is not None:
            raise TypeError("Second-order gradient for while loops not supported.")
        context = backward.context
        for part in parts_of_gradient(grad):
            context.add_name(part.name)
        entered = _each(grad, lambda part: enter(part, context.name, context.parallel_iterations, name="b_exit"))
        context.enters += parts_of_gradient(entered)
        return [entered]


@register
class RefExit(Exit):
    """As `Exit`, for a variable by reference."""

    type = "RefExit"
    signature = "data: Ref(T) -> output: Ref(T)"


@register
class NextIteration(_Passing):
    """Passes a value on to the next iteration of a loop."""

    type = "NextIteration"

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        return list(grads)


@register
class RefNextIteration(NextIteration):
    """As `NextIteration`, for a variable by reference."""

    type = "RefNextIteration"
    signature = "data: Ref(T) -> output: Ref(T)"


@register
class RefIdentity(_Passing):
    """A variable by reference, unchanged."""

    type = "RefIdentity"
    signature = "input: Ref(T) -> output: Ref(T)"

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        return list(grads)


@register
class LoopCond(Flat):
    """The condition of a loop: another iteration runs while it is true."""

    type = "LoopCond"
    signature = "input: bool -> output: bool"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """It must be ()."""
        return [shapes.merge(node.input_shapes[0], ())]

    def kernel(self, node: Node) -> Kernel:
        return unchanged
