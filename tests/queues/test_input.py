"""Queue runners, producers, batches and readers, as programs put them together. TensorFlow 2.21 gave the values."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    """An empty graph."""
    with tf.Graph().as_default() as found:
        yield found


def everything(tensors: Any) -> list[Any]:
    """The values of a pipeline until its input ends; its threads end too."""
    found = []
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        try:
            while True:
                found.append(sess.run(tensors))
        except tf.errors.OutOfRangeError:
            coord.request_stop()
        coord.join(threads)
    return found


def test_lines_of_files_in_batches(tmp_path: Path) -> None:
    """Two files, twice, without their first lines; the last batch is smaller."""
    for name in "ab":
        (tmp_path / name).write_bytes(f"head\r\n{name}1\r\n{name}2\n".encode())
    names = tf.train.string_input_producer([str(tmp_path / name) for name in "ab"], num_epochs=2, shuffle=False)
    key, value = tf.TextLineReader(skip_header_lines=1).read(names)
    batches = everything(tf.train.batch([key, value], 3, allow_smaller_final_batch=True))
    assert [3, 3, 2] == [len(values) for _, values in batches]
    assert [b"a1", b"a2", b"b1", b"b2"] * 2 == [value for _, values in batches for value in values]
    assert [f"{tmp_path}/a:2".encode(), f"{tmp_path}/a:3".encode()] == batches[0][0][:2].tolist()


def test_slices_and_dicts() -> None:
    """The same row of several tensors, in batches that are dicts."""
    number, word = tf.train.slice_input_producer([[1, 2, 3, 4], list("abcd")], num_epochs=1, shuffle=False)
    batches = everything(tf.train.batch({"n": number, "w": word}, 2))
    assert [([1, 2], [b"a", b"b"]), ([3, 4], [b"c", b"d"])] == [(b["n"].tolist(), b["w"].tolist()) for b in batches]


def test_shuffled_batches() -> None:
    """Where the queue holds a whole epoch, its batches are those that TensorFlow has given for the seeds."""
    tf.set_random_seed(777)
    numbers = tf.train.range_input_producer(20, num_epochs=1, shuffle=False, capacity=32).dequeue()
    batch = tf.train.shuffle_batch([numbers], 5, 40, 30, seed=4, allow_smaller_final_batch=True)
    expected = [18, 15, 13, 7, 17, 11, 3, 1, 0, 12, 5, 10, 9, 14, 16, 6, 19, 2, 8, 4]
    assert expected == np.concatenate(everything(batch)).tolist()


def test_shuffled_files() -> None:
    """Each epoch of names has the order that TensorFlow has given for the seeds."""
    tf.set_random_seed(1)
    names = tf.train.string_input_producer(list("abcdefgh"), num_epochs=2, seed=9).dequeue()
    assert b"bcfdegahbfdhaecg" == b"".join(everything(names))


def test_several_sources() -> None:
    """A thread for each of them."""
    sources = [[tf.train.range_input_producer(3, num_epochs=1).dequeue() + start] for start in (0, 10)]
    found = everything(tf.train.batch_join(sources, 2))
    assert [0, 1, 2, 10, 11, 12] == sorted(np.concatenate(found).tolist())


def test_chosen_examples() -> None:
    """A condition of the run decides for each example, or for each of a batch."""
    number = tf.train.range_input_producer(6, num_epochs=1, shuffle=False).dequeue()
    odd = tf.equal(number % 2, 1)
    assert [[1, 3]] == [each.tolist() for each in everything(tf.train.maybe_batch([number], odd, 2))]
    with tf.Graph().as_default():
        number = tf.train.range_input_producer(2, num_epochs=1, shuffle=False).dequeue()
        many = tf.train.maybe_batch([tf.add(number, [0, 10])], [False, True], 2, enqueue_many=True)
        assert [[10, 11]] == [each.tolist() for each in everything(many)]
    with pytest.raises(ValueError, match="cannot be a vector"):
        tf.train.maybe_batch([number], [True], 2)


def test_examples_of_different_sizes() -> None:
    """They are filled up with zeros."""
    number = tf.train.range_input_producer(4, num_epochs=1, shuffle=False).dequeue()
    batches = everything(tf.train.batch([tf.fill([number], 7)], 4, dynamic_pad=True))
    assert [[[0, 0, 0], [7, 0, 0], [7, 7, 0], [7, 7, 7]]] == [each.tolist() for each in batches]
    with pytest.raises(ValueError, match="All shapes must be fully defined"):
        tf.train.batch([tf.fill([number], 7)], 4)


def test_the_graph_is_that_of_tensorflow(graph: tf.Graph) -> None:
    """The names and types of a pipeline, and its collections."""
    queue = tf.train.string_input_producer(["a"], num_epochs=2, seed=3)
    tf.train.shuffle_batch([queue.dequeue()], 4, 100, 10)
    names = [each.name for each in graph.get_operations()]
    assert [
        *("input_producer/RandomShuffle", "input_producer/limit_epochs/Const", "input_producer/limit_epochs/epochs"),
        *("input_producer/limit_epochs/epochs/Assign", "input_producer/limit_epochs/epochs/read"),
        *("input_producer/limit_epochs/CountUpTo", "input_producer/limit_epochs", "input_producer"),
        *("input_producer/input_producer_EnqueueMany", "input_producer/input_producer_Close"),
        *("input_producer/input_producer_Close_1", "input_producer/input_producer_Size", "input_producer/Cast"),
        *("input_producer/mul/y", "input_producer/mul", "input_producer/fraction_of_32_full/tags"),
        *("input_producer/fraction_of_32_full", "input_producer_Dequeue"),
    ] == names[8:26]
    assert "shuffle_batch/fraction_over_10_of_90_full" in names
    assert names[-1] == "shuffle_batch"
    assert "/device:CPU:*" == queue.queue_ref.op.device
    assert ["input_producer", "shuffle_batch/random_shuffle_queue"] == [
        runner.name for runner in tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
    ]


def test_imported_runners_start_again(graph: tf.Graph, tmp_path: Path) -> None:
    """A file keeps them, with their names, as TensorFlow's messages; a scope is put before the names."""
    rows = tf.train.slice_input_producer([[1, 2, 3, 4]], num_epochs=1, shuffle=False)
    tf.train.batch(rows, 2, name="rows")
    (listed,) = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)[1:]
    message = listed.to_proto()
    assert ["rows/fifo_queue", "rows/fifo_queue_enqueue", "rows/fifo_queue_Close", "rows/fifo_queue_Close_1"] == [
        *(message.queue_name, message.enqueue_op_name[0], message.close_op_name, message.cancel_op_name)
    ]
    assert [tf.errors.OUT_OF_RANGE] == list(message.queue_closed_exception_types)
    path = str(tmp_path / "graph")
    tf.train.export_meta_graph(path)
    for scope, prefix in ((None, ""), ("s", "s/")):
        with tf.Graph().as_default() as other:
            tf.train.import_meta_graph(path, import_scope=scope)
            assert [[1, 2], [3, 4]] == [
                each.tolist() for each in everything(other.get_tensor_by_name(f"{prefix}rows:0"))
            ]


def test_monitored_sessions_and_supervisors_start_them(tmp_path: Path) -> None:
    """Without a word of the program."""
    batch = tf.train.batch(tf.train.slice_input_producer([[1, 2]], num_epochs=1, shuffle=False), 2)
    with tf.train.MonitoredTrainingSession() as sess:
        assert [1, 2] == sess.run(batch).tolist()
    supervisor = tf.train.Supervisor(local_init_op=tf.local_variables_initializer())
    with supervisor.managed_session() as sess:
        assert [1, 2] == sess.run(batch).tolist()


def test_errors_of_runners() -> None:
    """A Coordinator is told them; without one they are kept, and raised in the thread."""
    queue = tf.FIFOQueue(3, tf.float32)
    fed = tf.placeholder(tf.float32)
    runner = tf.train.QueueRunner(queue, [queue.enqueue(fed)])
    with tf.Session() as sess:
        coord = tf.train.Coordinator()
        threads = runner.create_threads(sess, coord, start=True)
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value"):
            coord.join(threads)
        assert [] == runner.exceptions_raised
        assert 2 == len(runner.create_threads(sess, tf.train.Coordinator()))
        assert [] == runner.create_threads(sess)
    with pytest.raises(ValueError, match="Must provide queue and enqueue_ops"):
        tf.train.QueueRunner(queue, [])
    with pytest.raises(ValueError, match="No default session is registered"):
        tf.train.start_queue_runners()
    assert not [thread for thread in threading.enumerate() if thread in threads]


def test_epochs() -> None:
    """They are counted in a local variable."""
    with tf.Session() as sess:
        limited = tf.train.limit_epochs(tf.constant("x"), 2, name="l")
        assert ["l/epochs"] == [each.op.name for each in tf.local_variables()]
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(limited)
        sess.run(tf.local_variables_initializer())
        assert [b"x", b"x"] == [sess.run(limited) for _ in range(2)]
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(limited)
    with pytest.raises(ValueError, match="num_epochs must be > 0 not 0"):
        tf.train.limit_epochs(tf.constant("x"), 0)
    with pytest.raises(ValueError, match="non-null input tensor"):
        tf.train.string_input_producer([])


def test_readers(tmp_path: Path) -> None:
    """The records of each kind, and its counts."""
    path = str(tmp_path / "r")
    with tf.python_io.TFRecordWriter(path) as writer:
        for item in (b"one", b"two", b"three"):
            writer.write(item)
    (tmp_path / "f").write_bytes(b"H12345678F")
    names = tf.FIFOQueue(9, tf.string, shapes=())
    work, add = tf.placeholder(tf.string), None
    add = names.enqueue(work)
    records, fixed = tf.TFRecordReader(), tf.FixedLengthRecordReader(4, header_bytes=1, footer_bytes=1)
    whole, same = tf.WholeFileReader(), tf.IdentityReader()
    with tf.Session() as sess:

        def read(reader: tf.ReaderBase, name: str) -> Any:
            sess.run(add, {work: name})
            return [part.tolist() for part in sess.run(reader.read_up_to(names, 9))]

        assert [[f"{path}:{at}".encode() for at in (0, 19, 38)], [b"one", b"two", b"three"]] == read(records, path)
        assert [[b"x"], [b"x"]] == read(same, "x")
        name = str(tmp_path / "f")
        assert [[name.encode()], [b"H12345678F"]] == read(whole, name)
        assert [[f"{name}:0".encode()], [b"1234"]] == read(fixed, name)
        assert (f"{name}:1".encode(), b"5678") == tuple(sess.run(fixed.read(names)))
        assert (2, 3, 1) == tuple(
            sess.run([fixed.num_records_produced(), records.num_records_produced(), same.num_work_units_completed()])
        )
        state = sess.run(same.serialize_state())
        sess.run(same.reset())
        assert 0 == sess.run(same.num_records_produced())
        sess.run(same.restore_state(state))
        assert 1 == sess.run(same.num_records_produced())
        with pytest.raises(tf.errors.InvalidArgumentError, match="Could not parse state for IdentityReader"):
            sess.run(same.restore_state(b"BOGUS"))
        with pytest.raises(tf.errors.UnimplementedError, match="SerializeState"):
            sess.run(fixed.serialize_state())
        sess.run(names.close())
        with pytest.raises(tf.errors.OutOfRangeError, match="is closed and has insufficient elements"):
            sess.run(fixed.read(names))


def test_whole_files(tmp_path: Path) -> None:
    """They are written, with their folders, found by patterns and read."""
    path = str(tmp_path / "new" / "a.txt")
    with tf.Session() as sess:
        sess.run(tf.write_file(path, b"\x00\xff"))
        assert b"\x00\xff" == sess.run(tf.read_file(path))
        assert [path.encode()] == sess.run(tf.matching_files(str(tmp_path / "*" / "*.txt"))).tolist()
        names = tf.train.match_filenames_once(str(tmp_path / "*" / "*"))
        sess.run(tf.local_variables_initializer())
        assert [path.encode()] == sess.run(names).tolist()
        with pytest.raises(tf.errors.NotFoundError):
            sess.run(tf.read_file(str(tmp_path / "none")))
