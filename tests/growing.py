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
    """The time of the processor for ``4 * count``, as a multiple of that for ``count``; the best of three runs each.

    Where ``count`` takes too little time to be measured, it is doubled. Where the multiple is too large, other work
    may have slowed the larger runs down: the smallest of three counts then.
    """
    seconds = _seconds(prepare, run, count)
    while seconds < ENOUGH:
        count *= 2
        seconds = _seconds(prepare, run, count)
    found = _seconds(prepare, run, 4 * count) / seconds
    for _ in range(2):
        if found >= TOO_MUCH:
            found = min(found, _seconds(prepare, run, 4 * count) / _seconds(prepare, run, count))
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
