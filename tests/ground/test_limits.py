"""The limits: what they are, how they are raised, and what a refusal says."""

from __future__ import annotations

import threading

import pytest

import hdfsaver
from hdfsaver import errors, limits


def test_the_front_door_has_them():
    """A user says `tf.limits`."""
    assert limits is hdfsaver.limits
    assert limits.Limits() == limits.get()


def test_other_limits_hold_within_the_block_alone():
    """Also when it is left by an error, and one block within another."""
    with limits.use(chunks=5), limits.use(depth=7):
        assert limits.Limits(chunks=5, depth=7) == limits.get()
    with pytest.raises(TypeError), limits.use(chunks=5):
        len(None)
    assert limits.Limits() == limits.get()


def test_other_threads_keep_theirs():
    """A raised limit holds only in the thread that raised it."""
    seen = []
    with limits.use(depth=7):
        thread = threading.Thread(target=lambda: seen.append(limits.get()))
        thread.start()
        thread.join()
    assert [limits.Limits()] == seen


@pytest.mark.parametrize(
    ("changes", "error", "part"),
    [
        ({"rank": 64}, TypeError, "no limit 'rank'; the limits are attribute_bytes, chunks"),
        ({"depth": 1.5}, TypeError, "'depth' must be an int, not 1.5"),
        ({"depth": True}, TypeError, "not True"),
        ({"depth": -1}, ValueError, "must not be negative"),
    ],
)
def test_unknown_limits_are_refused(changes, error, part):
    """Nothing is changed then."""
    with pytest.raises(error, match=part), limits.use(**changes):
        pass
    assert limits.Limits() == limits.get()


def test_a_refusal_says_the_rule_the_object_and_what_to_do():
    """All three in one sentence or two."""
    error = limits.refused("/a", "it has 7 chunks", "chunks")
    assert isinstance(error, errors.ResourceExhaustedError)
    assert "/a: it has 7 chunks, beyond the limit `chunks` (1000000)" in error.message
    assert "hdfsaver.limits.use(chunks=...)" in error.message


@pytest.mark.parametrize(("size", "most"), [(0, 1000), (10, 1000), (100, 6400)])
def test_a_large_file_may_declare_more(size, most):
    """A fixed number of bytes, or a multiple of the file's length, whichever is more."""
    with limits.use(declared_bytes=1000):
        limits.check_declared("/a", most, size)
        with pytest.raises(errors.ResourceExhaustedError, match=f"/a: with it, the values declare {most + 1} bytes"):
            limits.check_declared("/a", most + 1, size)
