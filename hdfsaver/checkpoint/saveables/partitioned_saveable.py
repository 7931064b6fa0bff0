"""Partitioned variables: a Saver saves their parts as one whole tensor, for any partitioning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hdfsaver import shapes
from hdfsaver.checkpoint.saveables.iterator_saveable import ITERATORS, IteratorSaveable
from hdfsaver.checkpoint.saveables.saveable import Saveable, VariableSaveable
from hdfsaver.errors import shown
from hdfsaver.files.lazy_arrays import Joined, Piece
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.schema import SavedPart
from hdfsaver.shapes import TensorShape
from hdfsaver.tensor_info import Array
from hdfsaver.variables.partitioned import PartitionedVariable
from hdfsaver.variables.partitioning import SaveSliceInfo
from hdfsaver.variables.variable import Variable


@dataclass(frozen=True)
class Part:
    """A variable, or the reference to a variable, and its part of a larger variable."""

    variable: Any
    info: SaveSliceInfo


def as_part(variable: Any) -> Part | None:
    """The part of a variable of a partitioned variable; None for other variables."""
    info = variable._get_save_slice_info() if isinstance(variable, Variable) else None
    return None if info is None else Part(variable, info)


def checked_parts(name: str, variables: Sequence[Any]) -> list[Part]:
    """The parts of a list of variables.

    Raises
    ------
    ValueError
        The list is empty, an item is not a part, or they are not parts of one variable.
    """
    if not variables:
        raise ValueError(f"The list for {name!r} is empty.")
    parts = [_checked_part(variable) for variable in variables]
    full_names = list(dict.fromkeys(part.info.full_name for part in parts))
    if len(full_names) > 1:
        raise ValueError(f"Slices must all be from the same tensor: {full_names[0]} != {full_names[1]}")
    return parts


def _checked_part(variable: Any) -> Part:
    if isinstance(variable, Part):
        return variable
    if not isinstance(variable, Variable):
        raise ValueError(f"Slices must all be Variables: {shown(variable)}")
    part = as_part(variable)
    if part is None:
        raise ValueError(f"Slices must all be slices: {shown(variable)}")
    return part


def ops_of(variable: Any) -> list[Operation]:
    """The operations of the variables that a Saver saves under one name."""
    if isinstance(variable, list | PartitionedVariable):
        return [item.variable.op if isinstance(item, Part) else item.op for item in variable]
    return [] if isinstance(variable, Saveable) else [variable.op]


def saveable_of(variable: Any) -> Saveable:
    """The Saveable of a variable, a partitioned variable or a list of parts; a Saveable is returned unchanged."""
    if isinstance(variable, Saveable):
        return variable
    if isinstance(variable, PartitionedVariable):
        return PartsSaveable(checked_parts(variable.name, variable._get_variable_list()))
    if isinstance(variable, Tensor) and variable.op.type in ITERATORS:
        return IteratorSaveable(variable)
    return PartsSaveable(variable) if isinstance(variable, list) else VariableSaveable(variable)


class PartsSaveable(Saveable):
    """All or some parts of a partitioned variable.

    Raises
    ------
    ValueError
        The parts disagree about the shape or dtype of the whole, or a variable does not have the shape of its part.
    """

    may_reshape = False

    def __init__(self, parts: Sequence[Part]) -> None:
        # Sorted, because a set of parts has no order, and the same state must give the same bytes.
        ordered = sorted(parts, key=lambda part: part.info.var_offset)
        self._parts = [(VariableSaveable(part.variable), part.info) for part in ordered]
        first, info = self._parts[0]
        self._info = info
        self._check_agree()
        self.op = first.op
        self.graph = first.graph
        self.label = f"partitioned variable {info.full_name!r}"
        self.dtype = first.dtype
        self.shape = TensorShape(info.full_shape)
        self.keys = tuple(saveable.keys[0] for saveable, _ in self._parts)
        self._is_whole = covers([info.key for _, info in self._parts], info.full_shape)
        self.read_keys = None if self._is_whole else tuple(info.key for _, info in self._parts)

    @property
    def saved_name(self) -> list[SavedPart]:  # type: ignore[override]
        """The parts."""
        found = [(saveable.op, info.definition()) for saveable, info in self._parts]
        return [SavedPart(op.name, info) for op, info in found if op is not None and info is not None]

    def _check_agree(self) -> None:
        first, whole = self._parts[0]
        for saveable, info in self._parts:
            if info.full_shape != whole.full_shape or saveable.dtype != first.dtype:
                raise ValueError(
                    f"The parts of {whole.full_name!r} disagree: {first.label} has {first.dtype} of shape "
                    f"{whole.full_shape}, {saveable.label} {saveable.dtype} of shape {info.full_shape}."
                )
            if saveable.graph is not first.graph:
                raise ValueError(f"The parts of {whole.full_name!r} are in different graphs.")
            if not saveable.shape.is_compatible_with(info.var_shape):
                raise ValueError(
                    f"The {saveable.label} has shape {saveable.shape}, but as a part of {whole.full_name!r} it must "
                    f"have {info.var_shape}."
                )

    def value(self, present: Mapping[str, Array | None]) -> Joined | Array:
        """The whole, which is assembled when it is written; `ValueError` if the parts do not cover it exactly."""
        self._check_whole()
        pieces = [self._piece(saveable.value(present), saveable, info) for saveable, info in self._parts]
        return pieces[0].array if len(pieces) == 1 else Joined(tuple(self._info.full_shape), pieces)

    def _check_whole(self) -> None:
        if not self._is_whole:
            held = ", ".join(info.spec for _, info in self._parts)
            raise ValueError(
                f"The parts of {self._info.full_name!r} in the Saver do not cover the whole, of shape "
                f"{self._info.full_shape}, exactly: {held}. A file holds whole variables: pass all parts to the Saver, "
                "each once, to save; some parts can only be restored. Nothing was written."
            )

    def _piece(self, value: Array, saveable: VariableSaveable, info: SaveSliceInfo) -> Piece:
        if list(value.shape) != info.var_shape:  # the static shape may have been unknown
            raise ValueError(
                f"The value of {saveable.label} has shape {shapes.text(value.shape)}, but as a part of "
                f"{info.full_name!r} it must have {info.var_shape}. Nothing was written."
            )
        return Piece(info.key, value)

    def take(self, value: Array) -> Mapping[str, Array]:
        """The parts as views of the whole."""
        return {key: value[info.key] for key, (_, info) in zip(self.keys, self._parts, strict=True)}


def covers(keys: Iterable[tuple[slice, ...]], shape: Sequence[int], axis: int = 0) -> bool:
    """Whether parts cover a whole, with each element in exactly one part; parts are divided dimension by dimension.

    Parameters
    ----------
    keys : iterable of tuple of slice
        The parts.
    shape : sequence of int
        The shape of the whole.
    axis : int
        The dimension to begin with; the parts agree in the dimensions before it.

    Returns
    -------
    bool
    """
    if axis == len(shape):
        return len(list(keys)) == 1
    by_extent: dict[tuple[int, int], list[tuple[slice, ...]]] = {}
    for key in keys:
        by_extent.setdefault((key[axis].start, key[axis].stop), []).append(key)
    end = 0
    for start, stop in sorted(by_extent):
        if start != end:
            return False
        end = stop
    return end == shape[axis] and all(covers(inner, shape, axis + 1) for inner in by_extent.values())
