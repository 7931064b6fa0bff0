"""The injector of faults: what it judges, what it sees, and a small selection of its trials."""

from __future__ import annotations

import errno
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reliability import fault_injection
from tests.reliability.fault_injection import Expected, Trial, inject, judged

FOLDER = Path("/folder")
WRITE = "write .m-3.h5.1.00000000.tmp"
EXPECTED = Expected([WRITE], {"m-2.h5": "two"}, {"m-2.h5": "two", "m-3.h5": "three"}, 2, 3, [])
TRIAL = Trial("save/first", 0, "EIO")

GOOD: dict[str, Any] = {"value": 3, "files": dict(EXPECTED.after), "missing": []}
OLD: dict[str, Any] = {"value": 2, "files": dict(EXPECTED.before), "missing": []}


def error(kind="UnknownError", message="Cannot write /folder/m-3.h5: Input/output error.", *, is_ours=True):
    return {"type": kind, "message": message, "is_ours": is_ours, "place": "x.py:1"}


def verdict(trial=TRIAL, *, call=WRITE, said=None, look=OLD, again=None, status=0, left_open=()):
    run = {"status": status, "hangs": False, "count": 1, "calls": [call], "said": said, "left_open": list(left_open)}
    found = {**look, "status": 0, "again": {"said": None, **GOOD, **(again or {})}}
    return judged(trial, EXPECTED._replace(calls=[call]), run, found, FOLDER)


def test_what_is_right():
    """An error that names the file with the earlier state, a kill with either state, a success after a short call."""
    assert ("UnknownError", []) == verdict(said=error())[::2]
    for look in (OLD, GOOD):
        assert ("killed", []) == verdict(Trial("save/first", 0, "kill"), look=look, status=-signal.SIGKILL)[::2]
    assert ("success", []) == verdict(Trial("save/first", 0, "short"), look=GOOD)[::2]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"look": GOOD}, "a success is reported"),
        ({"look": GOOD, "call": "close-written .m-3.h5.1.00000000.tmp"}, "a success is reported"),
        ({"said": error("OSError", "[Errno 5]", is_ours=False)}, "a raw error: OSError at x.py:1: [Errno 5]"),
        ({"said": error(message="Input/output error.")}, "no file is named"),
        ({"said": error("DataLossError")}, "instead of UnknownError: DataLossError"),
        ({"said": error(), "left_open": ["/folder/x"]}, "left open: ['/folder/x']"),
        ({"said": error(), "look": {**OLD, "missing": ["m-1"]}}, "listed but not readable: m-1"),
        ({"said": error(), "look": {**OLD, "value": None}}, "a reader finds None instead of [2, 3]"),
        ({"said": error(), "look": {**OLD, "files": {"m-2.h5": "torn"}}}, "m-2.h5 is neither the old one nor the new"),
        ({"said": error(), "look": {**OLD, "files": {}}}, "m-2.h5 is missing"),
        ({"said": error(), "look": {**OLD, "files": {**OLD["files"], ".m-3.h5.1.0.tmp": ""}}}, "drafts are left"),
        ({"said": error(), "again": {"files": {**GOOD["files"], ".m-3.h5.1.0.tmp": ""}}}, "the next run leaves"),
        ({"said": error(), "again": {"said": error()}}, "the next run fails: UnknownError"),
        ({"said": error(), "again": {"value": 2}}, "after the next run a reader finds 2"),
    ],
)
def test_what_is_wrong(options, expected):
    """Each fault is named."""
    (found,) = verdict(**options).faults
    assert expected in found


def test_a_short_call_is_no_error():
    """A system may write less than it was given; the rest follows."""
    assert ["a short call is an error"] == verdict(Trial("save/first", 0, "short"), said=error()).faults


def test_every_number_is_one_of_the_system():
    """The actions have numbers that the system knows."""
    assert set(fault_injection.NUMBERS) <= set(errno.errorcode.values())


needs_compiler = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not (shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")),
    reason="faults are injected on Linux, with a C compiler",
)


@pytest.mark.slow
@needs_compiler
def test_a_selection():
    """Of some programs, a few trials of each; ``python -m tests.reliability.fault_injection`` has all of them."""
    found = inject(["save/", "file/replace", "reseal", "convert/old-t.npz"], 40, 0)
    assert 40 == len(found)
    assert [] == [(str(trial), outcome.faults) for trial, outcome in found if outcome.faults]


@pytest.mark.slow
@needs_compiler
def test_a_trial_can_be_repeated():
    """A word with colons is one trial, and goes wrong at the same call."""
    trial = "save/rotation:0:kill"
    ((first, outcome),) = inject([trial], 0, 0)
    assert (trial, "killed") == (str(first), outcome.kind)
