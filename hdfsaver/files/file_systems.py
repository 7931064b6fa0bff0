"""Where files are: on this machine, or under a name with a scheme (``gs://...``), which the library fsspec opens."""

from __future__ import annotations

import errno
import glob
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple, Protocol

from hdfsaver.errors import InvalidArgumentError, UnimplementedError, from_os_error
from hdfsaver.files.atomic_write import atomic_write
from hdfsaver.files.schemes import OF_FSSPEC, SCHEME, file_system, fsspec_library, is_url, path_within

_ERRNO_BY_CLASS = {
    FileNotFoundError: errno.ENOENT,
    FileExistsError: errno.EEXIST,
    IsADirectoryError: errno.EISDIR,
    NotADirectoryError: errno.ENOTDIR,
    PermissionError: errno.EACCES,
}
"""The numbers of errors that a library raises without one."""


class FileStatistics(NamedTuple):
    """The facts about a file: its length in bytes, when it was changed, and whether it is a directory."""

    length: int
    mtime_nsec: int
    is_directory: bool


class FileSystem(Protocol):
    """The operations on files that `hdfsaver.files.file_io` is made of; all raise `OSError`."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or a directory."""

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory."""

    def names(self, path: str) -> list[str]:
        """The names in a directory."""

    def matching(self, pattern: str) -> list[str]:
        """The paths that a pattern stands for, sorted; see `python_pattern`."""

    def make_directory(self, path: str) -> None:
        """Make a directory, whose parent is there."""

    def make_directories(self, path: str) -> None:
        """Make a directory and its parents, if they are not there."""

    def remove(self, path: str) -> None:
        """Remove a file."""

    def remove_tree(self, path: str) -> None:
        """Remove a file, or a directory with everything in it; the targets of links stay."""

    def move(self, source: str, target: str) -> None:
        """Give a file or a directory another name, which a file may have that is replaced."""

    def statistics(self, path: str) -> FileStatistics:
        """The facts about a file."""

    def open(self, path: str, mode: str) -> IO[bytes]:
        """Open a file; the mode is ``"rb"``, ``"wb"`` or ``"ab"``."""

    def write_copy(self, path: str, source: IO[bytes]) -> None:
        """Write a file with the bytes of an open one."""


class LocalFiles:
    """The files of this machine."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or a directory."""
        return os.path.exists(path)

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory."""
        return os.path.isdir(path)

    def names(self, path: str) -> list[str]:
        """The names in a directory."""
        return os.listdir(path)

    def matching(self, pattern: str) -> list[str]:
        """The paths that a pattern stands for, sorted."""
        return sorted(glob.glob(python_pattern(pattern), include_hidden=True))

    def make_directory(self, path: str) -> None:
        """Make a directory, whose parent is there; an existing one stays unchanged."""
        if path and not os.path.isdir(path):
            os.mkdir(path)

    def make_directories(self, path: str) -> None:
        """Make a directory and its parents, if they are not there."""
        if not path:
            return
        try:
            os.makedirs(path, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None

    def remove(self, path: str) -> None:
        """Remove a file."""
        if os.path.isdir(path) and not os.path.islink(path):  # macOS says that this is not permitted
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        os.remove(path)

    def remove_tree(self, path: str) -> None:
        """Remove a file, or a directory with everything in it; the targets of links stay."""
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.remove(path)

    def move(self, source: str, target: str) -> None:
        """Give a file or a directory another name, which a file may have that is replaced."""
        os.replace(source, target)

    def statistics(self, path: str) -> FileStatistics:
        """The facts about a file."""
        found = os.stat(path)
        return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(path))

    def open(self, path: str, mode: str) -> IO[bytes]:
        """Open a file."""
        return open(path, mode)

    def write_copy(self, path: str, source: IO[bytes]) -> None:
        """Write a file with the bytes of an open one; an earlier file is kept until all of them are there."""
        with atomic_write(path, durable=False) as draft, open(draft.fd, "wb", closefd=False) as target:
            shutil.copyfileobj(source, target)


class RemoteFiles:
    """Files that the library fsspec opens, all under one scheme."""

    def __init__(self, scheme: str, url: str) -> None:
        self._scheme = scheme
        self._files = file_system(scheme, url)

    def _inner(self, url: str) -> str:
        return path_within(self._files, self._scheme, url)

    def exists(self, path: str) -> bool:
        """Whether there is a file or a directory."""
        return bool(self._files.exists(self._inner(path)))

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory."""
        return bool(self._files.isdir(self._inner(path)))

    def names(self, path: str) -> list[str]:
        """The names in a directory."""
        return [str(found).rstrip("/").rpartition("/")[2] for found in self._files.ls(self._inner(path), detail=False)]

    def matching(self, pattern: str) -> list[str]:
        """The paths that a pattern stands for, sorted."""
        found = self._files.glob(python_pattern(self._inner(pattern)))
        return [f"{self._scheme}://{str(name).lstrip('/')}" for name in sorted(found)]

    def make_directory(self, path: str) -> None:
        """Make a directory; where the parent is not there, some of these file systems make it too."""
        if not self.is_directory(path):
            self._files.mkdir(self._inner(path), create_parents=False)

    def make_directories(self, path: str) -> None:
        """Make a directory and its parents, if they are not there."""
        self._files.makedirs(self._inner(path), exist_ok=True)

    def remove(self, path: str) -> None:
        """Remove a file."""
        if self.is_directory(path):
            raise IsADirectoryError
        self._files.rm_file(self._inner(path))

    def remove_tree(self, path: str) -> None:
        """Remove a file, or a directory with everything in it."""
        self._files.rm(self._inner(path), recursive=True)

    def move(self, source: str, target: str) -> None:
        """Give a file or a directory another name: it is copied, and then removed."""
        self._files.mv(self._inner(source), self._inner(target), recursive=self.is_directory(source))

    def statistics(self, path: str) -> FileStatistics:
        """The facts about a file; the time is 0 where the file system does not tell it."""
        found = self._files.info(self._inner(path))
        try:
            changed = int(self._files.modified(self._inner(path)).timestamp() * 1e9)
        except (NotImplementedError, FileNotFoundError, KeyError):
            changed = 0
        return FileStatistics(int(found.get("size") or 0), changed, found.get("type") == "directory")

    def open(self, path: str, mode: str) -> IO[bytes]:
        """Open a file."""
        opened: IO[bytes] = self._files.open(self._inner(path), mode)
        return opened

    def write_copy(self, path: str, source: IO[bytes]) -> None:
        """Write a file with the bytes of an open one."""
        with self.open(path, "wb") as target:
            shutil.copyfileobj(source, target)


def schemes() -> list[str]:
    """The schemes of names that can be opened now; the empty one stands for names without a scheme."""
    library = fsspec_library()
    if library is None:
        return ["", "file"]
    loaded = set(library.registry) - {"", "file", "local", *OF_FSSPEC.values()}
    return ["", "file", *sorted(loaded | set(OF_FSSPEC))]


_LOCAL = LocalFiles()


def located(path: object) -> tuple[FileSystem, str]:
    """The file system that a path is in, and the path as it takes it.

    Raises
    ------
    TypeError
        It is not a path.
    UnimplementedError
        No file system has such a scheme, or the library that opens it is not installed.
    """
    text = path_text(path)
    match = SCHEME.match(text)
    if match is None:
        return _LOCAL, text
    if match[1] == "file":
        return _LOCAL, text[match.end() :]
    return RemoteFiles(match[1], text), text


def local_path(path: object) -> str:
    """The path of a folder of this machine; `UnimplementedError` for a name with any other scheme than ``file``."""
    return on_this_machine(path_text(path), "the folder, file by file,")


def on_this_machine(path: str, what: str = "the file") -> str:
    """A path without ``file://``; `UnimplementedError` for a name with any other scheme, which says what to copy."""
    if is_url(path) and not path.startswith("file://"):
        raise UnimplementedError(None, None, f"{path} must be on this machine: copy {what} with `tf.gfile.Copy`.")
    return located(path)[1]


def path_text(path: object) -> str:
    """A path as text; `TypeError` for anything else."""
    path = os.fspath(path) if isinstance(path, os.PathLike) else path
    if isinstance(path, bytes):
        return os.fsdecode(path)
    if not isinstance(path, str):
        raise TypeError(f"Expected binary or unicode string, got {path!r}")
    return path


def between(source: str, target: str) -> UnimplementedError:
    """The error for a file that is to be renamed into another file system."""
    return UnimplementedError(
        None, None, f"Renaming {source} to {target} not implemented: they are in different file systems. Copy the file."
    )


@contextmanager
def refusals(doing: str, path: object) -> Iterator[None]:
    """Within the block, errors of the operating system and of file systems are those of `hdfsaver.errors`."""
    try:
        yield
    except OSError as error:
        for kind, number in _ERRNO_BY_CLASS.items():
            if error.errno is None and isinstance(error, kind):
                error.errno = number
        raise from_os_error(error, f"Cannot {doing} {path_text(path)}") from error
    except ValueError as error:
        if "null" not in str(error):
            raise
        raise InvalidArgumentError(None, None, f"Cannot {doing} {path!r}: a path cannot have a NUL byte.") from None


def python_pattern(pattern: str) -> str:
    r"""TensorFlow's pattern of paths in Python's notation: ``[^a]`` is ``[!a]``, ``\*`` is ``[*]``, ``**`` is ``*``.

    Where its first wildcard is in the first part of the path, the results begin with ``./``, as in TensorFlow.
    """
    found = re.sub(r"\\(.)|\[\^|\*\*+", _in_python, pattern)
    first = re.search(r"[*?\[\\]", pattern)
    return f"./{found}" if first and "/" not in pattern[: first.start()] else found


def _in_python(match: re.Match[str]) -> str:
    if match[1]:
        return glob.escape(match[1])
    return "[!" if match[0] == "[^" else "*"
