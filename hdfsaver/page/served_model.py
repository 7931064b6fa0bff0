"""The parts of a model that a served page asks for."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.optimizer_slots import optimizer_variables
from hdfsaver.page.graph_columns import attribute_columns, graph_columns
from hdfsaver.page.model_parts import ModelParts, as_json, describe, structure_with_shapes
from hdfsaver.page.page_file import page_of
from hdfsaver.page.variable_columns import operations_by_name, rows_of, variable_columns
from hdfsaver.tensor_info import STRING

_MOST = 1 << 28
"""Bytes of an answer, at most."""

_NARROW_INTEGERS = ("int2", "int4")
"""Dtypes that have a byte of their own in the page, with their sign in the unused bits."""


class ServedModel:
    """The parts of a model that a page asks for. Requests come in threads; a file is read by one at a time.

    Parameters
    ----------
    file : TensorFile
        The open file.
    """

    def __init__(self, file: TensorFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._structure: Any = None
        self._is_known = False
        self._whole: tuple[str, bytes] = ("", b"")
        self.names = [row.entry.name for row in rows_of(file)]

    def page(self) -> bytes:
        """The page with a table alone: of a large or remote file its index is all that is read."""
        with self._lock:
            columns = variable_columns(rows_of(self._file), None)
            description = describe(self._file, columns, only_index=True)
        description |= {"source": "server", "graphLater": True}
        return page_of(ModelParts(description, {}, b"").encoded(), "'self'")

    def graph(self) -> bytes:
        """The graph, the operations of the arrays, and the arrays of the optimizer, as JSON."""
        with self._lock:
            structure = self._read_structure()
            if structure is None:
                return as_json({"graph": None, "ops": [], "slots": []})
            places = operations_by_name(structure)
            slots = optimizer_variables(structure) or frozenset()
            ops = [places.get(name, -1) for name in self.names]
            numbers = [number for number, name in enumerate(self.names) if name in slots]
            return as_json({"graph": graph_columns(structure), "ops": ops, "slots": numbers})

    def attributes(self) -> bytes:
        """The attributes of operations, as JSON."""
        with self._lock:
            structure = self._read_structure()
            if structure is None:
                return as_json({})
            return as_json(attribute_columns(structure.digraph.nodes.values(), is_plain=structure.is_plain))

    def _read_structure(self) -> Any:
        if not self._is_known:
            self._structure = structure_with_shapes(self._file)
            self._is_known = True
        return self._structure

    def value(self, number: int, start: int, stop: int) -> bytes:
        """A range of the bytes of an array, in row-major and little-endian order.

        Parameters
        ----------
        number : int
            The number of the array, in the order of `names`.
        start, stop : int

        Returns
        -------
        bytes

        Raises
        ------
        ValueError
            There is no such array, or no such range of it.
        """
        if not 0 <= number < len(self.names) or self.names[number] not in self._file.variables:
            raise ValueError(f"There is no array {number}.")
        entry = self._file.variables[self.names[number]]
        if entry.dtype == STRING or not 0 <= start < stop <= entry.nbytes or stop - start > _MOST:
            raise ValueError(f"The array {number} has no bytes {start} to {stop}.")
        with self._lock:
            if self._file.extent(entry.name) is None:
                return self._of_whole(entry.name)[start:stop]
            key, offset = covering(entry.shape, entry.nbytes // max(1, int(np.prod(entry.shape))), start, stop)
            return _bytes(self._file.read_slice(entry.name, key))[start - offset : stop - offset]

    def _of_whole(self, name: str) -> bytes:
        """The bytes of a value of which parts cannot be read; the last one is kept."""
        if self._whole[0] != name:
            self._whole = ("", b"")
            self._whole = (name, _bytes(self._file.read(name)))
        return self._whole[1]


def _bytes(value: np.ndarray[Any, Any]) -> bytes:
    if value.dtype.name in _NARROW_INTEGERS:
        value = value.astype(np.int8)
    return np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False).tobytes()


def covering(shape: tuple[int, ...], itemsize: int, start: int, stop: int) -> tuple[tuple[slice, ...], int]:
    """The smallest block of whole rows that has a range of the bytes of an array, and where it begins.

    Parameters
    ----------
    shape : tuple of int
    itemsize : int
        Bytes of a number.
    start, stop : int
        The range.

    Returns
    -------
    key : tuple of slice
    offset : int
        The number of bytes before the block.
    """
    key: list[slice] = []
    offset = 0
    for axis, size in enumerate(shape):
        row = itemsize * int(np.prod(shape[axis + 1 :]))
        first, last = (start - offset) // row, (stop - 1 - offset) // row
        key.append(slice(first, last + 1))
        offset += first * row
        if first != last:
            key += [slice(0, each) for each in shape[axis + 1 :]]
            break
        assert last < size
    return tuple(key), offset
