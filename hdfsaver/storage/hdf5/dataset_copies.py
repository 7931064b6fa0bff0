"""Datasets that are equal but for their values, and groups of them: the first is created, the others are copies of it.

A copy is made in less time. HDF5 reserves 256 bytes for the messages of a new dataset, of which it uses half; a copy
has the messages alone. A copy has all attributes of the first one, so others are added when all datasets are there.
The layers of a network are often groups of datasets of the same names, dtypes and shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from h5py import h5g, h5o, h5p, h5t

from hdfsaver.storage.hdf5 import objects


class Described(NamedTuple):
    """A contiguous dataset: its link, datatype, shape and attributes."""

    link: str
    datatype: h5t.TypeID
    shape: tuple[int, ...]
    attributes: Mapping[str, str]

    @property
    def kind(self) -> tuple[object, ...]:
        """All but the link: datasets of one kind can be copies of each other."""
        return self.datatype.encode(), self.shape, *self.attributes.items()


class DatasetCopies:
    """The datasets, and the groups of datasets, of one file that can be copied."""

    def __init__(self) -> None:
        self._firsts: dict[object, tuple[h5g.GroupID, bytes]] = {}
        self._copying = h5p.create(h5p.OBJECT_COPY)

    def make(self, parent: h5g.GroupID, dataset: Described) -> int:
        """Create a contiguous dataset for whose bytes no space is allocated, and return the address of its header."""
        if not self._is_copied(dataset.kind, parent, dataset.link):
            made = objects.create_without_place(parent, dataset.link, dataset.datatype, dataset.shape)
            for label, text in dataset.attributes.items():
                objects.set_text(made, label, text)
        return _address(parent, dataset.link)

    def make_group(self, parent: h5g.GroupID, link: str, datasets: Sequence[Described]) -> list[int]:
        """Create a group that has datasets only, each as `make` does.

        Parameters
        ----------
        parent : h5py.h5g.GroupID
        link : str
            The link of the group.
        datasets : sequence of Described

        Returns
        -------
        list of int
            The addresses of their headers.
        """
        if not self._is_copied(tuple((each.link, each.kind) for each in datasets), parent, link):
            group = objects.create_group(parent, link)
            return [self.make(group, dataset) for dataset in datasets]
        return [_address(parent, f"{link}/{dataset.link}") for dataset in datasets]

    def _is_copied(self, kind: object, parent: h5g.GroupID, link: str) -> bool:
        """Make a copy of the first object of a kind; False where this is the first, which is to be made."""
        first = self._firsts.get(kind)
        if first is None:
            self._firsts[kind] = parent, link.encode()
            return False
        h5o.copy(*first, parent, link.encode(), self._copying, objects.link_properties())
        return True


def _address(parent: h5g.GroupID, path: str) -> int:
    # The link has the address; a query for the object would read its whole header.
    address: int = parent.links.get_info(path.encode()).u
    return address
