"""Whether a dataset stores the chunks at its edges without filters, read from its object header.

``H5Pset_chunk_opts`` sets this option of HDF5 1.10 and later; h5py cannot read it.

Source of the layout: "HDF5 File Format Specification Version 3.0", IV.A.2, message 0x0008 (data layout).
"""

from __future__ import annotations

from h5py import h5d, h5o

from hdfsaver.files.opening import Opened
from hdfsaver.storage.hdf5.header_messages import messages

_LAYOUT, _CHUNKED, _VERSIONS, _UNFILTERED_EDGES = 0x08, 2, (4, 5), 1


def are_filtered(opened: Opened, dataset: h5d.DatasetID, part: str) -> bool:
    """Whether the filters of a dataset were applied to the chunks at its edges.

    Parameters
    ----------
    opened : Opened
        The file.
    dataset : h5py.h5d.DatasetID
        A chunked dataset.
    part : str
        The path of the dataset, for errors.

    Returns
    -------
    bool
        False if the header says that they were not.

    Raises
    ------
    DataLossError
        The header is damaged.
    """
    for kind, body in messages(opened, h5o.get_info(dataset).addr, part):
        if kind == _LAYOUT and len(body) > 2 and body[0] in _VERSIONS and body[1] == _CHUNKED:
            return not body[2] & _UNFILTERED_EDGES
    return True
