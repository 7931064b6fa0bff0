"""Which checkpoints a folder holds, without a Saver: TensorFlow's functions around the state file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from hdfsaver.checkpoint import state_file
from hdfsaver.checkpoint.state_file import CheckpointState
from hdfsaver.storage import naming

PathLike = str | bytes | os.PathLike[str]


def as_prefix(path: PathLike) -> str:
    """A prefix as text: bytes are decoded, a Path is written out; `TypeError` for anything else."""
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"A checkpoint is named by a str, bytes or a path, not {path!r}.") from None


def checkpoint_exists(checkpoint_prefix: PathLike) -> bool:
    """Whether a checkpoint with that prefix, or that file, is there."""
    return naming.find(as_prefix(checkpoint_prefix)) is not None


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


def update_checkpoint_state(
    save_dir: PathLike,
    model_checkpoint_path: PathLike,
    all_model_checkpoint_paths: Sequence[PathLike] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
    save_relative_paths: bool = False,
) -> None:
    """Write the state file of a folder.

    Parameters
    ----------
    save_dir : path
        The folder.
    model_checkpoint_path : path
        The newest checkpoint.
    all_model_checkpoint_paths : list of path, optional
        All that are kept, oldest first.
    latest_filename : str, optional
        The state file's name, ``"checkpoint"`` by default.
    all_model_checkpoint_timestamps, last_preserved_timestamp : optional
        See `CheckpointState`.
    save_relative_paths : bool
        Store absolute paths relative to the folder.

    Raises
    ------
    RuntimeError
        The state file would bear the name of the checkpoint itself.
    """
    folder, newest = as_prefix(save_dir), as_prefix(model_checkpoint_path)
    path = state_file.path_of(folder, latest_filename)
    if os.path.abspath(newest) == os.path.abspath(path):
        raise RuntimeError(f"Save path {newest!r} conflicts with the path used for the checkpoint state, {path}.")
    state = state_file.generate(
        folder,
        newest,
        [as_prefix(prefix) for prefix in all_model_checkpoint_paths or ()],
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
        save_relative_paths,
    )
    state_file.write(state, folder, latest_filename)


def remove_checkpoint(checkpoint_prefix: PathLike) -> None:
    """Delete a checkpoint's file; nothing happens where it is gone already."""
    path = naming.find(as_prefix(checkpoint_prefix))
    if path is not None:
        path.unlink(missing_ok=True)
