"""Nodes: ``NodeDef`` messages, and the data of the nodes of a DiGraph.

The rest of a message is *remembered*, in a message of the same name: attributes without a plain value, attributes whose
message would be written in another way, inputs that are spelled otherwise, unknown fields. It is put back where the
node still has the same data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from sys import intern
from typing import Any, cast

import numpy as np

from hdfsaver import dtypes, schema
from hdfsaver.errors import DataLossError, InvalidNodeError, ResourceExhaustedError
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import (
    UNREADABLE,
    AttributeReader,
    attr_value,
    exact_scalar,
    same_value,
    write_attribute,
)
from hdfsaver.messages.op_defs import OUTPUT_DTYPES, OUTPUT_SHAPES, OpDefs
from hdfsaver.messages.parsing import has_unknown, parse
from hdfsaver.messages.tensor_types import NAME_BY_NUMBER, type_name
from hdfsaver.schema import DiGraph
from hdfsaver.version import GRAPH_DEF_VERSION

PRODUCER = GRAPH_DEF_VERSION
"""The version of the rules for graphs that operations follow here: that of TensorFlow 2.21."""

NodeData = dict[str, Any]
Inputs = tuple[tuple[tuple[str, int], ...], tuple[str, ...]]
Known = Callable[[str], object]
"""Whether there is a definition for a type of operations, so that outputs follow from attributes."""

_FURTHER = ("experimental_debug_info", "experimental_type")

_MAX_OUTPUT = 2**20
"""More outputs than any operation has; a damaged number must not fill the memory."""


# -- reading -----------------------------------------------------------------------------------------------------


def nodes_of(graph_def: message_classes.GraphDef) -> dict[str, NodeData]:
    """The nodes that a program's ``GraphDef`` stands for, without outputs, which only definitions of types tell.

    Raises
    ------
    ValueError
        Two nodes have one name, an input is not written as inputs are, or the value of an attribute cannot be read.
    ResourceExhaustedError
        Its constants take more memory than is allowed.
    """
    with schema.nothing_collected():
        return _nodes_of(graph_def)


def _nodes_of(graph_def: message_classes.GraphDef) -> dict[str, NodeData]:
    nodes: dict[str, NodeData] = {}
    reader = AttributeReader()
    # A message gives a new string each time: one for all that are equal takes less memory, and is found faster.
    shared: dict[str, str] = {}
    share = shared.setdefault
    for node in graph_def.node:
        name = node.name
        name = share(name, name)
        if name in nodes:
            raise ValueError(f"Node {name!r} is not unique.")
        given = [share(text, text) for text in node.input[:]]  # a slice is read at once
        inputs, controls = split_inputs(given) if given else ((), ())
        if controls and any(text.startswith("^") for text in given[: len(inputs)]):
            raise ValueError(f"Node {name!r}: Control dependencies must come after regular dependencies.")
        op = node.op
        if not op:
            raise ValueError(f"Node {name!r} does not specify an operation.")
        nodes[name] = {
            "op": share(op, op),
            "device": node.device,
            "attrs": _plain_attrs(name, node, reader),
            "inputs": inputs,
            "control_inputs": controls,
        }
    return nodes


def _plain_attrs(name: str, node: message_classes.NodeDef, reader: AttributeReader) -> dict[str, Any]:
    attrs: dict[str, Any] = {}
    messages = node.attr
    for key in messages:
        message = messages[key]
        if dtype := NAME_BY_NUMBER.get(message.type):  # most attributes are dtypes
            attrs[intern(key)] = dtype
            continue
        try:
            attrs[intern(key)] = reader.plain(message)
        except ResourceExhaustedError:
            raise
        except UNREADABLE as error:
            if message.WhichOneof("value") is not None:
                said = getattr(error, "message", error)
                raise ValueError(f"Node {name!r}: the value of attr {key!r} cannot be read: {said}") from None
    return attrs


def file_nodes(graph_def: message_classes.GraphDef, definitions: OpDefs) -> tuple[dict[str, NodeData], list[Any]]:
    """The nodes for the ``GraphDef`` of a file, and those to be remembered.

    Raises
    ------
    DataLossError
        Two nodes have one name, an input is not written as inputs are, or comes from a node that is not there.
    ResourceExhaustedError
        Its constants take more memory than is allowed, or its operations have more outputs.
    """
    with schema.nothing_collected():
        nodes, remembered = _read_nodes(graph_def.node, has_unknown(graph_def))
        _check_inputs(nodes)
        taken = taken_outputs(nodes)
        for name, data in nodes.items():
            data["outputs"] = definitions.outputs(name, data["op"], data["attrs"], taken.get(name, 0))
        return nodes, remembered


def _read_nodes(
    defined: Iterable[message_classes.NodeDef], any_unknown: bool
) -> tuple[dict[str, NodeData], list[message_classes.NodeDef]]:
    nodes: dict[str, NodeData] = {}
    remembered = []
    reader = AttributeReader()
    shared: dict[str, str] = {}  # as in _nodes_of
    share = shared.setdefault
    for node in defined:
        name = node.name
        name = share(name, name)
        if name in nodes:
            raise DataLossError(None, None, f"two nodes have the name {name!r}.")
        attrs, kept = _read_attrs(node, reader, any_unknown)
        given = [share(text, text) for text in node.input[:]]
        inputs, controls = split_inputs(given) if given else ((), ())
        op = node.op
        nodes[name] = {
            "op": share(op, op),
            "device": node.device,
            "attrs": attrs,
            "inputs": inputs,
            "control_inputs": controls,
        }
        given = [] if given == input_texts(inputs, controls) else given
        is_more = any(map(node.HasField, _FURTHER)) or (any_unknown and has_unknown(node))
        if kept or given or is_more:
            remembered.append(_remembered(node, kept, given))
    return nodes, remembered


def _read_attrs(
    node: message_classes.NodeDef, reader: AttributeReader, any_unknown: bool
) -> tuple[dict[str, Any], list[str]]:
    """The plain values of attributes, in the order of their names; and those that are to be remembered."""
    attrs: dict[str, Any] = {}
    kept = []
    messages = node.attr
    for key in sorted(messages):
        message = messages[key]
        key = intern(key)
        if not any_unknown and (value := exact_scalar(message)) is not None:
            attrs[key] = value
            continue
        read = reader.read(message)
        if read is not None:
            attrs[key] = read.plain
        if read is None or not _is_exact(read.is_exact, key, message, attrs):
            kept.append(key)
    return attrs, kept


def _is_exact(is_exact: bool, key: str, message: message_classes.AttrValue, attrs: Mapping[str, Any]) -> bool:
    # The dtype of a quantized constant is in another attribute: only both together are exact.
    if is_exact or key != "value" or type(attrs["value"]) is not np.ndarray:
        return is_exact
    dtype = type_name(message.tensor.dtype)
    if attrs.get("dtype") != dtype or len(message.tensor.tensor_content) != attrs["value"].nbytes:
        return False
    return attr_value(attrs["value"], dtype).SerializeToString() == message.SerializeToString()


def _remembered(node: message_classes.NodeDef, kept: list[str], given: list[str]) -> message_classes.NodeDef:
    rest = message_classes.NodeDef()
    rest.CopyFrom(node)
    for field in ("op", "device", "input"):
        rest.ClearField(field)
    for key in node.attr:
        if key not in kept:
            del rest.attr[key]
    rest.input.extend(given)
    return rest


def split_inputs(texts: Iterable[str]) -> Inputs:
    """The inputs and the control inputs of a node, the latter each once."""
    inputs: list[tuple[str, int]] = []
    controls: dict[str, None] = {}
    for text in texts:
        if text.startswith("^"):
            controls[text[1:]] = None
        else:
            inputs.append(_source(text) if ":" in text else (text, 0))
    return tuple(inputs), tuple(controls)


def _source(text: str) -> tuple[str, int]:
    """Which output of which operation an input is: ``"a:1"`` is the second of ``a``.

    A text that does not end in a number is a name as a whole, which no operation has.
    """
    name, _, output = text.rpartition(":")
    is_number = output.isascii() and output.isdigit() and ":" not in name
    if not is_number or len(output) > len(str(_MAX_OUTPUT)) or int(output) > _MAX_OUTPUT:
        return text, 0
    return name, int(output)


def input_spelling(graph_def: message_classes.GraphDef, name: str, source: str) -> str:
    """The text by which a node of a message takes an input, such as ``"a:0"`` for ``"a"``.

    Parameters
    ----------
    graph_def : GraphDef
        The message.
    name : str
        The node, which is in the message.
    source : str
        The input that it takes.

    Returns
    -------
    str
        One of the inputs of the message.
    """
    given = next(node.input for node in graph_def.node if node.name == name)
    return next(text for text in given if _source(text) == _source(source))


def input_texts(inputs: Iterable[tuple[str, int]], controls: tuple[str, ...]) -> list[str]:
    """Inputs as a ``NodeDef`` spells them."""
    texts = [f"{source}:{output}" if output else source for source, output in inputs]
    return [*texts, *["^" + source for source in controls]] if controls else texts


def _check_inputs(nodes: Mapping[str, NodeData]) -> None:
    for name, data in nodes.items():
        for source in (*[source for source, _ in data["inputs"]], *data["control_inputs"]):
            if source not in nodes:
                raise DataLossError(None, None, f"node {name!r} takes an input from {source!r}, which is not there.")


def taken_outputs(nodes: Mapping[str, NodeData]) -> Counter[str]:
    """How many of its outputs others take, at least, of each node of which they take any."""
    taken: Counter[str] = Counter()
    for data in nodes.values():
        for source, output in data["inputs"]:
            taken[source] = max(taken[source], output + 1)
    return taken


def unreadable_attrs(remembered: bytes) -> Iterator[tuple[str, str]]:
    """The attributes without a plain value of the nodes of a file: the name of the node, and that of the attribute.

    Parameters
    ----------
    remembered : bytes
        The parts of nodes in `Structure.tensorflow`.

    Returns
    -------
    iterator of (str, str)

    Raises
    ------
    DataLossError
        It is not a message.
    """
    reader = AttributeReader()
    for node in parse(message_classes.MetaGraphDef, remembered, "what /graph/tensorflow has").graph_def.node:
        for key, message in node.attr.items():
            if reader.read(message) is None:
                yield node.name, key


# -- writing -----------------------------------------------------------------------------------------------------


def nodes_in(digraph: DiGraph) -> Iterable[tuple[str, Any]]:
    """The nodes of a DiGraph with their data; ``digraph.nodes.items()`` asks for the data of each by its name."""
    return cast("Iterable[tuple[str, Any]]", digraph.nodes(data=True))


def graph_def_of(nodes: Iterable[tuple[str, Any]], known: Known, add_shapes: bool = False) -> message_classes.GraphDef:
    """The ``GraphDef`` for nodes of a DiGraph.

    Parameters
    ----------
    nodes, known, add_shapes
        See `write_nodes`.

    Returns
    -------
    GraphDef
        A new message.
    """
    graph_def = message_classes.GraphDef()
    graph_def.versions.producer = PRODUCER
    write_nodes(graph_def, nodes, known, add_shapes)
    return graph_def


def node_def_of(name: str, data: Mapping[str, Any], known: Known) -> message_classes.NodeDef:
    """The ``NodeDef`` for a node of a DiGraph.

    Parameters
    ----------
    name : str
    data : mapping
        Its data, as `hdfsaver.schema` describes them.
    known : callable
        See `write_nodes`.

    Returns
    -------
    NodeDef
        A new message.
    """
    return graph_def_of([(name, data)], known).node[0]


def write_nodes(
    graph_def: message_classes.GraphDef,
    nodes: Iterable[tuple[str, Any]],
    known: Known,
    add_shapes: bool = False,
    remembered: Iterable[message_classes.NodeDef] = (),
) -> None:
    """Write the nodes of a DiGraph into a ``GraphDef``, after the nodes that it has.

    Parameters
    ----------
    graph_def : GraphDef
    nodes : iterable of (str, dict)
        Names and data, as `hdfsaver.schema` describes them.
    known : callable
        Whether a type has a definition. Nodes of other types say in attributes what comes out of them.
    add_shapes : bool
        Say in the attribute ``_output_shapes`` of all nodes what is known of the shapes of outputs.
    remembered : iterable of NodeDef
        The remembered parts of the messages that the nodes were read from.

    Raises
    ------
    InvalidNodeError
        An attribute has a value that no message holds, such as a list of lists.
    """
    rests = {node.name: node for node in remembered}
    reader = AttributeReader()
    add = graph_def.node.add
    with schema.nothing_collected():
        for name, data in nodes:
            node = add()
            node.name, node.op = name, data["op"]
            if data["device"]:
                node.device = data["device"]
            node.input.extend(input_texts(data["inputs"], data["control_inputs"]))
            attrs = data["attrs"]
            outputs = data.get("outputs")
            if outputs and (add_shapes or not known(data["op"])):
                attrs = {**attrs, **_output_attrs(outputs, not known(data["op"]))}
            rest = rests.get(name)
            if rest is None:
                _write_attrs(node, attrs)
            else:
                kept = _still_true(rest, attrs, reader)
                _write_attrs(node, {key: value for key, value in attrs.items() if key not in kept})
                _put_back(node, rest, kept, data)


def _output_attrs(outputs: tuple[tuple[str, Any], ...], with_dtypes: bool) -> dict[str, Any]:
    found: dict[str, Any] = {OUTPUT_SHAPES: [shape for _, shape in outputs]}
    if with_dtypes:
        found[OUTPUT_DTYPES] = [dtype for dtype, _ in outputs]
    return found


def _write_attrs(node: message_classes.NodeDef, attrs: Mapping[str, Any]) -> None:
    messages = node.attr
    for key, value in attrs.items():
        try:
            write_attribute(messages[key], value, constant_dtype(attrs) if key == "value" else None)
        except (
            TypeError,
            ValueError,
        ) as error:  # protobuf raises ValueError for numbers and names that are out of range
            raise InvalidNodeError(
                None, None, f"Node {node.name!r} ({node.op}): attr {key!r} has no message: {error}"
            ) from error


def constant_dtype(attrs: Mapping[str, Any]) -> str | None:
    """The dtype of a constant. NumPy's dtype is not enough: that of a quantized constant is the one of its integers."""
    dtype, value = attrs.get("dtype"), attrs["value"]
    known = isinstance(value, np.ndarray) and isinstance(dtype, str) and dtype in dtypes.ROW_BY_NAME
    return dtype if known and dtypes.numpy_dtype(str(dtype)) == value.dtype else None


def _still_true(
    rest: message_classes.NodeDef, attrs: Mapping[str, Any], reader: AttributeReader
) -> dict[str, message_classes.AttrValue]:
    """Of the attributes that were remembered, those that still mean what the node says."""
    found = {}
    for key, message in rest.attr.items():
        read = reader.read(message)
        if (key not in attrs) if read is None else (key in attrs and same_value(read.plain, attrs[key])):
            found[key] = message
    return found


def _put_back(
    node: message_classes.NodeDef,
    rest: message_classes.NodeDef,
    kept: Mapping[str, message_classes.AttrValue],
    data: Mapping[str, Any],
) -> None:
    for key, message in kept.items():
        node.attr[key].CopyFrom(message)
    if rest.input and split_inputs(rest.input) == (data["inputs"], data["control_inputs"]):
        node.input[:] = rest.input
    unknown = message_classes.NodeDef()
    unknown.CopyFrom(rest)
    unknown.ClearField("attr")
    unknown.ClearField("input")
    node.MergeFrom(unknown)
