"""Atomic commit: a file is replaced when its successor lies complete on the disk, and not before.

The successor is written to a sibling, ``.NAME.PID.RANDOM.tmp``, which its owner keeps locked: what a killed program
left behind has no lock, and the next save of the same name clears it away.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EINVAL, ELOOP, ENODEV, ENOSYS, ENOTSUP, EOPNOTSUPP
from pathlib import Path

import xxhash

from hdfsaver.errors import FailedPreconditionError, OpError, from_os_error
from hdfsaver.files.os_errors import refused

try:
    import fcntl
except ImportError:  # Windows: without locks, what a killed program left behind stays
    fcntl = None  # type: ignore[assignment]

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_MAX_STEM = 180
"""Bytes of a file's name that fit into its sibling's, whose own may have 255."""

LONG_DRAFTS = "[0-9a-f]{32}"
"""The regular expression for `clear_stale` that finds the drafts of all files with longer names."""

_CANNOT_RESERVE = {EINVAL, ENODEV, ENOSYS, ENOTSUP, EOPNOTSUPP}
"""What file systems without reservation answer."""


@dataclass
class Draft:
    """A file in the making: ``fd`` is open, ``target`` is what it becomes, ``size`` how many bytes it needs."""

    fd: int = -1
    path: Path = Path()
    target: Path = Path()
    size: int = 0

    def becomes(self, name: str) -> None:
        """Give it another name, in the same folder, than the one it was begun for; what is there is replaced."""
        self.target, _mode = _resolve(self.target.with_name(name))

    def reserve(self, size: int) -> None:
        """Take the room for so many bytes now, so that a full disk is noticed before anything is written."""
        self.size = size
        if not size:
            return
        if hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(self.fd, 0, size)
            except OSError as error:
                if error.errno not in _CANNOT_RESERVE:
                    raise
        os.truncate(self.fd, size)


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, durable: bool = True, sweep: bool = True) -> Iterator[Draft]:
    """Replace a file when the block ends well; after any exception everything is as it was.

    Parameters
    ----------
    path : path-like
        The file; where it is a symbolic link, the file that the link leads to.
    durable : bool
        Wait until file and folder are on the disk.
    sweep : bool
        Remove first what killed programs left behind of this file; False where the caller has called `clear_stale`.

    Raises
    ------
    NotFoundError
        The folder does not exist.
    FailedPreconditionError
        There is something of that name that is not a regular file.
    PermissionDeniedError, ResourceExhaustedError, OpError
        What the operating system reports, naming the file.
    """
    # One block from before the draft is there: an interruption may come between any two steps.
    draft = Draft()
    try:
        target, mode = _resolve(Path(path))
        if sweep or os.path.islink(path):  # the caller knows nothing of the folder that a link leads to
            clear_stale(target.parent, draft_names(target.name))
        _make(draft, target, mode)
        yield draft
        _commit(draft, durable)
    except BaseException as error:
        _discard(draft)
        if isinstance(error, OSError):
            raise refused(error, path, draft.size) from error
        raise
    if durable:
        _sync_folder(draft.target, path)


def write_text_atomically(path: str | os.PathLike[str], text: str, *, durable: bool = True, sweep: bool = True) -> None:
    """Replace a file by a text in UTF-8; parameters and errors are those of `atomic_write`."""
    view = memoryview(text.encode())
    with atomic_write(path, durable=durable, sweep=sweep) as draft:
        draft.size = len(view)
        while view:
            view = view[os.write(draft.fd, view) :]


def _resolve(path: Path) -> tuple[Path, int | None]:
    """The file that is replaced, and its mode; None where there is none yet."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(ELOOP, os.strerror(ELOOP))
    mode = _mode_of(target)
    if mode is not None and not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise FailedPreconditionError(None, None, f"Cannot write {path}: it is {kind}. Choose another name.")
    return target, mode


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _make(draft: Draft, target: Path, kept: int | None) -> None:
    """Give the draft its file."""
    # A new file gets what `open` would give it; a successor is never readable by more people than the file it replaces.
    mode = 0o666 if kept is None else stat.S_IMODE(kept)
    while not _opened(draft, target, mode):
        pass
    if kept is not None and hasattr(os, "fchmod"):
        os.fchmod(draft.fd, mode)


def _opened(draft: Draft, target: Path, mode: int) -> bool:
    """Open and lock a file that nobody had; False where another save took it for stale before the lock was on."""
    draft.target = target
    draft.path = target.with_name(f".{_stem(target.name)}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        draft.fd = os.open(draft.path, _FLAGS, mode)
    except FileExistsError:
        return False
    if fcntl is None:
        return True
    # Shared, since the lock stays until the file bears its name, and who reads it then may ask for such a lock too, as
    # the HDF5 library does. A file system without locks has no sweepers either: they need one as well.
    with suppress(OSError):
        fcntl.flock(draft.fd, fcntl.LOCK_SH)
    if os.fstat(draft.fd).st_nlink:
        return True
    _close(draft)
    return False


def _stem(name: str) -> str:
    return name if len(os.fsencode(name)) <= _MAX_STEM else xxhash.xxh3_128_hexdigest(os.fsencode(name))


def draft_names(name: str) -> str:
    """The regular expression for `clear_stale` that finds the drafts of a file of that name."""
    return re.escape(_stem(name))


def clear_stale(folder: str | os.PathLike[str], names: str) -> None:
    """Remove the drafts whose owners are gone.

    Parameters
    ----------
    folder : path-like
        Where they lie; empty for the working directory.
    names : str
        A regular expression for the names of the files that they were to become.
    """
    if fcntl is None:
        return
    pattern = re.compile(rf"\.(?:{names})\.[0-9]+\.[0-9a-f]{{8}}\.tmp")
    # Whatever goes wrong here is no reason not to save: a folder that cannot be listed, the draft of another user, or
    # one that has just been renamed.
    with suppress(OSError):
        for name in os.listdir(folder or "."):
            if name.startswith(".") and pattern.fullmatch(name):
                _remove_if_unlocked(Path(folder, name))


def _remove_if_unlocked(path: Path) -> None:
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(fd)


def _commit(draft: Draft, durable: bool) -> None:
    if durable:
        os.fsync(draft.fd)
    if fcntl is None:
        # Windows renames no open file. Elsewhere the lock must outlive the name of the draft.
        _close(draft)
    os.replace(draft.path, draft.target)
    if draft.fd >= 0:
        _close(draft)


def _close(draft: Draft) -> None:
    if fcntl is not None:
        # Said aloud: a process that was forked meanwhile has the descriptor too, and closing ours would not free it.
        with suppress(OSError):
            fcntl.flock(draft.fd, fcntl.LOCK_UN)
    fd, draft.fd = draft.fd, -1
    os.close(fd)


def _discard(draft: Draft) -> None:
    # Windows removes no open file; the lock does not matter for a file that is given up.
    if draft.fd >= 0:
        with suppress(OSError):
            _close(draft)
    if draft.path.name:
        with suppress(OSError):
            draft.path.unlink()


def _sync_folder(target: Path, path: str | os.PathLike[str]) -> None:
    if os.name == "nt":
        return
    try:
        fd = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno not in _CANNOT_RESERVE:
            raise _sync_error(error, path) from error


def _sync_error(error: OSError, path: str | os.PathLike[str]) -> OpError:
    return from_os_error(error, f"{path} is written, but its folder cannot be synchronized")
