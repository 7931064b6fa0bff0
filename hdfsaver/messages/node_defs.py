"""Nodes: ``NodeDef`` messages, and what the nodes of a DiGraph carry.

What a message has beyond that is *remembered*, in a message of the same name: attributes for which there is no plain
value, or whose message is not the one that would be written for it, inputs that are spelled otherwise, unknown fields.
It is put back where the node still says the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from hdfsaver import dtypes, schema
from hdfsaver.errors import DataLossError
from hdfsaver.messages import descriptor_pool
from hdfsaver.messages.attr_values import AttributeReader, dtype_name, write_attribute
from hdfsaver.messages.op_defs import OpDefs
from hdfsaver.protos.attributes import same_value
from hdfsaver.protos.conversion import OUTPUT_DTYPES, OUTPUT_SHAPES, parse_input
from hdfsaver.schema import DiGraph

NodeData = dict[str, Any]
Inputs = tuple[tuple[tuple[str, int], ...], tuple[str, ...]]

_FURTHER = ("experimental_debug_info", "experimental_type")

_MAX_OUTPUT = 2**20
"""More outputs than any operation has; a damaged number must not fill the memory."""


def digraph_of(graph_def: Any, definitions: OpDefs) -> tuple[DiGraph, list[Any]]:
    """The DiGraph for a ``GraphDef``, and the nodes to be remembered.

    Raises
    ------
    DataLossError
        Two nodes have one name, an input is not written as inputs are, or comes from a node that is not there.
    """
    with schema.nothing_collected():
        nodes, remembered = _read_nodes(graph_def.node, descriptor_pool.has_unknown(graph_def))
        _check_inputs(nodes)
        taken = _taken(nodes)
        for name, data in nodes.items():
            data["outputs"] = definitions.outputs(data["op"], data["attrs"], taken.get(name, 0))
        return schema.build(nodes), remembered


def _read_nodes(defined: Iterable[Any], has_unknown: bool) -> tuple[dict[str, NodeData], list[Any]]:
    nodes: dict[str, NodeData] = {}
    remembered = []
    attributes = AttributeReader()
    for node in defined:
        name = node.name
        if name in nodes:
            raise DataLossError(None, None, f"two nodes have the name {name!r}.")
        nodes[name], rest = _read_node(node, attributes, has_unknown)
        if rest is not None:
            remembered.append(rest)
    return nodes, remembered


def _read_node(node: Any, reader: AttributeReader, has_unknown: bool) -> tuple[NodeData, Any]:
    attrs = {}
    kept = []
    for key, message in sorted(node.attr.items()):
        read = reader.read(message)
        if read is not None:
            attrs[key] = read.plain
        if read is None or not _is_exact(read.is_exact, key, message, attrs):
            kept.append(key)
    given = list(node.input)
    inputs, controls = split_inputs(node.name, given)
    data = {"op": node.op, "device": node.device, "attrs": attrs, "inputs": inputs, "control_inputs": controls}
    given = [] if given == input_texts(inputs, controls) else given
    is_more = any(map(node.HasField, _FURTHER)) or (has_unknown and descriptor_pool.has_unknown(node))
    return data, _remembered(node, kept, given) if kept or given or is_more else None


def _is_exact(is_exact: bool, key: str, message: Any, attrs: Mapping[str, Any]) -> bool:
    # The dtype of a quantized constant is in another attribute: only both together are exact.
    if is_exact or key != "value" or type(attrs["value"]) is not np.ndarray:
        return is_exact
    written = descriptor_pool.AttrValue()
    dtype = dtype_name(message.tensor.dtype)
    if attrs.get("dtype") != dtype or len(message.tensor.tensor_content) != attrs["value"].nbytes:
        return False
    write_attribute(written, attrs["value"], dtype)
    return bool(written.SerializeToString() == message.SerializeToString())


def _remembered(node: Any, kept: list[str], given: list[str]) -> Any:
    rest = descriptor_pool.NodeDef()
    rest.CopyFrom(node)
    for field in ("op", "device", "input"):
        rest.ClearField(field)
    for key in node.attr:
        if key not in kept:
            del rest.attr[key]
    rest.input.extend(given)
    return rest


def split_inputs(name: str, texts: Iterable[str]) -> Inputs:
    """The inputs and the control inputs of a node, each once."""
    inputs: list[tuple[str, int]] = []
    controls: dict[str, None] = {}
    for text in texts:
        if text.startswith("^"):
            controls[text[1:]] = None
        else:
            inputs.append(_parsed(name, text) if ":" in text else (text, 0))
    return tuple(inputs), tuple(controls)


def _parsed(name: str, text: str) -> tuple[str, int]:
    try:
        source, output = parse_input(text)
    except ValueError as error:
        raise DataLossError(None, None, f"node {name!r}: {error}") from None
    if output > _MAX_OUTPUT:
        raise DataLossError(None, None, f"node {name!r} takes {text!r}, an output that no operation has.")
    return source, output


def input_texts(inputs: Iterable[tuple[str, int]], controls: Iterable[str]) -> list[str]:
    """Inputs as a ``NodeDef`` spells them."""
    texts = [source if output == 0 else f"{source}:{output}" for source, output in inputs]
    return texts + ["^" + source for source in controls]


def _check_inputs(nodes: Mapping[str, NodeData]) -> None:
    for name, data in nodes.items():
        for source in (*[source for source, _ in data["inputs"]], *data["control_inputs"]):
            if source not in nodes:
                raise DataLossError(None, None, f"node {name!r} takes an input from {source!r}, which is not there.")


def _taken(nodes: Mapping[str, NodeData]) -> Counter[str]:
    taken: Counter[str] = Counter()
    for data in nodes.values():
        for source, output in data["inputs"]:
            taken[source] = max(taken[source], output + 1)
    return taken


def write_nodes(
    graph_def: Any, nodes: Iterable[tuple[str, Mapping[str, Any]]], remembered: Iterable[Any], add_outputs: bool
) -> None:
    """Write the nodes of a DiGraph into a ``GraphDef``, after the nodes that it has.

    Parameters
    ----------
    graph_def : GraphDef
    nodes : iterable of (str, dict)
    remembered : iterable of NodeDef
    add_outputs : bool
        Say in attributes what comes out of each operation, as no definitions come with them.
    """
    known = {node.name: node for node in remembered}
    reader = AttributeReader()
    for name, data in nodes:
        node = graph_def.node.add(name=name, op=data["op"], device=data["device"])
        node.input.extend(input_texts(data["inputs"], data["control_inputs"]))
        rest = known.get(name)
        kept = {} if rest is None else _still_true(rest, data["attrs"], reader)
        _write_attrs(node, data, add_outputs, kept)
        if rest is not None:
            _put_back(node, rest, data)


def _write_attrs(node: Any, data: Mapping[str, Any], add_outputs: bool, kept: Mapping[str, Any]) -> None:
    for key, message in kept.items():
        node.attr[key].CopyFrom(message)
    attrs = dict(data["attrs"])
    outputs = data.get("outputs", ())
    if add_outputs and outputs:
        attrs[OUTPUT_SHAPES] = [shape for _, shape in outputs]
        attrs[OUTPUT_DTYPES] = [dtype for dtype, _ in outputs]
    for key in attrs.keys() - kept.keys():
        value = attrs[key]
        write_attribute(node.attr[key], value, _constant_dtype(attrs) if key == "value" else None)


def _constant_dtype(attrs: Mapping[str, Any]) -> str | None:
    """The dtype of a constant, of which NumPy's tells only so much: that of a quantized one is its integers'."""
    dtype, value = attrs.get("dtype"), attrs["value"]
    known = isinstance(value, np.ndarray) and isinstance(dtype, str) and dtype in dtypes.ROW_BY_NAME
    return dtype if known and dtypes.numpy_dtype(str(dtype)) == value.dtype else None


def _still_true(rest: Any, attrs: Mapping[str, Any], reader: AttributeReader) -> dict[str, Any]:
    """Of the attributes that were remembered, those that still mean what the node says."""
    found = {}
    for key, message in rest.attr.items():
        read = reader.read(message)
        if (key not in attrs) if read is None else (key in attrs and same_value(read.plain, attrs[key])):
            found[key] = message
    return found


def _put_back(node: Any, rest: Any, data: Mapping[str, Any]) -> None:
    if rest.input and split_inputs(node.name, rest.input) == (data["inputs"], data["control_inputs"]):
        node.input[:] = rest.input
    unknown = descriptor_pool.NodeDef()
    unknown.CopyFrom(rest)
    unknown.ClearField("attr")
    unknown.ClearField("input")
    node.MergeFrom(unknown)
