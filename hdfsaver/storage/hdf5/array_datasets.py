"""Arrays: one dataset each, with the dtype that NumPy gives them.

They are the constants of a graph, the items of a collection and the long cells of a table. (The values of variables,
which are many and large, do not come this way: their bytes never pass through HDF5.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from h5py import h5d, h5g

from hdfsaver import dtypes
from hdfsaver.storage.hdf5 import datatypes, objects, strings
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.tensor_info import Array

_LABELS = (datatypes.LABEL, "encoding", "shape")


def little_endian(array: Array) -> Array:
    """The array itself, or a copy where its bytes are in the other order."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False) if array.dtype.byteorder == ">" else array


def write_array(group: h5g.GroupID, link: str, array: Array, attributes: dict[str, str] | None = None) -> None:
    """Write an array under one link of a group, with attributes that say more about it.

    Raises
    ------
    TypeError
        No dtype stands for its elements.
    """
    name = dtypes.name_of_numpy(array.dtype)
    if name == "string":
        stored, labels = strings.encode(array)
        datatype = strings.datatype_of(stored.dtype)
    else:
        stored, labels = little_endian(array), {datatypes.LABEL: name} if datatypes.needs_label(name) else {}
        datatype = datatypes.type_of(name)
    objects.create_dataset(group, link, datatype, stored, {**labels, **(attributes or {})})


def read_array(group: h5g.GroupID, path: str) -> Array:
    """Read an array; bit for bit the one that was written.

    Raises
    ------
    DataLossError
        It is not there, is of no known dtype, or is damaged.
    """
    return array_in(objects.open_dataset(group, path))


def array_in(dataset: h5d.DatasetID) -> Array:
    """Read the array in an open dataset; see `read_array`."""
    found = ((key, objects.get_text(dataset, key)) for key in _LABELS)
    labels = {key: text for key, text in found if text is not None}
    part = objects.location(dataset)
    with objects.reading(part):
        text = strings.stored_dtype(dataset.get_type(), labels)
        return _numbers(dataset, part, labels) if text is None else _texts(dataset, text, labels)


def _texts(dataset: h5d.DatasetID, dtype: np.dtype[Any], labels: dict[str, str]) -> Array:
    stored = np.zeros(dataset.shape, dtype=dtype)
    objects.read_dataset(dataset, stored, dataset.get_type())
    return strings.decode(stored, labels)


def _numbers(dataset: h5d.DatasetID, part: str, labels: dict[str, str]) -> Array:
    name = datatypes.dtype_name(dataset.get_type(), labels.get(datatypes.LABEL))
    if name is None:
        raise damaged(part, f"its HDF5 datatype{_said(labels)} is that of no dtype.")
    array = np.zeros(dataset.shape, dtype=dtypes.numpy_dtype(name))
    objects.read_dataset(dataset, array, datatypes.type_of(name))
    return array


def _said(labels: dict[str, str]) -> str:
    return f", with the label {labels[datatypes.LABEL]!r}," if datatypes.LABEL in labels else ""
