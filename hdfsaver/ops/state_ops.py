"""Variables as operations: one that stores a value between runs, and those that change it.

A variable's output is a reference: the key of its value in the session's state. Kernels that take a reference get that
key, all others get the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol, cast

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, QUANTIZED, Kernel, Node, register
from hdfsaver.graph.tensor import SupportsTensor, Tensor, TensorLike
from hdfsaver.ops.base import Flat, KernelState, variable_key
from hdfsaver.ops.memory import own
from hdfsaver.shapes import Shape
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


def current(state: KernelState, ref: str, node: Node) -> Array:
    """The value of a variable that an operation is about to change.

    Parameters
    ----------
    state : object
        The session's state.
    ref : str
        The key of the variable in it.
    node : Node
        The operation, for the error.

    Returns
    -------
    ndarray
        The value, which must not be written to.

    Raises
    ------
    FailedPreconditionError
        The variable has no value yet.
    """
    try:
        return state.variables[ref]
    except KeyError:
        raise FailedPreconditionError(
            None, None, f"Attempting to use uninitialized value {ref} (in operation {node.name!r})."
        ) from None


class _Update(_Assignment):
    """Change a number in place by another of the same shape."""

    types = {"T": NUMBERS}
    attrs = {"use_locking": False}
    ufunc: ClassVar[np.ufunc]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that ref and value share."""
        return [shapes.merge(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        ufunc = type(self).ufunc

        def update(state: KernelState, ref: str, value: Array) -> str:
            before = current(state, ref, node)
            if before.shape != np.shape(value):
                raise InvalidArgumentError(
                    None,
                    None,
                    f"{node.name!r} needs a value of the shape of variable {ref!r}, "
                    f"{shape_text(before.shape)}, not {shape_text(np.shape(value))}.",
                )
            state.variables[ref] = own(ufunc(before, value))
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


class _Scatter(Flat):
    """Change the rows of a variable at given indices."""

    signature = "ref: Ref(T), indices: Tindices, updates: T -> output_ref: Ref(T)"
    types = {"Tindices": INDICES}
    attrs = {"use_locking": False}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of ref."""
        ref, indices, updates = node.input_shapes
        if ref is not None and indices is not None:
            shapes.merge(updates, indices + ref[1:])
        return [ref]

    def kernel(self, node: Node) -> Kernel:
        change = type(self).change

        def scatter(state: KernelState, ref: str, indices: Array, updates: Array) -> str:
            value = current(state, ref, node).copy()
            indices = np.asarray(indices)
            if indices.size and (indices.min() < 0 or indices.max() >= len(value)):
                raise InvalidArgumentError(
                    None, None, f"{node.name!r}: indices must be in [0, {len(value)}), the rows of variable {ref!r}."
                )
            change(value, indices, updates)
            state.variables[ref] = own(value)
            return ref

        return scatter

    @staticmethod
    def change(value: Array, indices: Array, updates: Array) -> None:
        """Write on ``value``."""
        raise NotImplementedError


@register
class ScatterUpdate(_Scatter):
    """Replace rows of a variable."""

    type = "ScatterUpdate"
    attrs = {"use_locking": True}

    @staticmethod
    def change(value: Array, indices: Array, updates: Array) -> None:
        value[indices] = updates


@register
class ScatterAdd(_Scatter):
    """Add to rows of a variable; a row that is given twice is added to twice."""

    type = "ScatterAdd"
    types = {"T": NUMBERS, "Tindices": INDICES}
    further_types = {"T": QUANTIZED}

    @staticmethod
    def change(value: Array, indices: Array, updates: Array) -> None:
        np.add.at(value, indices, updates)


@register
class ScatterSub(_Scatter):
    """Subtract from rows of a variable; a row that is given twice is subtracted from twice."""

    type = "ScatterSub"
    types = {"T": NUMBERS, "Tindices": INDICES}
    further_types = {"T": QUANTIZED}

    @staticmethod
    def change(value: Array, indices: Array, updates: Array) -> None:
        np.subtract.at(value, indices, updates)


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


class _OfHandle(Protocol):
    """A variable behind a handle, which has operations of its own; see `hdfsaver.variables.resource_variable`."""

    handle: Tensor

    def assign(self, value: TensorLike, *, name: str | None = None) -> Tensor: ...

    def assign_add(self, delta: TensorLike, *, name: str | None = None) -> Tensor: ...

    def assign_sub(self, delta: TensorLike, *, name: str | None = None) -> Tensor: ...

    def scattered(self, op_type: str, indices: TensorLike, updates: TensorLike, name: str | None) -> Tensor: ...

    def is_initialized(self, name: str | None = None) -> Tensor: ...


def _of_handle(ref: object) -> _OfHandle | None:
    return cast("_OfHandle", ref) if hasattr(type(ref), "scattered") else None


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
        A variable, or a reference to one.
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
    if (variable := _of_handle(ref)) is not None:
        return variable.assign(value, name=name)
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
    if (variable := _of_handle(ref)) is not None:
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
    if (variable := _of_handle(ref)) is not None:
        return variable.assign_sub(value, name=name)
    return apply("AssignSub", ref, value, name=name, use_locking=bool(use_locking))


def scatter_update(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = True, name: str | None = None
) -> Tensor:
    """Replace rows of a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of any dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. Of a row that is given twice the last update stays.
    updates : TensorLike
        Of the variable's dtype and of shape ``indices.shape + ref.shape[1:]``.
    use_locking : bool
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
        ``ref`` is not a variable, the indices are not integers, or the updates are of another dtype.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := _of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterUpdate", indices, updates, name)
    return apply("ScatterUpdate", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_add(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Add to rows of a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. A row that is given twice is added to twice.
    updates : TensorLike
        Of the variable's dtype and of shape ``indices.shape + ref.shape[1:]``.
    use_locking : bool
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
        ``ref`` is not a variable, its dtype is not numeric, the indices are not integers, or the updates are of another
        dtype.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := _of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterAdd", indices, updates, name)
    return apply("ScatterAdd", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_sub(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Subtract from rows of a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. A row that is given twice is subtracted from twice.
    updates : TensorLike
        Of the variable's dtype and of shape ``indices.shape + ref.shape[1:]``.
    use_locking : bool
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
        ``ref`` is not a variable, its dtype is not numeric, the indices are not integers, or the updates are of another
        dtype.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := _of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterSub", indices, updates, name)
    return apply("ScatterSub", ref, indices, updates, name=name, use_locking=use_locking)


def is_variable_initialized(variable: SupportsTensor, name: str | None = None) -> Tensor:
    """Whether a variable has a value, as a bool tensor."""
    if (resource := _of_handle(variable)) is not None:
        return resource.is_initialized(name)
    return apply("IsVariableInitialized", variable, name=name or "IsVariableInitialized")


def reference(shape: Shape, dtype: DTypeLike, name: str, shared_name: str = "", container: str = "") -> Tensor:
    """Make the operation that stores a variable.

    Parameters
    ----------
    shape : tuple of (int or None), or None
        The static shape; None where it is unknown.
    dtype : DTypeLike
        The dtype of the values.
    name : str
        The name of the operation.
    shared_name : str
        A name under which several operations store one value.
    container : str
        Where that name is looked up.

    Returns
    -------
    Tensor
        The reference to the variable.

    Raises
    ------
    TypeError
        There is no such dtype.
    """
    return apply(
        "VariableV2",
        name=name,
        shape=shape,
        dtype=dtypes.as_dtype(dtype).base_dtype.name,
        container=container.encode(),
        shared_name=shared_name.encode(),
    )
