"""The table of ``docs/remote.md``: each function does with a URL as the table says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.conversion.freeze_graph import freeze_graph

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed; it is an extra")

PAGE = Path(__file__).parents[2] / "docs" / "remote.md"

F = "memory://run"

M = f"{F}/m"


@pytest.fixture
def sess(tmp_path):
    """A session whose variable is in a checkpoint in memory, and in one of this machine."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    a = tf.get_variable("a", initializer=[1.0, 2.0])
    tf.multiply(tf.placeholder(tf.float32, [2], name="x"), a, name="y")
    tf.train.create_global_step()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for prefix in (M, tmp_path / "m"):
            tf.train.Saver().save(session, prefix)
        yield session
    files.store.clear()


def _trained(create: Any) -> None:
    with tf.Graph().as_default():
        later = tf.assign_add(tf.train.create_global_step(), 1)
        with create() as session:
            session.run(later)


def _hook() -> Any:
    return tf.train.MonitoredSession(hooks=[tf.train.CheckpointSaverHook(f"{F}/hook", save_steps=1)])


def _initialized() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        a = tf.get_variable("a", [2])
        tf.train.init_from_checkpoint(M, {"a": a})
        session.run(tf.global_variables_initializer())
        assert session.run(a).tolist() == [1, 2]


def _prepared() -> None:
    with tf.Graph().as_default():
        a = tf.get_variable("a", [2])
        session = tf.train.SessionManager().prepare_session("", saver=tf.train.Saver([a]), checkpoint_dir=F)
        assert session.run(a).tolist() == [1, 2]


def _imported() -> None:
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(M) is not None


def _events() -> None:
    with tf.summary.FileWriter(f"{F}/logs") as writer:
        writer.add_summary(tf.Summary(), 3)
    (name,) = tf.gfile.ListDirectory(f"{F}/logs")
    assert [event.step for event in tf.train.summary_iterator(f"{F}/logs/{name}")][-1] == 3


def _records() -> None:
    with tf.python_io.TFRecordWriter(f"{F}/r") as writer:
        writer.write(b"x")
    assert list(tf.python_io.tf_record_iterator(f"{F}/r")) == [b"x"]


def _frozen(session: tf.Session) -> None:
    tf.train.write_graph(session.graph, F, "g.pb", as_text=False)
    freeze_graph(f"{F}/g.pb", "", True, M, "y", "", "", f"{F}/frozen.pb", True, "")
    assert tf.gfile.Exists(f"{F}/frozen.pb")


def calls(session: tf.Session, folder: Path) -> dict[str, Any]:
    """A call with a URL for each function of the table."""
    ones = {"w": np.ones(3, np.float32)}
    local = folder / "m.h5"
    y = ["y:0"]
    return {
        "load_file": lambda: tf.load_file(M)["a"],
        "open_file": lambda: tf.open_file(M).close(),
        "convert(source)": lambda: tf.convert(M, folder / "c.npz"),
        "train.NewCheckpointReader": lambda: tf.train.NewCheckpointReader(M).get_tensor("a"),
        "train.load_checkpoint": lambda: tf.train.load_checkpoint(F),
        "train.load_variable": lambda: tf.train.load_variable(F, "a"),
        "train.list_variables": lambda: tf.train.list_variables(F),
        "train.latest_checkpoint": lambda: str(tf.train.latest_checkpoint(F)),
        "train.get_checkpoint_state": lambda: tf.train.get_checkpoint_state(F).model_checkpoint_path[0],
        "train.checkpoint_exists": lambda: 1 / tf.train.checkpoint_exists(M),
        "train.checkpoints_iterator": lambda: next(tf.train.checkpoints_iterator(F, timeout=1)),
        "train.get_checkpoint_mtimes": lambda: tf.train.get_checkpoint_mtimes([M])[0],
        "train.Saver.restore": lambda: tf.train.Saver().restore(session, M),
        "train.import_meta_graph": _imported,
        "read_digraph": lambda: tf.read_digraph(M),
        "onnx.save_model": lambda: pytest.importorskip("hdfsaver.onnx").save_model(session, f"{F}/y.onnx", y),
        "train.init_from_checkpoint": _initialized,
        "save_file": lambda: tf.save_file(ones, f"{F}/w.h5"),
        "write_digraph": lambda: tf.write_digraph(tf.read_digraph(M), f"{F}/d.h5"),
        "convert(target)": lambda: tf.convert(local, f"{F}/m.safetensors"),
        'convert(to="tensorflow")': lambda: tf.convert(local, f"{F}/t", to="tensorflow"),
        "convert(weights_in)": lambda: tf.convert(local, f"{F}/y.onnx", outputs=y, weights_in=local),
        "train.Saver.save": lambda: tf.train.Saver().save(session, M, 1),
        "train.update_checkpoint_state": lambda: tf.train.update_checkpoint_state(F, M),
        "train.remove_checkpoint": lambda: tf.train.remove_checkpoint(M),
        "train.export_meta_graph": lambda: tf.train.export_meta_graph(f"{F}/e"),
        "train.write_graph": lambda: tf.train.write_graph(session.graph, F, "g.pbtxt"),
        "python.tools.freeze_graph": lambda: _frozen(session),
        "train.MonitoredTrainingSession": lambda: _trained(
            lambda: tf.train.MonitoredTrainingSession(checkpoint_dir=f"{F}/t", save_checkpoint_steps=1)
        ),
        "train.CheckpointSaverHook": lambda: _trained(_hook),
        "train.Supervisor": lambda: _trained(lambda: tf.train.Supervisor(logdir=f"{F}/s").managed_session()),
        "train.SessionManager": _prepared,
        "summary.FileWriter": _events,
        "train.summary_iterator": _events,
        "python_io.TFRecordWriter": _records,
        "python_io.tf_record_iterator": _records,
        "gfile.Copy": lambda: tf.gfile.Copy(str(local), f"{F}/copy.h5"),
        "saved_model.loader.load": lambda: tf.saved_model.loader.load(session, ["serve"], F),
        "saved_model.builder.SavedModelBuilder": lambda: tf.saved_model.builder.SavedModelBuilder(f"{F}/sm"),
        "reseal": lambda: tf.reseal(f"{M}.h5"),
        "salvage": lambda: tf.salvage(f"{M}.h5"),
        "load_file(mmap_mode)": lambda: tf.load_file(M, mmap_mode="r"),
    }


def rows() -> dict[str, str]:
    """The second cell of the table by the functions of the first one."""
    table = PAGE.read_text(encoding="utf-8").partition("## All functions")[2].partition("\n## ")[0]
    found = re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.MULTILINE)
    return {name: said for names, said in found for name in re.findall(r"`([^`]+)`", names)}


@pytest.mark.parametrize("name", list(rows()))
def test_a_function(sess, tmp_path, monkeypatch, name):
    """It works, or is refused with a sentence that says what to do; nothing is written into the working directory."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    call = calls(sess, tmp_path)[name]
    if rows()[name].startswith("works"):
        call()
    else:
        with pytest.raises((tf.errors.UnimplementedError, ValueError), match=r"[Cc]opy|download") as caught:
            call()
        assert "memory://run" in str(caught.value)
    assert list((tmp_path / "cwd").iterdir()) == []


def test_every_call_is_in_the_table(sess, tmp_path):
    """The table names what is called here."""
    assert calls(sess, tmp_path).keys() == rows().keys()
