"""Datasets for ``Dataset.apply``, chosen elements, buckets of lengths, and options. TensorFlow 2.21 gave the values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from tests.datasets.test_datasets import elements

Data = tf.data.Dataset
of = tf.data.experimental


def fresh() -> tuple[Any, Any]:
    """Two datasets."""
    return Data.range(50), Data.range(100, 150)


def filled(*lengths: int) -> Any:
    """A dataset of vectors of these lengths."""
    return Data.from_tensor_slices([*lengths]).map(lambda n: tf.fill([n], n))


def length(vector: Any, *rest: Any) -> Any:
    """The length of a vector."""
    return tf.size(vector)


CASES: dict[str, tuple[Callable[[], Any], list[Any]]] = {
    "chosen": (
        lambda: of.choose_from_datasets([Data.from_tensors(c).repeat() for c in "abc"], Data.range(3).repeat(2)),
        [b"a", b"b", b"c"] * 2,
    ),
    "sampled": (
        lambda: of.sample_from_datasets([Data.range(5), Data.range(10, 15)], seed=3),
        [10, 11, 12, 0, 13, 14, 1, 2, 3, 4],
    ),
    "sampled by weights": (
        lambda: of.sample_from_datasets(fresh(), [0.2, 0.8], seed=7).take(9),
        [100, 0, 101, 102, 103, 104, 105, 106, 1],
    ),
    "sampled by a tensor": (
        lambda: of.sample_from_datasets(fresh(), tf.constant([0.2, 0.8]), seed=7).take(5),
        [100, 0, 101, 102, 103],
    ),
    "one weight is 0": (lambda: of.sample_from_datasets(fresh(), [0.0, 1.0], seed=7).take(2), [100, 101]),
    "random": (lambda: of.RandomDataset(seed=4).take(3), [3128586565, 2023892699, 452966358]),
    "unique": (lambda: Data.from_tensor_slices([1, 2, 1, 3, 2]).apply(of.unique()), [1, 2, 3]),
    "unique strings": (lambda: Data.from_tensor_slices(["a", "b", "a"]).apply(of.unique()), [b"a", b"b"]),
    "counter": (lambda: of.Counter(3, 2).take(3), [3, 5, 7]),
    "sparse batches": (
        lambda: filled(1, 3, 2).apply(of.dense_to_sparse_batch(2, [4])),
        [[[[0, 0], [1, 0], [1, 1], [1, 2]], [1, 3, 3, 3], [2, 4]], [[[0, 0], [0, 1]], [2, 2], [1, 4]]],
    ),
    "sparse batches of any size": (
        lambda: filled(1, 2).apply(of.dense_to_sparse_batch(2, [None])),
        [[[[0, 0], [1, 0], [1, 1]], [1, 2, 2], [2, 2]]],
    ),
    "counted": (lambda: Data.range(4).filter(lambda x: x > 1).apply(of.assert_cardinality(2)), [2, 3]),
    "devices": (
        lambda: Data.range(2).apply(of.copy_to_device("/cpu:0")).apply(of.prefetch_to_device("/cpu:0")),
        [0, 1],
    ),
    "older functions": (
        lambda: Data.range(3).map_with_legacy_function(lambda x: x + 1).filter_with_legacy_function(lambda x: x > 1),
        [2, 3],
    ),
    "buckets": (
        lambda: filled(1, 4, 2, 7, 3).apply(of.bucket_by_sequence_length(length, [3, 5], [2, 2, 2])),
        [[[1, 0], [2, 2]], [[4, 4, 4, 4], [3, 3, 3, 0]], [[7] * 7]],
    ),
    "buckets to the boundary": (
        lambda: filled(1, 4, 2).apply(
            of.bucket_by_sequence_length(length, [4, 8], [2, 2, 1], pad_to_bucket_boundary=True)
        ),
        [[[1, 0, 0], [2, 2, 0]], [[4, 4, 4, 4, 0, 0, 0]]],
    ),
    "buckets of pairs": (
        lambda: (
            filled(1, 4, 2)
            .map(lambda x: (x, tf.size(x)))
            .apply(of.bucket_by_sequence_length(length, [3], [2, 2], ([None], []), (-1, 0), drop_remainder=True))
        ),
        [([[1, -1], [2, 2]], [1, 2])],
    ),
    "buckets of equal sizes": (
        lambda: Data.from_tensor_slices([1, 4, 2]).apply(
            of.bucket_by_sequence_length(lambda x: x, [3], [2, 2], no_padding=True)
        ),
        [[1, 2], [4]],
    ),
    "slices of a sparse tensor": (
        lambda: Data.from_tensor_slices(tf.SparseTensor([[0, 1], [2, 0]], [1, 2], [3, 4])).batch(2),
        [[[[0, 1]], [1], [2, 4]], [[[0, 0]], [2], [1, 4]]],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_elements(name: str) -> None:
    """The elements are those of TensorFlow."""
    make, expected = CASES[name]
    with tf.Graph().as_default():
        assert elements(make()) == expected


def test_the_seed_of_the_graph() -> None:
    """Without a seed of its own, the graph's decides what is sampled."""
    with tf.Graph().as_default():
        tf.set_random_seed(5)
        assert elements(of.sample_from_datasets(fresh()).take(7)) == [0, 1, 100, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Data.range(3).apply(of.assert_cardinality(2)), tf.errors.FailedPreconditionError, "to contain 2 elem"),
        (lambda: Data.range(3).apply(of.assert_cardinality(4)), tf.errors.FailedPreconditionError, "contained 3 elem"),
        (lambda: filled(5).apply(of.dense_to_sparse_batch(2, [4])), tf.errors.DataLossError, "exceeds the row shape"),
        (lambda: filled(5).apply(of.dense_to_sparse_batch(2, [4, 4])), tf.errors.InvalidArgumentError, "incompatible"),
        (lambda: Data.from_tensors(1.5).apply(of.unique()), tf.errors.InvalidArgumentError, "UniqueDataset only"),
    ],
)
def test_elements_that_are_refused(make: Any, error: Any, said: str) -> None:
    """Elements that do not fit what was said are errors of TensorFlow's class."""
    with tf.Graph().as_default(), pytest.raises(error) as caught:
        elements(make())
    assert said in str(caught.value.message)


def test_arguments_that_are_refused() -> None:
    """What cannot be chosen from, or put into buckets, is refused while the graph is built."""
    with pytest.raises(ValueError, match="len\\(weights\\)=1"):
        of.sample_from_datasets(fresh(), [0.5])
    with pytest.raises(ValueError, match="should not be empty"):
        of.choose_from_datasets([], Data.range(1))
    with pytest.raises(TypeError, match="choice_dataset"):
        of.choose_from_datasets(fresh(), Data.from_tensors(1.5))
    with pytest.raises(ValueError, match="must equal"):
        filled(1).apply(of.bucket_by_sequence_length(length, [3], [2]))


def test_options() -> None:
    """Options are kept as they are given, later ones first; those that TensorFlow does not have are refused."""
    first, second = tf.data.Options(), tf.data.Options()
    first.experimental_deterministic = False
    first.experimental_threading.private_threadpool_size = 3
    second.experimental_deterministic = True
    dataset = Data.range(3).with_options(first).with_options(second)
    assert dataset.options().experimental_deterministic
    assert dataset.options().experimental_threading.private_threadpool_size == 3
    assert first.experimental_slack is None
    assert elements(dataset) == [0, 1, 2]
    with pytest.raises(AttributeError, match="Cannot set the property bogus on Options"):
        first.bogus = 1
    with pytest.raises(TypeError, match="class Options"):
        dataset.with_options(3)


def test_places_are_saved(tmp_path: Path) -> None:
    """Restored in the middle, all of them go on with the same elements."""
    made = [
        of.sample_from_datasets(fresh(), seed=3),
        of.RandomDataset(seed=4),
        Data.from_tensor_slices([1, 2, 1, 3, 2, 4]).apply(of.unique()),
        Data.range(4).apply(of.assert_cardinality(4)),
    ]
    iterator = Data.zip(tuple(made)).make_one_shot_iterator()
    following = iterator.get_next()
    saver = tf.train.Saver([of.make_saveable_from_iterator(iterator)])
    with tf.Session() as sess:
        sess.run(following)
        path = saver.save(sess, str(tmp_path / "place"))
        expected = [sess.run(following), sess.run(following)]
    with tf.Session() as sess:
        saver.restore(sess, path)
        assert [sess.run(following), sess.run(following)] == expected
