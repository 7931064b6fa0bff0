"""The constants of a graph that are too large for a row of its table of nodes: a dataset each.

The value of node ``a`` is the dataset ``/graph/constants/a``, a tensor in its attribute ``x`` ``/graph/constants/a:x``.
What has such a name already gets a number behind it; the row that refers to a constant says its path.
"""

from __future__ import annotations

from collections.abc import Iterator

from h5py import h5g

from hdfsaver.storage.hdf5 import link_names, objects
from hdfsaver.storage.hdf5.array_datasets import read_array, write_array
from hdfsaver.tensor_info import Array

CONSTANTS = "constants"


class ConstantWriter:
    """Gathers constants under names of which no two are equal, and writes them all."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def __len__(self) -> int:
        return len(self._arrays)

    def add(self, node: str, attribute: str, array: Array) -> str:
        """Take an array in, and give its name."""
        base = name = node if attribute == "value" else f"{node}:{attribute}"
        number = 1
        while name in self._arrays:
            number += 1
            name = f"{base}:{number}"
        self._arrays[name] = array
        return name

    def paths(self) -> Iterator[str]:
        """The paths of all constants below their group, in the order in which they came."""
        return iter(link_names.paths_of(self._arrays).values())

    def write(self, graph: h5g.GroupID) -> None:
        """Write all constants; their group is made if there are any."""
        if not self._arrays:
            return
        group = objects.create_group(graph, CONSTANTS)
        made: dict[str, h5g.GroupID] = {}
        for path, array in zip(self.paths(), self._arrays.values(), strict=True):
            write_array(*objects.group_for(group, path, made), array)


class ConstantReader:
    """Reads constants by their paths."""

    def __init__(self, graph: h5g.GroupID) -> None:
        self._graph = graph
        self._group: h5g.GroupID | None = None
        self._known: dict[str, Array] = {}

    def read(self, path: str) -> Array:
        """The array at a path, on which nobody may write; `DataLossError` where it is missing or damaged."""
        # Kept, so that a million rows which refer to one large constant do not read it a million times.
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> Array:
        if self._group is None:
            self._group = objects.open_group(self._graph, CONSTANTS)
        array = read_array(self._group, path)
        array.flags.writeable = False
        return array
