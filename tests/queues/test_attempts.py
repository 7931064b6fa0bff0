"""Operations that wait in queues: done in their order, within the call that makes them possible, as TensorFlow does."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.ops import queue_objects
from tests.queues.test_queue import Waiting, sess, until_waiting

__all__ = ["sess"]

KINDS = {
    "fifo": lambda: tf.FIFOQueue(50, tf.int32, [()]),
    "padding": lambda: tf.PaddingFIFOQueue(50, tf.int32, [()]),
    "shuffled": lambda: tf.RandomShuffleQueue(50, 3, tf.int32, [()], seed=7),
}


def waiting(session: tf.Session, fetched: Any, waits: int = 1) -> Waiting:
    """A run that takes elements, once it waits as one of so many."""
    found = Waiting(lambda: session.run(fetched).tolist())
    until_waiting(session, waits)
    return found


@pytest.mark.parametrize(("kind", "expected"), [("fifo", [0, 1, 2, 3]), ("padding", [0, 1, 2, 3]),
                                                ("shuffled", [3, 4, 7, 8])])  # fmt: skip
def test_a_batch_that_waits_takes_each_element_when_it_is_there(
    sess: tf.Session, kind: str, expected: list[int]
) -> None:
    """It has them before the enqueue has ended, so that a shuffled queue draws from as few elements as TensorFlow's."""
    queue = KINDS[kind]()
    batch, size = queue.dequeue_many(4), queue.size()
    values = tf.placeholder(tf.int32, [None])
    add = queue.enqueue_many(values)
    run = waiting(sess, batch)
    sizes = []
    for part in ([0, 1, 2, 3], [4], [5, 6, 7, 8, 9]):
        sess.run(add, {values: part})
        sizes.append(sess.run(size))
    assert expected == run.end()
    assert ([3, 3, 6] if kind == "shuffled" else [0, 1, 6]) == sizes


def test_shuffled_elements_are_drawn_one_by_one(sess: tf.Session) -> None:
    """The numbers are TensorFlow's, for a program that waits before each element comes."""
    queue = tf.RandomShuffleQueue(50, 3, tf.int32, [()], seed=7)
    one, size, value = queue.dequeue(), queue.size(), tf.placeholder(tf.int32, ())
    add = queue.enqueue(value)
    for number in range(3):
        sess.run(add, {value: number})
    found = []
    for number in range(3, 13):
        run = waiting(sess, one)
        sess.run(add, {value: number})
        assert 3 == sess.run(size)
        found.append(run.end())
    assert [3, 4, 1, 2, 0, 8, 6, 10, 7, 12] == found


def test_padded_elements_and_priorities(sess: tf.Session) -> None:
    """A padded batch takes elements one by one; one in order of priority waits until all are there."""
    queue = tf.PaddingFIFOQueue(50, tf.int32, [(None,)])
    run = waiting(sess, queue.dequeue_many(2))
    for element in ([1], [2, 3]):
        sess.run(queue.enqueue([element]))
        assert 0 == sess.run(queue.size())
    assert [[1, 0], [2, 3]] == run.end()
    ranked = tf.PriorityQueue(50, tf.int32, [()])
    run = waiting(sess, ranked.dequeue_many(2)[1])
    sess.run(ranked.enqueue([np.int64(5), 1]))
    assert 1 == sess.run(ranked.size())
    sess.run(ranked.enqueue_many([np.int64([3, 4]), [7, 8]]))
    assert 1 == sess.run(ranked.size())
    assert [7, 8] == run.end()


def test_operations_wait_in_their_order(sess: tf.Session) -> None:
    """The first is done first, also where the second needs less; none waits for nothing."""
    queue = tf.FIFOQueue(50, tf.int32, [()])
    first = waiting(sess, queue.dequeue_many(3))
    second = waiting(sess, queue.dequeue(), 2)
    assert [] == sess.run(queue.dequeue_many(0)).tolist()
    sess.run(queue.enqueue_many([[1, 2]]))
    assert 0 == sess.run(queue.size())
    sess.run(queue.enqueue_many([[3, 4, 5]]))
    assert 1 == sess.run(queue.size())
    assert ([1, 2, 3], 4) == (first.end(), second.end())


def test_operations_that_wait_for_space(sess: tf.Session) -> None:
    """They add their elements within the call that makes space, a batch before what came after it."""
    queue = tf.FIFOQueue(2, tf.int32, [()])
    many, one = queue.enqueue_many([[1, 2, 3, 4]]), queue.enqueue(9)
    runs = [Waiting(lambda: sess.run(many))]
    until_waiting(sess)
    runs.append(Waiting(lambda: sess.run(one)))
    until_waiting(sess, 2)
    assert [1, 2, 3] == sess.run(queue.dequeue_many(3)).tolist()
    assert 2 == sess.run(queue.size())
    assert [4, 9] == sess.run(queue.dequeue_many(2)).tolist()
    assert [None, None] == [run.end() for run in runs]


def test_no_elements(sess: tf.Session) -> None:
    """To add none, or take none, is done at once: in a full queue, and in a closed one."""
    queue = tf.FIFOQueue(2, tf.int32, [()])
    none = queue.enqueue_many([np.zeros(0, np.int32)])
    sess.run(queue.enqueue_many([[1, 2]]))
    sess.run(none)
    sess.run(queue.close())
    sess.run(none)
    assert [[], []] == [sess.run(op).tolist() for op in (queue.dequeue_many(0), queue.dequeue_up_to(0))]


def test_a_shuffled_batch_when_the_queue_is_closed(sess: tf.Session) -> None:
    """What it has is given back: it is drawn again where fewer will do, and the numbers are TensorFlow's."""
    for at_most, expected in ((True, [6, 4, 0, 1, 3, 2, 5]), (False, tf.errors.OutOfRangeError)):
        queue = tf.RandomShuffleQueue(50, 2, tf.int32, [()], seed=7)
        run = waiting(sess, queue.dequeue_up_to(9) if at_most else queue.dequeue_many(9))
        sess.run(queue.enqueue_many([list(range(7))]))
        assert 2 == sess.run(queue.size())
        sess.run(queue.close())
        assert expected == run.end()
        if not at_most:
            assert [6, 4, 0, 1, 3, 2, 5] == sess.run(queue.dequeue_many(7)).tolist()


def test_threads_that_fill_queues_let_others_go_on(sess: tf.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue runner pauses after an element for which nothing waits, so that it does not run far ahead."""
    pauses: list[str] = []
    paused = queue_objects.Queue._step_back

    def pause(waiting: Any) -> None:
        pauses.append(threading.current_thread().name)
        paused(waiting)

    monkeypatch.setattr(queue_objects.Queue, "_step_back", staticmethod(pause))
    queue = tf.FIFOQueue(5, tf.int32, [()])
    runner = tf.train.QueueRunner(queue, [queue.enqueue(1)], queue_closed_exception_types=(tf.errors.CancelledError,))
    sess.run(queue.enqueue(0))
    assert not pauses
    (thread,) = runner.create_threads(sess, start=True)
    for _ in range(2000):
        if len(pauses) == 4:
            break
        threading.Event().wait(0.001)
    assert [thread.name] * 4 == pauses
    sess.run(queue.close(cancel_pending_enqueues=True))
    thread.join(10)


def test_a_batch_that_is_given_up_gives_back_what_it_has(sess: tf.Session) -> None:
    """After its time is over, the elements are there again, in their order and before any other operation."""
    queue = tf.FIFOQueue(9, tf.int32, [()])
    sess.run(queue.enqueue_many([[1, 2]]))
    batch = queue.dequeue_many(3)
    begun = time.process_time()
    with pytest.raises(tf.errors.DeadlineExceededError):
        sess.run(batch, options=tf.RunOptions(timeout_in_ms=60))
    assert time.process_time() - begun < 0.5
    assert [1, 2] == sess.run(queue.dequeue_many(2)).tolist()
