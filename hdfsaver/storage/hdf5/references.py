"""References to objects and to regions of datasets: in a copy of a file they must lead to the copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from h5py import h5g, h5o, h5r, h5t

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.storage.hdf5 import objects


def has_references(datatype: h5t.TypeID) -> bool:
    """Whether values of a datatype contain references."""
    return _has(datatype, lambda found: isinstance(found, h5t.TypeReferenceID))


def has_variable_length(datatype: h5t.TypeID) -> bool:
    """Whether values of a datatype contain strings or sequences of variable length."""
    return _has(datatype, _is_variable)


def _is_variable(datatype: h5t.TypeID) -> bool:
    if isinstance(datatype, h5t.TypeStringID):
        return bool(datatype.is_variable_str())
    return isinstance(datatype, h5t.TypeVlenID)


def _has(datatype: h5t.TypeID, holds: Callable[[h5t.TypeID], bool]) -> bool:
    """Whether something holds for a datatype or for a part of it."""
    waiting = [datatype]
    while waiting:
        found = waiting.pop()
        if holds(found):
            return True
        if isinstance(found, h5t.TypeCompoundID):
            waiting.extend(found.get_member_type(number) for number in range(found.get_nmembers()))
        elif isinstance(found, h5t.TypeArrayID | h5t.TypeVlenID):
            waiting.append(found.get_super())
    return False


class Renewal:
    """Makes the references of one file lead to the same objects in another one.

    Parameters
    ----------
    old, new : h5py.h5g.GroupID
        The root groups of the two files.
    path_of : callable
        The path in the new file for the address and the path of an object in the old one; None if it has no copy.
    """

    def __init__(
        self, old: h5g.GroupID, new: h5g.GroupID, path_of: Callable[[Any, h5r.Reference], bytes | None]
    ) -> None:
        self._old = old
        self._new = new
        self._path_of = path_of

    def read(self, source: Any, shape: tuple[int, ...], part: str) -> Any:
        """Read the value of an attribute or a dataset that contains references, with renewed references.

        Parameters
        ----------
        source : h5py.h5a.AttrID or h5py.h5d.DatasetID
        shape : tuple of int
            Its shape.
        part : str
            Its path, for errors.

        Returns
        -------
        ndarray

        Raises
        ------
        InvalidArgumentError
            A reference leads to nothing that is in the new file.
        DataLossError
            The HDF5 library cannot read it.
        """
        with objects.reading(part):
            value = np.empty(shape, source.get_type().dtype)
            if not value.size:
                return value
            read_all(source, value)
        return self._renewed(value, part)

    def _renewed(self, value: Any, part: str) -> Any:
        if isinstance(value, h5r.Reference):
            return self._reference(value, part)
        if not isinstance(value, np.ndarray):
            return value
        if value.dtype.names is not None:
            for name in value.dtype.names:
                value[name] = self._renewed(value[name], part)
        elif value.dtype == object:
            for place in np.ndindex(value.shape):
                value[place] = self._renewed(value[place], part)
        return value

    def _reference(self, reference: h5r.Reference, part: str) -> h5r.Reference:
        if not reference:
            return reference
        try:
            found = h5r.dereference(reference, self._old)
            path = None if found is None else self._path_of(h5o.get_info(found).addr, reference)
        except (RuntimeError, ValueError, KeyError, OSError):  # it leads to an object that was removed
            path = None
        if path is None:
            raise InvalidArgumentError(
                None, None, f"{part} has a reference that leads to no object of the file, so it cannot be kept."
            )
        with objects.reading(part):
            if isinstance(reference, h5r.RegionReference):
                region = h5r.get_region(reference, self._old)
                return h5r.create(self._new, path, h5r.DATASET_REGION, region)
            return h5r.create(self._new, path, h5r.OBJECT)


def read_all(source: Any, value: Any) -> None:
    """Read all of an attribute or a dataset into an array."""
    from h5py import h5d, h5s

    if isinstance(source, h5d.DatasetID):
        source.read(h5s.ALL, h5s.ALL, value)
    else:
        source.read(value)
