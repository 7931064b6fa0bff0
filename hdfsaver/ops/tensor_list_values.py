"""Lists of tensors as values: each operation on one makes a new list, and the old one stays unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.ops.base import blank, boxed, invalid
from hdfsaver.ops.tensor_array_values import stacked
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class ListValue:
    """A list of tensors of one dtype, in which places may be empty. It never changes.

    The newest of the lists that were made of each other has the values; an older one has what is different in it. So
    a list that grows in a loop is not copied in each iteration.

    Parameters
    ----------
    dtype : str
    shape : Shape
        The part of the shape of all tensors that is known.
    size : int
    values : mapping of int to ndarray
        By their places.
    limit : int
        The greatest number of tensors; -1 for any.
    """

    __slots__ = ("_newer", "_old", "_place", "_values", "dtype", "limit", "shape", "size")

    def __init__(
        self, dtype: str, shape: Shape, size: int, values: Mapping[int, Array] | None = None, limit: int = -1
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.size = size
        self.limit = limit
        self._values: dict[int, Array] | None = dict(values or {})
        self._newer: ListValue | None = None
        self._place = 0
        self._old: Array | None = None

    @property
    def values(self) -> Mapping[int, Array]:
        """The tensors by their places, without the empty ones."""
        return self._here()

    def _here(self) -> dict[int, Array]:
        """The values, brought here from the newest list that was made of this one."""
        behind: list[ListValue] = []
        newest = self
        while newest._newer is not None:
            behind.append(newest)
            newest = newest._newer
        for older in reversed(behind):
            values = newest._values
            assert values is not None
            newest._place, newest._old = older._place, _put(values, older._place, older._old)
            newest._values, newest._newer = None, older
            older._values, older._newer, older._old = values, None, None
            newest = older
        assert self._values is not None
        return self._values

    def _changed(self, place: int, value: Array | None, size: int) -> ListValue:
        values = self._here()
        made = ListValue(self.dtype, self.shape, size, None, self.limit)
        self._place, self._old = place, _put(values, place, value)
        self._values, self._newer, made._values = None, made, values
        return made

    def with_value(self, place: int, value: Array) -> ListValue:
        """The list with another tensor in a place; it is longer where there was no such place."""
        return self._changed(place, boxed(value), max(self.size, place + 1))

    def appended(self, value: Array) -> ListValue:
        """The list with one more tensor."""
        return self.with_value(self.size, value)

    def shortened(self) -> ListValue:
        """The list without its last tensor."""
        return self._changed(self.size - 1, None, self.size - 1)

    def resized(self, size: int) -> ListValue:
        """The first tensors of the list, with empty places behind them where it is shorter."""
        kept = {place: value for place, value in self.values.items() if place < size}
        return ListValue(self.dtype, self.shape, size, kept, self.limit)

    def mapped_values(self, values: Mapping[int, Array], shape: Shape) -> ListValue:
        """A list of the same length and dtype."""
        return ListValue(self.dtype, shape, self.size, values, self.limit)

    def check_dtype(self, dtype: str) -> None:
        """Refuse an operation of another dtype."""
        if dtype != self.dtype:
            raise invalid(f"Invalid data types; op elements {dtype} but list elements {self.dtype}")

    def at(self, place: int, shape: Shape) -> Array:
        """The tensor in a place; zeros where it is empty and the shape is known.

        Parameters
        ----------
        place : int
        shape : Shape
            The shape that the operation tells.

        Returns
        -------
        ndarray

        Raises
        ------
        InvalidArgumentError
            The place is empty, and the shape is not known or contradicts that of the list.
        """
        found = self.values.get(place)
        if found is not None:
            inside: Array = found if self.dtype != "variant" else found.item()  # a list in a list
            return inside
        known = self.shape_with(shape)
        if not shapes.is_fully_defined(known):
            known = self._merged(known)
        if not shapes.is_fully_defined(known):
            raise invalid(
                "Trying to read an uninitialized tensor but element_shape is not fully defined and no other tensor of "
                f"the list tells it: place {place}, element_shape {shapes.text(known)}"
            )
        return blank(_sizes(known), self.dtype)

    def shape_with(self, shape: Shape) -> Shape:
        """The shape of the tensors, with what an operation says of it."""
        return merged(self.shape, shape)

    def _merged(self, shape: Shape) -> Shape:
        for value in self.values.values():
            shape = merged(shape, value.shape)
        return shape

    def stack(self, shape: Shape) -> Array:
        """All tensors as one array.

        Parameters
        ----------
        shape : Shape
            The shape of tensors that the operation tells.

        Returns
        -------
        ndarray

        Raises
        ------
        InvalidArgumentError
            The shapes differ, or are not known where a place is empty or no tensor exists.
        """
        known = self.shape_with(shape)
        if not self.values and not shapes.is_fully_defined(known):
            what = "stack list which only contains uninitialized tensors and has a" if self.size else ""
            what = what or "stack elements of an empty list with"
            raise invalid(f"Tried to {what} non-fully-defined element_shape: {shapes.text(known)}")
        return self._joined(range(self.size), self._merged(known))

    def gather(self, places: Sequence[int], shape: Shape) -> Array:
        """The tensors in some places as one array; see `stack`."""
        known = self.shape_with(shape)
        if not places and not shapes.is_fully_defined(known):
            raise invalid(f"Tried to gather 0-elements from a list with non-fully-defined shape: {shapes.text(known)}")
        for place in places:
            if not 0 <= place < self.size:
                raise invalid(f"Trying to gather element {place} in a list with {self.size} elements.")
        return self._joined(places, known)

    def _joined(self, places: Sequence[int], shape: Shape) -> Array:
        values = [self.at(place, shape) for place in places]
        for value in values:
            shape = merged(shape, value.shape)
        return stacked(values, self.dtype) if values else blank((0, *_sizes(shape)), self.dtype)

    def concat(self, shape: Shape, lengths: Sequence[int]) -> tuple[Array, Array]:
        """All tensors joined along their first axis, and their lengths.

        Parameters
        ----------
        shape : Shape
            The shape of tensors that the operation tells, without regard to the first size.
        lengths : sequence of int
            The first sizes of those in empty places.

        Returns
        -------
        tuple of ndarray

        Raises
        ------
        InvalidArgumentError
            The shapes do not fit, or are not known where a place is empty or no tensor exists.
        """
        known = merged(_without_first(self.shape), _without_first(shape))
        for value in self.values.values():
            if not value.ndim:
                raise invalid(
                    "Concat saw a scalar shape in the list but requires at least vectors. Did you mean to stack it?"
                )
            known = merged(known, (None, *value.shape[1:]))
        if not shapes.is_fully_defined(known and known[1:]) and len(self.values) < max(self.size, 1):
            raise invalid(
                "All except the first dimension must be fully defined when concating a list with empty places. "
                f"element_shape: {shapes.text(known)}"
            )
        parts = [self._part(place, known, lengths) for place in range(self.size)]
        sizes = np.array([len(part) for part in parts], np.int64)
        rest = _sizes(known and known[1:])
        return (np.concatenate(parts) if parts else blank((0, *rest), self.dtype)), sizes

    def _part(self, place: int, known: Shape, lengths: Sequence[int]) -> Array:
        found = self.values.get(place)
        if found is not None:
            return found
        first = lengths[place] if place < len(lengths) else (self.shape or (None,))[0]
        if first is None:
            raise invalid(
                f"List contains uninitialized tensor at index {place} but leading_dims has no length for that place."
            )
        return blank((first, *_sizes(known and known[1:])), self.dtype)


def _put(values: dict[int, Array], place: int, value: Array | None) -> Array | None:
    """Put a value in a place, or empty it; what was there."""
    old = values.pop(place, None)
    if value is not None:
        values[place] = value
    return old


def merged(first: Shape, second: Shape) -> Shape:
    """The shape that both tell; `InvalidArgumentError` where they contradict each other."""
    try:
        return shapes.merge(first, second)
    except ValueError:
        text = f"Incompatible shapes during merge: {shapes.text(first)} vs. {shapes.text(second)}"
        raise invalid(text) from None


def _without_first(shape: Shape) -> Shape:
    return None if not shape else (None, *shape[1:])


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(size for size in shape or () if size is not None)


def sum_of(*lists: ListValue) -> ListValue:
    """The sums of the tensors in the same places; an empty place adds nothing.

    Raises
    ------
    InvalidArgumentError
        The lists have different lengths or dtypes.
    """
    total = lists[0]
    for other in lists[1:]:
        total.check_dtype(other.dtype)
        if total.size != other.size:
            raise invalid(
                "Trying to add two lists of tensors with different lengths. "
                f"One is {total.size} and the other is {other.size}"
            )
        values = dict(total.values)
        for place, value in other.values.items():
            values[place] = np.add(values[place], value) if place in values else value
        total = total.mapped_values(values, merged(total.shape, other.shape))
    return total


def zeros_of(value: ListValue) -> ListValue:
    """A list of zeros, with empty places where the other has them."""
    zeros = {place: blank(item.shape, value.dtype) for place, item in value.values.items()}
    return value.mapped_values(zeros, value.shape)


def list_of(dtype: str, shape: Shape, items: Iterable[Array]) -> ListValue:
    """A list without empty places.

    Parameters
    ----------
    dtype : str
    shape : Shape
        The part of the shape of all tensors that is known.
    items : iterable of ndarray

    Returns
    -------
    ListValue
    """
    values = {place: boxed(item) for place, item in enumerate(items)}
    return ListValue(dtype, shape, len(values), values)


def shape_of_value(value: Array) -> Shape:
    """The shape that a vector of sizes tells: -1 for each unknown one, or a single -1 for any shape."""
    array = np.asarray(value)
    if not array.ndim:
        if array != -1:
            raise invalid(
                f"The only valid scalar shape tensor is the fully unknown shape specified as -1, not {array}."
            )
        return None
    if (array < -1).any():
        raise invalid(f"Dimensions of an element_shape must be -1 or more, not {array.tolist()}.")
    return tuple(None if size == -1 else int(size) for size in array)


def value_of_shape(shape: Shape, dtype: str) -> Array:
    """A shape as `shape_of_value` reads it."""
    sizes = -1 if shape is None else [-1 if size is None else size for size in shape]
    return np.array(sizes, dtypes.numpy_dtype(dtype))
