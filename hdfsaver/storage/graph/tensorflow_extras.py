"""What a file of TensorFlow's said beyond a graph: a dataset of bytes each below ``/graph/tensorflow``.

The bytes are kept as they are, whatever they are: only who writes a file of TensorFlow's looks into them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from h5py import h5g

from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.array_datasets import read_array, write_array
from hdfsaver.storage.hdf5.objects import damaged


def write_remainders(group: h5g.GroupID, remainders: Mapping[str, bytes]) -> None:
    """Write remainders into a group, in order of their names, none of which may have a slash."""
    for name in sorted(remainders):
        write_array(group, name, np.frombuffer(remainders[name], np.uint8))


def read_remainders(group: h5g.GroupID) -> dict[str, bytes]:
    """Read the remainders in a group, in order of their names.

    Raises
    ------
    DataLossError
        A dataset holds something else than bytes, or is damaged.
    """
    return {name: _read(group, name) for name in sorted(objects.links_of(group))}


def _read(group: h5g.GroupID, name: str) -> bytes:
    values = read_array(group, name)
    if values.dtype != np.uint8 or values.ndim != 1:
        part = f"{objects.location(group)}/{name}"
        raise damaged(part, f"bytes were expected, not an array of dtype {values.dtype} and shape {values.shape}.")
    return values.tobytes()
