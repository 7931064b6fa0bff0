"""The bodies of functions: graphs of their own, with a placeholder for each argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hdfsaver import limits
from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.graph.definition import Node, find
from hdfsaver.graph.function_library import Called, Calling, DirectCall, FunctionLibrary, FunctionValue
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.insert_nodes import insert_nodes
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.signature import Argument
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import attr_value, plain_of
from hdfsaver.messages.node_defs import nodes_of
from hdfsaver.messages.op_defs import OUTPUT_DTYPES, OUTPUT_SHAPES

Output = tuple[str, int]

_WITH_EFFECTS = frozenset({"Assert", "Print", "PrintV2", "PyFunc"})
"""Operations that run in a function although no result needs them, beside those that are stateful here."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The operations of a function.

    Attributes
    ----------
    graph : Graph
    inputs : tuple of Tensor
        A placeholder for each argument.
    outputs : tuple of Tensor
    effects : tuple of Operation
        The operations that run although no result needs them.
    """

    graph: Graph
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    effects: tuple[Operation, ...]


def body_of(library: FunctionLibrary, function: FunctionValue, is_new: bool = False) -> Body:
    """The body of a function, the same one for the same attributes.

    Parameters
    ----------
    library : FunctionLibrary
    function : mapping
        The attribute that names it.
    is_new : bool
        Whether to make one that may be changed.

    Returns
    -------
    Body

    Raises
    ------
    NotFoundError
        The library does not have it.
    InvalidArgumentError
        Its definition is not well-formed.
    """
    definition = library.by_name.get(function["name"])
    if definition is None:
        raise NotFoundError(None, None, f"Function {function['name']!r} is not in the library of the graph.")
    defaults = {attr.name: attr.default_value for attr in definition.signature.attr if attr.HasField("default_value")}
    names = {attr.name for attr in definition.signature.attr}
    try:
        attrs = {name: plain_of(value) for name, value in defaults.items()}
        attrs |= {name: value for name, value in function.get("attr", {}).items() if name in names}
        key = (function["name"], *((name, attr_value(attrs[name]).SerializeToString()) for name in sorted(attrs)))
        found: Body | None = None if is_new else library.bodies.get(key)
        if found is None:
            found = _Reader(library, definition, attrs).body()
            if not is_new:
                library.bodies[key] = found
    except (KeyError, TypeError, ValueError) as error:
        text = error.args[0] if error.args else error
        raise InvalidArgumentError(None, None, f"Function {function['name']!r} cannot be read: {text}") from error
    return found


class _Reader:
    def __init__(
        self, library: FunctionLibrary, definition: message_classes.FunctionDef, attrs: Mapping[str, Any]
    ) -> None:
        self.library = library
        self.definition = definition
        self.attrs = attrs
        call = library.definition(definition.signature.name)
        assert call is not None, "the function is in the library"
        self.call = call
        message = message_classes.GraphDef()
        message.node.extend(definition.node_def)
        self.nodes: dict[str, dict[str, Any]] = nodes_of(message)
        self.arguments: dict[str, list[str]] = {}
        self.offsets: dict[str, dict[str, tuple[int, int]]] = {}

    def body(self) -> Body:
        """The body as a graph."""
        placeholders = self._placeholders()
        for data in self.nodes.values():
            attrs = {key: self._filled(value) for key, value in data["attrs"].items()}
            attrs.pop("_class", None)  # of operations outside
            if self._definition(data["op"]) is not None:
                attrs.pop(OUTPUT_SHAPES, None)
            data["attrs"] = attrs
        for data in self.nodes.values():
            data["inputs"] = tuple(self._one(name, output) for name, output in data["inputs"])
            waited = (self.arguments.get(name, [name]) for name in data["control_inputs"])
            data["control_inputs"] = tuple(name for names in waited for name in names)
        returned = [wire for arg in self.definition.signature.output_arg for wire in self._returned(arg.name)]
        self._declare(returned)
        graph = Graph()
        graph.share_functions(self.library)
        name = self.definition.signature.name
        names = insert_nodes(graph, {**placeholders, **self.nodes}, prefix=f"{name}/")
        return Body(
            graph,
            inputs=tuple(graph.tensor(names[each], 0) for each in placeholders),
            outputs=tuple(self._checked(graph, names, returned)),
            effects=tuple(graph.get_operation_by_name(names[each]) for each in self._effects()),
        )

    def _definition(self, op_type: str) -> Any:
        return find(op_type) or self.library.definition(op_type)

    def _placeholders(self) -> dict[str, dict[str, Any]]:
        made: dict[str, dict[str, Any]] = {}
        for argument in self.call.parsed.inputs:
            dtypes = argument.resolve(self.attrs)
            names = [argument.name] if not argument.is_list else [f"{argument.name}_{i}" for i in range(len(dtypes))]
            free = [self._free(name, made) for name in names]
            self.arguments[argument.name] = free
            for name, dtype in zip(free, dtypes, strict=True):
                attrs = {"dtype": dtype, "shape": None}
                made[name] = {"op": "Placeholder", "device": "", "attrs": attrs, "inputs": (), "control_inputs": ()}
        return made

    def _free(self, name: str, made: Mapping[str, Any]) -> str:
        while name in made or name in self.nodes:
            name += "_arg"
        return name

    def _filled(self, value: Any) -> Any:
        """The value of an attribute, with the attributes of the call where it has their names."""
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "placeholder" in value:
            return self.attrs[value["placeholder"]]
        return {"name": value["name"], "attr": {key: self._filled(item) for key, item in value["attr"].items()}}

    def _one(self, name: str, output: int) -> Output:
        """A tensor as a node takes it: ``argument``, ``argument:1`` or ``node:results:0``."""
        if name in self.arguments:
            return self.arguments[name][output], 0
        if name in self.nodes:
            return name, output
        source, result, place = [*name.split(":"), "0", "0"][:3]
        if source not in self.nodes:
            raise ValueError(f"{name!r} is neither an argument nor the result of a node")
        first, _ = self._offset(source, result)
        return source, first + int(place)

    def _offset(self, source: str, result: str) -> tuple[int, int]:
        """The first output of a node that belongs to a result of its type, and how many do."""
        if source not in self.offsets:
            data = self.nodes[source]
            definition = self._definition(data["op"])
            if definition is None:  # it cannot be run, and is named when it is to be
                return 0, 1
            attrs = {**definition.defaults, **data["attrs"]}
            self.offsets[source] = _offsets(definition.parsed.outputs, attrs)
        return self.offsets[source][result]

    def _returned(self, name: str) -> list[Output]:
        text = self.definition.ret[name]
        source, *rest = text.split(":")
        if source in self.arguments:
            found = [(each, 0) for each in self.arguments[source]]
            return [found[int(rest[0])]] if rest else found
        if len(rest) == 1 and source in self.nodes:  # all of a result
            first, count = self._offset(source, rest[0])
            return [(source, first + place) for place in range(count)]
        return [self._one(text, 0)]

    def _declare(self, returned: Sequence[Output]) -> None:
        """Tell the outputs of operations of unknown types, those among the results."""
        for source, output in returned:
            data = self.nodes.get(source)
            if data is not None and self._definition(data["op"]) is None:
                known = data["attrs"].setdefault(OUTPUT_DTYPES, [])
                known += ["variant"] * (output + 1 - len(known))
                known[output] = self.call.parsed.output_dtypes(self.attrs)[returned.index((source, output))]

    def _checked(self, graph: Graph, names: Mapping[str, str], returned: Sequence[Output]) -> list[Tensor]:
        found = [graph.tensor(names[source], output) for source, output in returned]
        wanted = self.call.parsed.output_dtypes(self.attrs)
        given = [tensor.dtype.base_dtype.name for tensor in found]
        if wanted != given:
            raise ValueError(f"its results have the dtypes {given}, but its signature says {wanted}")
        return found

    def _effects(self) -> Sequence[str]:
        found = dict.fromkeys(self.definition.control_ret.values())
        for name, data in self.nodes.items():
            definition = self._definition(data["op"])
            has_effects = data["op"] in _WITH_EFFECTS or getattr(definition, "stateful", False)
            if has_effects or (isinstance(definition, DirectCall) and definition.is_stateful):
                found[name] = None
        return list(found)


def _offsets(arguments: Sequence[Argument], attrs: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    found, first = {}, 0
    for argument in arguments:
        count = argument.count(attrs)
        if not isinstance(count, int) or count > limits.get().elements:
            raise ValueError(f"{count!r} is not a number of results")
        found[argument.name] = (first, count)
        first += count
    return found


def checked_body(library: FunctionLibrary, called: Called) -> Body:
    """The body of a function that an operation calls.

    Parameters
    ----------
    library : FunctionLibrary
    called : Called

    Returns
    -------
    Body

    Raises
    ------
    NotFoundError, InvalidArgumentError
        See `body_of`; or arguments or results are not those that the operation needs.
    """
    body = body_of(library, called.function)
    for what, wanted, tensors in (
        ("arguments", called.inputs, body.inputs),
        ("results", called.outputs, body.outputs),
    ):
        found = [tensor.dtype.base_dtype.name for tensor in tensors]
        if wanted is not None and list(wanted) != found:
            raise InvalidArgumentError(
                None,
                None,
                f"Function {called.function['name']!r} has {what} of dtypes {found}, but {list(wanted)} are needed.",
            )
    return body


def called_by(graph: Graph, names: Iterable[str]) -> list[Called]:
    """The functions which some operations of a graph may call."""
    found: list[Called] = []
    for name in names:
        definition = graph.definition(graph.data.nodes[name]["op"])
        if isinstance(definition, Calling):
            found += definition.functions(Node.of(graph.data, name))
    return found
