"""Embeddings: rows that an index chooses, which all keep alike."""

from __future__ import annotations

from hdfsaver.conversion.layouts.found import Found, SeenUse, kept

_GATHERS = ("Gather", "GatherV2", "ResourceGather")


def embedding(seen: SeenUse) -> Found | None:
    """A table of rows."""
    graph, use, shape, _layout = seen
    kind = graph.kind(use.op)
    if kind not in _GATHERS or use.position != 0 or len(shape) < 2 or use.axes != tuple(range(len(shape))):
        return None
    if kind == "GatherV2":
        axis = graph.constant(graph.input(use.op, 2)[0])
        if axis is None or axis.size != 1 or axis.ravel()[0] != 0:
            return None
    return kept("embedding", use.op, shape)
