"""From a graph to ONNX: the operations that some outputs need, each by its rule; branches, and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.definition import Node
from hdfsaver.graph.function_bodies import body_of
from hdfsaver.graph.function_library import Calling
from hdfsaver.graph.walks import ancestors
from hdfsaver.onnx_graphs.all_twins import rule_of
from hdfsaver.onnx_graphs.branches import Branches
from hdfsaver.onnx_graphs.drawn_bounds import DRAWN, everywhere, narrowed
from hdfsaver.onnx_graphs.element_arrays import ACCESSES, accessed, merged
from hdfsaver.onnx_graphs.emitter import Emitter, Names, NoTwinError, onnx_type
from hdfsaver.onnx_graphs.frames import MISSING, Between, Frame, Operations, Output, Value, condition_of
from hdfsaver.onnx_graphs.known_values import Known, can_fold
from hdfsaver.onnx_graphs.missing import Missing
from hdfsaver.onnx_graphs.onnx_loops import EXITS
from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph, Signature, Stored
from hdfsaver.onnx_graphs.twins import Given
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

StoredOf = Callable[[Node], Stored | None]
"""Gives the stored value of a variable's operation; None where it has none."""

PASSED_ON = frozenset(
    {
        "CheckNumerics",
        "EnsureShape",
        "Enter",
        "Identity",
        "IdentityN",
        "LoopCond",
        "NextIteration",
        "PlaceholderWithDefault",
        "PreventGradient",
        "Print",
        "RefEnter",
        "RefIdentity",
        "RefNextIteration",
        "Snapshot",
        "StopGradient",
    }
)
"""Operations that pass on their inputs."""

_READING = ("Identity", "ReadVariableOp", "ResourceGather", "VarIsInitialized", "VariableShape", "Switch")
"""The beginnings of types of operations that take a variable without changing it."""

_DEPTH = 50
"""How deep functions and branches may be in each other; deeper ones would take all of Python's stack."""


class Walk:
    """Makes the ONNX graph of some outputs.

    Parameters
    ----------
    graph : Operations
    stored : callable
        See `StoredOf`.
    fixed : mapping of tuple to ndarray
        The values of tensors that are not inputs, such as whether a model is in training.
    shapes : mapping of tuple to tuple, optional
        Shapes of tensors that the graph does not tell.
    """

    def __init__(
        self,
        graph: Operations,
        stored: StoredOf,
        fixed: Mapping[Output, Array],
        shapes: Mapping[Output, Shape] | None = None,
    ) -> None:
        self.stored = stored
        self.known = Known(shapes or {})
        self.names = Names()
        self.missing = Missing()
        emitter = Emitter(OnnxGraph(), self.names)
        self.frame = Frame(graph, emitter)
        self.frame.values.update({output: Value(known=value) for output, value in fixed.items()})
        self.branches = Branches(self)
        self._drawn: list[Between] = []
        self._given_names: set[str] = set()
        self._reserved: set[str] = set()  # the names of variables, which no other value gets

    def run(self, inputs: Mapping[str, Output], outputs: Mapping[str, Output], *, with_ranks: bool = True) -> OnnxGraph:
        """The ONNX graph of the outputs, from the inputs.

        Parameters
        ----------
        inputs, outputs : mapping of str to (str, int)
            Tensors by the names that they get.
        with_ranks : bool
            Refuse an input whose number of axes is not known.

        Returns
        -------
        OnnxGraph

        Raises
        ------
        InvalidArgumentError
            The number of axes of an input is not known.
        UnimplementedError
            Operations have no twins; the message names them, and what comes before them.
        """
        frame, result = self.frame, self.frame.emitter.graph
        taken = [self._signature(name, output, is_input=True) for name, output in inputs.items()]
        for signature in taken:
            if signature.shape is None and with_ranks:
                text = f"The number of axes of {signature.name!r} is not known, which an input of a model must have."
                advice = "Give its shape with shapes (--shape NAME=1,224,224,3, with ? for any size)"
                raise InvalidArgumentError(None, None, f"{text} {advice}, or take another tensor (--inputs).")
        wanted = [self._signature(name, output, is_input=False) for name, output in outputs.items()]
        for signature in (*taken, *wanted):
            self.names.take(signature.name)
        self._given_names = {signature.name for signature in (*taken, *wanted)}
        variables = {
            name for name, data in frame.digraph.nodes(data=True) if HANDLERS.get(data["op"]) is Walk.given_stored
        }
        self._reserved = variables - self._given_names
        for name in sorted(self._reserved):
            self.names.take(name)
        for signature, output in zip(taken, inputs.values(), strict=True):
            result.inputs.append(signature)
            frame.values[output] = Value(signature.name, shape=signature.shape)
        frame.wanted = list(outputs.values())
        self.require(frame, frame.wanted)
        if not self.missing.found and any((frame.find(output) or MISSING).is_missing for output in frame.wanted):
            for each in self._drawn:  # one is given out as it is
                self.missing.add(each.frame, each.name, "")
        self.missing.check(frame)
        for signature, output in zip(wanted, outputs.values(), strict=True):
            frame.emitter.origin = output[0]
            node = frame.emitter.add("Identity", frame.name_of(output))
            frame.emitter.graph.nodes[-1].outputs = [signature.name]
            assert node, "renamed"
            result.outputs.append(signature._replace(shape=merged(signature.shape, self.shape_of(frame, output))))
        return result

    def _signature(self, name: str, output: Output, *, is_input: bool) -> Signature:
        dtype, shape = self.frame.digraph.nodes[output[0]]["outputs"][output[1]]
        shape = merged(shape, self.known.said.get(output))
        if shape is None and dtype == "bool" and is_input:
            shape = ()  # a condition
        return Signature(name, dtypes.base_name(dtype), shape)

    # -- the walk ------------------------------------------------------------------------------------------------

    def require(self, frame: Frame, outputs: Sequence[Output]) -> None:
        """Give values to tensors, after those that they need; without recursion, since graphs are deep."""
        waiting = list(outputs)
        while waiting:
            output = waiting[-1]
            if frame.find(output) is not None:
                waiting.pop()
                continue
            sources = self._sources(frame, output[0])
            missing = [source for source in sources if frame.find(source) is None]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            self._give(frame, output[0])

    def _sources(self, frame: Frame, name: str) -> Sequence[Output]:
        data = frame.digraph.nodes[name]
        if data["op"] in ("Merge", "RefMerge"):
            return self.branches.sources(frame, name)
        if data["op"] in EXITS:
            return self.branches.loops.sources(frame, name)
        if data["op"] == "PlaceholderWithDefault" or self._is_computed(frame, data):
            found: Sequence[Output] = data["inputs"]
            return found
        return ()

    def _is_computed(self, frame: Frame, data: Mapping[str, Any]) -> bool:
        """Whether something is done with the inputs of an operation."""
        return self._has_twin(frame, data["op"]) or can_fold(frame.graph.definition(data["op"]))

    @staticmethod
    def _has_twin(frame: Frame, op_type: str) -> bool:
        is_known = op_type in PASSED_ON or op_type in HANDLERS or rule_of(op_type) is not None
        return is_known or isinstance(frame.graph.definition(op_type), Calling)

    def _give(self, frame: Frame, name: str) -> None:
        """Give values to the outputs of an operation whose inputs have theirs."""
        data = frame.digraph.nodes[name]
        frame.emitter.origin = f"{frame.prefix}{name}"
        before = len(frame.emitter.graph.nodes)
        try:
            values = self._values(frame, name, data)
        except NoTwinError as error:
            del frame.emitter.graph.nodes[before:]
            self.missing.add(frame, name, str(error))
            values = [MISSING] * len(data["outputs"])
        if self.missing.found and all(value.is_missing for value in values):
            self.missing.ends(frame, self._sources(frame, name))  # of a loop or a call, what it takes from outside
        for place, value in enumerate(self.known.with_shapes(frame, name, values)):
            if (name, place) not in frame.values:
                frame.values[name, place] = value

    def _values(self, frame: Frame, name: str, data: Mapping[str, Any]) -> list[Value]:
        if data["op"] not in PASSED_ON:
            settled = self._settled(frame, name, data)
            if settled is not None:
                return settled
        handler = HANDLERS.get(data["op"])
        if handler is not None:
            return handler(self, frame, name)
        inputs = self.inputs(frame, name) if self._is_computed(frame, data) else []
        if any(value.is_missing for value in inputs):
            if not self._has_twin(frame, data["op"]):
                raise NoTwinError("")
            self.missing.ends(frame, data["inputs"])
            return [MISSING] * len(data["outputs"])
        if data["op"] in PASSED_ON:
            return [value._replace(shape=self.shape_of(frame, source)) for value, source in self._pairs(frame, name)]
        definition = frame.graph.definition(data["op"])
        if isinstance(definition, Calling):
            return self.branches.call(frame, name, definition)
        known = self.known.folded(frame, name, definition, inputs)
        if known is not None:
            return known
        return self._by_rule(frame, name, inputs)

    def _settled(self, frame: Frame, name: str, data: Mapping[str, Any]) -> list[Value] | None:
        """The value of an operation for whose result the random numbers in its inputs do not matter."""
        values = self.inputs(frame, name)
        drawn = [value.between for value in values if value.between is not None]
        if not drawn:
            return None
        found = narrowed(data["op"], values)
        if isinstance(found, Between):
            return [MISSING._replace(between=found)]
        if found is not None:
            return [everywhere(frame, drawn[0], found, data["outputs"][0][0])]
        for each in drawn:
            self.missing.add(each.frame, each.name, "")
        return None

    def draw(self, frame: Frame, name: str) -> list[Value]:
        """Random numbers, as far as their bounds are enough."""
        (shape,) = self.inputs(frame, name)
        if shape.is_missing:
            return [MISSING]
        source = frame.digraph.nodes[name]["inputs"][0]
        found = Between(0.0, 1.0, shape, source, frame, name)
        self._drawn.append(found)
        return [MISSING._replace(between=found)]

    def inputs(self, frame: Frame, name: str) -> list[Value]:
        """The values of the inputs of an operation."""
        found = [frame.find(source) for source in frame.digraph.nodes[name]["inputs"]]
        return [value for value in found if value is not None]

    def _pairs(self, frame: Frame, name: str) -> list[tuple[Value, Output]]:
        sources = frame.digraph.nodes[name]["inputs"][: len(frame.digraph.nodes[name]["outputs"])]
        return [(frame.find(source) or MISSING, source) for source in sources]

    def shape_of(self, frame: Frame, output: Output) -> Shape:
        """The static shape of a tensor, of what is known of it."""
        return self.known.shape_of(frame, output)

    # -- rules ---------------------------------------------------------------------------------------------------

    def _by_rule(self, frame: Frame, name: str, inputs: Sequence[Value]) -> list[Value]:
        data = frame.digraph.nodes[name]
        rule = rule_of(data["op"])
        if rule is None:
            raise NoTwinError("")
        sources = data["inputs"]
        taken = [frame.digraph.nodes[source]["outputs"][output][0] for source, output in sources]
        for dtype in (*taken, *(dtype for dtype, _ in data["outputs"])):
            _check_dtype(dtype)
        given = Given(
            f"{frame.prefix}{name}",
            data["op"],
            data["attrs"],
            [self._taker(frame, source) for source in sources],
            [value.known for value in inputs],
            lambda position: self._sizes(frame, name, position),
            taken,
            [dtype for dtype, _ in data["outputs"]],
            [self.shape_of(frame, source) for source in sources],
            self.known.shapes(frame, name),
            [f"{frame.prefix}{source}:{output}" for source, output in sources],
        )
        found = rule(given, frame.emitter)
        results = [found] if isinstance(found, str) else list(found)
        results += [""] * (len(data["outputs"]) - len(results))
        return [Value(result) if result else MISSING for result in results]

    def _taker(self, frame: Frame, source: Output) -> Callable[[], str]:
        return lambda: self.name_of(frame, source)

    def name_of(self, frame: Frame, source: Output) -> str:
        """The name of a tensor's value, of a variable that of its own value."""
        value = frame.find(source)
        assert value is not None, "it comes first"
        return self.variable(frame, value.variable) if value.variable is not None else frame.name_of(source)

    def variable(self, frame: Frame, stored: Stored) -> str:
        """The name of a variable's value, which becomes a part of the model."""
        top = frame.emitter.outermost.graph
        if stored.key not in top.variables:
            if stored.key in self._given_names:
                text = (
                    f"{stored.key!r} is the name of an input or an output, and that of a variable of the model as well."
                )
                raise InvalidArgumentError(None, None, f"{text} Give the input or output another name (NEW=TENSOR).")
            if stored.key not in self._reserved:
                self.names.take(stored.key)
            top.variables[stored.key] = stored
        return stored.key

    def _sizes(self, frame: Frame, name: str, position: int) -> Shape:
        source = frame.digraph.nodes[name]["inputs"][position]
        value = frame.find(source)
        if value is not None and value.known is not None:
            return tuple(int(size) if size >= 0 else None for size in np.ravel(value.known))
        return self.known.node(frame, name).sizes(position)

    # -- operations that are not computed ------------------------------------------------------------------------

    def given_stored(self, frame: Frame, name: str) -> list[Value]:
        """A variable."""
        stored = self.stored(Node.of(frame.digraph, name))
        if stored is None:
            raise NoTwinError("it is a variable without a value")
        _check_dtype(stored.dtype)
        return [Value(variable=stored)]

    def placeholder(self, frame: Frame, name: str) -> list[Value]:
        """A placeholder that is not an input."""
        raise NoTwinError("it is fed, and neither an input nor given a value")

    def read(self, frame: Frame, name: str) -> list[Value]:
        """The value of a variable, or its shape, or some of its rows."""
        data = frame.digraph.nodes[name]
        value, *rest = self.inputs(frame, name)
        if value.is_missing or any(each.is_missing for each in rest):
            self.missing.ends(frame, data["inputs"])
            return [MISSING]
        if value.variable is None:
            raise NoTwinError("what it reads is not a variable of the model")
        self._check_unchanged(frame, name)
        if data["op"] == "ReadVariableOp":
            return [value]
        if data["op"] == "VariableShape":
            dtype = dtypes.numpy_dtype(data["outputs"][0][0])
            return [Value(known=np.asarray(value.variable.shape, dtype))]
        if data["attrs"].get("batch_dims"):
            raise NoTwinError("it has axes of a batch")
        rows = frame.name_of(data["inputs"][1])
        return [Value(frame.emitter.add("Gather", self.variable(frame, value.variable), rows, axis=0))]

    def _check_unchanged(self, frame: Frame, name: str) -> None:
        """Refuse to read a variable that has been changed before in the same run: a model has its value alone."""
        digraph = frame.digraph
        if not digraph.nodes[name]["control_inputs"]:
            return
        handle = digraph.nodes[name]["inputs"][0]
        for other in ancestors(digraph, [name]) - {name}:
            data = digraph.nodes[other]
            if handle in data["inputs"] and not data["op"].startswith(_READING):
                raise NoTwinError(f"it reads what {other!r} ({data['op']}) has changed before")

    def switch(self, frame: Frame, name: str) -> list[Value]:
        """The value for the branch that is alive; what is dead has none."""
        value, condition = self.inputs(frame, name)
        if value.is_missing or condition.is_missing:
            self.missing.ends(frame, frame.digraph.nodes[name]["inputs"])
            return [MISSING, MISSING]
        chosen = frame.guard(condition_of(frame.digraph, name))
        if chosen is None and condition.known is not None:
            chosen = bool(condition.known)
        if chosen is None:
            raise NoTwinError("its branches do not come together")
        value = value._replace(shape=self.shape_of(frame, frame.digraph.nodes[name]["inputs"][0]))
        return [MISSING, value] if chosen else [value, MISSING]

    def merge(self, frame: Frame, name: str) -> list[Value]:
        """The value of the branch that is alive."""
        return self.branches.merged(frame, name)

    def leave(self, frame: Frame, name: str) -> list[Value]:
        """The value that leads out of a loop."""
        return self.branches.loops.exits(frame, name)

    def access(self, frame: Frame, name: str) -> list[Value]:
        """The values of an operation on an array of elements."""
        return accessed(self, frame, name)

    def called(
        self,
        frame: Frame,
        function: Mapping[str, Any],
        inputs: Sequence[Value],
        emitter: Emitter,
        places: Sequence[int],
    ) -> list[Value]:
        """The values of some results of a function, whose nodes go into a graph; the others are missing.

        Parameters
        ----------
        frame : Frame
            Where it is called.
        function : mapping
            The attribute that names it; one that calls itself is refused.
        inputs : sequence of Value
        emitter : Emitter
        places : sequence of int
            The results that are needed.

        Returns
        -------
        list of Value
        """
        if function["name"] in frame.calls:
            raise NoTwinError(f"function {function['name']!r} calls itself")
        if len(frame.calls) >= _DEPTH:
            raise NoTwinError(f"functions call each other more than {_DEPTH} deep")
        body = body_of(frame.graph.functions, function)
        inner = Frame(body.graph, emitter, f"{emitter.origin}/", (*frame.calls, function["name"]))
        for tensor, value in zip(body.inputs, inputs, strict=True):
            inner.values[tensor.op.name, tensor.value_index] = value
        outputs = [(tensor.op.name, tensor.value_index) for tensor in body.outputs]
        inner.wanted = [outputs[place] for place in places]
        origin = emitter.origin
        self.require(inner, inner.wanted)
        emitter.origin = origin
        found = []
        for output in outputs:
            value = (inner.find(output) if output in inner.wanted else None) or MISSING
            if value.known is None and value.variable is None and not value.is_missing:
                value = value._replace(shape=self.shape_of(inner, output))
            found.append(value)
        return found


def _check_dtype(dtype: str) -> None:
    name = dtypes.base_name(dtype)
    if name.startswith("complex") or name in ("resource", "variant"):
        raise NoTwinError(f"its dtype is {name}")
    onnx_type(name)


HANDLERS: Mapping[str, Callable[[Walk, Frame, str], list[Value]]] = {
    **dict.fromkeys(ACCESSES, Walk.access),
    **dict.fromkeys(DRAWN, Walk.draw),
    **dict.fromkeys(EXITS, Walk.leave),
    "Merge": Walk.merge,
    "Placeholder": Walk.placeholder,
    "PlaceholderV2": Walk.placeholder,
    "ReadVariableOp": Walk.read,
    "RefMerge": Walk.merge,
    "RefSwitch": Walk.switch,
    "ResourceGather": Walk.read,
    "Switch": Walk.switch,
    "VarHandleOp": Walk.given_stored,
    "Variable": Walk.given_stored,
    "VariableShape": Walk.read,
    "VariableV2": Walk.given_stored,
}
"""By types of operations that are not computed what gives their values."""
