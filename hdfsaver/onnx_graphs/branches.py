"""Branches and calls: `tf.cond` as its operations have it, and operations that call functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import Node
from hdfsaver.graph.function_library import Calling, DirectCall
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.frames import MISSING, Frame, Guard, Output, Value, condition_of, guards_behind
from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph, Signature, Stored
from hdfsaver.schema import DiGraph
from hdfsaver.shapes import Shape

_DEPTH = 50
"""How deep branches may be in each other; deeper ones would take all of Python's stack."""

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
"""Operations that call a function."""

IFS = ("If", "StatelessIf")
"""Those that call one of two functions."""

WHILES = ("While", "StatelessWhile")
"""Those that call a function several times."""


class Walker(Protocol):
    """The functions of a walk that branches need; see `hdfsaver.onnx_graphs.walking.Walk`."""

    def require(self, frame: Frame, outputs: Sequence[Output]) -> None:
        """Give values to tensors."""

    def inputs(self, frame: Frame, name: str) -> list[Value]:
        """The values of the inputs of an operation."""

    def shape_of(self, frame: Frame, output: Output) -> Shape:
        """The static shape of a tensor."""

    def name_of(self, frame: Frame, source: Output) -> str:
        """The name of a tensor's value."""

    def variable(self, frame: Frame, stored: Stored) -> str:
        """The name of a variable's value."""

    def called(
        self,
        frame: Frame,
        function: Mapping[str, Any],
        inputs: Sequence[Value],
        emitter: Emitter,
        places: Sequence[int],
    ) -> list[Value]:
        """The values of some results of a function."""


class Branches:
    """Makes the branches and calls of a walk.

    Parameters
    ----------
    walk : Walker
    """

    def __init__(self, walk: Walker) -> None:
        self.walk = walk
        self._guards: dict[int, dict[str, frozenset[Guard]]] = {}
        self._digraphs: list[DiGraph] = []  # kept, so that no other one gets the same identity

    # -- Switch and Merge ----------------------------------------------------------------------------------------

    def sources(self, frame: Frame, name: str) -> list[Output]:
        """The tensors that come before a Merge: its condition, then those that its branches take from outside."""
        condition, branches = self._branches(frame, name)
        if condition is None:
            return []
        value = frame.find(condition)
        if value is None:
            return [condition]
        if value.is_missing:
            return []
        if value.known is not None:
            return [branches[bool(value.known)]]
        return [each for flag in (False, True) for each in self._outside(frame, branches[flag], (condition, flag))]

    def _branches(self, frame: Frame, name: str) -> tuple[Output | None, dict[bool, Output]]:
        """The condition that chooses between the inputs of a Merge, and the input for each of its values."""
        inputs = frame.digraph.nodes[name]["inputs"]
        if len(inputs) != 2 or any(frame.digraph.nodes[source]["op"] == "NextIteration" for source, _ in inputs):
            return None, {}
        first, second = (self._guards_of(frame, output) for output in inputs)
        for condition, flag in sorted(first, key=repr):
            if (condition, not flag) in second and frame.guard(condition) is None:
                return condition, {flag: inputs[0], not flag: inputs[1]}
        return None, {}

    def _guards_of(self, frame: Frame, output: Output) -> frozenset[Guard]:
        digraph = frame.digraph
        if id(digraph) not in self._guards:
            self._digraphs.append(digraph)
        known = self._guards.setdefault(id(digraph), {})
        found = guards_behind(digraph, output[0], known)
        data = digraph.nodes[output[0]]
        if data["op"] in ("Switch", "RefSwitch"):
            return found | {(condition_of(digraph, output[0]), bool(output[1]))}
        return found

    def _outside(self, frame: Frame, output: Output, guard: Guard) -> list[Output]:
        """The tensors outside of a branch that it takes."""
        found: dict[Output, None] = {}
        seen = set()
        waiting = [output]
        while waiting:
            current = waiting.pop()
            if current in seen:
                continue
            seen.add(current)
            if guard in self._guards_of(frame, current):
                waiting += frame.digraph.nodes[current[0]]["inputs"]
            else:
                found[current] = None
        return list(found)

    def merged(self, frame: Frame, name: str) -> list[Value]:
        """The value of a Merge."""
        condition, branches = self._branches(frame, name)
        if condition is None or sum(1 for _ in frame.chain()) > _DEPTH:
            raise NoTwinError(
                "it is part of a loop or deep in other branches, or no condition chooses between its inputs"
            )
        value = frame.find(condition)
        if value is None or value.is_missing:
            return [MISSING, MISSING]
        inputs = frame.digraph.nodes[name]["inputs"]
        if value.known is not None:
            chosen = branches[bool(value.known)]
            found = (frame.find(chosen) or MISSING)._replace(shape=self.walk.shape_of(frame, chosen))
            return [found, Value(known=np.asarray(inputs.index(chosen), np.int32))]
        graphs = {}
        for flag, source in branches.items():
            inner = Frame(frame.graph, frame.emitter.inner(), frame.prefix, frame.calls, frame, {condition: flag})
            origin = frame.emitter.origin
            self.walk.require(inner, [source])
            inner.emitter.origin = frame.emitter.origin = origin
            found = inner.find(source) or MISSING
            if found.is_missing:
                return [MISSING, MISSING]
            dtype, shape = frame.digraph.nodes[name]["outputs"][0]
            _give_back(inner.emitter, [self.walk.name_of(inner, source)], [(dtype, shape)])
            graphs[flag] = inner.emitter.graph
        test = frame.name_of(condition)
        return [Value(_if(frame.emitter, test, graphs[True], graphs[False])[0]), MISSING]

    # -- functions -----------------------------------------------------------------------------------------------

    def call(self, frame: Frame, name: str, definition: Calling) -> list[Value]:
        """The values of an operation that calls functions."""
        data = frame.digraph.nodes[name]
        inputs = self.walk.inputs(frame, name)
        if data["op"] in IFS:
            return self._if(frame, data, inputs, frame.places(name))
        if data["op"] in WHILES:
            return self._while(frame, data, inputs)
        if data["op"] in CALLS or isinstance(definition, DirectCall):
            (called,) = definition.functions(Node.of(frame.digraph, name))
            return self.walk.called(frame, called.function, inputs, frame.emitter, frame.places(name))
        raise NoTwinError("")

    def _if(self, frame: Frame, data: Mapping[str, Any], inputs: Sequence[Value], places: Sequence[int]) -> list[Value]:
        condition, *rest = inputs
        branches = {True: data["attrs"]["then_branch"], False: data["attrs"]["else_branch"]}
        if condition.known is not None:
            return self.walk.called(frame, branches[bool(condition.known)], rest, frame.emitter, places)
        test = frame.name_of(data["inputs"][0])
        if frame.digraph.nodes[data["inputs"][0][0]]["outputs"][data["inputs"][0][1]][0] != "bool":
            raise NoTwinError("its condition is a number")
        graphs = {}
        for flag, function in branches.items():
            emitter = frame.emitter.inner()
            emitter.origin = frame.emitter.origin
            values = self.walk.called(frame, function, rest, emitter, places)
            if any(values[place].is_missing for place in places):
                return [MISSING] * len(data["outputs"])
            names = [self._name(frame, emitter, values[place]) for place in places]
            _give_back(emitter, names, [data["outputs"][place] for place in places])
            graphs[flag] = emitter.graph
        found = dict(zip(places, _if(frame.emitter, test, graphs[True], graphs[False]), strict=True))
        return [Value(found[place]) if place in found else MISSING for place in range(len(data["outputs"]))]

    def _name(self, frame: Frame, emitter: Emitter, value: Value) -> str:
        if value.variable is not None:
            return self.walk.variable(frame, value.variable)
        return value.name or emitter.constant(value.known)

    def _while(self, frame: Frame, data: Mapping[str, Any], inputs: Sequence[Value]) -> list[Value]:
        """A loop; what is a variable is not carried from one iteration to the next, and used directly."""
        condition, function = data["attrs"]["cond"], data["attrs"]["body"]
        carried = [place for place, value in enumerate(inputs) if value.variable is None]
        kinds = [data["outputs"][place] for place in carried]
        for dtype, _ in kinds:
            if dtype in ("resource", "variant"):
                raise NoTwinError(f"it carries values of dtype {dtype}")
        firsts = [self._name(frame, frame.emitter, inputs[place]) for place in carried]
        begun = [Value(first, shape=kind[1]) for first, kind in zip(firsts, kinds, strict=True)]
        (test,) = self.walk.called(frame, condition, _filled(inputs, carried, begun), frame.emitter, [0])
        emitter = frame.emitter.inner()
        emitter.origin = frame.emitter.origin
        inner = emitter.graph
        names = [emitter.names.take(f"{emitter.origin}/{part}") for part in ("iteration", "goes_on")]
        before = [Value(emitter.names.take(f"{emitter.origin}/before"), shape=kind[1]) for kind in kinds]
        inner.inputs += [Signature(names[0], "int64", ()), Signature(names[1], "bool", ())]
        inner.inputs += [Signature(each.name, dtype, None) for each, (dtype, _) in zip(before, kinds, strict=True)]
        after = self.walk.called(frame, function, _filled(inputs, carried, before), emitter, carried)
        if test.is_missing or any(after[place].is_missing for place in carried):
            return [MISSING] * len(data["outputs"])
        ends = [Value(self._name(frame, emitter, after[place]), shape=data["outputs"][place][1]) for place in carried]
        (again,) = self.walk.called(frame, condition, _filled(inputs, carried, ends), emitter, [0])
        if again.is_missing:
            return [MISSING] * len(data["outputs"])
        results = [self._name(frame, emitter, again), *(end.name for end in ends)]
        _give_back(emitter, results, [("bool", ()), *((dtype, None) for dtype, _ in kinds)])
        first = self._name(frame, frame.emitter, test)
        found = frame.emitter.add_many("Loop", len(carried), "", first, *firsts, body=inner)
        values = dict(zip(carried, map(Value, found), strict=True))
        return [values.get(place, value) for place, value in enumerate(inputs)]


def _filled(inputs: Sequence[Value], places: Sequence[int], values: Sequence[Value]) -> list[Value]:
    """The inputs, those of some places replaced."""
    found = list(inputs)
    for place, value in zip(places, values, strict=True):
        found[place] = value
    return found


def _give_back(emitter: Emitter, names: Sequence[str], kinds: Sequence[tuple[str, Shape]]) -> None:
    """Make values the outputs of a branch or a body, which must be made in it."""
    for name, (dtype, _) in zip(names, kinds, strict=True):
        result = emitter.add("Identity", name)
        emitter.graph.outputs.append(Signature(result, dtypes.base_name(dtype), None))


def _if(emitter: Emitter, test: str, then: OnnxGraph, otherwise: OnnxGraph) -> list[str]:
    test = emitter.add("Reshape", test, emitter.constant(np.zeros(0, np.int64)))
    return emitter.add_many("If", len(then.outputs), test, then_branch=then, else_branch=otherwise)
