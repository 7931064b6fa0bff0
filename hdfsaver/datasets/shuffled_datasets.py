"""Datasets whose elements come in a random order: TensorFlow's order, for the same seeds."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from hdfsaver.datasets.dataset_elements import Context, Dataset, Element
from hdfsaver.datasets.order import Derived, DerivedElements
from hdfsaver.datasets.saved_state import SavedState, damaged
from hdfsaver.datasets.sources import Counted
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.random_numbers.shuffling import ShuffleBuffer, epoch_seeds

_FREE = -1
"""In a saved list of the numbers of elements: a free place. So the list of a buffer has always the same length."""

UNLIMITED = 2**62
"""The size of a buffer for all elements."""


class ShuffleDataset(Derived):
    """The elements in a random order, each drawn from a buffer of those that come next.

    Parameters
    ----------
    source : Dataset
    buffer : int
        How many elements the buffer has; -1 for all.
    seed, seed2 : int
        Both 0 for another order each time.
    again : bool
        Whether each epoch has another order.
    count : int, optional
        How many epochs there are within it, below 0 for without end; the buffer has elements of several at once.
    """

    def __init__(self, source: Dataset, buffer: int, seed: int, seed2: int, again: bool, count: int = 1) -> None:
        super().__init__(source)
        if buffer < 1 and buffer != -1:
            raise InvalidArgumentError(None, None, f"buffer_size must be greater than zero, not {buffer}.")
        self.buffer = UNLIMITED if buffer < 0 else buffer
        self.seeds = (seed, seed2)
        self.again = again
        self.count = count

    def elements(self, context: Context) -> Shuffled:
        return Shuffled(self, context)

    def size(self) -> int | None:
        size = self.source.size()
        if size is None or size == 0 or self.count == 1:
            return size
        return -1 if self.count < 0 or size < 0 else size * self.count


class _Epochs:
    """The seeds of a dataset's epochs in one iterator."""

    def __init__(self, dataset: ShuffleDataset) -> None:
        fresh = int.from_bytes(os.urandom(8)), int.from_bytes(os.urandom(8))
        self.seeds = dataset.seeds if any(dataset.seeds) else fresh
        self.number = 0
        self.again = dataset.again

    def next(self) -> tuple[int, int]:
        """The seeds of the next epoch."""
        number, self.number = self.number, self.number + 1
        return epoch_seeds(*self.seeds, number) if self.again else self.seeds


class Shuffled(DerivedElements):
    """Elements that come out of a buffer at random."""

    def __init__(self, dataset: ShuffleDataset, context: Context) -> None:
        super().__init__(dataset, context)
        self._dataset = dataset
        self._epochs: _Epochs = context.kept.setdefault(dataset, _Epochs(dataset))
        self._seeds = self._epochs.next()
        self._buffer: ShuffleBuffer[Any] = ShuffleBuffer(dataset.buffer, *self._seeds)
        # Of elements that are found by their numbers, the buffer has the numbers: they are small in a checkpoint.
        self._counted = self.source if isinstance(self.source, Counted) else None
        self._left = dataset.count
        self._source_ended = False
        self._is_first = True
        self._epoch_sizes = [0]  # in the buffer; an epoch is taken to its end before the next

    def _fill(self) -> None:
        while not self._source_ended and not self._buffer.is_full:
            element = self.source.next_place() if isinstance(self.source, Counted) else self.source.next()
            if element is not None:
                self._is_first = False
                self._buffer.put(element)
                self._epoch_sizes[-1] += 1
                continue
            if self._left > 0:
                self._left -= 1
            if not self._left or self._is_first:
                self._source_ended = True
            else:
                self.source.close()
                self.source = self._dataset.source.elements(self.context.deeper(self._dataset))
                self._is_first = True
                self._epoch_sizes.append(0)
            self.context.check_stopped()

    def next(self) -> Element | None:
        self._fill()
        if not len(self._buffer):
            return None
        while not self._epoch_sizes[0]:
            del self._epoch_sizes[0]
            self._reseed()
        self._epoch_sizes[0] -= 1
        taken = self._buffer.take(self._epoch_sizes[0] + 1)
        found: Element = taken if self._counted is None else self._counted.at(taken)
        return found

    def _reseed(self) -> None:
        """Go on with the random numbers of the next epoch."""
        held, start, _ = self._buffer.state()
        self._seeds = self._epochs.next()
        self._buffer = ShuffleBuffer(self._dataset.buffer, *self._seeds)
        self._buffer.restore(held, start, 0)

    def save(self, saved: SavedState) -> None:
        super().save(saved)
        held, start, position = self._buffer.state()
        saved["seeds"] = np.array([*self._seeds, *self._epochs.seeds], np.uint64)
        saved["epoch"], saved["left"] = self._epochs.number, self._left + 1
        saved["source_ended"], saved["is_first"] = int(self._source_ended), int(self._is_first)
        saved["epoch_sizes"] = np.array(self._epoch_sizes, np.int64)
        saved["start"], saved["position"] = start, position
        if self._counted is None:
            saved.put_elements("held", held)
            return
        places = np.full(max(len(held), min(self._dataset.buffer, self._counted.count)), _FREE, np.int64)
        places[: len(held)] = held
        saved["places"] = places

    def restore(self, saved: SavedState) -> None:
        super().restore(saved)
        seeds = [int(seed) for seed in saved["seeds"]]
        self._seeds, self._epochs.seeds = (seeds[0], seeds[1]), (seeds[2], seeds[3])
        self._epochs.number, self._left = saved.number("epoch"), saved.number("left") - 1
        self._source_ended, self._is_first = bool(saved.number("source_ended")), bool(saved.number("is_first"))
        self._epoch_sizes = [int(size) for size in saved["epoch_sizes"]]
        held = saved.elements("held") if self._counted is None else self._places(saved)
        self._buffer = ShuffleBuffer(self._dataset.buffer, *self._seeds)
        self._buffer.restore(held, saved.number("start"), saved.number("position"))

    def _places(self, saved: SavedState) -> list[int]:
        assert self._counted is not None, "the source has numbers"
        places = saved.array("places")
        held: list[int] = places[places != _FREE].tolist()
        if not all(0 <= place < self._counted.count for place in held):
            raise damaged(f"it has elements {held}, of {self._counted.count}")
        return held
