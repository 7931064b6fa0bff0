"""A lock on a folder of checkpoints, so that savers change it one after the other.

The lock is on the folder itself (`flock`): it leaves no lock file, and a killed program holds no lock.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from hdfsaver.files.opening import end_reading

try:
    import fcntl
except ImportError:  # Windows: only the threads of one program wait for each other
    fcntl = None  # type: ignore[assignment]

_locks: dict[str, threading.Lock] = {}

if hasattr(os, "register_at_fork"):
    # A forked child does not have the threads that held a lock, so nothing there would ever release it.
    os.register_at_fork(after_in_child=_locks.clear)


@contextmanager
def folder_lock(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Run the block while no other block holds the lock of the same folder, in this program or another.

    If the file system has no locks, or the folder cannot be opened, the block runs without a lock: saving matters more.

    Parameters
    ----------
    folder : path-like
        The folder; empty for the working directory. It must not be locked again inside the block.
    """
    # Both locks: a network file system may have no locks for folders, but threads must still take turns.
    with _thread_lock(folder), nullcontext() if fcntl is None else _flock(folder):
        yield


def _thread_lock(folder: str | os.PathLike[str]) -> threading.Lock:
    return _locks.setdefault(os.path.realpath(folder), threading.Lock())


@contextmanager
def _flock(folder: str | os.PathLike[str]) -> Iterator[None]:
    fd = -1
    try:
        with suppress(OSError):
            fd = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        if fd >= 0:
            _unlock(fd)


def _unlock(fd: int) -> None:
    # Unlocked explicitly: a process forked meanwhile has the descriptor too, so closing this one would not unlock it.
    try:
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)
    finally:
        end_reading(fd)
