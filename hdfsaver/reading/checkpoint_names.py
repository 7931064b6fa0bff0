"""Prefix, step and file: how a checkpoint is named, and found again.

A *prefix* is what TensorFlow's programs pass around, ``model/add.ckpt``; its file is ``model/add.ckpt.h5``. A prefix
that ends in ``.h5`` or ``.hdf5`` is the file's own name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".h5", ".hdf5")
"""The endings that a checkpoint's file may have; the first is the one that is given to a prefix."""

META_SUFFIX = ".meta"
"""How TensorFlow's programs spell the file that had the graph."""


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
    return next((path for path in _candidates(os.fspath(prefix)) if os.path.isfile(path)), None)


def find_own(prefix: str | os.PathLike[str]) -> Path | None:
    """The file that bears a checkpoint's name, as `find`, but none whose name ends otherwise than `SUFFIXES` say.

    It is for whoever deletes: a file of another kind that is called as the prefix is must not go in its place.
    """
    return next((path for path in _own(os.fspath(prefix)) if os.path.isfile(path)), None)


def _candidates(prefix: str) -> Iterator[Path]:
    if not prefix:
        return
    yield from _own(prefix)
    yield Path(prefix)
    if prefix.endswith(META_SUFFIX):
        yield from _own(prefix.removesuffix(META_SUFFIX))


def _own(prefix: str) -> Iterator[Path]:
    if prefix.endswith(SUFFIXES):
        yield Path(prefix)
    elif prefix:
        yield from (Path(prefix + suffix) for suffix in SUFFIXES)
