"""Variables as operations: one that stores a value between runs, and those that change it.

A variable's output is a reference: the key of its value in the session's state. Kernels that take a reference get that
key, all others get the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.errors import InvalidArgumentError, OutOfRangeError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, QUANTIZED, Kernel, Node, register
from hdfsaver.graph.tensor import SupportsTensor, Tensor, TensorLike
from hdfsaver.ops.base import Flat, KernelState, invalid, variable_key, with_rank
from hdfsaver.ops.memory import own
from hdfsaver.ops.variable_values import current, of_handle, of_part
from hdfsaver.shapes import Shape, ShapeLike
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array


@register
class VariableV2(Flat):
    """The storage of a value that is kept from run to run."""

    type = "VariableV2"
    signature = "-> ref: Ref(dtype)"
    needed = {"shape": "shape"}
    attrs = {"container": b"", "shared_name": b""}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The attribute shape."""
        return [node.attrs["shape"]]

    def kernel(self, node: Node) -> Kernel:
        key = variable_key(node)
        return lambda state: key


@register
class Variable(VariableV2):
    """The older form of `VariableV2`, in which an empty shape may stand for an unknown one."""

    type = "Variable"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The attribute shape; unknown if that is ()."""
        return [node.attrs["shape"] or None]


class _Assignment(Flat):
    """An operation that gives a variable a new value; its output is the variable."""

    signature = "ref: Ref(T), value: T -> output_ref: Ref(T)"
    attrs = {"use_locking": True}
    stateful = True


@register
class Assign(_Assignment):
    """Replace a variable's value."""

    type = "Assign"
    attrs = {"validate_shape": True, "use_locking": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of value, which must be compatible with that of ref under validate_shape."""
        ref, value = node.input_shapes
        return [shapes.merge(ref, value) if node.attrs["validate_shape"] else value]

    def kernel(self, node: Node) -> Kernel:
        wanted = node.input_shapes[0] if node.attrs["validate_shape"] else None

        def assign(state: KernelState, ref: str, value: Array) -> str:
            if wanted is not None and not shapes.compatible(wanted, np.shape(value)):
                raise InvalidArgumentError(
                    None,
                    None,
                    f"Assign requires shapes of both tensors to match: variable {ref!r} has shape "
                    f"{shape_text(wanted)}, the value {shape_text(np.shape(value))}.",
                )
            state.variables[ref] = own(value)
            return ref

        return assign


class _Update(_Assignment):
    """Change a number by another of the same shape, in whose memory the new value may be, as ``out``."""

    types = {"T": NUMBERS}
    attrs = {"use_locking": False}
    ufunc: ClassVar[np.ufunc]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that ref and value share."""
        return [shapes.merge(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        ufunc = type(self).ufunc

        def update(state: KernelState, ref: str, value: Array, out: Array | None = None) -> str:
            before = current(state, ref, node)
            if before.shape != np.shape(value):
                raise InvalidArgumentError(
                    None,
                    None,
                    f"{node.name!r} needs a value of the shape of variable {ref!r}, "
                    f"{shape_text(before.shape)}, not {shape_text(np.shape(value))}.",
                )
            state.variables[ref] = own(ufunc(before, value, out=out))
            return ref

        return update


@register
class AssignAdd(_Update):
    """Add to a variable."""

    type = "AssignAdd"
    further_types = {"T": QUANTIZED}
    ufunc = np.add


@register
class AssignSub(_Update):
    """Subtract from a variable."""

    type = "AssignSub"
    further_types = {"T": QUANTIZED}
    ufunc = np.subtract


@register
class CountUpTo(Flat):
    """Add 1 to a variable that is below a limit; the result is its value before."""

    type = "CountUpTo"
    signature = "ref: Ref(T) -> output: T"
    types = {"T": INDICES}
    needed = {"limit": "int"}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(); the variable is a scalar."""
        with_rank(node.input_shapes[0], 0)
        return [()]

    def kernel(self, node: Node) -> Kernel:
        limit = node.attrs["limit"]

        def count(state: KernelState, ref: str) -> Array:
            before = current(state, ref, node)
            if before.ndim:
                raise invalid(f"Variable {ref!r} must be a scalar, not of shape {shape_text(before.shape)}.")
            if before >= limit:
                raise OutOfRangeError(None, None, f"Reached limit of {limit}.")
            state.variables[ref] = own(before + before.dtype.type(1))
            return before

        return count


@register
class IsVariableInitialized(Flat):
    """Whether a variable has a value."""

    type = "IsVariableInitialized"
    signature = "ref: Ref(dtype) -> is_initialized: bool"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda state, ref: np.bool_(ref in state.variables)


def assign(
    ref: SupportsTensor,
    value: TensorLike,
    validate_shape: bool | None = None,
    use_locking: bool | None = None,
    name: str | None = None,
) -> Tensor:
    """Replace a variable's value.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable, a reference to one, or a slice ``variable[1:3]`` of one.
    value : TensorLike
        The new value, of the variable's dtype and shape.
    validate_shape : bool, optional
        False lets the variable's shape change.
    use_locking : bool, optional
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, or the value is of another dtype.
    ValueError
        The shapes differ and ``validate_shape`` is not False.
    InvalidArgumentError
        In the run: the shape was unknown before and is another.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.assign(value, name=name)
    if (part := of_part(ref)) is not None:
        return part.assign(value, name)
    attrs = {"validate_shape": validate_shape is not False, "use_locking": use_locking is not False}
    return apply("Assign", ref, value, name=name, **attrs)


def assign_add(
    ref: SupportsTensor, value: TensorLike, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Add to a variable's value.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype, or a reference to one.
    value : TensorLike
        Of the variable's dtype and shape; nothing is broadcast.
    use_locking : bool, optional
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value. Integers wrap around on overflow.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, its dtype is not numeric, or the value is of another.
    ValueError
        The shapes differ.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: the shape was unknown before and is another.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.assign_add(value, name=name)
    return apply("AssignAdd", ref, value, name=name, use_locking=bool(use_locking))


def assign_sub(
    ref: SupportsTensor, value: TensorLike, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Subtract from a variable's value.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype, or a reference to one.
    value : TensorLike
        Of the variable's dtype and shape; nothing is broadcast.
    use_locking : bool, optional
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value. Integers wrap around on overflow.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, its dtype is not numeric, or the value is of another.
    ValueError
        The shapes differ.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: the shape was unknown before and is another.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.assign_sub(value, name=name)
    return apply("AssignSub", ref, value, name=name, use_locking=bool(use_locking))


def count_up_to(ref: SupportsTensor, limit: int, name: str | None = None) -> Tensor:
    """Add 1 to a variable until a limit is reached.

    Parameters
    ----------
    ref : Variable or Tensor
        A scalar variable of int32 or int64, or a reference to one.
    limit : int
        The variable never becomes larger than this.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        The value before, a scalar.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, or of another dtype.
    ValueError
        It is not a scalar.
    OutOfRangeError
        In the run: the limit is reached.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.count_up_to(limit, name)
    return apply("CountUpTo", ref, name=name, limit=limit)


def is_variable_initialized(variable: SupportsTensor, name: str | None = None) -> Tensor:
    """Whether a variable has a value, as a bool tensor."""
    if (resource := of_handle(variable)) is not None:
        return resource.is_initialized(name)
    return apply("IsVariableInitialized", variable, name=name or "IsVariableInitialized")


def variable_op(
    shape: ShapeLike,
    dtype: DTypeLike,
    name: str = "Variable",
    set_shape: bool = True,
    container: str = "",
    shared_name: str = "",
) -> Tensor:
    """Make the older operation that stores a variable, in which an empty shape stands for an unknown one.

    Parameters
    ----------
    shape : ShapeLike
        The static shape.
    dtype : DTypeLike
        The dtype of the values.
    name : str
        The name of the operation.
    set_shape : bool
        With False the shape is not declared.
    container, shared_name : str
        See `variable_op_v2`.

    Returns
    -------
    Tensor
        The reference to the variable.

    Raises
    ------
    TypeError
        There is no such dtype.
    """
    attrs = _storage(dtype, container, shared_name)
    made = apply("Variable", name=name, shape=shapes.as_shape(shape) if set_shape else None, **attrs)
    if set_shape:
        made.set_shape(shape)
    return made


def variable_op_v2(
    shape: ShapeLike, dtype: DTypeLike, name: str = "Variable", container: str = "", shared_name: str = ""
) -> Tensor:
    """Make the operation that stores a variable.

    Parameters
    ----------
    shape : ShapeLike
        The static shape; None where it is unknown.
    dtype : DTypeLike
        The dtype of the values.
    name : str
        The name of the operation.
    container : str
        Where the shared name is looked up.
    shared_name : str
        A name under which several operations store one value.

    Returns
    -------
    Tensor
        The reference to the variable.

    Raises
    ------
    TypeError
        There is no such dtype.
    """
    attrs = _storage(dtype, container, shared_name)
    return apply("VariableV2", name=name, shape=shapes.as_shape(shape), **attrs)


def _storage(dtype: DTypeLike, container: str, shared_name: str) -> dict[str, Any]:
    return {
        "dtype": dtypes.as_dtype(dtype).base_dtype.name,
        "container": container.encode(),
        "shared_name": shared_name.encode(),
    }
