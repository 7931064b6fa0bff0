"""A selection of the graphs that contradict themselves: each is a result, or an error that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import hdfsaver as tf
from tests.hostile.graph_fuzz import GOOD, attempt, judge
from tests.hostile.graph_mutants import mutant

SEEDS = (14, 18, 27, 36, 46, 69, 81, 127, 163, 164, 222)
"""Mutants that once ended in an error of another kind."""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mutant_is_a_result_or_a_good_error(seed: int) -> None:
    """In every way that takes a graph: read, import, run, derivatives, export, save, restore, convert and list."""
    what, tried = attempt(seed)
    assert [] == [(what, way, fault) for way, fault, _ in tried.failures]
    assert tried.outcomes["result"]


@pytest.mark.slow
def test_many_mutants() -> None:
    """Eighty more."""
    found = [(seed, way, fault) for seed in range(1000, 1080) for way, fault, _ in attempt(seed)[1].failures]
    assert [] == found


def test_a_mutant_is_the_same_each_time() -> None:
    """A case that fails can be made again from its number."""
    assert mutant(5)[1].SerializeToString(deterministic=True) == mutant(5)[1].SerializeToString(deterministic=True)
    assert mutant(5)[1].SerializeToString(deterministic=True) != mutant(6)[1].SerializeToString(deterministic=True)


def raw_errors() -> dict[str, Callable[[], object]]:
    """Errors that an expression of the package runs into, or that say nothing."""

    def endless() -> object:
        return endless()

    return {
        "not of the package": [].pop,
        "of an expression": lambda: tf.errors.from_os_error(None, ""),
        "too deep": endless,
    }


@pytest.mark.parametrize("name", raw_errors())
def test_raw_errors_are_failures(name: str) -> None:
    """Only an error that the package raises by itself is good, even if its class is."""
    with pytest.raises((AttributeError, *GOOD)) as caught:
        raw_errors()[name]()
    assert judge(caught.value)


def test_an_error_of_the_package_is_good() -> None:
    """A documented class, with a message."""
    with pytest.raises(ValueError, match="no attr named") as caught:
        tf.constant(1.0).op.get_attr("nothing")
    assert "" == judge(caught.value)
