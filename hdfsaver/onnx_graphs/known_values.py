"""What is known before a run: values that depend on nothing but constants, and the shapes that follow from others."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import UNFIT, Node, OpDef
from hdfsaver.graph.function_library import Calling
from hdfsaver.onnx_graphs import comparison_twins, elementwise_twins
from hdfsaver.onnx_graphs.element_arrays import merged
from hdfsaver.onnx_graphs.frames import Frame, Output, Value
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_BY_ELEMENT = frozenset(
    {*elementwise_twins.SAME, *comparison_twins.SAME, "Cast", "Equal", "NotEqual", "Rsqrt", "Square"}
)
"""Operations whose results have the shape that their inputs share."""

_REARRANGING = frozenset(
    {
        "ExpandDims",
        "ListDiff",
        "Reshape",
        "ReverseV2",
        "Slice",
        "Split",
        "Squeeze",
        "StridedSlice",
        "Transpose",
        "Unpack",
    }
)
"""Operations whose results have elements of their first input, each at most once."""

_LARGEST = 1 << 27
"""The most elements of an input of what is computed: one stored number may stand for any number of elements."""

_FOLDED = 1 << 16
"""The most elements of a result that is computed when the model is written, if it has more than the inputs have."""


def can_fold(definition: OpDef | None) -> bool:
    """Whether the results of an operation depend on nothing but its inputs."""
    return definition is not None and not definition.stateful and not isinstance(definition, Calling)


class Known:
    """The values and shapes of a walk's tensors, as far as they are known.

    Parameters
    ----------
    said : mapping of tuple to tuple
        Shapes of tensors that the graph does not tell.
    """

    def __init__(self, said: Mapping[Output, Shape]) -> None:
        self.said = said

    def shape_of(self, frame: Frame, output: Output) -> Shape:
        """The static shape of a tensor, of what is known of it."""
        value = frame.find(output)
        shape: Shape = frame.digraph.nodes[output[0]]["outputs"][output[1]][1]
        if self.said and not frame.calls:
            shape = merged(shape, self.said.get(output))
        if value is None:
            return shape
        if value.known is not None:
            return value.known.shape
        if value.variable is not None:
            return value.variable.shape
        return merged(shape, value.shape)

    def with_shapes(self, frame: Frame, name: str, values: list[Value]) -> list[Value]:
        """The values with what the shapes of the inputs say of theirs, where the graph itself says less."""
        data = frame.digraph.nodes[name]
        declared = [shape for _, shape in data["outputs"]]
        if all(shape is not None and None not in shape for shape in declared):
            return values
        if not any(value.name and value.shape is None and value.elements is None for value in values):
            return values
        inferred = self._inferred(frame, name)
        if inferred is None:
            return values
        return [
            value._replace(shape=merged(value.shape, shape)) if value.name and value.elements is None else value
            for value, shape in zip(values, inferred, strict=True)
        ]

    def _inferred(self, frame: Frame, name: str) -> Sequence[Shape] | None:
        """The static shapes of an operation's outputs, from what is known of its inputs; None where nothing is."""
        definition = frame.graph.definition(frame.digraph.nodes[name]["op"])
        if definition is None or isinstance(definition, Calling) or not can_fold(definition):
            return None
        try:
            found = definition.shapes(self.node(frame, name))
        except UNFIT:
            return None
        return found if len(found) == len(frame.digraph.nodes[name]["outputs"]) else None

    def node(self, frame: Frame, name: str) -> Node:
        """An operation, with what is known of its inputs."""
        nodes: Any = frame.digraph.nodes
        changed: dict[str, dict[str, Any]] = {}
        for source in nodes[name]["inputs"]:
            value, shape = frame.find(source), self.shape_of(frame, source)
            if value is None:
                continue
            data = changed.setdefault(source[0], dict(nodes[source[0]]))
            outputs = list(data["outputs"])
            outputs[source[1]] = (outputs[source[1]][0], shape)
            data["outputs"] = tuple(outputs)
            if value.known is not None and len(outputs) == 1 and value.known.size <= _FOLDED:
                data |= {"op": "Const", "inputs": (), "attrs": {"value": value.known, "dtype": outputs[0][0]}}
        digraph: Any = _Changed(ChainMap(changed, nodes))  # a node asks for the others alone
        return Node.of(digraph, name)

    def shapes(self, frame: Frame, name: str) -> list[Shape]:
        """The static shapes of an operation's outputs, of what is known."""
        declared: list[Shape] = [shape for _, shape in frame.digraph.nodes[name]["outputs"]]
        if all(shape is not None and None not in shape for shape in declared):
            return declared
        inferred = self._inferred(frame, name) or [None] * len(declared)
        return [merged(first, second) for first, second in zip(declared, inferred, strict=True)]

    def folded(self, frame: Frame, name: str, definition: OpDef | None, inputs: Sequence[Value]) -> list[Value] | None:
        """The values of the outputs where they are known before a run."""
        data = frame.digraph.nodes[name]
        if definition is None or not can_fold(definition):
            return None
        node = Node.of(frame.digraph, name)
        arrays = [value.known for value in inputs]
        if all(array is not None for array in arrays) and (inputs or data["op"] == "Const"):
            return self._computed(definition, node, arrays, self.shapes(frame, name))
        if data["op"] in ("Shape", "Size", "Rank"):
            return self._of_shape(frame, name, definition, node)
        return None

    def _computed(
        self, definition: OpDef, node: Node, arrays: Sequence[Array | None], shapes: Sequence[Shape]
    ) -> list[Value] | None:
        values = [array for array in arrays if array is not None]
        if node.inputs and not _is_small(node, values, shapes):
            return None
        try:
            with np.errstate(all="ignore"):
                found = definition.kernel(node)(*values)
        except UNFIT:
            return None
        results = list(found) if len(shapes) > 1 else [found]
        return [Value(known=np.asarray(result)) for result in results]

    def _of_shape(self, frame: Frame, name: str, definition: OpDef, node: Node) -> list[Value] | None:
        shape = self.shape_of(frame, node.inputs[0])
        dtype = dtypes.numpy_dtype(frame.digraph.nodes[name]["outputs"][0][0])
        if shape is None:
            return None
        if definition.type == "Rank":
            return [Value(known=np.asarray(len(shape), dtype))]
        if None in shape:
            return None
        sizes = np.asarray(shape, dtype)
        return [Value(known=sizes if definition.type == "Shape" else np.asarray(sizes.prod(), dtype))]


class _Changed(NamedTuple):
    """A graph of which some operations are changed."""

    nodes: Any


def _is_small(node: Node, values: Sequence[Array], shapes: Sequence[Shape]) -> bool:
    """Whether the results of an operation have few elements, or no more than its inputs, before they are computed."""
    most = max([_FOLDED, *(value.size for value in values)])
    if most > _LARGEST:
        return False
    data = node.digraph.nodes[node.name]
    if any(shape is None or None in shape for shape in shapes):
        if data["op"] in _REARRANGING:
            return True
        if data["op"] not in _BY_ELEMENT:
            return False
        try:
            shapes = [np.broadcast_shapes(*(value.shape for value in values))]
        except ValueError:  # the run reports the error
            return False
    return all(math.prod(size or 0 for size in shape or ()) <= most for shape in shapes)
