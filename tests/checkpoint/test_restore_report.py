"""The report of a restore."""

from __future__ import annotations

import h5py
import pytest

import hdfsaver as tf


@pytest.fixture
def path(tmp_path):
    """A checkpoint of two variables, ``w`` and ``old``."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("w", initializer=[1.0, 2.0, 3.0, 4.0])
        tf.get_variable("old", initializer=7)
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, tmp_path / "m")


def test_everything_matches(path):
    """All saved variables are restored."""
    tf.get_variable("w", [4])
    tf.get_variable("old", [], tf.int32)
    with tf.Session() as sess:
        report = tf.train.Saver().restore(sess, path)
    assert tf.train.RestoreReport(f"{path}.h5", ("w", "old")) == report
    assert f"{path}.h5: 2 restored." == str(report)


def test_what_matches_is_loaded(path):
    """Not strictly: one variable is restored, the others keep what they have, and the report says why."""
    tf.get_variable("w", [4])
    tf.get_variable("new", initializer=5.0)
    tf.get_variable("old", initializer=0.5)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        report = tf.train.Saver().restore(sess, path, strict=False)
        assert ([1.0, 2.0, 3.0, 4.0], 5.0, 0.5) == tuple(
            sess.run(["w:0", "new:0", "old:0"])[i].tolist() for i in range(3)
        )
    assert (("w",), ("new",), (), ()) == (report.restored, report.missing, report.unused, report.reshaped)
    assert {
        "old": "variable 'old' has dtype float32, but 'old' in the file has int32; pass cast=True to convert the values"
    } == report.mismatched
    assert "1 missing in the file: 'new'.\n1 of another dtype or shape: 'old'." in str(report)


def test_unused_and_reshaped(path):
    """A report names what the file has beside, and what came into another shape."""
    w = tf.get_variable("w", [2, 2])
    with tf.Session() as sess:
        report = tf.train.Saver([w], reshape=True).restore(sess, path)
        assert [[1.0, 2.0], [3.0, 4.0]] == sess.run(w).tolist()
    assert (("w",), ("old",), ("w",)) == (report.restored, report.unused, report.reshaped)


def test_strictly_nothing_is_restored_in_part(path):
    """By default one variable that does not fit keeps all others from being restored, and all are named."""
    tf.get_variable("w", [3])
    tf.get_variable("old", [2], tf.int32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run("w:0").tolist()
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"shape \(3,\).*\(4,\).*Nothing was.*1 more differ: 'old'"
        ):
            tf.train.Saver().restore(sess, path)
        assert before == sess.run("w:0").tolist()


def test_damage_is_an_error_also_when_not_strict(path):
    """Not strict means that names may be missing, not that bytes may be wrong."""
    tf.get_variable("w", [4])
    with h5py.File(f"{path}.h5") as file:
        offset = file["variables/w"].id.get_offset()
    with open(f"{path}.h5", "r+b") as raw:
        raw.seek(offset)
        raw.write(b"\xff")
    with tf.Session() as sess, pytest.raises(tf.errors.DataLossError, match=r"m\.h5"):
        tf.train.Saver().restore(sess, path, strict=False)
