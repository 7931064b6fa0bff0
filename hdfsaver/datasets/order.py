"""Datasets with the elements of others: some of them, several times, or one dataset after or beside the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.datasets.dataset_elements import Context, Dataset, Element, Elements
from hdfsaver.datasets.saved_state import SavedState
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.tensor_info import Array


class Derived(Dataset):
    """A dataset that is made of one other."""

    def __init__(self, source: Dataset) -> None:
        self.source = source

    def parts(self) -> Sequence[Dataset]:
        return (self.source,)


class DerivedElements(Elements):
    """Elements that come from those of one other dataset."""

    def __init__(self, dataset: Derived, context: Context) -> None:
        super().__init__(dataset)
        self.context = context
        self.source = dataset.source.elements(context.deeper(dataset))

    def save(self, saved: SavedState) -> None:
        self.source.save(saved.inside("in"))

    def restore(self, saved: SavedState) -> None:
        self.source.restore(saved.inside("in"))

    def close(self) -> None:
        self.source.close()


class SameDataset(Derived):
    """The same elements: for operations that say how fast they are to be made, which is not needed here."""

    def elements(self, context: Context) -> Elements:
        return self.source.elements(context)

    def size(self) -> int | None:
        return self.source.size()


class RepeatDataset(Derived):
    """The elements again and again, a number of times or, below 0, without end."""

    def __init__(self, source: Dataset, count: int) -> None:
        super().__init__(source)
        self.count = count

    def elements(self, context: Context) -> Elements:
        return _Repeated(self, context)

    def size(self) -> int | None:
        size = self.source.size()
        if size is None or size == 0 or self.count == 0:
            return size and 0
        return -1 if self.count < 0 or size < 0 else size * self.count


class _Repeated(DerivedElements):
    def __init__(self, dataset: RepeatDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._dataset = dataset
        self._left = dataset.count
        self._is_first = True

    def next(self) -> Element | None:
        while self._left:
            element = self.source.next()
            if element is not None:
                self._is_first = False
                return element
            if self._is_first and self._dataset.count < 0:
                return None  # an empty dataset, for ever
            self._left -= 1 if self._left > 0 else 0
            self._is_first = True
            if self._left:
                self._again()
        return None

    def _again(self) -> None:
        self.source.close()
        self.source = self._dataset.source.elements(self.context.deeper(self._dataset))

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["left"] = self._left + 1
        saved["is_first"] = int(self._is_first)

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._left = saved.number("left") - 1
        self._is_first = bool(saved.number("is_first"))


class TakeDataset(Derived):
    """The first elements; all where the count is below 0."""

    def __init__(self, source: Dataset, count: int) -> None:
        super().__init__(source)
        self.count = count

    def elements(self, context: Context) -> Elements:
        return self.source.elements(context) if self.count < 0 else _Taken(self, context)

    def size(self) -> int | None:
        size = self.source.size()
        if self.count < 0 or size is None:
            return size
        return self.count if size < 0 else min(size, self.count)


class _Taken(DerivedElements):
    def __init__(self, dataset: TakeDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._left = dataset.count

    def next(self) -> Element | None:
        if not self._left:
            return None
        self._left -= 1
        return self.source.next()

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["left"] = self._left

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._left = saved.number("left")


class SkipDataset(Derived):
    """The elements behind the first ones; none where the count is below 0."""

    def __init__(self, source: Dataset, count: int) -> None:
        super().__init__(source)
        self.count = count

    def elements(self, context: Context) -> Elements:
        return _Skipped(self, context)

    def size(self) -> int | None:
        size = self.source.size()
        if self.count < 0:
            return 0
        return size if size is None or size < 0 else max(0, size - self.count)


class _Skipped(DerivedElements):
    def __init__(self, dataset: SkipDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._none = dataset.count < 0
        self._left = max(0, dataset.count)

    def next(self) -> Element | None:
        if self._none:
            return None
        while self._left:
            self._left -= 1
            if self.source.next() is None:
                self._left = 0
            self.context.check_stopped()
        return self.source.next()

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["left"] = self._left

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._left = saved.number("left")


class ShardDataset(Derived):
    """Every n-th element."""

    def __init__(self, source: Dataset, count: int, index: int) -> None:
        super().__init__(source)
        if count < 1:
            raise InvalidArgumentError(None, None, f"Number of shards must be greater than zero, not {count}.")
        if not 0 <= index < count:
            raise InvalidArgumentError(None, None, f"Index must be between 0 and {count - 1}, not {index}.")
        self.count = count
        self.index = index

    def elements(self, context: Context) -> Elements:
        return _Sharded(self, context)


class _Sharded(DerivedElements):
    def __init__(self, dataset: ShardDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._count, self._index = dataset.count, dataset.index
        self._place = 0

    def next(self) -> Element | None:
        while True:
            element = self.source.next()
            if element is None:
                return None
            place, self._place = self._place, self._place + 1
            if place % self._count == self._index:
                return element
            self.context.check_stopped()

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["place"] = self._place

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._place = saved.number("place")


class ConcatenateDataset(Dataset):
    """The elements of one dataset, and then those of another."""

    def __init__(self, first: Dataset, second: Dataset) -> None:
        # Programs add files one by one in a loop: the parts are in one list, however many there are.
        before = first.all_parts if isinstance(first, ConcatenateDataset) else (first,)
        self.all_parts: tuple[Dataset, ...] = (*before, second)

    def parts(self) -> Sequence[Dataset]:
        return self.all_parts

    def elements(self, context: Context) -> Elements:
        return _Concatenated(self, context)

    def size(self) -> int | None:
        sizes = [part.size() for part in self.all_parts]
        if -1 in sizes:
            return -1
        return None if None in sizes else sum(size or 0 for size in sizes)


class _Concatenated(Elements):
    def __init__(self, dataset: ConcatenateDataset, context: Context) -> None:
        super().__init__(dataset)
        self._parts = dataset.all_parts
        self._context = context.deeper(dataset)
        self._at = 0
        self._present: Elements | None = None

    def _opened(self) -> Elements:
        if self._present is None:
            self._present = self._parts[self._at].elements(self._context)
        return self._present

    def next(self) -> Element | None:
        while self._at < len(self._parts):
            element = self._opened().next()
            if element is not None:
                return element
            self.close()
            self._at += 1
        return None

    def save(self, saved: SavedState) -> None:
        saved["at"] = self._at
        if self._at < len(self._parts):
            self._opened().save(saved.inside("in"))

    def restore(self, saved: SavedState) -> None:
        self.close()
        self._at = saved.number("at")
        if self._at < len(self._parts):
            self._opened().restore(saved.inside("in"))

    def close(self) -> None:
        present, self._present = self._present, None
        if present is not None:
            present.close()


class ZipDataset(Dataset):
    """The elements of several datasets beside each other, until one of them ends."""

    def __init__(self, sources: Sequence[Dataset]) -> None:
        self.sources = tuple(sources)

    def parts(self) -> Sequence[Dataset]:
        return self.sources

    def elements(self, context: Context) -> Elements:
        return _Zipped(self, context)

    def size(self) -> int | None:
        sizes = [source.size() for source in self.sources]
        known = [size for size in sizes if size is not None]
        finite = [size for size in known if size >= 0]
        if len(known) < len(sizes):
            return None
        return min(finite) if finite else -1


class _Zipped(Elements):
    def __init__(self, dataset: ZipDataset, context: Context) -> None:
        super().__init__(dataset)
        inner = context.deeper(dataset)
        self._sources = [source.elements(inner) for source in dataset.sources]
        self._ended = False

    def next(self) -> Element | None:
        found: list[Array] = []
        for source in () if self._ended else self._sources:
            element = source.next()
            if element is None:
                self._ended = True
                break
            found += element
        return None if self._ended else tuple(found)

    def save(self, saved: SavedState) -> None:
        saved["ended"] = int(self._ended)
        for place, source in enumerate(self._sources):
            source.save(saved.inside(place))

    def restore(self, saved: SavedState) -> None:
        self._ended = bool(saved.number("ended"))
        for place, source in enumerate(self._sources):
            source.restore(saved.inside(place))

    def close(self) -> None:
        for source in self._sources:
            source.close()


class ChosenDataset(Dataset):
    """The next element of one of several datasets, which another dataset chooses by its number."""

    def __init__(self, selector: Dataset, sources: Sequence[Dataset], stops_on_empty: bool) -> None:
        self.selector = selector
        self.sources = tuple(sources)
        self.stops_on_empty = stops_on_empty

    def parts(self) -> Sequence[Dataset]:
        return (self.selector, *self.sources)

    def elements(self, context: Context) -> Elements:
        return _Chosen(self, context)


class _Chosen(Elements):
    def __init__(self, dataset: ChosenDataset, context: Context) -> None:
        super().__init__(dataset)
        self._context = context.deeper(dataset)
        self._selector = dataset.selector.elements(self._context)
        self._sources = [source.elements(self._context) for source in dataset.sources]
        self._ended = np.zeros(len(self._sources), np.int64)
        self._stops = dataset.stops_on_empty

    def next(self) -> Element | None:
        while not self._ended.all():
            chosen = self._selector.next()
            if chosen is None:
                return None
            number = int(chosen[0])
            if not 0 <= number < len(self._sources):
                said = f"Selector index out of range: {number} >= {len(self._sources)}"
                raise self.failed(InvalidArgumentError(None, None, said))
            element = None if self._ended[number] else self._sources[number].next()
            if element is not None:
                return element
            self._ended[number] = 1
            if self._stops:
                self._ended[:] = 1
            self._context.check_stopped()
        return None

    def save(self, saved: SavedState) -> None:
        saved["ended"] = self._ended.copy()
        self._selector.save(saved.inside("selector"))
        for place, source in enumerate(self._sources):
            source.save(saved.inside(place))

    def restore(self, saved: SavedState) -> None:
        self._ended[:] = saved["ended"]
        self._selector.restore(saved.inside("selector"))
        for place, source in enumerate(self._sources):
            source.restore(saved.inside(place))

    def close(self) -> None:
        for source in (self._selector, *self._sources):
            source.close()


class CacheDataset(Derived):
    """The elements, kept in memory when they are read for the first time."""

    def elements(self, context: Context) -> Elements:
        return _Cached(self, context)

    def size(self) -> int | None:
        return self.source.size()


class _Cached(DerivedElements):
    """What is kept belongs to the dataset in the iterator, so that repeats find it."""

    def __init__(self, dataset: CacheDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._kept: list[Element] = kept_by(context, dataset)
        self._is_whole = bool(self._kept)
        self._fresh: list[Element] = []
        self._next = 0

    def next(self) -> Element | None:
        if self._is_whole:
            place, self._next = self._next, self._next + 1
            return self._kept[place] if place < len(self._kept) else None
        element = self.source.next()
        if element is None:
            self._kept[:] = self._fresh
            self._is_whole, self._next = True, len(self._kept)
            return None
        self._fresh.append(element)
        return element

    def save(self, saved: SavedState) -> None:
        held = self._kept if self._is_whole else self._fresh
        saved["is_whole"], saved["next"] = int(self._is_whole), self._next
        saved.put_elements("kept", held)
        if not self._is_whole:
            super().save(saved)

    def restore(self, saved: SavedState) -> None:
        held = saved.elements("kept")
        self._is_whole, self._next = bool(saved.number("is_whole")), saved.number("next")
        if self._is_whole:
            self._kept[:] = held
        else:
            self._fresh = held
            super().restore(saved)


def kept_by(context: Context, dataset: Dataset) -> list[Element]:
    """The list in which the elements of a dataset are kept for the other epochs of an iterator."""
    found: list[Element] = context.kept.setdefault(dataset, [])
    return found


class IgnoreErrorsDataset(Derived):
    """The elements without those that cannot be made."""

    def elements(self, context: Context) -> Elements:
        return _Lenient(self, context)


class _Lenient(DerivedElements):
    def next(self) -> Element | None:
        while True:
            try:
                return self.source.next()
            except Exception:  # noqa: BLE001, whatever is wrong with it
                self.context.check_stopped()
