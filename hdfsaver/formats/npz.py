"""NumPy archives, member by member, without pickled objects."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.atomic_write import atomic_write
from hdfsaver.files.error_context import about
from hdfsaver.formats.archives import unpacking
from hdfsaver.formats.source import OneByOneSource, entry_of, strings_of
from hdfsaver.tensor_info import Array, TensorInfo

_SUFFIX = ".npy"


class NpzSource(OneByOneSource):
    """The arrays in a ``.npz`` file."""

    kind = "NumPy archive"
    checksums = "checksums"

    def __init__(self, path: str) -> None:
        with about(path), unpacking("the archive"):
            self._archive = zipfile.ZipFile(path)
        self._members: dict[str, zipfile.ZipInfo] = {}
        try:
            with about(path), unpacking("the archive"):
                self.entries = self._entries()
        except BaseException:
            self._archive.close()
            raise

    def _entries(self) -> dict[str, TensorInfo]:
        found: dict[str, TensorInfo] = {}
        declared = 0
        for info in self._archive.infolist():
            name = info.filename.removesuffix(_SUFFIX)
            if name in found:
                raise DataLossError(None, None, f"two members have the name {name!r}.")
            declared += info.file_size
            limits.check_declared(info.filename, declared, os.path.getsize(self._archive.filename or ""))
            found[name] = self._entry(name, info)
            self._members[name] = info
        return found

    def _entry(self, name: str, info: zipfile.ZipInfo) -> TensorInfo:
        with self._archive.open(info) as member:
            shape, dtype = _header(member)
        if int(np.prod(shape, dtype=object)) * dtype.itemsize > info.file_size:
            raise DataLossError(None, None, f"{name!r} declares more than the {info.file_size} bytes of its member.")
        if dtype.kind in "SU":
            return entry_of(name, "string", shape)
        if dtype.kind == "O":
            raise InvalidArgumentError(
                None,
                None,
                f"{name!r} holds Python objects, which only unpickling could read, but unpickling can run code.",
            )
        try:
            return entry_of(name, dtypes.name_of_numpy(dtype), shape)
        except TypeError as error:
            raise InvalidArgumentError(None, None, f"{name!r}: {error}") from None

    def read_one(self, name: str) -> Array:
        """Read the value of an array."""
        with unpacking(name), self._archive.open(self._members[name]) as member:
            array = np.lib.format.read_array(member, allow_pickle=False)
        return strings_of(array) if array.dtype.kind in "SU" else np.asarray(array)

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


def _header(member: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    return shape, dtype


def write_npz(path: str, names: Iterable[str], source: Any, *, durable: bool) -> None:
    """Write a ``.npz`` file, array by array.

    Parameters
    ----------
    path : str
        The file.
    names : iterable of str
        The arrays to write.
    source : mapping of str to ndarray
        The arrays; each is requested once.
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    InvalidArgumentError
        An array has a dtype that NumPy's files do not support: the small floats, 4-bit integers.
    """
    with (
        atomic_write(path, durable=durable) as draft,
        open(draft.fd, "wb", closefd=False) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        for name in names:
            # Without a timestamp, so that the same arrays give the same bytes.
            with archive.open(zipfile.ZipInfo(name + _SUFFIX), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, _storable(name, source[name]), allow_pickle=False)


def write_npy(path: str, name: str, source: Any, *, durable: bool) -> None:
    """Write one array as a ``.npy`` file.

    Parameters
    ----------
    path : str
        The file.
    name : str
        The name of the array.
    source : mapping of str to ndarray
        The arrays.
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    InvalidArgumentError
        See `write_npz`.
    """
    array = _storable(name, source[name])
    with atomic_write(path, durable=durable) as draft, open(draft.fd, "wb", closefd=False) as file:
        draft.size = array.nbytes
        np.lib.format.write_array(file, array, allow_pickle=False)


def _storable(name: str, array: Array) -> Array:
    if array.dtype == object:
        fixed = array.astype(bytes)
        if fixed.astype(object).tolist() != array.tolist():
            raise InvalidArgumentError(
                None,
                None,
                f"{name!r} has a string that ends in NUL, which NumPy's strings of fixed width do not support.",
            )
        return fixed
    if array.dtype.isbuiltin != 1:
        raise InvalidArgumentError(
            None, None, f"{name!r} has dtype {array.dtype}, which .npz does not support; convert it (dtype='float32')."
        )
    return array
