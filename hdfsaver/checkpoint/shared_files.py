"""Which files of a folder the Savers of other groups, and those with another state file, still need.

A file with models of several groups is in the lists of several Savers. A Saver that *releases* it, because its own list
is full, leaves it for the others; the last one removes it. Lists and releases are in the state files, so that Savers of
other programs count too. The groups of a file are looked up in it: a model that no state file calls released stays.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from hdfsaver.errors import DataLossError, InvalidArgumentError, NotFoundError, OpError
from hdfsaver.files.file_status import Numbers
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.reading.state_file import CheckpointState, GroupList
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.ownership import models_in

Identity = Numbers
Signature = Numbers


def identity(prefix: str) -> Identity | None:
    """The device and inode of a checkpoint's file, which two names of one file share; None without a file.

    Raises
    ------
    OpError
        The operating system does not tell.
    """
    found = checkpoint_names.status_of(prefix)
    return None if found is None else found.identity


def signature(prefix: str) -> Signature:
    """Numbers that change when the file of a checkpoint is replaced or changed, its `identity` first; none without one.

    Raises
    ------
    OpError
        The operating system does not tell.
    """
    found = checkpoint_names.status_of(prefix)
    return () if found is None else found.signature


def lists_of_others(state: CheckpointState, group: str) -> dict[str, GroupList]:
    """The existing checkpoints that the Savers of other groups have listed and released in a state file.

    Parameters
    ----------
    state : CheckpointState
        The content of the state file.
    group : str
        The group of the Saver that asks.

    Returns
    -------
    dict of str to GroupList

    Raises
    ------
    OpError
        A file cannot be read.
    """
    lists = state.groups
    if not lists and group != ROOT:  # it was written without groups
        lists = {ROOT: GroupList({path: metric for path, metric in state_file.rated(state) if has_model(path, ROOT)})}
    present = {
        name: GroupList(
            {path: metric for path, metric in found.listed.items() if checkpoint_names.find(path) is not None},
            tuple(path for path in found.released if checkpoint_names.find_own(path) is not None),
        )
        for name, found in lists.items()
        if name != group
    }
    return {name: found for name, found in present.items() if found.listed or found.released}


def has_model(prefix: str, group: str) -> bool:
    """Whether a checkpoint has a model of a group; a damaged file, or one of another kind, has none.

    Raises
    ------
    OpError
        The file cannot be read.
    """
    path = checkpoint_names.find_own(prefix)
    if path is None:
        return False
    try:
        return group in (models_in(path) or ())
    except (DataLossError, InvalidArgumentError, NotFoundError):
        return False


def still_needed(
    prefixes: Sequence[str],
    group: str,
    lists: dict[str, GroupList],
    folder: str,
    latest_filename: str | None,
    own: Mapping[str, Signature] = MappingProxyType({}),
    names: Iterable[str] | None = None,
) -> dict[str, bool]:
    """Those of the checkpoints that a Saver retires that must stay; False where nothing says that others need it.

    Parameters
    ----------
    prefixes : sequence of str
        The retired checkpoints.
    group : str
        The group of the Saver.
    lists : dict of str to GroupList
        See `lists_of_others`.
    folder : str
        The folder of the state files.
    latest_filename : str or None
        The state file of the Saver.
    own : mapping of str to Signature
        Those that are known to have the model of the group alone.
    names : iterable of str, optional
        The names in the folder, if they are known.

    Returns
    -------
    dict of str to bool

    Raises
    ------
    OpError
        The operating system does not tell which files others list.
    """
    states = state_file.others(folder, latest_filename, names)
    listed = [path for found in lists.values() for path in found.listed]
    listed += [path for state in states for path in [state.model_checkpoint_path, *state.all_model_checkpoint_paths]]
    kept = _identities(listed)
    released: defaultdict[Identity, set[str]] = defaultdict(set)
    for name, found in [*lists.items(), *(item for state in states for item in state.groups.items())]:
        for each in _identities(found.released):
            released[each].add(name)
    staying: dict[str, bool] = {}
    for prefix in prefixes:
        one = own[prefix][:2] if prefix in own else identity(prefix)
        path = None if prefix in own else checkpoint_names.find_own(prefix)
        if one is None or (path is None and prefix not in own):
            continue
        models, why = (frozenset([group]), "") if path is None else _content(path, group)
        if why:
            # The level is that of the program's call of `Saver.save`.
            warnings.warn(f"A superseded checkpoint stays: {path} {why}.", stacklevel=9)
        if why or one in kept or not models <= released[one] | {group}:
            staying[prefix] = one in kept or not why
    return staying


def _identities(prefixes: Iterable[str]) -> set[Identity]:
    return {one for one in map(identity, prefixes) if one is not None}


def _content(path: str, group: str) -> tuple[frozenset[str], str]:
    """The groups with models in a file, or the reason why a Saver may not remove it, as the end of a sentence."""
    try:
        models = models_in(path)
    except DataLossError:  # without groups it is of no use; otherwise the other models may be salvaged
        return frozenset(), "" if group == ROOT else "is damaged, and may have models of other groups"
    except InvalidArgumentError:
        return frozenset(), "is a file of another kind"
    except NotFoundError:
        return frozenset(), ""
    except (OpError, OSError) as error:
        return frozenset(), f"cannot be read, and may have models of other groups: {error}"
    return models or frozenset(), "is an HDF5 file of another program" if models is None else ""
