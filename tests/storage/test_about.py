"""The text for a person who opens a file."""

from __future__ import annotations

import re
import shutil
import subprocess

import h5py
import numpy as np
import pytest

import hdfsaver
from hdfsaver.storage import groups, layout


@pytest.fixture
def path(tmp_path):
    hdfsaver.save_file({"dense/kernel": np.array([1.5, 2.5], np.float32)}, tmp_path / "model.h5")
    return tmp_path / "model.h5"


def test_the_text_is_lines_that_h5py_shows(path):
    """It says the format, its version and the program's, and is about 2 kB of ASCII."""
    with h5py.File(path) as file:
        lines = file["about"].asstr()[:].tolist()
        assert 2000 < file["about"].nbytes < 3000
        assert h5py.h5t.CSET_ASCII == file["about"].id.get_type().get_cset()  # or Octave reads nothing of the file
    assert all(line.isascii() and line == line.rstrip() for line in lines)
    assert f'"{layout.FORMAT}", version {layout.VERSION}' in " ".join(lines)
    assert hdfsaver.__version__ in " ".join(lines)


def test_what_the_text_says_can_be_done(path):
    """Its commands and its program, with a name put in, show the value."""
    with h5py.File(path) as file:
        text = "\n".join(file["about"].asstr()[:].tolist())
    program = re.search(r"^  import h5py\n(?:  .*\n)+", text, re.MULTILINE).group()
    program = "\n".join(line[2:] for line in program.splitlines())
    found = {}
    exec(program.replace("FILE", str(path)).replace("NAME", "dense/kernel"), found)
    np.testing.assert_array_equal([1.5, 2.5], found["value"])
    (dump,) = re.findall(r"^  (h5dump -d .*)$", text, re.MULTILINE)
    if shutil.which("h5dump") is None:
        pytest.skip("h5dump is not installed")
    command = dump.replace("FILE", str(path)).replace("NAME", "dense/kernel").split()
    assert "1.5, 2.5" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_h5dump_shows_the_lines(path):
    """A dump has the text as a person reads it."""
    if shutil.which("h5dump") is None:
        pytest.skip("h5dump is not installed")
    shown = subprocess.run(["h5dump", "-d", "/about", path], capture_output=True, text=True, check=True).stdout
    assert '"This file is a checkpoint: ' in shown
    assert "\\000" not in shown


def test_it_is_no_content_of_another_program(path):
    """Resealing writes it again and does not list it; no model can have its name."""
    assert [] == hdfsaver.reseal(path).kept
    with pytest.raises(ValueError, match="about"):
        groups.link_of(layout.ABOUT)
