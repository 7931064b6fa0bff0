"""Datasets give the elements that TensorFlow gives, in its order and structure."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

Data = tf.data.Dataset
Point = namedtuple("Point", "x y")


def plain(value: Any) -> Any:
    """A value without arrays."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "dense_shape"):
        return plain([value.indices, value.values, value.dense_shape])
    if isinstance(value, tuple):
        items = [plain(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return [plain(item) for item in value] if isinstance(value, list) else np.asarray(value).tolist()


def elements(dataset: Any, count: int = 50) -> list[Any]:
    """The elements of a dataset."""
    following = dataset.make_one_shot_iterator().get_next()
    found: list[Any] = []
    with tf.Session() as sess:
        try:
            while len(found) < count:
                found.append(plain(sess.run(following)))
        except tf.errors.OutOfRangeError:
            pass
    return found


def test_structures() -> None:
    """Tuples, named tuples and dicts keep their structure, through functions too; lists become tuples."""
    assert elements(Data.from_tensor_slices({"a": [1, 2], "b": [["x"], ["y"]]})) == [
        {"a": 1, "b": [b"x"]},
        {"a": 2, "b": [b"y"]},
    ]
    points = Data.from_tensor_slices(Point([1, 2], [3.0, 4.0]))
    assert elements(points.map(lambda point: Point(point.y, point.x))) == [Point(3.0, 1), Point(4.0, 2)]
    assert points.output_types == Point(tf.int32, tf.float32)
    assert points.batch(2).output_shapes == Point(tf.TensorShape([None]), tf.TensorShape([None]))
    assert elements(Data.from_tensor_slices(([1, 2], [3, 4])).map(lambda a, b: [a + b, a])) == [(4, 1), (6, 2)]


CASES: dict[str, tuple[Callable[[], Any], list[Any]]] = {
    "range": (lambda: Data.range(3, -3, -2), [3, 1, -1]),
    "parallel map": (lambda: Data.range(3).map(lambda x: x * x, num_parallel_calls=2), [0, 1, 4]),
    "filter": (lambda: Data.range(9).filter(lambda x: tf.equal(x % 3, 1)), [1, 4, 7]),
    "flat_map": (lambda: Data.range(4).flat_map(lambda x: Data.from_tensors(x).repeat(x)), [1, 2, 2, 3, 3, 3]),
    "interleave": (
        lambda: Data.range(1, 4).interleave(lambda x: Data.from_tensors(x).repeat(3), 2, 2),
        [1, 1, 2, 2, 1, 2, 3, 3, 3],
    ),
    "batch": (lambda: Data.range(5).batch(2), [[0, 1], [2, 3], [4]]),
    "batch without rest": (lambda: Data.range(5).batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
    "padded_batch": (
        lambda: Data.range(4).map(tf.range).padded_batch(2, [None], np.int64(-1)),
        [[[-1], [0]], [[0, 1, -1], [0, 1, 2]]],
    ),
    "repeat and take": (lambda: Data.range(2).repeat().take(5), [0, 1, 0, 1, 0]),
    "repeat of nothing": (lambda: Data.range(0).repeat(), []),
    "skip": (lambda: Data.range(5).skip(3), [3, 4]),
    "shard": (lambda: Data.range(7).shard(3, 1), [1, 4]),
    "concatenate": (lambda: Data.range(2).concatenate(Data.range(5, 7)), [0, 1, 5, 6]),
    "zip": (lambda: Data.zip({"a": Data.range(3), "b": Data.range(5, 7)}), [{"a": 0, "b": 5}, {"a": 1, "b": 6}]),
    "cache": (lambda: Data.range(2).cache().repeat(2), [0, 1, 0, 1]),
    "enumerate": (lambda: Data.from_tensor_slices(["a"]).enumerate(5), [(5, b"a")]),
    "unbatch": (lambda: Data.from_tensor_slices([[1, 2], [3, 4]]).apply(tf.data.experimental.unbatch()), [1, 2, 3, 4]),
    "map_and_batch": (
        lambda: Data.range(3).apply(tf.data.experimental.map_and_batch(lambda x: x * 2, 2)),
        [[0, 2], [4]],
    ),
    "group_by_window": (
        lambda: Data.range(7).apply(
            tf.data.experimental.group_by_window(lambda x: x % 2, lambda key, group: group.batch(3), 3)
        ),
        [[0, 2, 4], [1, 3, 5], [6]],
    ),
    "window": (
        lambda: Data.range(7).window(3, shift=1, stride=2, drop_remainder=True).flat_map(lambda part: part.batch(3)),
        [[0, 2, 4], [1, 3, 5], [2, 4, 6]],
    ),
    "scan": (
        lambda: Data.range(4).apply(tf.data.experimental.scan(np.int64(0), lambda s, x: (s + x, s + x))),
        [0, 1, 3, 6],
    ),
    "sparse": (
        lambda: Data.from_tensor_slices(tf.SparseTensor([[0, 1], [1, 2]], [5, 6], [2, 3])).batch(2),
        [[[[0, 1], [1, 2]], [5, 6], [2, 3]]],
    ),
    "cond and loop": (
        lambda: Data.range(3).map(
            lambda x: tf.cond(x > 1, lambda: x * 10, lambda: tf.while_loop(lambda i: i < 5, lambda i: i * 2 + 1, [x]))
        ),
        [7, 7, 20],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_transformations(name: str) -> None:
    """Each transformation gives TensorFlow's elements."""
    make, expected = CASES[name]
    assert elements(make()) == expected


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Data.range(10).shuffle(3, seed=7), [1, 2, 0, 3, 6, 4, 8, 5, 7, 9]),
        (lambda: Data.range(6).shuffle(3, seed=7).repeat(2), [1, 2, 0, 3, 5, 4, 1, 0, 3, 2, 4, 5]),
        (lambda: Data.range(6).shuffle(3, 7, False).repeat(2), [0, 2, 3, 4, 1, 5, 0, 2, 3, 4, 1, 5]),
        (
            lambda: Data.range(6).apply(tf.data.experimental.shuffle_and_repeat(3, 2, seed=3)),
            [0, 1, 2, 3, 4, 5, 0, 3, 4, 5, 1, 2],
        ),
    ],
)
def test_random_orders(make: Callable[[], Any], expected: list[int]) -> None:
    """The same seeds give TensorFlow's order, in each epoch."""
    assert elements(make()) == expected


def test_generators() -> None:
    """A generator of the program is begun in each epoch; an element of another shape is an error that says so."""

    def pairs() -> Any:
        for number in range(2):
            yield number, [number] * number

    dataset = Data.from_generator(pairs, (tf.int64, tf.float32), ([], [None]))
    assert elements(dataset.repeat(2)) == [(0, []), (1, [1.0])] * 2
    with pytest.raises(tf.errors.InvalidArgumentError, match="yielded an element of shape"):
        elements(Data.from_generator(lambda: iter([[1, 2]]), tf.int32, []))


def test_files(tmp_path: Any) -> None:
    """Lines, records and records of one length are read from files, compressed ones too."""
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\r\n\nend")
    (tmp_path / "r.bin").write_bytes(b"HHaaabbbF")
    path = str(tmp_path / "t.gz")
    with tf.python_io.TFRecordWriter(path, "GZIP") as writer:
        writer.write(b"r1")
        writer.write(b"r2")
    assert elements(tf.data.TextLineDataset([str(tmp_path / "a.txt")])) == [b"one", b"two", b"", b"end"]
    assert elements(tf.data.FixedLengthRecordDataset(str(tmp_path / "r.bin"), 3, 2, 1)) == [b"aaa", b"bbb"]
    assert elements(tf.data.TFRecordDataset([path, path], "GZIP")) == [b"r1", b"r2"] * 2
    assert elements(Data.list_files(str(tmp_path / "*.txt"))) == [str(tmp_path / "a.txt").encode()]
    with pytest.raises(tf.errors.NotFoundError):
        elements(tf.data.TextLineDataset(str(tmp_path / "missing")))


def test_an_error_names_the_operation_of_the_dataset() -> None:
    """An error in a function names the dataset's operation and its line; ignore_errors leaves that element out."""
    dataset = Data.from_tensor_slices([1.0, 0.0]).map(lambda x: tf.check_numerics(1.0 / x, "e"))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"dataset operation 'MapDataset' .*test_datasets\.py"):
        elements(dataset)
    assert elements(dataset.apply(tf.data.experimental.ignore_errors())) == [1.0]


def test_reduce_and_the_nodes_of_the_graph() -> None:
    """The graph has TensorFlow's operations and a function for each function of the program."""
    total = Data.range(5).map(lambda x: x + 1).reduce(np.int64(0), lambda state, x: state + x)
    with tf.Session() as sess:
        assert sess.run(total) == 15
    graph = tf.get_default_graph()
    assert [operation.type for operation in graph.get_operations() if operation.type != "Const"] == [
        *("RangeDataset", "MapDataset", "ReduceDataset")
    ]
    assert len(graph.as_graph_def().library.function) == 2


def test_many_datasets_one_behind_the_other() -> None:
    """Parts may be put one behind the other in a loop, however many; other datasets only as deep as Python's stack."""
    dataset = Data.range(1)
    for _ in range(300):
        dataset = dataset.concatenate(Data.range(1))
    iterator = dataset.batch(5000).make_initializable_iterator()
    deep = Data.range(1)
    for _ in range(200):
        deep = deep.repeat(1)
    other = deep.make_initializable_iterator()
    with tf.Session() as sess:
        sess.run(iterator.initializer)
        assert sess.run(iterator.get_next()).shape == (301,)
        with pytest.raises(tf.errors.InvalidArgumentError, match="made of more than"):
            sess.run(other.initializer)
