"""Prefix, step and file."""

from __future__ import annotations

import pytest

from hdfsaver.reading.checkpoint_names import file_of, find, with_step


@pytest.mark.parametrize(
    ("prefix", "file"), [("m.ckpt", "m.ckpt.h5"), ("m.h5", "m.h5"), ("m.hdf5", "m.hdf5"), ("d/m-7", "d/m-7.h5")]
)
def test_the_file_of_a_prefix(prefix, file):
    """A prefix gets the ending of HDF5 files, unless it has it."""
    assert file_of(prefix) == file


@pytest.mark.parametrize(
    ("prefix", "step", "pad", "expected"),
    [
        ("m", 7, False, "m-7"),
        ("m.h5", 7, False, "m-7.h5"),
        ("m.hdf5", 7, True, "m-00000007.hdf5"),
        ("m", -1, False, "m--1"),
    ],
)
def test_steps(prefix, step, pad, expected):
    """The step stands before the ending, with eight digits if asked."""
    assert expected == with_step(prefix, step, pad)


@pytest.mark.parametrize("asked", ["m.ckpt", "m.ckpt.h5", "m.ckpt.meta"])
def test_what_is_found(tmp_path, asked):
    """A checkpoint is found by its prefix, by its file, and by the name that its .meta would have."""
    (tmp_path / "m.ckpt.h5").touch()
    assert str(tmp_path / "m.ckpt.h5") == find(str(tmp_path / asked))


def test_a_file_of_that_very_name_comes_before_the_meta_spelling(tmp_path):
    """`x.meta` finds a file of that name, or `x.meta.h5`, before it finds `x.h5`."""
    for name in ("x.h5", "x.meta"):
        (tmp_path / name).touch()
    assert str(tmp_path / "x.meta") == find(str(tmp_path / "x.meta"))
    (tmp_path / "x.meta.h5").touch()
    assert str(tmp_path / "x.meta.h5") == find(str(tmp_path / "x.meta"))


@pytest.mark.parametrize("asked", ["", "missing", "folder", "folder.h5", "nul\0"])
def test_what_is_not_found(tmp_path, monkeypatch, asked):
    """A missing path, a directory and an impossible name are not checkpoints."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.h5").mkdir()
    assert find(asked) is None
