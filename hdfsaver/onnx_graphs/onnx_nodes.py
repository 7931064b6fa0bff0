"""ONNX graphs as plain data, before they are messages: nodes, values that are stored, inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

OPSET = 18
"""The version of ONNX's operators that are used: since it, every reduction takes its axes as an input."""

IR_VERSION = 8
"""The version of ONNX's format that came with these operators."""


@dataclass
class OnnxNode:
    """One node.

    Attributes
    ----------
    op : str
        The type of the ONNX operator.
    inputs, outputs : list of str
        The names of values; an optional input that is not given is empty.
    attrs : dict
        Numbers, bytes, lists of them, arrays, and `OnnxGraph` for branches and bodies of loops.
    origin : str
        The operation that it stands for, alone or with others.
    """

    op: str
    inputs: list[str]
    outputs: list[str]
    attrs: dict[str, Any]
    origin: str


class Stored(NamedTuple):
    """A variable whose value the model has: under which key, of which dtype and shape."""

    key: str
    dtype: str
    shape: tuple[int, ...]


class Signature(NamedTuple):
    """An input or an output of a graph."""

    name: str
    dtype: str
    shape: Shape


@dataclass
class OnnxGraph:
    """A graph, or the branch of a condition or the body of a loop, which use the values of graphs around them.

    Attributes
    ----------
    nodes : list of OnnxNode
        In an order in which they can run.
    inputs, outputs : list of Signature
    constants : dict of str to ndarray
        The values of constants, by name.
    variables : dict of str to Stored
        The variables, by the name of the value.
    """

    nodes: list[OnnxNode] = field(default_factory=list)
    inputs: list[Signature] = field(default_factory=list)
    outputs: list[Signature] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    variables: dict[str, Stored] = field(default_factory=dict)


def inner_graphs(node: OnnxNode) -> list[OnnxGraph]:
    """The branches or bodies of a node."""
    return [value for value in node.attrs.values() if isinstance(value, OnnxGraph)]


def used_names(graph: OnnxGraph) -> list[str]:
    """The names of values that the nodes and the outputs of a graph take, those in branches and bodies included."""
    found = [each.name for each in graph.outputs]
    waiting = list(graph.nodes)
    while waiting:
        node = waiting.pop()
        found += node.inputs
        for inner in inner_graphs(node):
            found += [each.name for each in inner.outputs]
            waiting += inner.nodes
    return found
