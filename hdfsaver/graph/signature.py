"""Signatures: which inputs and outputs an operation has, and of which dtypes.

A signature is written like ``"x: T, y: T -> z: T"``. After the colon stands

- a dtype's name: ``indices: int32``;
- the name of an attribute that holds a dtype: ``x: T``;
- a number of tensors of one dtype: ``values: N * T``;
- tensors of the dtypes that an attribute lists: ``data: [T]``;
- any of these by reference, for what reads or writes a variable itself: ``ref: Ref(T)``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hdfsaver import dtypes, limits

_ARGUMENT = re.compile(r"(\w+)\s*:\s*(?:(?:(\w+)\s*\*\s*)?(?:Ref\((\w+)\)|(\w+))|\[(\w+)\])")


class Argument(NamedTuple):
    """One input or output. Of ``dtype`` and ``dtype_attr`` one is set, or ``dtypes_attr`` for a mixed list."""

    name: str
    dtype: str | None = None
    dtype_attr: str | None = None
    number_attr: str | None = None
    dtypes_attr: str | None = None
    is_ref: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it stands for several tensors."""
        return self.number_attr is not None or self.dtypes_attr is not None

    def resolve(self, attrs: Mapping[str, Any]) -> list[str]:
        """The names of the dtypes of the tensors that it stands for."""
        if self.dtypes_attr is not None:
            return list(attrs[self.dtypes_attr])
        dtype: str = attrs[self.dtype_attr or ""] if self.dtype is None else self.dtype
        return [dtype + dtypes.REF_SUFFIX if self.is_ref else dtype] * self.count(attrs)

    def count(self, attrs: Mapping[str, Any]) -> int:
        """The number of tensors that it stands for.

        Raises
        ------
        ResourceExhaustedError
            There are more than the limit `elements` allows.
        """
        if self.dtypes_attr is not None:
            return len(attrs[self.dtypes_attr])
        count: int = 1 if self.number_attr is None else attrs[self.number_attr]
        if self.number_attr is not None and isinstance(count, int) and count > limits.get().elements:
            raise limits.refused(f"the attribute {self.number_attr!r}", f"it is {count}", "elements")
        return count


class Signature(NamedTuple):
    """The inputs and outputs of an operation."""

    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Read a signature; `ValueError` where it is not written as this page says."""
        left, arrow, right = text.partition("->")
        if not arrow:
            raise ValueError(f"A signature needs an arrow: {text!r}.")
        return cls(_parse_arguments(left), _parse_arguments(right))

    def output_dtypes(self, attrs: Mapping[str, Any]) -> list[str]:
        """The names of the dtypes of all outputs, given the attributes."""
        if len(self.outputs) == 1:
            return self.outputs[0].resolve(attrs)
        return [dtype for argument in self.outputs for dtype in argument.resolve(attrs)]

    def takes_ref(self, count: int) -> Sequence[bool]:
        """For each of ``count`` input tensors whether it is wanted by reference."""
        if not any(argument.is_ref for argument in self.inputs):
            return (False,) * count
        if self.inputs[0].is_list:  # the only one there, then
            return (self.inputs[0].is_ref,) * count
        flags = [argument.is_ref for argument in self.inputs if not argument.is_list]
        return tuple(flags) + (False,) * (count - len(flags))


def _parse_arguments(text: str) -> tuple[Argument, ...]:
    if not text.strip():
        return ()
    return tuple(_parse_argument(part.strip()) for part in text.split(","))


def _parse_argument(text: str) -> Argument:
    match = _ARGUMENT.fullmatch(text)
    if match is None:
        raise ValueError(f"Not an argument of a signature: {text!r}.")
    name, number, ref, plain, mixed = match.groups()
    if mixed:
        return Argument(name, dtypes_attr=mixed)
    dtype = ref or plain
    is_fixed = dtype in dtypes.ROW_BY_NAME
    return Argument(
        name,
        dtype=dtype if is_fixed else None,
        dtype_attr=None if is_fixed else dtype,
        number_attr=number,
        is_ref=ref is not None,
    )
