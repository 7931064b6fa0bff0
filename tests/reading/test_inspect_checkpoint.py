"""One look into a checkpoint: its variables, and the value of one."""

from __future__ import annotations

import os

import pytest

import hdfsaver as tf


def test_names_and_shapes(folder):
    """Pairs of name and list, sorted by name, from a folder, a prefix or the file."""
    for path in (folder, str(folder), folder / "m-5", bytes(folder / "m-5.h5")):
        found = tf.train.list_variables(path)
        assert sorted(found) == found
        assert [("brain", [1]), ("flag", []), ("half", [2]), ("none", [0, 3])] == found[:4]
        assert 11 == len(found)


def test_one_value(folder):
    """A value by its name; one `:0` at the end of it is dropped, as in `variable.name`, and nothing else."""
    assert 3.5 == tf.train.load_variable(folder, "scalar") == tf.train.load_variable(folder, b"scalar:0")
    assert b"x" == tf.train.load_variable(folder / "m-5", "texts:0")[0]
    for name in ("scalar:1", "scalar:0:0", "nope"):
        with pytest.raises(tf.errors.NotFoundError, match=f"Key {name.removesuffix(':0')} not found"):
            tf.train.load_variable(folder, name)
    with pytest.raises(TypeError, match="binary or unicode string"):
        tf.train.load_variable(folder, 3)


def test_a_folder_without_checkpoints(tmp_path):
    """A folder without a checkpoint is a ValueError."""
    for ask in (tf.train.list_variables, lambda path: tf.train.load_variable(path, "w")):
        with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file or checkpoints in given directory"):
            ask(tmp_path)


def descriptors():
    """How many files are open; 0 on Windows, which instead deletes no file that is."""
    return len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else 0


def test_nothing_stays_open(folder):
    """After a look the file is closed, after a failed one too."""
    before = descriptors()
    tf.train.list_variables(folder)
    tf.train.load_variable(folder, "w")
    with pytest.raises(tf.errors.NotFoundError):
        tf.train.load_variable(folder, "nope")
    assert before == descriptors()
    (folder / "m-5.h5").unlink()
