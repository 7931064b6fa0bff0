"""Datasets that call a function of the graph for each element: map, filter, flat_map, interleave, scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver.datasets.dataset_elements import Context, Dataset, Element, Elements
from hdfsaver.datasets.saved_state import SavedState
from hdfsaver.errors import InvalidArgumentError, OutOfRangeError
from hdfsaver.session.engine import StepError
from hdfsaver.tensor_info import Array


class Calling(Dataset):
    """A dataset that calls a function for the elements of another.

    Parameters
    ----------
    source : Dataset
    function : dict
        The attribute that names it.
    captured : sequence of ndarray
        The values of tensors from outside.
    """

    def __init__(self, source: Dataset, function: Mapping[str, Any], captured: Sequence[Array]) -> None:
        self.source = source
        self.function = function
        self.captured = tuple(captured)

    def parts(self) -> Sequence[Dataset]:
        return (self.source,)


class CallingElements(Elements):
    """Elements that a function is called for."""

    def __init__(self, dataset: Calling, context: Context) -> None:
        super().__init__(dataset)
        self.context = context
        self.source = dataset.source.elements(context.deeper(dataset))
        with self.named():
            self.call = context.function(dataset.function, dataset.captured)

    def save(self, saved: SavedState) -> None:
        self.source.save(saved.inside("in"))

    def restore(self, saved: SavedState) -> None:
        self.source.restore(saved.inside("in"))

    def close(self) -> None:
        self.source.close()


class MapDataset(Calling):
    """What a function gives for each element."""

    def __init__(
        self, source: Dataset, function: Mapping[str, Any], captured: Sequence[Array], keeps_count: bool = False
    ) -> None:
        super().__init__(source, function, captured)
        self.keeps_count = keeps_count

    def elements(self, context: Context) -> Elements:
        return _Mapped(self, context)

    def size(self) -> int | None:
        return self.source.size()


class _Mapped(CallingElements):
    def __init__(self, dataset: MapDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._keeps_count = dataset.keeps_count

    def next(self) -> Element | None:
        element = self.source.next()
        if element is None:
            return None
        try:
            return self.call(element)
        except Exception as error:
            cause = root_of(error)
            if not isinstance(cause, OutOfRangeError):
                raise self.failed(error) from error
            if not self._keeps_count:
                return None
            said = f"Function invocation produced OutOfRangeError: {cause.message}"
            raise self.failed(InvalidArgumentError(None, None, said)) from error


def root_of(error: BaseException) -> BaseException:
    """The error itself, of one that names operations around it."""
    while isinstance(error, StepError):
        error = error.cause
    return error


class FilterDataset(Calling):
    """The elements for which a function is true; ``until`` ends at the first that it is not true for."""

    def __init__(
        self, source: Dataset, function: Mapping[str, Any], captured: Sequence[Array], until: bool = False
    ) -> None:
        super().__init__(source, function, captured)
        self.until = until

    def elements(self, context: Context) -> Elements:
        return _Filtered(self, context)


class _Filtered(CallingElements):
    def __init__(self, dataset: FilterDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._until = dataset.until
        self._ended = False

    def next(self) -> Element | None:
        while not self._ended:
            element = self.source.next()
            if element is None:
                return None
            with self.named():
                (is_wanted,) = self.call(element)
                if np.ndim(is_wanted):
                    raise InvalidArgumentError(None, None, "`predicate` must return a scalar boolean tensor.")
            if is_wanted:
                return element
            self._ended = self._until
            self.context.check_stopped()
        return None

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["ended"] = int(self._ended)

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._ended = bool(saved.number("ended"))


class InterleaveDataset(Calling):
    """The elements of the datasets that a function makes of each element, some datasets at a time.

    Parameters
    ----------
    source, function, captured
        See `Calling`.
    cycle : int
        How many of them are read at a time.
    block : int
        How many elements are taken of one, before the next is read.
    """

    def __init__(
        self,
        source: Dataset,
        function: Mapping[str, Any],
        captured: Sequence[Array],
        cycle: int = 1,
        block: int = 1,
    ) -> None:
        super().__init__(source, function, captured)
        for name, value in (("cycle_length", cycle), ("block_length", block)):
            if value <= 0:
                raise InvalidArgumentError(None, None, f"{name} must be greater than zero.")
        self.cycle = cycle
        self.block = block

    def elements(self, context: Context) -> Elements:
        return _Interleaved(self, context)


class _Interleaved(CallingElements):
    """The open datasets are in slots, which are read in turn; a slot whose dataset ends is filled when it comes."""

    def __init__(self, dataset: InterleaveDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._dataset = dataset
        self._slots: list[tuple[Element, Elements] | None] = []
        self._at = 0
        self._taken = 0
        self._source_ended = False
        self._cycle = dataset.cycle

    def _open(self, element: Element) -> tuple[Element, Elements]:
        with self.named():
            (found,) = self.call(element)
            inner: Any = found.item()
            if not isinstance(inner, Dataset):
                raise InvalidArgumentError(None, None, "The function must return a dataset.")
            return element, inner.elements(self.context.deeper(self._dataset))

    def next(self) -> Element | None:
        while True:
            is_open = self._at < len(self._slots) and self._slots[self._at] is not None
            if not is_open and not self._fill():
                if not any(self._slots):
                    return None
                self._turn()
                continue
            opened = self._slots[self._at]
            assert opened is not None, "it was just filled"
            found = opened[1].next()
            if found is None:
                opened[1].close()
                self._slots[self._at] = None
                self._turn()
                self.context.check_stopped()
                continue
            self._taken += 1
            if self._taken >= self._dataset.block:
                self._turn()
            return found

    def _turn(self) -> None:
        self._at = (self._at + 1) % self._cycle
        self._taken = 0

    def _fill(self) -> bool:
        """Open the next dataset in the present slot; False where there is none."""
        element = None if self._source_ended else self.source.next()
        if element is None:
            self._source_ended = True
            return False
        if self._at >= len(self._slots):
            self._slots += [None] * (self._at + 1 - len(self._slots))
        self._slots[self._at] = self._open(element)
        return True

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["at"], saved["taken"], saved["source_ended"] = self._at, self._taken, int(self._source_ended)
        saved["slots"] = len(self._slots)
        for place, opened in enumerate(self._slots):
            if opened is not None:
                saved.put_element(f"made_of{place}", opened[0])
                opened[1].save(saved.inside(place))

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._at, self._taken = saved.number("at"), saved.number("taken")
        self._source_ended = bool(saved.number("source_ended"))
        self._slots = [None] * saved.number("slots")
        for place in range(len(self._slots)):
            if f"made_of{place}" in saved:
                opened = self._slots[place] = self._open(saved.element(f"made_of{place}"))
                opened[1].restore(saved.inside(place))

    def close(self) -> None:
        super().close()
        for opened in self._slots:
            if opened is not None:
                opened[1].close()


class ScanDataset(Calling):
    """What a function gives for each element and the state that it gave for the one before."""

    def __init__(
        self, source: Dataset, function: Mapping[str, Any], captured: Sequence[Array], initial: Sequence[Array]
    ) -> None:
        super().__init__(source, function, captured)
        self.initial = tuple(initial)

    def elements(self, context: Context) -> Elements:
        return _Scanned(self, context)


class _Scanned(CallingElements):
    def __init__(self, dataset: ScanDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._state = dataset.initial

    def next(self) -> Element | None:
        element = self.source.next()
        if element is None:
            return None
        with self.named():
            found = self.call((*self._state, *element))
        count = len(self._state)
        self._state = found[:count]
        return found[count:]

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved.put_element("state", self._state)

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._state = saved.element("state")
