"""``python -m hdfsaver`` is the command."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

import hdfsaver
from hdfsaver.programs.running import names_a_program
from tests import forks


def run(*arguments: str, loaded: str = "hdfsaver.cli") -> subprocess.CompletedProcess[str]:
    """Run the module as a program."""
    return forks.run("-m", "hdfsaver", *arguments, check=False, loaded=loaded)


def test_it_runs_the_commands(tmp_path):
    """A command prints what it prints under its own name, and its exit status comes through."""
    hdfsaver.save_file({"w": np.zeros((2, 3))}, tmp_path / "x.h5")
    done = run("verify", str(tmp_path / "x.h5"))
    assert (0, "") == (done.returncode, done.stderr)
    assert "1 array, all digests match" in done.stdout
    assert 3 == run("verify", str(tmp_path / "y.h5")).returncode


@pytest.mark.parametrize("arguments", [["--help"], ["ls", "--help"], ["no-such-command"]])
def test_it_calls_itself_hdfsaver(arguments):
    """Help and errors name the command, not a file of the package."""
    done = run(*arguments)
    text = done.stdout + done.stderr
    assert "Usage: hdfsaver" in text
    assert "__main__" not in text


def test_a_program_starts_without_the_other_commands():
    """What only the other commands need is not imported for a program."""
    others = "[name for name in ('typer', 'rich', 'hdfsaver.cli', 'hdfsaver.conversion') if name in sys.modules]"
    done = run("run", "-c", f"import sys, tensorflow; print({others})", loaded="hdfsaver")
    assert ("[]\n", "", 0) == (done.stdout, done.stderr, done.returncode)


@pytest.mark.parametrize(
    ("arguments", "is_program"),
    [
        (["a.py", "--check"], True),
        (["-m", "a"], True),
        (["-cpass"], True),
        (["-"], True),
        ([""], True),
        (["--check", "a.py"], False),
        (["-x", "a.py"], False),
        (["--help"], False),
        ([], False),
    ],
)
def test_what_is_a_program(arguments, is_program):
    """A program comes first; an option of the command does not."""
    assert is_program == names_a_program(arguments)
