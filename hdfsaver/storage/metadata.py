"""The metadata of a file: pairs of strings, in a table."""

from __future__ import annotations

from h5py import h5g

from hdfsaver.storage import layout
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.dataclass_tables import columns_of
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.ownership import is_own


def read_metadata(root: h5g.GroupID) -> dict[str, str]:
    """Read the pairs of ``/metadata``, in order; empty without the table, or for a file of another program.

    Raises
    ------
    DataLossError
        The table is damaged, or has a duplicate key.
    """
    if not objects.has_link(root, layout.METADATA) or not is_own(root):
        return {}
    columns = columns_of(root, layout.METADATA, dict.fromkeys(layout.METADATA_COLUMNS))
    keys, values = (columns[name] for name in layout.METADATA_COLUMNS)
    found = dict(zip(keys, values, strict=True))
    if len(found) != len(keys):
        raise damaged(f"/{layout.METADATA}", "it has a duplicate key.")
    return found
