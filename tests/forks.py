"""New processes for tests, cheaply: each is a fork of one that has just imported what its program imports first.

`run` stands for ``subprocess.run([sys.executable, ...])``. To import hdfsaver costs most small programs nearly all of
their time; here the imports are paid once for all of them, and the child goes on from there. It has the modules that
these imports load, and no more. What a test says about the import itself, about Python's options or about the text of a
traceback needs a process that Python has started. Where the system cannot fork, every process is one.
"""

from __future__ import annotations

import atexit
import builtins
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MODELS = (
    "networkx hdfsaver hdfsaver.session hdfsaver.checkpoint.saver hdfsaver.checkpoint.importing "
    "hdfsaver.ops.arithmetic hdfsaver.variables.variable_scope hdfsaver.training.gradients hdfsaver.arrays.array_files"
)
"""Modules that programs use which make a model, save it or read files."""

STREAMS = {"stdin": os.O_RDONLY, "stdout": os.O_WRONLY, "stderr": os.O_WRONLY}


def run(
    *arguments: str | Path,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    given: str = "",
    check: bool = True,
    loaded: str = "numpy networkx ml_dtypes hdfsaver",
    timeout: float = 3600,
) -> subprocess.CompletedProcess[str]:
    """Run a program in a new process.

    Parameters
    ----------
    *arguments : str or pathlib.Path
        ``-c`` and code, ``-m`` and the name of a module, or a script; and the program's arguments.
    cwd : str or pathlib.Path, optional
        The folder that it runs in.
    env : mapping of str to str, optional
        Variables of the environment that it has besides those of this process.
    given : str
        What it finds in its standard input.
    check : bool
        Whether a status other than 0 is an error.
    loaded : str
        The modules that it begins with, separated by spaces.
    timeout : float
        Seconds after which it is ended.

    Returns
    -------
    subprocess.CompletedProcess
        With the status and both outputs.

    Raises
    ------
    subprocess.CalledProcessError
        The status is not 0, and ``check`` is true.
    subprocess.TimeoutExpired
        It did not end in time.
    """
    words = list(map(os.fspath, arguments))
    if not hasattr(os, "fork"):
        return subprocess.run(
            [sys.executable, *words], cwd=cwd, env=os.environ | (env or {}), input=given, capture_output=True,
            text=True, check=check, timeout=timeout,
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        paths = {stream: Path(folder) / stream for stream in STREAMS}
        for path in paths.values():
            path.write_text(given if path.name == "stdin" else "")
        request: dict[str, Any] = {
            "timeout": timeout,
            "words": words,
            "cwd": os.fspath(cwd or Path.cwd()),
            "env": dict(os.environ | (env or {})),
        }
        status = _started(loaded).ask({**request, "streams": {stream: str(path) for stream, path in paths.items()}})
        done = subprocess.CompletedProcess(words, status, paths["stdout"].read_text(), paths["stderr"].read_text())
    if done.returncode == -signal.SIGALRM:
        raise subprocess.TimeoutExpired(words, timeout, done.stdout, done.stderr)
    if check and done.returncode:
        sys.stderr.write(done.stderr)
        done.check_returncode()
    return done


class _Server:
    """The process that is forked."""

    def __init__(self, loaded: str) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, __file__, *loaded.split()]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        atexit.register(self._process.communicate)

    def ask(self, request: Mapping[str, Any]) -> int:
        """Run a program; gives its status as `subprocess` does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


_started = functools.cache(_Server)
"""One for all tests of a process."""


def _next_request() -> dict[str, Any]:
    """Fork for every request; gives it in the child, which leaves the loop."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return dict(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    sys.exit()


def _become(words: list[str], cwd: str, env: dict[str, str], streams: dict[str, str], timeout: float) -> None:
    """Go on as Python does with a command line."""
    signal.setitimer(signal.ITIMER_REAL, timeout)
    for number, (stream, flags) in enumerate(STREAMS.items()):
        opened = os.open(streams[stream], flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115, it is left open
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    kind = words.pop(0) if words[0] in ("-c", "-m") else ""
    value, *sys.argv[1:] = words
    sys.argv[0] = kind or value
    sys.path[0] = {"-c": "", "-m": cwd}.get(kind, os.path.dirname(os.path.realpath(value)))
    if kind == "-m":
        runpy.run_module(value, run_name="__main__", alter_sys=True)
        return
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    code = value if kind else Path(value).read_bytes()
    vars(main).update({"__builtins__": builtins} | ({} if kind else {"__file__": value}))
    exec(compile(code, "<string>" if kind else value, "exec", dont_inherit=True), vars(main))


if __name__ == "__main__":
    sys.path[0] = os.devnull  # the installed package is imported, whatever is beside this file
    for _name in sys.argv[1:]:
        importlib.import_module(_name)
    gc.freeze()  # the end of a child need not look at, and so copy, what it has from here
    _become(**_next_request())
