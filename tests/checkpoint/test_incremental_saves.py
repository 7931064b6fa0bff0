"""`Saver(incremental=True)`: each checkpoint has the bytes of a full save, and only what has changed is written.

Copies stand for clones, see `tests.clones`; small files are taken for large ones.
"""

from __future__ import annotations

import copy
import logging

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.files import cloning
from hdfsaver.storage import incremental
from tests.clones import Copying

ROWS = 200
"""Rows of a variable of 200 kB."""


@pytest.fixture
def clones(monkeypatch):
    copying = Copying()
    monkeypatch.setattr(incremental, "clone", copying)
    monkeypatch.setattr(incremental, "_SMALLEST", 0)
    return copying


@pytest.fixture
def kept(monkeypatch, clones):
    """For each clone that became a file, the number of large values that were not written."""
    found = []
    begin = incremental.Sharing.begin

    def noted(self, *args):
        result = begin(self, *args)
        if result is not None:
            found.append(len(result.rows))
        return result

    monkeypatch.setattr(incremental.Sharing, "begin", noted)
    return found


@pytest.fixture
def session():
    """A graph with three large variables and small ones, an optimizer for one of them, and its session."""
    with tf.Graph().as_default():
        for name in ("first", "second", "third"):
            tf.get_variable(name, [ROWS, 256], initializer=tf.random_normal_initializer(seed=3))
        tf.get_variable("bias", [256], initializer=tf.zeros_initializer())
        tf.train.get_or_create_global_step()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            yield sess


def same_as_full(sess, folder, prefix, **options):
    tf.train.Saver(**options).save(sess, folder / "full", write_state=False)
    return (folder / "full.h5").read_bytes() == tf.gfile.Open(f"{prefix}.h5", "rb").read()


def changed(sess, name):
    variable = next(each for each in tf.global_variables() if each.op.name == name)
    sess.run(tf.assign_add(variable, tf.ones_like(variable)))


@pytest.mark.parametrize("wait", [True, False])
def test_a_session(tmp_path, session, kept, wait):
    """Checkpoints of a session, also those of the background, have the bytes of full ones, and are restored."""
    saver = tf.train.Saver(incremental=True, max_to_keep=2)
    for name in ("first", "second", "third", "bias"):  # the graph grows no more after this
        changed(session, name)
    add = [tf.assign_add(each, tf.ones_like(each)).op for each in tf.global_variables()]
    full = tf.train.Saver(max_to_keep=2)
    for step, runs in enumerate([[], [0], [0, 1], [3], [2], [0, 1, 2, 3], []]):
        session.run([add[place] for place in runs])
        saver.save(session, tmp_path / "m", global_step=step, wait=wait)
        full.save(session, tmp_path / "full", write_state=False)
        saver.wait()
        assert (tmp_path / f"m-{step}.h5").read_bytes() == (tmp_path / "full.h5").read_bytes()
    assert [2, 1, 3, 2, 3] == kept
    values = session.run(tf.global_variables())
    session.run(tf.global_variables_initializer())
    saver.restore(session, tf.train.latest_checkpoint(tmp_path))
    for value, restored in zip(values, session.run(tf.global_variables()), strict=True):
        assert np.array_equal(value, restored)


def test_a_graph_that_grows(tmp_path, session, kept):
    """A graph with more operations has another structure: that save is a full one, and the next is not."""
    saver = tf.train.Saver(incremental=True)
    for step in range(6):
        if step == 3:
            tf.constant(1.0)
        prefix = saver.save(session, tmp_path / "m", global_step=step)
        assert same_as_full(session, tmp_path, prefix)
    assert [3, 3, 3, 3] == kept


def test_training(tmp_path, kept):
    """The variables that an optimizer changes are written with all of its slots; those of frozen layers are not."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 256])
        for name in ("frozen", "trained"):
            kernel = tf.get_variable(name, [256, 256], trainable=name == "trained")
            x = tf.tanh(tf.matmul(x, kernel))
        for optimizer in (tf.train.AdamOptimizer(0.1), tf.train.MomentumOptimizer(0.1, 0.9)):
            train = optimizer.minimize(tf.reduce_sum(x))
            saver = tf.train.Saver(incremental=True)
            full = tf.train.Saver()
            with tf.Session() as sess:
                sess.run(tf.global_variables_initializer())
                for step in range(40):  # beyond the runs after which a plan becomes code
                    sess.run(train, {"Placeholder:0": np.full((2, 256), step, np.float32)})
                    if step % 8 == 0:
                        saver.save(sess, tmp_path / "m")
                        full.save(sess, tmp_path / "full", write_state=False)
                        assert (tmp_path / "m.h5").read_bytes() == (tmp_path / "full.h5").read_bytes()
    assert {1} <= set(kept)
    assert 8 == len(kept)


def test_a_name_that_is_saved_again(tmp_path, session, kept):
    """Without a step each file replaces the one whose blocks it shares."""
    saver = tf.train.Saver(incremental=True)
    for _ in range(3):
        assert same_as_full(session, tmp_path, saver.save(session, tmp_path / "m"))
    assert [3, 3] == kept
    assert ["checkpoint", "full.h5", "m.h5"] == sorted(path.name for path in tmp_path.iterdir())


def test_other_folders(tmp_path, session, kept):
    """A Saver that saves here and there shares blocks as well."""
    saver = tf.train.Saver(incremental=True)
    for place in ("a", "b", "a"):
        assert same_as_full(session, tmp_path, saver.save(session, tmp_path / place / "m"))
    assert [3, 3] == kept


def test_arrays(tmp_path, kept):
    """The arrays of a dict are compared each time, as the program may write to them."""
    arrays = {"a": np.zeros((ROWS, 256)), "b": np.ones((ROWS, 256))}
    saver = tf.train.Saver(arrays, incremental=True)
    for step in range(4):
        prefix = saver.save(None, tmp_path / "m", global_step=step)
        assert same_as_full(None, tmp_path, prefix, var_list=arrays)
        arrays["a"][0, step] = 1
    assert [1, 1, 1] == kept


def test_partitioned_variables(tmp_path, kept):
    """A variable in parts is one value in the file: it is written if one of its parts has changed."""
    with tf.Graph().as_default():
        parts = tf.get_variable("parts", [ROWS, 256], partitioner=tf.fixed_size_partitioner(4))
        tf.get_variable("whole", [ROWS, 256])
        add = tf.assign_add(next(iter(parts)), tf.ones([ROWS // 4, 256]))
        saver = tf.train.Saver(incremental=True)
        full = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for step in range(4):
                sess.run([add] if step > 1 else [])
                saver.save(sess, tmp_path / "m")
                full.save(sess, tmp_path / "full", write_state=False)
                assert (tmp_path / "m.h5").read_bytes() == (tmp_path / "full.h5").read_bytes()
    assert [2, 1, 1] == kept


def test_compression(tmp_path, session, kept, caplog):
    """A Saver with compression says once that it saves in full."""
    saver = tf.train.Saver(incremental=True, compression="gzip")
    for _ in range(3):
        saver.save(session, tmp_path / "m")
    assert [] == kept
    (record,) = caplog.records
    assert f"{tmp_path}/m.h5 is written in full: a file with compressed values" in record.getMessage()
    assert ("hdfsaver", logging.WARNING) == (record.name, record.levelno)
    saver.restore(session, tmp_path / "m")


def test_a_url(session, caplog):
    """A file behind a URL is whole, is written in full, and that is said once."""
    saver = tf.train.Saver(incremental=True)
    for step in range(2):
        saver.save(session, "memory://incremental/m", step)
    (record,) = [each for each in caplog.records if "in full" in each.getMessage()]
    assert (
        record.getMessage()
        == "The incremental save of memory://incremental/m-0.h5 is written in full: a URL shares no blocks."
    )
    saver.restore(session, "memory://incremental/m-1")


def test_other_groups(tmp_path, session, kept):
    """The models of other groups, which are written again, share blocks too."""
    tf.train.Saver(group="b").save(session, tmp_path / "m")
    tf.train.Saver(group="b").save(session, tmp_path / "full")
    saver = tf.train.Saver(incremental=True, group="a")
    for _ in range(3):
        prefix = saver.save(session, tmp_path / "m")
        assert same_as_full(session, tmp_path, prefix, group="a")
    assert [6, 6] == kept


def test_a_group_alone(tmp_path, session, kept):
    """A file with the model of one group shares blocks."""
    saver = tf.train.Saver(incremental=True, group="a")
    for step in range(2):
        prefix = saver.save(session, tmp_path / "m", global_step=step)
        assert same_as_full(session, tmp_path, prefix, group="a")
    assert [3] == kept


@pytest.mark.skipif(cloning._FICLONE is None, reason="this system never clones")
def test_a_file_system_without_clones(tmp_path, session, caplog, monkeypatch):
    """Where blocks cannot be shared every save is a full one, and a warning says so once, with the file."""
    monkeypatch.setattr(incremental, "_SMALLEST", 0)
    saver = tf.train.Saver(incremental=True)
    for step in range(3):
        prefix = saver.save(session, tmp_path / "m", global_step=step)
        assert same_as_full(session, tmp_path, prefix)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) <= 1  # none on a file system with clones
    expected = f"{tmp_path}/m-1.h5 is written in full: its blocks on the disk cannot be those of {tmp_path}/m-0.h5: "
    assert all(expected in line for line in said)


def test_a_number(tmp_path, session, kept):
    """With a number one save is full after so many incremental ones."""
    saver = tf.train.Saver(incremental=1)
    for step in range(5):
        saver.save(session, tmp_path / "m", global_step=step)
    assert [3, 3] == kept


@pytest.mark.parametrize(("wrong", "kind"), [(-1, ValueError), (1.5, TypeError), ("yes", TypeError), (None, TypeError)])
def test_what_is_no_number(session, wrong, kind):
    """Other values are refused when the Saver is made."""
    with pytest.raises(kind, match=r"incremental must be True, False or a number of saves"):
        tf.train.Saver(incremental=wrong)


@pytest.mark.parametrize("off", [False, 0, np.False_])
def test_it_is_off(tmp_path, session, clones, off):
    """Without it nothing is cloned."""
    saver = tf.train.Saver(incremental=off)
    for step in range(2):
        saver.save(session, tmp_path / "m", global_step=step)
    assert 0 == clones.count


def test_copies(tmp_path, session, kept):
    """A copy of a Saver is incremental too, and begins with a full save."""
    saver = tf.train.Saver(incremental=True)
    saver.save(session, tmp_path / "m")
    other = copy.copy(saver)
    for _ in range(2):
        other.save(session, tmp_path / "other")
    assert [3] == kept


def test_monitored_training(tmp_path, kept):
    """The hooks of a monitored session save with such a Saver as with any other, and a later session restores it."""
    values = []
    for _ in range(2):
        with tf.Graph().as_default():
            step = tf.train.get_or_create_global_step()
            fixed = tf.get_variable("fixed", [ROWS, 256], initializer=tf.random_normal_initializer())
            grown = tf.get_variable("grown", [ROWS, 256], initializer=tf.zeros_initializer())
            train = tf.group(tf.assign_add(step, 1), tf.assign_add(grown, tf.ones([ROWS, 256])))
            scaffold = tf.train.Scaffold(saver=tf.train.Saver(incremental=True))
            with tf.train.MonitoredTrainingSession(
                checkpoint_dir=str(tmp_path), scaffold=scaffold, save_checkpoint_steps=3, log_step_count_steps=None
            ) as sess:
                values.append(sess.run(fixed))
                while sess.run(step) % 10 < 9:
                    sess.run(train)
                sess.run(train)
                values.append(sess.run(grown))
    assert np.array_equal(values[0], values[2])
    assert 20 == values[3].min() == values[3].max()
    assert len(kept) >= 4
    assert {1} == set(kept)
    for prefix in tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths:
        with tf.open_file(prefix) as file:
            file.verify()
