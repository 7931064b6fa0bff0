"""Slots: variables that an optimizer keeps beside each one that it trains, under that one's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.filling import zeros
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.shapes import ShapeLike, TensorShape
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.partitioning import SaveSliceInfo
from hdfsaver.variables.resource_variable import ResourceVariable
from hdfsaver.variables.variable import Variable
from hdfsaver.variables.variable_scope import get_variable_scope, variable_scope

Primary = Variable | Tensor
"""What a slot is kept for."""


def create_slot(primary: Primary, val: Tensor, name: str, colocate_with_primary: bool = True) -> Variable:
    """Make a variable for another one, with a given initial value.

    Parameters
    ----------
    primary : Variable or Tensor
        The variable that the slot is for.
    val : Tensor
        The initial value.
    name : str
        Put behind the name of ``primary``; made unique.
    colocate_with_primary : bool
        Whether the slot is on the device of ``primary``.

    Returns
    -------
    Variable

    Raises
    ------
    ValueError
        The variable scope takes existing variables only (``reuse``), and there is none of that name.
    """
    options = {"initializer": val, "validate_shape": val.shape.is_fully_defined()}
    return _made(primary, name, colocate_with_primary, options)


def create_slot_with_initializer(
    primary: Primary,
    initializer: Callable[..., Any],
    shape: ShapeLike,
    dtype: DTypeLike,
    name: str,
    colocate_with_primary: bool = True,
) -> Variable:
    """Make a variable for another one, whose initial value an initializer makes.

    Parameters
    ----------
    primary : Variable or Tensor
        The variable that the slot is for.
    initializer : Initializer
    shape : ShapeLike
        The shape of the slot.
    dtype : DTypeLike
    name : str
        Put behind the name of ``primary``; made unique.
    colocate_with_primary : bool
        Whether the slot is on the device of ``primary``.

    Returns
    -------
    Variable

    Raises
    ------
    ValueError
        The variable scope takes existing variables only (``reuse``), and there is none of that name.
    """
    static = TensorShape(shape)
    options = {
        "initializer": initializer,
        "shape": static,
        "dtype": dtype,
        "validate_shape": static.is_fully_defined(),
    }
    return _made(primary, name, colocate_with_primary, options)


def create_zeros_slot(
    primary: Primary, name: str, dtype: DTypeLike | None = None, colocate_with_primary: bool = True
) -> Variable:
    """Make a variable for another one, of its shape and with zeros at first.

    Parameters
    ----------
    primary : Variable or Tensor
        The variable that the slot is for.
    name : str
        Put behind the name of ``primary``; made unique.
    dtype : DTypeLike, optional
        That of ``primary`` by default.
    colocate_with_primary : bool
        Whether the slot is on the device of ``primary``.

    Returns
    -------
    Variable

    Raises
    ------
    ValueError
        The variable scope takes existing variables only (``reuse``), and there is none of that name.
    """
    kind = primary.dtype.base_dtype if dtype is None else dtype
    shape = primary.shape
    if shape.is_fully_defined():
        return create_slot_with_initializer(primary, zeros_initializer(), shape, kind, name, colocate_with_primary)
    value = primary.initialized_value() if isinstance(primary, Variable) else primary
    return create_slot(primary, zeros(shape_of(value), kind), name, colocate_with_primary)


def _made(primary: Primary, name: str, colocate: bool, options: dict[str, Any]) -> Variable:
    prefix = primary._shared_name if isinstance(primary, Variable) else primary.op.name
    # Where another slot has the name, the scope gets a number; where variables are reused, the scope is found again.
    with variable_scope(None, f"{prefix}/{name}"), _colocated(primary if colocate else None), _no_partitioner():
        kind = isinstance(primary, ResourceVariable) if isinstance(primary, Variable) else None
        slot: Variable = get_variable("", trainable=False, use_resource=kind, **options)
    whole = primary._save_slice_info if isinstance(primary, Variable) else None
    if whole is not None and slot.shape.ndims != 0:
        slot._set_save_slice_info(_same_part(whole, slot, primary.op.name))
    return slot


@contextmanager
def _no_partitioner() -> Iterator[None]:
    """Parts of a variable have a slot each, which is not divided further."""
    scope = get_variable_scope()
    before = scope.partitioner
    scope.set_partitioner(None)
    try:
        yield
    finally:
        scope.set_partitioner(before)


@contextmanager
def _colocated(primary: Primary | None) -> Iterator[None]:
    if primary is None:
        yield
        return
    with get_default_graph().colocate_with(primary):
        yield


def _same_part(whole: SaveSliceInfo, slot: Variable, primary: str) -> SaveSliceInfo:
    """The part of a whole slot that this is, as its variable is one of the whole variable."""
    rank = slot.shape.ndims
    name = slot.op.name.removeprefix(f"{primary}/")
    return SaveSliceInfo(
        f"{whole.full_name}/{name}",
        list(whole.full_shape[:rank]),
        list(whole.var_offset[:rank]),
        list(whole.var_shape[:rank]),
    )
