"""A TensorFlow checkpoint that replaces another one: interrupted anywhere, the old or the new one is there."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
from contextlib import suppress

import pytest

from hdfsaver import errors
from tests.reliability.operations import observed
from tests.reliability.replacements import CASES, new_state, old_state, state_of


@pytest.fixture
def before(tmp_path, case):
    """The folder that a program begins with."""
    folder = tmp_path / "before"
    folder.mkdir()
    CASES[case][0](None, folder)
    return folder


@pytest.fixture
def after(tmp_path, before, case):
    """The names of the files that a program leaves."""
    folder = tmp_path / "after"
    shutil.copytree(before, folder)
    CASES[case][1](None, folder, 4, durable=False)
    assert new_state(case, 4) == state_of(folder)
    return set(os.listdir(folder))


def renewed(before, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before, folder)
    return folder


def check_continued(folder, case, after):
    """The next program of the same kind clears what is left."""
    CASES[case][1](None, folder, 4, durable=False)
    assert new_state(case, 4) == state_of(folder)
    assert after == set(os.listdir(folder))


def descriptors():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def fail(number):
    def act():
        if number == errno.EINTR:
            raise KeyboardInterrupt
        raise OSError(number, os.strerror(number))

    return act


CHANGES = {"replace", "link", "unlink"}
"""The operations that change what a folder has; the quick tests refuse these alone."""

REFUSED = CHANGES | {"open", "listdir", "posix_fallocate", "truncate", "pwrite", "pwritev", "fsync"}

FAULTS = [
    pytest.param("one data file", errno.ENOSPC, CHANGES),
    *(
        pytest.param(case, number, REFUSED, marks=pytest.mark.slow)
        for case, number in itertools.product(CASES, (errno.EIO, errno.EINTR))
    ),
]
"""Program, number of the error (that of an interrupted call is Ctrl-C), and operations that are refused."""


@pytest.mark.parametrize(("case", "number", "only"), FAULTS)
def test_whatever_is_refused_to_a_replacement(tmp_path, before, after, case, number, only):
    """Every operation is refused or interrupted once: what is there is the old checkpoint or the new one, complete."""
    seen, point, opened, was_reached = set(), 0, descriptors(), True
    while was_reached:
        folder = renewed(before, tmp_path / "folder")
        said = ""
        with observed(point, fail(number), only=only) as operations, suppress(KeyboardInterrupt):
            try:
                CASES[case][1](None, folder)
            except errors.OpError as error:
                said = error.message
        was_reached = operations.points > point
        found = state_of(folder)
        assert found in (old_state(case), new_state(case, 3))
        # A message about the new checkpoint says that it is there; any other one is about the old one.
        assert not said or ("is written, but" in said) == (found == new_state(case, 3))
        assert opened == descriptors()
        if was_reached:
            seen.add(found)
            check_continued(folder, case, after)
        point += 1
    assert {old_state(case), new_state(case, 3)} == seen
    assert point > 10


@pytest.mark.slow
@pytest.mark.parametrize(("case", "durable"), [*((case, True) for case in CASES), ("one data file", False)])
def test_a_replacement_can_be_killed_at_any_point(server, tmp_path, before, after, case, durable):
    """Before every operation, and in the middle of every one that writes, the process is killed."""
    points = server.ask(case, renewed(before, tmp_path / "folder"), durable=durable)["points"]
    seen = set()
    for point in range(points):
        folder = renewed(before, tmp_path / "folder")
        assert signal.SIGKILL == server.ask(case, folder, stop_at=point, durable=durable)["signal"]
        found = state_of(folder)
        assert found in (old_state(case), new_state(case, 3))
        seen.add(found)
        check_continued(folder, case, after)
    assert {old_state(case), new_state(case, 3)} == seen
    assert points > 30
