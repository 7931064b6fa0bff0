"""Threads that stop together."""

from __future__ import annotations

import threading

import pytest

import hdfsaver as tf
from hdfsaver import errors


def run(coord, work):
    """A thread that does something, and stops the others if it fails."""

    def guarded():
        with coord.stop_on_exception():
            work()

    thread = threading.Thread(target=guarded)
    thread.start()
    return thread


def test_all_stop_when_one_asks():
    """Threads that look whether they should stop end when another asks for it."""
    coord = tf.train.Coordinator()
    threads = [run(coord, coord.wait_for_stop) for _ in range(3)]
    assert not coord.should_stop()
    coord.request_stop()
    coord.join(threads)
    assert (True, True) == (coord.should_stop(), coord.joined)
    coord.clear_stop()
    assert (False, False) == (coord.should_stop(), coord.joined)


def test_the_first_error_is_raised():
    """What a thread failed with is raised where it is waited for, the first one only."""
    coord = tf.train.Coordinator()

    def fail():
        raise ValueError("first")

    coord.register_thread(run(coord, fail))
    assert coord.wait_for_stop(10)
    coord.request_stop(KeyError("second"))
    with pytest.raises(ValueError, match="first"):
        coord.join()
    with pytest.raises(KeyError, match="late"):
        coord.request_stop(KeyError("late"))


def test_the_end_of_the_input_is_no_error():
    """A thread that has come to the end stops the others, and nothing is raised."""
    coord = tf.train.Coordinator()

    def end():
        raise errors.OutOfRangeError(None, None, "the end")

    coord.join([run(coord, end)])
    assert coord.should_stop()


def test_threads_that_do_not_stop():
    """They are named after some time, unless nobody minds."""
    coord, go_on = tf.train.Coordinator(), threading.Event()
    thread = threading.Thread(target=go_on.wait, args=(30,), name="busy")
    thread.start()
    coord.request_stop()
    with pytest.raises(RuntimeError, match="still running: busy"):
        coord.join([thread], stop_grace_period_secs=0.05)
    coord.join([thread], stop_grace_period_secs=0.05, ignore_live_threads=True)
    go_on.set()
    thread.join()


def test_a_thread_that_calls_again_and_again():
    """With a pause or without, until it is time to stop; its error stops the others."""
    coord, calls = tf.train.Coordinator(), []

    def call(number, stop_at):
        calls.append(number)
        if len(calls) >= stop_at:
            raise ValueError("enough")

    for interval in (0.001, None):
        calls.clear()
        coord.clear_stop()
        thread = tf.train.LooperThread(coord, interval, call, (7,), {"stop_at": 3})
        thread.start()
        with pytest.raises(ValueError, match="enough"):
            coord.join()
        assert [7, 7, 7] == calls


def test_a_subclass_that_is_called_again_and_again():
    """A subclass says itself what is called, before and after as well; a function is started in one call."""
    calls: list[str] = []

    class Looper(tf.train.LooperThread):
        def start_loop(self):
            calls.append("start")

        def run_loop(self):
            calls.append("run")
            self._coord.request_stop()

        def stop_loop(self):
            calls.append("stop")

    coord = tf.train.Coordinator()
    Looper(coord, None).start()
    coord.join()
    assert ["start", "run", "stop"] == calls
    coord = tf.train.Coordinator()
    tf.train.LooperThread.loop(coord, 0.001, coord.request_stop)
    coord.join()
    with pytest.raises(ValueError, match="must be a Coordinator"):
        tf.train.LooperThread("coord", None, print)
    with pytest.raises(ValueError, match="also pass 'target'"):
        tf.train.LooperThread(coord, None, args=(1,))
