"""A Saver whose checkpoints are in an object store: its state file, its rotation, and what others find there."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.files.remote import names as names_module

pytest.importorskip("fsspec", reason="fsspec is not installed; it is an extra")

from tests.files.remote.object_store import ObjectStore, store

FOLDER = "store://bucket/run"
PREFIX = f"{FOLDER}/m.ckpt"


@pytest.fixture
def objects() -> ObjectStore:
    """An object store, empty."""
    return store()


@pytest.fixture
def sess():
    """A session with two variables."""
    tf.Variable(1.0, name="a")
    tf.Variable(np.arange(30_000, dtype=np.float32), name="b")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        yield session


def names(objects):
    return sorted(name.removeprefix("bucket/run/") for name in objects.objects)


def test_the_newest_checkpoints_stay(objects, sess):
    """The state file lists them by names in its folder; the older ones are removed, and the newest is restored."""
    saver = tf.train.Saver(max_to_keep=2)
    prefixes = [saver.save(sess, PREFIX, step) for step in range(4)]
    assert prefixes[-2:] == [f"{PREFIX}-2", f"{PREFIX}-3"] == saver.last_checkpoints
    assert all(type(prefix) is str for prefix in [*prefixes, *saver.last_checkpoints])
    assert names(objects) == ["checkpoint", "m.ckpt-2.h5", "m.ckpt-3.h5"]
    assert objects.objects["bucket/run/checkpoint"].decode().splitlines() == [
        'model_checkpoint_path: "m.ckpt-3"',
        'all_model_checkpoint_paths: "m.ckpt-2"',
        'all_model_checkpoint_paths: "m.ckpt-3"',
    ]
    assert tf.train.latest_checkpoint(FOLDER) == f"{PREFIX}-3"
    sess.run(tf.global_variables()[0].assign(5.0))
    assert saver.restore(sess, tf.train.latest_checkpoint(FOLDER)).restored == ("a", "b")
    assert sess.run("a:0") == 1


def test_the_bytes_are_those_of_a_local_checkpoint(objects, sess, tmp_path):
    """With the graph and its collections."""
    for prefix in (PREFIX, f"{tmp_path}/m.ckpt"):
        tf.train.Saver().save(sess, prefix)
    assert objects.objects["bucket/run/m.ckpt.h5"] == (tmp_path / "m.ckpt.h5").read_bytes()


def test_saves_in_the_background(objects, sess):
    """They end in their order; a restore waits for them."""
    saver = tf.train.Saver(max_to_keep=3)
    for step in range(5):
        saver.save(sess, PREFIX, step, wait=False)
    saver.restore(sess, f"{PREFIX}-4")
    saver.wait()
    assert names(objects) == ["checkpoint", "m.ckpt-2.h5", "m.ckpt-3.h5", "m.ckpt-4.h5"]


def test_an_error_in_the_background(objects, sess):
    """It is raised by the next call; the state file does not name the checkpoint."""
    saver = tf.train.Saver()
    saver.save(sess, PREFIX, 0)
    objects.faults["put"] = PermissionError("Access Denied")
    saver.save(sess, PREFIX, 1, wait=False)
    with pytest.raises(tf.errors.PermissionDeniedError, match=r"Cannot write store://bucket/run/m\.ckpt-1\.h5"):
        saver.wait()
    objects.faults.clear()
    assert tf.train.latest_checkpoint(FOLDER) == f"{PREFIX}-0"
    assert saver.last_checkpoints == [f"{PREFIX}-0"]


def test_a_state_file_that_cannot_be_written(objects, sess):
    """The error says that the checkpoint is there; nothing is removed, and the next save does the rest."""
    saver = tf.train.Saver(max_to_keep=1)
    saver.save(sess, PREFIX, 0)
    objects.faults["put"] = TimeoutError()
    objects.after = objects.asked.count("put") + 1
    with pytest.raises(tf.errors.DeadlineExceededError, match=r"m\.ckpt-1\.h5 is written, but the state file may not"):
        saver.save(sess, PREFIX, 1)
    assert names(objects) == ["checkpoint", "m.ckpt-0.h5", "m.ckpt-1.h5"]
    assert tf.train.latest_checkpoint(FOLDER) == f"{PREFIX}-0"
    objects.faults.clear()
    saver.save(sess, PREFIX, 2)
    assert names(objects) == ["checkpoint", "m.ckpt-2.h5"]


def test_a_removal_that_is_refused(objects, sess):
    """It is a warning, since the new checkpoint is complete."""
    saver = tf.train.Saver(max_to_keep=1)
    saver.save(sess, PREFIX, 0)
    objects.faults["remove"] = PermissionError("Access Denied")
    with pytest.warns(UserWarning, match=r"could not be deleted. Cannot remove store://bucket/run/m\.ckpt-0\.h5"):
        saver.save(sess, PREFIX, 1)
    assert tf.train.latest_checkpoint(FOLDER) == f"{PREFIX}-1"


def test_a_rotation_that_is_resumed(objects, sess):
    """A new Saver begins with the checkpoints of the state file, and removes the oldest."""
    tf.train.Saver(max_to_keep=2).save(sess, PREFIX, 0)
    saver = tf.train.Saver(max_to_keep=2, resume_rotation=True)
    for step in (1, 2):
        saver.save(sess, PREFIX, step)
    assert names(objects) == ["checkpoint", "m.ckpt-1.h5", "m.ckpt-2.h5"]


def test_checkpoints_that_another_program_has_removed(objects, sess):
    """They are not listed any more."""
    saver = tf.train.Saver()
    saver.save(sess, PREFIX, 0)
    del objects.objects["bucket/run/m.ckpt-0.h5"]
    saver.save(sess, PREFIX, 1)
    assert tf.train.get_checkpoint_state(FOLDER).all_model_checkpoint_paths == [f"{PREFIX}-1"]


def test_a_checkpoint_that_another_state_file_lists(objects, sess):
    """It stays, as on this machine."""
    tf.train.Saver().save(sess, PREFIX, 0, latest_filename="best")
    objects.put("bucket/run/events.out.tfevents.1", bytes(1 << 20))
    saver = tf.train.Saver(max_to_keep=1)
    for step in range(3):
        saver.save(sess, PREFIX, step)
    assert [name for name in names(objects) if name.endswith(".h5")] == ["m.ckpt-0.h5", "m.ckpt-2.h5"]


def test_groups(objects, sess):
    """A Saver of a group keeps the models of others; the file goes when the last one has released it."""
    tf.train.Saver(max_to_keep=1).save(sess, PREFIX, 0)
    teacher = tf.train.Saver(max_to_keep=1, group="teacher")
    teacher.save(sess, PREFIX, 0)
    for group in ("", "teacher"):
        assert sorted(tf.load_file(f"{PREFIX}-0.h5", group=group)) == ["a", "b"]
    teacher.save(sess, PREFIX, 1)
    assert names(objects) == ["checkpoint", "m.ckpt-0.h5", "m.ckpt-1.h5"]


def test_a_file_of_another_program(objects, sess, tmp_path):
    """A save does not replace it."""
    import h5py

    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        file["x"] = [1, 2]
    theirs = (tmp_path / "theirs.h5").read_bytes()
    objects.put("bucket/run/m.ckpt.h5", theirs)
    with pytest.raises(tf.errors.FailedPreconditionError, match="an HDF5 file of another program"):
        tf.train.Saver().save(sess, PREFIX)
    with pytest.raises(tf.errors.FailedPreconditionError, match="an HDF5 file of another program"):
        tf.train.export_meta_graph(PREFIX)
    assert objects.objects["bucket/run/m.ckpt.h5"] == theirs


def test_savers_of_one_program_take_turns(objects, sess, monkeypatch):
    """The object store has no locks; a save of another thread to the same folder waits."""
    inside, most = [], []
    put = ObjectStore.put

    def slow(self, path, data):
        inside.append(path)
        most.append(len(inside))
        time.sleep(0.01)
        put(self, path, data)
        inside.remove(path)

    monkeypatch.setattr(ObjectStore, "put", slow)
    savers = [tf.train.Saver(max_to_keep=0) for _ in range(4)]
    threads = [
        threading.Thread(target=saver.save, args=(sess, f"{PREFIX}{number}")) for number, saver in enumerate(savers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(names(objects)) == 5


def test_functions_of_checkpoints(objects, sess):
    """The times, the state file and the removal of a checkpoint are there for URLs too."""
    saver = tf.train.Saver()
    first, second = (str(saver.save(sess, PREFIX, step)) for step in (0, 1))
    assert tf.train.get_checkpoint_mtimes([first, second, f"{PREFIX}-9"]) == [1767225601.0, 1767225601.0]
    tf.train.update_checkpoint_state(FOLDER, first, [second, first])
    assert tf.train.latest_checkpoint(FOLDER) == first
    tf.train.remove_checkpoint(second)
    tf.train.remove_checkpoint(second)
    assert not tf.train.checkpoint_exists(second)
    assert tf.train.checkpoint_exists(first)
    assert tf.read_digraph(first).nodes["a"]["op"] == "VariableV2"
    saver.set_last_checkpoints([first])
    saver.recover_last_checkpoints([first, second])
    assert saver.last_checkpoints == [first]


def test_a_state_file_that_names_another_server(objects, sess):
    """No request is made for what a state file names, and nothing is removed there."""
    objects.put("bucket/other/m.h5", b"")
    state = b'model_checkpoint_path: "store://bucket/other/m"\nall_model_checkpoint_paths: "store://bucket/other/m"\n'
    objects.put("bucket/run/checkpoint", state)
    saver = tf.train.Saver(max_to_keep=1, resume_rotation=True)
    for step in range(2):
        saver.save(sess, PREFIX, step)
    assert "bucket/other/m.h5" in objects.objects
    assert names(objects)[-2:] == ["checkpoint", "m.ckpt-1.h5"]


def test_graphs(objects, sess):
    """Graphs are written under every ending, and imported from there."""
    tf.train.export_meta_graph(f"{FOLDER}/g.meta.h5")
    for name, as_text in (("g.pbtxt", True), ("g.pb", False), ("h", False)):
        tf.train.write_graph(sess.graph, FOLDER, name, as_text)
    assert names(objects) == ["g.meta.h5", "g.pb", "g.pbtxt", "h.h5"]
    with tf.Graph().as_default():
        tf.train.import_meta_graph(f"{FOLDER}/g.meta.h5")
        assert len(tf.global_variables()) == 2


def test_a_graph_of_a_file_that_has_a_url(objects, sess, monkeypatch, tmp_path):
    """An initializer reads the URL that the program gave; the graph of a file makes no request."""
    tf.train.Saver().save(sess, PREFIX)
    with tf.Graph().as_default() as graph:
        a = tf.get_variable("a", [])
        tf.train.init_from_checkpoint(PREFIX, {"a": a})
        initialize = a.initializer.name
        with tf.Session() as other:
            other.run(initialize)
            assert other.run(a) == 1
        tf.train.export_meta_graph(tmp_path / "g.meta", graph=graph)
    monkeypatch.setattr(names_module, "_given", set())
    asked = len(objects.asked)
    with tf.Graph().as_default():
        tf.train.import_meta_graph(tmp_path / "g.meta")
        with (
            tf.Session() as other,
            pytest.raises(tf.errors.UnimplementedError, match=f"{PREFIX} must be on this machine"),
        ):
            other.run(initialize)
    assert len(objects.asked) == asked
