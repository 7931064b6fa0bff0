"""The child process that tries a plain file first: what it costs is nothing but time, and what it meets stays there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from hdfsaver import errors, limits
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.storage import probe_main
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.resealing import rehearse, reseal
from hdfsaver.storage.writing import write_file


@pytest.fixture
def plain(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a"] = np.arange(3)
    return tmp_path / "x.h5"


def test_a_good_file_is_read_after_it_was_tried(plain):
    """The values are those that are read without."""
    with limits.use(probe_seconds=60), open_file(plain) as file:
        assert [0, 1, 2] == file.read("a").tolist()


def test_a_clean_error_comes_from_the_caller_itself(plain):
    """The child's normal end lets the caller find the same error."""
    with h5py.File(plain, "r+") as file:
        file["b"] = h5py.SoftLink("/a")
    with limits.use(probe_seconds=60), pytest.raises(errors.InvalidArgumentError, match="/b is a soft link"):
        open_file(plain).read("b")


@pytest.mark.parametrize(
    ("crime", "part"),
    [
        (f"os.kill(os.getpid(), {int(signal.SIGTERM)})", "a child process that read it ended with status"),
        ("time.sleep(60)", "a child process did not read it within 1 s"),
    ],
    ids=["status", "time"],
)
def test_a_child_that_does_not_end_normally_is_an_error(plain, tmp_path, monkeypatch, crime, part):
    """A program in the place of Python ends with a signal, or takes more time than it has."""
    program = tmp_path / "python"
    program.write_text(f"#!{sys.executable}\nimport os, time\n{crime}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", os.fspath(program))
    with limits.use(probe_seconds=1), pytest.raises(errors.DataLossError, match=f"{plain}: .*{part}.*it is not read"):
        open_file(plain)
    before = plain.read_bytes()
    with limits.use(probe_seconds=1), pytest.raises(errors.DataLossError, match=f"{plain}: .*{part}.*it is not read"):
        reseal(plain)
    assert before == plain.read_bytes()


def test_a_reseal_is_rehearsed(tmp_path):
    """The child copies what other programs have added too; a file that it has survived is resealed."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"a": np.ones(2)}, structure=None)
    with h5py.File(path, "a") as file:
        file["notes"] = ["a", "bb"]
        file["variables/a"].attrs["see"] = file["notes"].ref
    rehearse(path)
    with limits.use(probe_seconds=60):
        assert ["/notes", "/variables/a/@see"] == reseal(path).kept
    with h5py.File(path, "a") as file:
        file.create_dataset("filtered", data=["a"], compression="gzip")
    with pytest.raises(errors.InvalidArgumentError, match="/filtered cannot be kept"):
        rehearse(path)


def test_an_error_of_one_element_does_not_end_the_trial(plain, monkeypatch):
    """The caller could still read the others; and a codec that is not installed says nothing about the file."""
    with h5py.File(plain, "r+") as file:
        file["b"] = file["c"] = np.ones(1)
    faults = {"a": ImportError("a"), "b": errors.DataLossError(None, None, "b"), "c": KeyError("c")}
    tried = []

    def read(file, name):
        tried.append(name)
        raise faults[name]

    monkeypatch.setattr(TensorFile, "read", read)
    monkeypatch.setattr(probe_main, "_limit_memory", lambda nbytes: None)
    with pytest.raises(KeyError):
        probe_main.main(os.fspath(plain), "", "0", "read")
    assert ["a", "b", "c"] == tried


def test_a_sealed_file_is_not_tried(tmp_path, monkeypatch):
    """Every byte that the library walks has been checked already."""
    write_file(tmp_path / "x.h5", variables={"a": np.ones(2)}, structure=None)
    monkeypatch.setattr(subprocess, "run", None)
    with limits.use(probe_seconds=1), open_file(tmp_path / "x.h5") as file:
        assert [1, 1] == file.read("a").tolist()
