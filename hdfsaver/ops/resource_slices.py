"""Slices of resource variables, which vectors of indices name: taken, replaced and changed through a handle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.definition import ALL, INDICES, NUMBERS, Kernel, Node, OpDef, lookup, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, Grads, KernelState, at_least, check_updates
from hdfsaver.ops.indexed_slices import given
from hdfsaver.ops.variable_values import current, variable_behind
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _static_shape(node: Node) -> Shape:
    found = variable_behind(node)
    return None if found is None else found.attrs["shape"]


@register
class ResourceGatherNd(OpDef):
    """Slices of a variable, taken by vectors of indices for its first dimensions."""

    type = "ResourceGatherNd"
    signature = "resource: resource, indices: Tindices -> output: dtype"
    types = {"Tindices": INDICES}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """indices.shape[:-1], and then the variable's shape from the dimension after the vectors."""
        whole, indices = _static_shape(node), at_least(node.input_shapes[1], 1)
        if whole is None or indices is None or indices[-1] is None:
            return [None]
        if indices[-1] > len(whole):
            raise ValueError(f"Indices of length {indices[-1]} are too long for a variable of rank {len(whole)}.")
        return [indices[:-1] + whole[indices[-1] :]]

    def kernel(self, node: Node) -> Kernel:
        gather = lookup("GatherNd").kernel(node)
        return lambda state, key, indices: gather(current(state, key, node), indices)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        """Slices where each index is one number, otherwise a tensor."""
        handle, indices = op.inputs
        sizes = apply("VariableShape", handle, out_type=indices.dtype.base_dtype.name)
        known = indices.shape.plain
        if known is not None and len(known) == 2 and known[1] == 1:
            return [IndexedSlices(given(grads[0]), apply("Squeeze", indices, squeeze_dims=[-1]), sizes), None]
        return [apply("ScatterNd", indices, grads[0], sizes), None]


class _ScatterNd(Flat):
    """Change the slices of a variable at given vectors of indices."""

    signature = "ref: resource, indices: Tindices, updates: T ->"
    types = {"T": NUMBERS, "Tindices": INDICES}
    further_types = {"T": ALL - NUMBERS}
    attrs = {"use_locking": True, "bad_indices_policy": b""}
    stateful = True
    by_reference: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output; updates has the shape of the slices."""
        indices, updates = (at_least(shape, 1) for shape in node.input_shapes[1:])
        check_updates(indices, updates, _static_shape(node))
        return []

    def kernel(self, node: Node) -> Kernel:
        change = lookup(self.by_reference).kernel(node)

        def scatter(state: KernelState, key: str, indices: Array, updates: Array) -> tuple[()]:
            change(state, key, indices, updates)
            return ()

        return scatter


@register
class ResourceScatterNdUpdate(_ScatterNd):
    """Replace slices of a variable; of one that is given twice the last one stays."""

    type = "ResourceScatterNdUpdate"
    types = {"Tindices": INDICES}
    further_types = {}
    by_reference = "ScatterNdUpdate"


@register
class ResourceScatterNdAdd(_ScatterNd):
    """Add to slices of a variable; one that is given twice is added to twice."""

    type = "ResourceScatterNdAdd"
    by_reference = "ScatterNdAdd"


@register
class ResourceScatterNdSub(_ScatterNd):
    """Subtract from slices of a variable; one that is given twice is subtracted from twice."""

    type = "ResourceScatterNdSub"
    by_reference = "ScatterNdSub"


@register
class ResourceScatterNdMin(_ScatterNd):
    """Replace slices of a variable by the minimum of them and the updates."""

    type = "ResourceScatterNdMin"
    by_reference = "ScatterNdMin"


@register
class ResourceScatterNdMax(_ScatterNd):
    """Replace slices of a variable by the maximum of them and the updates."""

    type = "ResourceScatterNdMax"
    by_reference = "ScatterNdMax"
