"""Branches and loops that are being built: how operations made inside get values from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.op_names import strip_name_scope
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes


def switch(data: Tensor, pred: Tensor, name: str = "Switch") -> tuple[Tensor, Tensor]:
    """Make a Switch on the device of a tensor or of a variable itself.

    Parameters
    ----------
    data : Tensor
    pred : Tensor
        A bool.
    name : str
        The name of the operation.

    Returns
    -------
    tuple of Tensor
        The output that is alive where the bool is false, and the one where it is true.
    """
    kind = "RefSwitch" if data.dtype.is_ref_dtype else "Switch"
    with data.graph.colocate_with(data.op, ignore_existing=True):
        false, true = apply_list(kind, data, pred, name=name)
    return false, true


def context_of(operation: Operation) -> Context | None:
    """The innermost branch or loop that an operation belongs to."""
    found = operation.graph.context_of(operation.name)
    return found if isinstance(found, Context) else None


def output_context(operation: Operation) -> Context | None:
    """The branch or the loop that the outputs of an operation belong to: of an Exit the one around the loop."""
    context = context_of(operation)
    return context.outer_context if context is not None and operation.type in EXITS else context


EXITS = frozenset({"Exit", "RefExit"})


class Context:
    """A branch of a cond, or a loop.

    Attributes
    ----------
    graph : Graph
    name : str
        A name in the scope of the cond or the loop, by which a message has it.
    outer_context : Context or None
        The branch or the loop around it.
    values : set of str
        The names of the tensors that were made inside, and of those that were brought in.
    external_values : dict of str to Tensor
        For a tensor from outside the one that stands for it inside.
    nested : list of Context
        The contexts that were built inside.
    """

    def __init__(self, graph: Graph, name: str, outer: Context | None) -> None:
        self.graph = graph
        self.name = name
        self.outer_context = outer
        self.values: set[str] = set()
        self.external_values: dict[str, Tensor] = {}
        self.nested: list[Context] = []
        if outer is not None:
            outer.nested.append(self)

    @property
    def control_pivot(self) -> Operation | None:
        """The operation that those without inputs wait for, so that they run only where the context does."""
        raise NotImplementedError

    def add_value(self, value: Tensor) -> Tensor:
        """The tensor that stands inside for one from anywhere."""
        raise NotImplementedError

    def add_op(self, operation: Operation) -> None:
        """Make a new operation part of the context: values from outside reach it as the context brings them in."""
        self.add_inside(operation)

    def add_inside(self, operation: Operation) -> None:
        """Make a new operation part of this context and of no other one."""
        raise NotImplementedError

    def to_proto(self, export_scope: str | None = None) -> message_classes.Message:
        """The context as a message; a scope is taken from the names."""
        raise NotImplementedError

    def message(self, export_scope: str | None = None) -> message_classes.ControlFlowContextDef:
        """The context as a message of its own kind within a wrapper."""
        raise NotImplementedError

    def while_context(self) -> Context | None:
        """The innermost loop that this is, or is in."""
        return self.outer_context.while_context() if self.outer_context is not None else None

    def within(self, other: Context) -> bool:
        """Whether this is another context, or is inside of it."""
        return any(context is other for context in self.outwards())

    def outwards(self) -> Iterator[Context]:
        """The context and those around it, the innermost first."""
        context: Context | None = self
        while context is not None:
            yield context
            context = context.outer_context

    def add_name(self, name: str) -> None:
        """Note that a tensor is known here."""
        self.values.add(name)

    def add_result(self, tensors: list[Tensor]) -> None:
        """Tell the context around which tensors come out of this one."""
        if self.outer_context is not None:
            for tensor in tensors:
                self.outer_context.add_name(tensor.name)

    def bring_in(self, operation: Operation) -> None:
        """Replace the inputs of an operation that come from outside, by operations in its scope."""
        outer = self.graph.set_name_scope(operation.name + "/")
        try:
            for index, tensor in enumerate(operation.inputs):
                inside = self.add_value(tensor)
                if inside is not tensor:
                    operation._update_input(index, inside)
        finally:
            self.graph.set_name_scope(outer)

    def drop_outer_controls(self, operation: Operation) -> list[Operation]:
        """Let an operation in a loop wait for none outside of that loop, which runs but once; gives those."""
        loop = self.while_context()
        waited = operation.control_inputs
        if loop is None or not waited:
            return []
        kept = [other for other in waited if (found := output_context(other)) and found.while_context() is loop]
        if len(kept) < len(waited):
            operation._remove_all_control_inputs()
            operation._add_control_inputs(kept)
        return [other for other in waited if other not in kept]

    def close_in(self, operation: Operation) -> None:
        """Refuse to fetch an operation that runs in some runs only, or several times."""
        if self.outer_context is not None or operation.type not in EXITS:
            self.graph.prevent_fetching(operation)

    def message_of_values(self, export_scope: str | None) -> message_classes.ValuesDef:
        """The names of the values."""
        made = message_classes.ValuesDef(values=[strip_name_scope(name, export_scope) for name in sorted(self.values)])
        for name, inside in self.external_values.items():
            made.external_values[strip_name_scope(name, export_scope)] = strip_name_scope(inside.name, export_scope)
        return made

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make new operations part of the context inside a ``with`` block."""
        with self.graph.inside(self):
            yield


def current_context(graph: Graph) -> Context | None:
    """The branch or the loop that is being built in this thread."""
    found = graph._get_control_flow_context()
    return found if isinstance(found, Context) else None


class CondContext(Context):
    """A branch of a cond.

    Parameters
    ----------
    pred : Tensor
        The condition.
    pivot : Tensor
        A tensor that is alive where the branch is taken.
    branch : {0, 1}
        1 for the branch that is taken where the condition is true.
    name : str, optional
        A name that is not to be made unique.
    """

    def __init__(self, pred: Tensor, pivot: Tensor, branch: int, name: str | None = None) -> None:
        graph = pivot.op.graph
        assert isinstance(graph, Graph)
        super().__init__(graph, name or graph.unique_name("cond_text"), current_context(graph))
        self.pred = pred
        self.pivot = pivot
        self.branch = branch
        self.values.update((pred.name, pivot.name))
        self.external_values[pred.name] = pred
        graph.put_into(self, pivot.op.name)

    @property
    def control_pivot(self) -> Operation:
        """The operation that those without inputs wait for, so that they run only where the branch is taken."""
        return self.graph.get_operation_by_name(self.pivot.op.name)

    def add_value(self, value: Tensor) -> Tensor:
        """The tensor that stands in this branch for one from anywhere: an output of a Switch."""
        if value.name in self.values:
            return self.external_values.get(value.name, value)
        inside = self._from_around(value)
        with self.graph.control_dependencies(None):
            inside = switch(inside, self.pred)[self.branch]
        self.graph.prevent_fetching(inside.op)
        self.graph.put_into(self, inside.op.name)
        self._add_everywhere(inside.name)
        self.external_values[value.name] = inside
        return inside

    def result(self, value: Tensor) -> Tensor:
        """A tensor as a result of this branch: one from outside is passed on by a Switch."""
        if value.name in self.values:
            return self.external_values.get(value.name, value)
        inside = switch(self._from_around(value), self.pred)[self.branch]
        self.external_values[value.name] = inside
        return inside

    def _from_around(self, value: Tensor) -> Tensor:
        self.values.add(value.name)
        if self.outer_context is None:
            return value
        around = self.outer_context.add_value(value)
        self.values.add(around.name)
        self.external_values[around.name] = around
        return around

    def add_inside(self, operation: Operation) -> None:
        """Make a new operation part of the branch: values from outside reach it through a Switch."""
        self.graph.put_into(self, operation.name)
        if operation.data["inputs"]:
            self.bring_in(operation)
            self.drop_outer_controls(operation)
        else:
            self.drop_outer_controls(operation)
            found = [context_of(other) for other in operation.control_inputs]
            if not any(context is not None and context.within(self) for context in found):
                operation._add_control_input(self.control_pivot)
        for tensor in operation.outputs:
            self._add_everywhere(tensor.name)
        self.close_in(operation)

    def _add_everywhere(self, name: str) -> None:
        """Note that a tensor is known here and around."""
        for context in self.outwards():
            context.add_name(name)

    def to_proto(self, export_scope: str | None = None) -> message_classes.CondContextDef:
        """The context as a message; a scope is taken from the names."""
        return message_classes.CondContextDef(
            context_name=strip_name_scope(self.name, export_scope),
            pred_name=strip_name_scope(self.pred.name, export_scope),
            pivot_name=strip_name_scope(self.pivot.name, export_scope),
            branch=self.branch,
            values_def=self.message_of_values(export_scope),
            nested_contexts=[context.message(export_scope) for context in self.nested],
        )

    def message(self, export_scope: str | None = None) -> message_classes.ControlFlowContextDef:
        """The context as a message of its own kind within a wrapper."""
        return message_classes.ControlFlowContextDef(cond_ctxt=self.to_proto(export_scope))
