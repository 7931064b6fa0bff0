"""The rest of a TensorFlow file beyond the graph: one dataset of bytes per part below ``/graph/tensorflow``.

The bytes are not interpreted here; they are used only to write TensorFlow files.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from h5py import h5g

from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.array_datasets import read_array, write_array
from hdfsaver.storage.hdf5.objects import damaged


def write_remainders(group: h5g.GroupID, remainders: Mapping[str, bytes]) -> None:
    """Write the parts to a group, in order of their names, which must not contain a slash."""
    for name in sorted(remainders):
        write_array(group, name, np.frombuffer(remainders[name], np.uint8))


def read_remainders(group: h5g.GroupID) -> dict[str, bytes]:
    """Read the parts in a group, in order of their names.

    Raises
    ------
    DataLossError
        A dataset does not hold bytes, or is damaged.
    """
    return {name: _read(group, name) for name in sorted(objects.links_of(group))}


def _read(group: h5g.GroupID, name: str) -> bytes:
    values = read_array(group, name)
    if values.dtype != np.uint8 or values.ndim != 1:
        part = f"{objects.location(group)}/{name}"
        raise damaged(part, f"bytes were expected, not an array of dtype {values.dtype} and shape {values.shape}.")
    return values.tobytes()
