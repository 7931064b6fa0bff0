"""The text ``/about``, for a person who opens a file and does not know the format."""

from __future__ import annotations

import re

import numpy as np
from h5py import h5g, h5s, h5t

from hdfsaver.storage import layout
from hdfsaver.storage.hdf5 import objects
from hdfsaver.version import __version__

TEXT = f"""\
This file is a checkpoint: the values of the variables of a program,
and perhaps the graph that computes with them. It is an HDF5 file in
the format "{layout.FORMAT}", version {layout.VERSION}, written by {layout.FORMAT} {__version__}.

VALUES  Each variable is a dataset below /variables; its path is its
name. In the path, "%" and two digits stand for a character ("w%2FAdam"
is "w/Adam"); the attribute "name" then has the name. The attribute
"dtype" names a number format that HDF5 or a viewer may not know; if so,
they show codes. A string is a length and the text; in the form
"joined", 64-bit offsets and then all strings. The attribute "shape" =
"[]" says that one row is a scalar.

LISTS   /index/variables has names, dtypes and shapes in their order;
/index/extents, row by row, the place and the XXH3-64 digest of the
bytes of each value. /metadata has keys and values, if there are any.

GRAPH   /graph/nodes has a row for each operation, /graph/edges for
each input, with row numbers of /graph/nodes from 0, and -1 for a
control input. /graph/constants has large constants.

GROUPS  A file may hold several models: GROUP/variables, GROUP/graph.

READ    a value in a shell (-d PATH, or -r for all):
  h5ls -r FILE
  h5dump -d /variables/NAME FILE
and in Python, with h5py:
  import h5py
  with h5py.File("FILE") as file:
      value = file["variables/NAME"][()]

/index/seal covers the whole file. After a change by another program
"{layout.FORMAT} reseal FILE" accepts it. The specification is the page
docs/format.md of {layout.FORMAT}.
"""
"""The same in all files of one version, and ASCII: Octave reads nothing of a file with a dataset of UTF-8 strings."""


def write_about(root: h5g.GroupID) -> None:
    """Write the text as a row of lines."""
    lines = np.array(TEXT.encode("ascii").splitlines(), dtype=f"S{1 + max(map(len, TEXT.splitlines()))}")
    objects.create_dataset(root, layout.ABOUT, objects.text_type(lines.itemsize - 1, h5t.CSET_ASCII), lines)


_LONGEST = 65536
"""Bytes of a text that is read."""

_WRITER = re.compile(r"written by (\S+ [0-9]\S*)\.$", re.MULTILINE)


def read_writer(root: h5g.GroupID) -> str:
    """The program that has written the text, such as ``"hdfsaver 1.0"``; empty if the text does not tell.

    Raises
    ------
    DataLossError
        The text is damaged.
    """
    if not objects.has_link(root, layout.ABOUT):
        return ""
    dataset = objects.open_dataset(root, layout.ABOUT)
    with objects.reading(objects.location(dataset)):
        if dataset.dtype.kind != "S" or dataset.get_storage_size() > _LONGEST:
            return ""
        lines = np.empty(dataset.shape, dataset.dtype)
        dataset.read(h5s.ALL, h5s.ALL, lines)
    found = _WRITER.search(b"\n".join(lines.reshape(-1).tolist()).decode(errors="replace"))
    return found[1] if found else ""
