"""Static shapes: the part of a tensor's shape that is known before a run.

Inside the DiGraph and the file a shape is a plain value: ``None`` when not even the rank is known, otherwise a tuple
whose unknown dimensions are ``None``. `TensorShape` and `Dimension` are TensorFlow's classes of shapes.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, SupportsIndex, TypeAlias, TypeGuard, cast, overload

Shape: TypeAlias = tuple[int | None, ...] | None
"""A static shape as the DiGraph holds it."""


class ShapeProto(Protocol):
    """TensorFlow's message for a static shape, ``TensorShapeProto``, which `hdfsaver.messages` makes."""

    unknown_rank: bool

    @property
    def dim(self) -> Iterable[Any]:
        """The dimensions; the ``size`` of one is -1 where it is not known."""


make_proto: list[Callable[[Shape], ShapeProto]] = []
"""The function that makes a message of a shape; `hdfsaver.messages`, which imports this module, puts it here."""

DimensionLike: TypeAlias = "SupportsIndex | None"
"""An argument that stands for one dimension: an integer, a `Dimension`, or None where the size is not known."""

ShapeLike: TypeAlias = "TensorShape | ShapeProto | Iterable[SupportsIndex | None] | SupportsIndex | None"
"""An argument that stands for a static shape; see `as_shape`."""


def as_shape(value: ShapeLike) -> Shape:
    """Read a shape from anything that a user may write for one.

    Parameters
    ----------
    value : None, int, TensorShape, TensorShapeProto or iterable of int, Dimension or None
        ``None`` is an unknown rank, a single integer a vector of that length; -1 in a sequence is refused.

    Returns
    -------
    tuple of int or None, or None
        The shape as the DiGraph holds it.

    Raises
    ------
    TypeError
        A dimension is not an integer.
    ValueError
        A dimension is negative.
    """
    if value is None:
        return None
    if isinstance(value, TensorShape):
        return value.plain
    if _is_proto(value):
        return of_proto(value)
    if isinstance(value, str | bytes):
        raise TypeError(f"A shape is a sequence of integers or None, not {value!r}.")
    if isinstance(value, Iterable):
        return tuple(as_dimension(size) for size in value)
    return (as_dimension(cast("SupportsIndex", value)),)


def _is_proto(value: ShapeLike) -> TypeGuard[ShapeProto]:
    return hasattr(value, "unknown_rank")


def of_proto(message: ShapeProto) -> Shape:
    """The shape that a ``TensorShapeProto`` says; any negative size is one that is not known."""
    return None if message.unknown_rank else tuple([None if dim.size < 0 else dim.size for dim in message.dim])


def as_dimension(value: SupportsIndex | None) -> int | None:
    """Read one dimension: a non-negative integer, or ``None`` where the size is not known."""
    if isinstance(value, Dimension):
        return value.value
    if value is None:
        return None
    try:
        size = operator.index(value)
    except TypeError:
        raise TypeError(f"A dimension must be integer or None, not {value!r}.") from None
    if size < 0:
        raise ValueError(f"Dimension {size} must be >= 0")
    return size


def is_fully_defined(shape: Shape) -> bool:
    """Whether rank and every dimension are known."""
    return shape is not None and None not in shape


def merge(first: Shape, second: Shape) -> Shape:
    """The shape that agrees with both, knowing what either knows.

    Raises
    ------
    ValueError
        The two contradict each other.
    """
    if first is None:
        return second
    if second is None or first == second:
        return first
    if len(first) != len(second) or any(
        a is not None and b is not None and a != b for a, b in zip(first, second, strict=True)
    ):
        raise ValueError(f"Shapes {text(first)} and {text(second)} are not compatible")
    return tuple(b if a is None else a for a, b in zip(first, second, strict=True))


def compatible(first: Shape, second: Shape) -> bool:
    """Whether one array could have both shapes."""
    try:
        merge(first, second)
    except ValueError:
        return False
    return True


def broadcast(first: Shape, second: Shape) -> Shape:
    """The shape of an element-wise operation on two shapes, by NumPy's rule.

    Raises
    ------
    ValueError
        Two known dimensions differ and neither is 1.
    """
    if first == second:
        return first
    if first is None or second is None:
        return None
    rank = max(len(first), len(second))
    padded_first = (1,) * (rank - len(first)) + first
    padded_second = (1,) * (rank - len(second)) + second
    return tuple(_broadcast_dimension(a, b, first, second) for a, b in zip(padded_first, padded_second, strict=True))


def _broadcast_dimension(a: int | None, b: int | None, first: Shape, second: Shape) -> int | None:
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is not None and b is not None:
        raise ValueError(
            f"Dimensions must be equal, but are {a} and {b}: shapes {text(first)} and {text(second)} cannot be "
            "broadcast together."
        )
    # One is unknown and the other is at least 2 (or 0): the known one decides, or the run fails.
    return b if a is None else a


def text(shape: Shape) -> str:
    """Write a shape as TensorFlow prints it: ``<unknown>``, ``()``, ``(3,)``, ``(?, 3)``."""
    if shape is None:
        return "<unknown>"
    inside = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


class Dimension:
    """One dimension of a `TensorShape`: its ``value`` is an integer or, where unknown, None.

    It counts as an integer: in arithmetic (the result is a Dimension, unknown where one of the two is), as the
    dimension of an array, and in every argument that becomes a tensor. Comparisons with an unknown dimension give
    None, as in TensorFlow.
    """

    __slots__ = ("value",)

    def __init__(self, value: SupportsIndex | None) -> None:
        self.value: int | None = as_dimension(value)

    def __index__(self) -> int:
        if self.value is None:
            raise TypeError("An unknown dimension has no integer value.")
        return self.value

    __int__ = __index__

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool | None:  # type: ignore[override]  # None as in TensorFlow
        return self._compared(other, operator.eq)

    def __ne__(self, other: object) -> bool | None:  # type: ignore[override]  # None as in TensorFlow
        return self._compared(other, operator.ne)

    def __lt__(self, other: DimensionLike) -> bool | None:
        return self._compared(other, operator.lt)

    def __le__(self, other: DimensionLike) -> bool | None:
        return self._compared(other, operator.le)

    def __gt__(self, other: DimensionLike) -> bool | None:
        return self._compared(other, operator.gt)

    def __ge__(self, other: DimensionLike) -> bool | None:
        return self._compared(other, operator.ge)

    def _compared(self, other: object, compare: Callable[[Any, Any], bool]) -> bool | None:
        try:
            size = as_dimension(cast("SupportsIndex | None", other))
        except (TypeError, ValueError):
            return cast("bool", NotImplemented)
        return None if self.value is None or size is None else compare(self.value, size)

    def __hash__(self) -> int:
        return hash(self.value)

    def __add__(self, other: DimensionLike) -> Dimension:
        return self._computed(operator.add, self.value, other)

    __radd__ = __add__

    def __sub__(self, other: DimensionLike) -> Dimension:
        return self._computed(operator.sub, self.value, other)

    def __rsub__(self, other: DimensionLike) -> Dimension:
        return self._computed(operator.sub, other, self.value)

    def __mul__(self, other: DimensionLike) -> Dimension:
        return self._computed(operator.mul, self.value, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: DimensionLike) -> Dimension:
        return self._computed(operator.floordiv, self.value, other)

    def __rfloordiv__(self, other: DimensionLike) -> Dimension:
        return self._computed(operator.floordiv, other, self.value)

    def __mod__(self, other: DimensionLike) -> Dimension:
        return self._computed(operator.mod, self.value, other)

    def __rmod__(self, other: DimensionLike) -> Dimension:
        return self._computed(operator.mod, other, self.value)

    def __truediv__(self, other: object) -> Dimension:
        raise TypeError(
            f"unsupported operand type(s) for /: 'Dimension' and '{type(other).__name__}', please use // instead"
        )

    def __rtruediv__(self, other: object) -> Dimension:
        raise TypeError(
            f"unsupported operand type(s) for /: '{type(other).__name__}' and 'Dimension', please use // instead"
        )

    @staticmethod
    def _computed(compute: Callable[[int, int], int], first: DimensionLike, second: DimensionLike) -> Dimension:
        try:
            one, other = as_dimension(first), as_dimension(second)
        except (TypeError, ValueError):
            return cast("Dimension", NotImplemented)
        return Dimension(None if one is None or other is None else compute(one, other))

    def is_compatible_with(self, other: DimensionLike) -> bool:
        """Whether the two could be the same size: they are equal, or one is unknown."""
        size = as_dimension(other)
        return self.value is None or size is None or self.value == size

    def assert_is_compatible_with(self, other: DimensionLike) -> None:
        """Raise `ValueError` unless the two could be the same size."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: DimensionLike) -> Dimension:
        """The size that either knows; `ValueError` where they differ."""
        self.assert_is_compatible_with(other)
        return Dimension(as_dimension(other) if self.value is None else self.value)

    def __reduce__(self) -> tuple[type[Dimension], tuple[int | None]]:
        return Dimension, (self.value,)

    def __str__(self) -> str:
        return "?" if self.value is None else str(self.value)

    def __repr__(self) -> str:
        return f"Dimension({self.value})"


class TensorShape:
    """A static shape with TensorFlow's methods.

    Parameters
    ----------
    dims : None, int, TensorShape or iterable of int, Dimension or None
        See `as_shape`.
    """

    __slots__ = ("plain",)

    def __init__(self, dims: ShapeLike = None) -> None:
        self.plain: Shape = as_shape(dims)

    @property
    def rank(self) -> int | None:
        """The number of dimensions, or None."""
        return None if self.plain is None else len(self.plain)

    ndims = rank

    @property
    def dims(self) -> list[Dimension] | None:
        """The dimensions, or None where the rank is unknown."""
        return None if self.plain is None else [Dimension(size) for size in self.plain]

    def as_list(self) -> list[int | None]:
        """The dimensions as integers and None.

        Raises
        ------
        ValueError
            The rank is unknown.
        """
        if self.plain is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self.plain)

    def num_elements(self) -> int | None:
        """The product of the dimensions, or None where one is unknown."""
        if self.plain is None:
            return None
        known = [size for size in self.plain if size is not None]
        return math.prod(known) if len(known) == len(self.plain) else None

    def as_proto(self) -> ShapeProto:
        """The shape as a ``TensorShapeProto``, TensorFlow's message."""
        return make_proto[0](self.plain)

    def is_fully_defined(self) -> bool:
        """Whether rank and every dimension are known."""
        return is_fully_defined(self.plain)

    def assert_is_fully_defined(self) -> None:
        """Raise `ValueError` unless every dimension is known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def assert_has_rank(self, rank: int | None) -> None:
        """Raise `ValueError` unless the rank is this one, or not known."""
        if rank is not None and self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_same_rank(self, other: ShapeLike) -> None:
        """Raise `ValueError` where both ranks are known and differ."""
        shape = TensorShape(other)
        if None not in (self.rank, shape.rank) and self.rank != shape.rank:
            raise ValueError(f"Shapes {self} and {shape} must have the same rank")

    def is_compatible_with(self, other: ShapeLike) -> bool:
        """Whether one array could have both shapes."""
        return compatible(self.plain, as_shape(other))

    def assert_is_compatible_with(self, other: ShapeLike) -> None:
        """Raise `ValueError` unless one array could have both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are incompatible")

    def most_specific_compatible_shape(self, other: ShapeLike) -> TensorShape:
        """The shape of both: with the dimensions that are equal, and None for the others."""
        plain = as_shape(other)
        if self.plain is None or plain is None or len(self.plain) != len(plain):
            return TensorShape(None)
        return TensorShape([a if a == b else None for a, b in zip(self.plain, plain, strict=True)])

    def merge_with(self, other: ShapeLike) -> TensorShape:
        """The shape that knows what either knows; `ValueError` where they contradict each other."""
        return TensorShape(merge(self.plain, as_shape(other)))

    def is_subtype_of(self, other: object) -> bool:
        """Whether each array of this shape is one of the other `TensorShape`, too."""
        if not isinstance(other, TensorShape):
            return False
        if other.plain is None:
            return True
        return self.rank == other.rank and all(
            b is None or a == b for a, b in zip(self.plain or (), other.plain, strict=True)
        )

    def most_specific_common_supertype(self, others: Iterable[object]) -> TensorShape | None:
        """The shape that knows most of those that fit all; None where one of the others is not a `TensorShape`."""
        found = self
        for other in others:
            if not isinstance(other, TensorShape):
                return None
            found = found.most_specific_compatible_shape(other)
        return found

    def concatenate(self, other: ShapeLike) -> TensorShape:
        """This shape's dimensions followed by the other's; a `Dimension` is one of length 1."""
        other_plain = as_shape(other)
        if self.plain is None or other_plain is None:
            return TensorShape(None)
        return TensorShape(self.plain + other_plain)

    def with_rank(self, rank: int | None) -> TensorShape:
        """This shape, which must have that rank if it is not None; `ValueError` otherwise."""
        self.assert_has_rank(rank)
        return self.merge_with(unknown_shape(rank))

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape; `ValueError` if its rank is lower."""
        if self.rank is not None and self.rank < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape; `ValueError` if its rank is higher."""
        if self.rank is not None and self.rank > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def __add__(self, other: ShapeLike) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: ShapeLike) -> TensorShape:
        return TensorShape(other).concatenate(self)

    def __len__(self) -> int:
        if self.plain is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self.plain)

    def __iter__(self) -> Iterator[Dimension]:
        dims = self.dims
        if dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(dims)

    @overload
    def __getitem__(self, key: SupportsIndex) -> Dimension: ...

    @overload
    def __getitem__(self, key: slice) -> TensorShape: ...

    def __getitem__(self, key: SupportsIndex | slice) -> Dimension | TensorShape:
        if isinstance(key, slice):
            return TensorShape(_unknown_slice(key) if self.plain is None else self.plain[key])
        return Dimension(None if self.plain is None else self.plain[key])

    def __bool__(self) -> bool:
        return self.plain is not None

    def __eq__(self, other: object) -> bool:
        try:
            return self.plain == as_shape(other)  # type: ignore[arg-type]  # any object may be compared
        except (TypeError, ValueError):
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self.plain)

    def __str__(self) -> str:
        return text(self.plain)

    def __repr__(self) -> str:
        return f"TensorShape({self.dims})"

    def __reduce__(self) -> tuple[type[TensorShape], tuple[list[Dimension] | None]]:
        return TensorShape, (self.dims,)


def _unknown_slice(key: slice) -> Shape:
    """The shape that a slice of a shape of unknown rank has: only the rank can be known."""
    if key.step is not None:
        raise ValueError("Steps are not yet handled")
    start = 0 if key.start is None else key.start
    if key.stop is None or start < 0 or key.stop < 0:
        return None
    unknown: Shape = (None,) * (key.stop - start)
    return unknown


def dimension_value(dimension: DimensionLike) -> int | None:
    """The size of a dimension that is a `Dimension`, an integer or None."""
    return dimension.value if isinstance(dimension, Dimension) else cast("int | None", dimension)


def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """One dimension of a shape; an unknown one where the rank is unknown."""
    return Dimension(None if shape.plain is None else shape.plain[index])


def unknown_shape(rank: int | None = None) -> TensorShape:
    """A shape of which at most the rank is known."""
    return TensorShape(None if rank is None else [None] * rank)


def scalar() -> TensorShape:
    """The shape of a single value."""
    return TensorShape([])


def vector(length: DimensionLike) -> TensorShape:
    """The shape of a list of values."""
    return TensorShape([length])


def matrix(rows: DimensionLike, cols: DimensionLike) -> TensorShape:
    """The shape of a table of values.

    Parameters
    ----------
    rows, cols : int, Dimension or None
        Its sizes.

    Returns
    -------
    TensorShape
    """
    return TensorShape([rows, cols])
