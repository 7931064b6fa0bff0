"""What a training writes into event files: summaries, its speed, graphs, and notes about checkpoints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from tests import forks


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close the writers of the test."""
    yield
    tf.summary.FileWriterCache.clear()


def events(folder: Path) -> list[Any]:
    """All events of the only event file of a folder."""
    tf.summary.FileWriterCache.clear()
    (path,) = folder.glob("events.out.tfevents.*")
    return list(tf.train.summary_iterator(path))


def steps_of(found: list[Any], tag: str) -> list[int]:
    """The steps at which a summary was written."""
    return [event.step for event in found if any(value.tag == tag for value in event.summary.value)]


def notes(found: list[Any]) -> list[tuple[int, int, str]]:
    """Step, status and checkpoint of the notes about the training."""
    logs = [event for event in found if event.HasField("session_log")]
    return [(event.step, event.session_log.status, event.session_log.checkpoint_path) for event in logs]


def test_a_monitored_training(tmp_path: Path, model: Any) -> None:
    """Summaries, the speed, the graph and the notes are in one file, with TensorFlow's steps."""
    tf.summary.scalar("weight", model.weight)
    folder = tmp_path / "run"
    with tf.train.MonitoredTrainingSession(
        checkpoint_dir=folder, save_checkpoint_steps=4, save_summaries_steps=2, log_step_count_steps=3
    ) as sess:
        for _ in range(6):
            sess.run(model.step)
    found = events(folder)
    start, checkpoint = tf.SessionLog.START, tf.SessionLog.CHECKPOINT
    path = str(folder / "model.ckpt")
    assert [1, 3, 5] == steps_of(found, "weight")
    assert [4] == steps_of(found, "global_step/sec")
    assert [(0, checkpoint, path), (1, start, ""), (4, checkpoint, path), (6, checkpoint, path)] == notes(found)
    kinds = {event.WhichOneof("what") for event in found}
    assert {"file_version", "graph_def", "meta_graph_def", "summary", "session_log"} == kinds
    names = {node.name for event in found if event.graph_def for node in tf.GraphDef.FromString(event.graph_def).node}
    assert {"w", "weight", "Merge/MergeSummary"} <= names
    metas = [tf.MetaGraphDef.FromString(event.meta_graph_def) for event in found if event.meta_graph_def]
    assert any(meta.saver_def.max_to_keep == 5 for meta in metas)


def test_events_without_checkpoints(tmp_path: Path, model: Any) -> None:
    """A folder for summaries alone has no checkpoints; None and 0 write no summaries."""
    tf.summary.scalar("weight", model.weight)
    with tf.train.MonitoredTrainingSession(summary_dir=tmp_path / "x", save_summaries_secs=1000) as sess:
        sess.run([model.step, model.weight])
        sess.run([model.step, model.weight])
    assert [1] == steps_of(events(tmp_path / "x"), "weight")
    assert 1 == len(list((tmp_path / "x").iterdir()))
    with tf.Graph().as_default():
        tf.train.create_global_step()
        with tf.train.MonitoredTrainingSession(
            summary_dir=tmp_path / "y", save_summaries_steps=None, log_step_count_steps=0
        ):
            pass
    assert not (tmp_path / "y").exists()


def test_summaries_of_a_hook(tmp_path: Path, model: Any) -> None:
    """Several are written, by the writer that is given, and it is flushed at the end."""
    writer = tf.summary.FileWriter(tmp_path)
    made = [tf.summary.scalar("a", model.weight), tf.summary.scalar("b", 1.0)]
    hook = tf.train.SummarySaverHook(save_steps=1, summary_writer=writer, summary_op=made)
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        for _ in range(2):
            sess.run(model.step)
    found = events(tmp_path)
    assert ([1, 2], [1, 2]) == (steps_of(found, "a"), steps_of(found, "b"))
    writer.close()


def test_a_step_that_is_fetched_after_its_update(tmp_path: Path) -> None:
    """Summaries are not written a step too early."""
    step = tf.assign_add(tf.train.create_global_step(), 1)
    writer = tf.summary.FileWriter(tmp_path)
    hook = tf.train.SummarySaverHook(8, summary_writer=writer, summary_op=tf.summary.scalar("a", 1.0))
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        for _ in range(20):
            sess.run(step)
    assert [1, 9, 17] == steps_of(events(tmp_path), "a")
    writer.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.train.SummarySaverHook(1), "Exactly one of scaffold or summary_op"),
        (
            lambda: tf.train.SummarySaverHook(1, scaffold=tf.train.Scaffold(), summary_op=tf.summary.scalar("a", 1.0)),
            "Exactly one of scaffold or summary_op",
        ),
        (lambda: tf.train.SummarySaverHook(scaffold=tf.train.Scaffold()), "Either every_secs or every_steps"),
        (lambda: tf.train.SummarySaverHook(1, 1, scaffold=tf.train.Scaffold()), "both every_secs and every_steps"),
    ],
)
def test_arguments_that_do_not_go_together(make: Callable[[], object], message: str) -> None:
    """What cannot be is refused when the hook is made."""
    with pytest.raises(ValueError, match=message):
        make()


def test_the_summaries_of_a_scaffold() -> None:
    """All of the graph are merged, and kept in the collection; a graph may have none."""
    tf.summary.scalar("a", 1.0)
    scaffold = tf.train.Scaffold().finalize()
    assert scaffold.summary_op is not None
    assert "Merge/MergeSummary" == scaffold.summary_op.op.name
    assert [scaffold.summary_op] == tf.get_collection(tf.GraphKeys.SUMMARY_OP)
    with tf.Graph().as_default():
        assert tf.train.Scaffold().finalize().summary_op is None


def test_a_training_does_without_the_library(tmp_path: Path) -> None:
    """Where that for event files is missing, checkpoints are saved, and a warning names it; a writer is an error."""
    code = """
import sys
sys.modules["crc32c"] = None
import hdfsaver as tf
step = tf.assign_add(tf.train.create_global_step(), 1)
with tf.train.MonitoredTrainingSession(checkpoint_dir=sys.argv[1]) as sess:
    sess.run(step)
try:
    tf.summary.FileWriter(sys.argv[1])
except ImportError as error:
    print(error)
"""
    done = forks.run("-c", code, tmp_path, loaded=forks.MODELS)
    assert re.search("No event files are written: .*'crc32c'.*pip install", done.stderr)
    assert "'crc32c'" in done.stdout
    assert tf.train.latest_checkpoint(tmp_path)


def test_a_supervisor(tmp_path: Path, model: Any) -> None:
    """Its threads write summaries, the speed and notes; what the program computes is written at the step."""
    tf.summary.scalar("weight", model.weight)
    supervisor = tf.train.Supervisor(logdir=tmp_path, save_summaries_secs=0.01, save_model_secs=0.01)
    with supervisor.managed_session() as sess:
        sess.run(model.step)
        supervisor.summary_computed(sess, tf.Summary(value=[tf.Summary.Value(tag="own", simple_value=1.0)]))
        with pytest.raises(TypeError, match="bytes or a Summary, not str"):
            supervisor.summary_computed(sess, "x")
        while not (tf.train.latest_checkpoint(tmp_path) and steps_of(written(tmp_path, supervisor), "weight")):
            assert not supervisor.should_stop()
    found = events(tmp_path)
    assert [1] == steps_of(found, "own")
    assert steps_of(found, "weight")
    statuses = [status for _, status, _ in notes(found)]
    assert (tf.SessionLog.START, tf.SessionLog.STOP) == (statuses[0], statuses[-1])
    assert tf.SessionLog.CHECKPOINT in statuses
    assert {"graph_def", "meta_graph_def"} <= {event.WhichOneof("what") for event in found}


def written(folder: Path, supervisor: tf.train.Supervisor) -> list[Any]:
    """The events so far."""
    assert supervisor.summary_writer is not None
    supervisor.summary_writer.flush()
    (path,) = folder.glob("events.out.tfevents.*")
    return list(tf.train.summary_iterator(path))


def test_a_supervisor_without_summaries(tmp_path: Path) -> None:
    """None makes no summaries and no event file."""
    tf.summary.scalar("a", 1.0)
    supervisor = tf.train.Supervisor(
        logdir=tmp_path, summary_op=None, summary_writer=None, global_step=None, saver=None
    )
    with supervisor.managed_session() as sess, pytest.raises(RuntimeError, match="requires a summary writer"):
        supervisor.summary_computed(sess, b"")
    assert ["graph.pbtxt"] == [path.name for path in tmp_path.iterdir()]


def test_a_supervisor_with_a_writer_alone(tmp_path: Path) -> None:
    """Without a folder the writer that is given gets the graph and what the program computes."""
    merged = tf.summary.scalar("a", 1.0)
    writer = tf.summary.FileWriter(tmp_path)
    supervisor = tf.train.Supervisor(summary_op=None, summary_writer=writer)
    with supervisor.managed_session() as sess:
        supervisor.summary_computed(sess, sess.run(merged))
    kinds = ["file_version", "graph_def", "meta_graph_def", "summary", "session_log"]
    assert kinds == [event.WhichOneof("what") for event in events(tmp_path)]
