"""Branches and calls: `tf.cond` as its operations have it, and operations that call functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import Node
from hdfsaver.graph.function_library import Calling, DirectCall
from hdfsaver.onnx_graphs.element_arrays import common, plain, whole_of
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError, onnx_type
from hdfsaver.onnx_graphs.frames import MISSING, Frame, Guard, Output, Value, condition_of, guards_behind
from hdfsaver.onnx_graphs.onnx_loops import Loops
from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph, Signature, Stored
from hdfsaver.schema import DiGraph
from hdfsaver.shapes import Shape

_DEPTH = 50
"""How deep branches may be in each other; deeper ones would take all of Python's stack."""

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
"""Operations that call a function."""

IFS = ("If", "StatelessIf")
"""Those that call one of two functions."""

CASES = ("Case", "StatelessCase")
"""Those that call one of several functions."""

WHILES = ("While", "StatelessWhile")
"""Those that call a function several times."""

FORS = ("For",)
"""Those that call one with a number that grows."""


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
        self.loops = Loops(walk)
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
        graphs, arrays = {}, []
        for flag, source in branches.items():
            inner = Frame(frame.graph, frame.emitter.inner(), frame.prefix, frame.calls, frame, {condition: flag})
            origin = frame.emitter.origin
            self.walk.require(inner, [source])
            inner.emitter.origin = frame.emitter.origin = origin
            found = inner.find(source) or MISSING
            if found.is_missing:
                return [MISSING, MISSING]
            kind: tuple[str, Shape] = frame.digraph.nodes[name]["outputs"][0]
            if found.elements is None:
                result = self.walk.name_of(inner, source)
            else:
                result, kind = whole_of(inner.emitter, found), (found.elements.dtype, None)
                arrays.append(found.elements)
            _give_back(inner.emitter, [result], [kind])
            graphs[flag] = inner.emitter.graph
        test = frame.name_of(condition)
        elements = plain(arrays[0], common(*(each.shape for each in arrays))) if len(arrays) == len(graphs) else None
        return [Value(_if(frame.emitter, test, graphs[True], graphs[False])[0], elements=elements), MISSING]

    # -- functions -----------------------------------------------------------------------------------------------

    def call(self, frame: Frame, name: str, definition: Calling) -> list[Value]:
        """The values of an operation that calls functions."""
        data = frame.digraph.nodes[name]
        inputs = self.walk.inputs(frame, name)
        if data["op"] in IFS:
            return self._if(frame, data, inputs, frame.places(name))
        if data["op"] in CASES:
            return self._case(frame, data, inputs, frame.places(name))
        if data["op"] in WHILES:
            return self._while(frame, data, inputs)
        if data["op"] in FORS:
            return self._for(frame, data, inputs)
        if data["op"] in CALLS or isinstance(definition, DirectCall):
            (called,) = definition.functions(Node.of(frame.digraph, name))
            return self.walk.called(frame, called.function, inputs, frame.emitter, frame.places(name))
        raise NoTwinError("")

    def _if(self, frame: Frame, data: Mapping[str, Any], inputs: Sequence[Value], places: Sequence[int]) -> list[Value]:
        condition, *rest = inputs
        branches = [data["attrs"]["then_branch"], data["attrs"]["else_branch"]]
        if condition.known is not None:
            chosen = branches[not (condition.known if condition.known.ndim == 0 else condition.known.size)]
            return self.walk.called(frame, chosen, rest, frame.emitter, places)
        dtype, shape = frame.digraph.nodes[data["inputs"][0][0]]["outputs"][data["inputs"][0][1]]
        test = frame.name_of(data["inputs"][0])
        if dtypes.base_name(dtype) != "bool":
            if shape != () or dtypes.base_name(dtype) == "string":
                raise NoTwinError("its condition may be something else than a truth value or a number")
            test = frame.emitter.add("Cast", test, to=onnx_type("bool"))
        return self._chosen(frame, data, places, [test], branches, rest)

    def _case(
        self, frame: Frame, data: Mapping[str, Any], inputs: Sequence[Value], places: Sequence[int]
    ) -> list[Value]:
        """One of several functions, by its number; the last one for a number that none has."""
        number, *rest = inputs
        branches = data["attrs"]["branches"]
        if number.known is not None or len(branches) == 1:
            at = 0 if number.known is None else int(number.known)
            return self.walk.called(frame, branches[at if 0 <= at < len(branches) else -1], rest, frame.emitter, places)
        name = frame.name_of(data["inputs"][0])
        tests = [
            frame.emitter.add("Equal", name, frame.emitter.constant(np.asarray(at, np.int32)))
            for at in range(len(branches) - 1)
        ]
        return self._chosen(frame, data, places, tests, branches, rest)

    def _chosen(
        self,
        frame: Frame,
        data: Mapping[str, Any],
        places: Sequence[int],
        tests: Sequence[str],
        branches: Sequence[Mapping[str, Any]],
        rest: Sequence[Value],
    ) -> list[Value]:
        """The results of the function whose test is true first, or else of the last one."""
        kinds = [data["outputs"][place] for place in places]
        if any(dtype in ("resource", "variant") for dtype, _ in kinds):
            raise NoTwinError("it gives arrays or handles")
        if len(tests) > _DEPTH:
            raise NoTwinError(f"it chooses between more than {_DEPTH} functions")
        below: OnnxGraph | None = None
        names: list[str] = []
        for place in reversed(range(len(branches))):
            emitter = frame.emitter.inner()
            emitter.origin = frame.emitter.origin
            values = self.walk.called(frame, branches[place], rest, emitter, places)
            if any(values[each].is_missing for each in places):
                return [MISSING] * len(data["outputs"])
            _give_back(emitter, [self._name(frame, emitter, values[each]) for each in places], kinds)
            if below is None:
                below = emitter.graph
                continue
            around = frame.emitter if place == 0 else frame.emitter.inner()
            around.origin = frame.emitter.origin
            names = _if(around, tests[place], emitter.graph, below)
            if place:
                _give_back(around, names, kinds)
                below = around.graph
        found = dict(zip(places, names, strict=True))
        return [Value(found[place]) if place in found else MISSING for place in range(len(data["outputs"]))]

    def _name(self, frame: Frame, emitter: Emitter, value: Value) -> str:
        if value.variable is not None:
            return self.walk.variable(frame, value.variable)
        return value.name or emitter.constant(value.known)

    def _while(self, frame: Frame, data: Mapping[str, Any], inputs: Sequence[Value]) -> list[Value]:
        """A loop; what is a variable is not carried from one iteration to the next, and used directly."""
        condition, function = data["attrs"]["cond"], data["attrs"]["body"]
        carried = [place for place, value in enumerate(inputs) if value.variable is None]

        def tested(emitter: Emitter, values: Sequence[Value]) -> list[Value]:
            return self.walk.called(frame, condition, _filled(inputs, carried, values), emitter, [0])

        def repeated(emitter: Emitter, values: Sequence[Value]) -> list[Value]:
            found = self.walk.called(frame, function, _filled(inputs, carried, values), emitter, carried)
            return [found[place] for place in carried]

        kinds = [data["outputs"][place] for place in carried]
        firsts = [inputs[place] for place in carried]
        found = dict(zip(carried, self.loops.looped(frame, kinds, firsts, tested, repeated), strict=True))
        return [found.get(place, value) for place, value in enumerate(inputs)]

    def _for(self, frame: Frame, data: Mapping[str, Any], inputs: Sequence[Value]) -> list[Value]:
        """A loop with a number that grows from one number to another."""
        start, _, delta, *rest = inputs
        limit, step = (self.walk.name_of(frame, data["inputs"][place]) for place in (1, 2))
        if delta.known is None:
            raise NoTwinError("the step of its number is known only when it runs")
        test = "Less" if delta.known > 0 else "Greater"

        def tested(emitter: Emitter, values: Sequence[Value]) -> list[Value]:
            return [Value(emitter.add(test, self._name(frame, emitter, values[0]), limit))]

        def repeated(emitter: Emitter, values: Sequence[Value]) -> list[Value]:
            found = self.walk.called(frame, data["attrs"]["body"], values, emitter, range(len(rest)))
            return [Value(emitter.add("Add", values[0].name, step)), *found]

        return self.loops.looped(frame, [("int32", ()), *data["outputs"]], [start, *rest], tested, repeated)[1:]


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
