"""Attributes that say what a dataset means, beyond its datatype: labels of this project, and those of other programs.

Only an attribute of the form that its program writes counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from h5py import h5a, h5d, h5s, h5t

from hdfsaver import limits
from hdfsaver.files.opening import Opened
from hdfsaver.storage.hdf5.attribute_records import attribute_bytes
from hdfsaver.storage.hdf5.datatypes import LABEL, SHAPE
from hdfsaver.storage.hdf5.global_heap import RECORD, is_heap_string, read_strings
from hdfsaver.storage.hdf5.objects import Node, get_text, is_fixed_text, location, without_spaces
from hdfsaver.tensor_info import STRING

_STAND_IN = "This is a netCDF dimension but not a netCDF variable"
"""How the name of a dimension begins that netCDF writes as a dataset without values."""

_PYTABLES_CLASSES = ("ARRAY", "CARRAY", "EARRAY", "TABLE")

_MATLAB_DTYPES = {
    "double": "float64",
    "single": "float32",
    "logical": "bool",
    "char": "uint16",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}

_OCTAVE_DTYPES = {
    "matrix": "float64",
    "null_matrix": "float64",
    "float matrix": "float32",
    "complex matrix": "complex128",
    "float complex matrix": "complex64",
    "bool matrix": "uint8",
    **dict.fromkeys(("string", "sq_string", "null_string", "null_sq_string"), "int8"),
    **{f"{sign}int{bits} matrix": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
"""The dtypes in which Octave stores its types; its characters are bytes, its booleans numbers."""


_COMPLEX = ("complex64", "complex128")


def text_of(node: Node, name: str) -> str | None:
    """The string of an attribute; None if it is missing, or is not a single string of fixed length in UTF-8.

    Raises
    ------
    ResourceExhaustedError
        It is longer than the limit `attribute_bytes` allows.
    """
    if not h5a.exists(node, name.encode()):
        return None
    attribute = h5a.open(node, name.encode())
    datatype = attribute.get_type()
    if not is_fixed_text(datatype) or not _is_single(attribute):
        return None
    if datatype.get_size() > limits.get().attribute_bytes:
        part = f"{location(node)}, attribute {name!r}"
        raise limits.refused(part, f"its string has {datatype.get_size()} bytes", "attribute_bytes")
    value = np.zeros(attribute.shape, dtype=f"S{datatype.get_size()}")
    attribute.read(value, without_spaces(datatype))
    try:
        return bytes(value.item()).partition(b"\0")[0].decode()
    except UnicodeDecodeError:
        return None


def _flag(node: Node, name: str) -> bool:
    """Whether an attribute is a single integer other than 0."""
    if not h5a.exists(node, name.encode()):
        return False
    attribute = h5a.open(node, name.encode())
    if attribute.get_type().get_class() != h5t.INTEGER or not _is_single(attribute):
        return False
    value = np.zeros(attribute.shape, np.int64)
    attribute.read(value)
    return bool(value.item())


def _is_single(attribute: h5a.AttrID) -> bool:
    space = attribute.get_space()
    return bool(space.get_simple_extent_type() != h5s.NULL and space.get_simple_extent_npoints() == 1)


class Meaning(NamedTuple):
    """The meaning of a dataset's elements, according to its attributes.

    Attributes
    ----------
    labels : dict of str to str
        The attribute `LABEL` and, of a string tensor, ``encoding`` and ``shape``, as far as it has them.
    bits_are_truth : bool
        Whether bitfields of 8 bits are booleans: PyTables writes them so.
    is_own : bool
        Whether the file declares the format of this project, in which a label must be valid.
    """

    labels: dict[str, str]
    bits_are_truth: bool = False
    is_own: bool = False


def meaning_of(opened: Opened, dataset: h5d.DatasetID, is_own: bool) -> Meaning | None:
    """Read the attributes of a dataset.

    Parameters
    ----------
    opened : Opened
        The file.
    dataset : h5py.h5d.DatasetID
    is_own : bool
        Whether the file declares the format of this project.

    Returns
    -------
    Meaning or None
        None if the dataset only stands for a dimension of a netCDF file.

    Raises
    ------
    DataLossError
        In a file of this project, a label is not a single string of fixed length.
    ResourceExhaustedError
        A label is longer than the limit `attribute_bytes` allows.
    """
    if not h5a.get_num_attrs(dataset):
        return Meaning({}, is_own=is_own)
    if is_own:
        return Meaning(_labels(dataset, get_text), is_own=True)
    kind = text_of(dataset, "CLASS")
    if kind == "DIMENSION_SCALE" and (text_of(dataset, "NAME") or "").startswith(_STAND_IN):
        return None
    labels = _labels(dataset, text_of) or _label_in_heap(opened, dataset)
    return Meaning(labels, bits_are_truth=kind in _PYTABLES_CLASSES)


def _labels(dataset: h5d.DatasetID, read: Callable[[Node, str], str | None]) -> dict[str, str]:
    label = read(dataset, LABEL)
    if label is None:
        return {}
    # The other two attributes belong to string tensors and scalars of complex numbers; elsewhere they may be another
    # program's, of any type.
    rest = ("encoding", SHAPE) if label == STRING else (SHAPE,) if label in _COMPLEX else ()
    found = {name: read(dataset, name) for name in rest}
    return {LABEL: label, **{name: text for name, text in found.items() if text is not None}}


def _label_in_heap(opened: Opened, dataset: h5d.DatasetID) -> dict[str, str]:
    """The label of opaque values, of variable length as Keras writes it; that of other values is another program's."""
    if not h5a.exists(dataset, LABEL.encode()) or dataset.get_type().get_class() != h5t.OPAQUE:
        return {}
    attribute = h5a.open(dataset, LABEL.encode())
    if not is_heap_string(attribute.get_type()) or not _is_single(attribute):
        return {}
    part = f"{location(dataset)}, attribute {LABEL!r}"
    stored = attribute_bytes(opened, dataset, LABEL, part) or b""
    if len(stored) < RECORD.itemsize:
        return {}
    place = np.frombuffer(stored[: RECORD.itemsize], RECORD)
    if place["length"].item() > limits.get().attribute_bytes:
        raise limits.refused(part, f"its string has {place['length'].item()} bytes", "attribute_bytes")
    return {LABEL: read_strings(opened, place, part).item().decode("utf-8", "replace")}


def is_matlab_logical(dataset: h5d.DatasetID) -> bool:
    """Whether a dataset of bytes is a logical array of MATLAB."""
    return text_of(dataset, "MATLAB_class") == "logical"


def is_matlab_empty(dataset: h5d.DatasetID) -> bool:
    """Whether a dataset has the dimensions of an empty array of MATLAB instead of values."""
    return _flag(dataset, "MATLAB_empty")


def is_octave_empty(parent: Node, link: str) -> bool:
    """Whether a dataset has the dimensions of an empty matrix of Octave instead of values."""
    return link == "value" and _flag(parent, "OCTAVE_EMPTY_MATRIX")


def matlab_dtype(dataset: h5d.DatasetID) -> str | None:
    """The dtype of an empty array of MATLAB; None for a cell array and what else is not an array of numbers."""
    return _MATLAB_DTYPES.get(text_of(dataset, "MATLAB_class") or "double")


def octave_dtype(kind: str) -> str | None:
    """The dtype of an empty matrix of Octave, by its type; None for a cell array."""
    return _OCTAVE_DTYPES.get(kind)
