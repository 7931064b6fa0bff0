"""Which checkpoints stay, without a disk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.checkpoint.retention import Kept, Rotation, prefixes, record, retire


def saves(names, max_to_keep, hours=10_000.0, rotation=None):
    """Save the names one a second; gives the rotation and what was deleted, in order."""
    rotation = rotation or Rotation()
    deleted = []
    for second, name in enumerate(names):
        rotation = record(rotation, Kept(name, float(second)), max_to_keep)
        rotation, superseded = retire(rotation, hours)
        deleted += [superseded] if superseded else []
    return rotation, deleted


def test_the_newest_stay():
    """With room for two, each further checkpoint sends the oldest away."""
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


def test_some_stay_for_good():
    """A retired checkpoint that was saved after the next time to preserve stays, and moves that time on."""
    rotation, deleted = saves("abcd", 1, hours=2 / 3600, rotation=Rotation(next_preserved=0.5))
    assert ["a", "c"] == deleted
    assert 2.5 == rotation.next_preserved


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.integers(1, 5))
def test_what_is_listed_is_never_deleted(names, max_to_keep):
    """However names repeat: at most so many are listed, the newest last, and no listed one is deleted."""
    rotation = Rotation()
    on_disk = set()
    for second, name in enumerate(names):
        on_disk.add(name)
        rotation = record(rotation, Kept(name, float(second)), max_to_keep)
        rotation, superseded = retire(rotation, 10_000.0)
        on_disk.discard(superseded)
        assert name == prefixes(rotation.kept)[-1]
        assert len(rotation.kept) <= max_to_keep
        assert set(prefixes(rotation.kept)) <= on_disk
