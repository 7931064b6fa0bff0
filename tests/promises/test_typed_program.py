"""Promise: ``mypy --strict`` knows the types in a user's program and finds its mistakes; ``tox -e pyright`` agrees."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

import hdfsaver

PROGRAM = Path(__file__).with_name("typed_program.py")
ABOVE = Path(hdfsaver.__file__).parents[1]
"""Where the package is; mypy finds it by itself only where it is installed."""


def run(command: list[str], folder: Path, **environment: str) -> str:
    """What a command prints, in a folder without a configuration of ours; the test fails where the command does."""
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
def test_mypy_knows_the_types(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Every `assert_type` of the program holds, every mistake in it is one, and there is no other."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("typed-program")  # of its own, as its options are not those of the project
    path = {} if str(ABOVE) in site.getsitepackages() else {"MYPYPATH": str(ABOVE)}
    options = ["--strict", "--config-file=", "--follow-imports=silent", f"--cache-dir={cache}"]
    run([sys.executable, "-m", "mypy", *options, str(PROGRAM)], tmp_path, **path)


def test_the_program_runs(tmp_path: Path) -> None:
    """What has the right types does what it says, without a warning."""
    assert "" == run([sys.executable, "-W", "error", str(PROGRAM)], tmp_path, PYTHONPATH=str(ABOVE))
