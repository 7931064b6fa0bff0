"""Event files are TensorFlow's: names, first event and messages, written in a thread and read again."""

from __future__ import annotations

import gc
import os
import re
import socket
import warnings
from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.messages import message_classes
from hdfsaver.summaries import event_files
from tests import forks


def files(folder: Path) -> list[Path]:
    """The event files of a folder, in the order in which they were made."""
    return sorted(folder.iterdir())


def events(folder: Path) -> list[Any]:
    """All events of the only file of a folder."""
    (path,) = files(folder)
    return list(tf.train.summary_iterator(path))


def number(value: float, tag: str = "x") -> tf.Summary:
    """A summary of one number."""
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value)])


def test_a_file_with_every_kind_of_event(tmp_path: Path) -> None:
    """The name has the time and the host; the first event tells the version; all others come in order."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        merged = tf.summary.merge([tf.summary.scalar("loss", 0.5)])
        data = sess.run(merged)
        with tf.summary.FileWriter(tmp_path / "new" / "folder", graph) as writer:
            writer.add_summary(data, 10)
            writer.add_summary(number(2.0), global_step=11)
            writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 1)
            writer.add_run_metadata(tf.RunMetadata(), "first", 3)
            writer.add_event(tf.Event(step=7))
            assert str(tmp_path / "new" / "folder") == writer.get_logdir()
    found = events(tmp_path / "new" / "folder")
    (path,) = files(tmp_path / "new" / "folder")
    assert re.fullmatch(rf"events\.out\.tfevents\.\d{{10}}\.{re.escape(socket.gethostname())}", path.name)
    kinds = [
        "file_version",
        "graph_def",
        "meta_graph_def",
        *["summary"] * 2,
        "session_log",
        "tagged_run_metadata",
        None,
    ]
    assert kinds == [event.WhichOneof("what") for event in found]
    assert [0, 0, 0, 10, 11, 1, 3, 7] == [event.step for event in found]
    assert "brain.Event:2" == found[0].file_version
    assert graph.as_graph_def(add_shapes=True) == tf.GraphDef.FromString(found[1].graph_def)
    assert graph.as_graph_def(add_shapes=True) == tf.MetaGraphDef.FromString(found[2].meta_graph_def).graph_def
    assert [("loss", 0.5), ("x", 2.0)] == [
        (e.summary.value[0].tag, e.summary.value[0].simple_value) for e in found[3:5]
    ]
    times = [event.wall_time for event in found[1:-1]]
    assert times == sorted(times)


def test_metadata_are_written_once_for_a_tag(tmp_path: Path) -> None:
    """A message of the program keeps its own, and may be changed afterwards."""
    metadata = tf.SummaryMetadata(display_name="d")
    summary = tf.Summary(value=[tf.Summary.Value(tag="t", metadata=metadata, simple_value=1.0)])
    with tf.summary.FileWriter(tmp_path) as writer:
        for step in range(2):
            writer.add_summary(summary, step)
            assert "d" == summary.value[0].metadata.display_name
            summary.value[0].simple_value += 1
    values = [event.summary.value[0] for event in events(tmp_path)[1:]]
    assert [True, False] == [value.HasField("metadata") for value in values]
    assert [1.0, 2.0] == [value.simple_value for value in values]


def test_what_was_flushed_can_be_read(tmp_path: Path) -> None:
    """And reading goes on where new events have come."""
    writer = tf.summary.FileWriter(tmp_path, filename_suffix=".end", max_queue=1)
    writer.add_summary(number(1.0), 1)
    writer.flush()
    (path,) = files(tmp_path)
    assert path.name.endswith(".end")
    reader = tf.train.summary_iterator(path)
    assert [0, 1] == [event.step for event in reader]
    for step in (2, 3):
        writer.add_summary(number(1.0), step)
    writer.close()
    assert [2, 3] == [event.step for event in reader]


def test_closed_and_opened_again(tmp_path: Path) -> None:
    """A closed writer warns and writes nothing; opened again it has a file of its own, also in the same second."""
    writer = tf.summary.FileWriter(tmp_path)
    assert [] == files(tmp_path)
    for step in range(3):
        writer.add_summary(number(1.0), step)
        writer.close()
        with pytest.warns(UserWarning, match="closed FileWriter"):
            writer.add_summary(number(9.0), 99)
        writer.close()
        writer.reopen()
    writer.close()
    assert [[0, step] for step in range(3)] == [
        [event.step for event in tf.train.summary_iterator(path)] for path in files(tmp_path)
    ]


def test_no_event_is_lost_without_close(tmp_path: Path) -> None:
    """Where nothing uses the writer any more, and where the program ends."""
    writer = tf.summary.FileWriter(tmp_path / "a")
    for step in range(50):
        writer.add_summary(number(1.0), step)
    del writer
    gc.collect()
    assert list(range(50)) == [event.step for event in events(tmp_path / "a")[1:]]
    code = (
        "import sys, hdfsaver as tf\nwriter = tf.summary.FileWriter(sys.argv[1])\n"
        "for step in range(50): writer.add_summary(tf.Summary(), step)"
    )
    forks.run("-c", code, tmp_path / "b")
    assert list(range(50)) == [event.step for event in events(tmp_path / "b")[1:]]


@pytest.mark.parametrize("use", ["add", "flush", "close"])
def test_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    """The program gets the error with its next call, instead of waiting, and can go on without the file."""

    def refuse(self: object, event: bytes) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "disk full")

    monkeypatch.setattr(event_files._EventFile, "write", refuse)
    writer = tf.summary.FileWriter(tmp_path, max_queue=1)

    def run() -> None:
        for _ in range(1000 if use == "add" else 1):
            writer.add_summary(number(1.0), 1)
        if use != "add":
            getattr(writer, use)()

    with pytest.raises(tf.errors.ResourceExhaustedError, match="disk full"):
        run()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer.add_summary(number(1.0), 1)
        writer.flush()
        writer.close()


def test_what_is_refused(tmp_path: Path) -> None:
    """Other objects, a tag that was used, damaged bytes; the folder's name is a file."""
    with tf.summary.FileWriter(tmp_path / "x") as writer:
        with pytest.raises(TypeError, match="must be an instance of Graph"):
            writer.add_graph("x")
        with pytest.raises(ValueError, match="only graph, or graph_def"):
            writer.add_graph(tf.Graph(), graph_def=tf.GraphDef())
        with pytest.raises(TypeError, match="must be type MetaGraphDef"):
            writer.add_meta_graph(tf.GraphDef())
        writer.add_graph(tf.GraphDef())
        writer.add_run_metadata(tf.RunMetadata(), "t")
        with pytest.raises(ValueError, match="already used"):
            writer.add_run_metadata(tf.RunMetadata(), "t")
        with pytest.raises(tf.errors.DataLossError, match="not a Summary"):
            writer.add_summary(b"zz")
    with pytest.raises(tf.errors.NotFoundError):
        tf.train.summary_iterator(tmp_path / "nope")
    (path,) = files(tmp_path / "x")
    with pytest.raises(tf.errors.OpError):
        tf.summary.FileWriter(path)


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    """It writes the default graph when it is made, and is forgotten by `clear`."""
    cache = tf.summary.FileWriterCache
    writer = cache.get(tmp_path)
    assert cache.get(os.fspath(tmp_path)) is writer is tf.train.SummaryWriterCache.get(tmp_path)
    assert isinstance(writer, tf.train.SummaryWriter)
    cache.clear()
    assert ["file_version", "graph_def", "meta_graph_def"] == [event.WhichOneof("what") for event in events(tmp_path)]
    assert cache.get(tmp_path) is not writer
    cache.clear()


def test_a_record_that_is_no_event(tmp_path: Path) -> None:
    """It is damage."""
    with tf.python_io.TFRecordWriter(tmp_path / "x") as writer:
        writer.write(message_classes.Event(step=1).SerializeToString())
        writer.write(b"zz")
    reader = tf.train.summary_iterator(tmp_path / "x")
    assert 1 == next(reader).step
    with pytest.raises(tf.errors.DataLossError, match="not a Event"):
        next(reader)
