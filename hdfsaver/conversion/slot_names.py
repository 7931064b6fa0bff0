"""Arrays that belong to an optimizer according to their names, for files that do not say it in another way.

Only conventions of TensorFlow count that a weight does not follow by chance: a slot has the name of its variable before
its own, and that variable's shape and dtype; TensorFlow 2 marks a slot in its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hdfsaver import dtypes
from hdfsaver.optimizer_slots import POWER, SLOT
from hdfsaver.tensor_info import STRING, TensorInfo

_MARK = "/.OPTIMIZER_SLOT/"
"""In a path of TensorFlow 2 the mark between a variable and its optimizer; in names of objects dots are doubled."""

_ATTRIBUTES = "/.ATTRIBUTES/"


def named_slots(entries: Mapping[str, TensorInfo]) -> frozenset[str]:
    """The arrays whose names, shapes and dtypes are those of an optimizer's variables.

    Parameters
    ----------
    entries : mapping of str to TensorInfo
        All arrays of the file by name.
    """
    owners = {owner for name in entries for owner in _owner(name)}
    return frozenset(
        name
        for name, entry in entries.items()
        if _MARK in name
        or (_ATTRIBUTES in name and any(name[:end] in owners for end in _slashes(name)))
        or _is_slot(entry, entries)
        or (POWER.fullmatch(name) and entry.shape == () and _is_real(entry))
    )


def _owner(name: str) -> Iterator[str]:
    """The path of an optimizer, from the path of one of its slots."""
    path = name.partition(_ATTRIBUTES)[0].partition(_MARK)[2].rpartition("/")[0]
    if path:
        yield path


def _slashes(path: str) -> Iterator[int]:
    return (mark.start() for mark in re.finditer("/", path))


def _is_slot(entry: TensorInfo, entries: Mapping[str, TensorInfo]) -> bool:
    slot = SLOT.fullmatch(entry.name)
    if slot is None or not _is_real(entry):
        return False
    path = slot["variable"]
    # In a variable scope the name of the scope comes first.
    starts = [0, *(slash + 1 for slash in _slashes(path))]
    owners = (entries.get(path[start:]) for start in starts)
    return any(owner is not None and owner[1:3] == entry[1:3] for owner in owners)


def _is_real(entry: TensorInfo) -> bool:
    return entry.dtype != STRING and dtypes.as_dtype(entry.dtype).is_floating
