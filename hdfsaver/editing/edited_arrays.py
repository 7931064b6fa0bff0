"""The arrays of a result: each is copied as it is stored, or made piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.conversion.converted_arrays import TargetArrays
from hdfsaver.files.lazy_arrays import Pending, Streamed
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.tensor_info import STRING, Array, TensorInfo, bytes_of


class EditedArray(NamedTuple):
    """An array of a result.

    Attributes
    ----------
    entry : TensorInfo
        Its name, dtype and shape in the result. The filters are those of the source, which a new value gets too.
    origin : str
        Its name in the source.
    pieces : callable
        Returns an iterator of flat arrays that together have its elements in order.
    stored : callable
        Returns its stored bytes, if they are those of an hdfsaver checkpoint, or None.
    """

    entry: TensorInfo
    origin: str
    pieces: Callable[[], Iterator[Array]]
    stored: Callable[[], Pending | None]


def copied(file: TensorFile, name: str, new: str | None = None, *, unpacked: bool = False) -> EditedArray:
    """An array that stays as it is, maybe under another name.

    Parameters
    ----------
    file : TensorFile
    name : str
        Its name in the file.
    new : str, optional
        Its name in the result.
    unpacked : bool
        Whether its chunks are not kept, if it is compressed.
    """
    entry = file.variables[name]._replace(name=name if new is None else new)
    if unpacked:
        entry = entry._replace(filters=(), chunk=())
    return EditedArray(entry, name, lambda: file.pieces(name), lambda: file.stored(name, unpacked=unpacked))


def nothing_stored() -> None:
    """There are no stored bytes: the value is a new one."""
    return


class EditedArrays(TargetArrays):
    """The arrays of a result by their names.

    Parameters
    ----------
    arrays : mapping of str to EditedArray
    callback : callable, optional
        Called with the bytes of arrays that were asked for, see `hdfsaver.files.progress.Callback`.
    """

    def __init__(self, arrays: Mapping[str, EditedArray], callback: Callback | None = None) -> None:
        self.entries = {name: array.entry for name, array in arrays.items()}
        self._arrays = arrays
        self._progress = Progress(callback, sum(entry.nbytes for entry in self.entries.values()))

    def __getitem__(self, name: str) -> Array:
        entry = self.entries[name]
        whole = np.empty(entry.shape, object if entry.dtype == STRING else dtypes.numpy_dtype(entry.dtype))
        flat, at = whole.reshape(-1), 0
        for piece in self._arrays[name].pieces():
            flat[at : at + piece.size] = piece
            at += piece.size
        if at != flat.size:
            raise ValueError(f"{name!r}: {at} elements were made where {flat.size} were expected.")
        self._progress.advance(entry.nbytes)
        return whole

    def deferred(self, name: str) -> Array | Pending:
        """The stored bytes of an array, or the array piece by piece; strings that are not stored here are read now."""
        entry = self.entries[name]
        stored = self._arrays[name].stored()
        if stored is not None:
            return stored
        if entry.dtype == STRING:
            return self[name]
        return Streamed(entry.shape, dtypes.numpy_dtype(entry.dtype), self._arrays[name].pieces)


def in_blocks(pieces: Iterable[Array], size: int) -> Iterator[Array]:
    """Flat arrays of ``size`` elements, and a shorter one at the end, made of flat arrays of any size."""
    found: list[Array] = []
    count = 0
    for piece in pieces:
        while piece.size:
            part, piece = piece[: size - count], piece[size - count :]
            found.append(part)
            count += part.size
            if count == size:
                yield found[0] if len(found) == 1 else np.concatenate(found)
                found, count = [], 0
    if found:
        yield found[0] if len(found) == 1 else np.concatenate(found)


BLOCK = 1 << 16
"""Elements that are compared or averaged at once: they fit into the cache of a core."""


def are_equal(one: tuple[TensorFile, str], other: tuple[TensorFile, str]) -> bool:
    """Whether two arrays have one dtype, one shape and the same bits."""
    (file, name), (file2, name2) = one, other
    entry, entry2 = file.variables[name], file2.variables[name2]
    if entry[1:3] != entry2[1:3]:
        return False
    digests = (file.digest(name), file2.digest(name2))
    if None not in digests and entry.dtype != STRING:
        return digests[0] == digests[1]
    pairs = zip(in_blocks(file.pieces(name), BLOCK), in_blocks(file2.pieces(name2), BLOCK), strict=True)
    return all(_same_bits(block, block2) for block, block2 in pairs)


def _same_bits(block: Array, block2: Array) -> bool:
    if block.dtype == object:
        return bool(np.array_equal(block, block2))
    return bytes_of(np.ascontiguousarray(block)) == bytes_of(np.ascontiguousarray(block2))
