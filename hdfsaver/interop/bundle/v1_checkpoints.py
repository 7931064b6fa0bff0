"""Reading TensorFlow checkpoints of the first format: tables whose values are the tensors themselves.

Source: ``tensorflow/core/util/tensor_slice_{reader,writer}.cc`` and ``saved_tensor_slice.proto``. The value of key ""
lists the tensors and their slices; each slice has its own key. The only checksums are those of the table's blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened, end_reading
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.interop.bundle import bundle_slices
from hdfsaver.interop.bundle.tensorflow_source import TensorFlowSource
from hdfsaver.interop.table import ordered_code
from hdfsaver.interop.table.table import Table
from hdfsaver.messages import message_classes, tensor_protos, tensor_types
from hdfsaver.messages.parsing import parse
from hdfsaver.tensor_info import Array, Key, TensorInfo, numpy_dtype

VERSION = 1


class _Piece(NamedTuple):
    """A slice: its file, its position in the tensor, and its key."""

    path: str
    box: Key
    key: bytes


class V1Source(TensorFlowSource):
    """Reads the tensors of open V1 files.

    Parameters
    ----------
    prefix : str
        The prefix of the checkpoint.
    files : mapping of str to Opened
        Its files by their paths, which are closed with the source.

    Raises
    ------
    DataLossError, InvalidArgumentError
        A file is damaged, is not a V1 checkpoint, or does not match the others.
    """

    def __init__(self, prefix: str, files: dict[str, Opened]) -> None:
        super().__init__(prefix)
        self.entries: dict[str, TensorInfo] = {}
        self._pieces: dict[str, list[_Piece]] = {}
        self._tables: dict[str, Table] = {}
        self._files = files
        for path, opened in files.items():
            with about(path):
                self._tables[path] = Table(opened.fd, opened.size)
                self._list(path, self._tables[path])

    def close(self) -> None:
        """Close the files."""
        for opened in self._files.values():
            end_reading(opened.fd)

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of tensors, in the order of ``names``."""
        progress = Progress(callback, sum(self.entries[name].nbytes for name in names))
        found = {}
        for name in names:
            found[name] = self.read_slice(name, tuple(slice(0, size) for size in self.entries[name].shape))
            progress.advance(self.entries[name].nbytes)
        return found

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a tensor; the slices that it overlaps are read as a whole."""
        dtype, shape = numpy_dtype(self.entries[name].dtype), bundle_slices.shape_of(key)
        if 0 in shape:
            return np.empty(shape, dtype)
        touched = [
            (shared, it)
            for it in self._pieces.get(name, [])
            if (shared := bundle_slices.overlap(it.box, key)) is not None
        ]
        bundle_slices.check_tiling([shared for shared, _piece in touched], key, name)
        # The values are read before memory for the whole is allocated, because a malicious shape may declare any size.
        parts = [
            bundle_slices.cut(self._value(name, it), bundle_slices.moved(shared, it.box)) for shared, it in touched
        ]
        if len(parts) == 1:
            return parts[0].copy() if parts[0].base is not None else parts[0]
        whole = np.empty(shape, dtype)
        for (shared, _piece), part in zip(touched, parts, strict=True):
            whole[bundle_slices.moved(shared, key)] = part
        return whole

    def verify(self, callback: Callback | None = None) -> None:
        """Check every block of the files, and that every value can be read."""
        progress = Progress(callback, sum(entry.nbytes for entry in self.entries.values()))
        for path, table in self._tables.items():
            with about(path):
                for _item in table.items():
                    pass
        for name, pieces in self._pieces.items():
            for piece in pieces:
                self._value(name, piece)
            progress.advance(self.entries[name].nbytes)

    def _list(self, path: str, table: Table) -> None:
        header = table.get(b"")
        saved = parse(message_classes.SavedTensorSlices, header or b"", "its header")
        if not saved.HasField("meta"):
            raise DataLossError(None, None, "its first entry is not the header of a V1 checkpoint.")
        meta = saved.meta
        if meta.versions.min_consumer > VERSION or VERSION in meta.versions.bad_consumers:
            raise InvalidArgumentError(
                None,
                None,
                f"it needs a reader of version {meta.versions.min_consumer}, but this reader has version {VERSION}.",
            )
        for tensor in meta.tensor:
            self._add(path, tensor)

    def _add(self, path: str, tensor: Any) -> None:
        name = tensor.name
        dtype = tensor_types.dtype_name(tensor.type, name)
        shape = tensor_types.shape_of(tensor.shape, name)
        entry = TensorInfo(name, dtype, shape, tensor_types.nbytes_of(dtype, shape) or 0)
        if self.entries.setdefault(name, entry) != entry:
            raise DataLossError(
                None, None, f"tensor {name!r} is {dtype} of shape {shape} here, but differs in another file."
            )
        for each in tensor.slice:
            extents = bundle_slices.extents_of(each)
            key = ordered_code.slice_key(name.encode(), extents)
            self._pieces.setdefault(name, []).append(_Piece(path, bundle_slices.box_of(extents, shape, name), key))

    def _value(self, name: str, piece: _Piece) -> Array:
        with about(piece.path):
            data = self._tables[piece.path].get(piece.key)
            if data is None:
                raise DataLossError(None, None, f"a slice of tensor {name!r} is missing.")
            saved = parse(message_classes.SavedTensorSlices, data, f"the value of tensor {name!r}").data
            if saved.name != name:
                raise DataLossError(None, None, f"the value of tensor {name!r} belongs to {saved.name!r}.")
            return tensor_protos.array_of(saved.data, self.entries[name].dtype, bundle_slices.shape_of(piece.box), name)
