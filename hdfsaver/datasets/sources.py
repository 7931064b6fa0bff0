"""Datasets that are made of tensors or of Python's generators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver.datasets.dataset_elements import Context, Dataset, Element, Elements
from hdfsaver.datasets.saved_state import SavedState
from hdfsaver.errors import InvalidArgumentError, OutOfRangeError
from hdfsaver.session.engine import StepError
from hdfsaver.tensor_info import Array


class TensorDataset(Dataset):
    """One element: some tensors."""

    def __init__(self, components: Sequence[Array]) -> None:
        self.components = tuple(components)

    def elements(self, context: Context) -> Elements:
        return Counted(self, 1)

    def at(self, place: int) -> Element:
        """The element."""
        return self.components

    def size(self) -> int:
        return 1


class TensorSliceDataset(TensorDataset):
    """The slices of some tensors along their first dimension."""

    def __init__(self, components: Sequence[Array]) -> None:
        super().__init__(components)
        lengths = {np.shape(component)[0] for component in components if np.ndim(component)}
        if len(lengths) != 1 or not all(map(np.ndim, components)):
            raise InvalidArgumentError(
                None,
                None,
                "All components must have the same size in the first dimension, not "
                f"{[list(np.shape(component)) for component in components]}.",
            )
        self.length: int = lengths.pop()

    def elements(self, context: Context) -> Elements:
        return Counted(self, self.length)

    def at(self, place: int) -> Element:
        """One slice of each."""
        return tuple(component[place, ...] for component in self.components)

    def size(self) -> int:
        return self.length


class SparseTensorSliceDataset(TensorDataset):
    """The slices of a sparse tensor: indices, values and shape of each."""

    def __init__(self, indices: Array, values: Array, dense_shape: Array) -> None:
        super().__init__((indices, values, dense_shape))
        self.length = int(dense_shape[0])
        order = indices[:, 0]
        if (np.diff(order) < 0).any():
            raise InvalidArgumentError(None, None, "The indices of a sparse tensor that is sliced must be in order.")

    def elements(self, context: Context) -> Elements:
        return Counted(self, self.length)

    def at(self, place: int) -> Element:
        """Indices, values and shape of a slice."""
        indices, values, dense_shape = self.components
        first, behind = np.searchsorted(indices[:, 0], [place, place + 1])
        return indices[first:behind, 1:], values[first:behind], dense_shape[1:]

    def size(self) -> int:
        return self.length


class RangeDataset(Dataset):
    """Integers in steps."""

    def __init__(self, start: Array, stop: Array, step: Array, dtype: np.dtype[Any]) -> None:
        if int(step) == 0:
            raise InvalidArgumentError(None, None, "step must be a non-zero integer.")
        self.values = range(int(start), int(stop), int(step))
        self.dtype = dtype

    def elements(self, context: Context) -> Elements:
        return Counted(self, len(self.values))

    def at(self, place: int) -> Element:
        """One of the integers."""
        return (np.array(self.values[place], self.dtype),)

    def size(self) -> int:
        return len(self.values)


class Counted(Elements):
    """Elements that are found by their number.

    Attributes
    ----------
    at : callable
        Gives the element of a number.
    count : int
        How many there are.
    """

    def __init__(self, dataset: Any, count: int) -> None:
        super().__init__(dataset)
        self.at: Callable[[int], Element] = dataset.at
        self.count = count
        self._next = 0

    def next(self) -> Element | None:
        place = self.next_place()
        return None if place is None else self.at(place)

    def next_place(self) -> int | None:
        """The number of the next element, None at the end."""
        place = self._next
        if place >= self.count:
            return None
        self._next = place + 1
        return place

    def save(self, saved: SavedState) -> None:
        saved["next"] = self._next

    def restore(self, saved: SavedState) -> None:
        self._next = saved.number("next")


class GeneratorDataset(Dataset):
    """What a function gives when it is called again and again, until it says that this was all."""

    def __init__(self, functions: Sequence[Mapping[str, Any]], captured: Sequence[Sequence[Array]]) -> None:
        self.functions = functions
        self.captured = captured

    def elements(self, context: Context) -> Elements:
        return _Generated(self, context)


class _Generated(Elements):
    def __init__(self, dataset: GeneratorDataset, context: Context) -> None:
        super().__init__(dataset)
        self._dataset = dataset
        self._init, self._next_of, self._finalize = (
            context.function(function, captured)
            for function, captured in zip(dataset.functions, dataset.captured, strict=True)
        )
        self._state: Element | None = None
        self._given = 0
        self._ended = False

    def _begin(self) -> Element:
        if self._state is None:
            self._state = self._init(())
        return self._state

    def next(self) -> Element | None:
        if self._ended:
            return None
        with self.named():
            state = self._begin()
            try:
                found = self._next_of(state)
            except Exception as error:
                if not _is_end(error):
                    raise
                self.close()
                return None
        self._given += 1
        return found

    def save(self, saved: SavedState) -> None:
        saved["given"] = self._given
        saved["ended"] = int(self._ended)

    def restore(self, saved: SavedState) -> None:
        """Take the generator anew, and leave out what was taken."""
        for _ in range(saved.number("given")):
            self.next()
        self._ended = bool(saved.number("ended"))

    def close(self) -> None:
        """Let go of the generator."""
        if self._state is not None and not self._ended:
            self._ended = True
            self._finalize(self._state)


def _is_end(error: Exception) -> bool:
    cause: object = error
    while isinstance(cause, StepError):
        cause = cause.cause
    return isinstance(cause, OutOfRangeError | StopIteration)
