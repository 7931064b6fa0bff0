"""Threads for one caller, who does the work alone where none can be started."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.files import positional_io
from hdfsaver.files.thread_pool import ThreadPool
from hdfsaver.interop.bundle.bundle_writing import write_bundle

NUMBER: ContextVar[int] = ContextVar("NUMBER", default=0)


@pytest.fixture(params=[0, 1])
def few_threads(monkeypatch, request):
    """Only the first ones of the threads can be started, as beyond a limit of the system."""
    started, really_start = [], threading.Thread.start

    def start(thread):
        if len(started) == request.param:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        really_start(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    return request.param


def test_every_task_is_done_in_a_thread():
    """Results and errors are in the futures, the threads are not the caller's, and end with `shutdown`."""
    pool = ThreadPool(2)
    futures = [pool.submit(lambda number: (number, threading.current_thread()), number) for number in range(20)]
    failed = pool.submit(int, "x")
    assert list(range(20)) == [future.result()[0] for future in futures]
    threads = {future.result()[1] for future in futures}
    assert threading.current_thread() not in threads
    assert 1 <= len(threads) <= 2
    with pytest.raises(ValueError, match="x"):
        failed.result()
    pool.shutdown()
    assert not any(thread.is_alive() for thread in threads)


def test_work_that_has_not_begun_is_dropped():
    """With `cancel_futures`, a task behind one that runs is never begun."""
    pool, gate, begun = ThreadPool(1), threading.Event(), threading.Event()

    def hold():
        begun.set()
        gate.wait(60)

    first, second = pool.submit(hold), pool.submit(pytest.fail)
    begun.wait(60)
    pool.shutdown(wait=False, cancel_futures=True)
    gate.set()
    pool.shutdown()
    assert [False, True] == [first.cancelled(), second.cancelled()]


def test_the_work_has_the_variables_of_the_caller():
    """A context variable has in a thread what it has where the work is submitted."""
    pool = ThreadPool(1)
    token = NUMBER.set(7)
    future = pool.submit(NUMBER.get)
    NUMBER.reset(token)
    assert [7, 0] == [future.result(), pool.submit(NUMBER.get).result()]
    pool.shutdown()


@pytest.mark.usefixtures("few_threads")
def test_without_threads_the_caller_works():
    """Every task is done once, and an error of the caller's own work is raised at once."""
    pool, done = ThreadPool(4), []
    for number in range(10):
        pool.submit(done.append, number)
    pool.shutdown()
    assert list(range(10)) == sorted(done)


def test_an_error_of_the_callers_own_work(monkeypatch):
    """Without threads `submit` raises what the work raises, so that nothing more is begun behind it."""

    def refuse(thread):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(ValueError, match="x"):
        ThreadPool(2).submit(int, "x")


@pytest.mark.usefixtures("few_threads")
def test_files_are_written_and_read_without_threads(tmp_path, monkeypatch):
    """Plain, compressed and TensorFlow's files are complete where no thread, or only one, can be started."""
    monkeypatch.setattr(positional_io, "PARALLEL", 1)
    arrays = {f"a{number}": np.arange(40_000, dtype=np.float32) + number for number in range(4)}
    tf.save_file(arrays, tmp_path / "plain.h5")
    tf.save_file(arrays, tmp_path / "packed.h5", compression="gzip")
    write_bundle(tmp_path / "bundle", arrays)
    for name in ("plain.h5", "packed.h5", "bundle"):
        found = tf.load_file(tmp_path / name)
        for key, array in arrays.items():
            np.testing.assert_array_equal(array, found[key])
