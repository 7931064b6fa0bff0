"""The state file of a folder, which lists its checkpoints and names the newest one.

It is TensorFlow's ``checkpoint`` file, a ``CheckpointState`` in protobuf's text format, so that other programs can read
it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from hdfsaver import limits
from hdfsaver.errors import InvalidArgumentError, NotFoundError, OpError, PermissionDeniedError, from_os_error
from hdfsaver.files.file_kinds import STATE
from hdfsaver.files.kind_detection import kind_of_file
from hdfsaver.files.opening import read_regular
from hdfsaver.files.remote.names import RemoteName, beside
from hdfsaver.files.remote.remote_folders import sizes_in
from hdfsaver.files.schemes import is_url
from hdfsaver.files.whole_files import write_whole
from hdfsaver.reading import checkpoint_names, text_format
from hdfsaver.reading.state_messages import MessageMethods

DEFAULT_NAME = "checkpoint"

_PATHS = "all_model_checkpoint_paths:"
_METRIC = "  # metric: "

_GROUP = re.compile(r"^# group: (\S*); listed:((?: \S+)*); released:((?: \S+)*)$", re.MULTILINE)


class GroupList(NamedTuple):
    """The checkpoints of the Savers of one group, in a state file.

    Attributes
    ----------
    listed : dict of str to (float or None)
        The metric of each checkpoint that they list, oldest first.
    released : tuple of str
        The checkpoints that they have listed, and that stay because other groups have models in them.
    """

    listed: dict[str, float | None]
    released: tuple[str, ...] = ()


@dataclass
class CheckpointState(MessageMethods):
    """The content of a state file: TensorFlow's message of that name, field for field, with protobuf's methods.

    Attributes
    ----------
    model_checkpoint_path : str
        The newest checkpoint.
    all_model_checkpoint_paths : list of str
        All kept checkpoints, oldest first, including the newest.
    all_model_checkpoint_timestamps : list of float
        The time of each save, in seconds since the epoch; empty if it is not recorded.
    last_preserved_timestamp : float
        The time of the last checkpoint that is kept permanently, in seconds since the epoch.
    all_model_checkpoint_metrics : list of float or None
        The metric of each checkpoint, None if it is unknown; as many as paths, or empty. TensorFlow does not have this
        field: it is stored in comments, which TensorFlow ignores.
    groups : dict of str to GroupList
        The lists of the Savers of each group, if there are groups; stored in comments too. The empty name is
        that of the Savers without a group.
    """

    model_checkpoint_path: str = ""
    all_model_checkpoint_paths: list[str] = field(default_factory=list)
    all_model_checkpoint_timestamps: list[float] = field(default_factory=list)
    last_preserved_timestamp: float = 0.0
    all_model_checkpoint_metrics: list[float | None] = field(default_factory=list)
    groups: dict[str, GroupList] = field(default_factory=dict)


def path_of(folder: str | os.PathLike[str], latest_filename: str | None) -> str:
    """The path of the state file of a folder, which may be remote."""
    name = latest_filename or DEFAULT_NAME
    return beside(folder, name) if isinstance(folder, RemoteName) else str(Path(folder, name))


def generate(state: CheckpointState, save_dir: str, save_relative_paths: bool = False) -> CheckpointState:
    """Convert the paths of a program's state to those of a state file.

    Parameters
    ----------
    state : CheckpointState
        A state with the program's paths. The newest checkpoint is appended if it is not the last one of the list.
    save_dir : str
        The folder of the state file. If it is relative, relative paths are converted to paths relative to it, so that
        the folder can be moved; if it is absolute, relative paths are taken as relative to it already.
    save_relative_paths : bool
        Also store absolute paths relative to ``save_dir``.

    Returns
    -------
    CheckpointState
        The state for `write`.

    Raises
    ------
    ValueError
        The numbers of timestamps and paths differ, or a path is empty.
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
        groups=with_paths(state.groups, lambda path: _stored([path], save_dir, save_relative_paths)[0]),
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
    """Write the state file of a folder from a program's state.

    Parameters
    ----------
    state : CheckpointState
        A state with the program's paths; see `generate`.
    folder : str
        The folder.
    latest_filename : str, optional
        The name of the state file, ``"checkpoint"`` by default.
    save_relative_paths : bool
        Also store absolute paths relative to the folder.
    durable, sweep : bool
        See `hdfsaver.files.atomic_write.atomic_write`.

    Raises
    ------
    RuntimeError
        The state file would have the same path as the checkpoint, or could replace another one: its name ends as
        theirs do.
    ValueError
        See `generate`.
    OpError
        The file cannot be written.
    """
    made = generate(state, folder, save_relative_paths)
    path = path_of(folder, latest_filename)
    same = beside(folder, made.model_checkpoint_path) if isinstance(folder, RemoteName) else made.model_checkpoint_path
    if path == same or path.endswith(checkpoint_names.SUFFIXES):
        raise RuntimeError(
            f"Save path {state.model_checkpoint_path!r} conflicts with the path used for the checkpoint state, {path}."
        )
    write(made, folder, latest_filename, durable=durable, sweep=sweep)


def _stored(paths: Sequence[str], save_dir: str, relative: bool) -> list[str]:
    """Convert paths to those of a state file in a folder."""
    if isinstance(save_dir, RemoteName):  # it can always be moved: no path leads from it to another server
        return [checkpoint_names.relative(path, save_dir) if isinstance(path, RemoteName) else path for path in paths]
    # With an absolute folder, TensorFlow takes a relative path as relative to the folder already.
    if os.path.isabs(save_dir):
        return [
            checkpoint_names.relative(path, save_dir) if relative and os.path.isabs(path) else path for path in paths
        ]
    if "" in paths:
        raise ValueError(f"A checkpoint's path is empty; it cannot be listed in the state file of {save_dir!r}.")
    return [
        path if os.path.isabs(path) and not relative else checkpoint_names.relative(path, save_dir or ".")
        for path in paths
    ]


def write(
    state: CheckpointState,
    folder: str | os.PathLike[str],
    latest_filename: str | None = None,
    *,
    durable: bool = True,
    sweep: bool = True,
) -> None:
    """Replace the state file of a folder atomically.

    Parameters
    ----------
    state : CheckpointState
        The state with the paths to write.
    folder : path-like
        The folder.
    latest_filename : str, optional
        The name of the state file, ``"checkpoint"`` by default.
    durable : bool
        Wait until the file is on the disk.
    sweep : bool
        Remove the drafts of killed programs first; see `hdfsaver.files.atomic_write.atomic_write`.

    Raises
    ------
    OpError
        The file cannot be written.
    """
    write_whole(path_of(folder, latest_filename), format_text(state).encode(), durable=durable, sweep=sweep)


def read(
    folder: str | os.PathLike[str], latest_filename: str | None = None, *, strict: bool = False
) -> CheckpointState | None:
    """Read the state file of a folder, and resolve relative paths to the folder.

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
        The state file names no checkpoint, or is not UTF-8.
    OpError
        With ``strict``, the operating system refuses to read it.
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
    state.model_checkpoint_path = _of_folder(folder, state.model_checkpoint_path)
    state.all_model_checkpoint_paths = [_of_folder(folder, path) for path in state.all_model_checkpoint_paths]
    state.groups = with_paths(state.groups, lambda path: _of_folder(folder, path))
    return state


def _of_folder(folder: str, path: str) -> str:
    """A path of a state file as the program's; it never leads to another server, nor from this machine to one."""
    if not isinstance(folder, RemoteName):
        return os.path.join(folder or (os.curdir if is_url(path) else ""), path)
    within = path.removeprefix(folder.rstrip("/") + "/")
    if is_url(within) or os.path.isabs(within) or os.pardir in within.split("/"):
        return path
    return beside(folder, within)


def has_groups(folder: str | os.PathLike[str], latest_filename: str | None) -> bool:
    """Whether a state file has lists of groups; False without a state file.

    Raises
    ------
    OpError
        The operating system refuses to read it.
    """
    try:
        content = read_regular(path_of(folder, latest_filename), limits.get().state_bytes)
    except (NotFoundError, InvalidArgumentError, ValueError):
        return False
    return b"\n# group: " in content


def others(
    folder: str | os.PathLike[str], latest_filename: str | None, names: Iterable[str] | None = None
) -> list[CheckpointState]:
    """The content of all state files of a folder except one, with paths as in `read`.

    A file is known by its content, as its name may be any. Files that this user may not read are left out.

    Parameters
    ----------
    folder : path-like
    latest_filename : str or None
        The one that is left out.
    names : iterable of str, optional
        The names in the folder, if they are known.

    Returns
    -------
    list of CheckpointState

    Raises
    ------
    OpError
        The operating system refuses to read one.
    """
    found = []
    try:
        names = _names_in(folder) if names is None else names
    except (FileNotFoundError, PermissionError):
        return []
    except OSError as error:
        raise from_os_error(error, f"Cannot list the state files beside {path_of(folder, latest_filename)}") from error
    for name in names:
        if _may_be_state(name) and name != (latest_filename or DEFAULT_NAME):
            with suppress(NotFoundError, InvalidArgumentError, PermissionDeniedError, ValueError):
                path = path_of(folder, name)
                state = read(folder, name, strict=True) if kind_of_file(path) is STATE else None
                found += [] if state is None else [state]
    return found


def _names_in(folder: str | os.PathLike[str]) -> list[str]:
    """The names in a folder; of a remote one without those of files that are too large for a state file."""
    if not isinstance(folder, RemoteName):
        return os.listdir(folder or os.curdir)
    largest = limits.get().state_bytes
    return [name for name, nbytes in sizes_in(folder).items() if nbytes <= largest]


def _may_be_state(name: str) -> bool:
    return not name.startswith(".") and not checkpoint_names.ENDINGS.search(name)


def rated(state: CheckpointState) -> list[tuple[str, float | None]]:
    """The listed checkpoints, each with its metric."""
    paths = state.all_model_checkpoint_paths
    return list(zip(paths, state.all_model_checkpoint_metrics or [None] * len(paths), strict=True))


def with_paths(groups: Mapping[str, GroupList], convert: Callable[[str], str]) -> dict[str, GroupList]:
    """The lists with other paths."""
    return {
        name: GroupList(
            {convert(path): metric for path, metric in found.listed.items()}, tuple(map(convert, found.released))
        )
        for name, found in groups.items()
    }


def _understood(content: bytes, path: str) -> CheckpointState | None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not a state file: it is not UTF-8 ({error}). Pass another name as `latest_filename`, or "
            "write it again with `update_checkpoint_state`."
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
    lines += [_comment_of_group(name, found) for name, found in sorted(state.groups.items())]
    return "".join(line + "\n" for line in lines)


def parse_text(text: str) -> CheckpointState:
    """Read a state from protobuf's text format; `ValueError` if it is malformed."""
    state = CheckpointState()
    for name, value in text_format.fields(text):
        _set_field(state, name, value)
    metrics = [_metric(line) for line in text.split("\n") if line.startswith(_PATHS)]
    if len(metrics) == len(state.all_model_checkpoint_paths):
        state.all_model_checkpoint_metrics = _known(metrics)
    state.groups = _groups(text)
    return state


def _groups(text: str) -> dict[str, GroupList]:
    """The lists that `_comment_of_group` wrote."""
    found = {}
    for name, listed, released in _GROUP.findall(text):
        rows = [row.partition("=")[::2] for row in listed.split()]
        metrics = {_unescaped(path): _number(metric) for path, metric in rows}
        found[_unescaped(name)] = GroupList(metrics, tuple(map(_unescaped, released.split())))
    return found


def _comment_of_group(name: str, found: GroupList) -> str:
    """A line without quotation marks, spaces within names, or anything else that may end a comment."""
    metrics = {path: "" if metric is None else f"={float(metric)!r}" for path, metric in found.listed.items()}
    listed = "".join(f" {_escaped(path)}{metric}" for path, metric in metrics.items())
    released = "".join(f" {_escaped(path)}" for path in found.released)
    return f"# group: {_escaped(name)}; listed:{listed}; released:{released}"


def _escaped(text: str) -> str:
    return quote(text, errors="surrogateescape")


def _unescaped(text: str) -> str:
    return unquote(text, errors="surrogateescape")


def _known(metrics: Iterable[float | None]) -> list[float | None]:
    """The metrics of a state: an empty list if no metric is known."""
    found = list(metrics)
    return [] if found.count(None) == len(found) else found


def _comment(metric: float | None) -> str:
    return "" if metric is None else f"{_METRIC}{float(metric)!r}"


def _metric(line: str) -> float | None:
    """The metric that `_comment` wrote at the end of a line; a line without a comment ends in a quotation mark."""
    return _number(line.rpartition(_METRIC)[2])


def _number(text: str) -> float | None:
    try:
        return float(text)
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
            raise ValueError(f"A checkpoint state has no field {name!r} with the value {value!r}.")
