"""The containers of PyTorch's files: a pickle, and the storages of its tensors.

Sources: ``torch/serialization.py`` (``_save``, ``_legacy_save``), ``caffe2/serialize/inline_container.h``.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError
from hdfsaver.files.opening import Opened, end_reading, open_any
from hdfsaver.files.positional_io import read_at
from hdfsaver.files.progress import Callback
from hdfsaver.files.readable import Readable
from hdfsaver.files.streams import stream_of
from hdfsaver.formats.archives import Archive
from hdfsaver.formats.pickles import Bounded, Reference, read_pickle
from hdfsaver.formats.torch_values import Storage, storage_of
from hdfsaver.tensor_info import Array

MAGIC = 0x1950A86A20F9469CFC6C
"""The first object of the files of before PyTorch 1.6."""

ZIP = b"PK"

_PICKLE = "data.pkl"
_LENGTH = 8


class Records(ABC):
    """The pickle of a file, and the storages of its tensors.

    Attributes
    ----------
    kind : str
        The kind of file, for messages.
    root : object
        The value of the pickle.
    pickle_size : int
        The bytes of the pickle.
    big_endian : bool
        The byte order of the storages.
    checksums : str
        See `hdfsaver.formats.archives.Archive`; empty if the format has none.
    file_size : int
        The length of the file in bytes.
    """

    kind: str
    root: Any
    pickle_size: int
    big_endian: bool = False
    checksums: str = ""
    file_size: int

    @abstractmethod
    def size(self, key: str) -> int | None:
        """Bytes of a storage; None if the file does not have it."""

    @abstractmethod
    def read(self, key: str) -> Array:
        """Read the bytes of a storage, and compare them with their checksum if the file has one."""

    def verify(self, callback: Callback | None) -> None:  # noqa: B027 - the older format has no checksums
        """Compare everything with its checksum; by default there are no checksums."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""


def open_records(path: str) -> Records:
    """Open a file of ``torch.save`` of any age, a TorchScript archive, or a pickle.

    Raises
    ------
    DataLossError
        It is damaged.
    InvalidArgumentError
        It is another kind of file.
    """
    opened = open_any(path)
    if opened.head.startswith(ZIP):
        end_reading(opened.fd)
        return _Zipped(path)
    return _InOneStream(opened)


class _Zipped(Records):
    """The format since PyTorch 1.6, and TorchScript: an archive with a member for each storage."""

    def __init__(self, path: str) -> None:
        self._archive = Archive(path)
        self.checksums, self.file_size = self._archive.checksums, self._archive.size
        try:
            self._members = {info.filename: info for info in self._archive.members}
            pickles = [name for name in self._members if name.rpartition("/")[2] == _PICKLE]
            if not pickles:
                raise InvalidArgumentError(None, None, f"it has no {_PICKLE}, so it is not a file of torch.save.")
            self._folder = min(pickles, key=len).removesuffix(_PICKLE)
            self.kind = "TorchScript archive" if f"{self._folder}constants.pkl" in self._members else "PyTorch file"
            info = self._members[self._folder + _PICKLE]
            # PyTorch does not compress it. A pickle that inflates could take minutes to read.
            limits.check_elements(info.filename, info.file_size, self._archive.budget.size)
            data = self._archive.read(info)
            self.root, self.pickle_size = read_pickle(Bounded(io.BytesIO(data.data), len(data))), len(data)
            self.big_endian = self._byte_order() == b"big"
        except BaseException:
            self.close()
            raise

    def _byte_order(self) -> bytes:
        info = self._members.get(f"{self._folder}byteorder")
        return b"" if info is None else self._archive.read(info).tobytes()

    def size(self, key: str) -> int | None:
        info = self._members.get(f"{self._folder}data/{key}")
        return None if info is None else info.file_size

    def read(self, key: str) -> Array:
        return self._archive.read(self._members[f"{self._folder}data/{key}"])

    def verify(self, callback: Callback | None) -> None:
        self._archive.verify(callback)

    def close(self) -> None:
        self._archive.close()


class _InOneStream(Records):
    """The format before PyTorch 1.6, several pickles and then the storages; or one pickle. It has no checksums."""

    def __init__(self, opened: Opened) -> None:
        self._fd: Readable = opened.fd
        self.file_size = opened.size
        self._places: dict[str, tuple[int, int]] = {}
        try:
            with stream_of(opened) as file:
                self._read_pickles(Bounded(file, opened.size), opened.size)
        except BaseException:
            self.close()
            raise

    def _read_pickles(self, file: Bounded, size: int) -> None:
        references: list[Reference] = []
        self.kind, begin = "pickle", 0
        self.root = read_pickle(file, references)
        if self.root == MAGIC:
            self.kind = "PyTorch file"
            read_pickle(file)  # the version of the format
            read_pickle(file)  # the machine; the storages are little-endian on any
            begin = file.tell()
            self.root = read_pickle(file, references)
        self.pickle_size = file.tell() - begin
        if self.kind != "pickle":
            self._find(read_pickle(file), _itemsizes(references), file.tell(), size)

    def _find(self, keys: Any, itemsizes: dict[str, int], place: int, size: int) -> None:
        """The place of each storage: its number of elements, and then its bytes."""
        length = bytearray(_LENGTH)
        for key in keys if isinstance(keys, list) else []:
            text = key.decode("utf-8", "replace") if isinstance(key, bytes) else key
            if not isinstance(text, str) or text not in itemsizes:
                raise DataLossError(None, None, "it has a storage that no tensor has.")
            read_at(self._fd, memoryview(length), place)
            nbytes = int.from_bytes(length, "little") * itemsizes[text]
            place += _LENGTH
            if nbytes > size - place:
                # It was cut off here; what comes before can be read.
                return
            self._places[text] = (place, nbytes)
            place += nbytes

    def size(self, key: str) -> int | None:
        return self._places[key][1] if key in self._places else None

    def read(self, key: str) -> Array:
        place, nbytes = self._places[key]
        array = np.empty(nbytes, np.uint8)
        read_at(self._fd, array.data, place)
        return array

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd != -1:
            end_reading(fd)


def _itemsizes(references: list[Reference]) -> dict[str, int]:
    """The bytes of an element of each storage; for a dtype that is not read too, since other storages follow."""
    found: dict[str, int] = {}
    for reference in references:
        try:
            storage: Storage = storage_of(reference, any_dtype=True)
        except (OpError, ValueError, TypeError, AttributeError):
            continue  # it is said of its tensor
        found.setdefault(storage.key, dtypes.numpy_dtype(storage.dtype).itemsize)
    return found
