"""The files that a Saver removes, and those that it must not remove."""

from __future__ import annotations

import os

import pytest

import hdfsaver as tf
from hdfsaver.checkpoint import checkpoint_management
from hdfsaver.errors import from_os_error
from hdfsaver.reading import checkpoint_names


@pytest.fixture
def sess():
    variable = tf.Variable(1.0, name="v")
    with tf.Session() as session:
        session.run(variable.initializer)
        yield session


@pytest.mark.parametrize("names", [("m.h5", "m"), ("m", "m.h5"), ("./m", "m"), ("m", "sub/../m")])
def test_two_spellings_of_one_file(sess, tmp_path, monkeypatch, names):
    """A file that was saved again under another spelling of its name is not taken for superseded."""
    monkeypatch.chdir(tmp_path)
    os.mkdir("sub")
    saver = tf.train.Saver(max_to_keep=1)
    for name in names:
        saver.save(sess, name)
    assert [names[-1]] == saver.last_checkpoints
    saver.restore(sess, names[-1])
    assert 1.0 == tf.train.load_variable(".", "v")


def test_other_files_of_the_same_name_stay(sess, tmp_path):
    """Where a checkpoint is gone already, a file that is called as its prefix is stays."""
    saver = tf.train.Saver(max_to_keep=1)
    saver.save(sess, tmp_path / "m", global_step=1)
    (tmp_path / "m-1.h5").unlink()
    (tmp_path / "m-1").write_text("a user's notes")
    saver.save(sess, tmp_path / "m", global_step=2)
    assert ["checkpoint", "m-1", "m-2.h5"] == sorted(os.listdir(tmp_path))


def test_what_cannot_be_deleted_is_a_warning(sess, tmp_path, monkeypatch):
    """A superseded file that cannot be deleted stays, with a warning; the save succeeds, the next ones too."""

    def refuse(prefix):
        raise from_os_error(PermissionError(13, "no"), f"Cannot remove {prefix}")

    saver = tf.train.Saver(max_to_keep=1)
    saver.save(sess, tmp_path / "m", global_step=1)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_management, "remove_checkpoint", refuse)
        with pytest.warns(
            UserWarning, match=r"superseded checkpoint could not be deleted.*Cannot remove .*m-1"
        ) as caught:
            prefix = saver.save(sess, tmp_path / "m", global_step=2)
    assert [__file__] == [warning.filename for warning in caught]
    assert prefix == tf.train.latest_checkpoint(tmp_path)
    saver.save(sess, tmp_path / "m", global_step=3)
    assert ["checkpoint", "m-1.h5", "m-3.h5"] == sorted(os.listdir(tmp_path))


def test_what_is_gone_is_not_listed(sess, tmp_path):
    """The state file does not list removed checkpoints; the Saver's own list does."""
    saver = tf.train.Saver()
    prefixes = [saver.save(sess, tmp_path / "m", global_step=step) for step in (1, 2)]
    tf.train.remove_checkpoint(prefixes[0])
    prefixes.append(saver.save(sess, tmp_path / "m", global_step=3))
    assert prefixes == saver.last_checkpoints
    assert prefixes[1:] == tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths


def test_a_failed_save_removes_nothing(sess, tmp_path):
    """A save that fails leaves what was there, in the folder and in the Saver's list."""
    saver = tf.train.Saver(max_to_keep=1)
    prefix = saver.save(sess, tmp_path / "m", global_step=1)
    (tmp_path / "m-2.h5").mkdir()
    with pytest.raises(tf.errors.FailedPreconditionError, match="directory"):
        saver.save(sess, tmp_path / "m", global_step=2)
    assert ([prefix], prefix) == (saver.last_checkpoints, tf.train.latest_checkpoint(tmp_path))
    assert ["checkpoint", "m-1.h5", "m-2.h5"] == sorted(os.listdir(tmp_path))


def test_many_go_at_once(tmp_path, monkeypatch):
    """Where many checkpoints go, each of those that stay is looked for once."""
    looked = []
    status_of = checkpoint_names.status_of

    def counted(prefix):
        looked.append(prefix)
        return status_of(prefix)

    monkeypatch.setattr(checkpoint_names, "status_of", counted)
    for number in range(20):
        (tmp_path / f"m-{number}.h5").touch()
    prefixes = [str(tmp_path / f"m-{number}") for number in range(20)]
    checkpoint_management.remove_superseded(prefixes[:10], prefixes[10:])
    assert {f"m-{number}.h5" for number in range(10, 20)} == {path.name for path in tmp_path.iterdir()}
    assert 10 == sum(prefix in prefixes[10:] for prefix in looked)
