"""Values of tensors that are known before a run: ``tf.get_static_value``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.composite_tensors import value_as_shape
from hdfsaver.graph.definition import UNFIT, Node, find
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import is_tensor
from hdfsaver.shapes import TensorShape
from hdfsaver.tensor_info import Array

_DEEPEST = 100
"""How many operations are followed: more than a program writes by hand, and less than Python's stack takes."""

_LARGEST = 2**24
"""The most elements of a value that is computed; a larger one is only known if it is a constant itself."""


def get_static_value(tensor: object, partial: bool = False) -> Any:
    """The value of a tensor where the graph alone tells it, which no run can replace from then on.

    Constants are known, and what Cast, Concat, Equal, Fill, Identity, NotEqual, Pack, Range, Rank, Shape, Size, Split,
    StopGradient and Unpack make of them and of known shapes; of Pack, Split and Unpack along axis 0.

    Parameters
    ----------
    tensor : Tensor
        Anything else but a variable is returned itself.
    partial : bool
        Give the known elements of a Pack of known and unknown ones, in an array of objects with None for the others.

    Returns
    -------
    ndarray or None
        A new array; None where the value is only known in a run. Where a value is given, the tensor cannot be fed any
        more, as in TensorFlow: the program may depend on the value.
    """
    value = constant_value(tensor, partial)
    if value is not None and isinstance(tensor, Tensor) and tensor.graph.is_feedable(tensor):
        tensor.graph.prevent_feeding(tensor)
    return value


def constant_value(tensor: object, partial: bool = False) -> Any:
    """As `get_static_value`, and the tensor can still be fed."""
    if not is_tensor(tensor):
        return tensor
    if not isinstance(tensor, Tensor):
        return None
    value = _value(Node.of(tensor.graph.data, tensor.op.name), tensor.value_index, partial)
    return None if value is None else np.array(value)


def constant_value_as_shape(tensor: Tensor) -> TensorShape:
    """The shape that a vector of sizes holds, in the graph; sizes below 0 are unknown.

    Raises
    ------
    ValueError
        The tensor is not a vector.
    """
    tensor.shape.with_rank(1)
    return value_as_shape(tensor)


def _value(node: Node, output: int, partial: bool) -> Array | None:
    function = _FUNCTIONS.get(_type(node))
    if function is None or node.depth > _DEEPEST:
        return None
    try:
        return function(node, output, partial)
    except UNFIT:
        return None  # the run reports the error


def _type(node: Node) -> str:
    op: str = node.digraph.nodes[node.name]["op"]
    return op


def _input(node: Node, position: int, partial: bool = False) -> Array | None:
    return _value(node.source(position), node.inputs[position][1], partial)


def _constant(node: Node, output: int, partial: bool) -> Array | None:
    value: Array = node.attrs["value"]
    return value


def _passed(node: Node, output: int, partial: bool) -> Array | None:
    return _input(node, 0, partial)


def _fact(node: Node, output: int, partial: bool) -> Array | None:
    """The shape, size or rank of a tensor whose shape is known."""
    definition = find(_type(node))
    return None if definition is None else definition.fold(node)


def _computed(node: Node, output: int, partial: bool) -> Array | None:
    """The result of an operation whose inputs are all known."""
    shape = node.digraph.nodes[node.name]["outputs"][0][1]
    if not shapes.is_fully_defined(shape) or math.prod(shape) > _LARGEST:
        return None
    values = [_input(node, position) for position in range(len(node.inputs))]
    definition = find(_type(node))
    if definition is None or any(value is None for value in values):
        return None
    with np.errstate(all="ignore"):
        return np.asarray(definition.kernel(node)(*values))


def _packed(node: Node, output: int, partial: bool) -> Array | None:
    if node.attrs.get("axis", 0) != 0:
        return None
    values = [_input(node, position, partial) for position in range(len(node.inputs))]
    if all(value is not None for value in values):
        return np.stack([np.asarray(value) for value in values])
    if not partial or all(value is None for value in values):
        return None
    box = np.empty(len(values), object)
    for place, value in enumerate(values):
        box[place] = value
    return box


def _unpacked(node: Node, output: int, partial: bool) -> Array | None:
    value = None if node.attrs.get("axis", 0) != 0 else _input(node, 0, partial)
    return None if value is None else value[output]


def _split(node: Node, output: int, partial: bool) -> Array | None:
    axis = _input(node, 0)
    value = None if axis is None or axis != 0 else _input(node, 1, partial)
    if value is None:
        return None
    part: Array = np.split(value, node.attrs["num_split"])[output]
    return part


_FUNCTIONS: dict[str, Callable[[Node, int, bool], Array | None]] = {
    "Const": _constant,
    **dict.fromkeys(("Identity", "StopGradient"), _passed),
    **dict.fromkeys(("Shape", "Size", "Rank"), _fact),
    **dict.fromkeys(("Cast", "Concat", "ConcatV2", "Equal", "Fill", "NotEqual", "Range"), _computed),
    "Pack": _packed,
    "Split": _split,
    "Unpack": _unpacked,
}
"""How the value of an operation of a type is found; those types whose values TensorFlow looks for, too."""
