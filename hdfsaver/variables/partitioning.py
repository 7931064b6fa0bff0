"""How a variable is divided into parts along one of its dimensions, and which part of the whole each of them is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.messages import message_classes
from hdfsaver.messages.variable_messages import part_message
from hdfsaver.schema import SaveSliceInfoDef
from hdfsaver.shapes import TensorShape

Partitioner: TypeAlias = Callable[..., Sequence[int]]
"""Called as ``partitioner(shape=..., dtype=...)``; gives the number of parts along each dimension."""


class SaveSliceInfo:
    """Which part of a larger variable a variable is.

    Parameters
    ----------
    full_name : str, optional
        The name of the whole.
    full_shape, var_offset, var_shape : list of int, optional
        The shape of the whole, where in it the part begins, and the shape of the part.
    save_slice_info_def : SaveSliceInfoDef, optional
        All of these, as `to_proto` gives them, or as a file has them.
    import_scope : str, optional
        With ``save_slice_info_def``: the scope that is put before the name.
    """

    def __init__(
        self,
        full_name: str | None = None,
        full_shape: list[int] | None = None,
        var_offset: list[int] | None = None,
        var_shape: list[int] | None = None,
        save_slice_info_def: message_classes.SaveSliceInfoDef | SaveSliceInfoDef | None = None,
        import_scope: str | None = None,
    ) -> None:
        if save_slice_info_def is not None:
            found = save_slice_info_def
            full_name = f"{import_scope.rstrip('/')}/{found.full_name}" if import_scope else found.full_name
            full_shape, var_offset, var_shape = list(found.full_shape), list(found.var_offset), list(found.var_shape)
        self.full_name = full_name or ""
        self.full_shape = full_shape or []
        self.var_offset = var_offset or []
        self.var_shape = var_shape or []
        if not len(self.full_shape) == len(self.var_offset) == len(self.var_shape):
            raise ValueError(
                f"The part of {self.full_name!r} has full_shape {self.full_shape}, var_offset {self.var_offset} and "
                f"var_shape {self.var_shape}; all three need one number for each dimension."
            )

    @classmethod
    def from_spec(cls, spec: str) -> SaveSliceInfo:
        """The part that a slice specification describes, as `spec` writes it; the name of the whole is not in it.

        Raises
        ------
        ValueError
            It is not a slice specification.
        """
        *sizes, extents = spec.split(" ")
        if not sizes:
            raise ValueError(f"Spec string must contain space-separated full_shape info, but is {spec!r}.")

        def integers(texts: Iterable[str], said: str) -> list[int]:
            try:
                return [int(text) for text in texts]
            except ValueError as error:
                raise ValueError(f"{said}, but the spec string is {spec!r}.") from error

        full_shape = integers(sizes, "full_shape must be a sequence of integers")
        offsets: list[int] = []
        shape: list[int] = []
        for extent in extents.split(":"):
            start, comma, size = extent.partition(",")
            if not comma or "," in size:
                raise ValueError(
                    f"Spec string must contain comma-separated pairs of offsets and shapes, but is {spec!r}."
                )
            offsets += integers([start], "var_offset must be an integer")
            shape += integers([size], "var_shape must be an integer")
        return cls("", full_shape, offsets, shape)

    @property
    def spec(self) -> str:
        """The slice specification: ``"4 2 0,2:0,2"`` is rows 0 and 1 of a (4, 2) tensor."""
        extents = ":".join(f"{start},{size}" for start, size in zip(self.var_offset, self.var_shape, strict=True))
        return f"{' '.join(map(str, self.full_shape))} {extents}"

    @property
    def key(self) -> tuple[slice, ...]:
        """The index of the part in the whole."""
        return tuple(slice(start, start + size) for start, size in zip(self.var_offset, self.var_shape, strict=True))

    def to_proto(self, export_scope: str | None = None) -> message_classes.SaveSliceInfoDef | None:
        """The same as a message; None if the whole is outside of ``export_scope``."""
        found = self.definition(export_scope)
        return None if found is None else part_message(found)

    def definition(self, export_scope: str | None = None) -> SaveSliceInfoDef | None:
        """The same as a plain record; None if the whole is outside of ``export_scope``."""
        prefix = f"{export_scope.rstrip('/')}/" if export_scope else ""
        if not self.full_name.startswith(prefix):
            return None
        return SaveSliceInfoDef(
            self.full_name.removeprefix(prefix), tuple(self.full_shape), tuple(self.var_offset), tuple(self.var_shape)
        )

    def __repr__(self) -> str:
        return f"<SaveSliceInfo {self.spec!r} of {self.full_name!r}>"


class PartitionInfo:
    """The part that an initializer makes a value for.

    Attributes
    ----------
    full_shape : list of int
        The shape of the whole.
    var_offset : list of int
        Where in it the part begins.

    Raises
    ------
    ValueError
        The part begins outside of the whole.
    """

    def __init__(self, full_shape: list[int], var_offset: list[int]) -> None:
        if any(not 0 <= start < size for start, size in zip(var_offset, full_shape, strict=True)):
            raise ValueError(
                f"Expected 0 <= offset < shape but found var_offset={var_offset}, full_shape={full_shape}: "
                "there are more parts than elements."
            )
        self.full_shape = full_shape
        self.var_offset = var_offset

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """The dimension along which a part of that shape is one of several; None if it is the whole.

        Raises
        ------
        ValueError
            The shape is not that of a part, or is smaller than the whole in several dimensions.
        """
        self._check(shape)
        sliced = [dim for dim, size in enumerate(shape) if size != self.full_shape[dim]]
        if len(sliced) > 1:
            raise ValueError(
                f"A part of shape {list(shape)} differs from the whole, {self.full_shape}, in several dimensions: "
                f"{sliced}."
            )
        return sliced[0] if sliced else None

    def _check(self, shape: Sequence[int]) -> None:
        if len(shape) != len(self.full_shape):
            raise ValueError(f"A part of shape {list(shape)} does not have the rank of the whole, {self.full_shape}.")
        for start, size, full in zip(self.var_offset, shape, self.full_shape, strict=True):
            if start + size > full:
                raise ValueError(
                    f"A part of shape {list(shape)} at {self.var_offset} would exceed the whole, {self.full_shape}."
                )

    def single_offset(self, shape: Sequence[int]) -> int:
        """Where the part begins along that dimension; 0 if it is the whole. Errors are those of `single_slice_dim`."""
        dim = self.single_slice_dim(shape)
        return 0 if dim is None else self.var_offset[dim]


def call_partitioner(partitioner: Partitioner, shape: TensorShape, dtype: DTypeLike) -> Sequence[int]:
    """Ask a partitioner for the number of parts along each dimension.

    Parameters
    ----------
    partitioner : callable
    shape : TensorShape
        The shape of the whole.
    dtype : DType

    Returns
    -------
    sequence of int

    Raises
    ------
    ValueError
        The shape is not fully known or has no dimension, or the answer is not a positive number for each dimension,
        more than 1 for one of them at most.
    """
    if not shape.is_fully_defined():
        raise ValueError(f"Shape of a new partitioned variable must be fully defined, but instead was {shape}.")
    if not shape.rank:
        raise ValueError(f"A partitioned Variable must have rank at least 1, shape: {shape}")
    found = partitioner(shape=shape, dtype=dtype)
    if not isinstance(found, Sequence):
        raise ValueError(f"Partitioner must return a sequence, but saw: {found}")
    if len(found) != shape.rank:
        raise ValueError(
            f"Partitioner returned a partition list that does not match the Variable's rank: {found} vs. {shape}"
        )
    if any(parts < 1 for parts in found):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {found}")
    if sum(parts > 1 for parts in found) > 1:
        raise ValueError(f"Can only slice a variable along one dimension: shape: {shape}, partitioning: {found}")
    return found


def parts_of(full_shape: Sequence[int], partitions: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Offset and shape of each part; those at the front are larger by one where the division leaves a rest."""
    axis = next((dim for dim, count in enumerate(partitions) if count > 1), 0)
    count = partitions[axis]
    smaller, larger_ones = divmod(full_shape[axis], count)
    start = 0
    for index in range(count):
        size = smaller + (index < larger_ones)
        yield _placed(len(full_shape) * [0], axis, start), _placed(list(full_shape), axis, size)
        start += size


def _placed(values: list[int], axis: int, value: int) -> list[int]:
    values[axis] = value
    return values


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A partitioner that makes a fixed number of parts, or as many as the dimension has elements if that is less.

    Parameters
    ----------
    num_shards : int
    axis : int
        The dimension to divide.

    Returns
    -------
    callable
    """

    def partition(shape: TensorShape, **_: Any) -> list[int]:
        return _along(shape, axis, min(num_shards, _size(shape, axis)))

    return partition


def variable_axis_size_partitioner(
    max_shard_bytes: int, axis: int = 0, bytes_per_string_element: int = 16, max_shards: int | None = None
) -> Partitioner:
    """A partitioner that keeps parts below a size, as far as dividing one dimension can.

    Parameters
    ----------
    max_shard_bytes : int
        The size, in bytes.
    axis : int
        The dimension to divide.
    bytes_per_string_element : int
        The size that a string is taken to have, in bytes.
    max_shards : int, optional
        Make no more parts, even if they become larger.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        One of the numbers is not positive. When called: the shape is not a `TensorShape`, or not fully known.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError(
            "Both max_shard_bytes and bytes_per_string_element must be positive. Currently, max_shard_bytes is "
            f"{max_shard_bytes} and bytes_per_string_element is {bytes_per_string_element}."
        )
    if max_shards and max_shards < 1:
        raise ValueError(f"max_shards must be positive, not {max_shards}.")

    def partition(shape: TensorShape, dtype: DTypeLike) -> list[int]:
        if not isinstance(shape, TensorShape) or not shape.is_fully_defined():
            raise ValueError(f"shape is not a fully defined TensorShape: {shape}")
        size = _size(shape, axis)
        bytes_per_slice = _elements(shape) / size * _element_size(dtype, bytes_per_string_element)
        slices_per_part = max(1, math.floor(max_shard_bytes / bytes_per_slice))
        count = math.ceil(size / slices_per_part)
        return _along(shape, axis, min(max_shards, count) if max_shards else count)

    return partition


def min_max_variable_partitioner(
    max_partitions: int = 1, axis: int = 0, min_slice_size: int = 256 << 10, bytes_per_string_element: int = 16
) -> Partitioner:
    """A partitioner that makes as many parts as it may without making them smaller than a size.

    Parameters
    ----------
    max_partitions : int
        The most parts to make.
    axis : int
        The dimension to divide.
    min_slice_size : int
        The size, in bytes.
    bytes_per_string_element : int
        The size that a string is taken to have, in bytes.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        When called: the shape does not have that dimension.
    """

    def partition(shape: TensorShape, dtype: DTypeLike) -> list[int]:
        if axis >= len(shape):
            raise ValueError(f"Cannot partition variable along axis {axis} when shape is only {shape}")
        total = _elements(shape) * _element_size(dtype, bytes_per_string_element)
        count = min(_size(shape, axis), max_partitions, math.ceil(total / min_slice_size))
        return _along(shape, axis, max(1, count))

    return partition


def _along(shape: TensorShape, axis: int, count: int) -> list[int]:
    return _placed([1] * len(shape), axis, count)


def _size(shape: TensorShape, axis: int) -> int:
    return int(shape.as_list()[axis] or 0)


def _elements(shape: TensorShape) -> int:
    return math.prod(size or 0 for size in shape.as_list())


def _element_size(dtype: DTypeLike, bytes_per_string: int) -> int:
    found = dtypes.as_dtype(dtype)
    return bytes_per_string if found.base_dtype is dtypes.string else int(found.size)
