"""The state file of a folder: a text that says which checkpoints are there and which is the newest.

It is TensorFlow's own ``checkpoint`` file, a ``CheckpointState`` in protobuf's text format, so that programs which
look into it find what they know.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from hdfsaver import limits
from hdfsaver.errors import InvalidArgumentError, NotFoundError, OpError
from hdfsaver.files.atomic_write import write_text_atomically
from hdfsaver.files.opening import read_regular
from hdfsaver.reading import text_format

DEFAULT_NAME = "checkpoint"

_PATHS = "all_model_checkpoint_paths:"
_METRIC = "  # metric: "


@dataclass
class CheckpointState:
    """What a state file says; TensorFlow's message of that name, field for field.

    Attributes
    ----------
    model_checkpoint_path : str
        The newest checkpoint.
    all_model_checkpoint_paths : list of str
        All that are kept, oldest first, the newest included.
    all_model_checkpoint_timestamps : list of float
        When each was saved, in seconds since the epoch; empty where that is not recorded.
    last_preserved_timestamp : float
        When the last checkpoint was saved that is kept for good.
    all_model_checkpoint_metrics : list of float or None
        How good each is, for those of which that is known; as many as paths, or none. TensorFlow has no such field: it
        stands in comments, which TensorFlow passes over.
    """

    model_checkpoint_path: str = ""
    all_model_checkpoint_paths: list[str] = field(default_factory=list)
    all_model_checkpoint_timestamps: list[float] = field(default_factory=list)
    last_preserved_timestamp: float = 0.0
    all_model_checkpoint_metrics: list[float | None] = field(default_factory=list)


def path_of(folder: str | os.PathLike[str], latest_filename: str | None) -> Path:
    """Where the state file of a folder is."""
    return Path(folder) / (latest_filename or DEFAULT_NAME)


def generate(state: CheckpointState, save_dir: str, save_relative_paths: bool = False) -> CheckpointState:
    """What a state file is to say, from what a program says.

    Parameters
    ----------
    state : CheckpointState
        With paths as the program names them. The newest checkpoint is put behind the others if it is not their last.
    save_dir : str
        The folder of the state file. Where it is relative, relative paths are stored relative to it, so that it can
        be moved; where it is absolute, they count as relative to it already.
    save_relative_paths : bool
        Store absolute paths relative to ``save_dir`` too.

    Raises
    ------
    ValueError
        There are timestamps, but not as many as paths; or a path is empty.
    """
    newest, times = state.model_checkpoint_path, state.all_model_checkpoint_timestamps
    paths = list(state.all_model_checkpoint_paths)
    if paths[-1:] != [newest]:
        paths.append(newest)
    if times and len(times) != len(paths):
        raise ValueError(
            f"Number of timestamps, if provided, must match checkpoint paths: {len(times)} and {len(paths)}."
        )
    stored = _stored([newest, *paths], save_dir, save_relative_paths)
    return replace(
        state,
        model_checkpoint_path=stored[0],
        all_model_checkpoint_paths=stored[1:],
        all_model_checkpoint_metrics=_known(state.all_model_checkpoint_metrics),
    )


def update(
    state: CheckpointState,
    folder: str,
    latest_filename: str | None = None,
    *,
    save_relative_paths: bool = False,
    durable: bool = True,
    sweep: bool = True,
) -> None:
    """Write the state file of a folder, from what a program says; see `generate` and `write`.

    Raises
    ------
    RuntimeError
        The state file would have the name of the checkpoint itself.
    """
    made = generate(state, folder, save_relative_paths)
    path = path_of(folder, latest_filename)
    if os.fspath(path) == made.model_checkpoint_path:
        raise RuntimeError(
            f"Save path {state.model_checkpoint_path!r} conflicts with the path used for the checkpoint state, {path}."
        )
    write_text_atomically(path, format_text(made), durable=durable, sweep=sweep)


def _stored(paths: Sequence[str], save_dir: str, relative: bool) -> list[str]:
    """The paths as a state file in a folder has them."""
    # Beside an absolute folder, TensorFlow takes a relative path for relative to it already.
    if os.path.isabs(save_dir):
        return [os.path.relpath(path, save_dir) if relative and os.path.isabs(path) else path for path in paths]
    if "" in paths:
        raise ValueError(f"A checkpoint's path is empty; the state file of {save_dir!r} cannot name it.")
    return [path if os.path.isabs(path) and not relative else os.path.relpath(path, save_dir or ".") for path in paths]


def write(
    state: CheckpointState,
    folder: str | os.PathLike[str],
    latest_filename: str | None = None,
    *,
    durable: bool = True,
) -> None:
    """Replace the state file of a folder; whoever reads meanwhile finds the old one or the new one, whole."""
    write_text_atomically(path_of(folder, latest_filename), format_text(state), durable=durable)


def read(
    folder: str | os.PathLike[str], latest_filename: str | None = None, *, strict: bool = False
) -> CheckpointState | None:
    """What the state file of a folder says, with relative paths made to begin at the folder.

    Parameters
    ----------
    folder : path-like
    latest_filename : str, optional
        The state file's name, ``"checkpoint"`` by default.
    strict : bool
        Raise an error where the operating system does not let the file be read, instead of returning None.

    Returns
    -------
    CheckpointState or None
        None where there is no state file, or none that can be understood.

    Raises
    ------
    ValueError
        The state file names no checkpoint, or is no text at all.
    OpError
        With ``strict``, what the operating system reports.
    """
    path = path_of(folder, latest_filename)
    try:
        content = read_regular(path, limits.get().state_bytes)
    except (NotFoundError, InvalidArgumentError, ValueError):
        return None
    except OpError:
        if strict:
            raise
        return None
    state = _understood(content, path)
    if state is None:
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {folder}: {path} names no checkpoint.")
    folder = os.fspath(folder)
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)
    state.all_model_checkpoint_paths = [os.path.join(folder, path) for path in state.all_model_checkpoint_paths]
    return state


def _understood(content: bytes, path: Path) -> CheckpointState | None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is no state file: it is not text in UTF-8 ({error}). Name another one as `latest_filename`, or "
            "write this one anew with `update_checkpoint_state`."
        ) from None
    try:
        return parse_text(text)
    except ValueError:
        return None


def format_text(state: CheckpointState) -> str:
    """Write a state in protobuf's text format."""
    lines = [f"model_checkpoint_path: {text_format.quoted(state.model_checkpoint_path)}"]
    rated = zip_longest(state.all_model_checkpoint_paths, state.all_model_checkpoint_metrics)
    lines += [f"{_PATHS} {text_format.quoted(path)}{_comment(metric)}" for path, metric in rated if path is not None]
    lines += [f"all_model_checkpoint_timestamps: {time!r}" for time in state.all_model_checkpoint_timestamps]
    if state.last_preserved_timestamp:
        lines.append(f"last_preserved_timestamp: {state.last_preserved_timestamp!r}")
    return "".join(line + "\n" for line in lines)


def parse_text(text: str) -> CheckpointState:
    """Read a state from protobuf's text format; `ValueError` where it is not written in it."""
    state = CheckpointState()
    for name, value in text_format.fields(text):
        _set_field(state, name, value)
    metrics = [_metric(line) for line in text.split("\n") if line.startswith(_PATHS)]
    if len(metrics) == len(state.all_model_checkpoint_paths):
        state.all_model_checkpoint_metrics = _known(metrics)
    return state


def _known(metrics: Iterable[float | None]) -> list[float | None]:
    """Metrics as a state has them: none at all where none is known."""
    found = list(metrics)
    return [] if found.count(None) == len(found) else found


def _comment(metric: float | None) -> str:
    return "" if metric is None else f"{_METRIC}{float(metric)!r}"


def _metric(line: str) -> float | None:
    """What `_comment` wrote at the end of a line; a line without it ends in a quotation mark, which is no number."""
    try:
        return float(line.rpartition(_METRIC)[2])
    except ValueError:
        return None


def _set_field(state: CheckpointState, name: str, value: str | float) -> None:
    match name, value:
        case "model_checkpoint_path", str():
            state.model_checkpoint_path = value
        case "all_model_checkpoint_paths", str():
            state.all_model_checkpoint_paths.append(value)
        case "all_model_checkpoint_timestamps", float():
            state.all_model_checkpoint_timestamps.append(value)
        case "last_preserved_timestamp", float():
            state.last_preserved_timestamp = value
        case _:
            raise ValueError(f"A checkpoint state has no such field: {name!r} with {value!r}.")
