"""Datasets that put elements together, and take them apart: batch, padded_batch, window, unbatch, group_by_window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver.datasets.dataset_elements import Context, Dataset, Element, Elements
from hdfsaver.datasets.order import Derived, DerivedElements
from hdfsaver.datasets.saved_state import SavedState
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array


class BatchDataset(Derived):
    """Several elements together, along a new first dimension."""

    def __init__(self, source: Dataset, size: int, drops_rest: bool) -> None:
        super().__init__(source)
        if size <= 0:
            raise InvalidArgumentError(None, None, f"Batch size must be greater than zero, not {size}.")
        self.batch = size
        self.drops_rest = drops_rest

    def elements(self, context: Context) -> Elements:
        return _Batched(self, context)

    def size(self) -> int | None:
        size = self.source.size()
        if size is None or size < 0:
            return size
        return size // self.batch if self.drops_rest else -(-size // self.batch)

    def joined(self, elements: Sequence[Element]) -> Element:
        """One batch."""
        return tuple(_stacked(place, parts) for place, parts in enumerate(zip(*elements, strict=True)))


class _Batched(DerivedElements):
    def __init__(self, dataset: BatchDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._dataset = dataset

    def next(self) -> Element | None:
        taken: list[Element] = []
        while len(taken) < self._dataset.batch:
            element = self.source.next()
            if element is None:
                break
            taken.append(element)
        if not taken or (self._dataset.drops_rest and len(taken) < self._dataset.batch):
            return None
        with self.named():
            return self._dataset.joined(taken)


def _stacked(place: int, parts: Sequence[Array]) -> Array:
    first = np.asarray(parts[0])
    for number, part in enumerate(parts):
        if np.shape(part) != first.shape:
            raise InvalidArgumentError(
                None,
                None,
                f"Cannot batch tensors with different shapes in component {place}. First element had shape "
                f"{_listed(first.shape)} and element {number} had shape {_listed(np.shape(part))}.",
            )
    batch = np.empty((len(parts), *first.shape), first.dtype)
    for number, part in enumerate(parts):
        batch[number] = part if first.shape or first.dtype != np.object_ else part[()]
    return batch


def _listed(shape: Sequence[int]) -> str:
    return f"[{','.join(map(str, shape))}]"


class PaddedBatchDataset(BatchDataset):
    """As `BatchDataset`, where each component is first made as large as the largest, or as a given shape.

    Parameters
    ----------
    source : Dataset
    size : int
    shapes : sequence of ndarray
        For each component; -1 for the size of the largest.
    values : sequence of ndarray
        The values to fill with.
    drops_rest : bool
    """

    def __init__(
        self, source: Dataset, size: int, shapes: Sequence[Array], values: Sequence[Array], drops_rest: bool
    ) -> None:
        super().__init__(source, size, drops_rest)
        self.shapes = [tuple(int(wanted) for wanted in shape) for shape in shapes]
        self.values = values

    def joined(self, elements: Sequence[Element]) -> Element:
        columns = zip(*elements, strict=True)
        return tuple(
            _padded(place, parts, shape, value)
            for place, (parts, shape, value) in enumerate(zip(columns, self.shapes, self.values, strict=True))
        )


def _padded(place: int, parts: Sequence[Array], wanted: tuple[int, ...], value: Array) -> Array:
    sizes = list(wanted)
    for part in parts:
        found = np.shape(part)
        if len(found) != len(wanted):
            raise InvalidArgumentError(
                None,
                None,
                f"All elements in a batch must have the same rank as the padded shape for component{place}: expected "
                f"rank {len(wanted)} but got element with rank {len(found)}",
            )
        for axis, (size, limit) in enumerate(zip(found, wanted, strict=True)):
            if limit >= 0 and size > limit:
                raise DataLossError(
                    None,
                    None,
                    f"Attempted to pad to a smaller size than the input element: component {place} has shape "
                    f"{shape_text(found)}, and the padded shape is {_listed(wanted)}.",
                )
            sizes[axis] = max(sizes[axis], size)
    first = np.asarray(parts[0])
    batch = np.empty((len(parts), *sizes), first.dtype)
    batch[...] = value[()] if isinstance(value, np.ndarray) else value
    for number, part in enumerate(parts):
        place_in: tuple[Any, ...] = (number, *map(slice, np.shape(part)))
        batch[place_in] = part if first.shape or first.dtype != np.object_ else np.asarray(part)[()]
    return batch


class UnbatchDataset(Derived):
    """The slices of each element along its first dimension."""

    def elements(self, context: Context) -> Elements:
        return _Unbatched(self, context)


class _Unbatched(DerivedElements):
    def __init__(self, dataset: UnbatchDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._present: Element = ()
        self._length = 0
        self._at = 0

    def next(self) -> Element | None:
        while self._at >= self._length:
            element = self.source.next()
            if element is None:
                return None
            with self.named():
                lengths = {np.shape(part)[0] if np.ndim(part) else -1 for part in element}
                if len(lengths) != 1 or -1 in lengths:
                    raise InvalidArgumentError(
                        None, None, "Input element must have the same batch size in each component."
                    )
            self._present, self._length, self._at = element, lengths.pop(), 0
            self.context.check_stopped()
        place, self._at = self._at, self._at + 1
        return tuple(part[place, ...] for part in self._present)

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved.put_element("present", self._present)
        saved["length"], saved["at"] = self._length, self._at

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._present = saved.element("present")
        self._length, self._at = saved.number("length"), saved.number("at")


class ListDataset(Dataset):
    """Elements in memory: a window of another dataset."""

    def __init__(self, items: Sequence[Element]) -> None:
        self.items = list(items)

    def elements(self, context: Context) -> Elements:
        return _Listed(self)

    def size(self) -> int:
        return len(self.items)


class _Listed(Elements):
    def __init__(self, dataset: ListDataset) -> None:
        super().__init__(dataset)
        self._items = dataset.items
        self._next = 0

    def next(self) -> Element | None:
        place, self._next = self._next, self._next + 1
        return self._items[place] if place < len(self._items) else None

    def save(self, saved: SavedState) -> None:
        saved["next"] = self._next

    def restore(self, saved: SavedState) -> None:
        self._next = saved.number("next")


SavedState.dataset_of = ListDataset


def variant(dataset: Dataset) -> Array:
    """A dataset as the value of a tensor."""
    box = np.empty((), object)
    box[()] = dataset
    return box


class WindowDataset(Derived):
    """Datasets of some elements each, for each component one dataset."""

    def __init__(self, source: Dataset, size: int, shift: int, stride: int, drops_rest: bool) -> None:
        super().__init__(source)
        for name, value in (("size", size), ("shift", shift), ("stride", stride)):
            if value <= 0:
                raise InvalidArgumentError(None, None, f"Window {name} must be greater than zero, not {value}.")
        self.window, self.shift, self.stride, self.drops_rest = size, shift, stride, drops_rest

    def elements(self, context: Context) -> Elements:
        return _Windowed(self, context)


class _Windowed(DerivedElements):
    def __init__(self, dataset: WindowDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._dataset = dataset
        self._held: list[Element] = []
        self._ended = False

    def next(self) -> Element | None:
        dataset = self._dataset
        span = (dataset.window - 1) * dataset.stride + 1
        while len(self._held) < span and not self._ended:
            element = self.source.next()
            if element is None:
                self._ended = True
            else:
                self._held.append(element)
        found = self._held[: span : dataset.stride]
        if not found or (dataset.drops_rest and len(found) < dataset.window):
            return None
        self._move(dataset.shift)
        return tuple(variant(ListDataset([(part,) for part in parts])) for parts in zip(*found, strict=True))

    def _move(self, shift: int) -> None:
        missing = shift - len(self._held)
        del self._held[:shift]
        for _ in range(missing if not self._ended else 0):
            if self.source.next() is None:
                self._ended = True
                break

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["ended"] = int(self._ended)
        saved.put_elements("held", self._held)

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._ended = bool(saved.number("ended"))
        self._held = saved.elements("held")


class GroupByWindowDataset(Derived):
    """What a function makes of the elements of one key, as soon as there are enough of them.

    Parameters
    ----------
    source : Dataset
    functions : sequence of dict
        They give the key of an element, make a dataset of a key and its elements, and give their number for a key.
    captured : sequence of sequences of ndarray
        For each of them.
    """

    def __init__(
        self, source: Dataset, functions: Sequence[Mapping[str, Any]], captured: Sequence[Sequence[Array]]
    ) -> None:
        super().__init__(source)
        self.functions = functions
        self.captured = captured

    def elements(self, context: Context) -> Elements:
        return _Grouped(self, context)


class _Grouped(DerivedElements):
    def __init__(self, dataset: GroupByWindowDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._key, self._reduce, self._size = (
            context.function(function, captured)
            for function, captured in zip(dataset.functions, dataset.captured, strict=True)
        )
        self._dataset = dataset
        self._groups: dict[int, list[Element]] = {}
        self._sizes: dict[int, int] = {}
        self._ended = False
        self._present: tuple[int, list[Element], Elements] | None = None

    def next(self) -> Element | None:
        while True:
            if self._present is not None:
                found = self._present[2].next()
                if found is not None:
                    return found
                self._present = None
            if not self._gather():
                return None
            self.context.check_stopped()

    def _gather(self) -> bool:
        """Read until a group is complete, and open what is made of it; False at the end."""
        while not self._ended:
            element = self.source.next()
            if element is None:
                self._ended = True
                break
            with self.named():
                key = int(self._key(element)[0])
                if key not in self._sizes:
                    self._sizes[key] = int(self._size((np.array(key, np.int64),))[0])
                    if self._sizes[key] <= 0:
                        said = f"Window size must be greater than zero, but got {self._sizes[key]}."
                        raise InvalidArgumentError(None, None, said)
            group = self._groups.setdefault(key, [])
            group.append(element)
            if len(group) >= self._sizes[key]:
                self._open(key, self._groups.pop(key))
                return True
        for key in sorted(self._groups)[:1]:
            self._open(key, self._groups.pop(key))
            return True
        return False

    def _open(self, key: int, group: list[Element]) -> None:
        with self.named():
            window = ListDataset(group)
            window.node = self.node
            (made,) = self._reduce((np.array(key, np.int64), variant(window)))
            inner: Any = made.item()
            self._present = (key, group, inner.elements(self.context.deeper(self._dataset)))

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["ended"] = int(self._ended)
        saved["keys"] = np.array(list(self._groups), np.int64)
        saved["sized"] = np.array(list(self._sizes), np.int64)
        saved["sizes"] = np.array(list(self._sizes.values()), np.int64)
        for key, group in self._groups.items():
            saved.put_elements(f"group{key}", group)
        saved["is_open"] = int(self._present is not None)
        if self._present is not None:
            key, group, inner = self._present
            saved["open_key"] = np.array(key, np.int64)
            saved.put_elements("open", group)
            inner.save(saved.inside("inner"))

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._ended = bool(saved.number("ended"))
        self._groups = {int(key): saved.elements(f"group{int(key)}") for key in saved["keys"]}
        self._sizes = dict(zip(map(int, saved["sized"]), map(int, saved["sizes"]), strict=True))
        if saved.number("is_open"):
            self._open(int(saved["open_key"]), saved.elements("open"))
            assert self._present is not None, "it was just opened"
            self._present[2].restore(saved.inside("inner"))
