"""Arrays as datasets, one each, with the array's dtype.

They store the constants of a graph, the items of a collection and the long cells of a table. (The values of variables
do not pass through HDF5; they are written directly.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from h5py import h5d, h5g

from hdfsaver import dtypes
from hdfsaver.storage.hdf5 import datatypes, narrow_numbers, objects, strings
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.tensor_info import Array

_LABELS = (datatypes.LABEL, "encoding", "shape")


def little_endian(array: Array) -> Array:
    """The array itself, or a little-endian copy of a big-endian array."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False) if array.dtype.byteorder == ">" else array


def write_array(group: h5g.GroupID, link: str, array: Array, attributes: dict[str, str] | None = None) -> None:
    """Write an array as one dataset of a group.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    link : str
        The link of the dataset in the group.
    array : ndarray
        Of any shape, and a dtype of the table of dtypes.
    attributes : dict of str to str, optional
        Attributes of the dataset.

    Raises
    ------
    TypeError
        The dtype of the array is unsupported.
    """
    name = dtypes.name_of_numpy(array.dtype)
    if name == "string":
        stored, labels = strings.encode(array)
        datatype = strings.datatype_of(stored)
    else:
        labels = dict(datatypes.labels_of(name, not array.shape))
        is_narrow = name in narrow_numbers.BITS
        stored = narrow_numbers.to_bytes(array, name) if is_narrow else little_endian(array)
        stored = stored.reshape(datatypes.ROW) if datatypes.SHAPE in labels else stored
        datatype = datatypes.type_of(name)
    objects.create_dataset(group, link, datatype, stored, {**labels, **(attributes or {})})


def read_array(group: h5g.GroupID, path: str) -> Array:
    """Read an array, bit for bit.

    Raises
    ------
    DataLossError
        It is missing or damaged, or has an unknown dtype.
    """
    return array_in(objects.open_dataset(group, path))


def array_in(dataset: h5d.DatasetID) -> Array:
    """Read the array in an open dataset; see `read_array`."""
    found = ((key, objects.get_text(dataset, key)) for key in _LABELS)
    labels = {key: text for key, text in found if text is not None}
    part = objects.location(dataset)
    with objects.reading(part):
        text = strings.stored_dtype(dataset.get_type(), labels)
        return _numbers(dataset, part, labels) if text is None else _strings(dataset, text, labels)


def _strings(dataset: h5d.DatasetID, dtype: np.dtype[Any], labels: dict[str, str]) -> Array:
    stored = np.zeros(dataset.shape, dtype=dtype)
    objects.read_dataset(dataset, stored, dataset.get_type())
    return strings.decode(stored, labels)


def _numbers(dataset: h5d.DatasetID, part: str, labels: dict[str, str]) -> Array:
    name = datatypes.dtype_name(dataset.get_type(), labels.get(datatypes.LABEL))
    if name is None:
        raise damaged(part, f"its HDF5 datatype{_said(labels)} is unsupported.")
    array = np.zeros(dataset.shape, dtype=dtypes.numpy_dtype(name))
    objects.read_dataset(dataset, array, datatypes.type_of(name))
    array = narrow_numbers.checked(array, name) if name in narrow_numbers.BITS else array
    return array.reshape(datatypes.shape_of(array.shape, dataset.get_type(), labels))


def _said(labels: dict[str, str]) -> str:
    return f", with the label {labels[datatypes.LABEL]!r}," if datatypes.LABEL in labels else ""
