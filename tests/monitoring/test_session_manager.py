"""Sessions that are ready: from a checkpoint, or from the initializers."""

from __future__ import annotations

import threading

import pytest

import hdfsaver as tf


@pytest.fixture
def manager(model):
    """A manager that knows when the model is ready."""
    return tf.train.SessionManager(ready_op=tf.report_uninitialized_variables(), recovery_wait_secs=0.01)


@pytest.fixture
def saved(manager, model, tmp_path):
    """A checkpoint of step 1 in the folder, and its Saver."""
    saver = tf.train.Saver()
    with manager.prepare_session("", init_op=tf.global_variables_initializer()) as sess:
        sess.run(model.step)
        return saver, saver.save(sess, tmp_path / "m", global_step=model.global_step)


def test_it_is_initialized(manager, model):
    """Where there is no checkpoint the initializers are run, and the function is called."""
    seen: list[float] = []
    sess = manager.prepare_session(
        "",
        init_op=tf.global_variables_initializer(),
        init_fn=lambda sess: seen.append(float(sess.run(model.weight))),
    )
    assert ([1.0], 1.0) == (seen, sess.run(model.weight))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (dict, "no init_op or init_fn or local_init_op was given"),
        (lambda: {"init_op": tf.no_op()}, "did not make model ready.*not initialized: global_step, w"),
        (lambda: {"init_fn": lambda sess: None}, "did not make model ready.*not initialized: global_step, w"),
    ],
)
def test_what_does_not_make_it_ready(manager, make, message):
    """A model of which variables have no value is not handed out; they are named."""
    with pytest.raises(RuntimeError, match=message):
        manager.prepare_session("", **make())


def test_it_is_restored(manager, model, saved, tmp_path):
    """From a folder's latest checkpoint, or from one that is named; the list of checkpoints is taken up again."""
    saver, path = saved
    for where in ({"checkpoint_dir": tmp_path}, {"checkpoint_filename_with_path": path}):
        saver = tf.train.Saver()
        sess = manager.prepare_session("", saver=saver, **where)
        assert 2.0 == sess.run(model.weight)
    sess, is_ready = manager.recover_session("", saver, checkpoint_dir=tmp_path)
    assert (True, 2.0, [path]) == (is_ready, sess.run(model.weight), saver.last_checkpoints)
    with pytest.raises(ValueError, match="Can not provide both"):
        manager.prepare_session("", saver=saver, checkpoint_dir=tmp_path, checkpoint_filename_with_path=path)


def test_nothing_to_recover(manager, tmp_path):
    """Without a checkpoint, now or after some waiting, the session is not ready."""
    assert not manager.recover_session("", tf.train.Saver(), checkpoint_dir=tmp_path)[1]
    found = manager.recover_session(
        "", tf.train.Saver(), checkpoint_dir=tmp_path, wait_for_checkpoint=True, max_wait_secs=0.05
    )
    assert not found[1]


def test_it_waits_once_at_least(model, tmp_path):
    """A checkpoint that comes during the one long wait is found, however short the time to wait at most is."""
    saver = tf.train.Saver()
    manager = tf.train.SessionManager(recovery_wait_secs=0.3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        later = threading.Timer(0.05, saver.save, (sess, str(tmp_path / "m")))
        later.start()
        found, is_ready = manager.recover_session(
            "", saver, checkpoint_dir=tmp_path, wait_for_checkpoint=True, max_wait_secs=0.01
        )
        later.join()
    assert is_ready
    assert 1.0 == found.run(model.weight)


def test_local_initialization(model):
    """What no checkpoint has is initialized in every session, but not before what it needs."""
    local = tf.Variable(7.0, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES], trainable=False)
    ready = tf.report_uninitialized_variables(tf.global_variables())
    manager = tf.train.SessionManager(
        local_init_op=local.initializer, ready_op=tf.report_uninitialized_variables(), ready_for_local_init_op=ready
    )
    assert 7.0 == manager.prepare_session("", init_op=tf.global_variables_initializer()).run(local)
    with pytest.raises(RuntimeError, match="ready for local_init.*not initialized: global_step, w"):
        manager.prepare_session("", init_op=tf.no_op())
    with pytest.raises(ValueError, match="must also pass a local_init_op"):
        tf.train.SessionManager(ready_for_local_init_op=ready)


def test_waiting(manager, model):
    """A model that nobody can make ready is waited for in vain; one without variables is ready at once."""
    with pytest.raises(tf.errors.DeadlineExceededError, match="not initialized"):
        manager.wait_for_session("", max_wait_secs=0.03)
    assert isinstance(tf.train.SessionManager().wait_for_session(""), tf.Session)
