"""Walks over a graph, without recursion: graphs are deeper than Python's stack."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from hdfsaver.schema import DiGraph


def ancestors(digraph: DiGraph, targets: Iterable[str], known: frozenset[tuple[str, int]] = frozenset()) -> set[str]:
    """The operations that must run so that the targets can, they themselves included.

    Parameters
    ----------
    digraph : networkx.DiGraph
    targets : iterable of str
        Names of operations.
    known : frozenset of (str, int)
        Outputs whose value is there already: nobody needs to run for them.
    """
    nodes = digraph.nodes
    needed: set[str] = set()
    waiting = list(targets)
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        data = nodes[name]
        waiting.extend(source for source, output in data["inputs"] if (source, output) not in known)
        waiting.extend(data["control_inputs"])
    return needed


def in_order(
    digraph: DiGraph, names: set[str], position: Mapping[str, int], known: frozenset[tuple[str, int]] = frozenset()
) -> list[str]:
    """Sort operations so that each comes after what it needs, and otherwise as they were made.

    Parameters
    ----------
    digraph : networkx.DiGraph
    names : set of str
        The operations to sort; what they need beyond this set counts as done.
    position : mapping of str to int
        When each operation was made.
    known : frozenset of (str, int)
        Outputs whose value is there already.

    Raises
    ------
    ValueError
        Some of them wait for each other in a circle.
    """
    sources = {name: _sources(digraph, name, names, known) for name in names}
    takers: dict[str, list[str]] = {}
    for name, needed in sources.items():
        for source in needed:
            takers.setdefault(source, []).append(name)
    missing = {name: len(needed) for name, needed in sources.items()}
    ready = [(position[name], name) for name, count in missing.items() if count == 0]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        name = heapq.heappop(ready)[1]
        order.append(name)
        for taker in takers.get(name, ()):
            missing[taker] -= 1
            if missing[taker] == 0:
                heapq.heappush(ready, (position[taker], taker))
    if len(order) < len(names):
        circle = sorted(name for name, count in missing.items() if count)
        raise ValueError(f"Operations wait for each other in a circle: {', '.join(circle[:5])}.")
    return order


def _sources(digraph: DiGraph, name: str, names: set[str], known: frozenset[tuple[str, int]]) -> set[str]:
    data = digraph.nodes[name]
    found = {source for source, output in data["inputs"] if (source, output) not in known}
    found.update(data["control_inputs"])
    return found & names


def positions(digraph: DiGraph) -> dict[str, int]:
    """When each operation was made: its place in the order of nodes."""
    return {name: place for place, name in enumerate(digraph)}
