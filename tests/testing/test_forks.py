"""Processes that are forked for tests are what Python would have started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forks

SEEN = "import hdfsaver, json, sys; print(json.dumps([sorted(sys.modules), sys.argv, sys.path[0]]))"


def test_it_begins_as_a_new_process() -> None:
    """It has what the import loads and nothing else, and finds the same arguments."""
    started = subprocess.run([sys.executable, "-c", SEEN, "a", "-b"], capture_output=True, text=True, check=True)
    (modules, *given), (expected, *rest) = (
        json.loads(forks.run("-c", SEEN, "a", "-b", loaded="hdfsaver").stdout),
        json.loads(started.stdout),
    )
    assert rest == given
    own = set(sys.stdlib_module_names)
    assert [] == [name for name in set(modules) ^ set(expected) if name.partition(".")[0] not in own]


@pytest.mark.parametrize(
    ("code", "status", "printed"),
    [
        ("print(input())", 0, "given\n"),
        ("import sys; print(1, file=sys.stderr); sys.exit(5)", 5, ""),
        ("import atexit; atexit.register(print, 'late'); 1 / 0", 1, "late\n"),
        ("import os; os._exit(3)", 3, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, ""),
        ("import os; print(os.environ['HERE'] == os.getcwd())", 0, "True\n"),
        (
            "import threading, time; threading.Thread(target=lambda: [time.sleep(0.01), print('end')]).start()",
            0,
            "end\n",
        ),
        (
            "x = 1\nclass A: pass\nimport pickle; print(pickle.loads(pickle.dumps(A)) is A, __name__)",
            0,
            "True __main__\n",
        ),
    ],
)
def test_it_ends_as_python_does(tmp_path: Path, code: str, status: int, printed: str) -> None:
    """Status, signal, outputs, threads and what is registered for the end."""
    done = forks.run("-c", code, cwd=tmp_path, env={"HERE": str(tmp_path)}, given="given\n", check=False)
    assert (status, printed) == (done.returncode, done.stdout), done.stderr
    assert ("1\n" == done.stderr) == (status == 5)


def test_scripts_and_modules(tmp_path: Path) -> None:
    """A script finds the modules beside it, a module those of the current folder."""
    (tmp_path / "beside.py").write_text("x = 7")
    (tmp_path / "a.py").write_text("import beside, sys; print(beside.x, __name__, sys.argv[1:])")
    assert "7 __main__ ['b']\n" == forks.run(tmp_path / "a.py", "b").stdout
    assert "7 __main__ ['b']\n" == forks.run("-m", "a", "b", cwd=tmp_path).stdout


def test_a_failure_is_an_error() -> None:
    """Unless the test looks at it itself; a child that has failed leaves the next one nothing."""
    with pytest.raises(subprocess.CalledProcessError):
        forks.run("-c", "import os, sys; os.x = 1; sys.exit(1)")
    assert not hasattr(os, "x")
    assert "False\n" == forks.run("-c", "import os; print(hasattr(os, 'x'))").stdout


def test_a_program_without_an_end() -> None:
    """A program that takes longer than it may is ended."""
    with pytest.raises(subprocess.TimeoutExpired):
        forks.run("-c", "import time; time.sleep(60)", timeout=0.1)
