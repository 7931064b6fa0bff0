"""Waiting for checkpoints that another process saves."""

from __future__ import annotations

import shutil
import time

import pytest

import hdfsaver as tf
from hdfsaver.reading import iterator, state_file


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances only during sleeps; the actions in its list happen in the first sleep."""

    class Clock:
        def __init__(self):
            self.now = 0.0
            self.happenings = []

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds
            if seconds and self.happenings:
                self.happenings.pop(0)()

    clock = Clock()
    monkeypatch.setattr(iterator, "time", clock)
    return clock


def save(folder, step):
    shutil.copy(folder / "m-5.h5", folder / f"m-{step}.h5")
    state_file.write(tf.train.CheckpointState(f"m-{step}"), folder)


def test_each_once(folder, clock):
    """Each new checkpoint is given once, a folder that appears later too; when the time is up, that is the end."""
    clock.happenings = [lambda: folder.with_name("away").rename(folder), lambda: None, lambda: save(folder, 6)]
    folder.rename(folder.with_name("away"))
    assert [f"{folder}/m-5", f"{folder}/m-6"] == list(tf.train.checkpoints_iterator(folder, timeout=3))
    assert 3 + 3 == clock.now


def test_without_a_timeout(folder, clock):
    """Without a timeout the wait has no end: a checkpoint that comes after a day is given."""
    found = tf.train.checkpoints_iterator(folder)
    clock.happenings = [*([lambda: None] * 2000), lambda: save(folder, 6)]
    assert [f"{folder}/m-5", f"{folder}/m-6"] == [next(found), next(found)]
    assert 2001 == clock.now


def test_waiting_for_another(folder, clock):
    """The wait ends with a checkpoint that is not the known one, or before the first check after the timeout."""
    assert f"{folder}/m-5" == tf.train.wait_for_new_checkpoint(folder)
    assert tf.train.wait_for_new_checkpoint(folder, f"{folder}/m-5", seconds_to_sleep=0.5, timeout=1.2) is None
    assert 1 == clock.now
    clock.happenings = [lambda: save(folder, 6)]
    assert f"{folder}/m-6" == tf.train.wait_for_new_checkpoint(folder, f"{folder}/m-5", 0.25)
    assert 1.25 == clock.now


def test_missed_ones(folder, clock):
    """Checkpoints that were superseded between two requests are not yielded."""
    found = tf.train.checkpoints_iterator(folder, timeout=0)
    assert f"{folder}/m-5" == next(found)
    save(folder, 6)
    save(folder, 7)
    assert [f"{folder}/m-7"] == list(found)


def test_the_interval(folder, clock):
    """Between two checkpoints at least the minimum interval passes, including the caller's own time."""
    found = tf.train.checkpoints_iterator(folder, min_interval_secs=10, timeout=0)
    next(found)
    save(folder, 6)
    clock.now += 4
    assert f"{folder}/m-6" == next(found)
    assert 10 == clock.now


@pytest.mark.parametrize(("timeout", "asked"), [(0, 0), (2, 2), (1.5, 1)])
def test_timeouts(tmp_path, clock, timeout, asked):
    """A look that would come after the time is up is not waited for."""
    assert [] == list(tf.train.checkpoints_iterator(tmp_path / "none", timeout=timeout))
    assert asked == clock.now


def test_whether_to_go_on(folder, clock):
    """With `timeout_fn` it decides when the time is up, and after each checkpoint."""
    answers = [False, False, True]
    found = tf.train.checkpoints_iterator(folder, timeout=0, timeout_fn=lambda: answers.pop(0))
    assert [f"{folder}/m-5"] == list(found)
    assert [] == answers


def test_a_real_wait(folder, monkeypatch):
    """With the clock of the machine a wait of no time takes none."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    assert [f"{folder}/m-5"] == list(tf.train.checkpoints_iterator(str(folder), timeout=0))
    assert 0 == sum(slept)


def test_a_state_that_names_nothing(folder):
    """An empty state file is a ValueError here too."""
    (folder / "checkpoint").write_text("")
    with pytest.raises(ValueError, match="names no checkpoint"):
        next(tf.train.checkpoints_iterator(folder, timeout=0))
