"""Branches and loops out of the messages that graphs carry in collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hdfsaver.graph.contexts import CondContext, Context
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.loop_contexts import WhileContext
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes

CONTEXTS = (GraphKeys.COND_CONTEXT, GraphKeys.WHILE_CONTEXT)
"""The collections of branches and of loops."""


def read_context(graph: Graph, key: str, item: bytes, renamed: Callable[[str], str], prefix: str) -> Context:
    """Make the context that a message describes, with those in it, of operations that are in the graph.

    Parameters
    ----------
    graph : Graph
    key : str
        The name of the collection.
    item : bytes
        The message.
    renamed : callable
        Gives the name of a tensor in the graph for the one in the message.
    prefix : str
        The scope of the graph that was imported.

    Returns
    -------
    Context

    Raises
    ------
    DecodeError
        It is not a message.
    KeyError, ValueError
        It names what is not in the graph.
    """
    kind = "cond_ctxt" if key == GraphKeys.COND_CONTEXT else "while_ctxt"
    wrapper = message_classes.ControlFlowContextDef()
    getattr(wrapper, kind).ParseFromString(item)
    return _Reader(graph, renamed, prefix).read(wrapper)


class _Reader:
    def __init__(self, graph: Graph, renamed: Callable[[str], str], prefix: str) -> None:
        self.graph = graph
        self.renamed = renamed
        self.prefix = prefix

    def read(self, wrapper: message_classes.ControlFlowContextDef) -> Context:
        """The context and, without recursion, those inside."""
        first: Context | None = None
        context: Context
        waiting: list[tuple[message_classes.ControlFlowContextDef, Context | None]] = [(wrapper, None)]
        for found, outer in waiting:  # it grows meanwhile
            with self.graph.inside(outer):
                if found.HasField("while_ctxt"):
                    context, nested = self._loop(found.while_ctxt, outer), found.while_ctxt.nested_contexts
                else:
                    context, nested = self._cond(found.cond_ctxt), found.cond_ctxt.nested_contexts
            first = first or context
            waiting += [(inner, context) for inner in nested]
        assert first is not None
        return first

    def _cond(self, found: message_classes.CondContextDef) -> CondContext:
        names, outside = self._values(found.values_def)
        pred = self.graph.get_tensor_by_name(self.renamed(found.pred_name))
        pivot = self.graph.get_tensor_by_name(self.renamed(found.pivot_name))
        context = CondContext(pred, pivot, found.branch, self.prefix + found.context_name)
        self._fill(context, names, outside)
        return context

    def _loop(self, found: message_classes.WhileContextDef, outer: Context | None) -> WhileContext:
        names, outside = self._values(found.values_def)
        context = WhileContext(
            self.graph,
            self.prefix + found.context_name,
            outer,
            parallel_iterations=found.parallel_iterations,
            back_prop=found.back_prop,
            swap_memory=found.swap_memory,
            maximum_iterations=self._tensor(found.maximum_iterations_name),
        )
        context.pivot = self._tensor(found.pivot_name)
        context.pivot_for_pred = self._tensor(found.pivot_for_pred_name)
        context.pivot_for_body = self._tensor(found.pivot_for_body_name)
        context.exits = [self.graph.get_tensor_by_name(self.renamed(name)) for name in found.loop_exit_names]
        context.enters = [self.graph.get_tensor_by_name(self.renamed(name)) for name in found.loop_enter_names]
        self._fill(context, names, outside)
        return context

    def _tensor(self, name: str) -> Tensor | None:
        return self.graph.get_tensor_by_name(self.renamed(name)) if name else None

    def _values(self, found: message_classes.ValuesDef) -> tuple[list[str], dict[str, Tensor]]:
        outside = {
            self.renamed(name): self.graph.get_tensor_by_name(self.renamed(inside))
            for name, inside in found.external_values.items()
        }
        return self._names(found.values), outside

    def _names(self, names: Iterable[str]) -> list[str]:
        """The names in the graph; `KeyError` or `ValueError` where one is not in it."""
        return [self.graph.get_tensor_by_name(self.renamed(name)).name for name in names]

    def _fill(self, context: Context, names: Iterable[str], outside: dict[str, Tensor]) -> None:
        context.values = set(names)
        context.external_values = outside
        for name in context.values - outside.keys():
            self.graph.put_into(context, name.partition(":")[0])
