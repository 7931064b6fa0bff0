"""From the nodes of a DiGraph to the definitions of operations, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from hdfsaver import dtypes, schema
from hdfsaver.protos.attributes import AttrMap, AttrValue
from hdfsaver.protos.graphs import PRODUCER, GraphDef, NodeDef, VersionDef
from hdfsaver.protos.tensors import TensorProto

OUTPUT_SHAPES = "_output_shapes"
"""TensorFlow's attribute for what is known of the shapes of an operation's outputs."""

OUTPUT_DTYPES = "_output_dtypes"
"""Ours for their dtypes, on operations of a type that is not known: nothing else tells what comes out of them."""

Known = Callable[[str], Any]
"""Whether there is a definition for a type of operations."""


def graph_def_of(nodes: Iterable[tuple[str, Any]], known: Known, add_shapes: bool = False) -> GraphDef:
    """Define the operations that nodes of a DiGraph stand for.

    Parameters
    ----------
    nodes : iterable of (str, dict)
        Names and data, as `hdfsaver.schema` describes them.
    known : callable
        Whether a type has a definition, so that its outputs follow from its attributes.
    add_shapes : bool
        Say in the attribute ``_output_shapes`` what is known of the shapes of outputs.
    """
    with schema.nothing_collected():
        made = [node_def_of(name, data, known, add_shapes) for name, data in nodes]
    return GraphDef(made, VersionDef(producer=PRODUCER))


def node_def_of(name: str, data: Mapping[str, Any], known: Known, add_shapes: bool = False) -> NodeDef:
    """Define the operation that a node of a DiGraph stands for."""
    inputs = [source if output == 0 else f"{source}:{output}" for source, output in data["inputs"]]
    inputs += ["^" + source for source in data["control_inputs"]]
    attrs = data["attrs"]
    values = AttrMap.of(attrs)
    if type(attrs.get("value")) is np.ndarray and type(attrs.get("dtype")) is str:
        # The array of a quantized constant does not tell its dtype.
        values["value"] = AttrValue(tensor=TensorProto.of(attrs["value"], attrs["dtype"]))
    if data["outputs"] and (add_shapes or not known(data["op"])):
        values[OUTPUT_SHAPES] = AttrValue.of([shape for _, shape in data["outputs"]])
        if not known(data["op"]):
            values[OUTPUT_DTYPES] = AttrValue.of([dtype for dtype, _ in data["outputs"]])
    return NodeDef(name, data["op"], inputs, data["device"], values)


def nodes_of(graph_def: GraphDef) -> dict[str, dict[str, Any]]:
    """The nodes that a definition stands for, without their outputs, which only the types' definitions tell.

    Raises
    ------
    ValueError
        Two operations have one name, or an input is not written as inputs are.
    """
    nodes: dict[str, dict[str, Any]] = {}
    for node in graph_def.node:
        if node.name in nodes:
            raise ValueError(f"Node {node.name!r} is not unique.")
        inputs, control_inputs = _split(node)
        nodes[node.name] = {
            "op": node.op,
            "device": node.device,
            "attrs": node.attr.plain(),
            "inputs": inputs,
            "control_inputs": control_inputs,
        }
    return nodes


def _split(node: NodeDef) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    inputs: list[tuple[str, int]] = []
    controls: dict[str, None] = {}
    for text in node.input:
        if text.startswith("^"):
            controls[text[1:]] = None
        elif controls:
            raise ValueError(f"Node {node.name!r}: Control dependencies must come after regular dependencies.")
        else:
            inputs.append(parse_input(text) if ":" in text else (text, 0))
    return tuple(inputs), tuple(controls)


def parse_input(text: str) -> tuple[str, int]:
    """Which output of which operation an input is: ``"a"`` is the first of ``a``, ``"a:1"`` the second."""
    name, colon, output = text.rpartition(":")
    if not colon:
        return text, 0
    if not (output.isascii() and output.isdigit()):
        raise ValueError(
            f"Cannot convert {text!r} to a tensor name: what follows the `:` should be an integer, not {output!r}."
        )
    return name, int(output)


def enum_name(number: int) -> str:
    """The name of a dtype's number in ``types.proto``: ``"DT_FLOAT"``."""
    dtype = dtypes.as_dtype(number)
    name = dtype.base_dtype.name
    said = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}.get(name, name.upper())
    return f"DT_{said}_REF" if dtype.is_ref_dtype else f"DT_{said}"
