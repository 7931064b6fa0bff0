"""The names of a checkpoint: prefix, step and file.

A *prefix* is the name that TensorFlow programs use, ``model/add.ckpt``; its file is ``model/add.ckpt.h5``. A prefix
that ends in ``.h5`` or ``.hdf5`` is the file's own name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from hdfsaver.errors import from_os_error
from hdfsaver.files.file_status import Status, file_status
from hdfsaver.files.file_systems import on_this_machine
from hdfsaver.files.opening import is_file
from hdfsaver.files.remote.names import RemoteName, named
from hdfsaver.files.remote.uploads import check_writable

PathLike = str | bytes | os.PathLike[str]

Source = PathLike | BinaryIO
"""The argument of functions that read: a path of this machine, a URL, or an open binary file."""

SUFFIXES = (".h5", ".hdf5")
"""The possible endings of a checkpoint file; the first one is appended to a prefix."""

META_SUFFIX = ".meta"
"""The ending of TensorFlow's graph file."""

ENDINGS = re.compile(r"\.(?:h5|hdf5|index|meta|data-[0-9]{5}-of-[0-9]{5})$")
"""The endings of files of checkpoints behind the prefix, of hdfsaver and of TensorFlow."""


def as_prefix(path: PathLike) -> str:
    """Convert a prefix (str, bytes or path) to str, ``file:///a/b`` to ``/a/b``.

    Raises
    ------
    TypeError
        It is of another type.
    UnimplementedError
        It is in a file system that is not of this machine: HDF5 needs one that can be mapped and locked.
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise TypeError(f"The name of a checkpoint must be a str, bytes or a path, not {path!r}.") from None
    return on_this_machine(text) if "://" in text else text


def as_source(path: Source) -> str:
    """Convert what is read to str: a URL and a binary file to a `RemoteName`, others as `as_prefix` does.

    Raises
    ------
    TypeError
        It is neither a path nor a binary file.
    ValueError
        The file is closed, or cannot seek.
    """
    if type(path) is str and "://" not in path:
        return path
    name = named(path)
    return as_prefix(path) if name is None else name  # type: ignore[arg-type]


def as_target(path: PathLike) -> str:
    """Convert what is written or removed to str: a URL to a `RemoteName`, others as `as_prefix` does.

    Raises
    ------
    TypeError
        It is not a path; an open file is only read.
    UnimplementedError, InvalidArgumentError
        Nothing is written to such a URL; see `hdfsaver.files.remote.uploads.check_writable`.
    """
    if (type(path) is str and "://" not in path) or not isinstance(path, str | bytes):
        return as_prefix(path)
    name = named(path)
    if name is None:
        return as_prefix(path)
    check_writable(name)
    return name


def as_targets(paths: Iterable[PathLike]) -> list[str]:
    """Convert several names to str; `TypeError` for a single one, which would be read letter by letter."""
    if isinstance(paths, str | bytes | os.PathLike):
        raise TypeError(f"A list of checkpoints was expected, not the single checkpoint {paths!r}.")
    return [as_target(path) for path in paths]


def absolute(prefix: str) -> str:
    """The prefix as an absolute path, which stays right when the program changes its working directory.

    Raises
    ------
    NotFoundError
        The working directory does not exist any more.
    """
    if isinstance(prefix, RemoteName) or os.path.isabs(prefix):
        return prefix
    try:
        return os.path.join(os.getcwd(), prefix)
    except OSError as error:
        raise from_os_error(error, f"There is no working directory for the path {prefix!r}") from error


def relative(path: str, folder: str) -> str:
    """The relative path that leads from a folder to a checkpoint.

    The parent of a folder that a symbolic link names is not the folder of the link. So a path through a parent is made
    from paths without links. A URL in another folder has no relative path, and stays a URL.
    """
    if isinstance(path, RemoteName):
        within = path.removeprefix(f"{folder.rstrip('/')}/")
        return str.__str__(path if ".." in within.split("/") else within)
    within = os.path.relpath(path, folder)
    if os.pardir not in f"{within}{os.sep}{path}".split(os.sep):
        return within
    parent, name = os.path.split(path)
    return os.path.relpath(os.path.join(os.path.realpath(parent), name), os.path.realpath(folder))


def file_of(prefix: str) -> str:
    """The file of a checkpoint with that prefix."""
    return prefix if prefix.endswith(SUFFIXES) else prefix + SUFFIXES[0]


def with_step(prefix: str, step: int, pad: bool = False) -> str:
    """The prefix of a checkpoint of a step: ``m`` becomes ``m-7``, ``m.h5`` becomes ``m-7.h5``.

    Parameters
    ----------
    prefix : str
    step : int
    pad : bool
        Write eight digits, so that names sort as steps do.

    Returns
    -------
    str
    """
    number = f"{step:08d}" if pad else str(step)
    for suffix in SUFFIXES:
        if prefix.endswith(suffix):
            return prefix.removesuffix(suffix) + f"-{number}{suffix}"
    return prefix + f"-{number}"


def find(prefix: str) -> str | None:
    """The file of a checkpoint, given its prefix, the file itself, or the name of a ``.meta`` file beside it.

    Returns
    -------
    str or None
        None if there is no such file; a directory is not a file. Of a remote prefix it is a remote name.

    Raises
    ------
    OpError
        The operating system, or a server, does not tell.
    """
    return next(filter(is_file, candidates(prefix)), None)


def find_own(prefix: str) -> str | None:
    """Like `find`, but only for files with an ending in `SUFFIXES`.

    It is used to delete files: a file of another kind with the name of the prefix must not be deleted.
    """
    return next(filter(is_file, _own(prefix)), None)


def status_of(prefix: str) -> Status | None:
    """The status of the file that `find_own` would find, asked for once; errors as there."""
    return next(filter(None, map(file_status, _own(prefix))), None)


def candidates(prefix: str) -> Iterator[str]:
    """The names that the file of a prefix may have, in the order of the search."""
    if not prefix:
        return
    if isinstance(prefix, RemoteName) and not prefix.may_be_prefix:
        yield prefix
        return
    yield from _own(prefix)
    yield prefix
    if prefix.endswith(META_SUFFIX):
        yield from _own(prefix.removesuffix(META_SUFFIX))


def _own(prefix: str) -> list[str]:
    if prefix.endswith(SUFFIXES):
        return [prefix]
    if isinstance(prefix, RemoteName) and not prefix.may_be_prefix:
        return []
    return [prefix + SUFFIXES[0], prefix + SUFFIXES[1]] if prefix else []
