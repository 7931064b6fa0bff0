"""The arrays of a target, each read and converted when it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from hdfsaver import dtypes
from hdfsaver.conversion.layouts.found import Part
from hdfsaver.files.lazy_arrays import Deferred, Pending
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.tensor_info import LARGE, STRING, Array, TensorInfo, counted

_OF_ML_DTYPES = 2
"""`numpy.dtype.isbuiltin` of a dtype that another library has added."""


class TargetArrays(Mapping[str, Array]):
    """The arrays of a target by their names there, each made when it is asked for.

    Attributes
    ----------
    entries : mapping of str to TensorInfo
        The description of each array.
    """

    entries: Mapping[str, TensorInfo]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def deferred(self, name: str) -> Array | Pending:
        """An array that is made when it is written; strings, whose size is not known in advance, are read now."""
        entry = self.entries[name]
        if entry.dtype == STRING:
            return self[name]
        return Deferred(entry.shape, dtypes.numpy_dtype(entry.dtype), lambda: self[name])


class ConvertedArrays(TargetArrays):
    """The arrays of a target, by their names there.

    Parameters
    ----------
    source : TensorFile
        The open file.
    chosen : mapping of str to TensorInfo
        The array of the source for each name in the target.
    entries : mapping of str to TensorInfo
        The description of each array in the target.
    callback : callable, optional
        See `hdfsaver.files.progress.Callback`.
    parts : mapping of str to Part, optional
        How arrays in another layout are made of those of the source.
    is_twice : bool
        Whether a large array is read twice, and written only then; see `hdfsaver.storage.streaming`.

    Attributes
    ----------
    changed : dict of str to str
        By name, for each array that has been read, the number of elements that are not in the dtype of the target.
    """

    def __init__(
        self,
        source: TensorFile,
        chosen: Mapping[str, TensorInfo],
        entries: Mapping[str, TensorInfo],
        callback: Callback | None = None,
        parts: Mapping[str, Part] | None = None,
        *,
        is_twice: bool = False,
    ) -> None:
        self._parts = parts or {}
        self._source = source
        self._chosen = chosen
        self.entries = entries
        self._numbers = sum(entry.nbytes for entry in entries.values() if entry.dtype != STRING)
        self._early = {entry.name for entry in entries.values() if is_twice and entry.nbytes >= LARGE}
        self._texts: dict[str, int] = {}
        self.changed: dict[str, str] = {}
        self._progress = Progress(callback, self._numbers)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays; those of strings once they have been read."""
        return self._numbers + sum(self._texts.values())

    def __getitem__(self, name: str) -> Array:
        array = self._read(name)
        entry = self.entries[name]
        if entry.dtype != self._chosen[name].dtype:
            before, array = array, converted(array, entry.dtype)
            lost = lost_numbers(before, array)
            if lost:
                self.changed[name] = f"of {array.size:,} numbers {lost} in {entry.dtype}"
        if entry.dtype == STRING:
            self._texts[name] = counted(entry, array).nbytes
        elif name in self._early:
            self._early.remove(name)
        else:
            self._progress.advance(array.nbytes)
        return array

    def _read(self, name: str) -> Array:
        part = self._parts.get(name)
        if part is None:
            return self._source.read(self._chosen[name].name)
        return part.make([self._source.read(source) for source in part.sources])


def converted(array: Array, dtype: str) -> Array:
    """Real numbers in another dtype; those beyond it become infinite, or NaN where it has no infinities."""
    wanted = dtypes.numpy_dtype(dtype)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if array.dtype.isbuiltin == wanted.isbuiltin == _OF_ML_DTYPES:  # not all pairs of these have a conversion
            array = array.astype(np.float32)  # which has all their numbers
        found: Array = array.astype(wanted)
    return found


def lost_numbers(before: Array, after: Array) -> str:
    """The number of elements that became infinite, NaN or zero, as a part of a sentence; empty without any."""
    is_nan = np.isnan(after)
    changes = (
        ("became infinite", np.isinf(after) & np.isfinite(before)),
        ("became NaN", is_nan & ~np.isnan(before)),
        ("became 0", (after == 0) & (before != 0)),
    )
    counts = [(text, int(np.count_nonzero(mask))) for text, mask in changes]
    return ", ".join(f"{count:,} {text}" for text, count in counts if count)
