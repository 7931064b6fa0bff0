"""A save that is killed, wherever that happens: the folder has the state before it, or the one after it."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from tests.reliability.operations import steps_of
from tests.reliability.programs import is_resealed, saved_step, values_of

ROOT = Path(__file__).parents[2]

BEFORE = {"first": None, "rotation": 2, "replacement": 2, "group": 2, "incremental": 2}
"""The save that `latest_checkpoint` restores before each program, which saves number 3."""

AFTER = {
    "first": ["checkpoint", "m-4.h5"],
    "rotation": ["checkpoint", "m-4.h5"],
    "replacement": ["checkpoint", "m.h5"],
    "group": ["checkpoint", "m.h5"],
    "incremental": ["checkpoint", "m-3.h5", "m-4.h5"],
}
"""The files of a folder after the next save, number 4, has ended."""

DRAFT = re.compile(r"\..+\.[0-9]+\.[0-9a-f]{8}\.tmp")


def checkpoints(folder):
    return [name for name in sorted(os.listdir(folder)) if name.endswith(".h5")]


def check_whole(folder, program, legal):
    """Every checkpoint is complete and of one save, the newest is valid, and every listed file exists."""
    group = "teacher" if program == "group" else ""
    for name in checkpoints(folder):
        assert 1 == len(values_of(folder / name))
    step = saved_step(folder, group)
    assert step in legal
    state = tf.train.get_checkpoint_state(folder)
    listed = [] if state is None else state.all_model_checkpoint_paths
    # Files that left the list are deleted after it was written, so that whatever is listed is there.
    assert all(tf.train.checkpoint_exists(prefix) for prefix in listed)
    if program == "group":
        assert {2.0} == values_of(folder / "m.h5")
    others = set(os.listdir(folder)) - set(checkpoints(folder)) - {"checkpoint"}
    assert [] == [name for name in others if not DRAFT.fullmatch(name)]
    return step


def check_continued(server, folder, program):
    """The next save of a program that was started again succeeds, and clears what the killed one left."""
    server.ask(program, folder, 4, durable=False)
    check_whole(folder, program, {4})
    assert [] == [name for name in os.listdir(folder) if name.startswith(".")]
    assert set(AFTER[program]) <= set(os.listdir(folder))


@pytest.fixture
def before(server, tmp_path, program):
    """The folder that a program begins with."""
    folder = tmp_path / "before"
    folder.mkdir()
    server.ask(program, folder, prepare=True)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("program", "durable"), [*((program, True) for program in BEFORE), ("rotation", False)])
def test_a_save_can_be_killed_at_any_point(server, tmp_path, before, program, durable):
    """Before every operation of a save, and in the middle of every one that writes, the process is killed."""
    shutil.copytree(before, tmp_path / "whole")
    points = server.ask(program, tmp_path / "whole", durable=durable)["points"]
    check_whole(tmp_path / "whole", program, {3})
    assert points > 20
    seen = set()
    for point in range(points):
        folder = tmp_path / str(point)
        shutil.copytree(before, folder)
        assert signal.SIGKILL == server.ask(program, folder, stop_at=point, durable=durable)["signal"]
        seen.add(check_whole(folder, program, {BEFORE[program], 3}))
        check_continued(server, folder, program)
        shutil.rmtree(folder)
    assert {BEFORE[program], 3} == seen


@pytest.mark.slow
def test_a_reseal_can_be_killed_at_any_point(server, tmp_path):
    """The file is the changed one, byte for byte, or the sealed one; resealing it again clears what was left."""
    before, folder = tmp_path / "before", tmp_path / "folder"
    before.mkdir()
    server.ask("resealing", before, prepare=True)
    changed = (before / "m.h5").read_bytes()
    shutil.copytree(before, folder)
    points = server.ask("resealing", folder)["points"]
    assert is_resealed(folder / "m.h5")
    assert points > 15
    seen = set()
    for point in range(points):
        shutil.rmtree(folder)
        shutil.copytree(before, folder)
        assert signal.SIGKILL == server.ask("resealing", folder, stop_at=point)["signal"]
        seen.add(is_resealed(folder / "m.h5"))
        assert is_resealed(folder / "m.h5") or changed == (folder / "m.h5").read_bytes()
        server.ask("resealing", folder)
        assert is_resealed(folder / "m.h5")
        assert {"checkpoint", "m.h5"} == set(os.listdir(folder))
    assert {False, True} == seen


@pytest.mark.slow
def test_an_edit_can_be_killed_at_any_point(server, tmp_path):
    """The file is what it was, byte for byte, or what it is after the edit; the next edit clears what was left."""
    before, after, folder = tmp_path / "before", tmp_path / "after", tmp_path / "folder"
    before.mkdir()
    server.ask("editing", before, prepare=True)
    shutil.copytree(before, after)
    points = server.ask("editing", after)["points"]
    states = [(each / "m.h5").read_bytes() for each in (before, after)]
    assert {"new/large", "new/larger", "new/small", "new/scalar"} == set(tf.load_file(after / "m.h5"))
    assert points > 15
    seen = set()
    for point in range(points):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before, folder)
        assert signal.SIGKILL == server.ask("editing", folder, stop_at=point)["signal"]
        seen.add(states.index((folder / "m.h5").read_bytes()))
        server.ask("editing", folder)
        assert {"checkpoint", "m.h5"} == set(os.listdir(folder))
    assert {0, 1} == seen


SAVE_FOR_EVER = """
import itertools, sys
from pathlib import Path
sys.path.append(sys.argv[2])
from tests.reliability.programs import Model
model = Model()
for step in itertools.count(1):
    model.save(Path(sys.argv[1]) / "m", step, step)
    print(step, flush=True)
"""


@pytest.mark.slow
def test_a_program_can_be_killed_at_any_moment(tmp_path):
    """A program that is killed at any moment loses nothing that `save` has returned before."""
    generator = random.Random(7)  # noqa: S311, no secrets here
    for _ in range(3):
        command = [sys.executable, "-c", SAVE_FOR_EVER, str(tmp_path), str(ROOT)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as saver:
            promised = [int(saver.stdout.readline()) for _ in range(3)]
            time.sleep(generator.uniform(0, 0.05))
            saver.kill()
            promised += map(int, saver.stdout)
        check_whole(tmp_path, "rotation", {promised[-1], promised[-1] + 1})
        assert len([name for name in os.listdir(tmp_path) if name.startswith(".")]) <= 1


ORDER = [
    ("write", "draft of m-3.h5"),
    ("fsync", "draft of m-3.h5"),
    ("rename", "m-3.h5"),
    ("fsync", "folder"),
    ("write", "draft of checkpoint"),
    ("fsync", "draft of checkpoint"),
    ("rename", "checkpoint"),
    ("fsync", "folder"),
    ("unlink", "m-1.h5"),
]
"""The order that makes a save safe, even if the disk loses everything that was not synchronized."""


@pytest.mark.parametrize("program", ["rotation"])
@pytest.mark.parametrize("durable", [True, False])
def test_the_order_of_a_save(server, before, program, durable):
    """The bytes, the name, the list, the removal; each is on the disk before the next, or none is waited for."""
    log = server.ask(program, before, durable=durable)["log"]
    expected = [step for step in ORDER if durable or step[0] != "fsync"]
    assert expected == steps_of(log, before)


LOOKING = ("stat", "lstat", "listdir", "open")
WRITING = ("pwrite", "pwritev")


def test_how_often_a_save_asks(tmp_path, monkeypatch):
    """A save asks the system little more often than it has files: it may wait for other threads at each answer."""
    asked = []

    def counted(ask):
        def counting(path, *args, **options):
            asked.append(path if isinstance(path, int) else os.fspath(path))
            return ask(path, *args, **options)

        return counting

    variables = {f"v{number}": np.full(50000, number, np.float32) for number in range(3)}
    saver = tf.train.Saver(variables)
    for step in range(10):
        if step == 9:
            for name in LOOKING + WRITING:
                monkeypatch.setattr(os, name, counted(getattr(os, name)))
        saver.save(None, tmp_path / "m", global_step=step)
    monkeypatch.undo()
    # Once for each folder above, once for each kept checkpoint, and some.
    assert len(asked) <= len(tmp_path.parts) + len(saver.last_checkpoints) + 12


TRACED = """
import sys
from pathlib import Path
sys.path.append(sys.argv[2])
from tests.reliability.programs import Model
Model().save(Path(sys.argv[1]) / "m", 3, 3, durable=sys.argv[3] == "True")
"""


def strace_works():
    """Whether system calls can be recorded here; containers often forbid it."""
    try:
        return 0 == subprocess.run(["strace", "-o", os.devnull, sys.executable, "-c", ""], check=False).returncode
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("program", ["rotation"])
@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.skipif(
    not strace_works(), reason="strace is not installed or may not trace; the test above works without it"
)
def test_the_order_of_the_system_calls(tmp_path, before, program, durable):
    """The real system calls, threads and libraries included, have the same order."""
    record = tmp_path / "record"
    calls = "trace=write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat"
    command = [sys.executable, "-c", TRACED, str(before), str(ROOT), str(durable)]
    subprocess.run(["strace", "-f", "-y", "-s", "0", "-e", calls, "-o", str(record), *command], check=True)
    expected = [step for step in ORDER if durable or step[0] != "fsync"]
    assert expected == steps_of(recorded(record.read_text()), before)


CALL = re.compile(r"\d+ +(\w+)\((.*)\) += \d+$")


def recorded(text):
    """The operations of a record that strace made: with ``-y`` it names the file behind a descriptor."""
    for line in text.splitlines():
        found = CALL.match(line.replace("<unfinished ...>", ") = 0"))
        if found:
            paths = re.findall(r'[<"](/[^>"]*)[>"]', found[2])
            yield SYSTEM_CALLS[found[1]], paths[-1] if paths else ""


SYSTEM_CALLS = {
    **dict.fromkeys(("write", "pwrite64", "writev", "pwritev", "pwritev2"), "pwrite"),
    **dict.fromkeys(("fsync", "fdatasync"), "fsync"),
    **dict.fromkeys(("rename", "renameat", "renameat2"), "replace"),
    **dict.fromkeys(("unlink", "unlinkat"), "unlink"),
}
