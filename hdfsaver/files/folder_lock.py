"""A lock on a folder of checkpoints, so that savers change it one after the other.

The lock is on the folder itself (`flock`): it leaves no lock file, and a killed program holds no lock.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import NamedTuple

from hdfsaver.files.opening import end_reading
from hdfsaver.files.remote.names import RemoteName

try:
    import fcntl
except ImportError:  # Windows: only the threads of one program wait for each other
    fcntl = None  # type: ignore[assignment]


class _Lock:
    """The lock of one folder.

    A signal handler may come at any step, in the thread that holds the lock, and save to the same folder: it takes the
    lock of its own thread again, and asks the system for it with the same descriptor.
    """

    def __init__(self) -> None:
        self.turn = threading.RLock()
        self.fd = -1


class _Held(NamedTuple):
    """A lock that is held: ``name`` is the folder as it was asked for, ``path`` without symbolic links."""

    lock: _Lock
    name: str
    path: str


_locks: dict[str, _Lock] = {}

_held: ContextVar[tuple[_Held, ...]] = ContextVar("_held", default=())
"""The locks that the present code runs under, maybe in a thread that works for the one that has them."""

if hasattr(os, "register_at_fork"):
    # A forked child does not have the threads that held a lock, so nothing there would ever release it.
    os.register_at_fork(after_in_child=_locks.clear)


@contextmanager
def folder_lock(folder: str | os.PathLike[str], path: str | None = None) -> Iterator[None]:
    """Run the block while no other block holds the lock of the same folder, in this program or another.

    If the file system has no locks, or the folder cannot be opened, the block runs without a lock: saving matters more.
    Of a remote folder only blocks of this program wait for each other.

    Parameters
    ----------
    folder : path-like
        The folder; empty for the working directory. Inside the block, a call for the same folder has no effect: a
        callback or a signal handler may save.
    path : str, optional
        The folder without symbolic links, if the caller knows it.
    """
    path, outer = path or real_path(folder), _held.get()
    lock = _locks.setdefault(path, _Lock())
    if any(held.lock is lock for held in outer):
        yield
        return
    has_locks = fcntl is not None and not isinstance(path, RemoteName)
    # Both locks: a network file system may have no locks for folders, but threads must still take turns.
    with lock.turn, _flock(path, lock) if has_locks else nullcontext():
        try:
            _held.set((*outer, _Held(lock, os.fspath(folder), path)))
            yield
        finally:
            _held.set(outer)


def real_folder(folder: str) -> str:
    """A folder without symbolic links; while its lock is held that is what it was when the lock was taken.

    Each part of a path is a question to the system, and a save has several files in one folder.
    """
    for held in reversed(_held.get()):
        if folder in (held.name, held.path) and os.path.isabs(folder):
            return held.path
    return real_path(folder)


def real_path(path: str | os.PathLike[str]) -> str:
    """A path without symbolic links; a remote name has none."""
    return path if isinstance(path, RemoteName) else os.path.realpath(path)


def locked_folder(folder: str | os.PathLike[str]) -> int:
    """The descriptor of a folder whose lock is held; -1 without one. It stays open as long as the lock is held."""
    for held in reversed(_held.get()):
        if os.fspath(folder) == held.path:
            return held.lock.fd
    return -1


@contextmanager
def _flock(path: str, lock: _Lock) -> Iterator[None]:
    fd = -1
    try:
        with suppress(OSError):
            if lock.fd < 0:
                fd = lock.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(lock.fd, fcntl.LOCK_EX)
        yield
    finally:
        if fd >= 0:
            _unlock(lock, fd)


def _unlock(lock: _Lock, fd: int) -> None:
    # Unlocked explicitly: a process forked meanwhile has the descriptor too, so closing this one would not unlock it.
    try:
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)
    finally:
        lock.fd = -1  # only now: a handler that comes before uses this descriptor, and would wait for it with another
        end_reading(fd)
