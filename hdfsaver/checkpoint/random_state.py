"""The places of a session's random operations, in checkpoints."""

from __future__ import annotations

from collections.abc import Mapping

from hdfsaver.graph.graph import Graph
from hdfsaver.random_numbers.philox import Stream, seeded


def fitting(graph: Graph, places: Mapping[str, tuple[int, int]]) -> dict[str, Stream]:
    """The places that are for operations of a graph: those with the same names and seeds.

    Parameters
    ----------
    graph : Graph
    places : mapping of str to tuple of int
        A key and the number of a block, by the names of operations, as a checkpoint has them.

    Returns
    -------
    dict of str to Stream
    """
    found = {}
    for name, (key, counter) in places.items():
        attrs = graph.digraph.nodes[name]["attrs"] if name in graph.digraph else {}
        if "seed" not in attrs or "seed2" not in attrs:
            continue
        seeds = attrs["seed"], attrs["seed2"]
        begin = seeded(*seeds)
        # Without seeds an operation takes over the stream that the saved session chose.
        if seeds == (0, 0) or (begin.key, begin.counter >> 64) == (key, counter >> 64):
            found[name] = Stream(key, counter)
    return found
