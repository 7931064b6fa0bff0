"""Walks over a graph, without recursion: graphs are deeper than Python's stack."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hdfsaver.schema import DiGraph


def ancestors(digraph: DiGraph, targets: Iterable[str], known: frozenset[tuple[str, int]] = frozenset()) -> set[str]:
    """The operations that must run so that the targets can, they themselves included.

    Parameters
    ----------
    digraph : networkx.DiGraph
    targets : iterable of str
        Names of operations.
    known : frozenset of (str, int)
        Outputs whose value is there already: nothing needs to run for them.

    Returns
    -------
    set of str
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
        waiting.extend(
            # As in TensorFlow, what waits for a placeholder begins if it is fed; any other operation still has to run.
            source
            for source in data["control_inputs"]
            if (source, 0) not in known or nodes[source]["op"] not in ("Placeholder", "PlaceholderV2")
        )
    return needed


class CycleError(ValueError):
    """Nodes need each other.

    Attributes
    ----------
    names : list of str
        The nodes that are in a cycle, or need one that is.
    """

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Nodes in a cycle: {', '.join(names[:5])}.")
        self.names = names


def topological_sort(sources: Mapping[str, Collection[str]], position: Mapping[str, int]) -> list[str]:
    """Sort names so that each comes after those that it needs, and otherwise by position.

    Parameters
    ----------
    sources : mapping of str to set of str
        The names that each of the names needs, all of them among the keys.
    position : mapping of str to int
        The order of names that could both come next: the lowest is first.

    Returns
    -------
    list of str

    Raises
    ------
    CycleError
        Some of them need each other.
    """
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
    if len(order) < len(sources):
        raise CycleError([name for name, count in missing.items() if count])
    return order


def execution_order(
    digraph: DiGraph, names: set[str], position: Mapping[str, int], known: frozenset[tuple[str, int]] = frozenset()
) -> list[str]:
    """Sort operations so that each comes after those that it needs, and otherwise in the order of creation.

    Parameters
    ----------
    digraph : networkx.DiGraph
    names : set of str
        The operations to sort; others that they need count as done.
    position : mapping of str to int
        When each operation was made.
    known : frozenset of (str, int)
        Outputs whose value is there already.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        Some of them wait for each other in a cycle.
    """
    try:
        return topological_sort({name: _sources(digraph, name, names, known) for name in names}, position)
    except CycleError as error:
        raise ValueError(
            f"Graph is invalid, contains a cycle with {len(error.names)} nodes, which wait for each other: "
            f"{', '.join(sorted(error.names)[:5])}."
        ) from None


def _sources(digraph: DiGraph, name: str, names: set[str], known: frozenset[tuple[str, int]]) -> set[str]:
    data = digraph.nodes[name]
    found = {source for source, output in data["inputs"] if (source, output) not in known}
    found.update(data["control_inputs"])
    return found & names


class Takers:
    """The operations that take each output of an operation; found for all of its outputs at once."""

    def __init__(self) -> None:
        self._version = -1
        self._found: dict[str, tuple[int, dict[int, list[str]]]] = {}

    def of(self, digraph: DiGraph, version: int, name: str, output: int) -> list[str]:
        """The operations that take an output.

        Parameters
        ----------
        digraph : networkx.DiGraph
        version : int
            The version of the graph; with a new one earlier results are dropped.
        name : str
            The name of the operation that has the output.
        output : int
            The position of the output.

        Returns
        -------
        list of str
            Names of operations, in the order of edges, each as often as it takes the output.
        """
        if version != self._version:
            self._version, self._found = version, {}
        edges = digraph.succ[name]
        count, found = self._found.get(name, (-1, {}))
        if count != len(edges):
            found = {}
            for target, edge in edges.items():
                for taken, _ in edge["wires"]:
                    found.setdefault(taken, []).append(target)
            self._found[name] = len(edges), found
        return found.get(output, [])


def nodes_behind(digraph: DiGraph, count: int, last: str | None) -> list[str] | None:
    """The nodes behind the first ones, in order, in a time that depends on their number alone.

    Parameters
    ----------
    digraph : networkx.DiGraph
    count : int
        How many nodes were there before.
    last : str or None
        Which of them was the last.

    Returns
    -------
    list of str or None
        None where the first nodes are not those from before: some of them were removed.
    """
    if count > len(digraph):
        return None
    nodes: dict[str, Any] = digraph._node  # type: ignore[attr-defined]  # views cannot be walked over from their end
    names = list(itertools.islice(reversed(nodes), len(digraph) - count + 1))[::-1]
    if not count:
        return names
    return names[1:] if names[0] == last else None


def data_behind(digraph: DiGraph, count: int) -> list[tuple[str, dict[str, Any]]]:
    """The nodes behind the first ones with their data, in order, in a time that depends on their number alone."""
    nodes: dict[str, dict[str, Any]] = digraph._node  # type: ignore[attr-defined]  # as above
    return list(itertools.islice(reversed(nodes.items()), len(nodes) - count))[::-1]


class Positions:
    """When each operation of a graph was made; operations that were added since the last time are all it looks at."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, digraph: DiGraph) -> Mapping[str, int]:
        """The place of each operation in the order of nodes."""
        known = self._known  # looked at once: another thread may be running too
        count = len(known)
        names = nodes_behind(digraph, count, next(reversed(known), None))
        if names is None:
            known = self._known = positions(digraph)
        else:
            known.update(zip(names, range(count, count + len(names)), strict=True))
        return known


def positions(digraph: DiGraph) -> dict[str, int]:
    """When each operation was made: its place in the order of nodes."""
    return {name: place for place, name in enumerate(digraph)}
