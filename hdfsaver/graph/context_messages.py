"""Branches and loops out of the messages that graphs carry in collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hdfsaver.graph.contexts import CondContext, Context
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
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
        waiting: list[tuple[message_classes.ControlFlowContextDef, Context | None]] = [(wrapper, None)]
        for found, outer in waiting:  # it grows meanwhile
            with self.graph.inside(outer):
                context, nested = self._cond(found.cond_ctxt), found.cond_ctxt.nested_contexts
            first = first or context
            waiting += [(inner, context) for inner in nested]
        assert first is not None
        return first

    def _cond(self, found: message_classes.CondContextDef) -> CondContext:
        names = self._names(found.values_def.values)
        outside = {
            self.renamed(name): self.graph.get_tensor_by_name(self.renamed(inside))
            for name, inside in found.values_def.external_values.items()
        }
        pred, pivot = (
            self.graph.get_tensor_by_name(self.renamed(name)) for name in (found.pred_name, found.pivot_name)
        )
        context = CondContext(pred, pivot, found.branch, self.prefix + found.context_name)
        self._fill(context, names, outside)
        return context

    def _names(self, names: Iterable[str]) -> list[str]:
        """The names in the graph; `KeyError` or `ValueError` where one is not in it."""
        return [self.graph.get_tensor_by_name(self.renamed(name)).name for name in names]

    def _fill(self, context: Context, names: Iterable[str], outside: dict[str, Tensor]) -> None:
        context.values = set(names)
        context.external_values = outside
        for name in context.values - outside.keys():
            self.graph.put_into(context, name.partition(":")[0])
