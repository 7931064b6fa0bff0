"""Writing a file: HDF5 lays it out, its bytes go out in parallel, and the seal closes it."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from hdfsaver.schema import Structure
from hdfsaver.storage import layout
from hdfsaver.storage.commit import atomic_write
from hdfsaver.storage.skeleton import Place, Skeleton, lay_out
from hdfsaver.storage.transfer import write_all, write_at
from hdfsaver.storage.values import Value, layout_key, prepare


def write_file(
    path: str | os.PathLike[str],
    *,
    variables: Mapping[str, npt.NDArray[Any]] | None,
    structure: Structure | None,
    dtypes: Mapping[str, str] | None = None,
    durable: bool = True,
) -> None:
    """Write a checkpoint's file, replacing an earlier one only when the new one is complete.

    Parameters
    ----------
    path : path-like
        The file.
    variables : mapping of str to ndarray, or None
        The values by name, in the order that the index is to have; None for a file without ``/variables``.
    structure : Structure or None
        The graph; None for a file without ``/graph``.
    dtypes : mapping of str to str, optional
        The dtypes' names of variables whose NumPy dtype does not say it (the quantized ones).
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    TypeError, ValueError
        A value cannot be stored, or a name.
    NotFoundError
        The folder does not exist.
    OpError
        What the operating system reports: `PermissionDeniedError`, `ResourceExhaustedError` and so on.
    """
    Writer().write(path, variables=variables, structure=structure, dtypes=dtypes, durable=durable)


class Writer:
    """Writes files, and remembers the layout of the last one for the next save of the same variables."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._skeleton: Skeleton | None = None

    def write(
        self,
        path: str | os.PathLike[str],
        *,
        variables: Mapping[str, npt.NDArray[Any]] | None,
        structure: Structure | None,
        dtypes: Mapping[str, str] | None = None,
        durable: bool = True,
        structure_version: Hashable = None,
    ) -> None:
        """Write a file; see `write_file`.

        Parameters
        ----------
        structure_version : hashable, optional
            What changes whenever the structure does, a graph and its version for example. Without it, a file with a
            structure is laid out anew every time.
        """
        named = dtypes or {}
        values = (
            None
            if variables is None
            else {name: prepare(name, value, named.get(name)) for name, value in variables.items()}
        )
        skeleton = self._layout_for(values, structure, structure_version)
        with atomic_write(path, durable=durable) as draft:
            draft.reserve(skeleton.size)
            _write(draft.fd, skeleton, list((values or {}).values()))

    def _layout_for(
        self, values: Mapping[str, Value] | None, structure: Structure | None, version: Hashable
    ) -> Skeleton:
        key = (None if values is None else layout_key(values), structure is None, version)
        if self._skeleton is not None and key == self._key:
            return self._skeleton
        # Forgotten first: the old layout and the new one need not fit into memory together.
        self._key, self._skeleton = None, None
        skeleton = lay_out(None if values is None else [_place(*item) for item in values.items()], structure)
        if structure is None or version is not None:
            self._key, self._skeleton = key, skeleton
        return skeleton


def _place(name: str, value: Value) -> Place:
    return Place(
        name, value.dtype, value.shape, value.datatype(), value.data.shape, value.data.nbytes, value.attributes
    )


def _write(fd: int, skeleton: Skeleton, values: Sequence[Value]) -> None:
    offsets = skeleton.extents["offset"].tolist()
    sizes = skeleton.extents["nbytes"].tolist()
    large = [index for index, nbytes in enumerate(sizes) if nbytes >= layout.LARGE]
    small = [index for index, nbytes in enumerate(sizes) if nbytes < layout.LARGE]
    digests = np.zeros(len(values), dtype=np.uint64)
    digests[large] = write_all(fd, [(offsets[index], values[index].view()) for index in large])
    data = [values[index].data.tobytes() for index in small]
    digests[small] = np.fromiter(map(xxhash.xxh3_64_intdigest, data), np.uint64, len(data))
    for segment in skeleton.fill([offsets[index] for index in small], data, digests):
        write_at(fd, memoryview(segment.data), segment.offset)
