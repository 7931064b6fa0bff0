"""Which checkpoints stay, without a disk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.checkpoint.retention import (
    Kept,
    RotationState,
    keep_any,
    keep_best,
    keep_latest,
    prefixes,
    record,
    retire,
)


def saves(names, max_to_keep, hours=10_000.0, rotation=None):
    """Save the names one a second; gives the rotation and what was deleted, in order."""
    rotation = rotation or RotationState()
    deleted = []
    for second, name in enumerate(names):
        rotation = record(rotation, Kept(name, float(second)), max_to_keep)
        rotation, superseded = retire(rotation, hours)
        deleted += superseded
    return rotation, deleted


def test_the_newest_stay():
    """With two checkpoints to keep, each further checkpoint retires the oldest."""
    rotation, deleted = saves("abcd", 2)
    assert ["c", "d"] == prefixes(rotation.kept)
    assert ["a", "b"] == deleted


def test_zero_keeps_all_and_remembers_none():
    """Without a limit nothing is deleted, and nothing is listed."""
    rotation, deleted = saves("abcd", 0)
    assert ([], []) == (prefixes(rotation.kept), deleted)


def test_a_name_used_again_moves_to_the_end():
    """Saving under a name that is kept makes it the newest, and deletes nothing."""
    rotation, deleted = saves("aba", 2)
    assert (["b", "a"], []) == (prefixes(rotation.kept), deleted)


def test_a_retired_name_that_is_used_again_stays():
    """A checkpoint whose turn to go has not come, as a save failed, does not take a new one of its name with it."""
    rotation = RotationState(kept=(Kept("b", 1.0),), retired=(Kept("a", 0.0), Kept("c", 0.5)))
    rotation, deleted = retire(record(rotation, Kept("a", 2.0), 2), 10_000.0)
    assert (["b", "a"], ["c"]) == (prefixes(rotation.kept), deleted)


def test_some_stay_for_good():
    """A retired checkpoint that was saved after the next time to preserve stays, and moves that time on."""
    rotation, deleted = saves("abcd", 1, hours=2 / 3600, rotation=RotationState(next_preserved=0.5))
    assert ["a", "c"] == deleted
    assert 2.5 == rotation.next_preserved


def test_one_saved_at_the_time_itself_does_not_stay():
    """As in TensorFlow, only what was saved later than the next time to preserve stays for good."""
    _, deleted = saves("abcd", 1, hours=2 / 3600, rotation=RotationState(next_preserved=1.0))
    assert ["a", "b"] == deleted


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.integers(1, 5))
def test_what_is_listed_is_never_deleted(names, max_to_keep):
    """Even if names repeat, at most `max_to_keep` are listed, the newest last, and no listed one is deleted."""
    rotation = RotationState()
    on_disk = set()
    for second, name in enumerate(names):
        on_disk.add(name)
        rotation = record(rotation, Kept(name, float(second)), max_to_keep)
        rotation, superseded = retire(rotation, 10_000.0)
        on_disk.difference_update(superseded)
        assert name == prefixes(rotation.kept)[-1]
        assert len(rotation.kept) <= max_to_keep
        assert set(prefixes(rotation.kept)) <= on_disk


def rated(*metrics):
    """Checkpoints named after their order, with those metrics."""
    return [Kept(str(age), float(age), metric) for age, metric in enumerate(metrics)]


def test_the_best_stay_beside_the_newest():
    """A good old checkpoint outlives newer ones, until there are enough better ones."""
    rotation = RotationState()
    for entry in rated(0.5, 0.9, 0.1, 0.2, 0.95, 0.3):
        rotation = record(rotation, entry, 1, keep_best(2))
        rotation, _ = retire(rotation, 10_000.0)
    assert ["1", "4", "5"] == prefixes(rotation.kept)


def test_what_is_best():
    """More or less is better, as one says; of equals the newer; what has no metric, or NaN, is never best."""
    kept = rated(3.0, None, 1.0, float("nan"), 1.0)
    assert ["0"] == prefixes(keep_best(1)(kept))
    assert ["4"] == prefixes(keep_best(1, "min")(kept))
    assert {"0", "2", "4"} == set(prefixes(keep_best(9)(kept)))
    assert [] == keep_best(0)(kept)
    with pytest.raises(ValueError, match="'max' or 'min', not 'least'"):
        keep_best(1, "least")


def test_policies_are_put_together():
    """Any function of the list is a policy, and what one of several keeps is kept."""
    policy = keep_any(keep_latest(1), keep_best(1), lambda kept: kept[:1])
    assert {"0", "2", "3"} == set(prefixes(policy(rated(0.1, 0.2, 0.3, 0.2))))
    assert [] == keep_latest(0)(rated(1.0))


@given(st.lists(st.none() | st.floats(), max_size=20), st.integers(1, 4), st.integers(0, 4))
def test_with_a_policy_nothing_else_stays(metrics, latest, best):
    """After every save exactly the newest and the best of all that were there are kept."""
    rotation = RotationState()
    for entry in rated(*metrics):
        before = (*rotation.kept, entry)
        rotation = record(rotation, entry, latest, keep_best(best))
        assert set(before[-latest:]) | set(keep_best(best)(before)) == set(rotation.kept)
        assert set(before) == set(rotation.kept) | set(rotation.retired)
        rotation, _ = retire(rotation, 10_000.0)
