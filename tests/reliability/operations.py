"""Counts what a save asks of the operating system, and lets the n-th of these operations go wrong.

A *point* is a moment before an operation (behind it where it closes a file), or in the middle of one that writes: half
of the bytes are out then.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import signal
import threading
from contextlib import contextmanager

OPERATIONS = [
    (os, name)
    for name in (
        "open", "close", "listdir", "fchmod", "posix_fallocate", "truncate",
        "write", "pwrite", "pwritev", "fsync", "replace", "link", "unlink",
    )
] + [(fcntl, "flock")]  # fmt: skip

WRITING = {"write", "pwrite", "pwritev"}


class Operations:
    """The operations so far, as ``(operation, path)``; ``act`` is called at point number ``stop_at``, from 0."""

    def __init__(self, stop_at=None, act=None, only=None):
        self.log = []
        self.points = 0
        self._stop_at = stop_at
        self._act = act
        self._only = only
        self._lock = threading.RLock()
        self._paths = {}

    def reach(self, name):
        if self._only is not None and name not in self._only:
            return
        with self._lock:
            self.points += 1
            if self.points - 1 == self._stop_at:
                self._act()

    def record(self, name, args, result):
        target = args[-1] if name in ("replace", "link") else args[0]
        if isinstance(target, int):
            path = self._paths.get(target, "")
        else:
            path = os.fspath(target)
        if name == "open":
            self._paths[result] = path
        self.log.append((name, path))

    def wrapped(self, name, function):
        def operation(*args, **options):
            if name != "close":
                self.reach(name)
            if name in WRITING:
                result = in_two(name, function, args, self.reach)
            else:
                result = function(*args, **options)
            if name == "close":
                self.reach(name)  # a system that reports an error has closed the file anyway
            with self._lock:
                self.record(name, args, result)
            return result

        return operation


def in_two(name, function, args, reach):
    """Write the two halves of the bytes; between them is a point."""
    fd, data, *place = args
    if name == "pwritev":
        whole, data = function, b"".join(data)
        function = lambda fd, part, at: whole(fd, [part], at)  # noqa: E731
    half = len(data) // 2
    function(fd, data[:half], *place)
    reach(name)
    return half + function(fd, data[half:], *(at + half for at in place))


@contextmanager
def observed(stop_at=None, act=None, only=None):
    """Let every operation of the block pass through an `Operations`."""
    operations = Operations(stop_at, act, only)
    originals = [(module, name, getattr(module, name)) for module, name in OPERATIONS]
    try:
        for module, name, function in originals:
            setattr(module, name, operations.wrapped(name, function))
        yield operations
    finally:
        for module, name, function in originals:
            setattr(module, name, function)


def die():
    """End this process as a power button does, as far as a process can."""
    os.kill(os.getpid(), signal.SIGKILL)


def steps_of(log, folder):
    """The operations of a log on the files of a folder, in order: ``("fsync", "draft of m.h5")``."""
    named = [(_TOLD.get(operation), _named(path, os.fspath(folder))) for operation, path in log]
    return [step for step, _ in itertools.groupby(step for step in named if all(step))]


_TOLD = {
    "write": "write",
    "pwrite": "write",
    "pwritev": "write",
    "fsync": "fsync",
    "replace": "rename",
    "unlink": "unlink",
}


def _named(path, folder):
    if path.rstrip("/") == folder:
        return "folder"
    if os.path.dirname(path) != folder:
        return ""
    name = os.path.basename(path)
    return "draft of " + name[1:].rsplit(".", 3)[0] if name.endswith(".tmp") else name
