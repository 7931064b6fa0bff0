"""Variables as operations: what holds a value between runs, and what changes it.

A variable's output is a reference: the key of its value in the session's state. Kernels that take a reference get that
key, all others the value behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, Array, Kernel, Node, register
from hdfsaver.ops.base import Flat
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text


@register
class VariableV2(Flat):
    """A place for a value that lasts from run to run."""

    type = "VariableV2"
    signature = "-> ref: Ref(dtype)"
    attrs = {"shape": None, "dtype": "float32", "container": b"", "shared_name": b""}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        return [node.attrs["shape"]]

    def kernel(self, node: Node) -> Kernel:
        key = variable_key(node)
        return lambda state: key


@register
class Variable(VariableV2):
    """The older form of `VariableV2`, in which an empty shape may stand for an unknown one."""

    type = "Variable"

    def shapes(self, node: Node) -> Sequence[Shape]:
        return [node.attrs["shape"] or None]


def variable_key(node: Node) -> str:
    """Where a session keeps the value: variables of one container and shared name are one."""
    container: bytes = node.attrs.get("container", b"")
    shared: bytes = node.attrs.get("shared_name", b"")
    name = shared.decode("utf-8", "surrogateescape") or node.name
    return f"{container.decode('utf-8', 'surrogateescape')}|{name}" if container else name


class _Assignment(Flat):
    """What gives a variable a new value, and then stands for the variable."""

    signature = "ref: Ref(T), value: T -> output_ref: Ref(T)"
    attrs = {"use_locking": True}
    stateful = True


@register
class Assign(_Assignment):
    """Replace a variable's value."""

    type = "Assign"
    attrs = {"validate_shape": True, "use_locking": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        ref, value = node.input_shapes
        return [shapes.merge(ref, value) if node.attrs["validate_shape"] else value]

    def kernel(self, node: Node) -> Kernel:
        wanted = node.input_shapes[0] if node.attrs["validate_shape"] else None

        def assign(state: Any, ref: str, value: Array) -> str:
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


def own(value: Array) -> Array:
    """The value as one that nobody will write on: itself where nobody else can hold it, otherwise a copy."""
    if not isinstance(value, np.ndarray):
        value = np.asarray(value)
    elif value.base is not None or not value.flags.writeable:
        value = value.copy()
    value.flags.writeable = False
    return value


def current(state: Any, ref: str, node: Node) -> Array:
    """The value of a variable that an operation is about to change."""
    try:
        value: Array = state.variables[ref]
    except KeyError:
        raise FailedPreconditionError(
            None, None, f"Attempting to use uninitialized value {ref} (in operation {node.name!r})."
        ) from None
    return value


class _Update(_Assignment):
    """Change a number in place by another of the same shape."""

    types = {"T": NUMBERS}
    attrs = {"use_locking": False}
    ufunc: Any

    def shapes(self, node: Node) -> Sequence[Shape]:
        return [shapes.merge(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        ufunc = type(self).ufunc

        def update(state: Any, ref: str, value: Array) -> str:
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
    ufunc = np.add


@register
class AssignSub(_Update):
    """Subtract from a variable."""

    type = "AssignSub"
    ufunc = np.subtract


class _Scatter(Flat):
    """Change the rows of a variable that indices name."""

    signature = "ref: Ref(T), indices: Tindices, updates: T -> output_ref: Ref(T)"
    types = {"Tindices": INDICES}
    attrs = {"use_locking": False}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        ref, indices, updates = node.input_shapes
        if ref is not None and indices is not None:
            shapes.merge(updates, indices + ref[1:])
        return [ref]

    def kernel(self, node: Node) -> Kernel:
        change = type(self).change

        def scatter(state: Any, ref: str, indices: Array, updates: Array) -> str:
            value = current(state, ref, node).copy()
            indices = np.asarray(indices)
            if indices.size and (indices.min() < 0 or indices.max() >= len(value)):
                raise InvalidArgumentError(
                    None, None, f"{node.name!r}: indices must lie in [0, {len(value)}), the rows of variable {ref!r}."
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
    """Add to rows of a variable; a row that is named twice is added to twice."""

    type = "ScatterAdd"
    types = {"T": NUMBERS, "Tindices": INDICES}

    @staticmethod
    def change(value: Array, indices: Array, updates: Array) -> None:
        np.add.at(value, indices, updates)


@register
class ScatterSub(_Scatter):
    """Subtract from rows of a variable; a row that is named twice is subtracted from twice."""

    type = "ScatterSub"
    types = {"T": NUMBERS, "Tindices": INDICES}

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
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda state, ref: np.bool_(ref in state.variables)


def assign(
    ref: Any, value: Any, validate_shape: bool | None = None, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Replace a variable's value; gives a reference to the variable, as it is afterwards.

    Raises
    ------
    TypeError
        ``ref`` is not a variable.
    ValueError
        The shapes differ and ``validate_shape`` is not False.
    """
    attrs = {"validate_shape": validate_shape is not False, "use_locking": use_locking is not False}
    return apply("Assign", ref, value, name=name, **attrs)


def assign_add(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Any:
    """Add to a variable's value; gives a reference to the variable, as it is afterwards."""
    return apply("AssignAdd", ref, value, name=name, use_locking=bool(use_locking))


def assign_sub(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Any:
    """Subtract from a variable's value; gives a reference to the variable, as it is afterwards."""
    return apply("AssignSub", ref, value, name=name, use_locking=bool(use_locking))


def scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Any:
    """Replace rows of a variable."""
    return apply("ScatterUpdate", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Add to rows of a variable."""
    return apply("ScatterAdd", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Subtract from rows of a variable."""
    return apply("ScatterSub", ref, indices, updates, name=name, use_locking=use_locking)


def is_variable_initialized(variable: Any, name: str | None = None) -> Any:
    """A tensor that tells whether a variable has a value."""
    return apply("IsVariableInitialized", variable, name=name or "IsVariableInitialized")


def reference(shape: Shape, dtype: Any, name: str, shared_name: str = "", container: str = "") -> Any:
    """The operation that holds a variable; gives the reference to it."""
    return apply(
        "VariableV2",
        name=name,
        shape=shape,
        dtype=dtypes.as_dtype(dtype).base_dtype.name,
        container=container.encode(),
        shared_name=shared_name.encode(),
    )
