"""The digests of all values of a file, from its index alone: the structure and the values are not read."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
import xxhash

from hdfsaver.files.error_context import about
from hdfsaver.files.opening import end_reading, open_any
from hdfsaver.storage import groups, layout, seal
from hdfsaver.storage.index import grid_of, read_index
from hdfsaver.storage.seal import Extents, Seal, StoredIndex
from hdfsaver.tensor_info import Array


class Digests(NamedTuple):
    """The digests of the values of a model.

    Attributes
    ----------
    types : dict of str to str
        Dtype, shape and compression of each variable, by its name.
    values : ndarray
        The digest of each, of dtype uint64, in this order; of a compressed value one of the digests of its chunks.
    nbytes : int
        The length of the file.
    key : tuple
        The stored index. Two files with one key have one ``types``.
    """

    types: dict[str, str]
    values: Array
    nbytes: int
    key: tuple[object, ...]


def read_digests(path: str | os.PathLike[str], group: str = groups.ROOT, like: Digests | None = None) -> Digests | None:
    """Read the digests of a file of this format; the index is compared with its own digest.

    Parameters
    ----------
    path : path-like
    group : str
        The model, in a file that has several.
    like : Digests, optional
        Those of a file that may have the same variables, whose names are not decoded again then.

    Returns
    -------
    Digests or None
        None for a file of another kind.

    Raises
    ------
    DataLossError
        The index is damaged.
    OpError
        The file does not exist, or cannot be read.
    """
    opened = open_any(path)
    try:
        with about(path), seal.naming(path):
            found = seal.find(opened.head)
            if found is None or found.major != layout.MAJOR:
                return None
            stored = seal.check_index(opened, found)
            key = (group, stored.rows, stored.long, found.columns, found.index_row_nbytes, len(stored.extents))
            has_chunks = found.index_rows != len(stored.extents)
            if like is not None and like.key == key and not has_chunks and like.values.size == found.index_rows:
                return like._replace(values=stored.extents["xxh3_64"].copy(), nbytes=opened.size)
            return _decoded(found, stored, group, opened.size, key)
    finally:
        end_reading(opened.fd)


def _decoded(found: Seal, stored: StoredIndex, group: str, nbytes: int, key: tuple[object, ...]) -> Digests:
    index = read_index(found, stored).get(groups.link_of(group))
    if index is None:
        return Digests({}, np.zeros(0, np.uint64), nbytes, key)
    types = {
        name: f"{entry.dtype} {entry.shape} {' '.join(entry.filters)} {entry.chunk}"
        for name, entry in index.entries.items()
    }
    values = stored.extents["xxh3_64"][index.rows].copy()
    for place, name in enumerate(index.entries):
        if name in index.chunk_rows:
            first = index.chunk_rows[name]
            values[place] = _of_chunks(stored.extents, first, first + grid_of(index.entries[name]).count)
    return Digests(types, values, nbytes, key)


def _of_chunks(extents: Extents, start: int, stop: int) -> int:
    return xxhash.xxh3_64_intdigest(np.ascontiguousarray(extents["xxh3_64"][start:stop]).tobytes())
