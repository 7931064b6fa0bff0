"""Branches: values that are passed to one of two outputs. The other one is dead, and so are operations that need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.ops.base import NO_DERIVATIVE
from hdfsaver.shapes import Shape

DEAD = object()
"""The value of tensors on the branch that a Switch did not take."""


class Chooser:
    """The kernel of a Merge; engines call it although some of its inputs are dead."""

    def __call__(self, *values: Any) -> Any:
        alive = [index for index, value in enumerate(values) if value is not DEAD]
        return (values[alive[0]], np.int32(alive[0])) if alive else (DEAD, DEAD)


@register
class Switch(OpDef):
    """Passes the data to the second output where the predicate is true, and to the first where it is false."""

    type = "Switch"
    differs = NO_DERIVATIVE
    signature = "data: T, pred: bool -> output_false: T, output_true: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of data, for both outputs; pred is ()."""
        shapes.merge(node.input_shapes[1], ())
        return [node.input_shapes[0]] * 2

    def kernel(self, node: Node) -> Kernel:
        return lambda data, pred: (DEAD, data) if pred else (data, DEAD)


@register
class RefSwitch(Switch):
    """As `Switch`, for a variable by reference."""

    type = "RefSwitch"
    signature = "data: Ref(T), pred: bool -> output_false: Ref(T), output_true: Ref(T)"


@register
class Merge(OpDef):
    """Passes on the one input that is alive, together with its number."""

    type = "Merge"
    differs = NO_DERIVATIVE
    signature = "inputs: N * T -> output: T, value_index: int32"
    minimums = {"N": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the inputs if all have the same, otherwise unknown; () for value_index."""
        given = node.input_shapes
        same = all(shape == given[0] for shape in given)
        return [given[0] if same else None, ()]

    def kernel(self, node: Node) -> Kernel:
        return Chooser()
