"""Functions of a graph made of Python functions: what these do to tensors is traced, and written as a ``FunctionDef``.

The operations that a Python function makes go into a graph of their own. A tensor from outside that they take becomes
a further argument of the function, which every call passes on.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hdfsaver import schema
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import OpDef, find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import attr_value
from hdfsaver.messages.function_libraries import joined
from hdfsaver.messages.node_defs import graph_def_of
from hdfsaver.messages.tensor_types import type_number
from hdfsaver.shapes import Shape

_Output = tuple[str, int]


class FunctionGraph(Graph):
    """The graph of a function's body.

    Parameters
    ----------
    outer : Graph
        The graph in which the function is defined.
    takes : callable, optional
        Makes a tensor inside of one from outside; by default it becomes a further argument.
    """

    def __init__(self, outer: Graph, takes: Callable[[FunctionGraph, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.outer = outer
        self.seed = outer.seed
        self.tensorflow = dict(outer.tensorflow)
        self.captured: dict[tuple[int, _Output], tuple[Tensor, Tensor]] = {}
        self._takes = takes or FunctionGraph._as_argument

    @property
    def building_function(self) -> bool:
        """True: the graph is the body of a function."""
        return True

    def keep_alive(self, value: object) -> None:
        """Let an object live as long as the graph around."""
        self.outer.keep_alive(value)

    def surrounds(self, graph: Graph) -> bool:
        """Whether a graph is this one, or one around it."""
        around: Graph | None = self
        while around is not None and around is not graph:
            around = around.outer if isinstance(around, FunctionGraph) else None
        return around is graph

    def create_named(
        self,
        definition: OpDef,
        inputs: Sequence[Tensor],
        attrs: dict[str, Any],
        name: str,
        variables: Sequence[Operation] = (),
    ) -> Operation:
        """Add an operation; tensors from outside that it takes become arguments of the function.

        Parameters
        ----------
        definition, inputs, attrs, name, variables
            See `Graph.create_named`.

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            See `Graph.create_named`, or an input is of a graph that is not around this one.
        """
        found = [tensor if tensor.graph is self else self.capture(tensor) for tensor in inputs]
        return super().create_named(definition, found, attrs, name, () if found != list(inputs) else variables)

    def capture(self, tensor: Tensor) -> Tensor:
        """The tensor inside that stands for one from outside.

        Raises
        ------
        ValueError
            It is of a graph that is not around this one, or a variable itself.
        """
        if tensor.graph is self:
            return tensor
        if not self.surrounds(tensor.graph):
            raise ValueError(f"Tensor {tensor.name!r} is from a graph that is not around the function.")
        if tensor.dtype.is_ref_dtype:
            raise ValueError(f"A function cannot change the variable {tensor.op.name!r}, which is outside of it.")
        key = (id(tensor.graph), (tensor.op.name, tensor.value_index))
        if key not in self.captured:
            self.captured[key] = (tensor, self._takes(self, tensor))
        return self.captured[key][1]

    def _as_argument(self, tensor: Tensor) -> Tensor:
        with self.control_dependencies(None), self.device(None):
            return argument(self, tensor.dtype.name, tensor.shape.plain, tensor.op.name)


def argument(graph: Graph, dtype: str, shape: Shape, name: str) -> Tensor:
    """Make the placeholder for an argument of a function.

    Parameters
    ----------
    graph : Graph
        That of the body.
    dtype : str
    shape : tuple or None
    name : str

    Returns
    -------
    Tensor
    """
    with graph.as_default():
        return apply("Placeholder", dtype=dtype, shape=shape, name=name)


class Traced(NamedTuple):
    """A function that was traced.

    Attributes
    ----------
    value : dict
        The attribute that names it.
    captured : list of Tensor
        The tensors of the graph around that each call passes behind the arguments.
    """

    value: dict[str, Any]
    captured: list[Tensor]


def define(
    graph: FunctionGraph,
    arguments: Sequence[Tensor],
    results: Sequence[Tensor],
    name: str,
    attrs: Mapping[str, Any] | None = None,
) -> Traced:
    """Write what was traced into the library of the graph around.

    Parameters
    ----------
    graph : FunctionGraph
    arguments, results : sequence of Tensor
        Of that graph; the results may be of a graph around it.
    name : str
        The beginning of its name; a number of its content is added, so that another function has another name.
    attrs : dict, optional
        Attributes of the function, and of each call.

    Returns
    -------
    Traced
    """
    with graph.as_default():
        ended = [apply("Identity", graph.capture(tensor)) for tensor in results]
    captured = list(graph.captured.values())
    given = [*arguments, *(inside for _, inside in captured)]
    definition = function_def(graph, given, ended, attrs or {})
    content = definition.SerializeToString(deterministic=True)
    definition.signature.name = f"{name}_{zlib.crc32(content)}"
    add_function(graph.outer, definition)
    value = {"name": definition.signature.name, "attr": dict(attrs or {})}
    return Traced(value, [outside for outside, _ in captured])


def add_function(graph: Graph, definition: message_classes.FunctionDef) -> None:
    """Add a function to the library of a graph, and to those of the graphs around it."""
    around: Graph | None = graph
    while around is not None:
        library = message_classes.FunctionDefLibrary(function=[definition])
        data = joined(around.tensorflow.get(schema.LIBRARY, b""), library)
        around.tensorflow = {**around.tensorflow, schema.LIBRARY: data}
        around = around.outer if isinstance(around, FunctionGraph) else None


def function_def(
    graph: Graph, arguments: Sequence[Tensor], results: Sequence[Tensor], attrs: Mapping[str, Any]
) -> message_classes.FunctionDef:
    """The message for the operations of a graph.

    Parameters
    ----------
    graph : Graph
    arguments : sequence of Tensor
        Placeholders.
    results : sequence of Tensor
    attrs : dict

    Returns
    -------
    FunctionDef
        Without a name.
    """
    taken = {tensor.op.name for tensor in arguments}
    message = message_classes.FunctionDef()
    names = _Names()
    texts: dict[_Output, str] = {}
    for place, tensor in enumerate(arguments):
        name = names.unique(tensor.op.name)
        texts[tensor.op.name, 0] = name
        message.signature.input_arg.add(name=name, type=type_number(tensor.dtype.name))
        described = message.arg_attr[place].attr
        described["_user_specified_name"].CopyFrom(attr_value(tensor.op.name.encode()))
        described["_output_shapes"].CopyFrom(attr_value([tensor.shape.plain]))
    given = {name: text for (name, _), text in texts.items()}
    body = [(name, data) for name, data in graph.data.nodes(data=True) if name not in taken]
    message.node_def.extend(graph_def_of(body, find).node)
    for node, (_, data) in zip(message.node_def, body, strict=True):
        del node.input[:]
        node.input.extend(_text(graph, source, texts) for source in data["inputs"])
        node.input.extend("^" + given.get(source, source) for source in data["control_inputs"])
    results_of = _Names()
    for tensor in results:
        name = results_of.unique(tensor.op.name)
        message.signature.output_arg.add(name=name, type=type_number(tensor.dtype.name))
        message.ret[name] = _text(graph, (tensor.op.name, tensor.value_index), texts)
    stateful = [name for name, data in body if _is_stateful(data["op"])]
    message.signature.is_stateful = bool(stateful)
    for name in stateful:
        message.control_ret[name] = name
        message.signature.control_output.append(name)
    for key, value in attrs.items():
        message.attr[key].CopyFrom(attr_value(value))
    return message


def _is_stateful(op_type: str) -> bool:
    definition = find(op_type)
    return definition is not None and definition.stateful


def _text(graph: Graph, source: _Output, texts: dict[_Output, str]) -> str:
    """A tensor as the nodes of a function take it: ``node:results:0``, or the name of an argument."""
    if source not in texts:
        name, output = source
        data = graph.data.nodes[name]
        definition = find(data["op"])
        assert definition is not None, "it was made by the definition of its type"
        for result in definition.parsed.outputs:
            count = result.count(data["attrs"])
            if output < count:
                texts[source] = f"{name}:{result.name}:{output}"
                break
            output -= count
    return texts[source]


class _Names:
    """Names of arguments and results: lower-case letters, digits and underscores, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def unique(self, name: str) -> str:
        """The name in this form, with a number where it is taken."""
        plain = re.sub(r"[^a-z0-9]", "_", name.lower())
        plain = plain if plain[:1].isalpha() else f"arg{plain}"
        found, number = plain, 0
        while found in self._taken:
            number += 1
            found = f"{plain}_{number}"
        self._taken.add(found)
        return found


def names_of(function: Callable[..., Any]) -> str:
    """The name of a Python function as part of the name of a function of the graph."""
    return re.sub(r"[^A-Za-z0-9_]+", "", getattr(function, "__name__", type(function).__name__)) or "function"
