"""Iterators of all kinds, and their places in checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

Data = tf.data.Dataset


def test_an_iterator_that_is_fed() -> None:
    """An initializer may be run again with another value; before it was run, an element is an error."""
    values = tf.placeholder(tf.int64, [None])
    iterator = Data.from_tensor_slices(values).make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="has not been initialized"):
            sess.run(following)
        for given in ([1], [2, 3]):
            sess.run(iterator.initializer, {values: given})
            assert [sess.run(following) for _ in given] == given
            with pytest.raises(tf.errors.OutOfRangeError, match="End of sequence"):
                sess.run(following)
    with pytest.raises(ValueError, match="Cannot capture a placeholder"):
        Data.from_tensor_slices(values).make_one_shot_iterator()


def test_one_iterator_for_several_datasets() -> None:
    """A reinitializable iterator takes datasets of its structure, and no others."""
    iterator = tf.data.Iterator.from_structure(tf.int64, tf.TensorShape([]))
    first, second = iterator.make_initializer(Data.range(2)), iterator.make_initializer(Data.range(5, 7))
    following = iterator.get_next()
    with tf.Session() as sess:
        for initializer, expected in ((first, [0, 1]), (second, [5, 6])):
            sess.run(initializer)
            assert [sess.run(following) for _ in expected] == expected
    with pytest.raises(TypeError, match="Expected output types"):
        iterator.make_initializer(Data.from_tensors(1.0))


def test_an_iterator_chosen_by_its_handle() -> None:
    """A feedable iterator reads those whose handles are fed, each from its own place."""
    one, two = Data.range(3).make_one_shot_iterator(), Data.range(10, 13).make_one_shot_iterator()
    handle = tf.placeholder(tf.string, [])
    following = tf.data.Iterator.from_string_handle(handle, tf.int64, []).get_next()
    with tf.Session() as sess:
        handles = sess.run([one.string_handle(), two.string_handle()])
        found = [sess.run(following, {handle: handles[number]}) for number in (0, 1, 1, 0)]
    assert found == [0, 10, 11, 1]


PLACES: dict[str, Callable[[], Any]] = {
    "shuffle": lambda: Data.range(20).shuffle(7, seed=3).repeat(3).batch(2),
    "shuffle without seed": lambda: Data.range(20).shuffle(7).repeat(2),
    "elements of any size": lambda: Data.range(1, 20).map(lambda x: tf.fill([x], x)).shuffle(5, seed=3),
    "bytes": lambda: Data.range(20).map(tf.as_string).shuffle(7, seed=1).cache(),
    "functions": lambda: Data.range(20).map(lambda x: x * 2).filter(lambda x: x % 3 > 0),
    "interleave": lambda: Data.range(1, 9).interleave(lambda x: Data.range(x).shuffle(3, seed=2), 3, 2),
    "zip": lambda: Data.zip((Data.range(20), Data.range(30).skip(3).take(15).cache().repeat(2))),
    "groups": lambda: Data.range(30).apply(
        tf.data.experimental.group_by_window(lambda x: x % 3, lambda key, group: group.batch(4), 4)
    ),
    "window": lambda: Data.range(20).window(3, shift=2).flat_map(lambda part: part.batch(3)),
    "mixed epochs": lambda: Data.range(10).apply(tf.data.experimental.shuffle_and_repeat(6, 3, seed=3)),
}


def rest(sess: Any, following: Any, count: int = 100) -> list[Any]:
    """The elements that follow."""
    found: list[Any] = []
    try:
        while len(found) < count:
            found.append(np.asarray(sess.run(following)).tolist())
    except tf.errors.OutOfRangeError:
        pass
    return found


@pytest.mark.parametrize("one_shot", [True, False])
@pytest.mark.parametrize("name", PLACES)
def test_a_place_is_saved(name: str, one_shot: bool, tmp_path: Any) -> None:
    """A program that imports the graph alone goes on with the elements that follow, those in buffers included."""
    dataset = PLACES[name]()
    iterator = dataset.make_one_shot_iterator() if one_shot else dataset.make_initializable_iterator()
    following = iterator.get_next()
    tf.add_to_collection("next", following if isinstance(following, tf.Tensor) else following[1])
    saveable = tf.data.experimental.make_saveable_from_iterator(iterator)
    tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, saveable)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        if not one_shot:
            sess.run(iterator.initializer)
        assert len(rest(sess, tf.get_collection("next"), 3)) == 3
        path = saver.save(sess, str(tmp_path / "model"))
        expected = rest(sess, tf.get_collection("next"))
    assert expected
    tf.reset_default_graph()
    imported: Any = tf.train.import_meta_graph(path)
    with tf.Session() as sess:
        imported.restore(sess, path)
        again = tf.train.Saver().save(sess, str(tmp_path / "again"))
        assert rest(sess, tf.get_collection("next")) == expected
        imported.restore(sess, again)
        assert rest(sess, tf.get_collection("next")) == expected


def test_a_place_in_what_was_fed(tmp_path: Any) -> None:
    """The values of placeholders that decide what the dataset is are saved with the place."""
    values = tf.placeholder(tf.int64, [None])
    iterator = Data.from_tensor_slices(values).shuffle(3, seed=1).make_initializable_iterator()
    tf.add_to_collection("next", iterator.get_next())
    saver = tf.train.Saver([tf.contrib.data.make_saveable_from_iterator(iterator)])
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="cannot be saved"):
            saver.save(sess, str(tmp_path / "none"))
        sess.run(iterator.initializer, {values: [3, 1, 4, 1, 5]})
        sess.run(tf.get_collection("next"))
        path = saver.save(sess, str(tmp_path / "model"))
        expected = rest(sess, tf.get_collection("next"))
    tf.reset_default_graph()
    imported: Any = tf.train.import_meta_graph(path)
    with tf.Session() as sess:
        imported.restore(sess, path)
        assert rest(sess, tf.get_collection("next")) == expected


def test_a_place_takes_little_room(tmp_path: Any) -> None:
    """Elements in memory that wait in a buffer are saved as numbers, and the place has the same size in each save."""
    data = Data.from_tensor_slices(np.zeros((300, 100))).shuffle(250, seed=1).batch(40)
    iterator = data.make_one_shot_iterator()
    saver = tf.train.Saver([tf.data.experimental.make_saveable_from_iterator(iterator)], max_to_keep=None)
    with tf.Session() as sess:
        paths = [saver.save(sess, str(tmp_path / "m"), global_step=0)]
        for step in range(1, 8):
            sess.run(iterator.get_next())
            paths.append(saver.save(sess, str(tmp_path / "m"), global_step=step))
        expected = rest(sess, [iterator.get_next()])
        sizes = {tf.train.list_variables(path)[0][1][0] for path in paths[1:]}
        assert len(sizes) == 1
        assert sizes.pop() < 5000
        saver.restore(sess, paths[7])
        assert rest(sess, [iterator.get_next()]) == expected
        saver.restore(sess, paths[0])
        assert len(rest(sess, [iterator.get_next()])) == 8


def test_a_place_that_is_not_in_the_dataset(tmp_path: Any) -> None:
    """The numbers of elements that the dataset does not have are refused."""
    path: str | None = None
    for length in (9, 4):
        tf.reset_default_graph()
        iterator = Data.range(length).shuffle(9, seed=1).make_one_shot_iterator()
        following = iterator.get_next()
        saver = tf.train.Saver([tf.data.experimental.make_saveable_from_iterator(iterator)])
        with tf.Session() as sess:
            if path:
                saver.restore(sess, path)
                with pytest.raises(tf.errors.DataLossError, match="of 4"):
                    sess.run(following)
            else:
                sess.run(following)
                path = saver.save(sess, str(tmp_path / "m"))


def test_a_damaged_place(tmp_path: Any) -> None:
    """Bytes that are not a place are refused when they are to be used."""
    iterator = Data.range(3).make_one_shot_iterator()
    saveable = tf.data.experimental.make_saveable_from_iterator(iterator)
    values = {iterator._iterator_resource.op.name: np.arange(9, dtype=np.uint8)}
    path = tf.train.Saver(values).save(None, str(tmp_path / "x"))
    with tf.Session() as sess:
        sess.run(iterator.get_next())
        with pytest.raises(tf.errors.DataLossError):
            tf.train.Saver([saveable]).restore(sess, path)
        assert sess.run(iterator.get_next()) == 1


def test_closing_ends_a_filter_that_finds_nothing() -> None:
    """A session that is closed ends the search for an element that does not come."""

    def stop(value: Any) -> Any:
        if value > 50:
            sess.close()
        return value

    dataset = Data.range(10**9).map(lambda x: tf.py_func(stop, [x], tf.int64)).filter(lambda x: tf.reduce_all(x < 0))
    iterator = dataset.make_initializable_iterator()
    sess = tf.Session()
    sess.run(iterator.initializer)
    with pytest.raises(tf.errors.CancelledError):
        sess.run(iterator.get_next())


def test_seeds_after_an_iterator() -> None:
    """A one-shot iterator counts among the operations that get a seed, as in TensorFlow; others do not."""
    tf.set_random_seed(5)
    draws = [tf.random_uniform([])]
    Data.range(3).make_one_shot_iterator()
    draws.append(tf.random_uniform([]))
    Data.range(3).make_initializable_iterator()
    draws.append(tf.random_uniform([]))
    assert [draw.op.get_attr("seed2") for draw in draws] == [0, 2, 3]
