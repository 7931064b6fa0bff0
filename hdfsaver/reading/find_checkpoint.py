"""Finding a checkpoint by its prefix, its file, or a folder with a state file."""

from __future__ import annotations

import ntpath
import os
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from hdfsaver.errors import DataLossError, NoCheckpointError, NotFoundError, OpError, PermissionDeniedError
from hdfsaver.files.file_kinds import STATE
from hdfsaver.files.file_status import file_status
from hdfsaver.files.kind_detection import kind_of_file, refusal
from hdfsaver.files.opening import end_reading, is_folder, open_any
from hdfsaver.files.os_errors import unreadable
from hdfsaver.files.remote.names import RemoteName, beside, sharing
from hdfsaver.interop.bundle import tensorflow_prefix as tensorflow
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.reading.checkpoint_names import ENDINGS, PathLike, Source, as_source, as_targets
from hdfsaver.reading.state_file import CheckpointState

_LISTED, _NAMED = 10_000, 3
"""Files of a folder that are compared with a missing name, and names that an error has."""


class Located(NamedTuple):
    """An existing checkpoint.

    Attributes
    ----------
    kind : str
        ``"hdf5"`` for an hdfsaver checkpoint or another HDF5 file, ``"bundle"`` or ``"v1"`` for TensorFlow's formats.
    path : str
        The file, or the prefix of a TensorFlow checkpoint.
    files : tuple of str
        The file; the index of a bundle; all files of a V1 checkpoint.
    """

    kind: Literal["hdf5", "bundle", "v1"]
    path: str
    files: tuple[str, ...]


def locate(prefix: str, listings: tensorflow.Listings | None = None) -> Located | None:
    """Find the checkpoint of a prefix.

    The search order is: the HDF5 file of the prefix, TensorFlow's files, a file with exactly this name.

    Parameters
    ----------
    prefix : str
        A prefix, a file, or the name of a ``.meta`` file beside one.
    listings : dict, optional
        The results of listing folders, for a search of many prefixes: they are used again and added to.

    Returns
    -------
    Located or None
        None if there is no checkpoint.

    Raises
    ------
    OpError
        A file that may be a TensorFlow checkpoint cannot be read.
    """
    with sharing():
        file = checkpoint_names.find_own(prefix)
        if file is None:
            foreign = tensorflow.find(prefix, listings)
            if foreign is not None:
                return Located(foreign.kind, foreign.prefix, foreign.files)
            file = checkpoint_names.find(prefix)
    if file is None:
        return None
    path = file if isinstance(file, RemoteName) else str(Path(file))
    return Located("hdf5", path, (path,))


def checkpoint_exists(checkpoint_prefix: Source) -> bool:
    """Whether a checkpoint with that prefix or file exists, of hdfsaver or TensorFlow."""
    return locate(as_source(checkpoint_prefix)) is not None


def get_checkpoint_state(
    checkpoint_dir: PathLike, latest_filename: str | None = None, *, relocated: bool = False
) -> CheckpointState | None:
    """Read the state file of a folder.

    Parameters
    ----------
    checkpoint_dir : path
    latest_filename : str, optional
        The name of the state file, ``"checkpoint"`` by default.
    relocated : bool
        The folder was moved or copied, perhaps from another computer: of a checkpoint that the state file names by an
        absolute path, take the one of the same name beside the state file, if there is one.

    Returns
    -------
    CheckpointState or None
        None if the state file is missing or cannot be parsed.

    Raises
    ------
    ValueError
        The state file names no checkpoint.
    """
    folder = as_source(checkpoint_dir)
    state = state_file.read(folder, latest_filename)
    if state is not None and relocated:
        state.model_checkpoint_path = _beside(folder, state.model_checkpoint_path)
        state.all_model_checkpoint_paths = [_beside(folder, path) for path in state.all_model_checkpoint_paths]
    return state


def _beside(folder: str, path: str) -> str:
    """The checkpoint in a folder that has the name of one elsewhere; the path itself without such a checkpoint."""
    if isinstance(path, RemoteName):
        return path
    within = path.removeprefix(os.path.join(folder, ""))
    if within != path and not ntpath.isabs(within):  # it moves with the folder
        return path
    for name in (os.path.basename(path), ntpath.basename(path)):
        if name and checkpoint_exists(beside(folder, name)):
            return beside(folder, name)
    return path


def latest_checkpoint(
    checkpoint_dir: PathLike, latest_filename: str | None = None, *, relocated: bool = False
) -> str | None:
    """The prefix of the checkpoint that was saved last in a folder, regardless of its step.

    Parameters
    ----------
    checkpoint_dir : path
    latest_filename : str, optional
        The name of the state file, ``"checkpoint"`` by default.
    relocated : bool
        The folder was moved or copied; see `get_checkpoint_state`.

    Returns
    -------
    str or None
        None if the state file or its checkpoint is missing.
    """
    folder = as_source(checkpoint_dir)
    with sharing():
        state = get_checkpoint_state(folder, latest_filename, relocated=relocated)
        if state is None:
            return None
        path = state.model_checkpoint_path
        if isinstance(folder, RemoteName) and not isinstance(path, RemoteName):  # elsewhere: a path of this machine
            return None
        return path if checkpoint_exists(path) else None


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[PathLike]) -> list[float]:
    """The times of the last changes of checkpoint files.

    Parameters
    ----------
    checkpoint_prefixes : iterable of path

    Returns
    -------
    list of float
        Seconds since the epoch, without missing checkpoints.

    Raises
    ------
    TypeError
        ``checkpoint_prefixes`` is a single path.
    """
    listings: tensorflow.Listings = {}
    times = [_mtime(locate(prefix, listings)) for prefix in as_targets(checkpoint_prefixes)]
    return [time for time in times if time is not None]


def _mtime(found: Located | None) -> float | None:
    facts = None if found is None else file_status(found.files[0])
    return None if facts is None else facts.mtime  # another program may remove it at any time


def resolve(ckpt_dir_or_file: Source) -> str:
    """The prefix of a checkpoint; for a folder, that of its latest one.

    Raises
    ------
    NoCheckpointError
        The folder has no checkpoint. It is a `ValueError` too.
    ValueError
        Its state file names no checkpoint.
    """
    text = as_source(ckpt_dir_or_file)
    if not (is_folder(text) if isinstance(text, RemoteName) else os.path.isdir(text)):
        return text
    latest = latest_checkpoint(text)
    # With a slash at its end, a folder may be the prefix of files whose names are only suffixes.
    if latest is None and locate(unnamed := beside(text, "")) is not None:
        return unnamed
    if latest is None:
        near = latest_checkpoint(text, relocated=True)
        moved = f": {near}, which `latest_checkpoint(..., relocated=True)` finds"
        remedy = moved if near else _some_in(text)
        raise NoCheckpointError(
            None,
            None,
            f"Couldn't find 'checkpoint' file or checkpoints in given directory {text}: no state file there names a "
            f"checkpoint that exists. Give the prefix of a checkpoint instead{remedy}.{_state_of(text)}",
        )
    return latest


def _some_in(folder: str) -> str:
    if isinstance(folder, RemoteName):
        return ""
    try:
        found = [name for name in _prefixes_in(folder) if name]
    except OSError:
        return ""
    return f", such as {os.path.join(folder, found[0])}" if found else ""


def _state_of(folder: str) -> str:
    """The kind of the file that has the name of a state file, as a sentence, if it is of another kind."""
    path = state_file.path_of(folder, None)
    try:
        kind = kind_of_file(path)
    except OpError:
        return ""
    return "" if kind in (None, STATE) else f" {path} is {kind.name}."


def existing_file(prefix: Source) -> str:
    """The file of a checkpoint that must exist; errors as in `not_found`."""
    text = as_source(prefix)
    path = checkpoint_names.find(text)
    if path is None:
        raise not_found(text)
    return path


def not_found(prefix: str, words: str = "") -> OpError:
    """Make the error for a prefix without a checkpoint.

    Parameters
    ----------
    prefix : str
    words : str
        TensorFlow's words, with which the message of a `NotFoundError` begins.

    Returns
    -------
    OpError
        `NotFoundError`, which names checkpoints with similar names; `DataLossError` for a folder, and the error of
        `hdfsaver.files.kind_detection.refusal` for the index of a TensorFlow checkpoint that is not one.
    """
    if isinstance(prefix, RemoteName):
        return _no_remote(prefix, words)
    if os.path.isdir(prefix):
        return DataLossError(
            None,
            None,
            f"{prefix} is a directory, not a checkpoint; load_checkpoint opens the latest checkpoint of a directory.",
        )
    index = f"{prefix}.index"
    if os.path.isfile(index):
        return _not_an_index(index)
    missing = f"{words}There is no checkpoint {prefix!r}: failed to find {checkpoint_names.file_of(prefix)}."
    return NotFoundError(None, None, f"{missing}{_hint(prefix)}")


def _no_remote(prefix: RemoteName, words: str) -> OpError:
    """The error for a remote name without a file: where a server does not allow to read one, what it says."""
    tried = list(checkpoint_names.candidates(prefix))
    for path in reversed(tried):
        try:
            end_reading(open_any(path).fd)
        except PermissionDeniedError as error:
            return error
        except OpError:
            continue
    names = list(dict.fromkeys(tried))
    more = f" Tried were {', '.join(names)}, {prefix}.index." if len(names) > 1 else ""
    return NotFoundError(None, None, f"{words}There is no checkpoint {str.__str__(prefix)!r}.{more}")


def _not_an_index(path: str) -> OpError:
    try:
        opened = open_any(path)
    except OpError as error:
        return error
    try:
        return refusal(opened, path, "the index of a TensorFlow checkpoint")
    except (EOFError, OSError) as error:
        return unreadable(path, error)
    finally:
        end_reading(opened.fd)


def _hint(prefix: str) -> str:
    """The checkpoints in the folder of a prefix with names like it, as a sentence."""
    folder, name = os.path.split(prefix)
    try:
        prefixes = _prefixes_in(folder)
    except FileNotFoundError:
        return f" The folder {folder} does not exist."
    except (OSError, ValueError):  # a ValueError for a NUL in the path
        return ""
    if name in prefixes:
        return f" Other files of a TensorFlow checkpoint of this name are in its folder, but not {prefix}.index."
    near = [found for found in prefixes if name and found.startswith(name)][:_NAMED]
    near = near or get_close_matches(name, prefixes, _NAMED)
    paths = ", ".join(os.path.join(folder, found) for found in near)
    return f" Checkpoints with similar names: {paths}." if near else ""


def _prefixes_in(folder: str) -> list[str]:
    """The prefixes that files of a folder have, judging by their names."""
    with os.scandir(folder or os.curdir) as entries:
        names = [entry.name for entry in islice(entries, _LISTED)]
    return sorted({ENDINGS.sub("", name) for name in names if ENDINGS.search(name)})
