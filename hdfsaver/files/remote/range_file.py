"""A file that is read by requests for ranges: few, large, several at once, with a cache that is bounded.

The numbers below are chosen for requests that take 20 to 100 ms: in that time some hundred kilobytes arrive, so a gap
of this length costs less than another request.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from typing import Self

from hdfsaver import limits
from hdfsaver.files.readable import PositionalFile
from hdfsaver.files.thread_pool import ThreadPool

BLOCK = 65536
"""Bytes of the first request, and the least that a small read fetches."""

GAP = 1 << 18
"""Bytes between two wanted ranges up to which one request has both."""

PART = 8 << 20
"""The most bytes of one request."""

SHORT = 1 << 20
"""Bytes up to which a range is not divided among connections."""

AHEAD = 4 << 20
"""The most bytes that are fetched for a small read, where small reads follow each other."""

LONG = 16 << 20
"""The most bytes that are fetched at once, where large reads follow each other: a member of an archive."""

CONNECTIONS = 8
"""Requests at once."""

_Group = list[tuple[int, memoryview]]


class RangeFile(PositionalFile):
    """The base of files that are read by ranges; a subclass has `fetch`.

    Parameters
    ----------
    name : str
        The file, for messages.
    size : int
        Its length in bytes.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self._cache = _Cache()
        self._users = 1
        self._counting = threading.Lock()
        self._next, self._window = -1, BLOCK  # the end of the last small read, and how much it fetched
        self._after, self._long = -1, BLOCK  # the same of large ones

    @abstractmethod
    def fetch(self, offset: int, view: memoryview) -> None:
        """Fill a view with the bytes at an offset, which are within the file; called in several threads."""

    @abstractmethod
    def end(self) -> None:
        """End connections."""

    def share(self) -> Self:
        """The same file for one more user."""
        with self._counting:
            self._users += 1
        return self

    def close(self) -> None:
        """End the use of the file."""
        with self._counting:
            self._users -= 1
            is_last = self._users == 0
        if is_last:
            self._cache.clear()
            self.end()

    def check_current(self) -> None:
        """Raise an error if the file has been replaced; by default that is not known."""

    def confirm(self) -> None:
        """See, after requests that belong together, that all were of one file; by default each request sees it."""

    def keep(self, offset: int, data: bytes) -> None:
        """Keep bytes of the file that have come already."""
        self._cache.put(offset, data)

    # -- reading -------------------------------------------------------------------------------------------------

    def read_into(self, view: memoryview, offset: int) -> None:
        """Fill a view: a small one from blocks that are kept, a large one by requests for just its bytes."""
        self._check_end(offset, len(view))
        done = 0
        while done < len(view):
            place = offset + done
            found, missing = self._cache.at(place, len(view) - done)
            if found is None and missing >= BLOCK and self._goes_on(place, missing):
                continue
            if found is None and missing >= BLOCK:
                self._run(list(_groups([(place, view[done : done + missing])], _part_of(missing))))
                done += missing
                continue
            if found is None:
                found = self._block(place)[: len(view) - done]
            view[done : done + len(found)] = found
            done += len(found)

    def read_many(self, jobs: Sequence[tuple[int, memoryview]], advance: Callable[[int], object]) -> None:
        """Fill the views of all jobs."""
        wanted: _Group = []
        for offset, view in jobs:
            self._check_end(offset, len(view))
            found, _ = self._cache.at(offset, len(view))
            if found is not None and len(found) == len(view):
                view[:] = found
                advance(len(view))
            elif len(view):
                wanted.append((offset, view))
        wanted.sort(key=lambda job: job[0])
        self._run(list(_groups(wanted, _part_of(sum(len(view) for _, view in wanted)))), advance)

    def ahead(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Fetch ranges into the cache, with small gaps between them."""
        most, jobs = limits.get().remote_cache_bytes, []
        part = _part_of(sum(nbytes for _, nbytes in ranges))
        missing = [each for each in ranges if not self._has(*each)]
        for start, stop in _merged(missing, self.size):
            place = start
            while place < stop:
                found, rest = self._cache.at(place, stop - place)
                length = rest if found is None else len(found)
                if found is None and length <= most:
                    jobs += [
                        (at, bytearray(min(part, place + length - at))) for at in range(place, place + length, part)
                    ]
                    most -= length
                place += length
        self._run([[(place, memoryview(data))] for place, data in jobs])
        for place, data in jobs:
            self._cache.put(place, bytes(data))

    def _goes_on(self, place: int, nbytes: int) -> bool:
        """Whether a large read follows another one, so that more than its bytes were fetched into the cache."""
        follows = place == self._after
        window = min(2 * max(self._long, nbytes), LONG) if follows else nbytes
        self._long, self._after = window, place + nbytes
        if not follows or window <= nbytes or 2 * window > limits.get().remote_cache_bytes:
            return False
        self.ahead([(place, window)])
        self._after = min(place + window, self.size)
        return self._cache.at(place, 1)[0] is not None

    def _has(self, offset: int, nbytes: int) -> bool:
        found, _ = self._cache.at(offset, nbytes)
        return found is not None and len(found) == nbytes

    def _block(self, place: int) -> memoryview:
        """The bytes from a place on, of a block that is fetched."""
        start = place - place % BLOCK
        follows = start <= self._next <= place
        self._window = min(2 * self._window, AHEAD) if follows else BLOCK
        start, stop = self._cache.gap(place, max(start, self._next) if follows else start, start + self._window)
        data = bytearray(min(stop, self.size) - start)
        self.fetch(start, memoryview(data))
        self.confirm()
        self._next = start + len(data)
        self._cache.put(start, bytes(data))
        return memoryview(data)[place - start :]

    def _check_end(self, offset: int, nbytes: int) -> None:
        if offset + nbytes > self.size:
            more = min(nbytes, offset + nbytes - self.size)
            raise EOFError(f"The file ends at byte {self.size}; {more} more were expected there.")

    # -- several requests at once --------------------------------------------------------------------------------

    def _run(self, groups: Sequence[_Group], advance: Callable[[int], object] = lambda nbytes: None) -> None:
        tasks = groups
        if len(tasks) < 2:
            for task in tasks:
                self._fill(task, advance)
            if tasks:
                self.confirm()
            return
        pool = ThreadPool(min(len(tasks), CONNECTIONS))
        halt = threading.Event()

        def work(task: _Group) -> None:
            try:
                if not halt.is_set():
                    self._fill(task, advance)
            except BaseException:
                halt.set()
                raise

        try:
            running = [pool.submit(work, task) for task in tasks]
            for future in wait(running, return_when=FIRST_EXCEPTION).done:
                future.result()
        finally:
            halt.set()
            pool.shutdown(wait=True, cancel_futures=True)
        self.confirm()

    def _fill(self, task: _Group, advance: Callable[[int], object]) -> None:
        """Fill the views of one request."""
        begin = task[0][0]
        if len(task) == 1:
            self.fetch(begin, task[0][1])
        else:
            data = memoryview(bytearray(max(offset + len(view) for offset, view in task) - begin))
            self.fetch(begin, data)
            for offset, view in task:
                view[:] = data[offset - begin : offset - begin + len(view)]
        advance(sum(len(view) for _, view in task))


def _merged(ranges: Sequence[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """Ranges as starts and stops, in order, joined where they are close together."""
    found: list[tuple[int, int]] = []
    for offset, nbytes in sorted(ranges):
        start, stop = offset, min(offset + nbytes, size)
        if start >= stop:
            continue
        if found and start - found[-1][1] <= GAP:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _part_of(total: int) -> int:
    """The most bytes of a request, so that all connections have a part of many bytes."""
    return min(PART, max(SHORT, -(-total // CONNECTIONS)))


def _groups(jobs: _Group, part: int) -> Iterator[_Group]:
    """Jobs in order that one request has together; a long one is alone, and several requests."""
    group: _Group = []
    stop = 0
    for offset, view in jobs:
        if group and (offset - stop > GAP or max(stop, offset + len(view)) - group[0][0] > part):
            yield group
            group = []
        if len(view) > part:
            yield from ([(offset + start, view[start : start + part])] for start in range(0, len(view), part))
            continue
        stop = max(stop, offset + len(view)) if group else offset + len(view)
        group.append((offset, view))
    if group:
        yield group


class _Cache:
    """Ranges of a file that were fetched; those that were not used for longest are dropped."""

    def __init__(self) -> None:
        self._spans: OrderedDict[int, bytes] = OrderedDict()
        self._starts: list[int] = []
        self._nbytes = 0
        self._lock = threading.Lock()

    def at(self, place: int, nbytes: int) -> tuple[memoryview | None, int]:
        """The bytes from a place on, at most as many; or None, and how many of them are missing at least."""
        with self._lock:
            number = bisect_right(self._starts, place) - 1
            if number >= 0:
                start = self._starts[number]
                span = self._spans[start]
                if place < start + len(span):
                    self._spans.move_to_end(start)
                    return memoryview(span)[place - start : place - start + nbytes], 0
            following = self._starts[number + 1 : number + 2]
            return None, min(nbytes, following[0] - place) if following else nbytes

    def gap(self, place: int, start: int, stop: int) -> tuple[int, int]:
        """The part of a range around a place of which nothing is here."""
        with self._lock:
            number = bisect_right(self._starts, place)
            if number:
                before = self._starts[number - 1]
                start = max(start, before + len(self._spans[before]))
            if number < len(self._starts):
                stop = min(stop, self._starts[number])
            return start, stop

    def put(self, start: int, data: bytes) -> None:
        """Keep a range, unless another thread has put a part of it here meanwhile."""
        most = limits.get().remote_cache_bytes
        with self._lock:
            number = bisect_right(self._starts, start)
            before = self._starts[number - 1] if number else -1
            overlaps = number and before + len(self._spans[before]) > start
            if overlaps or (number < len(self._starts) and self._starts[number] < start + len(data)) or not data:
                return
            insort(self._starts, start)
            self._spans[start] = data
            self._nbytes += len(data)
            while self._nbytes > most and self._spans:
                oldest, dropped = self._spans.popitem(last=False)
                self._starts.remove(oldest)
                self._nbytes -= len(dropped)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._spans.clear()
            self._starts.clear()
            self._nbytes = 0
