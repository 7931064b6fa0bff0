"""The command, run as a user runs it."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from hdfsaver.cli import app
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, write_file, write_models


@pytest.fixture
def prefix(tmp_path):
    """A checkpoint with two variables, one of an awkward name."""
    variables = {"dense/kernel": np.ones((2, 3), np.float32), "\x1b[31mred": np.zeros(4, np.int8)}
    write_file(tmp_path / "m.h5", variables=variables, structure=None)
    return str(tmp_path / "m")


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_ls(prefix):
    """`ls` shows name, dtype, shape and bytes, and lets no escape sequence through to the terminal."""
    result = run("ls", prefix)
    assert 0 == result.exit_code
    for text in ("dense/kernel", "float32", "(2, 3)", "24", r"\x1b[31mred", "int8"):
        assert text in result.output
    assert "\x1b[31mred" not in result.output


def test_verify(prefix):
    """`verify` says that a file is whole, and with exit status 1 that it is not."""
    assert "2 variables, sealed" in run("verify", prefix).output
    with open(prefix + ".h5", "r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    result = run("verify", prefix)
    assert 1 == result.exit_code
    assert "m.h5" in result.output


def test_reseal(prefix):
    """A change made by another program is refused until `reseal` accepts it."""
    with h5py.File(prefix + ".h5", "r+") as file:
        file["variables/dense/kernel"][...] = 5
        file["variables/new"] = np.arange(3)
    assert 1 == run("verify", prefix).exit_code
    assert 0 == run("reseal", prefix).exit_code
    assert "3 variables, sealed" in run("verify", prefix).output


def test_a_missing_checkpoint(tmp_path):
    """A checkpoint that is not there is one sentence and exit status 1."""
    result = run("ls", str(tmp_path / "none"))
    assert 1 == result.exit_code
    assert "no checkpoint" in result.output


def test_ls_of_several_models(tmp_path):
    """Each model is listed under the name of its group."""
    model = Model({"w": np.zeros(3)}, None, {})
    write_models(tmp_path / "x.h5", {"": model, "teacher": model})
    result = run("ls", str(tmp_path / "x.h5"))
    assert 0 == result.exit_code
    assert ["name", "w", "teacher:", "w"] == [line.split()[0] for line in result.output.splitlines()]


def test_salvage(prefix, tmp_path):
    """`salvage` writes what is whole into a new file, names what is lost, and overwrites nothing."""
    with open(prefix + ".h5", "r+b") as file:
        data = file.read()
        file.seek(data.index(np.ones((2, 3), np.float32).tobytes()))
        file.write(b"\xff")
    result = run("salvage", prefix, str(tmp_path / "out.h5"))
    assert 1 == result.exit_code
    assert "dense/kernel: its bytes are not what was saved." in result.output
    assert "1 variables are whole, 1 are lost." in result.output
    with open_file(tmp_path / "out.h5") as file:
        assert ["\x1b[31mred"] == list(file.variables)
    assert "nothing is overwritten" in run("salvage", prefix, str(tmp_path / "out.h5")).output
    assert 0 == run("salvage", str(tmp_path / "out.h5"), str(tmp_path / "again.h5")).exit_code
