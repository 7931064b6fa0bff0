"""Loops that run in the graph: ``tf.while_loop``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver import shapes
from hdfsaver.control_flow.conds import Result
from hdfsaver.graph.apply import apply
from hdfsaver.graph.contexts import current_context, switch
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.loop_contexts import ENTERS, WhileContext, enter
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.structures import check_same, filled_with, leaves_of
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.control_flow import merge
from hdfsaver.shapes import Shape


def while_loop(
    cond: Callable[..., TensorLike],
    body: Callable[..., Result],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: TensorLike | None = None,
    return_same_structure: bool = False,
) -> Result:
    """Repeat a part of the graph as long as a condition is true.

    Parameters
    ----------
    cond : callable
        Takes the loop variables and gives a bool of shape ``()``. It is called once, to make the operations.
    body : callable
        Takes the loop variables and gives their next values, of the same structure and dtypes. It is called once.
    loop_vars : list, tuple or dict
        The first values of the loop variables: tensors, values that constants can be made of, nested lists of them.
    shape_invariants : optional
        The shapes, in the structure of ``loop_vars``, that hold in all iterations, where a shape changes.
    parallel_iterations : int
        Kept in the graph. Iterations run one after the other.
    back_prop : bool
        Whether derivatives pass through the loop.
    swap_memory : bool
        Kept in the graph.
    name : str, optional
        The name scope, ``while`` by default.
    maximum_iterations : int or Tensor, optional
        The most iterations that run.
    return_same_structure : bool
        Give a list or a tuple also where there is one loop variable; it is the tensor alone otherwise.

    Returns
    -------
    Tensor, or nested lists, tuples and dicts of them
        The loop variables at the end.

    Raises
    ------
    TypeError
        ``cond`` or ``body`` is not a function, the condition not a bool, a next value of another dtype, or
        ``parallel_iterations`` less than 1.
    ValueError
        There are no loop variables, the body gives another structure, or a shape changes.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> count, total = tf.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), (0, 0))
    >>> tf.Session().run(total)
    np.int32(10)
    """
    if not callable(cond):
        raise TypeError("'cond' must be callable.")
    if not callable(body):
        raise TypeError("'body' must be callable.")
    if parallel_iterations < 1:
        raise TypeError("'parallel_iterations' must be a positive integer.")
    leaves = list(leaves_of(loop_vars))
    if not leaves:
        raise ValueError("'loop_vars' must be provided.")
    items = loop_vars if isinstance(loop_vars, list | tuple) else [loop_vars]
    graph = graph_of([leaf for leaf in leaves if is_tensor(leaf)])
    with graph.as_default(), graph.name_scope(name or "while"):
        counter, limit = _counter(maximum_iterations)
        context = WhileContext(
            graph,
            graph.unique_name("while_context"),
            current_context(graph),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=limit,
        )
        if context.outer_context is None:
            graph.add_to_collection(GraphKeys.WHILE_CONTEXT, context)
        loop = _Loop(context, cond, body, items, counter, limit)
        made = loop.build(_invariants(loop_vars, items, shape_invariants))
    return made[0] if len(leaves) == 1 and len(made) == 1 and not return_same_structure else made


def _counter(maximum: TensorLike | None) -> tuple[list[Tensor], Tensor | None]:
    """A further loop variable that counts iterations, and their greatest number, where there is one."""
    if maximum is None:
        return [], None
    limit = convert_to_tensor(maximum, name="maximum_iterations")
    if limit.shape.rank != 0:
        raise ValueError(f"'maximum_iterations' must be a scalar. Received shape: {limit.shape}")
    return [convert_to_tensor(0, limit.dtype, name="iteration_counter")], limit


def _invariants(loop_vars: Any, items: Any, given: Any) -> list[Shape] | None:
    if given is None:
        return None
    found = given if isinstance(loop_vars, list | tuple) else [given]
    check_same(items, _as_leaves(found, items), "shape_invariants")
    return [shapes.as_shape(shape.shape) for shape in leaves_of(_as_leaves(found, items))]


class _Invariant:
    """A shape in a structure of them, where a list of sizes is not to be taken for a list of shapes."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


def _as_leaves(given: Any, like: Any) -> Any:
    if isinstance(like, dict):
        return {key: _as_leaves(item, like[key]) for key, item in given.items()}
    if isinstance(like, list | tuple):
        return type(like)(_as_leaves(item, beside) for item, beside in zip(given, like, strict=True))
    return _Invariant(given)


class _Loop:
    """Makes the operations of a loop."""

    def __init__(
        self,
        context: WhileContext,
        cond: Callable[..., TensorLike],
        body: Callable[..., Result],
        items: Any,
        counter: list[Tensor],
        limit: Tensor | None,
    ) -> None:
        self.context = context
        self.graph: Graph = context.graph
        self.cond = cond
        self.body = body
        self.items = items
        self.counter = counter
        self.limit = limit

    def build(self, invariants: list[Shape] | None) -> Result:
        """The loop variables at the end."""
        context = self.context
        given = [*self.counter, *(convert_to_tensor(leaf) for leaf in leaves_of(self.items))]
        with context.entered():
            entered = self._entered(given, [(), *invariants] if invariants and self.counter else invariants)
            merged: list[Tensor] = [merge([tensor, tensor])[0] for tensor in entered]
            context.pivot_for_pred = merged[0]
            context.pivot = self._condition(merged)
            sides = [switch(tensor, context.pivot) for tensor in merged]
            inside = [_passed("Identity", on) for _, on in sides]
            context.pivot_for_body = inside[0]
            structure, results = self._results(inside)
            for tensor, result in zip(merged, results, strict=True):
                _close(tensor, _passed("NextIteration", result))
            context.exits = [_passed("Exit", off) for off, _ in sides]
            context.add_result(context.exits)
        return filled_with(structure, context.exits[len(self.counter) :])

    def _entered(self, given: Sequence[Tensor], invariants: Sequence[Shape] | None) -> list[Tensor]:
        context, outer = self.context, self.context.outer_context
        around = given if outer is None else [outer.add_value(tensor) for tensor in given]
        with self.graph.control_dependencies(None):
            entered = [enter(tensor, context.name, context.parallel_iterations) for tensor in around]
        for tensor, shape in zip(entered, invariants or (), strict=False):
            _check_invariant(tensor, shape)
            self.graph.get_operation_by_name(tensor.op.name).set_output_shape(0, shape)
        pivot = next((each.control_pivot for each in outer.outwards() if each.control_pivot), None) if outer else None
        for tensor in entered:
            self.graph.prevent_feeding(tensor)
            operation = self.graph.get_operation_by_name(tensor.op.name)
            source = operation.inputs[0].op
            if pivot is not None and source.type in ENTERS and source.data["attrs"]["is_constant"]:
                operation._add_control_input(pivot)
        context.take(entered)
        context.values = {tensor.name for tensor in entered}
        context.enters = entered
        return entered

    def _condition(self, merged: Sequence[Tensor]) -> Tensor:
        count = len(self.counter)
        own = [apply("Less", merged[0], self.limit)] if self.limit is not None else []
        given = self.cond(*filled_with(self.items, merged[count:]))
        if own:
            given = apply("LogicalAnd", own[0], given)
        condition = convert_to_tensor(given)
        if condition.dtype.base_dtype.name != "bool":
            raise TypeError(f"The condition of a loop must be a bool, not of dtype {condition.dtype.name}.")
        return apply("LoopCond", condition)

    def _results(self, inside: Sequence[Tensor]) -> tuple[Any, list[Tensor]]:
        count = len(self.counter)
        counted = [apply("AddV2", inside[0], 1, name="add")] if self.counter else []
        structure = self.body(*filled_with(self.items, inside[count:]))
        if not isinstance(structure, list | tuple):
            structure = [structure]
        leaves = list(leaves_of(structure))
        if any(isinstance(leaf, Operation) for leaf in leaves):
            raise TypeError("The body of a loop gives an operation; let a tensor that it gives wait for it instead.")
        if len(leaves) + count != len(inside):
            raise ValueError(
                f"Number of inputs and outputs of 'body' must match 'loop_vars'. Got {len(inside) - count} inputs and "
                f"{len(leaves)} outputs."
            )
        check_same(list(self.items), list(structure), "The loop variables and the results of 'body'")
        return structure, [*counted, *(convert_to_tensor(leaf) for leaf in leaves)]


def _passed(kind: str, tensor: Tensor) -> Tensor:
    return apply("Ref" + kind if tensor.dtype.is_ref_dtype else kind, tensor)


def _check_invariant(tensor: Tensor, shape: Shape) -> None:
    if not _fits(tensor.shape.plain, shape):
        raise ValueError(
            f"The shape invariant specified for {tensor.op.inputs[0].name} is not compatible with the initial shape of "
            f"the loop variable. It enters the loop with shape {tensor.shape}, but the specified shape invariant is "
            f"{shapes.text(shape)}."
        )


def _fits(shape: Shape, invariant: Shape) -> bool:
    """Whether all that an invariant says holds for a shape."""
    if invariant is None:
        return True
    if shape is None or len(shape) != len(invariant):
        return False
    return all(wanted is None or size == wanted for size, wanted in zip(shape, invariant, strict=True))


def _close(merged: Tensor, following: Tensor) -> None:
    """Let the next value of a loop variable come round to its Merge."""
    graph: Any = merged.graph
    loop = graph.get_operation_by_name(merged.op.name)
    first = loop.inputs[0].op.inputs[0]
    if following.dtype.base_dtype is not merged.dtype.base_dtype:
        raise TypeError(
            f"Input tensor {first.name!r} enters the loop with dtype {merged.dtype.name}, but has dtype "
            f"{following.dtype.name} after one iteration; convert it with tf.cast."
        )
    if not _fits(following.shape.plain, merged.shape.plain):
        raise ValueError(
            f"Input tensor {first.name!r} enters the loop with shape {first.shape}, but has shape {following.shape} "
            "after one iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument "
            "of tf.while_loop to specify a less-specific shape."
        )
    loop._update_input(1, following)
