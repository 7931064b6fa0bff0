"""Restoring values of another dtype than that of the variable."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.checkpoint.restore_casts import cast_all, is_castable

NUMBERS = (
    ["bool"]
    + [f"{sign}int{bits}" for bits in (4, 8, 16, 32, 64) for sign in ("", "u")]
    + ["float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz"]
    + ["bfloat16", "float16", "float32", "float64", "complex64", "complex128"]
)


def numpy_of(name):
    return tf.as_dtype(name).as_numpy_dtype


def restored(tmp_path, stored, dtype, **options):
    """The value of a variable of a dtype, restored from an array, and the report."""
    tf.save_file({"w": stored}, tmp_path / "m.h5")
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", stored.shape, dtype, tf.zeros_initializer())
        report = tf.train.Saver().restore(sess, tmp_path / "m.h5", **options)
        return sess.run(w), report


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ("float64", "float32"),
        ("float32", "float64"),
        ("float32", "bfloat16"),
        ("bfloat16", "float16"),
        ("float16", "float8_e4m3fn"),
        ("int64", "int8"),
        ("uint8", "int64"),
        ("int32", "float32"),
        ("bool", "uint8"),
        ("bool", "float16"),
        ("float32", "complex64"),
        ("int32", "complex128"),
        ("complex128", "complex64"),
        ("int4", "int32"),
        ("int32", "uint4"),
    ],
)
def test_values_are_converted(tmp_path, stored, wanted):
    """The variable has its own dtype and the numbers of the file, and the report names it."""
    numbers = np.array([[0, 1], [1, 7 if stored != "bool" else 0]]).astype(numpy_of(stored))
    value, report = restored(tmp_path, numbers, wanted, cast=True)
    assert numpy_of(wanted) == value.dtype
    np.testing.assert_array_equal(numbers.astype(complex), value.astype(complex))
    assert (("w",), ("w",)) == (report.restored, report.cast)
    assert "1 converted to another dtype: 'w'." in str(report)


def test_the_message_names_the_remedy(tmp_path):
    """Followed to its end, the values are there; a restore of the same dtype reports no conversion."""
    numbers = np.arange(3.0)
    with pytest.raises(errors.InvalidArgumentError, match="pass cast=True to convert the values"):
        restored(tmp_path, numbers, tf.float32)
    assert [0, 1, 2] == restored(tmp_path, numbers, tf.float32, cast=True)[0].tolist()
    assert () == restored(tmp_path, numbers, tf.float64, cast=True)[1].cast


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ("float32", "int32"),
        ("complex64", "float32"),
        ("complex64", "int8"),
        ("int32", "bool"),
        ("float32", "bool"),
        ("float32", "qint8"),
        ("int32", "string"),
    ],
)
def test_what_would_lose_its_kind_is_refused(tmp_path, stored, wanted):
    """The message does not name a remedy that is none, and nothing is restored."""
    numbers = np.zeros(2, numpy_of(stored))
    said = f"has dtype {wanted}, but 'w' in the file has {stored}"
    with pytest.raises(errors.InvalidArgumentError, match=rf"{said} \(tensor_name = w; .*\)\. Nothing was restored"):
        restored(tmp_path, numbers, wanted)
    with pytest.raises(errors.InvalidArgumentError, match=f"{said}, which is never converted to it"):
        restored(tmp_path, numbers, wanted, cast=True)


def test_texts_are_refused(tmp_path):
    """Text is not a number."""
    with pytest.raises(errors.InvalidArgumentError, match="in the file has string, which is never converted"):
        restored(tmp_path, np.array([b"1"], object), tf.int32, cast=True)


@pytest.mark.parametrize(
    ("numbers", "wanted", "count"),
    [
        (np.array([1.0, 1e39, -1e39, np.inf, np.nan]), "float32", "2 of 5"),
        (np.array([1.0, 70000.0], np.float32), "float16", "1 of 2"),
        (np.array([1.0, 500.0, np.inf, np.nan], np.float32), "float8_e4m3fn", "2 of 4"),
        (np.array([127, 128, -129]), "int8", "2 of 3"),
        (np.array([2**63], np.uint64), "int64", "1 of 1"),
        (np.array([-1, 0], np.int64), "uint64", "1 of 2"),
        (np.array([8, -9, 7], np.int16), "int4", "2 of 3"),
        (np.array([100000], np.int32), "float16", "1 of 1"),
        (np.array([1 + 1e39j]), "complex64", "1 of 1"),
        (np.array(1e39), "float32", "1 of 1"),
    ],
)
def test_numbers_beyond_the_range_are_counted(tmp_path, numbers, wanted, count):
    """The error names the variable; its value stays."""
    tf.save_file({"a": np.ones(2), "w": numbers}, tmp_path / "m.h5")
    a = tf.get_variable("a", [2], tf.float32, tf.zeros_initializer())
    tf.get_variable("w", numbers.shape, wanted, tf.zeros_initializer())
    with tf.Session() as sess:
        sess.run(a.initializer)
        said = (
            rf"m\.h5: variable 'w' has dtype {wanted}, but 'w' in the file has .*: {count} numbers are beyond the range"
        )
        with pytest.raises(errors.InvalidArgumentError, match=said):
            tf.train.Saver().restore(sess, tmp_path / "m.h5", cast=True)
        assert [0, 0] == sess.run(a).tolist()


def test_the_remedy_for_numbers_beyond_the_range(tmp_path):
    """A variable of a larger dtype takes them."""
    assert [1e39] == restored(tmp_path, np.array([1e39]), "float64", cast=True)[0].tolist()


def test_parts_of_variables_and_arrays_of_a_program(tmp_path):
    """A partitioned variable, a part of one, an array of a dict, and a value that is mapped and reshaped."""
    tf.save_file({"p": np.arange(8.0).reshape(4, 2)}, tmp_path / "m.h5")
    p = tf.get_variable("p", [4, 2], partitioner=tf.fixed_size_partitioner(2))
    with tf.Session() as sess:
        tf.train.Saver({"p": p}).restore(sess, tmp_path / "m.h5", cast=True)
        assert [[4, 5], [6, 7]] == sess.run(list(p)[1]).tolist()
        sess.run(tf.global_variables_initializer())
        tf.train.Saver({"p": [list(p)[1]]}).restore(sess, tmp_path / "m.h5", cast=True)
        assert [[4, 5], [6, 7]] == sess.run(list(p)[1]).tolist()
    arrays = {"p": np.zeros((4, 2), np.float16)}
    tf.train.Saver(arrays).restore(None, tmp_path / "m.h5", cast=True)
    assert np.float16 == arrays["p"].dtype
    assert 7 == arrays["p"][3, 1]
    with tf.Graph().as_default(), tf.Session() as sess:
        q = tf.get_variable("q", [8])
        tf.train.Saver({"p": q}, reshape=True).restore(sess, tmp_path / "m.h5", cast=True, mmap_mode="c")
        assert [*range(8)] == sess.run(q).tolist()


def test_an_initializer_from_a_checkpoint_names_the_saver(tmp_path):
    """As in TensorFlow it does not convert; the remedy that it names does."""
    tf.save_file({"w": np.arange(2.0)}, tmp_path / "m.h5")
    w = tf.get_variable("w", [2])
    tf.train.init_from_checkpoint(tmp_path / "m.h5", {"w": "w"})
    with tf.Session() as sess:
        with pytest.raises(errors.InvalidArgumentError, match="`Saver.restore` converts the values with cast=True"):
            sess.run(w.initializer)
        tf.train.Saver().restore(sess, tmp_path / "m.h5", cast=True)
        assert [0, 1] == sess.run(w).tolist()


@pytest.mark.parametrize("stored", NUMBERS)
@pytest.mark.parametrize("wanted", NUMBERS)
def test_every_pair_of_dtypes(stored, wanted):
    """It is converted without a change of its numbers, or never converted."""
    assert is_castable(stored, stored) is (stored != "bool")
    if is_castable(stored, wanted):
        numbers = np.array([0, 1, 1]).astype(numpy_of(stored))
        (found,) = cast_all([numbers], wanted, "w")
        assert numpy_of(wanted) == found.dtype
        assert [0, 1, 1] == found.astype(complex).tolist()
