"""What the kernels of one run share: made once, closed when the run ends."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply_list
from hdfsaver.queues.reader_ops import Reader
from hdfsaver.session.session_state import SessionState


class Opened:
    """Something to close."""

    def __init__(self, log):
        self.log = log
        log.append("opened")

    def close(self):
        self.log.append("closed")


def test_made_once_and_closed():
    """The first call makes it, others get the same; releasing closes it, and a second time does nothing."""
    state, log = SessionState(), []
    first = state.hold("key", lambda: Opened(log))
    assert first is state.hold("key", lambda: Opened(log))
    assert first is not state.hold("other", lambda: Opened(log))
    assert ["opened", "opened"] == log
    state.release()
    state.release()
    assert ["opened", "opened", "closed", "closed"] == log
    assert first is not state.hold("key", lambda: Opened(log))


def test_what_cannot_be_made_is_not_held():
    """An error while making it passes, and the next call tries again."""
    state, log = SessionState(), []
    with pytest.raises(ZeroDivisionError):
        state.hold("key", lambda: Opened([1 // 0]))
    assert isinstance(state.hold("key", lambda: Opened(log)), Opened)


def test_runs_of_other_threads_have_their_own():
    """What one thread's run holds is neither seen nor closed by that of another."""
    state, logs = SessionState(), ([], [])
    mine = state.hold("key", lambda: Opened(logs[0]))

    def other_run():
        assert mine is not state.hold("key", lambda: Opened(logs[1]))
        state.release()

    thread = threading.Thread(target=other_run)
    thread.start()
    thread.join()
    assert (["opened"], ["opened", "closed"]) == logs
    assert mine is state.hold("key", lambda: Opened(logs[0]))


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_a_run_releases_what_it_held(tmp_path, dtype):
    """After a run that reads a checkpoint nothing is held, whether it ended well or not."""
    v = tf.Variable(np.float32(1.0), name="v")
    with tf.Session() as sess:
        sess.run(v.initializer)
        prefix = tf.train.Saver().save(sess, tmp_path / "m")
        (read,) = apply_list("RestoreV2", prefix, ["v"], [""], dtypes=[dtype])
        if dtype == "float32":
            assert 1.0 == sess.run(read)
        else:
            with pytest.raises(tf.errors.InvalidArgumentError, match="expected dtype int32"):
                sess.run(read)
        assert {} == sess.state.held


def test_a_snapshot_is_of_one_moment():
    """What is assigned while a snapshot is taken is not in it, not even in part."""
    state = SessionState()
    state.assign({"a": np.array(1), "b": np.array(1)})

    def keys():
        yield "a"
        state.assign({"a": np.array(2), "b": np.array(2)})
        yield "b"
        yield "none"

    assert {"a": 1, "b": 1, "none": None} == state.snapshot(keys())
    assert {"a": 2, "b": 2} == state.snapshot(["a", "b"])


def test_an_assignment_is_of_one_moment():
    """Of what is assigned at once a thread sees all or nothing, however often threads take turns."""
    state, names, done = SessionState(), [f"v{number}" for number in range(300)], threading.Event()
    state.assign(dict.fromkeys(names, np.array(0)))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def change():
        number = 0
        while not done.is_set():
            number += 1
            state.assign(dict.fromkeys(names, np.array(number)))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        seen = [set(map(int, state.snapshot(names).values())) for _ in range(2000)]
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(before)
    assert {1} == set(map(len, seen))
    assert seen[0] != seen[-1]


def test_a_closed_session_lets_go_of_all_resources(tmp_path):
    """A reader closes its file, and every other object that operations keep is told, too."""
    path = tmp_path / "lines"
    path.write_text("a\nb\n")
    names = tf.FIFOQueue(1, [tf.string], [[]])
    line = tf.TextLineReader().read(names).value
    table = tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, -1)
    with tf.Session() as session:
        session.run(names.enqueue([str(path)]))
        session.run(table.insert([line], [1]))
        kept = list(session.state._resources.values())
        (reader,) = [each for each in kept if isinstance(each, Reader)]
        assert reader._current is not None
    assert {"Queue", "Reader", "Table"} == {type(each).__name__ for each in kept}
    assert reader._current is None
