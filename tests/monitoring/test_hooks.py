"""The hooks, one by one."""

from __future__ import annotations

import json
import logging
import re
import threading
import time

import pytest

import hdfsaver as tf
from hdfsaver.monitoring import stop_hooks
from hdfsaver.monitoring.step_timer import due_step


@pytest.fixture
def logged(caplog):
    """A function that gives what was logged so far."""
    caplog.set_level(logging.INFO, "hdfsaver")
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (tf.train.StopAtStepHook, "One of num_steps or last_step"),
        (lambda: tf.train.StopAtStepHook(1, 2), "Only one of num_steps or last_step"),
        (lambda: tf.train.CheckpointSaverHook("x"), "Either every_secs or every_steps"),
        (lambda: tf.train.CheckpointSaverHook("x", 1, 1), "both every_secs and every_steps"),
        (lambda: tf.train.CheckpointSaverHook("x", 1, saver=1, scaffold=1), "both saver and scaffold"),
        (lambda: tf.train.LoggingTensorHook(["a"]), "exactly one of every_n_iter and every_n_secs"),
        (lambda: tf.train.LoggingTensorHook(["a"], 1, 1.0), "exactly one of every_n_iter and every_n_secs"),
        (lambda: tf.train.LoggingTensorHook(["a"], every_n_iter=0), "invalid every_n_iter=0"),
        (lambda: tf.train.StepCounterHook(None), "Exactly one of every_n_steps"),
        (tf.train.ProfilerHook, "Either every_secs or every_steps"),
    ],
)
def test_arguments_that_do_not_go_together(make, message):
    """What cannot be is refused when the hook is made."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "hook",
    [
        tf.train.StopAtStepHook(1),
        tf.train.StepCounterHook(),
        tf.train.GlobalStepWaiterHook(1),
        tf.train.ProfilerHook(1),
    ],
)
def test_hooks_that_need_a_global_step(hook):
    """Without one, the session is not even made."""
    with pytest.raises(RuntimeError, match=f"Global step should be created to use {type(hook).__name__}"):
        tf.train.MonitoredSession(hooks=[hook])


@pytest.mark.parametrize(("fetched", "stops"), [(0, False), (1, True), (2, True)])
def test_the_last_step_may_be_fetched_before_its_update(model, fetched, stops):
    """Whether the fetch of the global step came before the run's own update or after it, training stops there."""
    hook = tf.train.StopAtStepHook(last_step=2)
    hook.begin()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(2 if stops else 1):
            sess.run(model.step)
        context = tf.train.SessionRunContext(tf.train.SessionRunArgs(model.step), sess)
        hook.after_run(context, tf.train.SessionRunValues(fetched, None, None))
    assert context.stop_requested is stops


def test_tensors_are_logged(model, logged):
    """Every so many runs, by their names or under names of one's own, in order; and at the end."""
    hooks = [
        tf.train.LoggingTensorHook(["w:0"], every_n_iter=2),
        tf.train.LoggingTensorHook({"step": model.global_step, "a": model.weight}, at_end=True),
        tf.train.LoggingTensorHook({"w": model.weight}, every_n_secs=1000, formatter=lambda values: f"<{values['w']}>"),
    ]
    with tf.train.MonitoredSession(hooks=hooks) as sess:
        for _ in range(3):
            sess.run(model.step)
    messages = [re.sub(r"\d\.\d{3} sec", "… sec", message) for message in logged()[1:]]
    # A run changes the weight before it is fetched: nothing orders the two, and that is the engine's order.
    assert ["w:0 = 2.0", "<2.0>", "w:0 = 4.0 (… sec)", "a = 4.0, step = 3"] == messages


def test_speed_is_logged(model, logged):
    """Every so many steps one learns how many there were a second."""
    with tf.train.MonitoredSession(hooks=[tf.train.StepCounterHook(2)]) as sess:
        for _ in range(5):
            sess.run(model.step)
    assert 2 == sum(message.startswith("global_step/sec: ") for message in logged())


def test_a_loss_that_is_no_number(model):
    """It ends the training, with an error or without."""
    x = tf.placeholder(tf.float32)
    with tf.train.MonitoredSession(hooks=[tf.train.NanTensorHook(x, fail_on_nan_loss=False)]) as sess:
        sess.run(x, {x: 1.0})
        assert not sess.should_stop()
        sess.run(x, {x: float("nan")})
        assert sess.should_stop()
    with (
        pytest.raises(tf.train.NanLossDuringTrainingError, match="NaN loss during training"),
        tf.train.MonitoredSession(hooks=[tf.train.NanTensorHook(x)]) as sess,
    ):
        sess.run(x, {x: float("nan")})


def test_final_operations(model):
    """They are run at the end, and their values kept."""
    hook = tf.train.FinalOpsHook([model.weight])
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        sess.run(model.step)
        assert hook.final_ops_values is None
    assert [2.0] == hook.final_ops_values


def test_waiting_for_a_step(model, monkeypatch):
    """The first run is held up until another thread has raised the global step."""
    monkeypatch.setattr(stop_hooks, "WAIT_SECONDS", 0.01)
    with tf.train.SingularMonitoredSession(hooks=[tf.train.GlobalStepWaiterHook(3)]) as sess:
        raw = sess.raw_session()

        def raise_it():
            for _ in range(3):
                time.sleep(0.02)
                raw.run(model.step)

        thread = threading.Thread(target=raise_it)
        thread.start()
        assert 3 <= sess.run(model.global_step)
        thread.join()


def test_listeners_hear_of_every_save(model, tmp_path):
    """They are called around each save, may ask to stop, and are called at the end."""
    calls: list[object] = []

    class Listener(tf.train.CheckpointSaverListener):
        def begin(self):
            calls.append("begin")

        def before_save(self, session, global_step_value):
            calls.append(("before", global_step_value))

        def after_save(self, session, global_step_value):
            calls.append(("after", global_step_value))
            return global_step_value >= 2

        def end(self, session, global_step_value):
            calls.append(("end", global_step_value))

    hook = tf.train.CheckpointSaverHook(tmp_path, save_steps=1, listeners=[Listener()], saver=tf.train.Saver())
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        while not sess.should_stop():
            sess.run(model.step)
    saves = [(when, step) for step in (0, 1, 2) for when in ("before", "after")]
    assert ["begin", *saves, ("end", 2)] == calls


def test_a_saver_is_found_or_asked_for(model, tmp_path):
    """Without a Saver the one of the collection is used; several are one too many."""
    hook = tf.train.CheckpointSaverHook(tmp_path, save_steps=1)
    for _ in range(2):
        tf.add_to_collection(tf.GraphKeys.SAVERS, tf.train.Saver())
    scaffold = tf.train.Scaffold(saver=tf.train.Saver())
    with pytest.raises(RuntimeError, match="'savers' has 2 items"):
        tf.train.MonitoredSession(tf.train.ChiefSessionCreator(scaffold), hooks=[hook])


def test_when_something_is_due(monkeypatch):
    """At first, and then whenever enough steps or seconds have passed; never twice at one step."""
    steps = tf.train.SecondOrStepTimer(every_steps=3)
    due = [
        (step, steps.update_last_triggered_step(step)[1]) for step in range(8) if steps.should_trigger_for_step(step)
    ]
    assert ([(0, None), (3, 3), (6, 3)], 6) == (due, steps.last_triggered_step())
    now = 1e9
    monkeypatch.setattr(time, "time", lambda: now)
    seconds = tf.train.SecondOrStepTimer(every_secs=10)
    seconds.update_last_triggered_step(1)
    now += 9
    assert not seconds.should_trigger_for_step(2)
    now += 1
    assert (True, False) == (seconds.should_trigger_for_step(2), seconds.should_trigger_for_step(1))
    seconds.reset()
    assert seconds.should_trigger_for_step(1)


def test_runs_of_several_steps(model, tmp_path, steps_on_disk, logged):
    """What is due after an even number of steps is due in the run that makes the last of them."""
    saving, counting = tf.train.CheckpointSaverHook(tmp_path / "run", save_steps=10), tf.train.StepCounterHook(10)
    saving._set_steps_per_run(5)
    counting._set_steps_per_run(5)
    more = tf.assign_add(model.global_step, 5)
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(), [saving, counting]) as sess:
        for _ in range(5):
            sess.run(more)
        assert [0, 10, 20] == steps_on_disk()
    assert [0, 10, 20, 25] == steps_on_disk()
    assert 2 == sum(message.startswith("global_step/sec") for message in logged())
    timer = tf.train.SecondOrStepTimer(every_steps=10)
    timer.update_last_triggered_step(0)
    assert 10 == due_step(timer, 5, lambda: 10, 5)  # a global step that was fetched before the run changed it
    assert due_step(timer, 5, lambda: 10) is None


def test_timelines_are_written(model, tmp_path):
    """After the interval, and only of the runs that are due."""
    hook = tf.train.ProfilerHook(save_steps=2, output_dir=tmp_path / "a" / "b", show_memory=True)
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        for _ in range(5):
            sess.run(model.step)
    folder = tmp_path / "a" / "b"
    files = sorted(folder.glob("timeline*"))
    assert ["timeline-2.json", "timeline-4.json"] == [file.name for file in files]
    events = json.loads(files[0].read_text())["traceEvents"]
    assert {"M", "X", "N", "O", "D", "C"} == {event["ph"] for event in events}
    assert "AssignAdd" in {event["name"] for event in events}
    (path,) = folder.glob("events*")
    found = [event.tagged_run_metadata for event in tf.train.summary_iterator(path)]
    assert ["step_2", "step_4"] == [tagged.tag for tagged in found if tagged.tag]
    metadata = tf.RunMetadata.FromString(next(tagged.run_metadata for tagged in found if tagged.tag))
    assert any("AssignAdd" in node.timeline_label for node in metadata.step_stats.dev_stats[0].node_stats)
