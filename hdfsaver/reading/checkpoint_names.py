"""Prefix, step and file: how a checkpoint is named, and found again.

A *prefix* is what TensorFlow's programs pass around, ``model/add.ckpt``; its file is ``model/add.ckpt.h5``. A prefix
that ends in ``.h5`` or ``.hdf5`` is the file's own name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

PathLike = str | bytes | os.PathLike[str]

SUFFIXES = (".h5", ".hdf5")
"""The endings that a checkpoint's file may have; the first is the one that is given to a prefix."""

META_SUFFIX = ".meta"
"""How TensorFlow's programs spell the file that had the graph."""


def as_prefix(path: PathLike) -> str:
    """A prefix as text: bytes are decoded, a Path is written out; `TypeError` for anything else."""
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"A checkpoint is named by a str, bytes or a path, not {path!r}.") from None


def as_prefixes(paths: Iterable[PathLike]) -> list[str]:
    """Several prefixes as text; `TypeError` where it is a single one, whose letters would each be taken for one."""
    if isinstance(paths, str | bytes | os.PathLike):
        raise TypeError(f"A list of checkpoints was expected, not the single one {paths!r}.")
    return [as_prefix(path) for path in paths]


def file_of(prefix: str | os.PathLike[str]) -> Path:
    """The file that a checkpoint of that prefix is written to."""
    text = os.fspath(prefix)
    return Path(text if text.endswith(SUFFIXES) else text + SUFFIXES[0])


def with_step(prefix: str, step: int, pad: bool = False) -> str:
    """The prefix of a checkpoint of that step: ``m`` becomes ``m-7``, ``m.h5`` becomes ``m-7.h5``.

    Parameters
    ----------
    prefix : str
    step : int
    pad : bool
        Write eight digits, so that names sort as steps do.
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
        None where there is no such file; a directory is none.
    """
    # `os.path.isfile`, unlike `Path.is_file`, has an answer for every path, be it too long for the system.
    return next((Path(path) for path in _candidates(os.fspath(prefix)) if os.path.isfile(path)), None)


def find_own(prefix: str | os.PathLike[str]) -> Path | None:
    """The file that bears a checkpoint's name, as `find`, but none whose name ends otherwise than `SUFFIXES` say.

    It is for whoever deletes: a file of another kind that is called as the prefix is must not go in its place.
    """
    for path in _own(os.fspath(prefix)):
        if os.path.isfile(path):
            return Path(path)
    return None


def _candidates(prefix: str) -> Iterator[str]:
    if not prefix:
        return
    yield from _own(prefix)
    yield prefix
    if prefix.endswith(META_SUFFIX):
        yield from _own(prefix.removesuffix(META_SUFFIX))


def _own(prefix: str) -> list[str]:
    if prefix.endswith(SUFFIXES):
        return [prefix]
    return [prefix + SUFFIXES[0], prefix + SUFFIXES[1]] if prefix else []
