"""``python -m hdfsaver`` is the command."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import hdfsaver


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the module as a program."""
    command = [sys.executable, "-m", "hdfsaver", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_runs_the_commands(tmp_path):
    """A command prints what it prints under its own name, and its exit status comes through."""
    hdfsaver.save_file({"w": np.zeros((2, 3))}, tmp_path / "x.h5")
    done = run("verify", str(tmp_path / "x.h5"))
    assert (0, "") == (done.returncode, done.stderr)
    assert "1 array, all digests match" in done.stdout
    assert 1 == run("verify", str(tmp_path / "y.h5")).returncode


@pytest.mark.parametrize("arguments", [["--help"], ["ls", "--help"], ["no-such-command"]])
def test_it_calls_itself_hdfsaver(arguments):
    """Help and errors name the command, not a file of the package."""
    done = run(*arguments)
    text = done.stdout + done.stderr
    assert "Usage: hdfsaver" in text
    assert "__main__" not in text
