"""Random orders: of the rows of a tensor, and of elements that pass through a buffer."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np

from hdfsaver.random_numbers.philox import WORDS, Stream, seeded, words
from hdfsaver.tensor_info import Array

_Element = TypeVar("_Element")

_AHEAD = 256 * WORDS  # words that a reader draws together


def order(stream: Stream, count: int) -> Array:
    """The numbers below ``count`` in a random order; blocks for ``count - 1`` words are used."""
    places = list(range(count))
    if count > 1:
        steps = words(stream, count - 1) % np.arange(count, 1, -1, dtype=np.uint32)
        for place, step in enumerate(steps.tolist()):
            other = place + step
            places[place], places[other] = places[other], places[place]
    return np.array(places, np.int64)


class WordReader:
    """Gives the words of a stream one by one.

    Attributes
    ----------
    position : int
        How many words were given; a program may set it to go on from another place.
    """

    def __init__(self, stream: Stream, position: int = 0) -> None:
        self.position = position
        self._stream = stream
        self._drawn: list[int] = []
        self._first = 0

    def next(self) -> int:
        """The next word."""
        place = self.position - self._first
        if not 0 <= place < len(self._drawn):
            block, place = divmod(self.position, WORDS)
            self._first = block * WORDS
            self._drawn = words(self._stream.after(block), _AHEAD).tolist()
        self.position += 1
        return self._drawn[place]


def epoch_seeds(seed: int, seed2: int, epoch: int) -> tuple[int, int]:
    """The seeds for an epoch of a dataset that is shuffled anew in each epoch, the first one (0) included.

    Parameters
    ----------
    seed, seed2 : int
        Those of the dataset, not both zero.
    epoch : int
        How many epochs have begun before.
    """
    reader = WordReader(seeded(seed, seed2), 2 * epoch)
    return reader.next(), reader.next()


class ShuffleBuffer(Generic[_Element]):
    """Elements in the order of ``Dataset.shuffle``: fill it, take one, put the next one in, and so on.

    Parameters
    ----------
    size : int
        How many elements it has room for.
    seed, seed2 : int
        Those of the dataset, or of `epoch_seeds` where each epoch has an order of its own.
    """

    def __init__(self, size: int, seed: int, seed2: int) -> None:
        self._reader = WordReader(seeded(seed, seed2))
        self._size = size
        self._slots: list[Any] = []
        self._start = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def is_full(self) -> bool:
        """Whether one must be taken before another can be put in."""
        return self._count == self._size

    def put(self, element: _Element) -> None:
        """Put in an element; there must be room for it."""
        place = (self._start + self._count) % self._size
        if place == len(self._slots):  # the list grows up to the size of the buffer, which may be never reached
            self._slots.append(element)
        else:
            self._slots[place] = element
        self._count += 1

    def take(self, among: int | None = None) -> _Element:
        """Take out an element at random, of all or of the first ones; the buffer must not be empty."""
        first, picked = self._start, (self._start + self._reader.next() % (among or self._count)) % self._size
        found: _Element = self._slots[picked]
        self._slots[picked] = self._slots[first]
        self._slots[first] = None
        self._start = (first + 1) % self._size
        self._count -= 1
        return found

    def state(self) -> tuple[list[_Element], int, int]:
        """What a buffer needs to go on later: its elements, the place of the first one, how many words were used."""
        end = self._start + self._count
        held = self._slots[self._start : end] + self._slots[: max(0, end - self._size)]
        return held, self._start, self._reader.position

    def restore(self, elements: list[_Element], start: int, position: int) -> None:
        """Go on where a buffer of the same size and seeds was; see `state`.

        Parameters
        ----------
        elements : list
        start, position : int
            As `state` has given them.
        """
        self._slots = [None] * min(start + len(elements), self._size)
        self._start, self._count, self._reader.position = start, len(elements), position
        for place, element in enumerate(elements):
            self._slots[(start + place) % self._size] = element
