"""The places of random operations in a file: where each would draw next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from h5py import h5g, h5t

from hdfsaver.storage import groups, layout
from hdfsaver.storage.hdf5 import objects, tables
from hdfsaver.storage.hdf5.array_datasets import read_array
from hdfsaver.storage.hdf5.dataclass_tables import columns_of
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.ownership import is_own

RandomPlaces: TypeAlias = "Mapping[str, tuple[int, int]]"
"""For each operation the key of its generator, of 64 bits, and the number of a block, of 128 bits."""

_LONG = 2**64 - 1
_PART = f"/{layout.INDEX}/{layout.RANDOM}"


def allocate_places(index: h5g.GroupID, rows: Sequence[tuple[str, str]]) -> int:
    """Write the names, allocate the numbers, and return the offset of these.

    Parameters
    ----------
    index : h5py.h5g.GroupID
        The group ``/index``.
    rows : sequence of pairs of str
        The link of the group and the name of each operation.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        A name cannot be stored.
    """
    columns = {layout.RANDOM_COLUMN: [name for _link, name in rows]}
    if any(link for link, _name in rows):
        columns[layout.GROUP_COLUMN] = [link for link, _name in rows]
    tables.write_table(index, layout.RANDOM, columns)
    numbers = objects.allocate(index, layout.RANDOM_PLACES, h5t.STD_U64LE, (len(rows), 3))
    offset: int = numbers.get_offset()
    return offset


def packed(models: Iterable[RandomPlaces]) -> bytes:
    """The numbers of all models as they are in the file."""
    rows = [(key, counter & _LONG, counter >> 64) for places in models for key, counter in places.values()]
    return np.array(rows, "<u8").tobytes()


def read_places(root: h5g.GroupID, link: str) -> dict[str, tuple[int, int]]:
    """Read the places of the operations of one model; empty where a file has none, or is of another program.

    Parameters
    ----------
    root : h5py.h5g.GroupID
    link : str
        The link of the model's group.

    Returns
    -------
    dict of str to tuple of int

    Raises
    ------
    DataLossError
        They are damaged, or an operation has two.
    """
    if not is_own(root) or not groups.is_group(root, layout.INDEX):
        return {}
    index = objects.open_group(root, layout.INDEX)
    if not objects.has_link(index, layout.RANDOM):
        return {}
    names = columns_of(index, layout.RANDOM, {layout.RANDOM_COLUMN: None})[layout.RANDOM_COLUMN]
    found = tables.read_table(index, layout.RANDOM).get(layout.GROUP_COLUMN, [""] * len(names))
    numbers = read_array(index, layout.RANDOM_PLACES)
    if numbers.shape != (len(names), 3) or numbers.dtype != np.uint64:
        raise damaged(_PART, f"{len(names)} rows of 3 numbers were expected, not {numbers.dtype}{list(numbers.shape)}.")
    rows = zip(names, found, numbers.tolist(), strict=True)
    own = [(name, (key, low | high << 64)) for name, group, (key, low, high) in rows if group == link]
    places = dict(own)
    if len(places) != len(own):
        raise damaged(_PART, "it has a duplicate name.")
    return places
