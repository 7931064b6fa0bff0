"""Datasets for ``Dataset.apply``: distinct elements, counted ones, sparse batches, and random numbers without end."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from hdfsaver.datasets.dataset_elements import Context, Dataset, Element, Elements
from hdfsaver.datasets.order import Derived, DerivedElements
from hdfsaver.datasets.saved_state import SavedState
from hdfsaver.errors import DataLossError, FailedPreconditionError, InvalidArgumentError
from hdfsaver.random_numbers.philox import seeded
from hdfsaver.random_numbers.shuffling import WordReader
from hdfsaver.tensor_info import Array


class RandomDataset(Dataset):
    """Random words, each an int64, without end; seeds that are both 0 stand for others each time."""

    def __init__(self, seed: int, seed2: int) -> None:
        self.seeds = (seed, seed2)

    def elements(self, context: Context) -> Elements:
        return _Words(self)

    def size(self) -> int:
        return -1


class _Words(Elements):
    def __init__(self, dataset: RandomDataset) -> None:
        super().__init__(dataset)
        fresh = int.from_bytes(os.urandom(8)), int.from_bytes(os.urandom(8))
        self._begin(dataset.seeds if any(dataset.seeds) else fresh, 0)

    def _begin(self, seeds: tuple[int, int], position: int) -> None:
        self._seeds = seeds
        self._reader = WordReader(seeded(*seeds), position)

    def next(self) -> Element | None:
        return (np.array(self._reader.next(), np.int64),)

    def save(self, saved: SavedState) -> None:
        saved["position"] = self._reader.position
        saved["seeds"] = np.array(self._seeds, object).astype(np.uint64).view(np.int64)

    def restore(self, saved: SavedState) -> None:
        first, second = saved.array("seeds").view(np.uint64).tolist()
        self._begin((first, second), saved.number("position"))


class UniqueDataset(Derived):
    """The elements without those that came before; each has one component."""

    def elements(self, context: Context) -> Elements:
        return _Distinct(self, context)


class _Distinct(DerivedElements):
    def __init__(self, dataset: UniqueDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._seen: dict[object, Element] = {}

    def next(self) -> Element | None:
        while (element := self.source.next()) is not None:
            key = (np.shape(element[0]), tuple(np.ravel(element[0]).tolist()))
            if self._seen.setdefault(key, element) is element:
                return element
            self.context.check_stopped()
        return None

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved.put_elements("seen", list(self._seen.values()))

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        seen = saved.elements("seen")
        self._seen = {(np.shape(item[0]), tuple(np.ravel(item[0]).tolist())): item for item in seen}


class AssertCardinalityDataset(Derived):
    """The elements, which must be as many as was said."""

    def __init__(self, source: Dataset, count: int) -> None:
        super().__init__(source)
        self.count = count

    def elements(self, context: Context) -> Elements:
        return _Counting(self, context)

    def size(self) -> int:
        return self.count


class _Counting(DerivedElements):
    def __init__(self, dataset: AssertCardinalityDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._wanted = dataset.count
        self._given = 0

    def next(self) -> Element | None:
        element = self.source.next()
        if element is not None:
            self._given += 1
        is_wrong = self._given > self._wanted if element is not None else self._given != self._wanted
        if is_wrong and self._wanted >= 0:
            found = f"at least {self._given}" if element is not None else f"{self._given}"
            said = f"Input dataset was expected to contain {self._wanted} elements but contained {found} elements."
            raise self.failed(FailedPreconditionError(None, None, said))
        return element

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        saved["given"] = self._given

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        self._given = saved.number("given")


class SparseBatchDataset(Derived):
    """Several tensors of different sizes as one sparse tensor, packed.

    Parameters
    ----------
    source : Dataset
    batch : int
        How many elements are put together.
    row : sequence of int
        The shape that they are cut out of; -1 for the size of the largest.
    """

    def __init__(self, source: Dataset, batch: int, row: Sequence[int]) -> None:
        super().__init__(source)
        if batch <= 0:
            raise InvalidArgumentError(None, None, "Batch size must be greater than zero.")
        if any(size < -1 for size in row):
            raise InvalidArgumentError(None, None, f"Dimensions of row_shape must be >= -1, not {list(row)}.")
        self.batch = batch
        self.row = tuple(row)

    def elements(self, context: Context) -> Elements:
        return _SparseBatches(self, context)

    def size(self) -> int | None:
        size = self.source.size()
        return size if size is None or size < 0 else -(-size // self.batch)


class _SparseBatches(DerivedElements):
    def __init__(self, dataset: SparseBatchDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._batch, self._row = dataset.batch, dataset.row

    def next(self) -> Element | None:
        rows: list[Array] = []
        while len(rows) < self._batch and (element := self.source.next()) is not None:
            rows.append(element[0])
        if not rows:
            return None
        with self.named():
            return (self._packed(rows),)

    def _packed(self, rows: Sequence[Array]) -> Array:
        for row in rows:
            self._check(np.shape(row))
        largest = np.max([np.shape(row) for row in rows], axis=0) if self._row else np.zeros(0)
        sizes = [int(most) if size < 0 else size for size, most in zip(self._row, largest, strict=True)]
        places = [
            np.hstack([np.full((row.size, 1), number), np.argwhere(np.ones(np.shape(row), bool))])
            for number, row in enumerate(rows)
        ]
        packed = np.empty(3, object)
        packed[0] = np.concatenate(places).astype(np.int64)
        packed[1] = np.concatenate([np.ravel(row) for row in rows])
        packed[2] = np.array([len(rows), *sizes], np.int64)
        return packed

    def _check(self, shape: Sequence[int]) -> None:
        if len(shape) != len(self._row):
            said = (
                f"Input element had shape ({list(shape)}) that is incompatible with the row shape ({list(self._row)})."
            )
            raise InvalidArgumentError(None, None, said)
        if any(0 <= most < size for size, most in zip(shape, self._row, strict=True)):
            said = f"Input element had shape {list(shape)} that exceeds the row shape {list(self._row)}."
            raise DataLossError(None, None, said)
