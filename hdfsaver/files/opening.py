"""Opening files for reading: only regular files; a pipe or a device is refused without waiting."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from errno import EBADF, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR
from typing import NamedTuple

from hdfsaver.errors import InvalidArgumentError, NotFoundError, PermissionDeniedError, from_os_error
from hdfsaver.files.os_errors import unreadable
from hdfsaver.files.positional_io import read_at
from hdfsaver.files.readable import Readable
from hdfsaver.files.remote.names import RemoteName, beside, open_remote

HEAD = 65536
"""Bytes of the beginning of a file that are read when it is opened."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Opened(NamedTuple):
    """An open file that may be a checkpoint.

    Attributes
    ----------
    fd : int or PositionalFile
        The descriptor, or what reads a remote file.
    size : int
        The length in bytes.
    head : bytes
        The first `HEAD` bytes.
    base : int
        The bytes of the user block before the HDF5 data, which another program may use; mostly 0.
    """

    fd: Readable
    size: int
    head: bytes
    base: int = 0


def open_any(path: str | os.PathLike[str]) -> Opened:
    """Open a regular file of any content, or a remote file; the caller closes the descriptor.

    Raises
    ------
    NotFoundError
        The file does not exist, or is a directory.
    InvalidArgumentError
        It is not a regular file.
    OpError
        The operating system refuses.
    """
    fd = _open(path)
    try:
        size = _size(fd, path)
        head = bytearray(min(size, HEAD))
        read_at(fd, memoryview(head), 0)
        return Opened(fd, size, bytes(head))
    except BaseException as error:
        end_reading(fd)
        if isinstance(error, OSError | EOFError):
            raise unreadable(path, error) from error
        raise


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether a path exists, also as a link that leads nowhere.

    `os.path.lexists` says no where the operating system does not tell, and what is there may be replaced then.

    Raises
    ------
    OpError
        The operating system does not tell.
    """
    return _is_remote_file(path) if isinstance(path, RemoteName) else _asked(path, os.lstat) is not None


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a regular file, or leads to one; errors as in `is_there`."""
    if isinstance(path, RemoteName):
        return _is_remote_file(path)
    found = status(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a folder, or leads to one; errors as in `is_there`.

    A remote folder is known by its state file, since most servers do not list folders.
    """
    if isinstance(path, RemoteName):
        return path.may_be_prefix and not _is_remote_file(path) and _is_remote_file(beside(path, "checkpoint"))
    found = status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def status(path: str | os.PathLike[str]) -> os.stat_result | None:
    """The status of the file that a path leads to, None without one; errors as in `is_there`."""
    return _asked(path, os.stat)


def _is_remote_file(path: str) -> bool:
    """Whether a remote file can be opened; where a server hides what is missing, it answers that it is not allowed."""
    if path.endswith("/"):
        return False
    try:
        end_reading(_open(path))
    except (NotFoundError, PermissionDeniedError):
        return False
    return True


def _asked(
    path: str | os.PathLike[str], ask: Callable[[str | os.PathLike[str]], os.stat_result]
) -> os.stat_result | None:
    try:
        return ask(path)
    except ValueError:  # a NUL in the path
        return None
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise from_os_error(error, f"Cannot tell whether {path} exists") from error


_ABSENT = {ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP}
"""The error numbers that say that there is nothing, or can be nothing."""


def end_reading(fd: Readable) -> None:
    """Close a descriptor that was not written to.

    A network that is gone may report an error then. It changes nothing that was read, so it is ignored.
    """
    if not isinstance(fd, int):
        fd.close()
        return
    try:
        os.close(fd)
    except OSError as error:
        if error.errno == EBADF:  # closed twice: a mistake in the program, which may hit another file the next time
            raise


def bytes_at(opened: Opened, offset: int, nbytes: int) -> bytes:
    """Bytes of an open file, which must be within it.

    Parameters
    ----------
    opened : Opened
    offset, nbytes : int
        Where they begin, and their number.

    Returns
    -------
    bytes

    Raises
    ------
    EOFError, OSError
        See `hdfsaver.files.positional_io.read_at`.
    """
    if offset + nbytes <= len(opened.head):
        return opened.head[offset : offset + nbytes]
    data = bytearray(nbytes)
    read_at(opened.fd, memoryview(data), offset)
    return bytes(data)


def read_regular(path: str | os.PathLike[str], largest: int) -> bytes:
    """Read a small regular file of any content.

    Raises
    ------
    NotFoundError
        The file does not exist, or is a directory.
    InvalidArgumentError
        It is not a regular file, or has more than ``largest`` bytes.
    OpError
        The operating system refuses.
    """
    fd = _open(path)
    try:
        size = _size(fd, path)
        if size > largest:
            raise InvalidArgumentError(None, None, f"{path} has {size} bytes, but at most {largest} bytes are read.")
        content = bytearray(size)
        read_at(fd, memoryview(content), 0)
        return bytes(content)
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from error
    finally:
        end_reading(fd)


def _open(path: str | os.PathLike[str]) -> Readable:
    if isinstance(path, RemoteName):
        return open_remote(path)
    try:
        # Without blocking: a pipe must not stop the program.
        return os.open(path, _FLAGS)
    except OSError as error:
        if os.path.isdir(path):  # Windows cannot open a directory
            raise _is_directory(path) from None
        raise from_os_error(error, f"Cannot read {path}") from error
    except ValueError as error:  # a NUL in the path
        raise NotFoundError(None, None, f"Cannot read {os.fspath(path)!r}: {error}.") from None


def _size(fd: Readable, path: str | os.PathLike[str]) -> int:
    if not isinstance(fd, int):
        return fd.size
    status = os.fstat(fd)
    if stat.S_ISDIR(status.st_mode):
        raise _is_directory(path)
    if not stat.S_ISREG(status.st_mode):
        what = "is not a regular file but a pipe or a device; such files are not read"
        raise InvalidArgumentError(None, None, f"{path} {what}.")
    return status.st_size


def _is_directory(path: str | os.PathLike[str]) -> NotFoundError:
    return NotFoundError(None, None, f"{path} is a directory, but the path of a checkpoint file was expected.")
