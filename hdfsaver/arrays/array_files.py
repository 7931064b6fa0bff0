"""A dict of arrays as a file, and a file as a dict of arrays: the shape of safetensors' functions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from hdfsaver import dtypes
from hdfsaver.arrays.indexing import select
from hdfsaver.arrays.library_arrays import as_numpy
from hdfsaver.dtypes import DType
from hdfsaver.files.progress import Callback
from hdfsaver.reading.find_checkpoint import PathLike, as_prefix, existing_file
from hdfsaver.storage.chunks.compression import Choices, by_name
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.reading import CheckpointFile
from hdfsaver.storage.reading import open_file as open_checkpoint_file
from hdfsaver.storage.writing import Model, Writer
from hdfsaver.tensor_info import Array, TensorInfo


def save_file(
    tensors: Mapping[str, Any],
    path: PathLike,
    metadata: Mapping[str, str] | None = None,
    *,
    compression: Choices = None,
    durable: bool = True,
    progress: Callback | None = None,
) -> None:
    """Write arrays into a file: whole or not at all, sealed, each with a digest.

    Parameters
    ----------
    tensors : mapping of str to array
        Arrays of NumPy, PyTorch (a ``state_dict``) or JAX, anything else with ``__array__`` or DLPack, numbers and
        texts; of any dtype in the table of dtypes, any byte order and memory layout. Nothing is copied that lies as
        the file wants it.
    path : path
        The file, as it is to be called; an earlier one is replaced when the new one is complete.
    metadata : mapping of str to str, optional
        What the file is to say of itself.
    compression : str, Compression, or dict of str to these, optional
        Compress the arrays of at least 64 KiB, all of them or, by their names, some; see `hdfsaver.Compression`.
    durable : bool
        Return only when the file is on the disk.
    progress : callable, optional
        Called with the bytes written and the bytes in total, now and then; what it raises ends the save.

    Raises
    ------
    TypeError
        A value is no array, or of a dtype that there is not; a name or something in ``metadata`` is no str. Nothing is
        written.
    ValueError
        A name, or a text in ``metadata``, cannot be written in UTF-8; an array has more than 32 dimensions; there is no
        such compression, or it names an array that there is not.
    ImportError
        What compresses is not installed.
    NotFoundError
        The folder does not exist.
    OpError
        What the operating system reports.

    See Also
    --------
    hdfsaver.torch : the same with tensors of PyTorch in and out.
    """
    _check_texts(metadata or {})
    arrays = {_checked(name): as_numpy(value, name) for name, value in _mapping(tensors).items()}
    models = {ROOT: Model(arrays, None, {}, by_name(compression, arrays))}
    Writer().write(as_prefix(path), models, metadata=metadata, durable=durable, progress=progress)


def _mapping(tensors: Any) -> Mapping[str, Any]:
    if not isinstance(tensors, Mapping):
        raise TypeError(f"A dict of arrays by name was expected, not {type(tensors).__name__}.")
    return tensors


def _checked(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"An array is named by a str, not {name!r}.")
    return name


def _check_texts(metadata: Mapping[str, str]) -> None:
    for key, value in metadata.items():
        if not (isinstance(key, str) and isinstance(value, str)):
            raise TypeError(f"metadata holds texts by text, not {key!r}: {value!r}; json.dumps makes a text of it.")


def load_file(
    path: PathLike, *, group: str = ROOT, mmap_mode: str | None = None, progress: Callback | None = None
) -> dict[str, Array]:
    """Read all arrays of a file, each compared with its digest.

    Parameters
    ----------
    path : path
        The file, or the prefix of a checkpoint: what a Saver wrote is read too.
    group : str
        The model to read, in a file that has several.
    mmap_mode : str, optional
        ``"r"`` or ``"c"``: map large arrays into memory instead of reading them, without a look at their digests.
    progress : callable, optional
        Called with the bytes read and the bytes in total, now and then.

    Returns
    -------
    dict of str to ndarray
        In the order of the file. Arrays that are read, or mapped with ``"c"``, can be written on; those of texts are of
        dtype object and hold bytes.

    Raises
    ------
    NotFoundError
        There is no such file, or no such group in it.
    DataLossError
        It is damaged, or was changed by another program.
    OpError
        It cannot be read for another reason.
    """
    with _open(path, group) as file:
        return file.read_many(file.variables, mmap_mode=mmap_mode, progress=progress)


def open_file(path: PathLike, *, group: str = ROOT) -> ArrayFile:
    """Open a file of arrays, to read some of them, or parts.

    Parameters
    ----------
    path, group
        See `load_file`, as for errors.

    Returns
    -------
    ArrayFile
        A read-only mapping, and a context manager.
    """
    return ArrayFile(_open(path, group))


def _open(path: PathLike, group: str) -> CheckpointFile:
    text = as_prefix(path)
    return open_checkpoint_file(Path(text) if os.path.isfile(text) else existing_file(text), group)


class ArrayFile(Mapping[str, Array]):
    """An open file of arrays: a mapping from names to values, which are read when they are asked for."""

    def __init__(self, file: CheckpointFile) -> None:
        self._file = file

    def __getitem__(self, name: str) -> Array:
        """The array of that name, compared with its digest; `KeyError` where there is none."""
        self._entry(name)
        return self._file.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.variables)

    def __len__(self) -> int:
        return len(self._file.variables)

    def __contains__(self, name: object) -> bool:
        return name in self._file.variables

    def __repr__(self) -> str:
        return f"<ArrayFile {self._file.path!r} with {len(self)} arrays>"

    def get_tensor(self, name: str) -> Array:
        """The array of that name, as safetensors calls it."""
        return self[name]

    def get_slice(self, name: str) -> ArraySlice:
        """An array of which parts can be read; `KeyError` where there is none."""
        return ArraySlice(self._file, self._entry(name))

    def _entry(self, name: str) -> TensorInfo:
        entry = self._file.variables.get(name)
        if entry is None:
            raise KeyError(f"{self._file.path} has no array {name!r}.")
        return entry

    def metadata(self) -> dict[str, str]:
        """What the file says of itself."""
        return self._file.metadata()

    def verify(self, *, progress: Callback | None = None) -> None:
        """Compare every byte with its digest; `DataLossError` where something is not what was saved."""
        self._file.verify(progress=progress)

    def close(self) -> None:
        """Close the file; names, shapes and dtypes are still known then, values are not."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class ArraySlice:
    """One array in a file: ``part[2:5, ::2]`` reads what lies between the first and the last element of the part.

    No digest covers a part; `ArrayFile.verify` looks at all.
    """

    def __init__(self, file: CheckpointFile, entry: TensorInfo) -> None:
        self._file = file
        self._entry = entry

    def __getitem__(self, index: Any) -> Array | np.generic:
        """A part, by integers, slices and an Ellipsis, as NumPy gives it; `IndexError` where there is no such part."""
        selection = select(index, self._entry.shape)
        found = self._file.read_slice(self._entry.name, selection.box)[selection.rest]
        return found.copy() if isinstance(found, np.ndarray) and found.base is not None else found

    def get_shape(self) -> list[int]:
        """The sizes of the whole array."""
        return list(self._entry.shape)

    def get_dtype(self) -> DType:
        """The dtype of the array."""
        return dtypes.as_dtype(self._entry.dtype)
