"""Random orders are TensorFlow's; a buffer goes on where another one has stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hdfsaver.random_numbers.philox import Stream, words
from hdfsaver.random_numbers.shuffling import ShuffleBuffer, WordReader, epoch_seeds

# Recorded from TensorFlow 2.21: the numbers below 10, a buffer of 4, the seeds 5 and 7; in one order, and in epochs.
FIXED = [2, 4, 5, 3, 7, 0, 6, 1, 8, 9]
EPOCHS = [
    [3, 1, 4, 5, 7, 8, 9, 2, 0, 6],
    [2, 0, 1, 6, 4, 5, 9, 7, 8, 3],
    [3, 4, 0, 2, 7, 1, 8, 5, 6, 9],
]


def drawn(buffer: ShuffleBuffer[int], count: int = 10) -> Iterator[int]:
    """The numbers below ``count`` in the order in which they leave a buffer."""
    waiting = iter(range(count))
    for element in waiting:
        buffer.put(element)
        if buffer.is_full:
            yield buffer.take()
    while len(buffer):
        yield buffer.take()


def test_one_order() -> None:
    """A dataset that is not shuffled anew takes the words of its seeds."""
    assert list(drawn(ShuffleBuffer(4, 5, 7))) == FIXED


@pytest.mark.parametrize("epoch", range(len(EPOCHS)))
def test_epochs(epoch: int) -> None:
    """Each epoch of a dataset that is shuffled anew has seeds of its own, the first one too."""
    assert list(drawn(ShuffleBuffer(4, *epoch_seeds(5, 7, epoch)))) == EPOCHS[epoch]


def test_a_buffer_goes_on_elsewhere() -> None:
    """With its elements, its start and its words a new buffer gives what the old one would have given."""
    buffer = ShuffleBuffer[int](4, 5, 7)
    for element in range(4):
        buffer.put(element)
    taken = [buffer.take()]
    buffer.put(4)
    taken.append(buffer.take())
    other = ShuffleBuffer[int](4, 5, 7)
    other.restore(*buffer.state())
    assert len(other) == 3
    for element in (5, 6, 7, 8, 9):
        other.put(element)
        taken.append(other.take())
    assert [*taken, *(other.take() for _ in range(len(other)))] == FIXED


def test_large_buffer() -> None:
    """Room that is never used takes no memory."""
    assert sorted(drawn(ShuffleBuffer(10**12, 5, 7))) == list(range(10))


def test_words_one_by_one() -> None:
    """A reader gives the words of its stream, also from a position in the middle."""
    reader = WordReader(Stream(1, 2))
    expected = words(Stream(1, 2), 3000).tolist()
    assert expected == [reader.next() for _ in range(3000)]
    assert reader.position == 3000
    reader.position = 1021
    assert expected[1021:1030] == [reader.next() for _ in range(9)]
