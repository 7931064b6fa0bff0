"""The columns of a table in a plain HDF5 file: a dataset of compounds, as PyTables, pandas and h5py write it.

Each column is an array of its own, so that one that cannot be read does not affect the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from h5py import h5t

from hdfsaver.errors import OpError
from hdfsaver.storage import layout
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.elements import Element, element_of
from hdfsaver.storage.hdf5.foreign_types import described, members_of
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.plain_dataset import PlainDataset, refused


def columns_of(table: PlainDataset) -> list[tuple[str, PlainDataset | OpError]]:
    """The columns of a table by their paths, ``("position/x", ...)``, or the reason why one cannot be read."""
    with objects.reading(table.part):
        return list(_columns(table, table.datatype, "", 0))


def _columns(
    table: PlainDataset, datatype: h5t.TypeCompoundID, above: str, start: int
) -> Iterator[tuple[str, PlainDataset | OpError]]:
    for member in members_of(datatype):
        path, offset = f"{above}{member.name}", start + member.offset
        part = f"{table.part}/{path}"
        element = element_of(member.datatype, bits_are_truth=table.bits_are_truth)
        if element is None and member.datatype.get_class() == h5t.COMPOUND:
            yield from _columns(table, member.datatype, f"{path}/", offset)
        elif element is None:
            yield path, refused(part, f"its HDF5 datatype is unsupported: {described(member.datatype)}")
        elif offset + element.size > table.itemsize:
            yield path, damaged(part, "the column ends beyond the end of its row.")
        else:
            yield path, _column(table, part, element, offset)


def _column(table: PlainDataset, part: str, element: Element, offset: int) -> PlainDataset | OpError:
    found = table._replace(part=part, element=element, offset=offset)
    if len(found.shape) > layout.MAX_RANK:
        return refused(part, f"it has more than {layout.MAX_RANK} dimensions")
    return found if table.empty is None else found._replace(empty=(*table.empty, *element.shape))
