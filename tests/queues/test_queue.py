"""Queues of a graph: their elements, their errors, and how operations wait in them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture
def sess() -> Iterator[tf.Session]:
    """A session of an empty graph."""
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


class Waiting:
    """A run in a thread."""

    def __init__(self, run: Callable[[], Any]) -> None:
        self.result: Any = None
        self._thread = threading.Thread(target=self._keep, args=(run,), daemon=True)
        self._thread.start()

    def _keep(self, run: Callable[[], Any]) -> None:
        try:
            self.result = run()
        except tf.OpError as error:
            self.result = type(error)

    def end(self) -> Any:
        """The result, or the class of the error."""
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.result


def until_waiting(sess: tf.Session, count: int = 1) -> None:
    """Wait until so many operations wait in a queue of a session."""
    for _ in range(5000):
        for kept in list(sess.state._resources.values()):
            if len(kept._adding) + len(kept._taking) == count:
                return
        time.sleep(0.001)
    pytest.fail("nothing waits")


def test_elements_come_in_their_order(sess: tf.Session) -> None:
    """One by one, in batches, and what is left once the queue is closed."""
    queue = tf.FIFOQueue(10, [tf.int32, tf.string], shapes=[(), (2,)])
    sess.run(queue.enqueue([1, ["a", "b"]]))
    sess.run(queue.enqueue_many([[2, 3, 4], [["c", "d"]] * 3]))
    assert 4 == sess.run(queue.size())
    number, words = sess.run(queue.dequeue())
    assert (1, [b"a", b"b"]) == (number, words.tolist())
    numbers, words = sess.run(queue.dequeue_many(2))
    assert ([2, 3], [[b"c", b"d"]] * 2) == (numbers.tolist(), words.tolist())
    assert not sess.run(queue.is_closed())
    sess.run(queue.close())
    assert sess.run(queue.is_closed())
    assert [4] == sess.run(queue.dequeue_up_to(3))[0].tolist()
    with pytest.raises(tf.errors.OutOfRangeError, match=r"is closed and has insufficient elements \(requested 1, curr"):
        sess.run(queue.dequeue())
    with pytest.raises(tf.errors.CancelledError, match="is closed"):
        sess.run(queue.enqueue([1, ["a", "b"]]))
    with pytest.raises(tf.errors.CancelledError, match="already closed"):
        sess.run(queue.close())


def test_a_closed_queue_keeps_what_a_batch_could_not_take(sess: tf.Session) -> None:
    """Elements that a batch had taken in vain are there again, in their order."""
    queue = tf.FIFOQueue(10, tf.int32, shapes=())
    sess.run([queue.enqueue_many([[1, 2, 3]])])
    batch = queue.dequeue_many(4)
    waiting = Waiting(lambda: sess.run(batch))
    until_waiting(sess)
    sess.run(queue.close())
    assert tf.errors.OutOfRangeError is waiting.end()
    assert [1, 2, 3] == sess.run(queue.dequeue_many(3)).tolist()


def test_names_make_dicts(sess: tf.Session) -> None:
    """Components with names are given and taken as dicts."""
    queue = tf.FIFOQueue(3, [tf.float32, tf.int32], [(), ()], names=["f", "i"])
    sess.run(queue.enqueue({"i": 1, "f": 2.5}))
    assert {"f": 2.5, "i": 1} == sess.run(queue.dequeue())
    with pytest.raises(ValueError, match="You must enqueue a dictionary"):
        queue.enqueue([1.0, 2])
    with pytest.raises(ValueError, match="do not match names of Queue"):
        queue.enqueue({"i": 1})
    with pytest.raises(ValueError, match="Queue must have names"):
        tf.FIFOQueue(3, [tf.float32]).enqueue({"i": 1})


def test_padding(sess: tf.Session) -> None:
    """Elements of a batch are filled up with zeros to the size of the largest."""
    queue = tf.PaddingFIFOQueue(5, tf.int32, [(None,)])
    for size in (1, 3, 0):
        sess.run(queue.enqueue([np.arange(1, 1 + size, dtype=np.int32)]))
    assert [[1, 0, 0], [1, 2, 3], [0, 0, 0]] == sess.run(queue.dequeue_many(3)).tolist()
    with pytest.raises(ValueError, match="All shapes must be fully defined"):
        tf.FIFOQueue(5, tf.int32, [(None,)])


def test_priorities(sess: tf.Session) -> None:
    """The element with the least number comes first, and equal ones in their order."""
    queue = tf.PriorityQueue(10, tf.string, shapes=[()])
    sess.run(queue.enqueue_many([np.int64([3, 1, 2, 1]), ["c", "a", "b", "z"]]))
    numbers, words = sess.run(queue.dequeue_many(4))
    assert ([1, 1, 2, 3], [b"a", b"z", b"b", b"c"]) == (numbers.tolist(), words.tolist())


def test_shuffled_elements(sess: tf.Session) -> None:
    """Each element comes once, in an order by chance; some stay for a choice until the queue is closed."""
    queue = tf.RandomShuffleQueue(100, 5, tf.int32, shapes=(), seed=3)
    sess.run(queue.enqueue_many([np.arange(50, dtype=np.int32)]))
    found = sess.run(queue.dequeue_many(45)).tolist()
    assert found != sorted(found)
    batch = queue.dequeue_many(5)
    waiting = Waiting(lambda: sess.run(batch))
    until_waiting(sess)
    sess.run(queue.close())
    assert list(range(50)) == sorted([*found, *waiting.end().tolist()])
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be > min_after_dequeue"):
        sess.run(tf.RandomShuffleQueue(5, 5, tf.int32).size())


@pytest.mark.parametrize(
    ("graph_seed", "seed", "expected"),
    [
        (87654321, 7, [3, 10, 5, 4, 0, 8, 7, 6, 9, 1, 11]),
        (None, 3, [11, 3, 0, 8, 7, 10, 2, 5, 1, 4, 9]),
        (5, None, [1, 0, 3, 5, 10, 2, 7, 4, 6, 8, 11]),
        (-1, -2, [6, 1, 8, 10, 2, 5, 4, 11, 9, 7, 0]),
    ],
)
def test_the_order_of_seeds(sess: tf.Session, graph_seed: int | None, seed: int | None, expected: list[int]) -> None:
    """It is the one that TensorFlow has given, one by one and in a batch."""
    if graph_seed is not None:
        tf.set_random_seed(graph_seed)
    queue = tf.RandomShuffleQueue(50, 0, tf.int32, [()], seed=seed)
    sess.run(queue.enqueue_many([np.arange(12, dtype=np.int32)]))
    one, several = queue.dequeue(), queue.dequeue_many(5)
    assert expected == [*(sess.run(one) for _ in range(6)), *sess.run(several)]


def test_a_batch_larger_than_the_queue(sess: tf.Session) -> None:
    """Its elements go through the queue one by one, and who takes one sees the next already there."""
    queue = tf.FIFOQueue(2, tf.int32, shapes=())
    add, take, size = queue.enqueue_many([np.arange(6, dtype=np.int32)]), queue.dequeue(), queue.size()
    waiting = Waiting(lambda: sess.run(add))
    until_waiting(sess)
    assert [(0, 2), (1, 2), (2, 2), (3, 2)] == [(sess.run(take), sess.run(size)) for _ in range(4)]
    assert waiting.end() is None


def test_what_waits_is_ended(sess: tf.Session) -> None:
    """By closing the queue, by the time of a run or a session, and by closing the session."""
    queue = tf.FIFOQueue(1, tf.int32, shapes=())
    add, take, cancel = queue.enqueue(1), queue.dequeue(), queue.close(cancel_pending_enqueues=True)
    with pytest.raises(tf.errors.DeadlineExceededError, match="Timed out waiting for notification"):
        sess.run(take, options=tf.RunOptions(timeout_in_ms=1))
    with (
        tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=1)) as hasty,
        pytest.raises(tf.errors.DeadlineExceededError),
    ):
        hasty.run(take)
    sess.run(add)
    waiting = Waiting(lambda: sess.run(add))
    until_waiting(sess)
    sess.run(cancel)
    assert tf.errors.CancelledError is waiting.end()
    other = tf.Session()
    waiting = Waiting(lambda: other.run(take))
    until_waiting(other)
    other.close()
    assert tf.errors.CancelledError is waiting.end()


def test_a_close_waits_for_what_waits_for_room(sess: tf.Session) -> None:
    """Operations that wait for space come before it; later ones are refused."""
    queue = tf.FIFOQueue(1, tf.int32, shapes=())
    batch, take, close = queue.enqueue_many([[1, 2]]), queue.dequeue(), queue.close()
    adding = Waiting(lambda: sess.run(batch))
    until_waiting(sess)
    closing = Waiting(lambda: sess.run(close))
    assert [1, 2] == [sess.run(take), sess.run(take)]
    assert (None, None) == (adding.end(), closing.end())


def test_one_run_may_fill_what_it_takes(sess: tf.Session) -> None:
    """An operation that waits for elements runs last, also where it was made first; an error of the run ends it."""
    queue = tf.FIFOQueue(3, tf.int32, shapes=())
    taken = queue.dequeue() + 1
    assert 8 == sess.run([taken, queue.enqueue(7)])[0]
    with tf.control_dependencies([tf.Assert(False, ["before"])]):
        late = queue.enqueue(1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="before"):
        sess.run([taken, late])


def test_sessions_and_shared_names(sess: tf.Session) -> None:
    """Each session has its own elements; operations of one shared name have the same queue, or refuse."""
    one, two = (tf.FIFOQueue(3, tf.int32, [()], shared_name="q") for _ in range(2))
    sess.run(one.enqueue(5))
    assert (1, 0) == (sess.run(two.size()), tf.Session().run(two.size()))
    for other, said in (
        (tf.FIFOQueue(4, tf.int32, [()], shared_name="q"), "capacity"),
        (tf.FIFOQueue(3, tf.int64, [()], shared_name="q"), "component types"),
        (tf.FIFOQueue(3, tf.int32, shared_name="q"), "component shapes"),
        (tf.PriorityQueue(3, tf.int32, shared_name="q"), "has type"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=said):
            sess.run(other.size())
    chosen = tf.QueueBase.from_list(tf.constant(1), [one, tf.FIFOQueue(3, tf.int32, [()])])
    sess.run(chosen.enqueue(6))
    assert 1 == sess.run(one.size())


def test_shapes(sess: tf.Session) -> None:
    """They are checked where the graph is made, and in a run; batches need them."""
    queue = tf.FIFOQueue(3, tf.float32, shapes=[(2,)])
    assert [[2], [4, 2], [None, 2]] == [
        each.shape.as_list() for each in (queue.dequeue(), queue.dequeue_many(4), queue.dequeue_up_to(4))
    ]
    with pytest.raises(ValueError, match="incompatible"):
        queue.enqueue([[1.0, 2.0, 3.0]])
    fed = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"tuple component 0. Expected \[2\], got \[3\]"):
        sess.run(queue.enqueue(fed), {fed: [1, 2, 3]})
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected \[1,2\], got \[1,3\]"):
        sess.run(queue.enqueue_many([fed]), {fed: [[1, 2, 3]]})
    free = tf.FIFOQueue(3, tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="require the components to have specified shapes"):
        sess.run(free.dequeue_many(1))


def test_handles_of_older_graphs(sess: tf.Session) -> None:
    """Their queues have references of strings as handles."""
    definition = tf.GraphDef()
    tf.FIFOQueue(3, tf.int32, [()], name="q")
    node = definition.node.add()
    node.CopyFrom(tf.get_default_graph().get_operation_by_name("q").node_def)
    node.op = "FIFOQueue"
    add = definition.node.add(name="add", op="QueueEnqueue", input=["q", "x"])
    add.attr["Tcomponents"].list.type.append(tf.int32.as_datatype_enum)
    definition.node.add(name="size", op="QueueSize", input=["q"])
    definition.node.add().CopyFrom(tf.constant(3, name="x").op.node_def)
    with tf.Graph().as_default(), tf.Session() as other:
        tf.import_graph_def(definition, name="")
        other.run("add")
        assert 1 == other.run("size:0")


INTERRUPTED = """
import hdfsaver as tf
queue = tf.FIFOQueue(1, tf.int32, ())
taken = queue.dequeue()
with tf.Session() as sess:
    print("begins", flush=True)
    try:
        sess.run(taken)
    except KeyboardInterrupt:
        sess.run(queue.enqueue(3))
        print(sess.run(taken))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_interrupted_while_it_waits() -> None:
    """Ctrl-C ends a run that waits in a queue; session and queue can be used on."""
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert "begins\n" == program.stdout.readline()
        time.sleep(0.1)  # until the run waits
        program.send_signal(signal.SIGINT)
        assert "3\n" == program.communicate(timeout=20)[0]
    assert 0 == program.returncode


def test_names_of_modules() -> None:
    """`tf.queue` and `tf.io` have the names that TensorFlow has there."""
    assert tf.queue.RandomShuffleQueue is tf.RandomShuffleQueue is tf.io.RandomShuffleQueue
    assert tf.io.read_file is tf.read_file
    assert tf.io.decode_image is tf.image.decode_image
    assert tf.io.match_filenames_once is tf.train.match_filenames_once
    with pytest.raises(AttributeError, match="tf.queue.Nothing|module 'hdfsaver.queue'"):
        tf.queue.Nothing  # type: ignore[attr-defined]  # noqa: B018, on purpose
