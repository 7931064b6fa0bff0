"""Datasets of variables, copied from templates: a copy is made in less time, and its header has no unused bytes.

HDF5 reserves 256 bytes for the messages of a new dataset, of which it uses half. A copy has exactly the messages of its
template. Templates are in a file of their own, in memory.
"""

from __future__ import annotations

from collections.abc import Mapping

from h5py import h5f, h5g, h5o, h5p, h5t

from hdfsaver.storage.hdf5 import objects

_GROWTH = 1 << 16
"""Bytes by which the file of the templates grows."""


class DatasetTemplates:
    """The templates of one file that is being laid out; `close` releases them."""

    def __init__(self) -> None:
        properties = h5p.create(h5p.FILE_ACCESS)
        properties.set_fapl_core(_GROWTH, False)
        properties.set_libver_bounds(h5f.LIBVER_V110, h5f.LIBVER_V110)
        properties.set_fclose_degree(h5f.CLOSE_STRONG)
        # HDF5 takes two open files in memory for one if they have one name.
        self._file = h5f.create(b"templates %d" % id(self), h5f.ACC_TRUNC, fapl=properties)
        self._root = h5g.open(self._file, b"/")
        self._links: dict[object, bytes] = {}
        self._copying = h5p.create(h5p.OBJECT_COPY)

    def make(
        self,
        parent: h5g.GroupID,
        link: str,
        datatype: h5t.TypeID,
        shape: tuple[int, ...],
        attributes: Mapping[str, str],
    ) -> int:
        """Create a contiguous dataset for whose bytes no space is allocated.

        Parameters
        ----------
        parent : h5py.h5g.GroupID
        link : str
        datatype : h5py.h5t.TypeID
        shape : tuple of int
        attributes : mapping of str to str

        Returns
        -------
        int
            The address of its header.
        """
        key = (datatype.encode(), shape, *attributes.items())
        template = self._links.get(key)
        if template is None:
            template = self._links[key] = b"%d" % len(self._links)
            dataset = objects.create_without_place(self._root, template.decode(), datatype, shape)
            for label, text in attributes.items():
                objects.set_text(dataset, label, text)
        name = link.encode()
        h5o.copy(self._root, template, parent, name, self._copying, objects.link_properties())
        # The link has the address; a query for the object would read its whole header.
        address: int = parent.links.get_info(name).u
        return address

    def close(self) -> None:
        """Release the templates."""
        self._file.close()
