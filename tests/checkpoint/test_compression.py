"""A Saver that compresses: the same values, whichever way they are saved and restored."""

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture
def variables():
    """Two variables that are worth it, one that is not, and what they hold."""
    a = tf.get_variable("a", initializer=np.arange(50_000, dtype=np.float32))
    b = tf.get_variable("b", initializer=np.ones((300, 400), np.float32))
    return a, b, tf.Variable(3.0, name="c")


def _filters(prefix):
    with tf.open_file(f"{prefix}.h5") as file:
        return {name: file.variables[name].filters for name in file}


@pytest.mark.parametrize("compression", ["gzip", "zstd", "lz4", "blosc2", tf.Compression("gzip", level=9)])
def test_values_are_restored(variables, tmp_path, compression):
    """Any Saver restores compressed values."""
    prefix = str(tmp_path / "m")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver(compression=compression).save(sess, prefix)
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, prefix)
        a, b, c = sess.run(variables)
    np.testing.assert_array_equal(np.arange(50_000), a)
    np.testing.assert_array_equal(np.ones((300, 400)), b)
    assert c == 3
    assert [True, True, False] == [bool(found) for found in _filters(prefix).values()]


def test_names_are_those_of_the_file(variables, tmp_path):
    """A dict chooses by the names that variables have in the file."""
    a, b, _ = variables
    saver = tf.train.Saver({"x": a, "y": b}, compression={"y": "gzip"})
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, str(tmp_path / "m"))
    assert {"x": (), "y": ("shuffle", "gzip")} == _filters(tmp_path / "m")


def test_unknown_compression_is_refused_at_once(variables):
    """An unknown codec or name is refused when the Saver is created, not at the first save."""
    with pytest.raises(ValueError, match="Unknown compression 'zip'"):
        tf.train.Saver(compression="zip")
    with pytest.raises(ValueError, match="compression names 'd'"):
        tf.train.Saver(compression={"d": "gzip"})
    with pytest.raises(ValueError, match="Unknown compression 'zip'"):
        tf.train.Saver(defer_build=True, compression={"a": "zip"})


def test_saves_in_the_background_and_again(variables, tmp_path):
    """Saves without waiting, of changing values, each hold those of their moment."""
    saver = tf.train.Saver(compression="zstd", max_to_keep=None)
    a = variables[0]
    step = tf.assign_add(a, tf.ones_like(a))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for number in range(4):
            saver.save(sess, str(tmp_path / "m"), global_step=number, wait=False)
            sess.run(step)
        saver.wait()
        for number in range(4):
            saver.restore(sess, str(tmp_path / f"m-{number}"))
            assert number == sess.run(a)[0]


def test_partitioned_variables_are_compressed_as_one(tmp_path):
    """Parts are put together on the way; each can be restored from the compressed whole."""
    for axis in (0, 1):
        with tf.Graph().as_default(), tf.Session() as sess:
            partitioner = tf.variable_axis_size_partitioner(120_000, axis=axis)
            split = tf.get_variable("w", shape=(400, 300), partitioner=partitioner)
            sess.run(tf.global_variables_initializer())
            values = np.concatenate(sess.run(list(split)), axis)
            prefix = tf.train.Saver(compression="zstd").save(sess, str(tmp_path / f"m{axis}"))
            sess.run([tf.assign(part, tf.zeros_like(part)) for part in split])
            tf.train.Saver().restore(sess, prefix)
            np.testing.assert_array_equal(values, np.concatenate(sess.run(list(split)), axis))
        assert ("shuffle", "zstd") == _filters(prefix)["w"]


def test_zeros_beyond_the_limit_are_restored(tmp_path):
    """A program that has variables of such sizes gets them back, however well they were compressed."""
    tf.get_variable("slots", shape=(10**6,), initializer=tf.zeros_initializer())
    saver = tf.train.Saver(compression="zstd")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        prefix = saver.save(sess, str(tmp_path / "m"))
        with tf.limits.use(declared_bytes=1000, declared_ratio=1):
            saver.restore(sess, prefix)
        assert not sess.run("slots:0").any()


def test_arrays_alone_are_compressed(tmp_path):
    """``save_file`` takes the same choices."""
    arrays = {"a": np.zeros(100_000), "b": np.zeros(100_000)}
    tf.save_file(arrays, tmp_path / "a.h5", compression={"a": "gzip"})
    assert {"a": ("shuffle", "gzip"), "b": ()} == _filters(tmp_path / "a")
    with tf.open_file(tmp_path / "a.h5") as file:
        assert not file.get_slice("a")[5:7].any()
