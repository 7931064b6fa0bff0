"""Who changes a folder of checkpoints when several may: one after the other.

The lock is on the folder itself (`flock`), so that no file stays behind, and a killed program holds none.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

try:
    import fcntl
except ImportError:  # Windows: there only the threads of one program wait for each other
    fcntl = None  # type: ignore[assignment]

_locks: dict[str, threading.Lock] = {}

if hasattr(os, "register_at_fork"):
    # A child has none of the threads that held a lock when it was forked, and nobody there would ever free it.
    os.register_at_fork(after_in_child=_locks.clear)


@contextmanager
def folder_lock(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Let the block run while no other one of the same folder does, in this program or in another.

    Where the file system has no locks, or the folder cannot be opened, the block runs all the same: a lock that cannot
    be had is no reason not to save.

    Parameters
    ----------
    folder : path-like
        Empty for the working directory. Not to be locked again inside of the block.
    """
    # Both: a network's file system may have no locks for folders, and the threads take turns all the same.
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
    # Said aloud: a process that was forked meanwhile has the descriptor too, and closing ours would not free it.
    try:
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)
    finally:
        os.close(fd)
