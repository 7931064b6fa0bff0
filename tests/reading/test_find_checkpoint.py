"""Which checkpoint is meant: the latest of a folder, and whether one is there; state files of every kind."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.reading import state_file

READING: list[Callable[[Any], Any]] = [
    tf.train.get_checkpoint_state,
    tf.train.latest_checkpoint,
    tf.train.load_checkpoint,
    tf.train.list_variables,
    lambda folder: tf.train.load_variable(folder, "step"),
    lambda folder: list(tf.train.checkpoints_iterator(folder, timeout=0)),
    lambda folder: tf.train.init_from_checkpoint(folder, {}),
]
"""Every function that reads the state file of a folder."""


def outcome(function, folder):
    """The result of a function for a folder; only a ValueError may be raised."""
    try:
        return function(folder)
    except ValueError:
        return ValueError


def write_state(folder, content):
    (folder / "checkpoint").write_bytes(content)


def check_no_checkpoint(folder):
    """Every function takes the folder for one without a checkpoint."""
    assert None is tf.train.latest_checkpoint(folder)
    assert [] == list(tf.train.checkpoints_iterator(folder, timeout=0))
    for opening in (tf.train.load_checkpoint, tf.train.list_variables, READING[-1]):
        with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file"):
            opening(folder)


def test_the_latest(folder):
    """The newest checkpoint is that of the state file, as a prefix below the given folder."""
    assert f"{folder}/m-5" == tf.train.latest_checkpoint(folder) == tf.train.latest_checkpoint(bytes(folder))
    state = tf.train.get_checkpoint_state(str(folder))
    assert isinstance(state, tf.train.CheckpointState)
    assert [f"{folder}/m-5"] == state.all_model_checkpoint_paths
    assert ([], 0.0) == (state.all_model_checkpoint_timestamps, state.last_preserved_timestamp)


def test_other_names_of_the_state_file(folder):
    """`latest_filename` says which state file is meant."""
    (folder / "checkpoint").rename(folder / "other")
    assert None is tf.train.latest_checkpoint(folder)
    assert f"{folder}/m-5" == tf.train.latest_checkpoint(folder, "other")
    assert f"{folder}/m-5" == tf.train.get_checkpoint_state(folder, latest_filename="other").model_checkpoint_path


@pytest.mark.parametrize("prefix", ["{elsewhere}/m-5", "/gone/away/m-5", "C:\\\\models\\\\m-5", "//server/share/m-5"])
def test_a_folder_that_was_moved(folder, tmp_path, prefix):
    """The checkpoint beside the state file is taken when asked for, whether or not there is one at the old path."""
    shutil.copytree(folder, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "sub").mkdir()
    for name in ("sub/m-4.h5", "m-4.h5"):  # what is named by a relative path moves with the folder
        shutil.copy(folder / "m-5.h5", tmp_path / "elsewhere" / name)
    moved = str(tmp_path / "elsewhere")
    named = prefix.format(elsewhere=folder)
    lines = [f'model_checkpoint_path: "{named}"', 'all_model_checkpoint_paths: "sub/m-4"']
    lines += [f'all_model_checkpoint_paths: "{named}"', 'all_model_checkpoint_paths: "/gone/m-3"']
    write_state(tmp_path / "elsewhere", "\n".join(lines).encode())
    assert f"{moved}/m-5" != tf.train.latest_checkpoint(moved)
    assert f"{moved}/m-5" == tf.train.latest_checkpoint(moved, relocated=True)
    state = tf.train.get_checkpoint_state(moved, relocated=True)
    assert state is not None
    assert [f"{moved}/sub/m-4", f"{moved}/m-5", "/gone/m-3"] == state.all_model_checkpoint_paths


def test_the_remedy_for_a_moved_folder(folder):
    """The error for the folder names the checkpoint beside the state file, and the call that finds it."""
    write_state(folder, b'model_checkpoint_path: "/gone/m-5"')
    said = r"Give the prefix of a checkpoint instead: .*/m-5, which `latest_checkpoint\(..., relocated=True\)` finds"
    with pytest.raises(ValueError, match=said):
        tf.train.load_checkpoint(folder)
    found = tf.train.latest_checkpoint(folder, relocated=True)
    assert 7 == tf.train.load_variable(found, "step")


@pytest.mark.parametrize("path", ["nope", "m-5.h5", "\0", "x" * 5000, "a/" * 3000])
def test_no_folder(folder, path):
    """A path that is not a folder has no state and no checkpoint."""
    assert None is tf.train.get_checkpoint_state(f"{folder}/{path}")
    assert None is tf.train.latest_checkpoint(f"{folder}/{path}")


@pytest.mark.parametrize("name", ["nope", "", "a/b", "m-5.h5/a", "\0", "x" * 300])
def test_no_state_file(folder, name):
    """Where there is no state file of that name there is no state."""
    (folder / "checkpoint").unlink()
    assert None is tf.train.latest_checkpoint(folder, name)


@pytest.mark.parametrize("path", [None, 3])
def test_not_a_path(path):
    """An object that is not a path is a TypeError."""
    for ask in (tf.train.latest_checkpoint, tf.train.get_checkpoint_state, tf.train.checkpoint_exists):
        with pytest.raises(TypeError, match="must be a str"):
            ask(path)
    with pytest.raises(TypeError, match="must be a str"):
        tf.train.get_checkpoint_mtimes([path])


def test_which_checkpoints_are_there(folder):
    """A prefix or the file; no folder, no pattern, and nothing that cannot be a path."""
    for path in (folder / "m-5", folder / "m-5.h5", bytes(folder / "m-5")):
        assert tf.train.checkpoint_exists(path)
    for path in ("", "\0", "x" * 5000, folder, f"{folder}/", folder / "m", f"{folder}/m-*", folder / "m-5" / "y"):
        assert not tf.train.checkpoint_exists(path)


def test_times(folder):
    """A time for each checkpoint that is there, in their order."""
    os.utime(folder / "m-5.h5", (100, 200))
    shutil.copy(folder / "m-5.h5", folder / "m-6.h5")
    os.utime(folder / "m-6.h5", (100, 150.5))
    paths = [folder / "m-6", "nope", str(folder / "m-5"), bytes(folder / "m-5.h5"), "x" * 5000]
    assert [150.5, 200.0, 200.0] == tf.train.get_checkpoint_mtimes(paths)
    assert [] == tf.train.get_checkpoint_mtimes([])
    with pytest.raises(TypeError, match="A list of checkpoints"):
        tf.train.get_checkpoint_mtimes(str(folder / "m-5"))


@pytest.mark.parametrize("content", [b"garbage", b"\0", b'model_checkpoint_path: "m-5', b"model_checkpoint_path: 3"])
def test_a_state_that_cannot_be_understood(folder, content):
    """A malformed state file gives None, even if the checkpoint exists."""
    write_state(folder, content)
    assert None is tf.train.get_checkpoint_state(folder)
    check_no_checkpoint(folder)


@pytest.mark.parametrize("content", [b"", b"\n", b'all_model_checkpoint_paths: "m-5"', b'model_checkpoint_path: ""'])
def test_a_state_that_names_nothing(folder, content):
    """A state without a newest checkpoint is a ValueError in every function."""
    write_state(folder, content)
    for function in READING:
        with pytest.raises(ValueError, match="Invalid checkpoint state loaded from"):
            function(folder)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'model_checkpoint_path: "m-5" # \xff'])
def test_a_state_that_is_not_utf_8(folder, content):
    """Bytes that are not UTF-8 are a ValueError that names the file."""
    write_state(folder, content)
    for function in READING:
        with pytest.raises(ValueError, match=r"checkpoint is not a state file: it is not UTF-8"):
            function(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary() | st.binary().map(lambda some: b'model_checkpoint_path: "m-5"\n' + some))
def test_any_bytes(folder, content):
    """For any state file every function gives None, a ValueError or an existing checkpoint; nothing is changed."""
    write_state(folder, content)
    for function in READING:
        outcome(function, folder)
    assert content == (folder / "checkpoint").read_bytes()
    assert 7 == tf.train.load_variable(folder / "m-5", "step")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(st.characters(codec="utf-8"), min_size=1))
@example(path="\0/")
def test_any_path(folder, path):
    """For any path in a state file, a missing checkpoint gives None."""
    state_file.write(tf.train.CheckpointState(path, [path]), folder)
    assert os.path.join(folder, path) == tf.train.get_checkpoint_state(folder).model_checkpoint_path
    assert tf.train.latest_checkpoint(folder) in (None, os.path.join(folder, path))
    for function in READING:
        outcome(function, folder)


def make_loop(path):
    path.symlink_to(path.name)


def make_endless(path):
    path.symlink_to("/dev/zero")


def make_huge(path):
    with path.open("wb") as file:
        file.write(b'model_checkpoint_path: "m-5"\n')
        file.truncate(2**40)


KINDS = [os.mkdir, make_huge]
if sys.platform != "win32":
    KINDS += [os.mkfifo, make_loop, make_endless]


@pytest.mark.parametrize("make", KINDS)
def test_special_files_as_state_files(folder, make):
    """A directory, a pipe without a writer, a loop of links, an endless device, a terabyte: no state, at once."""
    (folder / "checkpoint").unlink()
    make(folder / "checkpoint")
    start = time.process_time()
    assert None is tf.train.get_checkpoint_state(folder)
    check_no_checkpoint(folder)
    assert 5 > time.process_time() - start


def test_a_state_file_that_may_not_be_read(folder, monkeypatch):
    """A file that the operating system refuses to open gives no state."""
    opening = os.open

    def refuse(path, *arguments, **options):
        if os.path.basename(path) == "checkpoint":
            raise PermissionError(13, "Permission denied")
        return opening(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    assert None is tf.train.get_checkpoint_state(folder)
    check_no_checkpoint(folder)


def test_a_state_that_points_elsewhere(folder, tmp_path):
    """Checkpoints may be outside the folder; they are found there, and never changed."""
    (tmp_path / "elsewhere").mkdir()
    write_state(tmp_path / "elsewhere", b'model_checkpoint_path: "../models/m-5"')
    assert f"{tmp_path}/elsewhere/../models/m-5" == tf.train.latest_checkpoint(tmp_path / "elsewhere")
    assert 7 == tf.train.load_variable(tmp_path / "elsewhere", "step")


@pytest.mark.parametrize("path", ["gone", "../gone", "/gone", "m-5/", ".", "..", "m-*", "x" * 5000, "checkpoint/x"])
def test_a_state_that_names_what_is_not_there(folder, path):
    """The state is returned, but there is no latest checkpoint; a directory or a pattern is not a checkpoint."""
    state_file.write(tf.train.CheckpointState(path, [path]), folder)
    assert os.path.join(folder, path) == tf.train.get_checkpoint_state(folder).model_checkpoint_path
    check_no_checkpoint(folder)


def test_a_state_that_names_another_file(folder):
    """If the newest file is not a checkpoint it is found, and reading it is an error that says its kind."""
    (folder / "text").write_text("not a checkpoint")
    write_state(folder, b'model_checkpoint_path: "text"')
    assert f"{folder}/text" == tf.train.latest_checkpoint(folder)
    with pytest.raises(tf.errors.InvalidArgumentError, match="text is a text file"):
        tf.train.load_checkpoint(folder)


def test_absolute_paths_after_a_move(folder, tmp_path):
    """Absolute paths lead to where the folder was; relative ones go with it."""
    folder.rename(tmp_path / "moved")
    moved = tmp_path / "moved"
    assert str(folder / "m-5") == tf.train.get_checkpoint_state(moved).model_checkpoint_path
    check_no_checkpoint(moved)
    tf.train.update_checkpoint_state(moved, moved / "m-5", save_relative_paths=True)
    moved.rename(folder)
    assert f"{folder}/m-5" == tf.train.latest_checkpoint(folder)


def test_a_folder_is_listed_once_for_many(tmp_path, monkeypatch):
    """Where many checkpoints are asked for that are not there, their folder is gone through once."""
    listed = []
    listdir = os.listdir

    def counted(folder):
        listed.append(folder)
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", counted)
    assert [] == tf.train.get_checkpoint_mtimes([tmp_path / f"m-{number}" for number in range(10)])
    assert 1 == len(listed)


def test_similar_names_are_named(tmp_path):
    """The error for a missing prefix names checkpoints that begin like it, or are written almost like it."""
    for name in ("model.ckpt-100", "model.ckpt-200", "other"):
        tf.save_file({"w": np.zeros(1)}, tmp_path / f"{name}.h5")
    for name, near in (("model.ckpt", ["model.ckpt-100", "model.ckpt-200"]), ("modle.ckpt-100", ["model.ckpt-100"])):
        with pytest.raises(tf.errors.NotFoundError, match="^Unsuccessful TensorSliceReader .* There is") as caught:
            tf.train.load_checkpoint(tmp_path / name)
        said = caught.value.message.partition("similar names: ")[2]
        assert str(tmp_path / near[0]) in said
        for found in said.removesuffix(".").split(", "):
            assert ["w"] == list(tf.load_file(found))
    with tf.Session() as session, pytest.raises(ValueError, match=r"not a valid checkpoint.*similar names: .*other\."):
        tf.train.Saver([tf.get_variable("w", [1])]).restore(session, tmp_path / "othre")
    with pytest.raises(tf.errors.NotFoundError) as caught:
        tf.train.load_checkpoint(tmp_path / "quite-unlike")
    assert "similar names" not in caught.value.message


def test_a_folder_that_is_missing_is_said(tmp_path):
    """A wrong folder is told from a wrong name."""
    with pytest.raises(tf.errors.NotFoundError, match=f"The folder {tmp_path}/no does not exist"):
        tf.train.load_checkpoint(tmp_path / "no" / "m")


def test_a_checkpoint_without_its_index(tmp_path):
    """Other files of the prefix are there, so that the index is what is missing."""
    (tmp_path / "m.data-00000-of-00001").write_bytes(b"x")
    (tmp_path / "m.meta").write_bytes(b"x")
    with pytest.raises(tf.errors.NotFoundError, match=rf"but not {tmp_path}/m\.index"):
        tf.train.load_checkpoint(tmp_path / "m")


def test_a_folder_without_a_state_file_has_a_checkpoint(tmp_path):
    """The error names one, which is read."""
    tf.save_file({"w": np.zeros(1)}, tmp_path / "m-7.h5")
    with pytest.raises(ValueError, match=rf"Give the prefix of a checkpoint instead, such as {tmp_path}/m-7\."):
        tf.train.load_checkpoint(tmp_path)
    assert ["w"] == list(tf.load_file(tmp_path / "m-7"))


def test_a_folder_of_files_that_are_only_suffixes():
    """Such a folder is the prefix itself, with or without a slash at its end."""
    folder = Path(__file__).parents[1] / "interop" / "golden" / "nameless"
    assert [("v", [2])] == tf.train.list_variables(folder) == tf.train.list_variables(f"{folder}/")
