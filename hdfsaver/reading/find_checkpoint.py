"""Which checkpoint is meant: a prefix, a file, or a folder with a state file that says which is the newest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hdfsaver.errors import DataLossError, NotFoundError
from hdfsaver.interop.bundle import tensorflow_prefix as tensorflow
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.reading.state_file import CheckpointState

PathLike = str | bytes | os.PathLike[str]


def as_prefix(path: PathLike) -> str:
    """A prefix as text: bytes are decoded, a Path is written out; `TypeError` for anything else."""
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"A checkpoint is named by a str, bytes or a path, not {path!r}.") from None


def as_prefixes(paths: Iterable[PathLike]) -> list[str]:
    """Several prefixes as text; `TypeError` where it is a single one, whose letters would be taken for so many."""
    if isinstance(paths, str | bytes | os.PathLike):
        raise TypeError(f"A list of checkpoints was expected, not the single one {paths!r}.")
    return [as_prefix(path) for path in paths]


def checkpoint_exists(checkpoint_prefix: PathLike) -> bool:
    """Whether a checkpoint with that prefix, or that file, is there; one of TensorFlow's is one too."""
    text = as_prefix(checkpoint_prefix)
    return checkpoint_names.find(text) is not None or tensorflow.find(text) is not None


def get_checkpoint_state(checkpoint_dir: PathLike, latest_filename: str | None = None) -> CheckpointState | None:
    """What the state file of a folder says.

    Returns
    -------
    CheckpointState or None
        None where there is no state file, or none that can be understood.

    Raises
    ------
    ValueError
        The state file names no checkpoint.
    """
    return state_file.read(as_prefix(checkpoint_dir), latest_filename)


def latest_checkpoint(checkpoint_dir: PathLike, latest_filename: str | None = None) -> str | None:
    """The prefix of the checkpoint that was saved last into a folder, whatever its step.

    Returns
    -------
    str or None
        None where there is no state file, or where the file that it names is gone.
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None or not checkpoint_exists(state.model_checkpoint_path):
        return None
    return state.model_checkpoint_path


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[PathLike]) -> list[float]:
    """When the files of checkpoints were last changed.

    Parameters
    ----------
    checkpoint_prefixes : iterable of path

    Returns
    -------
    list of float
        Seconds since the epoch. Checkpoints that are not there have no place in it.

    Raises
    ------
    TypeError
        One path is given instead of several.
    """
    times = [_mtime(_file_of(prefix)) for prefix in as_prefixes(checkpoint_prefixes)]
    return [time for time in times if time is not None]


def _file_of(prefix: str) -> Path | None:
    found = checkpoint_names.find(prefix)
    foreign = tensorflow.find(prefix) if found is None else None
    return found if foreign is None else Path(foreign.files[0])


def _mtime(path: Path | None) -> float | None:
    try:
        return None if path is None else path.stat().st_mtime
    except FileNotFoundError:  # whoever saves may remove it at any moment
        return None


def resolve(ckpt_dir_or_file: PathLike) -> str:
    """The prefix of a checkpoint; for a folder, that of its latest one.

    Raises
    ------
    ValueError
        The folder has no checkpoint, or a state file that names none.
    """
    text = as_prefix(ckpt_dir_or_file)
    if not os.path.isdir(text):
        return text
    latest = latest_checkpoint(text)
    if latest is None:
        raise ValueError(
            f"Couldn't find 'checkpoint' file or checkpoints in given directory {text}: no state file there names a "
            "checkpoint that exists. Give the prefix of a checkpoint instead."
        )
    return latest


def tensorflow_checkpoint(prefix: PathLike) -> tensorflow.Found | None:
    """What TensorFlow has saved under a prefix, if there is that and no checkpoint of ours."""
    text = as_prefix(prefix)
    return None if checkpoint_names.find_own(text) is not None else tensorflow.find(text)


def existing_file(prefix: PathLike) -> Path:
    """The file of a checkpoint that must be there.

    Raises
    ------
    NotFoundError
        There is none.
    DataLossError
        It is a folder.
    """
    text = as_prefix(prefix)
    path = checkpoint_names.find(text)
    if path is not None:
        return path
    if os.path.isdir(text):
        raise DataLossError(
            None, None, f"{text} is a directory and no checkpoint; load_checkpoint takes one and finds its latest."
        )
    raise NotFoundError(
        None, None, f"There is no checkpoint {text!r}: failed to find {checkpoint_names.file_of(text)}."
    )
