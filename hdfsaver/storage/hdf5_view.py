"""Comparing the index that a reader of HDF5 sees with the one that the seal names.

The digests cover both, so they only differ in a file that was made to show one thing to some programs and another to
others.
"""

from __future__ import annotations

from h5py import h5g

from hdfsaver.storage import layout
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.index import described
from hdfsaver.storage.seal import Seal


def check_view(root: h5g.GroupID, found: Seal) -> None:
    """Check that the datasets in ``/index`` are where the seal says, with the rows and columns that it says.

    Parameters
    ----------
    root : h5py.h5g.GroupID
    found : Seal

    Raises
    ------
    DataLossError
        One of them is missing or elsewhere, so that other programs see another index; the message names it.
    InvalidArgumentError
        One is stored in another way than the format allows.
    """
    index = objects.open_group(root, layout.INDEX)
    seen = {layout.INDEX_VARIABLES: all(getattr(found, name) == said for name, said in described(index).items())}
    for link, place in (
        (layout.EXTENTS, (found.extents_offset, (found.extents_rows,))),
        (layout.SEAL, (found.offset, (1,))),
    ):
        dataset = objects.open_dataset(index, link)
        seen[link] = (dataset.get_offset() or 0, dataset.shape) == place
    for link, is_same in seen.items():
        if not is_same:
            what = "it is not where the seal says, so other programs see another index than hdfsaver"
            raise damaged(f"/{layout.INDEX}/{link}", f"{what}.")
