"""The order of a run with loops: the steps of each loop stand together, so that they can be run again and again.

TensorFlow calls the values of a loop its *frame*: an Enter leads into it, an Exit out of it. Here a frame is the tuple
of the names of the loops around, the outermost first.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.walks import CycleError, topological_sort
from hdfsaver.schema import DiGraph

Frame = tuple[str, ...]

ENTERS = frozenset({"Enter", "RefEnter"})
EXITS = frozenset({"Exit", "RefExit"})
MERGES = frozenset({"Merge", "RefMerge"})
NEXTS = frozenset({"NextIteration", "RefNextIteration"})
LOOP_TYPES = ENTERS | EXITS | NEXTS
"""The types of operations that are in loops only."""


@dataclass(frozen=True, slots=True)
class Loop:
    """The steps of a plan that are repeated, and the slots that change between two iterations.

    Attributes
    ----------
    node : str
        An operation of the loop, for messages.
    start, end : int
        Its steps are those from ``start`` on, before ``end``.
    firsts : tuple of int
        The slots with a value in the first iteration only.
    carried : tuple of (int, int)
        The slots with a value for the next iteration, and those that the next one reads.
    exits : tuple of (int, int)
        The slots with a value that leaves the loop where it is alive, and those where it is then.
    clears : tuple of int
        The slots that are not needed after the loop.
    """

    node: str
    start: int
    end: int
    firsts: tuple[int, ...]
    carried: tuple[tuple[int, int], ...]
    exits: tuple[tuple[int, int], ...]
    clears: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """Operations in an order in which they can run, and the loops among them.

    Attributes
    ----------
    names : list of str
    spans : list of (tuple of str, int, int)
        For each loop its frame, the place of its first operation and that behind its last; inner loops come first.
    frames : dict of str to tuple of str
        Where each operation runs: an Enter outside of its loop, an Exit in it.
    """

    names: list[str]
    spans: list[tuple[Frame, int, int]]
    frames: Mapping[str, Frame]


def order_with_loops(
    digraph: DiGraph, names: set[str], position: Mapping[str, int], known: frozenset[tuple[str, int]]
) -> Ordered:
    """Sort operations so that each comes after those that it needs, and a loop is in one piece.

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
    Ordered

    Raises
    ------
    ValueError
        Some of them wait for each other in a cycle that is not a loop.
    InvalidArgumentError
        An operation has inputs from different loops, or an Exit is not in one.
    """
    sources = {name: _sources(digraph, name, names, known) for name in names}
    frames = _frames(digraph, _sorted(sources, position), sources, known)
    levels: dict[Frame, dict[str, set[str]]] = {(): {}}
    places: dict[str, int] = {}
    for name in names:
        frame = frames[name]
        levels.setdefault(frame, {}).setdefault(name, set())
        places[name] = position[name]
        for depth in range(len(frame)):
            item = _item(frame[: depth + 1])
            levels.setdefault(frame[:depth], {}).setdefault(item, set())
            places[item] = min(places.get(item, position[name]), position[name])
        for source in sources[name]:
            _note(levels, name, frame, source, frames[source])
    return _flat({frame: _sorted(level, places) for frame, level in levels.items()}, frames)


def _sources(digraph: DiGraph, name: str, names: set[str], known: frozenset[tuple[str, int]]) -> set[str]:
    """The operations before one, without those of the iteration before."""
    data = digraph.nodes[name]
    found = {source for source, output in data["inputs"] if (source, output) not in known}
    if data["op"] in MERGES:
        found = {source for source in found if digraph.nodes[source]["op"] not in NEXTS}
    found.update(data["control_inputs"])
    return found & names


def _sorted(sources: Mapping[str, set[str]], position: Mapping[str, int]) -> list[str]:
    try:
        return topological_sort(sources, position)
    except CycleError as error:
        raise ValueError(
            f"Graph is invalid, contains a cycle with {len(error.names)} nodes, which wait for each other: "
            f"{', '.join(sorted(name.replace(_MARK, '') for name in error.names)[:5])}."
        ) from None


def _frames(
    digraph: DiGraph, order: Sequence[str], sources: Mapping[str, set[str]], known: frozenset[tuple[str, int]]
) -> dict[str, Frame]:
    """Where each operation runs."""
    runs: dict[str, Frame] = {}
    gives: dict[str, Frame] = {}
    for name in order:
        data = digraph.nodes[name]
        found = {gives[source]: source for source in sources[name]}
        if any(wire in known for wire in data["inputs"]):
            found[()] = next(source for source, output in data["inputs"] if (source, output) in known)
        if len(found) > 1:
            said = " ".join(f"The input {source!r} is in frame {_text(frame)}." for frame, source in found.items())
            raise InvalidArgumentError(None, None, f"{{{{node {name}}}}} has inputs from different frames. {said}")
        frame = runs[name] = next(iter(found), ())
        if data["op"] in ENTERS:
            frame = (*frame, data["attrs"]["frame_name"].decode("utf-8", "replace"))
        elif data["op"] in EXITS:
            if not frame:
                raise InvalidArgumentError(
                    None, None, f"Invalid Exit op: Cannot find a corresponding Enter op of {name!r}."
                )
            frame = frame[:-1]
        gives[name] = frame
    return runs


def _text(frame: Frame) -> str:
    return repr(frame[-1] if frame else "")


_MARK = "\0"


def _item(frame: Frame) -> str:
    """A whole loop as an item beside the operations around it; no operation has such a name."""
    return _MARK + _MARK.join(frame)


def _note(levels: dict[Frame, dict[str, set[str]]], name: str, frame: Frame, source: str, other: Frame) -> None:
    """Note that an operation comes after another, or that the loops come so which these are in."""
    depth = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(frame, other, strict=False)))
    first = source if len(other) == depth else _item(other[: depth + 1])
    second = name if len(frame) == depth else _item(frame[: depth + 1])
    levels.setdefault(frame[:depth], {}).setdefault(second, set()).add(first)
    levels[frame[:depth]].setdefault(first, set())


def _flat(orders: Mapping[Frame, list[str]], frames: Mapping[str, Frame]) -> Ordered:
    names: list[str] = []
    spans: list[tuple[Frame, int, int]] = []
    waiting: list[tuple[Frame, int, list[str]]] = [((), 0, orders[()][::-1])]
    while waiting:
        frame, start, rest = waiting[-1]
        if not rest:
            waiting.pop()
            if frame:
                spans.append((frame, start, len(names)))
        elif rest[-1].startswith(_MARK):
            inner = tuple(rest.pop().split(_MARK)[1:])
            waiting.append((inner, len(names), orders[inner][::-1]))
        else:
            names.append(rest.pop())
    return Ordered(names, spans, frames)


class _Uses(Protocol):
    @property
    def inputs(self) -> tuple[int, ...]: ...

    @property
    def controls(self) -> tuple[int, ...]: ...

    @property
    def outputs(self) -> tuple[int, ...]: ...


def with_clears(
    loops: Sequence[Loop], steps: Sequence[_Uses], frees: list[list[int]]
) -> tuple[tuple[Loop, ...], list[list[int]]]:
    """Keep what a loop needs in its next iteration until the loop has ended.

    Parameters
    ----------
    loops : sequence of Loop
        Inner loops before those around them.
    steps : sequence of Step
    frees : list of list of int
        For each step the slots that it is the last to need, if it runs once.

    Returns
    -------
    loops : tuple of Loop
        With the slots to clear after each.
    frees : list of list of int
    """
    frees = [list(mine) for mine in frees]
    changed: list[Loop] = []
    for loop in loops:
        made = {slot for step in steps[loop.start : loop.end] for slot in step.outputs}
        kept = {slot for pair in (*loop.carried, *loop.exits) for slot in pair[:2]}
        public = {outside for _, outside in loop.exits}
        inner = [other for other in changed if loop.start <= other.start and other.end <= loop.end]
        made |= {outside for other in inner for _, outside in other.exits}
        clears = dict.fromkeys(kept - public)
        for place in range(loop.start, loop.end):
            late = [slot for slot in frees[place] if slot in kept or slot not in made]
            clears.update(dict.fromkeys(slot for slot in late if slot not in public))
            frees[place] = [slot for slot in frees[place] if slot not in late]
        for place, other in enumerate(changed):
            if other in inner:
                late = [slot for slot in other.clears if slot not in made and slot not in _own(other)]
                clears.update(dict.fromkeys(late))
                changed[place] = replace(other, clears=tuple(slot for slot in other.clears if slot not in late))
        changed.append(replace(loop, clears=tuple(clears)))
    return tuple(changed), frees


def _own(loop: Loop) -> set[int]:
    """The slots that only the loop itself fills."""
    return {*(slot for pair in loop.carried for slot in pair), *(inside for inside, _ in loop.exits)}
