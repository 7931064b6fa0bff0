"""The checkpoints of a folder in the order of their steps, and the variables that changed from one to the next.

Which changed is read from the digests in the index of each file; no values are read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from hdfsaver.errors import InvalidArgumentError, NotFoundError, OpError, from_os_error
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.interop.bundle.open_tensorflow import bundle_digests
from hdfsaver.reading.checkpoint_names import ENDINGS, SUFFIXES, PathLike, as_source
from hdfsaver.reading.find_checkpoint import get_checkpoint_state, locate
from hdfsaver.storage.digests import Digests, read_digests

_STEP = re.compile(r"(?s)(?P<base>.*)-(?P<step>[0-9]{1,18})")


class SavedCheckpoint(NamedTuple):
    """A checkpoint of a folder.

    Attributes
    ----------
    path : str
        Its prefix, as `Saver.restore` takes it.
    step : int or None
        The step that its name has.
    time : float or None
        When it was saved, in seconds since the epoch: as the state file says, or else the last change of its file.
    nbytes : int or None
        The length of its files; None for a remote one that could not be read.
    metric : float or None
        The metric that was passed to `Saver.save`.
    is_listed : bool
        Whether the state file names it.
    arrays : int or None
        The number of its variables; None if its index could not be read.
    changed : list of str or None
        The variables whose digests differ from those in the checkpoint before it of the same name; None for the first.
    added, removed : list of str
        The variables that only one of the two has.
    error : str
        Why its digests are not known; empty if they are.
    """

    path: str
    step: int | None
    time: float | None
    nbytes: int | None
    metric: float | None
    is_listed: bool
    arrays: int | None
    changed: list[str] | None
    added: list[str]
    removed: list[str]
    error: str


class _File(NamedTuple):
    """The files of a prefix in a folder."""

    is_bundle: bool
    nbytes: int
    time: float


class _Saved(NamedTuple):
    """The time and the metric of a checkpoint in the state file."""

    time: float | None
    metric: float | None


def history(folder: PathLike, *, group: str = "") -> list[SavedCheckpoint]:
    """List the checkpoints of a folder, of hdfsaver and of TensorFlow, and what changed between them.

    Parameters
    ----------
    folder : path or URL
        A folder with checkpoints; of a remote one, those that its state file names.
    group : str
        The model, in files that have several.

    Returns
    -------
    list of SavedCheckpoint
        By name, then by step.

    Raises
    ------
    NotFoundError
        There is no such folder, or no checkpoint in it.
    InvalidArgumentError
        It is a file.

    Examples
    --------
    >>> import numpy as np, hdfsaver
    >>> for step in (100, 200):
    ...     hdfsaver.save_file({"w": np.full(3, step), "b": np.zeros(2)}, f"m-{step}.h5")
    >>> [(each.step, each.arrays, each.changed) for each in hdfsaver.history(".")]
    [(100, 2, None), (200, 2, ['w'])]
    """
    where = as_source(folder)
    files = {} if isinstance(where, RemoteName) else _files(where)
    saved = _saved(where)
    paths = sorted({*files, *saved}, key=_order)
    found = list(_compared(paths, files, saved, group))
    if not found:
        raise NotFoundError(None, None, f"There are no checkpoints in {where}.")
    return found


def _files(folder: str) -> dict[str, _File]:
    """The files of a folder by the prefixes of checkpoints."""
    found: dict[str, _File] = {}
    others: dict[str, int] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                ending = ENDINGS.search(entry.name)
                if ending is None or not entry.is_file():
                    continue
                status = entry.stat()
                prefix = os.path.join(folder, entry.name[: ending.start()])
                if ending[0] in (*SUFFIXES, ".index"):
                    found[prefix] = _File(ending[0] == ".index", status.st_size, status.st_mtime)
                else:
                    others[prefix] = others.get(prefix, 0) + status.st_size
    except NotADirectoryError:
        message = f"{folder} is a file; `history` lists the checkpoints of a folder."
        raise InvalidArgumentError(None, None, message) from None
    except OSError as error:
        raise from_os_error(error, f"Cannot list {folder}") from error
    return {
        prefix: file._replace(nbytes=file.nbytes + others.get(prefix, 0)) if file.is_bundle else file
        for prefix, file in found.items()
    }


def _saved(folder: str) -> dict[str, _Saved]:
    """The checkpoints of the state file; nothing without one that can be read."""
    try:
        state = get_checkpoint_state(folder)
    except (OpError, ValueError):
        return {}
    if state is None:
        return {}
    paths = state.all_model_checkpoint_paths or [state.model_checkpoint_path]
    times = _padded(state.all_model_checkpoint_timestamps, len(paths))
    metrics = _padded(state.all_model_checkpoint_metrics, len(paths))
    return {_without_ending(path): _Saved(*each) for path, *each in zip(paths, times, metrics, strict=True)}


def _padded(numbers: Iterable[float | None], count: int) -> list[float | None]:
    found = list(numbers)
    return found if len(found) == count else [None] * count


def _without_ending(path: str) -> str:
    if isinstance(path, RemoteName):
        return path
    return next((path.removesuffix(each) for each in SUFFIXES if path.endswith(each)), path)


def _order(path: str) -> tuple[str, int, str]:
    named = _STEP.fullmatch(path)
    return (named["base"], int(named["step"]), path) if named else (path, -1, path)


def _compared(
    paths: Iterable[str], files: Mapping[str, _File], saved: Mapping[str, _Saved], group: str
) -> Iterator[SavedCheckpoint]:
    base, before = None, None
    for path in paths:
        named = _STEP.fullmatch(path)
        if (named["base"] if named else path) != base:
            base, before = (named["base"] if named else path), None
        file, said = files.get(path), saved.get(path, _Saved(None, None))
        found, error = _digests(path, file, group, before)
        changes: tuple[list[str] | None, list[str], list[str]] = (None, [], [])
        if found is not None and before is not None:
            changes = _changes(before, found)
        if file is None and found is None:
            continue  # the state file names a checkpoint that is gone
        file = file or _elsewhere(path)
        yield SavedCheckpoint(
            path,
            int(named["step"]) if named else None,
            said.time or (file.time if file else None),
            file.nbytes if file else (found.nbytes if found else None),
            said.metric,
            path in saved,
            None if found is None else len(found.types),
            *changes,
            error,
        )
        before = found or before


def _digests(path: str, file: _File | None, group: str, like: Digests | None) -> tuple[Digests | None, str]:
    try:
        if file is None:
            located = locate(path)
            if located is None:
                return None, "It does not exist."
            is_bundle, name = located.kind == "bundle", located.path
        else:
            is_bundle = file.is_bundle
            name = path if is_bundle else _own_file(path)
        if is_bundle:
            return _of_bundle(name), ""
        found = read_digests(name, group, like)
    except OpError as error:
        return None, error.message
    return found, "" if found is not None else "It has no digests."


def _elsewhere(path: str) -> _File | None:
    """The file of a checkpoint that is not in the folder."""
    located = None if isinstance(path, RemoteName) else locate(path)
    try:
        found = [os.stat(name) for name in located.files] if located else []
    except OSError:
        return None
    return _File(False, sum(it.st_size for it in found), found[0].st_mtime) if found else None


def _own_file(prefix: str) -> str:
    return next((prefix + each for each in SUFFIXES if os.path.exists(prefix + each)), prefix)


def _of_bundle(prefix: str) -> Digests:
    found = bundle_digests(prefix)
    values = np.array([value & (2**64 - 1) for _, value in found.values()], np.uint64)
    return Digests({name: kind for name, (kind, _) in found.items()}, values, 0, (prefix,))


def _changes(before: Digests, now: Digests) -> tuple[list[str], list[str], list[str]]:
    if before.types is now.types:
        names = list(now.types)
        return [names[place] for place in np.flatnonzero(before.values != now.values)], [], []
    old = dict(zip(before.types, zip(before.types.values(), before.values.tolist(), strict=True), strict=True))
    new = dict(zip(now.types, zip(now.types.values(), now.values.tolist(), strict=True), strict=True))
    changed = [name for name, found in new.items() if name in old and old[name] != found]
    return changed, [name for name in new if name not in old], [name for name in old if name not in new]
