"""The runs that a session keeps prepared: those that were used last, and no more than fit."""

import threading
import weakref

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.session import prepared_runs
from hdfsaver.session.numpy_engine import numpy_engine
from hdfsaver.session.prepared_runs import PreparedRun, PreparedRuns


class Counting:
    """An engine that knows how many runs it has prepared, and which of them are still there."""

    def __init__(self):
        self.prepared = 0
        self.alive = weakref.WeakSet()

    def __call__(self, plan, state):
        execute = numpy_engine(plan, state)
        self.prepared += 1
        self.alive.add(execute)
        return execute


@pytest.fixture
def engine():
    """An engine that counts."""
    return Counting()


def run_of(steps=1, version=0):
    return PreparedRun(lambda values: [], (), version, steps)


def constants(count):
    return [tf.constant(number, name="c") for number in range(count)]


def test_a_session_keeps_so_many_runs(engine, monkeypatch):
    """However many combinations of fetches and feeds there are, what a session keeps is bounded."""
    monkeypatch.setattr(prepared_runs, "RUNS", 20)
    made = constants(30)
    with tf.Session(engine=engine) as sess:
        for first in made:
            for second in made:
                sess.run([first, second], {second: 0})
        assert 900 == engine.prepared
        assert 20 == len(engine.alive)


def test_ten_thousand_runs_do_not_stay():
    """The bound is that of the module, and the newest are those that stay."""
    runs = PreparedRuns()
    for key in range(10_000):
        runs.keep(key, run_of())
    assert prepared_runs.RUNS == len(runs) < 10_000
    assert runs.get(10_000 - prepared_runs.RUNS - 1, 0) is None
    assert runs.get(10_000 - prepared_runs.RUNS, 0) is not None


def test_long_runs_count_by_their_steps(monkeypatch):
    """Runs of many operations put out more than one; the newest is kept however long it is."""
    monkeypatch.setattr(prepared_runs, "STEPS", 10)
    runs = PreparedRuns()
    for key in range(5):
        runs.keep(key, run_of(steps=3))
    assert [False, False, True, True, True] == [runs.get(key, 0) is not None for key in range(5)]
    runs.keep(4, run_of(steps=4))  # it takes the place of the one before
    assert [True, True, True] == [runs.get(key, 0) is not None for key in (2, 3, 4)]
    runs.keep("long", run_of(steps=100))
    assert 1 == len(runs)
    assert runs.get("long", 0) is not None


def test_a_run_that_is_used_stays(engine, monkeypatch):
    """A run that is used again and again is prepared once, whatever else is run between."""
    monkeypatch.setattr(prepared_runs, "RUNS", 3)
    hot, *others = constants(20)
    with tf.Session(engine=engine) as sess:
        for other in others:
            assert 0 == sess.run(hot)
            sess.run(other)
    assert 20 == engine.prepared


def test_a_callable_keeps_its_run(engine, monkeypatch):
    """What `make_callable` gives prepares its run once for each version of the graph."""
    monkeypatch.setattr(prepared_runs, "RUNS", 1)
    x = tf.placeholder(tf.float32, [], name="x")
    y = x * 2.0
    others = constants(5)
    with tf.Session(engine=engine) as sess:
        double = sess.make_callable(y, [x])
        for other in others:
            assert 6.0 == double(3.0)
            sess.run(other)
        assert 6 == engine.prepared
        y.op._add_control_inputs([tf.constant(1.0).op])
        assert 8.0 == double(4.0)
        assert 7 == engine.prepared
    with pytest.raises(RuntimeError, match="closed"):
        double(1.0)


def test_a_run_for_an_older_graph_is_not_kept():
    """A thread that prepared a run while another one changed the graph does not bring the older plan back."""
    runs = PreparedRuns()
    runs.keep("new", run_of(version=2))
    runs.keep("old", run_of(version=1))
    assert runs.get("old", 1) is None
    assert runs.get("new", 2) is not None
    runs.keep("newer", run_of(version=3))
    assert 1 == len(runs)


def test_threads_share_the_runs(engine, monkeypatch):
    """Threads that put out each other's runs all get their own values."""
    monkeypatch.setattr(prepared_runs, "RUNS", 3)
    x = tf.placeholder(tf.float32, [], name="x")
    made = [x + float(number) for number in range(8)]
    wrong = []

    def work(sess, start):
        for turn in range(100):
            number = (start + turn * (start + 1)) % 8
            found = sess.run(made[number], {x: np.float32(turn)})
            if found != turn + number:
                wrong.append((start, turn, found))

    with tf.Session(engine=engine) as sess:
        threads = [threading.Thread(target=work, args=(sess, start)) for start in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [] == wrong
        assert 3 == len(engine.alive)
