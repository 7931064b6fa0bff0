"""Promise: a save and a restore are short to follow: few calls, in few files of the package."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

import hdfsaver as tf

ROOT = os.path.dirname(tf.__file__)


def calls_of(work: Callable[[], object]) -> list[str]:
    """The file of each call within the package that some work makes, in this thread."""
    files: list[str] = []

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(ROOT):
            files.append(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return files


@pytest.fixture
def saved(tmp_path):
    """A session with two variables, a Saver that has saved them once, and where."""
    for name in ("a", "b"):
        tf.get_variable(name, initializer=[1.0])
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, tmp_path / "m", 1)
        yield saver, sess, tmp_path / "m"


def test_a_second_save(saved):
    """The second save of two variables takes at most 230 calls, in at most 30 files."""
    saver, sess, prefix = saved
    files = calls_of(lambda: saver.save(sess, prefix, 2))
    assert 10 < len(files) <= 230
    assert len(set(files)) <= 30


def test_a_restore(saved):
    """A restore of two variables takes at most 258 calls."""
    saver, sess, prefix = saved
    assert 10 < len(calls_of(lambda: saver.restore(sess, f"{prefix}-1"))) <= 258
