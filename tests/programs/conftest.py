"""Programs that are run as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import forks

Run = Callable[..., subprocess.CompletedProcess[str]]

COMMAND = ("-m", "hdfsaver", "run")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``hdfsaver run`` in a folder of the test's own."""

    def started(*arguments: str, given: str = "", prefix: tuple[str, ...] = COMMAND):
        if prefix == COMMAND:
            return forks.run(*prefix, *arguments, cwd=tmp_path, given=given, check=False, loaded=forks.MODELS)
        command = [sys.executable, *prefix, *arguments]
        return subprocess.run(command, cwd=tmp_path, input=given, capture_output=True, text=True, check=False)

    return started
