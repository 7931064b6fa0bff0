"""The common part of sealed and plain files: the graph, the metadata and the groups of an HDF5 file."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager

from h5py import h5g

from hdfsaver.files.opening import Opened, end_reading
from hdfsaver.files.readable import shared
from hdfsaver.files.tensor_file import TensorSource
from hdfsaver.schema import Structure
from hdfsaver.storage import groups, layout
from hdfsaver.storage.graph.graph_group import graph_size, read_structure
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.metadata import read_metadata
from hdfsaver.storage.random_places import read_places


class Hdf5Source(TensorSource):
    """One model of an open HDF5 file.

    Parameters
    ----------
    opened : Opened
        The file; it is closed with the source.
    group : str
        The group of the model; see `hdfsaver.storage.groups`.
    """

    has_structure = True
    """Whether the file may have a ``/graph``."""

    has_foreign_content = True
    """Whether the file may have content of other programs."""

    has_random_places = True

    def __init__(self, opened: Opened, group: str) -> None:
        self._opened = opened
        self._group = group

    def _root(self) -> AbstractContextManager[h5g.GroupID]:
        """The root group, for reading."""
        return hdf5_root(self._opened)

    @abstractmethod
    def link_paths(self) -> Mapping[str, str]:
        """The link path of each variable below the group of the variables."""

    @abstractmethod
    def of_group(self, group: str) -> Hdf5Source:
        """The source of another group of the same file, which the caller closes."""

    def structure(self) -> Structure | None:
        """The graph of the file, or None."""
        if not self.has_structure:
            return None
        with self._root() as root:
            return read_structure(groups.open_model(root, self._group))

    def has_graph(self) -> bool:
        """Whether there is a ``/graph``."""
        if not self.has_structure:
            return False
        with self._root() as root:
            return objects.has_link(groups.open_model(root, self._group), layout.GRAPH)

    def graph_size(self) -> int:
        """The number of rows of ``/graph/nodes``."""
        if not self.has_structure:
            return 0
        with self._root() as root:
            return graph_size(groups.open_model(root, self._group))

    def metadata(self) -> dict[str, str]:
        """The pairs of ``/metadata``; empty for a file of another program."""
        with self._root() as root:
            return read_metadata(root)

    def random_places(self) -> dict[str, tuple[int, int]]:
        """The places of the model's random operations; see `hdfsaver.storage.random_places`."""
        with self._root() as root:
            return read_places(root, groups.link_of(self._group))

    def groups(self) -> list[str]:
        """The groups that have a model."""
        with self._root() as root:
            return groups.names_in(root)

    def _duplicate(self) -> Opened:
        """The same open file with a descriptor of its own."""
        return self._opened._replace(fd=shared(self._opened.fd))

    def close(self) -> None:
        """Close the file."""
        end_reading(self._opened.fd)
