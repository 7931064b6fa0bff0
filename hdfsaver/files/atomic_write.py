"""Atomic writes: a file is replaced only when its successor is complete on the disk.

The successor is first a temporary file in the same folder, ``.NAME.PID.RANDOM.tmp``, called a draft, which its owner
keeps locked. A draft that a killed program left has no lock, and the next save of the same name removes it.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EEXIST, EINVAL, ELOOP, ENODEV, ENOSYS, ENOTSUP, EOPNOTSUPP
from pathlib import Path

import xxhash

from hdfsaver.errors import FailedPreconditionError, OpError, UnimplementedError, from_os_error
from hdfsaver.files.folder_lock import locked_folder, real_folder
from hdfsaver.files.opening import end_reading, is_there
from hdfsaver.files.os_errors import refused
from hdfsaver.files.remote.names import RemoteName

try:
    import fcntl
except ImportError:  # Windows has no such locks: drafts of killed programs stay
    fcntl = None  # type: ignore[assignment]

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_MAX_STEM = 180
"""Bytes of a file's name that fit into the name of its draft, which can have 255."""

LONG_DRAFTS = "[0-9a-f]{32}"
"""The regular expression for `clear_stale` that finds the drafts of all files with longer names."""

_CANNOT_RESERVE = {EINVAL, ENODEV, ENOSYS, ENOTSUP, EOPNOTSUPP}
"""The error numbers of file systems that cannot reserve space."""


@dataclass
class Draft:
    """A file that is being written: ``fd`` is open, ``target`` is its final path, ``size`` its length in bytes.

    ``is_new`` says that no file is replaced. ``lock`` is a second descriptor, which keeps the lock without ``fd``.
    ``mode`` are the permissions that the system has given the draft, if they are known.
    """

    fd: int = -1
    lock: int = -1
    path: Path = Path()
    target: Path = Path()
    size: int = 0
    is_new: bool = False
    mode: int | None = None

    def complete(self, durable: bool) -> None:
        """Synchronize and close the file, before it gets its final name.

        An error of one of these calls may be reported once and not again, so none is repeated: the draft is given up.

        Parameters
        ----------
        durable : bool
            Wait until its bytes are on the disk.

        Raises
        ------
        OSError
            The operating system refuses the bytes. A network or a quota may do that only when a file is closed.
        """
        if durable:
            os.fsync(self.fd)
        if fcntl is not None:
            # The lock must be held until the draft has its final name. Without a free descriptor, another save may
            # remove the draft in this moment; then it cannot be renamed, which is an error.
            with suppress(OSError):
                self.lock = os.dup(self.fd)
        # Windows, too, cannot rename an open file.
        fd, self.fd = self.fd, -1
        os.close(fd)

    def becomes(self, name: str) -> None:
        """Give a draft of `open_draft` its final name, another one in the same folder; it is complete.

        A file or a link of that name is replaced.
        """
        self.target = self.target.with_name(name)
        _rename(self)

    def reserve(self, size: int) -> None:
        """Reserve disk space now, so that a full disk is noticed before anything is written."""
        self.size = size
        if not size:
            return
        if hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(self.fd, 0, size)
            except OSError as error:
                if error.errno not in _CANNOT_RESERVE:
                    raise
            else:
                return  # it is that long now
        os.truncate(self.fd, size)


@contextmanager
def atomic_write(
    path: str | os.PathLike[str], *, durable: bool = True, sweep: bool = True, new_only: bool = False
) -> Iterator[Draft]:
    """Replace a file when the block ends without an exception; otherwise leave everything unchanged.

    Parameters
    ----------
    path : path-like
        The file. For a symbolic link, the file that the link points to.
    durable : bool
        Wait until file and folder are on the disk.
    sweep : bool
        Remove the drafts of this file that killed programs left. False if the caller has called `clear_stale`.
    new_only : bool
        Replace no file, not even one that appears during the block.

    Yields
    ------
    Draft
        The open temporary file.

    Raises
    ------
    NotFoundError
        The folder does not exist.
    FailedPreconditionError
        The path exists and is not a regular file.
    AlreadyExistsError
        With ``new_only``, the path exists.
    PermissionDeniedError, ResourceExhaustedError, OpError
        The operating system refuses; the message names the file.
    """
    with open_draft(path, sweep=sweep, new_only=new_only) as draft:
        yield draft
        draft.complete(durable)
        _rename(draft)
    if durable:
        try:
            sync_folder(draft.target.parent)
        except OSError as error:
            raise _sync_error(error, path) from error


@contextmanager
def open_draft(
    path: str | os.PathLike[str],
    *,
    sweep: bool = True,
    new_only: bool = False,
    like: str | os.PathLike[str] | None = None,
) -> Iterator[Draft]:
    """Make a draft, which is removed when the block ends, unless it has got its final name by then.

    It is for several files that replace others together. For a single file there is `atomic_write`.

    Parameters
    ----------
    path, sweep, new_only
        See `atomic_write`.
    like : path-like, optional
        A file whose permissions the new one gets, if it exists. The draft is then in the folder of ``path`` itself,
        even if that is a symbolic link.

    Yields
    ------
    Draft
        The open temporary file.

    Raises
    ------
    OpError
        See `atomic_write`.
    """
    if isinstance(path, RemoteName):
        raise UnimplementedError(
            None, None, f"Cannot write {path}: this file must be on this machine. Copy it with `tf.gfile.Copy`."
        )
    # The block begins before the draft exists: an interruption may come between any two steps.
    draft = Draft(is_new=new_only)
    try:
        if new_only and is_there(path):
            raise FileExistsError(EEXIST, os.strerror(EEXIST))
        target, mode, is_link = _resolve(Path(path if like is None else like))
        if like is not None:
            target, is_link = _in_real_folder(path), os.path.islink(path)
        if sweep or is_link:  # the caller did not sweep the folder that a link leads to
            clear_stale(target.parent, draft_names(target.name))
        _make(draft, target, mode)
        yield draft
    except BaseException as error:
        _discard(draft)
        if isinstance(error, OSError):
            raise refused(error, path, draft.size) from error
        raise
    _discard(draft)


def write_atomically(path: str | os.PathLike[str], data: bytes, *, durable: bool = True, sweep: bool = True) -> None:
    """Replace a file by bytes.

    Parameters
    ----------
    path, durable, sweep
        See `atomic_write`.
    data : bytes
        The new content.

    Raises
    ------
    OpError
        See `atomic_write`.
    """
    view = memoryview(data)
    with atomic_write(path, durable=durable, sweep=sweep) as draft:
        draft.size = len(view)
        while view:
            view = view[os.write(draft.fd, view) :]


def write_text_atomically(path: str | os.PathLike[str], text: str, *, durable: bool = True, sweep: bool = True) -> None:
    """Replace a file by a string in UTF-8.

    Parameters
    ----------
    path, durable, sweep
        See `atomic_write`.
    text : str
        The new content.

    Raises
    ------
    OpError
        See `atomic_write`.
    """
    write_atomically(path, text.encode(), durable=durable, sweep=sweep)


def _resolve(path: Path) -> tuple[Path, int | None, bool]:
    """The file that is replaced, its mode, None if it does not exist yet, and whether the path is a link to it."""
    mode = _mode_of(path)
    is_link = mode is not None and stat.S_ISLNK(mode)
    target = Path(os.path.realpath(path)) if is_link else _in_real_folder(path)
    if is_link:
        mode = _mode_of(target)
        if mode is not None and stat.S_ISLNK(mode):
            raise OSError(ELOOP, os.strerror(ELOOP))
    if mode is not None and not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise FailedPreconditionError(None, None, f"Cannot write {path}: it is {kind}. Choose another name.")
    return target, mode, is_link


def _in_real_folder(path: str | os.PathLike[str]) -> Path:
    """The path with its folder without symbolic links: another program may let a link lead elsewhere meanwhile."""
    folder, name = os.path.split(path)
    return Path(real_folder(folder), name) if name not in ("", os.curdir, os.pardir) else Path(os.path.realpath(path))


def _mode_of(path: Path) -> int | None:
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return None


def _make(draft: Draft, target: Path, kept: int | None) -> None:
    """Create the file of a draft."""
    # A new file gets what `open` would give it; a successor is never readable by more people than the file it replaces.
    mode = 0o666 if kept is None else stat.S_IMODE(kept)
    while not _opened(draft, target, mode):
        pass
    if kept is not None and draft.mode != mode and hasattr(os, "fchmod"):
        os.fchmod(draft.fd, mode)


def _opened(draft: Draft, target: Path, mode: int) -> bool:
    """Create and lock a file; False if another save removed it as stale before it was locked."""
    draft.target = target
    draft.path = target.with_name(f".{stem_of(target.name)}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        draft.fd = os.open(draft.path, _FLAGS, mode)
    except FileExistsError:
        return False
    if fcntl is None:
        return True
    # A shared lock, because it stays until the file has its final name, and a reader such as the HDF5 library may ask
    # for a shared lock then. A file system without locks is safe too: the sweep needs a lock as well.
    with suppress(OSError):
        fcntl.flock(draft.fd, fcntl.LOCK_SH)
    found = os.fstat(draft.fd)
    draft.mode = stat.S_IMODE(found.st_mode)
    if found.st_nlink:
        return True
    _let_go(draft)
    return False


def stem_of(name: str) -> str:
    """The part of a hidden file's name that stands for the file that it belongs to: its name, or a digest of that."""
    return name if len(os.fsencode(name)) <= _MAX_STEM else xxhash.xxh3_128_hexdigest(os.fsencode(name))


def draft_names(name: str) -> str:
    """The regular expression for `clear_stale` that finds the drafts of a file of that name."""
    return re.escape(stem_of(name))


def clear_stale(folder: str | os.PathLike[str], names: str) -> list[str] | None:
    """Remove the drafts whose owners have ended.

    Parameters
    ----------
    folder : path-like
        The folder of the drafts; empty for the working directory.
    names : str
        A regular expression for the final names of the drafts.

    Returns
    -------
    list of str or None
        The names that were in the folder; None where it was not listed.
    """
    if fcntl is None:
        return None
    found = None
    pattern = re.compile(rf"\.(?:{names})\.[0-9]+\.[0-9a-f]{{8}}\.tmp")
    # Errors here must not prevent a save: a folder that cannot be listed, a draft of another user, or one that has just
    # been renamed.
    with suppress(OSError):
        found = os.listdir(folder or ".")
        for name in found:
            if name.startswith(".") and pattern.fullmatch(name):
                _remove_if_unlocked(Path(folder, name))
    return found


def _remove_if_unlocked(path: Path) -> None:
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(fd)


def _rename(draft: Draft) -> None:
    """Give a complete draft its final name."""
    if not (draft.is_new and _is_linked(draft)):
        os.replace(draft.path, draft.target)
    draft.path = Path()
    _let_go(draft)


def _is_linked(draft: Draft) -> bool:
    """Give a draft its final name, unless a file has that name; False where the file system has no hard links."""
    try:
        os.link(draft.path, draft.target)
    except OSError as error:
        # A network that loses the answer of a server reports an error although the name is there.
        if not _is_same(draft.path, draft.target):
            if error.errno == EEXIST or is_there(draft.target):  # the moment between this test and the renaming remains
                raise FileExistsError(EEXIST, os.strerror(EEXIST)) from error
            return False
    with suppress(OSError):  # the file is there; the next save removes its other name
        draft.path.unlink()
    return True


def _is_same(path: Path, other: Path) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.lstat(other))
    except OSError:
        return False


def _let_go(draft: Draft) -> None:
    """Unlock and close the descriptors that are open. No bytes depend on it any more, so errors do not matter."""
    for name in ("fd", "lock"):
        fd = getattr(draft, name)
        if fd >= 0:
            if fcntl is not None:
                # Unlocked explicitly: a process forked during the save has the descriptor too, so closing this one
                # would not unlock it.
                with suppress(OSError):
                    fcntl.flock(fd, fcntl.LOCK_UN)
            setattr(draft, name, -1)  # first, so that an interruption does not let it be closed twice
            with suppress(OSError):
                os.close(fd)


def _discard(draft: Draft) -> None:
    # Windows cannot remove an open file; the lock does not matter for a file that is discarded.
    _let_go(draft)
    if draft.path.name:
        with suppress(OSError):
            draft.path.unlink()


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Wait until the names of a folder's files are on the disk.

    Raises
    ------
    OSError
        The operating system refuses. For a file system that cannot synchronize a folder nothing is raised.
    """
    if os.name == "nt":
        return
    locked = locked_folder(folder)
    try:
        fd = os.open(folder or ".", os.O_RDONLY | os.O_CLOEXEC) if locked < 0 else locked
        try:
            os.fsync(fd)
        finally:
            if locked < 0:
                end_reading(fd)
    except OSError as error:
        if error.errno not in _CANNOT_RESERVE:
            raise


def _sync_error(error: OSError, path: str | os.PathLike[str]) -> OpError:
    return from_os_error(error, f"{path} is written, but its folder cannot be synchronized")
