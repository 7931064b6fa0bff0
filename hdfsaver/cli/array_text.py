"""The values of an array, and its statistics, as text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hdfsaver.cli.terminal_text import bar, count_of
from hdfsaver.inspection.array_statistics import Statistics
from hdfsaver.tensor_info import Array

_ALL = 2**62
_BAR = 40
"""Columns of the longest bar of a histogram."""


def lines(value: Array, *, summarized: bool) -> list[str]:
    """The values of an array as NumPy shows them.

    A summarized one is `hdfsaver.inspection.array_edges.edges` of the array; the middle of it is not shown.
    """
    with np.printoptions(threshold=0 if summarized else _ALL):
        return str(value).split("\n")


def statistics_line(found: Statistics) -> str:
    """The statistics in a line."""
    parts = [f"{label} {_number(number)}" for label, number in _labelled(found) if number is not None]
    parts += [f"{label} {count:,}" for label, count in (("NaN", found.nan), ("infinite", found.inf)) if count]
    return "  ".join([*parts, f"zeros {found.zeros:,}"])


def _labelled(found: Statistics) -> list[tuple[str, int | float | None]]:
    return [("min", found.min), ("max", found.max), ("mean", found.mean), ("std", found.std)]


def _number(number: int | float) -> str:
    return f"{number:.6g}" if isinstance(number, float) else str(number)


def histogram_lines(found: Statistics) -> Iterator[str]:
    """A histogram, a bin in a line: its lower bound, a bar, and the number of elements."""
    most = max(found.counts, default=0)
    bounds = [f"{edge:.4g}" for edge in found.edges]
    width = max(map(len, bounds), default=0)
    for bound, count in zip(bounds, found.counts, strict=False):
        yield f"{bound:>{width}}  {bar(count / most if most else 0, _BAR)} {count:,}".rstrip()
    if bounds:
        yield f"{bounds[-1]:>{width}}"
    elif found.size:
        yield f"No histogram: no number of {count_of(found.size, 'element')} is finite."
