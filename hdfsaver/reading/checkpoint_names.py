"""The names of a checkpoint: prefix, step and file.

A *prefix* is the name that TensorFlow programs use, ``model/add.ckpt``; its file is ``model/add.ckpt.h5``. A prefix
that ends in ``.h5`` or ``.hdf5`` is the file's own name.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from hdfsaver.errors import from_os_error
from hdfsaver.files.file_systems import on_this_machine
from hdfsaver.files.opening import is_file, status
from hdfsaver.files.remote.names import RemoteName, named

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


def as_prefixes(paths: Iterable[PathLike]) -> list[str]:
    """Convert several prefixes to str; `TypeError` for a single prefix, which would be read letter by letter."""
    if isinstance(paths, str | bytes | os.PathLike):
        raise TypeError(f"A list of checkpoints was expected, not the single checkpoint {paths!r}.")
    return [as_prefix(path) for path in paths]


def absolute(prefix: str) -> str:
    """The prefix as an absolute path, which stays right when the program changes its working directory.

    Raises
    ------
    NotFoundError
        The working directory does not exist any more.
    """
    if os.path.isabs(prefix):
        return prefix
    try:
        return os.path.join(os.getcwd(), prefix)
    except OSError as error:
        raise from_os_error(error, f"There is no working directory for the path {prefix!r}") from error


def relative(path: str, folder: str) -> str:
    """The relative path that leads from a folder to a checkpoint.

    The parent of a folder that a symbolic link names is not the folder of the link. So a path through a parent is made
    from paths without links.
    """
    within = os.path.relpath(path, folder)
    if os.pardir not in f"{within}{os.sep}{path}".split(os.sep):
        return within
    parent, name = os.path.split(path)
    return os.path.relpath(os.path.join(os.path.realpath(parent), name), os.path.realpath(folder))


def file_of(prefix: str | os.PathLike[str]) -> Path:
    """The file of a checkpoint with that prefix."""
    text = os.fspath(prefix)
    return Path(text if text.endswith(SUFFIXES) else text + SUFFIXES[0])


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
            return f"{prefix.removesuffix(suffix)}-{number}{suffix}"
    return f"{prefix}-{number}"


def find(prefix: str | os.PathLike[str]) -> Path | None:
    """The file of a checkpoint, given its prefix, the file itself, or the name of a ``.meta`` file beside it.

    Returns
    -------
    Path or None
        None if there is no such file; a directory is not a file.

    Raises
    ------
    OpError
        The operating system does not tell.
    """
    found = find_file(os.fspath(prefix))
    return None if found is None else Path(found)


def find_file(prefix: str) -> str | None:
    """Like `find`, for a prefix that may be remote, whose file is not a path of this machine."""
    return next(filter(is_file, candidates(prefix)), None)


def find_own_file(prefix: str) -> str | None:
    """Like `find_own`, for a prefix that may be remote."""
    return next(filter(is_file, _own(prefix)), None)


def find_own(prefix: str | os.PathLike[str]) -> Path | None:
    """Like `find`, but only for files with an ending in `SUFFIXES`.

    It is used to delete files: a file of another kind with the name of the prefix must not be deleted.
    """
    return next((Path(path) for path in _own(os.fspath(prefix)) if is_file(path)), None)


def status_of(prefix: str | os.PathLike[str]) -> os.stat_result | None:
    """The status of the file that `find_own` would find, asked for once; errors as there."""
    for path in _own(os.fspath(prefix)):
        found = status(path)
        if found is not None and stat.S_ISREG(found.st_mode):
            return found
    return None


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
