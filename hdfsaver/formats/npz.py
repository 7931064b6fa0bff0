"""NumPy archives, member by member, without pickled objects."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np

from hdfsaver.errors import InvalidArgumentError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.progress import Callback
from hdfsaver.files.whole_files import whole_file
from hdfsaver.formats.archives import Archive
from hdfsaver.formats.npy import HEAD, SUFFIX, Column, Whole, begin_of, columns_of, entry_of_column, parse_header
from hdfsaver.formats.source import OneByOneSource
from hdfsaver.tensor_info import Array, is_utf8

_SHORT = 1024
_SHOWN = 80


class NpzSource(OneByOneSource):
    """The arrays in a ``.npz`` file; of a structured array each field is one, ``name/field``."""

    kind = "NumPy archive"

    def __init__(self, path: str) -> None:
        with about(path):
            self._archive = Archive(path)
        self.checksums = self._archive.checksums
        self._columns: dict[str, Column] = {}
        self.unreadable: dict[str, OpError] = {}
        self.left_out: dict[str, str] = {}
        try:
            with about(path):
                for info in self._archive.members:
                    self._add(info)
        except BaseException:
            self._archive.close()
            raise
        self.entries = {name: entry_of_column(name, column) for name, column in self._columns.items()}
        self._whole = Whole(self._archive.read)

    def _add(self, info: zipfile.ZipInfo) -> None:
        """Describe the arrays of a member, or say why it cannot be read; the others can."""
        name = info.filename.removesuffix(SUFFIX)
        if "\0" in info.orig_filename:
            name = info.orig_filename.removesuffix(SUFFIX)
            why = f"{name[:_SHOWN]!r} has a NUL in its name, where an archive cuts it off; rename it."
            self.unreadable[name] = InvalidArgumentError(None, None, why)
            return
        if not info.filename.endswith(SUFFIX):
            self.left_out[info.filename] = f"a file that is not an array of NumPy ({SUFFIX})"
            return
        try:
            if info.filename in self._archive.refused:
                raise self._archive.refused[info.filename]
            header = parse_header(self._head(info), info.file_size)
        except OpError as error:
            text = error.message if error.message.startswith(info.filename) else f"{name!r} {error.message}"
            self.unreadable[name] = type(error)(None, None, text, error.error_code)
            return
        columns, unreadable = columns_of(name, info, header, self._archive.read, self._archive.budget)
        meeting = [each for each in (*columns, *unreadable) if each in self._columns or each in self.unreadable]
        for each in meeting:
            why = f"two members of the archive, or their fields, have the name {each!r}; rename one of them."
            unreadable[each] = InvalidArgumentError(None, None, why)
            columns.pop(each, None)
            self._columns.pop(each, None)
        self._columns |= columns
        self.unreadable |= unreadable

    def _head(self, info: zipfile.ZipInfo) -> bytes:
        """The header of a member; seldom does it take more than one short read."""
        head = self._archive.head(info, _SHORT)
        return self._archive.head(info, HEAD) if begin_of(head) > len(head) else head

    def read_one(self, name: str) -> Array:
        """Read the value of an array, and compare its member with its checksum."""
        return self._whole.value(self._columns[name])

    def verify(self, callback: Callback | None = None) -> None:
        """Compare every member with its checksum."""
        self._archive.verify(callback)

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


_LONGEST_NAME = 0xFFFF - len(SUFFIX)
"""Bytes of a name that an archive can count."""


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
        An array has a dtype that NumPy's files do not support: the small floats, 4-bit integers. Or its name cannot be
        that of a member.
    """
    names = list(names)
    for name in names:
        _check_name(name)
    with (
        whole_file(path, durable=durable) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        for name in names:
            # Without a timestamp, so that the same arrays give the same bytes.
            with archive.open(zipfile.ZipInfo(name + SUFFIX), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, _storable(name, source[name]), allow_pickle=False)


def _check_name(name: str) -> None:
    """Refuse a name that an archive would cut off, so that the array could not be found again."""
    instead = ", or use .h5"
    if "\0" in name:
        what = "has a NUL in its name, which .npz cannot hold"
    elif len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        what = f"has a name of more than {_LONGEST_NAME:,} bytes, which .npz cannot hold"
    elif not is_utf8(name):
        what, instead = "has a lone surrogate in its name, which is invalid in UTF-8", ""
    else:
        return
    raise InvalidArgumentError(None, None, f"{name[:_SHOWN]!r} {what}. Rename it (rename){instead}.")


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
    with whole_file(path, array.nbytes, durable=durable) as file:
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
    if array.dtype.isbuiltin == 2:  # a dtype of ml_dtypes
        raise InvalidArgumentError(
            None, None, f"{name!r} has dtype {array.dtype}, which .npz does not support; convert it (dtype='float32')."
        )
    return array
