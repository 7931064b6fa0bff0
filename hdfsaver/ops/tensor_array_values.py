"""The values of a TensorArray during a run: each is written once, and read once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.ops.base import blank, boxed, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_numbers = itertools.count()


class _Element:
    """One place: its value, and what has happened to it."""

    __slots__ = ("cleared", "own", "read", "shape", "value", "written")

    def __init__(self) -> None:
        self.value: Array | None = None
        self.shape: tuple[int, ...] = ()
        self.written = False
        self.read = False
        self.cleared = False
        self.own = False  # whether the value is a sum that was made here, and may be added to


class ArrayValues:
    """The values of a TensorArray in one run.

    Parameters
    ----------
    name : str
        The name in messages.
    dtype : str
    size : int
    element_shape : Shape
        The part of the shape of all values that is known.
    dynamic_size : bool
        Whether writing beyond the end makes it longer.
    clear_after_read : bool
        Whether a value can be read once only.
    identical : bool
        Whether all values have the shape of the first that is written.
    source : ArrayValues, optional
        The array of which this one holds derivatives: writing twice adds, and what was not written is zero.

    Attributes
    ----------
    elements : list
    marked_size : int
        How many values the last scatter or split wrote: derivatives of a concat have as many.
    derivatives : dict of str to ArrayValues
        The arrays of the derivatives by this one, by the name of the call of `gradients`.
    """

    def __init__(
        self,
        name: str,
        dtype: str,
        size: int,
        element_shape: Shape,
        *,
        dynamic_size: bool = False,
        clear_after_read: bool = True,
        identical: bool = False,
        source: ArrayValues | None = None,
    ) -> None:
        self.name = name if source else f"{name}_{next(_numbers)}"
        self.dtype = dtype
        self.element_shape = element_shape
        self.dynamic_size = dynamic_size
        self.clear_after_read = clear_after_read
        self.identical = identical
        self.adds = source is not None
        self.summed = False
        self.closed = False
        self.marked_size = -1
        self.elements = [_Element() for _ in range(size)]
        self.derivatives: dict[str, ArrayValues] = {}

    def derivative(self, source: str) -> ArrayValues:
        """The array of the derivatives by this one: of its present size, and with the shapes of its values.

        Parameters
        ----------
        source : str
            The name of the call of `gradients`.

        Returns
        -------
        ArrayValues

        Raises
        ------
        InvalidArgumentError
            The array is closed, or values were added to others.
        """
        self._check_open()
        self.dynamic_size = False
        if self.summed:
            raise invalid(
                f"Unable to create a gradients TensorArray for {self.name}: there is no derivative of an array in "
                "which a place was written several times."
            )
        found = self.derivatives.get(source)
        if found is None:
            found = ArrayValues(
                f"{self.name}@{source}",
                self.dtype,
                len(self.elements),
                self.element_shape,
                identical=self.identical,
                source=self,
            )
            found.marked_size = self.marked_size
            for mine, other in zip(found.elements, self.elements, strict=True):
                mine.shape, mine.written = other.shape, other.written
            self.derivatives[source] = found
        return found

    def _check_open(self) -> None:
        if self.closed:
            raise invalid(f"TensorArray {self.name} has already been closed.")

    def check_dtype(self, dtype: str, what: str) -> None:
        """Refuse an operation of another dtype; ``what`` is the part of the message that names its wish."""
        if dtype != self.dtype:
            raise invalid(f"TensorArray dtype is {self.dtype} but Op {what} dtype {dtype}.")

    def close(self) -> None:
        """Forget all values; the array cannot be used any more."""
        self.elements.clear()
        self.closed = True

    def size(self) -> int:
        """The number of values."""
        self._check_open()
        return len(self.elements)

    def mark(self, size: int) -> None:
        """Note how many values a scatter or a split writes."""
        if not self.adds:
            self.marked_size = size

    def joined_size(self) -> int:
        """How many values a concat joins."""
        self._check_open()
        return self.marked_size if self.adds else len(self.elements)

    def write(self, index: int, value: Array) -> None:
        """Put a value in its place; an array of derivatives adds it to what is there.

        Parameters
        ----------
        index : int
        value : ndarray

        Raises
        ------
        InvalidArgumentError
            There is no such place, it was written or read before, or the shape is another one.
        """
        self._check_open()
        if index < 0 or (index >= len(self.elements) and not self.dynamic_size):
            raise invalid(
                f"TensorArray {self.name}: Tried to write to index {index} but array is not resizeable and size is: "
                f"{len(self.elements)}"
            )
        while index >= len(self.elements):
            self.elements.append(_Element())
        element = self.elements[index]
        value = boxed(value)
        failed = f"TensorArray {self.name}: Could not write to TensorArray index {index} because "
        self._learn_shape(value.shape, failed)
        if element.read:
            raise invalid(failed + "it has already been read.")
        if not element.written:
            element.value, element.shape, element.written = value, value.shape, True
        elif self.adds:
            self._add(index, element, value)
        else:
            raise invalid(failed + "it has already been written to.")

    def _learn_shape(self, shape: tuple[int, ...], failed: str) -> None:
        known = self.element_shape
        if known == shape:
            return
        if not shapes.compatible(known, shape):
            raise invalid(
                f"{failed}the value shape is {shapes.text(shape)} which is incompatible with the TensorArray's "
                f"inferred element shape: {shapes.text(known)} (consider setting infer_shape=False)."
            )
        if self.identical:
            self.element_shape = shape

    def _add(self, index: int, element: _Element, value: Array) -> None:
        if value.shape != element.shape:
            raise invalid(
                f"TensorArray {self.name}: Could not aggregate to TensorArray index {index} because the existing shape "
                f"is {shapes.text(element.shape)} but the new input shape is {shapes.text(value.shape)}."
            )
        if element.value is None or not element.value.size:
            element.value = value
            return
        if element.own:
            element.value += value
        else:
            element.value, element.own = np.add(element.value, value, out=np.empty(value.shape, value.dtype)), True
        self.summed = True

    def read(self, index: int) -> Array:
        """The value in a place: zeros where none was written and the shape is known.

        Parameters
        ----------
        index : int

        Returns
        -------
        ndarray

        Raises
        ------
        InvalidArgumentError
            There is no such place or no value, or it was read before.
        """
        self._check_open()
        if index < 0 or (index >= len(self.elements) and not self.adds):
            raise invalid(f"Tried to read from index {index} but array size is: {len(self.elements)}")
        if index >= len(self.elements) or not self.elements[index].written:
            self._fill(index)
        element = self.elements[index]
        if element.cleared:
            raise invalid(
                f"TensorArray {self.name}: Could not read index {index} twice because it was cleared after a previous "
                "read (perhaps try setting clear_after_read = false?)."
            )
        value = element.value
        if value is None:
            value = element.value = blank(element.shape, self.dtype)
        if self.clear_after_read:
            element.value, element.cleared = None, True
        element.read, element.own = True, False
        return value

    def _fill(self, index: int) -> None:
        """Take a place that was not written for one with zeros."""
        shape = self.element_shape
        if shape is None or None in shape:
            raise invalid(
                f"TensorArray {self.name}: Could not read from TensorArray index {index}.  Furthermore, the element "
                f"shape is not fully defined: {shapes.text(shape)}.  Nothing was written there; with the full "
                "`element_shape` given to the TensorArray it would be zeros."
            )
        while index >= len(self.elements):
            self.elements.append(_Element())
            self._zeros(self.elements[-1], shape)
        self._zeros(self.elements[index], shape)

    def _zeros(self, element: _Element, shape: Shape) -> None:
        element.shape, element.written = tuple(size for size in shape or () if size is not None), True

    def restrict(self, shape: Shape) -> None:
        """Note a shape that all values have; `InvalidArgumentError` where it contradicts what is known."""
        try:
            self.element_shape = shapes.merge(self.element_shape, shape)
        except ValueError as error:
            raise invalid(str(error)) from None

    def read_many(self, indices: Iterable[int]) -> list[Array]:
        """The values in several places."""
        return [self.read(index) for index in indices]


def stacked(values: list[Array], dtype: str) -> Array:
    """Values of one shape as one array; `InvalidArgumentError` where their shapes differ."""
    first = values[0].shape
    for index, value in enumerate(values):
        if value.shape != first:
            raise invalid(
                f"TensorArray has inconsistent shapes.  Index 0 has shape: {shapes.text(first)} but index {index} has "
                f"shape: {shapes.text(value.shape)}"
            )
    made = np.empty((len(values), *first), dtypes.numpy_dtype(dtype))
    for index, value in enumerate(values):
        made[index] = value[()] if value.dtype.hasobject and not first else value
    return made
