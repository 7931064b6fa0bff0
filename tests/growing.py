"""How many times as long something takes for four times as much: about 4 in proportion, 16 where it grows squared.

`tests/benchmarks/growth.py` measures every operation; tests guard those that once grew faster than they should.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from typing import Any

TOO_MUCH = 8.0
"""Between the two, so that a busy machine makes no difference."""


ENOUGH = 0.002
"""Seconds that can be measured everywhere."""


def growth(prepare: Callable[[int], Any], run: Callable[[Any], object], count: int) -> float:
    """The time of the processor for ``4 * count``, as a multiple of that for ``count``.

    Where ``count`` takes too little time to be measured, it is doubled. Its time is the best of three runs, as a slow
    one would hide what grows. A larger run that takes too long may have been slowed down by other work: then the best
    of nine counts, and otherwise the first, since a slower one would only be further from what it should be.
    """
    while _once(run, prepare(count)) < ENOUGH:
        count *= 2
    seconds = _seconds(prepare, run, count)
    found = TOO_MUCH
    for _ in range(9):
        found = min(found, _once(run, prepare(4 * count)) / seconds)
        if found < TOO_MUCH:
            break
    return found


def _seconds(prepare: Callable[[int], Any], run: Callable[[Any], object], count: int) -> float:
    return min(_once(run, prepare(count)) for _ in range(3))


def _once(run: Callable[[Any], object], prepared: Any) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        run(prepared)
        return time.process_time() - start
    finally:
        gc.enable()


def lines(run: Callable[[], object]) -> int:
    """How many lines of Python run, which is exact where the time is not; loops within C are not seen."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    gc.collect()
    gc.disable()  # what other tests left behind is not to end within this one
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
        gc.enable()
    return count
