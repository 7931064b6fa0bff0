"""Many at once: readers beside a saver, threads, forks, and programs that lock what they should not."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file
from tests import forks
from tests.reliability.programs import Model, saved_step, values_of

ROOT = Path(__file__).parents[2]

READ = """
import json, sys
from pathlib import Path
sys.path.append(sys.argv[2])
from tests.reliability.programs import values_of
found = []
for _ in range(int(sys.argv[3])):
    (value,) = values_of(Path(sys.argv[1]))
    found.append(value)
print(json.dumps(found))
"""


@pytest.fixture
def model():
    return Model()


def read_often(path, times):
    """Reads a file again and again; values of two saves, or a damaged file, are a failure."""
    found = []
    for _ in range(times):
        (value,) = values_of(path)
        found.append(value)
    return found


@pytest.mark.slow
def test_readers_see_the_old_file_or_the_new_one(tmp_path, model):
    """While one name is replaced again and again, readers in processes and threads find one whole save each time."""
    path = tmp_path / "m.h5"
    model.save(path, 0, durable=False)
    command = [sys.executable, "-c", READ, str(path), str(ROOT), "350"]
    programs = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    saved = 0
    with ThreadPoolExecutor(2) as pool:
        threads = [pool.submit(read_often, path, 100) for _ in range(2)]
        while not all(thread.done() for thread in threads) or any(program.poll() is None for program in programs):
            saved += 1
            model.save(path, saved, durable=False)
    found = [thread.result() for thread in threads] + [json.loads(program.communicate()[0]) for program in programs]
    assert [0, 0] == [program.returncode for program in programs]
    assert [100, 100, 350, 350] == [len(values) for values in found]
    # No reader ever goes back to an earlier save.
    assert all(values == sorted(values) and values[-1] <= saved for values in found)


def test_threads_with_sessions_of_their_own(tmp_path):
    """Graphs, sessions and Savers of different threads have nothing to do with each other."""

    def work(number):
        model, folder = Model(), tmp_path / str(number)
        folder.mkdir()
        with model.graph.as_default():
            saver = tf.train.Saver()
        for step in range(1, 9):
            model.save(folder / "m", 100 * number + step, step, durable=False)
            saver.restore(model.session, tf.train.latest_checkpoint(folder))
            assert 100 * number + step == saved_step(folder) == model.session.run("scalar:0")
        return number

    with ThreadPoolExecutor(4) as pool:
        assert [0, 1, 2, 3] == list(pool.map(work, range(4)))


MANY = {f"layer_{number}": (1 + number % 7,) for number in range(150)}
"""Small variables, which all saves of one Saver put into one layout before they write it."""


@pytest.fixture
def hasty(monkeypatch):
    """Threads take turns as often as Python can let them, and always before something is written."""
    before, really_pwrite = sys.getswitchinterval(), os.pwrite

    def pwrite(*arguments):
        time.sleep(0.001)
        return really_pwrite(*arguments)

    monkeypatch.setattr(os, "pwrite", pwrite)
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.slow
@pytest.mark.usefixtures("hasty")
def test_one_saver_in_several_threads(tmp_path):
    """A Saver that several threads use for several folders writes whole files, each with the values of its own save."""
    with tf.Graph().as_default() as graph:
        variables = {name: tf.Variable(tf.zeros(shape), name=name) for name, shape in MANY.items()}
        saver = tf.train.Saver(variables, max_to_keep=0)

    def work(number):
        session, folder = tf.Session(graph=graph), tmp_path / str(number)
        folder.mkdir()
        for step in range(8):
            session.state.assign(
                {name: np.full(shape, 100 * number + step, np.float32) for name, shape in MANY.items()}
            )
            # A file without a graph now and then, so that a layout cannot be used again.
            saver.save(session, folder / "m", step, durable=False, write_meta_graph=step % 4 > 0)
        return [saved_values(folder / f"m-{step}.h5") for step in range(8)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert [[{100.0 * number + step} for step in range(8)] for number in range(4)] == found


def saved_values(path):
    """The numbers in a file of many variables, every byte of which is checked."""
    with open_file(path) as file:
        file.verify()
        return {float(value) for array in file.read_many(MANY).values() for value in array}


def test_a_session_runs_while_it_is_saved(tmp_path, model):
    """The values of one restore are saved by another thread all or none; every variable is always of one run."""
    with model.graph.as_default():
        saver = tf.train.Saver()
    for value in (1, 2):
        model.save(tmp_path / f"from{value}", value, durable=False)
    saver.restore(model.session, tmp_path / "from1")
    done = threading.Event()

    def change():
        times = 0
        while not done.is_set():
            saver.restore(model.session, tmp_path / f"from{1 + times % 2}")
            model.session.run("larger:0")
            times += 1
        return times

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        try:
            for _ in range(40):
                saver.save(model.session, tmp_path / "to", durable=False)
                assert values_of(tmp_path / "to.h5") in ({1.0}, {2.0})
        finally:
            done.set()
        assert changing.result() > 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    "method", [name for name in ("fork", "spawn") if name in multiprocessing.get_all_start_methods()]
)
def test_processes_that_begin_after_the_import(tmp_path, model, method):
    """Workers of `multiprocessing`, forked or spawned, restore what this process saved, and save themselves."""
    model.save(tmp_path / "m", 3, durable=False)
    with multiprocessing.get_context(method).Pool(2) as pool:
        values = pool.starmap(tf.train.load_variable, [(tmp_path / "m", "larger")] * 4)
        pool.apply(write_file, (tmp_path / "x.h5",), {"variables": {"v": values[0]}, "structure": None})
    assert [{3.0}] * 4 == [set(np.unique(value).tolist()) for value in values]
    np.testing.assert_array_equal(values[0], tf.train.load_variable(tmp_path / "x", "v"))


def save_and_exit(model, folder):
    """Runs a forked child; it must never continue with the tests of its parent."""
    signal.alarm(60)  # a child that hangs fails the test instead of stopping it
    try:
        model.save(folder / "m", 2, 2)
        os._exit(0 if saved_step(folder) == 2 else 1)
    finally:
        os._exit(2)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_a_thread_saves(tmp_path, model, monkeypatch):
    """A child forked in the middle of a save inherits locks that no thread there would release; it can still save.

    Nor does it keep them from its parent: both go on in the same folder.
    """
    waiting, forked, really_fsync = threading.Event(), threading.Event(), os.fsync

    def fsync(fd):
        if threading.current_thread() is saving:
            waiting.set()
            forked.wait()
        really_fsync(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    saving = threading.Thread(target=model.save, args=(tmp_path / "m", 1, 1))
    saving.start()
    waiting.wait()
    child_model = Model()
    child = os.fork()
    if not child:
        save_and_exit(child_model, tmp_path)
    forked.set()
    saving.join()
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert 2 == saved_step(tmp_path)
    model.save(tmp_path / "m", 3, 3)
    assert ["checkpoint", "m-2.h5", "m-3.h5"] == sorted(os.listdir(tmp_path))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="this system does not tell what is open")
def test_a_forked_child_keeps_no_lock_on_the_file(tmp_path, model, monkeypatch):
    """A child that has inherited a save's descriptor and lives on does not keep others from opening the file."""
    inherited, really_replace = [], os.replace

    def replace(source, target):
        # What a fork does to a descriptor: one more of the same open file.
        inherited.extend(os.dup(int(fd)) for fd in os.listdir("/proc/self/fd") if leads_to(fd, source))
        really_replace(source, target)

    monkeypatch.setattr(os, "replace", replace)
    model.save(tmp_path / "m", 1)
    assert len(inherited) >= 1
    with h5py.File(tmp_path / "m.h5", "r+", locking=True):
        pass
    for fd in inherited:
        os.close(fd)


def leads_to(fd, path):
    try:
        return os.readlink(f"/proc/self/fd/{fd}") == str(path)
    except OSError:
        return False


LOCKED = """
import sys
from pathlib import Path
sys.path.append(sys.argv[2])
assert "h5py" not in sys.modules
import h5py
from tests.reliability.programs import Model, saved_step, values_of
folder = Path(sys.argv[1])
(value,) = values_of(folder / "m.h5")
model = Model()
with h5py.File(folder / "own.h5", "w"):
    model.save(folder / "m", value + 1)
print(saved_step(folder), *values_of(folder / "m.h5"))
"""


@pytest.mark.parametrize("setting", [None, "TRUE", "FALSE", "BEST_EFFORT"])
def test_file_locks_are_never_in_the_way(tmp_path, model, monkeypatch, setting):
    """A file is restored and replaced for every setting of HDF5's locks, even if another process locks it."""
    model.save(tmp_path / "m", 1, durable=False)
    monkeypatch.delenv("HDF5_USE_FILE_LOCKING", raising=False)
    environment = {} if setting is None else {"HDF5_USE_FILE_LOCKING": setting}
    with open(tmp_path / "m.h5", "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        # The library of HDF5 looks at the variable when it is loaded, and the child begins without it.
        done = forks.run("-c", LOCKED, tmp_path, ROOT, env=environment, check=False)
    assert (0, "2 2.0\n", "") == (done.returncode, done.stdout, done.stderr)


def test_a_new_file_can_be_opened_with_locks_at_once(tmp_path, model, monkeypatch):
    """From the moment when a checkpoint has its name, readers that lock files can open it."""
    opened, really_replace = [], os.replace

    def replace(source, target):
        really_replace(source, target)
        if str(target).endswith(".h5"):
            with h5py.File(target, "r", locking=True) as file:
                opened.append(float(file["variables/scalar"][()]))

    monkeypatch.setattr(os, "replace", replace)
    for value in (1, 2):
        model.save(tmp_path / "m", value)
    assert [1.0, 2.0] == opened


def test_a_reader_keeps_the_file_that_it_opened(tmp_path, model):
    """A file that h5py has open in this process is replaced under it: it reads on, and who opens now reads the new."""
    model.save(tmp_path / "m", 1)
    with h5py.File(tmp_path / "m.h5", "r", locking=True) as old, tf.train.load_checkpoint(tmp_path / "m") as reader:
        model.save(tmp_path / "m", 2)
        assert 1.0 == old["variables/larger"][3, 4]
        assert 1.0 == reader.get_tensor("larger")[3, 4]
        with h5py.File(tmp_path / "m.h5", "r", locking=True) as new:
            assert 2.0 == new["variables/larger"][3, 4]
