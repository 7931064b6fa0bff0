"""Which checkpoints a Saver keeps, lists and deletes, save after save."""

from __future__ import annotations

import os

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture
def sess():
    tf.Variable(1.0, name="v")
    tf.Variable(np.int64(3), name="count")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        yield session


def steps(folder):
    """The steps whose files are there."""
    return sorted(int(name[2:-3]) for name in os.listdir(folder) if name.startswith("m-"))


def listed(folder):
    """The steps in the state file, and the newest of it."""
    state = tf.train.get_checkpoint_state(folder)
    return [int(path.rpartition("-")[2]) for path in [*state.all_model_checkpoint_paths, state.model_checkpoint_path]]


def save(saver, sess, folder, *numbers):
    return [saver.save(sess, folder / "m", global_step=number, durable=False) for number in numbers]


@pytest.mark.parametrize("max_to_keep", [None, 0, -1])
def test_all_are_kept(sess, tmp_path, max_to_keep):
    """Without a number of checkpoints to keep all files stay, none is remembered, and the newest alone is listed."""
    saver = tf.train.Saver(max_to_keep=max_to_keep)
    save(saver, sess, tmp_path, 1, 2, 3)
    assert ([], [1, 2, 3], [3, 3]) == (saver.last_checkpoints, steps(tmp_path), listed(tmp_path))


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_the_newest_are_kept(sess, tmp_path, keep):
    """As many checkpoints are kept as requested, oldest first in every list."""
    saver = tf.train.Saver(max_to_keep=keep)
    prefixes = save(saver, sess, tmp_path, *range(7))
    last = list(range(7))[-keep:]
    assert (prefixes[-keep:], last, [*last, 6]) == (saver.last_checkpoints, steps(tmp_path), listed(tmp_path))


def test_a_name_that_is_saved_again_is_the_newest(sess, tmp_path):
    """A name that is there already moves to the end, and stays as long as any other from then on."""
    saver = tf.train.Saver(max_to_keep=2)
    for number, expected in [(1, [1]), (2, [1, 2]), (1, [2, 1]), (3, [1, 3]), (1, [3, 1])]:
        save(saver, sess, tmp_path, number)
        assert (sorted(expected), [*expected, number]) == (steps(tmp_path), listed(tmp_path))


def test_one_at_most_goes_with_each_save(sess, tmp_path):
    """A list that is too long shrinks no faster than it grows: each save deletes one file, and all the others stay."""
    save(tf.train.Saver(max_to_keep=0), sess, tmp_path, *range(5))
    saver = tf.train.Saver(max_to_keep=2)
    saver.set_last_checkpoints_with_time([(tmp_path / f"m-{number}", 1.0) for number in range(5)])
    for number in (5, 6, 7):
        save(saver, sess, tmp_path, number)
        assert steps(tmp_path) == list(range(number - 4, number + 1))


def test_some_stay_for_good(sess, tmp_path):
    """With `keep_checkpoint_every_n_hours` one checkpoint is kept per period; here each one."""
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1e-9)
    save(saver, sess, tmp_path, 1, 2, 3)
    assert ([1, 2, 3], [3, 3]) == (steps(tmp_path), listed(tmp_path))


def test_without_a_state_file_nothing_is_kept_track_of(sess, tmp_path):
    """A save that writes no state file is not remembered, and deletes nothing."""
    saver = tf.train.Saver(max_to_keep=1)
    for number in (1, 2, 3):
        saver.save(sess, tmp_path / "m", global_step=number, write_state=False)
    assert ([], [1, 2, 3]) == (saver.last_checkpoints, steps(tmp_path))
    assert None is tf.train.get_checkpoint_state(tmp_path)


def test_savers_one_after_another(sess, tmp_path):
    """A second Saver that is told what the first kept lists that, and deletes none of it; a third knows nothing."""
    first = tf.train.Saver(max_to_keep=2)
    save(first, sess, tmp_path, 3, 2)
    second = tf.train.Saver(saver_def=first.as_saver_def())
    second.set_last_checkpoints(first.last_checkpoints)
    third = tf.train.Saver(saver_def=first.as_saver_def())
    save(first, sess, tmp_path, 1)
    assert [1, 2] == steps(tmp_path)
    for saver, number, there, expected in [
        (second, 2, [1, 2], [3, 2, 2]),
        (second, 1, [1, 2], [2, 1, 1]),
        (third, 2, [1, 2], [2, 2]),
        (third, 1, [1, 2], [2, 1, 1]),
        (third, 4, [1, 4], [1, 4, 4]),
    ]:
        save(saver, sess, tmp_path, number)
        assert (there, expected) == (steps(tmp_path), listed(tmp_path))


@pytest.mark.parametrize("path", ["m", b"m"])
def test_one_path_is_not_a_list(sess, path):
    """A single path in the place of a list is an error: its letters must not be taken for checkpoints to delete."""
    saver = tf.train.Saver()
    with pytest.raises(TypeError, match="A list of checkpoints"):
        saver.recover_last_checkpoints(path)
    for setting in (saver.set_last_checkpoints, saver.set_last_checkpoints_with_time):
        with pytest.raises(AssertionError, match="must be a list"):
            setting(path)
    assert [] == saver.last_checkpoints


@pytest.mark.parametrize(
    ("step", "suffix"), [(0, "0"), (-1, "-1"), (2**70, str(2**70)), (True, "1"), ("count:0", "3"), ("v:0", "1")]
)
def test_steps(sess, tmp_path, step, suffix):
    """A step is any integer, or the name of a tensor that has one; a variable of floats counts in whole numbers."""
    assert f"{tmp_path}/m-{suffix}" == tf.train.Saver().save(sess, tmp_path / "m", global_step=step)


def test_steps_that_are_not_integers(sess, tmp_path):
    """A float, a tensor with a dimension, a list: a TypeError, and nothing is written."""
    for step in (1.0, tf.constant([3]), [3], object()):
        with pytest.raises(TypeError, match="global_step must be an integer"):
            tf.train.Saver().save(sess, tmp_path / "m", global_step=step)
    assert [] == os.listdir(tmp_path)
