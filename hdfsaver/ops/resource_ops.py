"""Resource variables as operations: handles of variables, and operations that read and write through a handle.

The value of a handle is the key of the variable in the session's state, the same that a reference of `state_ops` has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, QUANTIZED, Kernel, Node, OpDef, lookup, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import constant_node
from hdfsaver.ops.base import Flat, Grads, KernelState, variable_key, with_rank
from hdfsaver.ops.indexed_slices import slices_back
from hdfsaver.ops.memory import own
from hdfsaver.ops.variable_values import HANDLE, variable_behind
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array


@register
class VarHandleOp(Flat):
    """The handle of a variable whose value is kept from run to run."""

    type = HANDLE
    signature = "-> resource: resource"
    needed = {"dtype": "type", "shape": "shape", "allowed_devices": "list(string)"}
    attrs = {"container": b"", "shared_name": b"", "debug_name": b"", "allowed_devices": []}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(), that of the handle."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        key = variable_key(node)
        return lambda state: key


def static_shape(node: Node) -> Shape:
    """The static shape of the variable whose handle an operation takes."""
    found = variable_behind(node)
    return None if found is None else found.attrs["shape"]


def _check_value(node: Node) -> None:
    """Refuse a value that is not of the dtype and the shape of the variable, as far as those are known.

    Raises
    ------
    ValueError
        It is not.
    """
    found = variable_behind(node)
    if found is None:
        return
    wanted, given = found.attrs["dtype"], node.attrs["dtype"]
    if wanted != given:
        raise ValueError(f"Trying to assign variable with wrong dtype. Expected {wanted} got {given}.")
    try:
        shapes.merge(found.attrs["shape"], node.input_shapes[1])
    except ValueError as error:
        raise ValueError(f"Shapes must be equal: the value is not compatible with the variable. {error}") from None


def _present(state: KernelState, key: str, node: Node) -> Array:
    try:
        return state.variables[key]
    except KeyError:
        raise FailedPreconditionError(
            None,
            None,
            f"Could not find variable {key}: it has no value when {node.name!r} reads it. Run its initializer or "
            "restore it first.",
        ) from None


@register
class ReadVariableOp(OpDef):
    """The value of a variable at that moment."""

    type = "ReadVariableOp"
    signature = "resource: resource -> value: dtype"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the variable."""
        return [static_shape(node)]

    def kernel(self, node: Node) -> Kernel:
        return lambda state, key: _present(state, key, node)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return list(grads)


@register
class DisableCopyOnRead(Flat):
    """Nothing: it tells TensorFlow how a variable is read."""

    type = "DisableCopyOnRead"
    signature = "resource: resource ->"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        return lambda state, key: ()


@register
class AssignVariableOp(Flat):
    """Replace a variable's value."""

    type = "AssignVariableOp"
    signature = "resource: resource, value: dtype ->"
    attrs = {"validate_shape": False}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output; value must be compatible with the shape of the variable."""
        _check_value(node)
        return []

    def kernel(self, node: Node) -> Kernel:
        wanted = static_shape(node)

        def assign(state: KernelState, key: str, value: Array) -> tuple[()]:
            if wanted is not None and not shapes.compatible(wanted, np.shape(value)):
                raise InvalidArgumentError(
                    None,
                    None,
                    f"{node.name!r} assigns a value of shape {shape_text(np.shape(value))} to variable {key!r} of "
                    f"shape {shape_text(wanted)}.",
                )
            state.variables[key] = own(value)
            return ()

        return assign


class _Update(Flat):
    """Change a number in place by another of the same shape."""

    signature = "resource: resource, value: dtype ->"
    stateful = True
    ufunc: ClassVar[np.ufunc]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output; value has the shape of the variable."""
        _check_value(node)
        return []

    def kernel(self, node: Node) -> Kernel:
        ufunc = type(self).ufunc

        def update(state: KernelState, key: str, value: Array) -> tuple[()]:
            before = _present(state, key, node)
            if before.shape != np.shape(value):
                raise InvalidArgumentError(
                    None,
                    None,
                    f"{node.name!r} needs a value of the shape of variable {key!r}, {shape_text(before.shape)}, not "
                    f"{shape_text(np.shape(value))}.",
                )
            state.variables[key] = own(ufunc(before, value))
            return ()

        return update


@register
class AssignAddVariableOp(_Update):
    """Add to a variable."""

    type = "AssignAddVariableOp"
    ufunc = np.add


@register
class AssignSubVariableOp(_Update):
    """Subtract from a variable."""

    type = "AssignSubVariableOp"
    ufunc = np.subtract


@register
class VarIsInitializedOp(Flat):
    """Whether a variable has a value."""

    type = "VarIsInitializedOp"
    signature = "resource: resource -> is_initialized: bool"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda state, key: np.bool_(key in state.variables)


@register
class DestroyResourceOp(Flat):
    """Forget the value of a variable."""

    type = "DestroyResourceOp"
    signature = "resource: resource ->"
    attrs = {"ignore_lookup_error": True}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        is_lenient = node.attrs["ignore_lookup_error"]

        def forget(state: KernelState, key: str) -> tuple[()]:
            if not is_lenient:
                _present(state, key, node)
            state.variables.pop(key, None)
            return ()

        return forget


@register
class VariableShape(Flat):
    """The shape of a variable's value."""

    type = "VariableShape"
    signature = "input: resource -> output: out_type"
    attrs = {"out_type": "int32"}
    types = {"out_type": INDICES}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(rank,)."""
        shape = static_shape(node)
        return [(None if shape is None else len(shape),)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["out_type"])
        return lambda state, key: np.array(np.shape(_present(state, key, node)), dtype)

    def sizes(self, node: Node) -> Shape:
        return static_shape(node)


@register
class ResourceGather(OpDef):
    """Slices of a variable, taken by their indices."""

    type = "ResourceGather"
    differs = "No derivative for batch_dims other than 0."
    signature = "resource: resource, indices: Tindices -> output: dtype"
    types = {"Tindices": INDICES}
    attrs = {"batch_dims": 0, "validate_indices": True}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """indices.shape, and then the rest of the variable's shape from the dimension after batch_dims."""
        whole, indices = static_shape(node), node.input_shapes[1]
        if whole is None or indices is None:
            return [None]
        if not whole:
            raise ValueError("the variable must have at least one dimension")
        return [(*indices, *whole[node.attrs["batch_dims"] + 1 :])]

    def kernel(self, node: Node) -> Kernel:
        gather = lookup("GatherV2").kernel(node)
        axis = np.int32(node.attrs["batch_dims"])
        return lambda state, key, indices: gather(_present(state, key, node), indices, axis)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        if op.get_attr("batch_dims"):
            raise LookupError(f"The gradient of {op.name!r} (type {self.type}) is only defined for batch_dims=0.")
        handle, indices = op.inputs
        static = static_shape(Node.of(op.graph.data, op.name))
        if static is None or None in static:
            sizes = apply("VariableShape", handle)
        else:
            sizes = constant_node(np.array(static, np.int32), "int32", "Const")
        return [slices_back(grads[0], sizes, indices), None]


class _Scatter(Flat):
    """Change the rows of a variable at given indices."""

    signature = "resource: resource, indices: Tindices, updates: dtype ->"
    types = {"dtype": NUMBERS, "Tindices": INDICES}
    further_types = {"dtype": QUANTIZED}
    stateful = True
    by_reference: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output; updates has the shape indices.shape + shape[1:] of the variable's shape."""
        whole, indices, updates = static_shape(node), *node.input_shapes[1:]
        if whole and indices is not None and updates != ():
            shapes.merge(updates, indices + whole[1:])
        return []

    def kernel(self, node: Node) -> Kernel:
        change = lookup(self.by_reference).kernel(node)

        def scatter(state: KernelState, key: str, indices: Array, updates: Array) -> tuple[()]:
            _present(state, key, node)
            change(state, key, indices, updates)
            return ()

        return scatter


@register
class ResourceScatterUpdate(_Scatter):
    """Replace rows of a variable."""

    type = "ResourceScatterUpdate"
    types = {"Tindices": INDICES}
    further_types = {}
    by_reference = "ScatterUpdate"


@register
class ResourceScatterAdd(_Scatter):
    """Add to rows of a variable; a row that is given twice is added to twice."""

    type = "ResourceScatterAdd"
    by_reference = "ScatterAdd"


@register
class ResourceScatterSub(_Scatter):
    """Subtract from rows of a variable; a row that is given twice is subtracted from twice."""

    type = "ResourceScatterSub"
    by_reference = "ScatterSub"


@register
class ResourceScatterMul(_Scatter):
    """Multiply rows of a variable."""

    type = "ResourceScatterMul"
    by_reference = "ScatterMul"


@register
class ResourceScatterDiv(_Scatter):
    """Divide rows of a variable."""

    type = "ResourceScatterDiv"
    by_reference = "ScatterDiv"


@register
class ResourceScatterMin(_Scatter):
    """Replace rows of a variable by smaller ones."""

    type = "ResourceScatterMin"
    by_reference = "ScatterMin"


@register
class ResourceScatterMax(_Scatter):
    """Replace rows of a variable by greater ones."""

    type = "ResourceScatterMax"
    by_reference = "ScatterMax"


@register
class ResourceCountUpTo(Flat):
    """Add 1 to a variable that is below a limit; the result is its value before."""

    type = "ResourceCountUpTo"
    signature = "resource: resource -> output: T"
    types = {"T": INDICES}
    needed = {"limit": "int"}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(); the variable is a scalar."""
        with_rank(static_shape(node), 0)
        return [()]

    def kernel(self, node: Node) -> Kernel:
        count = lookup("CountUpTo").kernel(node)

        def count_present(state: KernelState, key: str) -> Array:
            _present(state, key, node)
            found: Array = count(state, key)
            return found

        return count_present


@register
class ResourceStridedSliceAssign(Flat):
    """Replace the part of a variable that an index names; the value is broadcast."""

    type = "ResourceStridedSliceAssign"
    signature = "ref: resource, begin: Index, end: Index, strides: Index, value: T ->"
    types = {"Index": INDICES}
    attrs = dict.fromkeys(("begin_mask", "ellipsis_mask", "end_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        change = lookup("StridedSliceAssign").kernel(node)

        def assign(state: KernelState, key: str, *given: Array) -> tuple[()]:
            _present(state, key, node)
            change(state, key, *given)
            return ()

        return assign
