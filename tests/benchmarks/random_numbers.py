"""Random numbers in the time of NumPy's generators: ``python tests/benchmarks/random_numbers.py``.

Each line has the seconds of a million numbers, and how many times as long that is as NumPy's Philox and as its default
generator take for the same distribution and dtype. Times are those of the processor, the best of several.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from hdfsaver.random_numbers import normal, uniform
from hdfsaver.random_numbers.philox import seeded

COUNT = 1_000_000
ROUNDS = 9


def seconds(function: Callable[[], object]) -> float:
    """The processor's time for a call."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        function()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    """Measure, and print a table."""
    stream = seeded(1, 2)
    single, double, integer = (np.dtype(name) for name in ("float32", "float64", "int32"))
    generators = [np.random.Generator(np.random.Philox(1)), np.random.default_rng(1)]
    cases: list[tuple[str, Callable[[], object], list[Callable[[], object]]]] = [
        (
            "uniform float32",
            lambda: uniform.fractions(stream, COUNT, single),
            [lambda g=g: g.random(COUNT, np.float32) for g in generators],  # type: ignore[misc]
        ),
        (
            "uniform float64",
            lambda: uniform.fractions(stream, COUNT, double),
            [lambda g=g: g.random(COUNT) for g in generators],  # type: ignore[misc]
        ),
        (
            "integers int32",
            lambda: uniform.integers(stream, COUNT, 0, 10, integer),
            [lambda g=g: g.integers(0, 10, COUNT, np.int32) for g in generators],  # type: ignore[misc]
        ),
        (
            "normal float32",
            lambda: normal.normal(stream, COUNT, single),
            [lambda g=g: g.standard_normal(COUNT, np.float32) for g in generators],  # type: ignore[misc]
        ),
        (
            "normal float64",
            lambda: normal.normal(stream, COUNT, double),
            [lambda g=g: g.standard_normal(COUNT) for g in generators],  # type: ignore[misc]
        ),
        (
            "truncated normal float32",
            lambda: normal.truncated_normal(stream, COUNT, single),
            [lambda g=g: g.standard_normal(COUNT, np.float32) for g in generators],  # type: ignore[misc]
        ),
    ]
    sys.stdout.write(f"{'':26}{'seconds':>9}{'x Philox':>10}{'x default':>11}\n")
    for name, ours, others in cases:
        taken = seconds(ours)
        ratios = [taken / seconds(other) for other in others]
        sys.stdout.write(f"{name:26}{taken:9.4f}{ratios[0]:10.1f}{ratios[1]:11.1f}\n")


if __name__ == "__main__":
    main()
