"""Static shapes: the part of a tensor's shape that is known before a run.

Inside the DiGraph and the file a shape is a plain value: ``None`` when not even the rank is known, otherwise a tuple
whose unknown dimensions are ``None``. `TensorShape` and `Dimension` are TensorFlow's classes of shapes.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, SupportsIndex, TypeAlias, TypeGuard, cast, overload

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
        raise TypeError(f"A dimension is an integer or None, not {value!r}.") from None
    if size < 0:
        raise ValueError(f"A dimension cannot be negative: {size}.")
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
        raise ValueError(f"Shapes {text(first)} and {text(second)} are not compatible.")
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
        raise ValueError(f"Shapes {text(first)} and {text(second)} cannot be broadcast together.")
    # One is unknown and the other is at least 2 (or 0): the known one decides, or the run fails.
    return b if a is None else a


def text(shape: Shape) -> str:
    """Write a shape as TensorFlow prints it: ``<unknown>``, ``()``, ``(3,)``, ``(?, 3)``."""
    if shape is None:
        return "<unknown>"
    inside = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


class Dimension:
    """One dimension of a `TensorShape`: its ``value`` is an integer or, where unknown, None."""

    __slots__ = ("value",)

    def __init__(self, value: SupportsIndex | None) -> None:
        self.value: int | None = as_dimension(value)

    def __index__(self) -> int:
        if self.value is None:
            raise TypeError("An unknown dimension has no integer value.")
        return self.value

    __int__ = __index__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dimension | int | None) and self.value == as_dimension(other)

    def __hash__(self) -> int:
        return hash(self.value)

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
            raise ValueError(f"Shape {self} is not fully defined.")

    def is_compatible_with(self, other: ShapeLike) -> bool:
        """Whether one array could have both shapes."""
        return compatible(self.plain, as_shape(other))

    def assert_is_compatible_with(self, other: ShapeLike) -> None:
        """Raise `ValueError` unless one array could have both shapes."""
        merge(self.plain, as_shape(other))

    def merge_with(self, other: ShapeLike) -> TensorShape:
        """The shape that knows what either knows; `ValueError` where they contradict each other."""
        return TensorShape(merge(self.plain, as_shape(other)))

    def concatenate(self, other: ShapeLike) -> TensorShape:
        """This shape's dimensions followed by the other's."""
        other_plain = as_shape(other)
        if self.plain is None or other_plain is None:
            return TensorShape(None)
        return TensorShape(self.plain + other_plain)

    def with_rank(self, rank: int) -> TensorShape:
        """This shape, which must have that rank; `ValueError` otherwise."""
        return self.merge_with([None] * rank)

    def __len__(self) -> int:
        if self.plain is None:
            raise ValueError("Cannot take the length of a shape with unknown rank.")
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
            return TensorShape(None if self.plain is None else self.plain[key])
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


@dataclass(slots=True)
class Dim:
    """One dimension of a `TensorShapeProto`.

    Attributes
    ----------
    size : int
        -1 where it is not known.
    name : str
        Accepted and kept; nothing depends on it.
    """

    size: int = 0
    name: str = ""


@dataclass(slots=True)
class TensorShapeProto:
    """A static shape in the definition of a graph: TensorFlow's message of that name, field for field.

    Attributes
    ----------
    dim : list of TensorShapeProto.Dim
    unknown_rank : bool
        Whether not even the number of dimensions is known.
    """

    dim: list[Dim] = field(default_factory=list)
    unknown_rank: bool = False

    Dim: ClassVar[type[Dim]] = Dim

    @classmethod
    def of(cls, shape: Shape) -> TensorShapeProto:
        """The message for a shape as the DiGraph holds it."""
        if shape is None:
            return cls(unknown_rank=True)
        return cls([Dim(-1 if size is None else size) for size in shape])

    @property
    def plain(self) -> Shape:
        """The shape as the DiGraph holds it; any negative size is one that is not known."""
        return None if self.unknown_rank else tuple(None if dim.size < 0 else dim.size for dim in self.dim)

    def CopyFrom(self, other: TensorShapeProto) -> None:  # noqa: N802 - TensorFlow's name
        """Become equal to another shape."""
        self.dim = [Dim(dim.size, dim.name) for dim in other.dim]
        self.unknown_rank = other.unknown_rank


def unknown_shape(rank: int | None = None) -> TensorShape:
    """A shape of which at most the rank is known."""
    return TensorShape(None if rank is None else [None] * rank)
