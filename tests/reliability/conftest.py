"""A process that forks children which save, for the tests that kill them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    # Forks, signals that kill, file locks and limits: Windows has none of what these tests are made of.
    collect_ignore_glob = ["test_*.py"]

PROGRAM = Path(__file__).with_name("server.py")


class Server:
    """Asks `server.py` to run something in a child, and waits until it has ended."""

    def __init__(self):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, str(PROGRAM)], stdin=pipe, stdout=pipe, text=True)

    def ask(self, program, folder, step=3, *, stop_at=None, durable=True, prepare=False):
        request = {"program": program, "folder": os.fspath(folder), "step": step, "stop_at": stop_at}
        self.process.stdin.write(json.dumps({**request, "durable": durable, "prepare": prepare}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert answer["signal"] >= 0, f"{program} failed; its traceback is above"
        return answer


@pytest.fixture(scope="session")
def server():
    """One process for all tests."""
    server = Server()
    yield server
    server.process.communicate()
    assert 0 == server.process.returncode
