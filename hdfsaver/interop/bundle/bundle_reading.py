"""Reading the tensors of a bundle: whole, in part, or as views of its files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hdfsaver.errors import AbortedError, DataLossError, UnimplementedError
from hdfsaver.files.coalesced_reads import fill_small
from hdfsaver.files.memory_map import map_arrays
from hdfsaver.files.opening import Opened, end_reading
from hdfsaver.files.partial_reads import read_part
from hdfsaver.files.positional_io import PIECE, read_at
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.readable import Readable
from hdfsaver.interop.bundle import bundle_slices, string_tensors
from hdfsaver.interop.bundle.bundle_index import Place, is_text, read_index
from hdfsaver.interop.bundle.crc_io import Stretch, digest_all, read_all
from hdfsaver.interop.bundle.shards import Shards, index_path
from hdfsaver.interop.bundle.tensorflow_source import TensorFlowSource
from hdfsaver.interop.table import checksum
from hdfsaver.interop.table.table import Table
from hdfsaver.messages import tensor_types
from hdfsaver.tensor_info import LARGE, STRING, Array, Key, bytes_of, numpy_dtype

_WINDOW = 64 << 20
"""Bytes of slices that are read at once, in addition to the tensor that they are copied to."""


class _Touched(NamedTuple):
    """A slice that overlaps the wanted part: the overlap and the slice, within the tensor, and the slice's place."""

    shared: Key
    box: Key
    place: Place


class BundleSource(TensorFlowSource):
    """Reads the tensors of a bundle with an open index.

    Parameters
    ----------
    prefix : str
        The prefix of the checkpoint.
    opened : Opened
        Its index, which is closed with the source.

    Raises
    ------
    DataLossError, InvalidArgumentError
        See `bundle_index.read_index`.
    """

    def __init__(self, prefix: str, opened: Opened) -> None:
        super().__init__(prefix)
        self._opened = opened
        self._index = read_index(Table(opened.fd, opened.size))
        self._shards = Shards(prefix, self._index.shards, self.check_current)
        self.entries = self._index.entries

    def check_current(self) -> None:
        """Check that the index is still the one that was opened: a new one leads to other data and another graph.

        Raises
        ------
        AbortedError
            It was replaced or removed.
        """
        path = index_path(self._prefix)
        if not isinstance(self._opened.fd, int):
            self._opened.fd.check_current()
            return
        try:
            is_current = os.path.samestat(os.stat(path), os.fstat(self._opened.fd))
        except OSError:
            is_current = False
        if not is_current:
            raise AbortedError(
                None,
                None,
                f"{path} is not the file that was opened: the checkpoint was replaced or removed meanwhile. Open it "
                "again to read the new one.",
            )

    def close(self) -> None:
        """Close the index and the data files."""
        self._shards.close()
        end_reading(self._opened.fd)

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of tensors, in the order of ``names``."""
        _refuse_handles(self.entries[name].dtype for name in names)
        progress = Progress(callback, sum(self.entries[name].nbytes for name in names))
        whole = [name for name in names if name in self._index.places]
        values = self._whole([self._index.places[name] for name in whole], progress)
        found = dict(zip(whole, values, strict=True))
        for name in names:
            if name in self._index.parts:
                found[name] = self._joined(name, _everything(self.entries[name].shape), progress)
        return {name: found[name] for name in names}

    def boxes(self, name: str) -> list[Key] | None:
        """The slices that a tensor is stored in; None where it is stored whole."""
        return None if name in self._index.places else [box for box, _place in self._index.parts[name]]

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a tensor; checksums are checked only for stored slices and strings."""
        _refuse_handles([self.entries[name].dtype])
        if name in self._index.parts:
            return self._joined(name, key, Progress(None, 0))
        return self._part(self._index.places[name], key)

    def pieces(self, name: str) -> Iterator[Array]:
        """The elements of a tensor in order; one that is stored whole is read piece by piece."""
        place = self._index.places.get(name)
        if place is None or place.nbytes < LARGE or is_text(place) or place.dtype in tensor_types.HANDLES:
            yield from super().pieces(name)
            return
        self._shards.open_for([place])
        fd, crc, last = self._shards[place.shard].fd, 0, None
        for start in range(0, place.nbytes, PIECE):
            data = memoryview(bytearray(min(PIECE, place.nbytes - start)))
            read_at(fd, data, place.offset + start)
            crc = checksum.extend(crc, data)
            if last is not None:
                yield last
            last = self._native(np.frombuffer(data, numpy_dtype(place.dtype)))
        self._check([place], [checksum.mask(crc)])
        if last is not None:
            yield last

    def map(self, names: Sequence[str], mode: str) -> dict[str, Array]:
        """Map tensors into memory; tensors that cannot be mapped are left out."""
        found: dict[str, Array] = {}
        places = [self._index.places[name] for name in names if name in self._index.places]
        large = [place for place in places if self._mappable(place)]
        self._shards.open_for(large)
        for shard in {place.shard for place in large}:
            extents = {
                place.name: (place.offset, place.shape, numpy_dtype(place.dtype))
                for place in large
                if place.shard == shard
            }
            found.update(map_arrays(self._shards[shard], extents, mode))
        return found or map_arrays(self._opened, {}, mode)

    def verify(self, callback: Callback | None = None) -> None:
        """Check the index again, and every tensor and slice with a value against its checksum."""
        for _item in Table(self._opened.fd, self._opened.size).items():
            pass
        places = [*self._index.places.values(), *(it for parts in self._index.parts.values() for _box, it in parts)]
        self._shards.open_for(places)
        progress = Progress(callback, sum(place.nbytes for place in places))
        plain = [place for place in places if tensor_types.nbytes_of(place.dtype, place.shape) is not None]
        wrong = self._wrong(plain, digest_all([self._stretch(place) for place in plain], progress))
        for place in filter(is_text, places):
            try:
                self._text(place, progress)
            except DataLossError:
                wrong.append(place)
        if wrong:
            raise self._changed(wrong)

    def _mappable(self, place: Place) -> bool:
        foreign = self._index.order == "big" and numpy_dtype(place.dtype).itemsize > 1
        plain = place.dtype != STRING and place.dtype not in tensor_types.HANDLES
        return plain and place.nbytes >= LARGE and not foreign

    def _stretch(self, place: Place) -> Stretch:
        return Stretch(self._shards[place.shard].fd, place.offset, place.nbytes)

    def _whole(self, places: Sequence[Place], progress: Progress) -> list[Array]:
        """Read the values of places, in order."""
        self._shards.open_for(places)
        found: dict[int, Array] = {}
        for read, numbers in zip((self._strings, self._large, self._small), _sorted_out(places), strict=True):
            found.update(zip(numbers, read([places[number] for number in numbers], progress), strict=True))
        return [found[number] for number in range(len(places))]

    def _large(self, places: Sequence[Place], progress: Progress) -> list[Array]:
        arrays = [np.empty(place.shape, numpy_dtype(place.dtype)) for place in places]
        jobs = [(self._stretch(place), bytes_of(array)) for place, array in zip(places, arrays, strict=True)]
        self._check(places, read_all(jobs, progress))
        return [self._native(array) for array in arrays]

    def _small(self, places: Sequence[Place], progress: Progress) -> list[Array]:
        by_shard: dict[int, list[int]] = {}
        for number, place in enumerate(places):
            by_shard.setdefault(place.shard, []).append(number)
        found: dict[int, Array] = {}
        for shard, numbers in by_shard.items():
            arrays = self._small_of(self._shards[shard].fd, [places[number] for number in numbers])
            found.update(zip(numbers, arrays, strict=True))
        progress.advance(sum([place.nbytes for place in places]))
        return [found[number] for number in range(len(places))]

    def _small_of(self, fd: Readable, places: Sequence[Place]) -> list[Array]:
        """Read small tensors of one file, many with one read."""
        arrays = [np.empty(place.shape, numpy_dtype(place.dtype)) for place in places]
        fill_small(fd, [place.offset for place in places], arrays)
        self._check(places, list(map(checksum.masked, arrays)))
        return [self._native(array) for array in arrays] if self._index.order == "big" else arrays

    def _strings(self, places: Sequence[Place], progress: Progress) -> list[Array]:
        return [self._text(place, progress) for place in places]

    def _text(self, place: Place, progress: Progress) -> Array:
        data = memoryview(bytearray(place.nbytes))
        read_at(self._shards[place.shard].fd, data, place.offset)
        try:
            array, crc = string_tensors.decode(data, place.shape, self._index.order)
        except ValueError as error:
            raise DataLossError(
                None, None, f"{self._shards.path(place.shard)}: string tensor {place.name!r} is damaged: {error}."
            ) from None
        self._check([place], [crc])
        progress.advance(place.nbytes)
        return array

    def _native(self, array: Array) -> Array:
        """The array in this machine's byte order."""
        if self._index.order == "big" and array.itemsize > 1:
            half = array.real.dtype.itemsize if array.dtype.kind == "c" else array.itemsize
            array.reshape(-1).view(f"u{half}").byteswap(inplace=True)
        return array

    def _joined(self, name: str, wanted: Key, progress: Progress) -> Array:
        """Read a part of a tensor that is stored in slices."""
        shape, dtype = bundle_slices.shape_of(wanted), numpy_dtype(self.entries[name].dtype)
        if 0 in shape:
            return np.empty(shape, dtype)
        touched = [
            _Touched(shared, box, place)
            for box, place in self._index.parts[name]
            if (shared := bundle_slices.overlap(box, wanted)) is not None
        ]
        bundle_slices.check_tiling([it.shared for it in touched], wanted, name)
        # Before memory is allocated, because a malicious shape may declare any size.
        self._shards.open_for([it.place for it in touched])
        whole = np.empty(shape, dtype)
        for batch in _batches(touched):
            self._put(batch, whole, wanted, progress)
        return whole

    def _put(self, batch: Sequence[_Touched], whole: Array, wanted: Key, progress: Progress) -> None:
        """Copy slices into the result; the checksums of slices that are wanted as a whole are checked."""
        complete = [number for number, it in enumerate(batch) if it.shared == it.box]
        values = self._whole([batch[number].place for number in complete], progress)
        known = dict(zip(complete, values, strict=True))
        for number, it in enumerate(batch):
            value = known[number] if number in known else self._part(it.place, bundle_slices.moved(it.shared, it.box))
            whole[bundle_slices.moved(it.shared, wanted)] = value

    def _part(self, place: Place, key: Key) -> Array:
        self._shards.open_for([place])
        if is_text(place):
            return bundle_slices.cut(self._text(place, Progress(None, 0)), key).copy()
        fd = self._shards[place.shard].fd
        return self._native(read_part(fd, place.offset, place.shape, numpy_dtype(place.dtype), key))

    def _wrong(self, places: Sequence[Place], crcs: Sequence[int]) -> list[Place]:
        return [place for place, crc in zip(places, crcs, strict=True) if place.crc != crc]

    def _check(self, places: Sequence[Place], crcs: Sequence[int]) -> None:
        wrong = self._wrong(places, crcs)
        if wrong:
            raise self._changed(wrong)

    def _changed(self, places: Sequence[Place]) -> DataLossError:
        names = list(dict.fromkeys(place.name for place in places))
        shown = ", ".join(map(repr, names[:10])) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        tensors = "tensor" if len(names) == 1 else f"{len(names)} tensors"
        return DataLossError(
            None,
            None,
            f"{self._shards.path(places[0].shard)}: the bytes of {tensors} {shown} differ from those that were saved. "
            "The file is damaged, or does not belong to this index: use another copy, or an older checkpoint.",
        )


def _sorted_out(places: Sequence[Place]) -> tuple[list[int], list[int], list[int]]:
    """The positions of string tensors among the places, of large tensors, and of small tensors."""
    strings: list[int] = []
    large: list[int] = []
    small: list[int] = []
    for number, place in enumerate(places):
        (strings if place.dtype == STRING else large if place.nbytes >= LARGE else small).append(number)
    return strings, large, small


def _everything(shape: tuple[int, ...]) -> Key:
    return tuple(slice(0, size) for size in shape)


def _batches(touched: Sequence[_Touched]) -> Iterator[list[_Touched]]:
    batch: list[_Touched] = []
    for item in touched:
        if batch and sum(it.place.nbytes for it in batch) + item.place.nbytes > _WINDOW:
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _refuse_handles(names: Iterable[str]) -> None:
    for dtype in names:
        if dtype in tensor_types.HANDLES:
            raise UnimplementedError(
                None,
                None,
                f"Tensors of dtype {dtype} are handles of a running TensorFlow; they have no values to read.",
            )
