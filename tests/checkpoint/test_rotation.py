"""The checkpoints that a Saver keeps, on a disk."""

from __future__ import annotations

import errno
import os

import pytest

import hdfsaver as tf
from hdfsaver.checkpoint import checkpoint_management
from hdfsaver.reading import state_file


@pytest.fixture
def sess():
    """A session with one variable that has a value."""
    tf.get_variable("w", initializer=1.0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        yield session


def on_disk(folder):
    """The checkpoints in a folder, sorted."""
    return sorted(name.removesuffix(".h5") for name in os.listdir(folder) if name.endswith(".h5"))


def test_the_best_checkpoints_stay(sess, tmp_path):
    """The newest and the best by the metric are on disk and in the state file, the newest one last."""
    saver = tf.train.Saver(max_to_keep=2, keep=tf.train.keep_best(1))
    for step, accuracy in enumerate([0.1, 0.9, 0.3, 0.2, 0.4]):
        saver.save(sess, tmp_path / "m", step, metric=accuracy)
    assert ["m-1", "m-3", "m-4"] == on_disk(tmp_path)
    state = tf.train.get_checkpoint_state(tmp_path)
    assert [str(tmp_path / name) for name in on_disk(tmp_path)] == state.all_model_checkpoint_paths
    assert [0.9, 0.2, 0.4] == state.all_model_checkpoint_metrics


def test_a_metric_may_be_a_tensor(sess, tmp_path):
    """Like the step, the metric may be anything that the session can run; other values are refused before saving."""
    saver = tf.train.Saver(keep=tf.train.keep_best(1))
    saver.save(sess, tmp_path / "m", metric=tf.constant(0.25))
    saver.save(sess, tmp_path / "m", metric="w:0")
    assert [1.0] == tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_metrics
    with pytest.raises(TypeError, match="metric must be a number, not"):
        saver.save(sess, tmp_path / "n", metric=[1, 2])
    assert ["m"] == on_disk(tmp_path)


def test_rotation_is_resumed_after_a_restart(sess, tmp_path):
    """A new Saver that resumes deletes what the one before it left, the best by its recorded metric excepted."""
    first = tf.train.Saver(max_to_keep=3, keep=tf.train.keep_best(1), resume_rotation=True)
    for step, accuracy in enumerate([0.9, 0.1, 0.2]):
        first.save(sess, tmp_path / "m", step, metric=accuracy)
    second = tf.train.Saver(max_to_keep=1, keep=tf.train.keep_best(1), resume_rotation=True)
    second.save(sess, tmp_path / "m", 3, metric=0.3)
    assert ["m-0", "m-3"] == on_disk(tmp_path)
    assert [str(tmp_path / "m-0"), str(tmp_path / "m-3")] == second.last_checkpoints


def test_without_resuming_the_old_ones_stay(sess, tmp_path):
    """As in TensorFlow, a new Saver knows nothing of what is there."""
    tf.train.Saver().save(sess, tmp_path / "m", 0)
    saver = tf.train.Saver(max_to_keep=1)
    for step in (1, 2):
        saver.save(sess, tmp_path / "m", step)
    assert ["m-0", "m-2"] == on_disk(tmp_path)


def test_times_are_remembered_too(sess, tmp_path):
    """With resume_rotation times are written, so that one checkpoint per period is kept across restarts."""
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1.0, resume_rotation=True)
    saver.save(sess, tmp_path / "m", 0)
    state = tf.train.get_checkpoint_state(tmp_path)
    assert len(state.all_model_checkpoint_timestamps) == 1
    assert state.last_preserved_timestamp == pytest.approx(state.all_model_checkpoint_timestamps[0], abs=60)
    # Two hours later: the state file says that the last one that was kept for good is that old.
    tf.train.update_checkpoint_state(
        tmp_path, tmp_path / "m-0", [tmp_path / "m-0"], None, state.all_model_checkpoint_timestamps, 1.0
    )
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1.0, resume_rotation=True)
    saver.save(sess, tmp_path / "m", 1)
    assert ["m-0", "m-1"] == on_disk(tmp_path)


@pytest.mark.parametrize("content", [b"", b"garbage", b'model_checkpoint_path: "gone-1"\n'])
def test_resuming_from_nothing(sess, tmp_path, content):
    """A state file that says nothing, or names what is gone, is replaced by one that is right."""
    (tmp_path / "checkpoint").write_bytes(content)
    saver = tf.train.Saver(resume_rotation=True)
    path = saver.save(sess, tmp_path / "m", 1)
    assert [path] == tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths


@pytest.mark.parametrize("resume", [True, False])
def test_a_saver_that_keeps_all_lists_what_it_was_given(sess, tmp_path, resume):
    """Where all are kept and some were recovered, the state file has these and the newest, each with its metric."""
    saver = tf.train.Saver(max_to_keep=0, resume_rotation=resume)
    paths = [saver.save(sess, tmp_path / "m", 0)]
    saver.recover_last_checkpoints(paths)
    paths.append(saver.save(sess, tmp_path / "m", 1, metric=0.5))
    state = tf.train.get_checkpoint_state(tmp_path)
    assert paths == state.all_model_checkpoint_paths
    assert [None, 0.5] == state.all_model_checkpoint_metrics
    assert (2 if resume else 0) == len(state.all_model_checkpoint_timestamps)


def interrupted(*args, **options):
    """Ctrl-C in the place of what should be done."""
    raise KeyboardInterrupt


@pytest.mark.parametrize(("module", "where"), [(checkpoint_management, "remove_checkpoint"), (state_file, "update")])
def test_what_was_to_go_goes_with_the_next_save(sess, tmp_path, monkeypatch, module, where):
    """Interrupted before it has removed what left its list, a Saver removes it when it saves again."""
    saver = tf.train.Saver(max_to_keep=1)
    saver.save(sess, tmp_path / "m", 0)
    with monkeypatch.context() as patch:
        patch.setattr(module, where, interrupted)
        with pytest.raises(KeyboardInterrupt):
            saver.save(sess, tmp_path / "m", 1)
    assert ["m-0", "m-1"] == on_disk(tmp_path)
    saver.save(sess, tmp_path / "m", 2)
    assert ["m-2"] == on_disk(tmp_path)


@pytest.mark.parametrize("name", ["m", "checkpoint"])
def test_an_error_says_whether_the_checkpoint_is_written(sess, tmp_path, monkeypatch, name):
    """An error of the state file comes after the checkpoint, which the next save lists."""
    saver = tf.train.Saver(max_to_keep=2)
    saver.save(sess, tmp_path / "m", 0)
    really = os.replace

    def refuse(path, target):
        if os.path.basename(target).startswith(f"{name}-1" if name == "m" else name):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(tf.errors.ResourceExhaustedError, match=f"Cannot write {tmp_path}/{name}") as caught:
            saver.save(sess, tmp_path / "m", 1)
    is_written = (tmp_path / "m-1.h5").exists()
    assert is_written == (name != "m")
    assert is_written == caught.value.message.startswith(f"{tmp_path}/m-1.h5 is written, but the state file may not")
    assert str(tmp_path / "m-0") == tf.train.latest_checkpoint(tmp_path)
    saver.save(sess, tmp_path / "m", 2)
    listed = [os.path.basename(path) for path in tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths]
    assert ["m-1" if is_written else "m-0", "m-2"] == on_disk(tmp_path) == listed


def test_an_interrupted_start_is_repeated(sess, tmp_path, monkeypatch):
    """Interrupted while it reads the state file, a Saver that resumes reads it when it saves again."""
    tf.train.Saver().save(sess, tmp_path / "m", 0)
    saver = tf.train.Saver(max_to_keep=1, resume_rotation=True)
    with monkeypatch.context() as patch:
        patch.setattr("hdfsaver.reading.state_file.read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            saver.save(sess, tmp_path / "m", 1)
    saver.save(sess, tmp_path / "m", 1)
    assert ["m-1"] == on_disk(tmp_path)


def test_a_state_file_that_cannot_be_read_is_not_replaced(sess, tmp_path, monkeypatch):
    """Where the system refuses to read it, the save fails instead of forgetting what there is."""
    tf.train.Saver().save(sess, tmp_path / "m", 0)
    saver = tf.train.Saver(max_to_keep=1, resume_rotation=True)
    really_open = os.open

    def refuse(path, *args, **options):
        if os.fspath(path) == os.fspath(tmp_path / "checkpoint"):
            raise OSError(errno.EIO, "no")
        return really_open(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(tf.errors.OpError, match="checkpoint"):
            saver.save(sess, tmp_path / "m", 1)
    assert [str(tmp_path / "m-0")] == tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths
    saver.save(sess, tmp_path / "m", 2)
    assert ["m-1", "m-2"] == on_disk(tmp_path)


def test_a_saver_that_keeps_all_lists_a_checkpoint_once(sess, tmp_path):
    """A checkpoint that was recovered and is saved again is listed once, as it was given."""
    saver = tf.train.Saver(max_to_keep=0)
    saver.save(sess, tmp_path / "m", 1)
    saver.recover_last_checkpoints([tmp_path / "m-1"])
    saver.save(sess, tmp_path / "m", 1)
    assert [str(tmp_path / "m-1")] == tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths
