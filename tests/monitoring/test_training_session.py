"""MonitoredTrainingSession: a training that saves, stops and resumes."""

from __future__ import annotations

import pytest

import hdfsaver as tf


def train(model, folder, last_step, **options):
    """Train up to a step; gives the weight at the beginning."""
    hooks = [tf.train.StopAtStepHook(last_step=last_step)]
    with tf.train.MonitoredTrainingSession(checkpoint_dir=folder, hooks=hooks, **options) as sess:
        begun = float(sess.run(model.weight))
        while not sess.should_stop():
            sess.run(model.step)
    return begun


def test_it_saves_at_the_beginning_and_at_the_end(model, tmp_path, steps_on_disk):
    """Without a wish for more, there is a checkpoint of step 0 and one of the last step, and the graph as text."""
    train(model, tmp_path / "run", 3)
    assert [0, 3] == steps_on_disk()
    assert (tmp_path / "run" / "graph.pbtxt").read_text().startswith("node {")


def test_it_saves_every_so_many_steps(model, tmp_path, steps_on_disk):
    """In between too, when that is asked for."""
    train(model, tmp_path / "run", 5, save_checkpoint_steps=2)
    assert [0, 2, 4, 5] == steps_on_disk()


def test_it_resumes(model, tmp_path, steps_on_disk):
    """A second training goes on where the first has ended, and removes old checkpoints in their time."""
    assert 1.0 == train(model, tmp_path / "run", 3)
    assert 4.0 == train(model, tmp_path / "run", 4)
    assert [0, 3, 4] == steps_on_disk()
    train(model, tmp_path / "run", 9, save_checkpoint_steps=1)
    assert [5, 6, 7, 8, 9] == steps_on_disk()


def test_after_an_exception_nothing_is_saved(model, tmp_path, steps_on_disk):
    """What was reached when something failed is not the last checkpoint."""

    def fail(sess):
        sess.run(model.step)
        raise KeyError

    with pytest.raises(KeyError), tf.train.MonitoredTrainingSession(checkpoint_dir=tmp_path / "run") as sess:
        fail(sess)
    assert [0] == steps_on_disk()


@pytest.mark.parametrize("options", [{"save_checkpoint_secs": None}, {"save_checkpoint_steps": 0}])
def test_saving_can_be_left_out(model, tmp_path, steps_on_disk, options):
    """With an interval that is none, nothing is saved."""
    train(model, tmp_path / "run", 2, **options)
    assert [] == steps_on_disk()


def test_without_a_folder(model):
    """A training without checkpoints begins anew each time, and needs no global step but for its hooks."""
    assert (1.0, 1.0) == (train(model, None, 2), train(model, None, 2))


def test_a_global_step_is_needed(tmp_path):
    """Without a global step there is nothing to name checkpoints after."""
    tf.get_variable("w", initializer=1.0)
    with pytest.raises(RuntimeError, match="Global step should be created to use"):
        tf.train.MonitoredTrainingSession(checkpoint_dir=tmp_path)


def test_a_worker_waits_for_its_chief(model, tmp_path, steps_on_disk):
    """Values belong to a session, so that a worker waits in vain, and says which variables have none."""
    with pytest.raises(tf.errors.DeadlineExceededError, match="not initialized: global_step, w"):
        tf.train.MonitoredTrainingSession(is_chief=False, checkpoint_dir=tmp_path / "run", max_wait_secs=0)
    assert [] == steps_on_disk()


def test_the_saved_graph_comes_back(model, tmp_path):
    """What a supervised training has saved is a checkpoint like others, its own operations included."""
    train(model, tmp_path, 2)
    path = tf.train.latest_checkpoint(tmp_path)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(path).restore(sess, path)
        assert (2, 3.0) == (sess.run("global_step:0"), sess.run("w:0"))
