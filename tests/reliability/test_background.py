"""Saves in the background against the rest of a program's life: its end, threads, signals, forks, callbacks, copies."""

from __future__ import annotations

import copy
import gc
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from h5py._objects import phil

import hdfsaver as tf
from hdfsaver.checkpoint import save_queue
from hdfsaver.storage.hdf5.sparse_memory import SparseMemory
from hdfsaver.storage.reading import open_file

PROGRAM = Path(__file__).parent / "exit_programs.py"

WRITTEN = {
    "last_statement": {"m": 1.0},
    "sys_exit": {"m": 2.0},
    "unhandled": {"m": 3.0},
    "another_thread": {"m": 4.0},
    "handler_before_the_import": {"m": 5.0},
    "exit_handler": {"m": 6.0},
    "several": {f"m{number}-{step}": float(number) for number in range(3) for step in range(2)},
    "interrupted_once": {"m": 9.0},
    "worker_process": {"m": 10.0},
}
"""The files of the programs that end well, and the number that each holds."""


@pytest.fixture(autouse=True)
def _not_stuck():
    """A test that waits without end fails."""

    def fail(*_):
        raise AssertionError("A thread waits without end.")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The folder of all programs, and their exit statuses."""
    folder = tmp_path_factory.mktemp("ended")
    done = subprocess.run([sys.executable, PROGRAM, folder], check=True, capture_output=True, text=True)
    return folder, json.loads(done.stdout)


class Gate:
    """A `progress` that holds a save until it is opened."""

    def __init__(self):
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, done, total):
        self.reached.set()
        assert self.opened.wait(30)


def saver_of(value, **options):
    return tf.train.Saver({"v": np.full(1000, value)}, **options)


def held(value, path, **options):
    """A Saver with a save in the background that has begun, and what lets it end."""
    saver, gate = saver_of(value, **options), Gate()
    saver.save(None, path, wait=False, durable=False, progress=gate)
    assert gate.reached.wait(30)
    return saver, gate


def value_of(path):
    """The number that a checkpoint holds, every byte of which is checked."""
    with open_file(f"{path}.h5") as file:
        file.verify()
        found = {float(number) for name in file.variables for number in np.unique(file.read(name))}
    (value,) = found
    return value


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_the_end_of_the_program_waits(ended):
    """However a program ends, its saves in the background are complete."""
    folder, statuses = ended
    found = {
        name: {each.stem: value_of(each.with_suffix("")) for each in (folder / name).glob("*.h5")} for name in WRITTEN
    }
    assert found == WRITTEN
    assert {name: statuses[name] for name in WRITTEN} == dict.fromkeys(WRITTEN, 0) | {"sys_exit": 3, "unhandled": 1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_errors_are_printed_at_the_end(ended):
    """Errors that were not raised are printed with file and reason, also those of a Saver that was collected."""
    folder, _ = ended
    first, second = (folder / "collected.err").read_text().splitlines()
    assert [True, True] == [f"{folder}/collected/m.h5" in first, f"{folder}/collected/n.h5" in second]
    assert [True, True] == ["is a directory" in line for line in (first, second)]
    assert (folder / "asked_at_the_end.err").read_text() == "taken\n"


def test_any_number_of_threads_wait(tmp_path):
    """Two threads that wait, and one that restores with another Saver, return when the save is done."""
    saver_of(1.0).save(None, tmp_path / "m")
    saver, gate = held(5.0, tmp_path / "m")
    arrays = {"v": np.zeros(1000)}
    ended = []

    def run(action):
        action()
        ended.append(gate.opened.is_set())

    actions = (saver.wait, saver.wait, lambda: tf.train.Saver(arrays).restore(None, tmp_path / "m"))
    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    (save,) = saver._saves.pending
    while len(save.asking) < 3:
        pass
    assert not ended
    gate.opened.set()
    for thread in threads:
        thread.join()
    assert [True] * 3 == ended
    assert 5.0 == arrays["v"][0]


def test_a_synchronous_save_comes_after_those_of_its_folder(tmp_path):
    """A save of another Saver to the same folder waits; one to another folder does not."""
    first, gate = held(1.0, tmp_path / "m")
    (tmp_path / "other").mkdir()
    saver_of(2.0).save(None, tmp_path / "other" / "m")
    thread = threading.Thread(target=saver_of(3.0).save, args=(None, tmp_path / "m"))
    thread.start()
    (save,) = first._saves.pending
    while not save.sleeping:
        pass
    gate.opened.set()
    thread.join()
    assert [2.0, 3.0] == [value_of(tmp_path / "other" / "m"), value_of(tmp_path / "m")]


def test_saves_of_one_saver_take_turns(tmp_path):
    """Threads that save with one Saver, to several folders, save one after the other, and its list misses nothing."""
    for name in "ab":
        (tmp_path / name).mkdir()
    saver, gate = held(1.0, tmp_path / "a" / "m")
    thread = threading.Thread(target=saver.save, args=(None, tmp_path / "b" / "m"))
    thread.start()
    (save,) = saver._saves.pending
    while not save.sleeping and thread.is_alive():
        pass
    assert not (tmp_path / "b" / "m.h5").exists()
    gate.opened.set()
    thread.join()
    assert [f"{tmp_path}/a/m", f"{tmp_path}/b/m"] == saver.last_checkpoints


def test_ctrl_c_in_wait_leaves_the_save(tmp_path):
    """After a real SIGINT in `wait`, the save goes on, and another `wait` waits for it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        saver, gate = held(1.0, tmp_path / "m")
        (save,) = saver._saves.pending

        def interrupt():
            while not save.sleeping:
                pass
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            saver.wait()
        assert (save,) == saver._saves.pending
        gate.opened.set()
        saver.wait()
        assert 1.0 == value_of(tmp_path / "m")
    finally:
        signal.signal(signal.SIGINT, before)


def raised(action):
    """The error of an action, or None."""
    try:
        action()
    except (tf.errors.OpError, RuntimeError) as error:
        return error
    return None


def test_an_error_is_raised_where_it_is_waited_for(tmp_path):
    """Every thread that waits gets it, and nothing comes again; without one, the next call in any thread gets it."""
    (tmp_path / "m.h5").mkdir()
    gate = Gate()
    first = saver_of(0.0)
    first.save(None, tmp_path / "n", wait=False, progress=gate)
    saver = saver_of(1.0)
    saver.save(None, tmp_path / "m", wait=False)
    caught = []
    threads = [threading.Thread(target=lambda: caught.append(raised(saver.wait))) for _ in range(2)]
    for thread in threads:
        thread.start()
    (save,) = saver._saves.pending
    while len(save.asking) < 2:
        pass
    gate.opened.set()
    for thread in threads:
        thread.join()
    assert [True, True] == ["m.h5" in str(error) for error in caught]
    saver.wait()
    saver.save(None, tmp_path / "m", wait=False)
    while saver._saves.pending:
        pass
    thread = threading.Thread(target=lambda: caught.append(raised(saver.wait)))
    thread.start()
    thread.join()
    assert "m.h5" in str(caught[-1])
    saver.wait()


def test_the_error_of_another_saver(tmp_path):
    """A restore that waits for the save of another Saver raises its error; its own Saver still gets it."""
    (tmp_path / "m.h5").mkdir()
    gate = Gate()
    blocker = saver_of(0.0)
    blocker.save(None, tmp_path / "n", wait=False, progress=gate)
    saver = saver_of(1.0)
    saver.save(None, tmp_path / "m", wait=False)
    threading.Timer(0.01, gate.opened.set).start()
    assert "m.h5" in str(raised(lambda: saver_of(2.0).restore(None, tmp_path / "m")))
    assert "m.h5" in str(raised(saver.wait))


def test_the_working_directory_may_change(tmp_path, monkeypatch):
    """File, state file and removals are those of the directory in which `save` was called."""
    (tmp_path / "here" / "model").mkdir(parents=True)
    (tmp_path / "there" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    saver = saver_of(1.0, max_to_keep=1)
    assert "model/m-1" == saver.save(None, "model/m", 1)
    gate = Gate()
    saver.save(None, "model/m", 2, wait=False, progress=gate)
    os.chdir(tmp_path / "there")
    gate.opened.set()
    saver.wait()
    assert ["model/m-2"] == saver.last_checkpoints
    assert ["checkpoint", "m-2.h5"] == sorted(os.listdir(tmp_path / "here" / "model"))
    assert 'model_checkpoint_path: "m-2"' in (tmp_path / "here" / "model" / "checkpoint").read_text()
    assert [] == os.listdir(tmp_path / "there" / "model")
    # A file of the same name here is another checkpoint, which this Saver does not remove.
    saver_of(3.0).save(None, "model/m", 2, write_state=False)
    saver.save(None, "model/m", 4)
    assert ["checkpoint", "m-2.h5", "m-4.h5"] == sorted(os.listdir("model"))
    assert [] == [name for name in os.listdir(tmp_path / "here" / "model") if name.endswith(".h5")]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_no_saves_of_its_parent(tmp_path):
    """While the parent saves, holds its locks and has errors, a child waits for nothing, and saves itself."""
    (tmp_path / "child").mkdir()
    (tmp_path / "x.h5").mkdir()
    saver, gate = held(1.0, tmp_path / "m")
    saver.save(None, tmp_path / "x", wait=False)
    order = saver._saves._order()
    order_held = threading.Event()

    def hold():
        with order:
            order_held.set()
            gate.opened.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    order_held.wait(30)
    child = os.fork()
    if not child:
        signal.alarm(30)
        try:
            saver.wait()
            saver.save(None, tmp_path / "child" / "m", wait=False)
            saver.wait()
            os._exit(0 if value_of(tmp_path / "child" / "m") == 1.0 else 1)
        finally:
            os._exit(2)
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    gate.opened.set()
    thread.join()
    with pytest.raises(tf.errors.FailedPreconditionError):
        saver.wait()
    assert 1.0 == value_of(tmp_path / "m")


def interrupted_at(points, action, handler):
    """Run an action again and again, each time with a real signal at another line of the package."""
    package = str(Path(tf.__file__).parent)
    count = 0

    def trace(frame, event, argument):
        if not frame.f_code.co_filename.startswith(package):
            return None
        nonlocal count
        count += 1
        if count == at:
            sys.settrace(None)
            signal.raise_signal(signal.SIGUSR1)
        return trace

    before = signal.signal(signal.SIGUSR1, lambda *_: handler())
    try:
        places, at = [-1], -1
        for number in range(points + 1):
            if number < len(places):
                count, at = 0, places[number]
                sys.settrace(trace)
                try:
                    action()
                finally:
                    sys.settrace(None)
            if at < 0:
                assert count > 100
                places += range(1, count, -(-count // points))
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("points", [15, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["save", "background", "wait", "restore"])
def test_a_signal_handler_saves_anywhere(tmp_path, kind, points):
    """A handler that saves while the same Saver saves, at any of many lines: both files are complete and listed."""
    saver = saver_of(1.0, max_to_keep=3)
    calls = []

    def outer():
        calls.append(len(calls))
        saver.save(None, tmp_path / "m", calls[-1], durable=False, wait=kind != "background")
        if kind == "restore":
            saver.restore(None, tmp_path / f"m-{calls[-1]}")
        saver.wait()
        if kind == "save":
            saver._writer._last = None  # the next layout is made again, inside the library

    def handler():
        if kind == "wait":
            saver.save(None, tmp_path / "h", calls[-1], durable=False, wait=False)
            raised(saver.wait)  # refused if it would wait for the interrupted save
        else:
            saver.save(None, tmp_path / "h", calls[-1], durable=False)
            assert 1.0 == value_of(tmp_path / f"h-{calls[-1]}")

    interrupted_at(points, outer, handler)
    saver.wait()
    state = tf.train.get_checkpoint_state(tmp_path)
    assert [1.0] * 3 == [value_of(path) for path in state.all_model_checkpoint_paths]
    assert saver.last_checkpoints == state.all_model_checkpoint_paths
    assert {f"{Path(path).name}.h5" for path in saver.last_checkpoints} | {"checkpoint"} == set(os.listdir(tmp_path))


def test_a_handler_does_not_wait_within_the_library(tmp_path):
    """While this thread is inside HDF5, which another save may need, a wait is refused instead of never ending."""
    saver, gate = held(1.0, tmp_path / "m")
    with phil:
        for call in (saver.wait, partial(saver_of(2.0).save, None, tmp_path / "m")):
            assert "cannot end before this call returns" in str(raised(call))
    gate.opened.set()
    saver.wait()
    assert 1.0 == value_of(tmp_path / "m")


def test_an_exception_of_a_handler_within_the_library(tmp_path, monkeypatch):
    """What a handler raises while HDF5 lays a file out is raised by `save`, and the next save succeeds."""
    saver = saver_of(1.0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    really_write = SparseMemory.write

    def write(memory, data):
        signal.raise_signal(signal.SIGINT)
        return really_write(memory, data)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(SparseMemory, "write", write)
            with pytest.raises(KeyboardInterrupt):
                saver.save(None, tmp_path / "m")
    finally:
        signal.signal(signal.SIGINT, before)
    assert [] == os.listdir(tmp_path)
    assert 1.0 == value_of(saver.save(None, tmp_path / "m"))


def test_a_handler_that_ends_the_program(tmp_path):
    """A handler saves and raises SystemExit in the middle of a save: its checkpoint is complete and the latest."""
    saver = saver_of(1.0)
    inner = tf.train.Saver({"v": np.full(10, 2.0)})
    for nested, name in ((saver, "own"), (inner, "other")):

        def stop(done, total, nested=nested, name=name):
            nested.save(None, tmp_path / name, durable=False)
            raise SystemExit(3)

        with pytest.raises(SystemExit):
            saver.save(None, tmp_path / "m", durable=False, progress=stop)
        assert f"{tmp_path}/{name}" == tf.train.latest_checkpoint(tmp_path)
    assert not (tmp_path / "m.h5").exists()


@pytest.mark.parametrize("outer_waits", [True, False])
@pytest.mark.parametrize("inner_waits", [True, False])
@pytest.mark.parametrize("same", [True, False])
def test_progress_saves(tmp_path, outer_waits, inner_waits, same):
    """A `progress` may save with the same Saver or another: within the save, or with ``wait=False`` after it."""
    outer = saver_of(1.0)
    inner = outer if same else saver_of(2.0)
    seen = []

    def progress(done, total):
        if not seen:
            inner.save(None, tmp_path / "inner", wait=inner_waits, durable=False)
            seen.append((tmp_path / "inner.h5").exists())

    outer.save(None, tmp_path / "outer", wait=outer_waits, durable=False, progress=progress)
    outer.wait()
    inner.wait()
    assert [inner_waits] == seen
    assert [1.0, 1.0 if same else 2.0] == [value_of(tmp_path / "outer"), value_of(tmp_path / "inner")]
    # Both are listed; the one that was requested later is the later one.
    assert f"{tmp_path}/inner" == tf.train.latest_checkpoint(tmp_path)


@pytest.mark.parametrize("call", ["wait", "restore"])
def test_progress_cannot_wait_for_its_own_save(tmp_path, call):
    """A `progress` that waits for the save that calls it gets a clear error, which ends that save."""
    saver_of(0.0).save(None, tmp_path / "m")
    saver = saver_of(1.0)

    def progress(done, total):
        saver.wait() if call == "wait" else saver_of(1.0).restore(None, tmp_path / "m")

    saver.save(None, tmp_path / "m", wait=False, progress=progress)
    with pytest.raises(RuntimeError, match=r"m\.h5 in the background cannot end before this call returns"):
        saver.wait()
    assert 0.0 == value_of(tmp_path / "m")


class Finalized:
    """An object that saves and waits when it is collected."""

    def __init__(self, saver, path, errors):
        self.arguments = saver, path, errors
        self.ring = self  # only the garbage collector ends it

    def __del__(self):
        saver, path, errors = self.arguments
        saver.save(None, path, durable=False)
        saver.save(None, path, wait=False, durable=False)
        errors.append(raised(saver.wait))


@pytest.mark.parametrize("outer_waits", [True, False])
def test_a_finalizer_saves_within_a_save(tmp_path, outer_waits):
    """A finalizer that the garbage collector calls in the middle of a save neither stops it nor waits without end."""
    saver, errors = saver_of(1.0), []

    def progress(done, total):
        if not errors:
            Finalized(saver, tmp_path / "f", errors)
            gc.collect()

    saver.save(None, tmp_path / "m", wait=outer_waits, durable=False, progress=progress)
    saver.wait()
    assert [True] == ["cannot end" in str(error) for error in errors]
    assert [1.0, 1.0] == [value_of(tmp_path / "m"), value_of(tmp_path / "f")]


def test_a_copy_is_a_saver_of_its_own(tmp_path):
    """`copy.copy` gives a Saver of the same arrays, with saves, errors and a list of its own."""
    saver = saver_of(1.0, max_to_keep=2)
    saver.save(None, tmp_path / "m", 1)
    made = copy.copy(saver)
    (tmp_path / "x.h5").mkdir()
    made.save(None, tmp_path / "x", wait=False)
    saver.wait()
    with pytest.raises(tf.errors.OpError, match=r"x\.h5"):
        made.wait()
    made.save(None, tmp_path / "m", 2)
    assert [f"{tmp_path}/m-1"] == saver.last_checkpoints
    assert [f"{tmp_path}/m-{step}" for step in (1, 2)] == made.last_checkpoints


@pytest.mark.parametrize("way", [copy.deepcopy, pickle.dumps])
def test_a_saver_is_not_pickled(tmp_path, way):
    """A deep copy and a pickle are refused, and what the error advises works."""
    saver = saver_of(1.0, max_to_keep=7)
    with pytest.raises(TypeError, match=r"cannot be (?:deep-copied|pickled).*saver\.to_proto\(\)"):
        way(saver)
    settings = pickle.loads(pickle.dumps(saver.to_proto()))
    made = tf.train.Saver({"v": np.zeros(1)}, saver_def=settings)
    assert 7 == made.as_saver_def().max_to_keep


def test_where_no_thread_can_be_started(tmp_path, monkeypatch):
    """``wait=False`` then saves at once, and raises the error at once."""

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(save_queue, "_workers", [])
    saver = saver_of(1.0)
    saver.save(None, tmp_path / "m", wait=False)
    assert 1.0 == value_of(tmp_path / "m")
    (tmp_path / "x.h5").mkdir()
    with pytest.raises(tf.errors.OpError, match=r"x\.h5"):
        saver.save(None, tmp_path / "x", wait=False)
    saver.wait()
