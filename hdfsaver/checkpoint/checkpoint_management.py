"""Changing a folder of checkpoints without a Saver: writing its state file, removing a checkpoint."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from hdfsaver.checkpoint.shared_files import Signature, identity
from hdfsaver.errors import OpError, from_os_error
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.remote.remote_folders import remove_file
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.reading.checkpoint_names import PathLike, as_target
from hdfsaver.reading.state_file import CheckpointState


def generate_checkpoint_state_proto(
    save_dir: PathLike,
    model_checkpoint_path: PathLike,
    all_model_checkpoint_paths: Sequence[PathLike] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> CheckpointState:
    """Make the state of a folder, without writing the state file.

    Parameters
    ----------
    save_dir : path
        The folder.
    model_checkpoint_path : path
        The newest checkpoint.
    all_model_checkpoint_paths : list of path, optional
        All kept checkpoints, oldest first; the newest is appended if it is not the last.
    all_model_checkpoint_timestamps, last_preserved_timestamp : optional
        See `CheckpointState`.

    Returns
    -------
    CheckpointState
        Paths are relative to the folder; absolute paths stay absolute. With an absolute folder, relative paths are
        taken as relative to it already.

    Raises
    ------
    ValueError
        The numbers of timestamps and paths differ, or a path is empty.
    """
    state = CheckpointState(
        as_target(model_checkpoint_path),
        [as_target(path) for path in all_model_checkpoint_paths or ()],
        list(all_model_checkpoint_timestamps or ()),
        last_preserved_timestamp or 0.0,
    )
    return state_file.generate(state, as_target(save_dir))


def update_checkpoint_state(
    save_dir: PathLike,
    model_checkpoint_path: PathLike,
    all_model_checkpoint_paths: Sequence[PathLike] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
    *,
    save_relative_paths: bool = False,
    all_model_checkpoint_metrics: Sequence[float | None] | None = None,
    durable: bool = True,
) -> None:
    """Write the state file of a folder.

    Parameters
    ----------
    save_dir : path
        The folder.
    model_checkpoint_path : path
        The newest checkpoint.
    all_model_checkpoint_paths : list of path, optional
        All kept checkpoints, oldest first.
    latest_filename : str, optional
        The state file's name, ``"checkpoint"`` by default.
    all_model_checkpoint_timestamps, last_preserved_timestamp : optional
        See `CheckpointState`.
    save_relative_paths : bool
        Store absolute paths relative to the folder.
    all_model_checkpoint_metrics : list of float or None, optional
        See `CheckpointState`.
    durable : bool
        Wait until the file is on the disk.

    Raises
    ------
    RuntimeError
        The state file would have the same path as the checkpoint.
    """
    state = CheckpointState(
        as_target(model_checkpoint_path),
        [as_target(path) for path in all_model_checkpoint_paths or ()],
        list(all_model_checkpoint_timestamps or ()),
        last_preserved_timestamp or 0.0,
        list(all_model_checkpoint_metrics or ()),
    )
    state_file.update(
        state, as_target(save_dir), latest_filename, save_relative_paths=save_relative_paths, durable=durable
    )


def remove_checkpoint(
    checkpoint_prefix: PathLike, checkpoint_format_version: object = 2, meta_graph_suffix: str = "meta"
) -> None:
    """Delete a checkpoint's file; a missing file is ignored.

    Parameters
    ----------
    checkpoint_prefix : path
        A prefix, or the file itself with the ending ``.h5`` or ``.hdf5``. No other file is deleted.
    checkpoint_format_version, meta_graph_suffix : object
        Accepted and ignored; a checkpoint is one file, including its graph.

    Raises
    ------
    PermissionDeniedError, OpError
        The operating system refuses.
    """
    path = checkpoint_names.find_own(as_target(checkpoint_prefix))
    if path is None:
        return
    if isinstance(path, RemoteName):
        remove_file(path)
        return
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise from_os_error(error, f"Cannot remove {path}") from error


def remove_superseded(
    checkpoint_prefixes: Sequence[str], kept: Sequence[str], found: Mapping[str, Signature] = MappingProxyType({})
) -> None:
    """Delete the files of checkpoints, unless a kept checkpoint has the same file: ``m``, ``./m`` and ``m.h5``.

    A file that cannot be deleted causes only a warning, because the new checkpoint is complete already.

    Parameters
    ----------
    checkpoint_prefixes : sequence of str
        The checkpoints to delete.
    kept : sequence of str
        The checkpoints that stay.
    found : mapping of str to Signature, optional
        The numbers of those that stay and were seen since the folder is locked; the others are looked for.
    """
    for error in _removing(checkpoint_prefixes, kept, found):
        warnings.warn(f"A superseded checkpoint could not be deleted. {error.message}", stacklevel=8)


def _removing(prefixes: Sequence[str], kept: Sequence[str], found: Mapping[str, Signature]) -> Iterator[OpError]:
    """Delete the files of checkpoints that are not kept; the errors."""
    try:
        staying = {None, *(found.get(prefix, ())[:2] or identity(prefix) for prefix in kept)}
    except OpError as error:  # what stays is not known, so nothing goes
        yield error
        return
    for prefix in prefixes:
        try:
            if identity(prefix) not in staying:
                remove_checkpoint(prefix)
        except OpError as error:
            yield error
