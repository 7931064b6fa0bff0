"""State files made and written without a Saver, and checkpoints removed."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.reading import checkpoint_names

generate = tf.train.generate_checkpoint_state_proto
update = tf.train.update_checkpoint_state


@pytest.mark.parametrize(
    ("folder", "newest", "kept", "expected"),
    [
        ("m", "m/x", None, ["x"]),
        ("m", "m/x", ["m/w"], ["w", "x"]),
        ("m", "m/x", ["m/w", "m/x"], ["w", "x"]),
        ("m", "m/x", ["m/x", "m/w"], ["x", "w", "x"]),
        ("m", "/a/x", ["m/w"], ["w", "/a/x"]),
        ("/a/m", "m/x", ["m/w"], ["m/w", "m/x"]),
        ("/a/m", "/a/m/x", None, ["/a/m/x"]),
        ("m", "x", None, ["../x"]),
        ("", "x", None, ["x"]),
        (".", "x", None, ["x"]),
        (Path("m"), Path("m/x"), (b"m/w",), ["w", "x"]),
    ],
)
def test_paths_in_a_state(folder, newest, kept, expected):
    """The newest is always listed last; paths are relative to a relative folder, and unchanged otherwise."""
    state = generate(folder, newest, kept)
    assert (expected[-1], expected) == (state.model_checkpoint_path, state.all_model_checkpoint_paths)


def test_the_lists_given_stay_as_they_are():
    """The arguments are not changed."""
    kept, times = ["m/w"], [1.0, 2.0]
    state = generate("m", "m/x", kept, times, 3.0)
    assert (["m/w"], [1.0, 2.0]) == (kept, times)
    assert ([1.0, 2.0], 3.0) == (state.all_model_checkpoint_timestamps, state.last_preserved_timestamp)


@pytest.mark.parametrize(("kept", "times"), [(["m/w"], [1.0]), (["m/x"], [1.0, 2.0]), ([], [1.0, 2.0])])
def test_as_many_times_as_paths(tmp_path, kept, times):
    """Another number of timestamps than of paths is a ValueError, and nothing is written."""
    with pytest.raises(ValueError, match="must match checkpoint paths"):
        generate("m", "m/x", kept, times)
    with pytest.raises(ValueError, match="must match checkpoint paths"):
        update(tmp_path, "m/x", kept, all_model_checkpoint_timestamps=times)
    assert [] == os.listdir(tmp_path)


def test_what_is_written_is_read(tmp_path, monkeypatch):
    """Everything that a state says comes back, paths beginning at the folder."""
    monkeypatch.chdir(tmp_path)
    os.mkdir("m")
    update("m", "m/x", ["m/w", "m/x"], "other", [1.0, 2.5], 3.0)
    assert ["other"] == os.listdir("m")
    expected = tf.train.CheckpointState("m/x", ["m/w", "m/x"], [1.0, 2.5], 3.0)
    assert expected == tf.train.get_checkpoint_state("m", "other")
    update("m", "m/y", latest_filename="other")
    assert tf.train.CheckpointState("m/y", ["m/y"]) == tf.train.get_checkpoint_state("m", "other")


def test_relative_paths_on_demand(tmp_path):
    """Absolute paths become relative to the folder with `save_relative_paths`, outside of it too."""
    update(tmp_path, tmp_path / "x", [tmp_path.parent / "w"], save_relative_paths=True)
    expected = 'model_checkpoint_path: "x"\nall_model_checkpoint_paths: "../w"\nall_model_checkpoint_paths: "x"\n'
    assert expected == (tmp_path / "checkpoint").read_text()


def test_the_state_file_is_not_a_checkpoint(tmp_path):
    """A checkpoint that is called as the state file is a RuntimeError, and nothing is written."""
    with pytest.raises(RuntimeError, match="conflicts with the path used for the checkpoint state"):
        update(tmp_path, tmp_path / "checkpoint")
    assert [] == os.listdir(tmp_path)


def test_where_nothing_can_be_written(tmp_path):
    """A missing folder is a NotFoundError, a directory in the file's place a FailedPreconditionError."""
    with pytest.raises(tf.errors.NotFoundError, match="none"):
        update(tmp_path / "none", "x")
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(tf.errors.FailedPreconditionError, match="directory"):
        update(tmp_path, "x")
    assert ["checkpoint"] == os.listdir(tmp_path)


def test_an_empty_path(tmp_path, monkeypatch):
    """An empty path beside a relative folder is a ValueError, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    for call in (generate, update):
        with pytest.raises(ValueError, match="path is empty"):
            call(".", "")
    assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize("path", [None, 3])
def test_not_a_path(tmp_path, path):
    """An object that is not a path is a TypeError."""
    for call in (lambda: generate("m", path), lambda: update(tmp_path, path), lambda: tf.train.remove_checkpoint(path)):
        with pytest.raises(TypeError, match="must be a str"):
            call()


FILES = ["m.h5", "m-1.h5", "m-2.hdf5", "m-3", "m-1.h5.bak", "meta.meta", "meta.h5", "folder.h5"]


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        (tmp_path / name).touch() if name != "folder.h5" else (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("prefix", "gone"),
    [
        ("m", "m.h5"),
        ("m.h5", "m.h5"),
        ("m-1", "m-1.h5"),
        ("m-2", "m-2.hdf5"),
        ("m-2.hdf5", "m-2.hdf5"),
        *(
            (name, None)
            for name in ("m-3", "m-9", "m*", "m-?", "meta.meta", "m-1.h5.bak", "folder", "", ".", "\0", "x" * 999)
        ),
    ],
)
def test_what_is_removed(folder, prefix, gone):
    """The checkpoint's own file goes and no other: none of another ending, none that a pattern matches, no folder."""
    for path in (f"{folder}/{prefix}", bytes(folder / prefix)):
        tf.train.remove_checkpoint(path)
    assert sorted(set(FILES) - {gone}) == sorted(os.listdir(folder))


def test_a_graph_alone_does_not_replace_values(tmp_path):
    """A graph may replace a graph, but neither a checkpoint with values nor a file of another program."""
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.Session() as sess:
        sess.run(v.initializer)
        tf.train.Saver().save(sess, tmp_path / "m")
        tf.train.Saver(group="teacher").save(sess, tmp_path / "groups")
    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        file["measured"] = np.arange(3)
    kinds = {"m": "values of variables", "groups.h5": "values of variables", "theirs": "another program"}
    for name, what in kinds.items():
        before = Path(checkpoint_names.file_of(str(tmp_path / name))).read_bytes()
        for export in (
            lambda name=name: tf.train.export_meta_graph(tmp_path / name),
            lambda name=name: tf.train.write_graph(tf.get_default_graph(), tmp_path, name, as_text=False),
        ):
            with pytest.raises(tf.errors.FailedPreconditionError, match=f"{what}.*Choose another name"):
                export()
        assert before == Path(checkpoint_names.file_of(str(tmp_path / name))).read_bytes()
    for _ in range(2):
        tf.train.export_meta_graph(tmp_path / "graph")
    (tmp_path / "m.h5").unlink()
    tf.train.export_meta_graph(tmp_path / "m")


def test_a_state_file_does_not_replace_a_checkpoint(tmp_path):
    """A name that ends as checkpoints do is refused for a state file, before anything is written."""
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.Session() as sess:
        sess.run(v.initializer)
        tf.train.Saver().save(sess, tmp_path / "m")
        before = (tmp_path / "m.h5").read_bytes()
        with pytest.raises(RuntimeError, match=r"m\.h5"):
            tf.train.update_checkpoint_state(tmp_path, tmp_path / "m", latest_filename="m.h5")
        with pytest.raises(ValueError, match="has the ending of a checkpoint"):
            tf.train.Saver().save(sess, tmp_path / "n", latest_filename="m.h5")
    assert before == (tmp_path / "m.h5").read_bytes()
    assert {"checkpoint", "m.h5"} == set(os.listdir(tmp_path))
