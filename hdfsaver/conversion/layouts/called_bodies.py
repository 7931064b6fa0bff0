"""A graph with the bodies of the functions that it calls, so that a variable is followed through arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx

from hdfsaver.errors import OpError
from hdfsaver.graph.definition import Node
from hdfsaver.graph.function_bodies import Body, body_of
from hdfsaver.graph.function_library import Calling
from hdfsaver.graph.graph import Graph
from hdfsaver.schema import DiGraph, add_node
from hdfsaver.shapes import Shape

Wire = tuple[str, int]

_MOST_DEPTH = 16
_MOST_OPERATIONS = 200_000
"""Operations of all bodies, and calls within calls; what is called beyond that is not looked into."""

_AHEAD = {"If": 1, "StatelessIf": 1, "Case": 1, "StatelessCase": 1, "RemoteCall": 1}
"""The inputs of an operation that are not arguments."""

_LOOPS = ("While", "StatelessWhile")
_DERIVATIVES = ("SymbolicGradient",)


def with_bodies(graph: Graph) -> DiGraph:
    """The graph with the operations of functions at the places where they are called.

    Names of these begin with that of the call. The call passes on the results: it is of type ``IdentityN``. Arguments
    that a loop changes are of type ``Merge``, as in a loop of TensorFlow 1.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    networkx.DiGraph
        That of the graph itself if it calls no functions.
    """
    if not graph.functions.by_name:
        return graph.data
    expansion = _Expansion()
    expansion.add(graph, "", {}, 0)
    return expansion.digraph


class _Expansion:
    def __init__(self) -> None:
        self.digraph: DiGraph = nx.DiGraph()
        self._count = 0

    def add(self, graph: Graph, prefix: str, arguments: dict[str, dict[str, Any]], depth: int) -> None:
        """Add the operations of a graph; those that are arguments are given."""
        for name, data in graph.data.nodes.items():
            given = arguments.get(name)
            if given is not None:
                add_node(self.digraph, prefix + name, **given)
                continue
            inputs = tuple((prefix + source, output) for source, output in data["inputs"])
            results = self._results(graph, name, prefix, inputs, depth)
            outputs = self._outputs(graph, name, inputs, prefix) if prefix else data["outputs"]
            op, sources = (data["op"], inputs) if results is None else ("IdentityN", tuple(results))
            add_node(self.digraph, prefix + name, op=op, inputs=sources, attrs=data["attrs"], outputs=outputs)

    def _outputs(self, graph: Graph, name: str, inputs: Sequence[Wire], prefix: str) -> tuple[tuple[str, Shape], ...]:
        """Dtypes and shapes in a body, which depend on those of the arguments."""
        data = graph.data.nodes[name]
        definition = graph.definition(data["op"])
        found: tuple[tuple[str, Shape], ...] = data["outputs"]
        if definition is None or any("outputs" not in self.digraph.nodes.get(source, {}) for source, _ in inputs):
            return found
        node = Node(self.digraph, prefix + name, data["attrs"], inputs)
        try:
            shapes = definition.shapes(node)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return found
        return tuple((dtype, shape) for (dtype, _), shape in zip(found, shapes, strict=False))

    def _results(self, graph: Graph, name: str, prefix: str, inputs: Sequence[Wire], depth: int) -> list[Wire] | None:
        """The results of the functions that an operation calls, whose bodies are added; None if it calls none."""
        data = graph.data.nodes[name]
        definition = graph.definition(data["op"])
        if not isinstance(definition, Calling) or data["op"] in _DERIVATIVES or depth >= _MOST_DEPTH:
            return None
        try:
            called = [each.function for each in definition.functions(Node.of(graph.data, name))]
            bodies = [body_of(graph.functions, function) for function in called]
        except OpError:
            return None  # a malformed function is named when it is to run
        wires = inputs[_AHEAD.get(data["op"], 0) :]
        self._count += sum(len(body.graph.data) for body in bodies)
        if self._count > _MOST_OPERATIONS or any(len(body.inputs) != len(wires) for body in bodies):
            return None
        if data["op"] in _LOOPS:
            condition, body = bodies
            added = self._add_body(condition, f"{prefix}{name}/cond/", wires, depth, [])
            return self._add_body(body, f"{prefix}{name}/body/", wires, depth, _changed(body)) if added else None
        found = [
            self._add_body(body, f"{prefix}{name}/{place}/", wires, depth, []) for place, body in enumerate(bodies)
        ]
        return found[0] if len(found) == 1 else self._merged(f"{prefix}{name}", found)

    def _merged(self, name: str, branches: Sequence[Sequence[Wire]]) -> list[Wire]:
        """The results of one of several branches."""
        made: list[Wire] = []
        for place, wires in enumerate(zip(*branches, strict=False)):
            add_node(self.digraph, f"{name}/merge_{place}", op="Merge", inputs=wires, outputs=(("variant", None),))
            made.append((f"{name}/merge_{place}", 0))
        return made

    def _add_body(
        self, body: Body, prefix: str, wires: Sequence[Wire], depth: int, changed: Sequence[int]
    ) -> list[Wire]:
        """Add the operations of a function; its results, or those of the loop of which it is the body."""
        results = [(prefix + tensor.op.name, tensor.value_index) for tensor in body.outputs]
        arguments = {}
        for place, (tensor, wire) in enumerate(zip(body.inputs, wires, strict=True)):
            is_changed = place in changed
            known = self.digraph.nodes.get(wire[0], {}).get("outputs", ())
            outputs = (known[wire[1]] if wire[1] < len(known) else (tensor.dtype.name, None),)
            arguments[tensor.op.name] = {
                "op": "Merge" if is_changed else "Identity",
                "inputs": (wire, results[place]) if is_changed else (wire,),
                "outputs": outputs,
            }
        self.add(body.graph, prefix, arguments, depth + 1)
        return results


def _changed(body: Body) -> list[int]:
    """The arguments of a loop that its body changes."""
    found = []
    for place, (given, result) in enumerate(zip(body.inputs, body.outputs, strict=False)):
        source, seen = result.op, set[str]()
        while source.type == "Identity" and source.inputs and source.name not in seen:
            seen.add(source.name)
            source = source.inputs[0].op
        if source.name != given.op.name:
            found.append(place)
    return found
