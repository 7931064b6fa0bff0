"""The derivative of a loop that calls functions: the values of each iteration are kept in lists, and taken back.

The loop is run again, and keeps what its variables were before each iteration. A second loop takes these values from
the end, and multiplies by the derivative of the body. A variable that the body passes on unchanged is not kept; what
the iterations contribute to its derivative is added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import COMPLEX, FLOATS, Node, find
from hdfsaver.graph.function_bodies import body_of
from hdfsaver.graph.function_graphs import FunctionGraph, argument, define
from hdfsaver.graph.function_library import Calling, FunctionLibrary, FunctionValue
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Gradient

_READING = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})

_WITHOUT_EFFECT = _READING | {"VarHandleOp", "VariableShape"}
"""Stateful operations that give the same values when a loop is run again."""

_ANY_SHAPE = -1


def derivative_function(
    graph: Graph, function: FunctionValue, inputs: Sequence[str], outputs: Sequence[str], wanted: Sequence[int]
) -> FunctionValue:
    """A function in the library of a graph that gives the derivatives of another one.

    Parameters
    ----------
    graph : Graph
    function : mapping
        The attribute that names the other one.
    inputs, outputs : sequence of str
        The dtypes that its ``SymbolicGradient`` takes and gives.
    wanted : sequence of int
        Which of the derivatives it gives.

    Returns
    -------
    dict
        The attribute that names it.
    """
    inner, given = _begun(graph, inputs)
    with inner.as_default():
        found = apply_list("SymbolicGradient", given, f=dict(function), Tout=list(outputs))
    return define(inner, given, [found[place] for place in wanted], f"{function['name']}_grad").value


def dtype_of_derivative(op: Operation, place: int) -> str:
    """The dtype of the derivative by an input: that of the variable for a handle."""
    tensor = op.inputs[place]
    node = Node.of(op.graph.data, op.name)
    while tensor.dtype.base_dtype.name == "resource" and len(node.inputs) > place:
        node, place = node.source(place), 0
        dtype = node.attrs.get("dtype")
        if dtype == "resource":  # an argument of a function
            return _dtype_read(op.graph, (node.name, 0), set()) or "resource"
        if dtype is not None:
            return str(dtype)
    return tensor.dtype.base_dtype.name


def _dtype_read(graph: Graph, handle: tuple[str, int], seen: set[str]) -> str | None:
    """The dtype of the variable that operations of a graph, or of functions that they call, read by a handle."""
    for name in graph.data.successors(handle[0]):
        node = Node.of(graph.data, name)
        op_type = graph.data.nodes[name]["op"]
        places = [place for place, source in enumerate(node.inputs) if source == handle]
        found = node.attrs.get("dtype") if op_type in _READING else None
        if op_type == "Identity":
            found = _dtype_read(graph, (name, 0), seen)
        definition = graph.definition(op_type)
        for called in definition.functions(node) if isinstance(definition, Calling) else ():
            if found is None and called.function["name"] not in seen:
                body = body_of(graph.functions, called.function)
                skipped = len(node.inputs) - len(body.inputs)
                inside = [body.inputs[place - skipped].op.name for place in places if place >= max(0, skipped)]
                around = {*seen, called.function["name"]}
                found = next(filter(None, (_dtype_read(body.graph, (each, 0), around) for each in inside)), None)
        if found is not None:
            return str(found)
    return None


class LoopDerivative:
    """The loops and functions that compute the derivative of one ``While`` or ``StatelessWhile``.

    Parameters
    ----------
    op : Operation
    grads : sequence of Tensor or None
        The derivatives by its results.

    Raises
    ------
    LookupError
        The loop cannot be run again with the same values.
    """

    def __init__(self, op: Operation, grads: Sequence[Gradient]) -> None:
        attrs = op.data["attrs"]
        self.op = op
        self.grads = grads
        self.condition: FunctionValue = attrs["cond"]
        self.body: FunctionValue = attrs["body"]
        self.dtypes: list[str] = [tensor.dtype.base_dtype.name for tensor in op.inputs]
        self.of_derivatives = [dtype_of_derivative(op, place) for place in range(len(op.inputs))]
        library = op.graph.functions
        for function in (self.condition, self.body):
            found = _effect(library, function["name"], set())
            if found is not None:
                raise LookupError(
                    f"Operation {op.name!r} ({op.type}) has no derivative: {found} in {function['name']!r} has effects "
                    "or draws random numbers, and the loop is run again for its derivative. Move it out of the loop."
                )
        passed = _passed_on(library, self.body["name"], len(self.dtypes))
        self.fixed = [place for place in range(len(self.dtypes)) if place in passed]
        self.kept = [place for place in range(len(self.dtypes)) if place not in passed]
        if any(self.dtypes[place] == "resource" for place in self.kept):
            raise LookupError(f"Operation {op.name!r} ({op.type}) has no derivative: a handle changes in the loop.")
        self.varying = [place for place in self.kept if self._is_smooth(place)]
        self.summed = [place for place in self.fixed if self._is_smooth(place)]

    def _is_smooth(self, place: int) -> bool:
        return self.of_derivatives[place] in FLOATS | COMPLEX | {"variant"}

    def by_inputs(self) -> list[Gradient]:
        """The derivatives by the inputs of the loop."""
        if not (self.varying or self.summed):
            return [None] * len(self.dtypes)
        count, lists = self._run_again()
        found = self._backward(count, lists)
        return [found.get(place) for place in range(len(self.dtypes))]

    def _run_again(self) -> tuple[Tensor, list[Tensor]]:
        """The number of iterations, and a list of its values for each variable that is kept."""
        number = len(self.dtypes)
        empty = [
            apply("EmptyTensorList", _ANY_SHAPE, -1, element_dtype=self.dtypes[place], name="accumulator")
            for place in self.kept
        ]
        dtypes = [*self.dtypes, "int32", *("variant" for _ in empty)]
        inner, given = _begun(self.op.graph, dtypes)
        with inner.as_default():
            (goes_on,) = _call(self.condition, given[:number], ["bool"])
        condition = define(inner, given, [goes_on], f"{self.condition['name']}_again")
        inner, given = _begun(self.op.graph, dtypes)
        with inner.as_default():
            values = _call(self.body, given[:number], self.dtypes)
            for place in self.fixed:
                values[place] = given[place]
            count = apply("AddV2", given[number], 1)
            pushed = [
                apply("TensorListPushBack", handle, given[place], element_dtype=self.dtypes[place])
                for handle, place in zip(given[number + 1 :], self.kept, strict=True)
            ]
        body = define(inner, given, [*values, count, *pushed], f"{self.body['name']}_again")
        found = apply_list(
            self.op.type,
            [*self.op.inputs, convert_to_tensor(0, dtype="int32"), *empty],
            cond=condition.value,
            body=body.value,
            output_shapes=[*([None] * number), (), *(() for _ in empty)],
            name=f"{self.op.name.rpartition('/')[2]}_again",
        )
        return found[number], found[number + 1 :]

    def _backward(self, count: Tensor, lists: Sequence[Tensor]) -> dict[int, Gradient]:
        """The derivatives by the inputs that have one."""
        step = self._step()
        smooth = [*self.varying, *self.summed]
        begun = [self._first(place) for place in smooth]
        fixed = [self.op.inputs[place] for place in self.fixed]
        of_smooth = [self.of_derivatives[place] for place in smooth]
        dtypes = ["int32", *("variant" for _ in lists), *of_smooth, *(self.dtypes[place] for place in self.fixed)]
        inner, given = _begun(self.op.graph, dtypes)
        with inner.as_default():
            goes_on = apply("Greater", given[0], 0)
        condition = define(inner, given, [goes_on], f"{self.op.name.rpartition('/')[2]}_grad_cond")
        inner, given = _begun(self.op.graph, dtypes)
        rest = iter(given[1:])
        handles, varying, summed = ([next(rest) for _ in each] for each in (lists, self.varying, self.summed))
        passed = list(rest)
        with inner.as_default():
            values = dict(zip(self.fixed, passed, strict=True))
            left = []
            for handle, place in zip(handles, self.kept, strict=True):
                popped = apply_list("TensorListPopBack", handle, _ANY_SHAPE, element_dtype=self.dtypes[place])
                left.append(popped[0])
                values[place] = popped[1]
            arguments = [values[place] for place in range(len(self.dtypes))]
            found = apply_list("SymbolicGradient", [*arguments, *varying], f=step, Tout=self.of_derivatives)
            added = [
                apply("AddN", [before, found[place]])
                if self.of_derivatives[place] == "variant"
                else apply("AddV2", before, found[place])
                for before, place in zip(summed, self.summed, strict=True)
            ]
            results = [apply("Sub", given[0], 1), *left, *(found[place] for place in self.varying), *added, *passed]
        body = define(inner, given, results, f"{self.op.name.rpartition('/')[2]}_grad_body")
        shapes = [self.op.inputs[place].shape.plain if self.of_derivatives[place] == self.dtypes[place] else None
                  for place in smooth]  # fmt: skip
        ended = apply_list(
            self.op.type,
            [count, *lists, *begun, *fixed],
            cond=condition.value,
            body=body.value,
            output_shapes=[(), *(() for _ in lists), *shapes, *(tensor.shape.plain for tensor in fixed)],
        )
        return {place: apply("Identity", ended[1 + len(lists) + number]) for number, place in enumerate(smooth)}

    def _step(self) -> FunctionValue:
        """The body as a function that gives only the variables that change and have a derivative."""
        inner, given = _begun(self.op.graph, self.dtypes)
        with inner.as_default():
            values = _call(self.body, given, self.dtypes)
        return define(inner, given, [values[place] for place in self.varying], f"{self.body['name']}_step").value

    def _first(self, place: int) -> Tensor:
        """The derivative by a result of the loop; zeros where nothing needs it."""
        grad = self.grads[place]
        if grad is not None:
            found: Tensor = apply("Identity", grad)
            return found
        value = self.op.outputs[place]
        if self.dtypes[place] == "resource":
            value = apply("ReadVariableOp", self.op.inputs[place], dtype=self.of_derivatives[place])
        zeros: Tensor = apply("ZerosLike", value)
        return zeros


def _begun(graph: Graph, dtypes: Sequence[str]) -> tuple[FunctionGraph, list[Tensor]]:
    """The graph of a function that is to be made, and its arguments."""
    inner = FunctionGraph(graph)
    return inner, [argument(inner, dtype, None, f"x_{place}") for place, dtype in enumerate(dtypes)]


def _call(function: FunctionValue, inputs: Sequence[Tensor], dtypes: Sequence[str]) -> list[Tensor]:
    return list(apply_list("StatefulPartitionedCall", list(inputs), f=dict(function), Tout=list(dtypes)))


def _passed_on(library: FunctionLibrary, name: str, count: int) -> set[int]:
    """The variables that the body gives as it has taken them."""
    definition = library.by_name[name]
    sources = {node.name: node.input[0] for node in definition.node_def if node.op == "Identity" and node.input}
    arguments = [arg.name for arg in definition.signature.input_arg]
    results = [definition.ret[arg.name] for arg in definition.signature.output_arg]
    if not len(arguments) == len(results) == count:  # one of them is a list of tensors
        return set()
    found = set()
    for place, result in enumerate(results):
        source = result
        while source.partition(":")[0] in sources and ":" in source:
            source = sources[source.partition(":")[0]]
        if source == arguments[place]:
            found.add(place)
    return found


def _effect(library: FunctionLibrary, name: str, seen: set[str]) -> str | None:
    """An operation of a function, or of those that it calls, that does not give the same again; None without one."""
    if name in seen or name not in library.by_name:
        return None
    seen.add(name)
    for node in library.by_name[name].node_def:
        for called in _called(node):
            found = _effect(library, called, seen)
            if found is not None:
                return found
        definition = find(node.op)
        if definition is None or isinstance(definition, Calling) or node.op in _WITHOUT_EFFECT:
            continue
        if definition.stateful:
            return f"{node.name} ({node.op})"
    return None


def _called(node: Any) -> list[str]:
    """The names of the functions that a node may call."""
    found = [node.op]
    for attr in node.attr.values():
        functions = [attr.func] if attr.HasField("func") else attr.list.func
        found.extend(function.name for function in functions)
    return found
