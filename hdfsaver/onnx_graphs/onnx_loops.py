"""Loops: those of TensorFlow 1, of which each part is an operation, and those that call functions, as ONNX's Loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from hdfsaver import dtypes
from hdfsaver.onnx_graphs.element_arrays import NeedsWholeError, common, merged, padded, zeros
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.frames import MISSING, Elements, Frame, Output, Value
from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph, OnnxNode, Signature, Stored
from hdfsaver.schema import DiGraph
from hdfsaver.shapes import Shape

_DEPTH = 50
"""How deep loops and branches may be in each other; deeper ones would take all of Python's stack."""

ENTERS = ("Enter", "RefEnter")
EXITS = ("Exit", "RefExit")
NEXTS = ("NextIteration", "RefNextIteration")
MERGES = ("Merge", "RefMerge")

Kind = tuple[str, Shape]
"""The dtype and the static shape of what a loop carries."""

Part = Callable[[Emitter, Sequence[Value]], Sequence[Value]]
"""Gives the values of the condition or of the body from those that are carried, with nodes in a graph."""


class Walker(Protocol):
    """The functions of a walk that loops need; see `hdfsaver.onnx_graphs.walking.Walk`."""

    def require(self, frame: Frame, outputs: Sequence[Output]) -> None:
        """Give values to tensors."""

    def variable(self, frame: Frame, stored: Stored) -> str:
        """The name of a variable's value."""

    def shape_of(self, frame: Frame, output: Output) -> Shape:
        """The static shape of a tensor."""


class _OtherShapesError(Exception):
    """What a loop carries does not keep the shapes that it has before the first iteration."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        self.shapes = shapes


class _Owner:
    """An array that one loop carries."""


class Loops:
    """Makes the loops of a walk.

    Parameters
    ----------
    walk : Walker
    """

    def __init__(self, walk: Walker) -> None:
        self.walk = walk

    def looped(
        self, frame: Frame, kinds: Sequence[Kind], firsts: Sequence[Value], condition: Part, body: Part
    ) -> list[Value]:
        """The values that are carried, after a loop.

        Parameters
        ----------
        frame : Frame
            Where the loop is.
        kinds : sequence of (str, tuple or None)
        firsts : sequence of Value
            What is carried, before the first iteration.
        condition, body : callable

        Returns
        -------
        list of Value
            Missing ones, where an operation in the loop has no twin.
        """
        by_element = [_is_untouched(value) for value in firsts]
        kinds = [_kind(value, kind) for value, kind in zip(firsts, kinds, strict=True)]
        while True:
            attempt = _Attempt(self.walk, frame, kinds, firsts, by_element)
            try:
                return attempt.run(condition, body)
            except _OtherShapesError as error:
                kinds = [(dtype, shape) for (dtype, _), shape in zip(kinds, error.shapes, strict=True)]
            except NeedsWholeError as error:
                if error.owner not in attempt.owners:
                    raise
                place = attempt.owners.index(error.owner)
                by_element[place] = False
                firsts = [*firsts[:place], _with_shape(firsts[place], error.shape), *firsts[place + 1 :]]

    # -- the loops of TensorFlow 1 ---------------------------------------------------------------------------------

    def sources(self, frame: Frame, name: str) -> list[Output]:
        """The tensors that come before an Exit: those that its loop takes from outside."""
        loop = _loop_of(frame, name)
        return [source for enter in loop.enters for source in frame.digraph.nodes[enter]["inputs"]]

    def exits(self, frame: Frame, name: str) -> list[Value]:
        """The value of an Exit; the others of its loop get theirs as well."""
        if frame.values.get((name, 0)) is not None:
            return [frame.values[name, 0]]
        if sum(1 for _ in frame.chain()) > _DEPTH:
            raise NoTwinError("it is deep in other loops")
        loop, nodes = _loop_of(frame, name), frame.digraph.nodes
        entered = [nodes[_part(frame.digraph, merge, ENTERS)]["inputs"][0] for merge in loop.merges]
        nexts = [nodes[_part(frame.digraph, merge, NEXTS)]["inputs"][0] for merge in loop.merges]
        firsts = [
            (frame.find(source) or MISSING)._replace(shape=self.walk.shape_of(frame, source)) for source in entered
        ]
        fixed = [source for enter in loop.enters for source in nodes[enter]["inputs"]]
        if any((frame.find(source) or MISSING).is_missing for source in fixed):
            return [MISSING]

        def part(wanted: Sequence[Output]) -> Part:
            def values(emitter: Emitter, carried: Sequence[Value]) -> Sequence[Value]:
                inner = Frame(frame.graph, emitter, frame.prefix, frame.calls, frame)
                origin = emitter.origin
                for merge, value in zip(loop.merges, carried, strict=True):
                    inner.values[merge, 0] = value
                for switch, merge in loop.switches:
                    inner.values[switch, 1] = inner.values[merge, 0]
                self.walk.require(inner, wanted)
                emitter.origin = origin
                return [
                    (inner.find(output) or MISSING)._replace(shape=self.walk.shape_of(inner, output))
                    for output in wanted
                ]

            return values

        kinds = [nodes[merge]["outputs"][0] for merge in loop.merges]
        results = self.looped(frame, kinds, firsts, part([loop.condition]), part(nexts))
        found = dict(zip(loop.merges, results, strict=True))
        values = {exit_: found[merge] for exit_, merge in loop.exits}
        frame.values.update({(exit_, 0): value for exit_, value in values.items()})
        return [values[name]]


class _Attempt:
    """One way to make a loop: which arrays it writes by element, and which it carries."""

    def __init__(
        self,
        walk: Walker,
        frame: Frame,
        kinds: Sequence[Kind],
        firsts: Sequence[Value],
        by_element: Sequence[bool],
    ) -> None:
        self.walk = walk
        self.frame = frame
        self.firsts = firsts
        self.owners: list[object] = [_Owner() if flag else None for flag in by_element]
        self.kinds = kinds
        self.emitter = frame.emitter.inner()
        self.emitter.origin = frame.emitter.origin

    def run(self, condition: Part, body: Part) -> list[Value]:
        """See `Loops.looped`."""
        frame, emitter = self.frame, self.emitter
        carried = [place for place, owner in enumerate(self.owners) if owner is None]
        starts = {place: self._name(frame.emitter, place) for place in carried}
        (test,) = condition(frame.emitter, self._begun(starts))
        taken = [emitter.names.take(f"{emitter.origin}/{part}") for part in ("iteration", "goes_on")]
        before = [self._before(place) for place in range(len(self.firsts))]
        after = list(body(emitter, before))
        if test.is_missing or any(value.is_missing for value in after):
            return [MISSING] * len(after)
        self._check_shapes(after)
        rows = {place: self._row(place, before, after) for place in range(len(after)) if place not in starts}
        ends = [self._end(place, value) for place, value in enumerate(after)]
        (again,) = condition(emitter, ends)
        if again.is_missing:
            return [MISSING] * len(after)
        same = [place for place in carried if ends[place].name == before[place].name]
        for place in same:
            emitter.graph.nodes.insert(
                0, OnnxNode("Identity", [starts[place]], [before[place].name], {}, emitter.origin)
            )
        kept = [place for place in carried if place not in same]
        inner = emitter.graph
        inner.inputs += [Signature(taken[0], "int64", ()), Signature(taken[1], "bool", ())]
        inner.inputs += [Signature(before[place].name, self.kinds[place][0], None) for place in kept]
        self._give_back(self._named(again), "bool")
        for place in kept:
            self._give_back(ends[place].name, self.kinds[place][0])
        for row in rows.values():
            self._give_back(row.element, row.dtype)
        return self._results(inner, self._outer_name(test), starts, kept, rows, after)

    def _check_shapes(self, after: Sequence[Value]) -> None:
        """Compare the shapes that were taken for granted with those after an iteration.

        Raises
        ------
        _OtherShapesError
            They are others.
        """
        shapes = [
            shape if value.elements is not None else common(shape, _shape(value))
            for value, (_, shape) in zip(after, self.kinds, strict=True)
        ]
        if shapes != [shape for _, shape in self.kinds]:
            raise _OtherShapesError(shapes)

    def _results(
        self,
        inner: OnnxGraph,
        test: str,
        starts: dict[int, str],
        kept: Sequence[int],
        rows: dict[int, Elements],
        after: Sequence[Value],
    ) -> list[Value]:
        to = self.frame.emitter
        if not kept and not rows:  # nothing changes
            return list(self.firsts)
        given = [starts[place] for place in kept]
        test = to.add("Reshape", test, to.constant(np.zeros(0, np.int64)))
        found = to.add_many("Loop", len(kept) + len(rows), "", test, *given, body=inner)
        values = dict(zip((*kept, *rows), found, strict=True))
        results = []
        for place, first in enumerate(self.firsts):
            elements = after[place].elements
            if place not in values:
                results.append(first)
            elif place in rows:
                plain = rows[place]._replace(owner=None, element="", place="")
                results.append(Value(padded(to, values[place], plain), elements=plain))
            else:
                results.append(Value(values[place], shape=self.kinds[place][1], elements=elements))
        return results

    def _begun(self, starts: dict[int, str]) -> list[Value]:
        """What the condition of the first iteration is given."""
        return [
            first if first.elements is None or place not in starts else first._replace(name=starts[place])
            for place, first in enumerate(self.firsts)
        ]

    def _name(self, to: Emitter, place: int) -> str:
        """The name of a value before the first iteration."""
        value = self.firsts[place]
        if value.elements is not None and not value.name:
            return zeros(to, value.elements)
        return self._outer_name(value)

    def _outer_name(self, value: Value) -> str:
        if value.variable is not None:
            return self.walk.variable(self.frame, value.variable)
        return value.name or self.frame.emitter.constant(value.known)

    def _named(self, value: Value) -> str:
        if value.variable is not None:
            return self.walk.variable(self.frame, value.variable)
        return value.name or self.emitter.constant(value.known)

    def _before(self, place: int) -> Value:
        """What the body is given."""
        elements, owner = self.firsts[place].elements, self.owners[place]
        if elements is not None and owner is not None:
            return Value(elements=elements._replace(owner=owner))
        name = self.emitter.names.take(f"{self.emitter.origin}/before")
        return Value(name, shape=self.kinds[place][1], elements=elements)

    def _row(self, place: int, before: Sequence[Value], after: Sequence[Value]) -> Elements:
        """The element that an iteration has written at its own number.

        Raises
        ------
        NeedsWholeError
            It has done something else.
        """
        owner, found = self.owners[place], after[place].elements
        if found is None or found.owner is not owner or not found.element:
            raise NeedsWholeError(owner, None if found is None else found.shape)
        if found.place and not any(self._counts(at, found.place, before, after) for at in range(len(before))):
            raise NeedsWholeError(owner, found.shape)
        return found

    def _counts(self, place: int, name: str, before: Sequence[Value], after: Sequence[Value]) -> bool:
        """Whether a value is the number of the iteration: 0 at first, and 1 more each time."""
        first = self.firsts[place].known
        if before[place].name != name or first is None or first.shape != () or first != 0:
            return False
        constants = self.emitter.outermost.graph.constants
        for node in self.emitter.graph.nodes:
            if node.op == "Add" and node.outputs == [after[place].name]:
                (other,) = [each for each in node.inputs if each != name] or [""]
                return len(node.inputs) == 2 and name in node.inputs and other in constants and constants[other] == 1
        return False

    def _end(self, place: int, value: Value) -> Value:
        """What is carried on."""
        if self.owners[place] is not None:
            return Value(elements=value.elements)
        if value.elements is not None and not value.name:
            raise NoTwinError("an array that nothing was written into takes the place of another one")
        return Value(self._named(value), shape=self.kinds[place][1], elements=value.elements)

    def _give_back(self, name: str, dtype: str) -> None:
        result = self.emitter.add("Identity", name)
        self.emitter.graph.outputs.append(Signature(result, dtype, None))


def _is_untouched(value: Value) -> bool:
    """Whether it is an array that nothing was written into."""
    return value.elements is not None and not value.name and value.elements.owner is None


def _with_shape(value: Value, shape: Shape) -> Value:
    """An array whose elements have a shape."""
    assert value.elements is not None, "it has an owner"
    return value._replace(elements=value.elements._replace(shape=merged(value.elements.shape, shape)))


def _kind(value: Value, kind: Kind) -> Kind:
    """The dtype of what is carried, and its shape: at first that before the first iteration."""
    if value.elements is not None:
        return value.elements.dtype, None
    if dtypes.base_name(kind[0]) in ("resource", "variant"):
        raise NoTwinError(f"it carries values of dtype {kind[0]}")
    return dtypes.base_name(kind[0]), merged(kind[1], _shape(value))


def _shape(value: Value) -> Shape:
    if value.known is not None:
        return value.known.shape
    return value.shape if value.variable is None else value.variable.shape


# -- the parts of a loop -------------------------------------------------------------------------------------------


class _Loop(NamedTuple):
    """The operations of a loop of TensorFlow 1 that are needed.

    Attributes
    ----------
    condition : tuple
        The tensor that tells whether there is a further iteration.
    merges, enters : list of str
    switches, exits : list of (str, str)
        With the Merge whose value each passes on.
    """

    condition: Output
    merges: list[str]
    enters: list[str]
    switches: list[tuple[str, str]]
    exits: list[tuple[str, str]]


def _loop_of(frame: Frame, name: str) -> _Loop:
    """The loop that an Exit leads out of."""
    digraph = frame.digraph
    switch = digraph.nodes[name]["inputs"][0][0]
    if digraph.nodes[switch]["op"] not in ("Switch", "RefSwitch"):
        raise NoTwinError("what it leads out of is not a loop as TensorFlow makes it")
    condition = digraph.nodes[switch]["inputs"][1]
    ends = [each for each in _needed_exits(frame) if _condition(digraph, each) == condition]
    if name not in ends:
        ends.append(name)
    label = _label(digraph, switch)
    merges: dict[str, None] = {}
    enters: dict[str, None] = {}
    seen: set[str] = set()
    waiting = list(ends)
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        data = digraph.nodes[current]
        if data["op"] in ENTERS and data["attrs"].get("frame_name") == label:
            enters[current] = None
            continue
        if data["op"] in MERGES and _has_next(digraph, current):
            first = digraph.nodes[_part(digraph, current, ENTERS)]
            if first["attrs"].get("frame_name") == label:
                merges[current] = None
        waiting += [source for source, _ in data["inputs"]]
    switches = [
        (each, digraph.nodes[each]["inputs"][0][0])
        for each in seen
        if digraph.nodes[each]["op"] in ("Switch", "RefSwitch") and digraph.nodes[each]["inputs"][1] == condition
    ]
    pairs = [(each, digraph.nodes[digraph.nodes[each]["inputs"][0][0]]["inputs"][0][0]) for each in ends]
    if any(merge not in merges for _, merge in (*switches, *pairs)):
        raise NoTwinError("what it leads out of is not a loop as TensorFlow makes it")
    return _Loop(condition, sorted(merges), sorted(enters), sorted(switches), pairs)


def _needed_exits(frame: Frame) -> Iterator[str]:
    *_, root = frame.chain()
    for name in dict.fromkeys(name for name, _ in sorted(root.needed)):
        if frame.digraph.nodes[name]["op"] in EXITS:
            yield name


def _condition(digraph: DiGraph, exit_: str) -> Output | None:
    switch = digraph.nodes[exit_]["inputs"][0][0]
    data = digraph.nodes[switch]
    found: Output | None = data["inputs"][1] if data["op"] in ("Switch", "RefSwitch") else None
    return found


def _label(digraph: DiGraph, switch: str) -> object:
    merge = digraph.nodes[switch]["inputs"][0][0]
    return digraph.nodes[_part(digraph, merge, ENTERS)]["attrs"].get("frame_name")


def _has_next(digraph: DiGraph, merge: str) -> bool:
    return any(digraph.nodes[source]["op"] in NEXTS for source, _ in digraph.nodes[merge]["inputs"])


def _part(digraph: DiGraph, merge: str, types: Sequence[str]) -> str:
    """The input of a Merge that is of some types."""
    for source, _ in digraph.nodes[merge]["inputs"]:
        if digraph.nodes[source]["op"] in types:
            found: str = source
            return found
    raise NoTwinError("what it leads out of is not a loop as TensorFlow makes it")
