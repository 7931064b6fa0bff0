"""Comparing where a reader of HDF5 finds the value of each variable with the extents in the index.

Digests cover both, so they only differ in a file that was made to show one value to some programs and another to
others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from h5py import h5d, h5g

from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.late_places import places_in
from hdfsaver.storage.hdf5.objects import damaged

Place: TypeAlias = tuple[int, int]
"""Offset and length of the bytes of a value, or of a chunk of it."""

Places: TypeAlias = Sequence[Place]


def check_places(root: h5g.GroupID, structure: bytes, plain: Mapping[str, Place], packed: Mapping[str, Places]) -> None:
    """Check that the dataset of each variable has the bytes that the index says.

    The headers of datasets are read from the structure, all at a time, which takes a tenth of the time. Only the
    datasets whose places no header names are looked for in HDF5, or all of them where the headers have another order
    than the index. So links that were exchanged are not seen where the headers have kept their order.

    Parameters
    ----------
    root : h5py.h5g.GroupID
    structure : bytes
        The bytes of the file that have the headers, or the beginning of them.
    plain : mapping of str to (int, int)
        Offset and length of the variables that are in one block, by their paths; without those of 0 bytes.
    packed : mapping of str to sequence of (int, int)
        The same for each chunk of the compressed ones, in row-major order.

    Raises
    ------
    DataLossError
        A dataset has other bytes; the message names it.
    """
    asked = {path: [plain[path]] for path in _unnamed(structure, plain)}
    for path, places in {**asked, **packed}.items():
        above, _, link = path.rpartition("/")
        dataset = objects.open_object(objects.open_group(root, above), link)
        with objects.reading(f"/{path}"):
            found = _shown(dataset, len(places)) if isinstance(dataset, h5d.DatasetID) else []
        if found != list(places):
            what = "its bytes are not where the index says, so other programs see another value than hdfsaver"
            raise damaged(f"/{path}", f"{what}.")


def _unnamed(structure: bytes, plain: Mapping[str, Place]) -> Sequence[str]:
    """The variables whose places no header names; all of them if the order of the headers is another one."""
    numbers = {place: number for number, place in enumerate(places_in(structure))}
    found = [numbers.get(place, -1) for place in plain.values()]
    named = [number for number in found if number >= 0]
    if named != sorted(named):
        return list(plain)
    return [path for path, number in zip(plain, found, strict=True) if number < 0]


def _shown(dataset: h5d.DatasetID, most: int) -> list[Place]:
    """Where HDF5 finds the bytes of a dataset; of more than ``most`` chunks only the first."""
    if dataset.get_create_plist().get_layout() != h5d.CHUNKED:
        return [(dataset.get_offset() or 0, dataset.get_storage_size())]
    chunks: list[Any] = []

    def see(chunk: Any) -> bool | None:
        chunks.append(chunk)
        return True if len(chunks) > most else None  # which ends the walk

    dataset.chunk_iter(see)
    return [(chunk.byte_offset, chunk.size) for chunk in sorted(chunks, key=lambda chunk: chunk.chunk_offset)]
