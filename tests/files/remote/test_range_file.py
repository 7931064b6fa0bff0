"""Which ranges are asked for: few, large, each once, and no more than the cache holds."""

from __future__ import annotations

import threading

import pytest

from hdfsaver import limits
from hdfsaver.files.remote import range_file
from hdfsaver.files.remote.range_file import BLOCK, CONNECTIONS, GAP, PART, RangeFile

CONTENT = bytes(range(256)) * 8192  # 2 MiB


class Counted(RangeFile):
    """A file in memory that notes what is asked for."""

    def __init__(self, content=CONTENT):
        super().__init__("counted", len(content))
        self.content = content
        self.asked = []
        self.ended = 0

    def fetch(self, offset, view):
        self.asked.append((offset, len(view)))
        view[:] = self.content[offset : offset + len(view)]

    def end(self):
        self.ended += 1


def read(file, offset, nbytes):
    data = bytearray(nbytes)
    file.read_into(memoryview(data), offset)
    assert data == file.content[offset : offset + nbytes]


def read_many(file, *ranges):
    views = [(offset, memoryview(bytearray(nbytes))) for offset, nbytes in ranges]
    told = []
    file.read_many(views, told.append)
    assert [bytes(view) for _, view in views] == [file.content[at : at + length] for at, length in ranges]
    assert sum(told) == sum(length for _, length in ranges)


def test_small_reads_share_a_block():
    """Bytes close to others that were read are not asked for again."""
    file = Counted()
    for offset in (70_000, 70_010, 2 * BLOCK - 1):
        read(file, offset, 1)
    assert file.asked == [(BLOCK, BLOCK)]
    read(file, 2 * BLOCK - 2, 4)  # over the border
    assert file.asked[1:] == [(2 * BLOCK, 2 * BLOCK)]


def test_reads_that_follow_each_other():
    """They fetch more and more at once, and everything once."""
    file = Counted()
    for offset in range(0, len(CONTENT), 1000):
        read(file, offset, min(1000, len(CONTENT) - offset))
    assert sum(nbytes for _, nbytes in file.asked) == len(CONTENT)
    assert len(file.asked) <= 7


def test_a_large_read_is_just_its_bytes():
    """It is neither rounded nor kept; what is here already is not asked for."""
    file = Counted()
    read(file, 0, 10)
    read(file, 100, BLOCK * 3)
    read(file, 100, BLOCK * 3)
    assert file.asked == [(0, BLOCK), *[(BLOCK, BLOCK * 2 + 100)] * 2]


def test_large_reads_that_follow_each_other():
    """They fetch more at once, in several requests, and everything once."""
    file = Counted()
    for offset in range(0, len(CONTENT), BLOCK):
        read(file, offset, BLOCK)
    assert sum(nbytes for _, nbytes in file.asked) == len(CONTENT)
    assert len(file.asked) <= 7


def test_wanted_ranges_are_joined(monkeypatch):
    """Ranges with small gaps are one request, others are not, in any order; an empty one is none."""
    file = Counted()
    read_many(file, (5000, 10), (0, 10), (5000 + GAP + 11, 5), (7, 0), (5, 20))
    assert sorted(file.asked) == [(0, 5010), (5000 + GAP + 11, 5)]


def test_a_long_range_is_divided(monkeypatch):
    """Connections work at once, on parts of a length that a round trip is worth."""
    monkeypatch.setattr(range_file, "SHORT", 1 << 16)
    file, waiting = Counted(), threading.Barrier(CONNECTIONS, timeout=20)
    fetch = file.fetch
    monkeypatch.setattr(file, "fetch", lambda offset, view: (waiting.wait(), fetch(offset, view)))
    read_many(file, (0, len(CONTENT)))
    assert len(file.asked) == CONNECTIONS
    assert max(nbytes for _, nbytes in file.asked) <= PART


def test_the_cache_is_bounded():
    """Of the blocks those stay that were used last; without a cache everything can still be read."""
    file = Counted()
    with limits.use(remote_cache_bytes=2 * BLOCK):
        for block in (0, 4, 8, 4, 8, 0):
            read(file, block * BLOCK, 1)
        file.ahead([(0, len(CONTENT))])  # more than it holds: nothing is fetched
    assert [offset // BLOCK for offset, _ in file.asked] == [0, 4, 8, 0]
    file = Counted()
    with limits.use(remote_cache_bytes=0):
        read(file, 0, 10)
        read(file, 0, 10)
    assert len(file.asked) == 2


def test_what_is_read_next():
    """Ranges that are named before are fetched at once, and then read from memory."""
    file = Counted()
    read(file, 0, 1)
    file.ahead([(300_000, 100_000), (200_000, 50_000), (0, 100)])
    asked = list(file.asked)
    for offset, nbytes in ((200_000, 50_000), (300_000, 100_000), (310_000, 5), (0, 100)):
        read(file, offset, nbytes)
    assert file.asked == asked == [(0, BLOCK), (200_000, 200_000)]


def test_the_end():
    """A read beyond the end of the file is an error, and asks for nothing."""
    file = Counted()
    with pytest.raises(EOFError, match=f"ends at byte {len(CONTENT)}; 1 more"):
        read(file, len(CONTENT) - 5, 6)
    with pytest.raises(EOFError, match=f"ends at byte {len(CONTENT)}; 1 more"):
        read_many(file, (len(CONTENT) - 5, 6))
    assert not file.asked


def test_the_last_user_closes_it():
    """A file with two users is open until both have closed it."""
    file = Counted()
    assert file.share() is file
    file.close()
    ended = [file.ended]
    file.close()
    assert [*ended, file.ended] == [0, 1]


def test_an_error_of_one_request(monkeypatch):
    """It is raised, and no further request begins."""
    monkeypatch.setattr(range_file, "SHORT", 1 << 10)
    monkeypatch.setattr(range_file, "PART", 1 << 10)
    file = Counted()

    def fetch(offset, view):
        file.asked.append(offset)
        raise OSError("gone")

    monkeypatch.setattr(file, "fetch", fetch)
    with pytest.raises(OSError, match="gone"):
        read_many(file, (0, len(CONTENT)))
    assert len(file.asked) <= 2 * CONNECTIONS
