"""The older way to train under supervision."""

from __future__ import annotations

import threading

import pytest

import hdfsaver as tf


def test_a_training_is_resumed(model, tmp_path):
    """What one Supervisor has saved another restores; the graph is written as text."""
    first = tf.train.Supervisor(logdir=tmp_path, save_model_secs=0)
    with first.managed_session() as sess:
        for _ in range(3):
            sess.run(model.step)
        assert not first.should_stop()
        first.saver.save(sess, first.save_path, global_step=first.global_step)
    assert first.should_stop()
    assert (tmp_path / "graph.pbtxt").exists()
    with tf.train.Supervisor(logdir=tmp_path).managed_session() as sess:
        assert 4.0 == sess.run(model.weight)


def test_a_thread_saves(model, tmp_path):
    """A checkpoint is saved as soon as the session is made."""
    supervisor = tf.train.Supervisor(logdir=tmp_path, save_model_secs=1000)
    with supervisor.managed_session():
        for _ in tf.train.checkpoints_iterator(tmp_path, timeout=30):
            break
    assert 1.0 == tf.train.load_variable(tmp_path, "w")


def test_an_error_passes_and_stops_the_threads(model, tmp_path):
    """What fails in the block is raised when the threads have ended; the end of the input is no error."""
    supervisor = tf.train.Supervisor(logdir=tmp_path)
    with pytest.raises(KeyError), supervisor.managed_session():
        raise KeyError
    with supervisor.managed_session():
        raise tf.errors.OutOfRangeError(None, None, "the end")
    with supervisor.managed_session() as sess, supervisor.stop_on_exception():
        assert 1.0 == sess.run(model.weight)


def test_without_a_folder(model):
    """Nothing is saved, and there is no service to start."""
    supervisor = tf.train.Supervisor(init_fn=lambda sess: sess.run(model.step))
    with supervisor.managed_session() as sess:
        assert (2.0, None) == (sess.run(model.weight), supervisor.save_path)
        with pytest.raises(RuntimeError, match="no logdir"):
            supervisor.start_standard_services(sess)


def test_no_chief():
    """Another than the chief waits, and starts no services; its variables need a device."""
    tf.get_variable("w", initializer=1.0)
    with pytest.raises(ValueError, match="must have their device set"):
        tf.train.Supervisor(is_chief=False)
    tf.reset_default_graph()
    with tf.device("/job:ps"):
        tf.get_variable("w", initializer=1.0)
    supervisor = tf.train.Supervisor(is_chief=False, recovery_wait_secs=0.01)
    with pytest.raises(tf.errors.DeadlineExceededError, match="not initialized"):
        supervisor.prepare_or_wait_for_session(max_wait_secs=0.02)
    with tf.Session() as sess, pytest.raises(RuntimeError, match="Only chief"):
        supervisor.start_standard_services(sess)


def test_after_an_error_it_is_to_stop(model):
    """When the block has ended with an error, loops in other threads see that they are to stop."""
    supervisor = tf.train.Supervisor(logdir="")
    with pytest.raises(KeyError), supervisor.managed_session():
        raise KeyError
    assert supervisor.should_stop()
    assert supervisor.save_path is None


def test_the_basic_loop(model):
    """A function is called until the Supervisor is to stop, and again in a new session after an aborted step."""
    supervisor = tf.train.Supervisor()
    values = []

    def step(sess, number, aborts):
        sess.run(model.step)
        values.append(float(sess.run(model.weight)))
        if len(values) == 2:
            raise tf.errors.AbortedError(None, None, "gone")
        if len(values) == 3:
            supervisor.request_stop()
        assert (7, True) == (number, aborts)

    tf.train.basic_train_loop(supervisor, step, args=[7], kwargs={"aborts": True})
    assert [2.0, 3.0, 2.0] == values


def test_queue_runners(model):
    """Without any there are no threads; those that a program brings are started, and others are an error."""
    started = []

    class Runner:
        def create_threads(self, sess, coord=None, daemon=False, start=False):
            started.append((sess, coord, daemon, start))
            return [threading.current_thread()]

    supervisor = tf.train.Supervisor()
    sess = tf.Session()
    assert [] == supervisor.start_queue_runners(sess)
    assert [threading.current_thread()] * 2 == supervisor.StartQueueRunners(sess, [Runner(), Runner()])
    assert [(sess, supervisor.coord, True, True)] * 2 == started
    tf.get_default_graph().get_collection_ref(tf.GraphKeys.QUEUE_RUNNERS).append(b"of another program")
    with pytest.raises(tf.errors.UnimplementedError, match=r"queue runner \(bytes\) cannot be started"):
        supervisor.start_queue_runners(sess)


def test_options_of_local_initialization(model):
    """The run of the local operation has them."""
    manager = tf.train.SessionManager(local_init_op=tf.no_op(), local_init_run_options=3)
    with pytest.raises(TypeError, match="`options` must be a tf.RunOptions"):
        manager.prepare_session("", init_op=tf.global_variables_initializer())
    supervisor = tf.train.Supervisor(local_init_run_options=tf.RunOptions())
    assert 1.0 == supervisor.prepare_or_wait_for_session().run(model.weight)
