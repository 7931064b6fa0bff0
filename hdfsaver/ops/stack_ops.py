"""Stacks of values, by which loops keep what their derivatives need later.

The value of a handle is the stack itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver import shapes
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat, integer, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_HANDLE = (2,)
"""The static shape of a handle, as in TensorFlow."""


class Stack:
    """The values that one run has put onto a stack.

    Parameters
    ----------
    name : str
        The name in messages.
    dtype : str
    max_size : int
        The most values; any number if it is negative.
    """

    __slots__ = ("closed", "dtype", "max_size", "name", "values")

    def __init__(self, name: str, dtype: str, max_size: int) -> None:
        self.name = name
        self.dtype = dtype
        self.max_size = max_size
        self.values: list[Array] = []
        self.closed = False

    def push(self, value: Array) -> Array:
        """Put a value on top, and give it."""
        self.check_open()
        if 0 <= self.max_size <= len(self.values):
            raise invalid(f"Stack[{self.name}] overflowed its max_size ({self.max_size})")
        self.values.append(value)
        return value

    def pop(self) -> Array:
        """Take the value on top."""
        self.check_open()
        if not self.values:
            raise invalid(f"Stack[{self.name}] is empty when calling Pop().")
        return self.values.pop()

    def close(self) -> None:
        """Forget all values; the stack cannot be used any more."""
        self.values.clear()
        self.closed = True

    def check_open(self) -> None:
        """Refuse to use a closed stack."""
        if self.closed:
            raise invalid(f"Stack[{self.name}] has already been closed.")

    def check_dtype(self, dtype: str) -> None:
        """Refuse values of another dtype."""
        if dtype != self.dtype:
            raise invalid(f"Must have type {self.dtype} but got {dtype}: Stack[{self.name}] has values of one dtype.")


@register
class StackV2(Flat):
    """A new stack, for this run."""

    type = "StackV2"
    signature = "max_size: int32 -> handle: resource"
    needed = {"elem_type": "type"}
    attrs = {"stack_name": b""}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(2)."""
        return [_HANDLE]

    def kernel(self, node: Node) -> Kernel:
        name = node.attrs["stack_name"].decode("utf-8", "replace") or node.name
        return lambda size: Stack(name, node.attrs["elem_type"], integer(size))


@register
class StackPushV2(Flat):
    """Put a value on top of a stack, and pass it on."""

    type = "StackPushV2"
    signature = "handle: resource, elem: T -> output: T"
    attrs = {"swap_memory": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of elem."""
        shapes.merge(node.input_shapes[0], _HANDLE)
        return [node.input_shapes[1]]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]

        def push(stack: Stack, value: Array) -> Any:
            stack.check_dtype(dtype)
            return stack.push(value)

        return push


@register
class StackPopV2(Flat):
    """Take the value on top of a stack."""

    type = "StackPopV2"
    signature = "handle: resource -> elem: elem_type"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown."""
        shapes.merge(node.input_shapes[0], _HANDLE)
        return [None]

    def kernel(self, node: Node) -> Kernel:
        return Stack.pop


@register
class StackCloseV2(Flat):
    """Forget all values of a stack: it cannot be used any more in this run."""

    type = "StackCloseV2"
    signature = "handle: resource ->"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        shapes.merge(node.input_shapes[0], _HANDLE)
        return []

    def kernel(self, node: Node) -> Kernel:
        def close(stack: Stack) -> tuple[()]:
            stack.close()
            return ()

        return close


@register
class OldStack(StackV2):
    """As `StackV2`, for any number of values; in graphs of TensorFlow 1.0 and 1.1."""

    type = "Stack"
    signature = "-> handle: Ref(string)"

    def kernel(self, node: Node) -> Kernel:
        made = super().kernel(node)
        return lambda: made(-1)


def _by_reference(definition: type[Flat]) -> None:
    """Register the older type, whose handle is a reference."""
    attrs = {
        "type": definition.type.removesuffix("V2"),
        "signature": definition.signature.replace("handle: resource", "handle: Ref(string)"),
        "__doc__": f"As `{definition.type}`, in graphs of TensorFlow 1.0 and 1.1.",
    }
    register(type(attrs["type"], (definition,), attrs))


for _definition in (StackPushV2, StackPopV2, StackCloseV2):
    _by_reference(_definition)
