"""The constants of a graph that are too large for a row of the table of nodes: one dataset each.

The value of node ``a`` is the dataset ``/graph/constants/a``, a tensor in its attribute ``x`` ``/graph/constants/a:x``.
A name that is taken gets a number appended; the row of the node has the path of its constant.
"""

from __future__ import annotations

from collections.abc import Iterator

from h5py import h5g

from hdfsaver import limits
from hdfsaver.storage.hdf5 import link_names, objects
from hdfsaver.storage.hdf5.array_datasets import read_array, write_array
from hdfsaver.tensor_info import STRING_BYTES, Array

CONSTANTS = "constants"


class ConstantWriter:
    """Collects constants under unique names, and writes them all."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}
        self._repeated = 0

    def __len__(self) -> int:
        return len(self._arrays)

    def add(self, node: str, attribute: str, array: Array) -> str:
        """Add a constant under a unique name.

        Parameters
        ----------
        node : str
            The node.
        attribute : str
            The attribute of the node that holds the constant.
        array : ndarray
            The constant.

        Returns
        -------
        str
            Its name.

        Raises
        ------
        ResourceExhaustedError
            Constants of which one element stands for all, which the file has in full, take more bytes than the limit
            `declared_bytes` allows.
        """
        if array.size > 1 and not any(array.strides):
            self._repeated += array.size * (STRING_BYTES if array.dtype == object else array.itemsize)
            if self._repeated > limits.get().declared_bytes:
                what = f"with it, constants of one element take {self._repeated} bytes in the file"
                raise limits.refused(f"the constant {node!r}", what, "declared_bytes")
        base = name = node if attribute == "value" else f"{node}:{attribute}"
        number = 1
        while name in self._arrays:
            number += 1
            name = f"{base}:{number}"
        self._arrays[name] = array
        return name

    def paths(self) -> Iterator[str]:
        """The paths of all constants below their group, in the order of `add`."""
        return iter(link_names.paths_of(self._arrays).values())

    def write(self, graph: h5g.GroupID) -> None:
        """Write all constants; create their group if there are any."""
        if not self._arrays:
            return
        group = objects.create_group(graph, CONSTANTS)
        made: dict[str | tuple[int, str], h5g.GroupID] = {}
        for path, (name, array) in zip(self.paths(), self._arrays.items(), strict=True):
            write_array(*objects.group_for(group, path, made), array, link_names.labels_of(name, path))


class ConstantReader:
    """Reads constants by their paths."""

    def __init__(self, graph: h5g.GroupID) -> None:
        self._graph = graph
        self._group: h5g.GroupID | None = None
        self._known: dict[str, Array] = {}

    def read(self, path: str) -> Array:
        """The array at a path, read-only; `DataLossError` if it is missing or damaged."""
        # Cached, so that a million rows that refer to one large constant read it only once.
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> Array:
        if self._group is None:
            self._group = objects.open_group(self._graph, CONSTANTS)
        array = read_array(self._group, path)
        array.flags.writeable = False
        return array
