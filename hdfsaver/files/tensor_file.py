"""An open file with tensors by name, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DType
from hdfsaver.errors import FailedPreconditionError, NotFoundError
from hdfsaver.files.basic_indexing import select
from hdfsaver.files.error_context import about
from hdfsaver.files.partial_reads import normalized, part_of
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import Array, Key, TensorInfo


class TensorSource(ABC):
    """What reads the tensors of one format; `TensorFile` asks it for names that it has.

    Attributes
    ----------
    kind : str
        What the file is, in words: ``"hdfsaver checkpoint"``.
    entries : dict of str to TensorInfo
        The tensors by name, in the order of the file.
    sealed : bool
        Whether an index and a seal vouch for the file.
    """

    kind: str
    entries: dict[str, TensorInfo]
    sealed: bool = False

    @abstractmethod
    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """The values of tensors, in the order asked for."""

    def map(self, names: Sequence[str], mode: str) -> dict[str, Array]:
        """Views of the tensors, as far as they can be viewed; none by default."""
        return {}

    def read_slice(self, name: str, key: Key) -> Array:
        """A part of a tensor; by default the whole is read."""
        return part_of(self.read([name])[name], key)

    def verify(self, callback: Callback | None = None) -> None:
        """Check every byte that a digest covers; by default, that every value can be read."""
        progress = Progress(callback, sum(entry.nbytes for entry in self.entries.values()))
        for name, entry in self.entries.items():
            self.read([name])
            progress.advance(entry.nbytes)

    def structure(self) -> Structure | None:
        """The graph that belongs to the tensors; None by default."""
        return None

    def metadata(self) -> dict[str, str]:
        """What the file says of itself; nothing by default."""
        return {}

    def groups(self) -> list[str]:
        """The groups of the file that have a model, the root, ``""``, first; by default the root alone."""
        return [""]

    def of_group(self, group: str) -> TensorSource:
        """The source of another group of the same file, which is closed by itself."""
        raise NotFoundError(None, None, f"A {self.kind} has no groups; {group!r} was asked for.")

    def close(self) -> None:  # noqa: B027 - many formats keep nothing open
        """Close what is open."""


class TensorFile(Mapping[str, Array]):
    """An open file: a read-only mapping from names to arrays, read when they are asked for; a context manager.

    Attributes
    ----------
    path : str
        The file, or the prefix of a checkpoint of several files.
    kind : str
        What it is, in words.
    variables : mapping of str to TensorInfo
        Its tensors by name, in the order of the file, without their values.
    group : str
        Whose model is read; the empty name stands for the root.
    sealed : bool
        Whether an index and a seal vouch for it; a file of another program has neither.
    """

    def __init__(self, path: str, source: TensorSource, group: str = "") -> None:
        self.path = path
        self.group = group
        self.kind = source.kind
        self.sealed = source.sealed
        self.variables: Mapping[str, TensorInfo] = MappingProxyType(source.entries)
        self._source: TensorSource | None = source

    # -- a mapping -----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Array:
        """The array of that name, compared with its digest; `KeyError` where there is none."""
        self._present(name)
        return self.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    # An open file is equal to itself alone: comparing it as a mapping would read all of it.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r} with {len(self)} arrays>"

    def get_tensor(self, name: str) -> Array:
        """The array of that name, as safetensors calls it; `KeyError` where there is none."""
        return self[name]

    def get_slice(self, name: str) -> TensorSlice:
        """An array of which parts can be read; `KeyError` where there is none."""
        return TensorSlice(self, self._present(name))

    def _present(self, name: str) -> TensorInfo:
        entry = self.variables.get(name)
        if entry is None:
            raise KeyError(f"{self.path} has no array {name!r}.")
        return entry

    # -- values --------------------------------------------------------------------------------------------------

    def read(self, name: str) -> Array:
        """The value of a tensor.

        Returns
        -------
        ndarray
            Fresh and writable, of the tensor's shape (a scalar has no dimensions), in this machine's byte order;
            string tensors are of dtype object and hold bytes.

        Raises
        ------
        NotFoundError
            The file has no such tensor, or a TensorFlow checkpoint lacks the data file that it is in.
        DataLossError
            Its bytes are not what was saved, or it was saved in part.
        UnimplementedError
            It is of dtype ``resource`` or ``variant``, which have no values.
        FailedPreconditionError
            The file is closed.
        """
        return self.read_many([name])[name]

    def read_many(
        self, names: Iterable[str], *, mmap_mode: str | None = None, progress: Callback | None = None
    ) -> dict[str, Array]:
        """The values of several tensors, read in parallel, each checked; see `read`.

        Parameters
        ----------
        names : iterable of str
        mmap_mode : str, optional
            ``"r"`` or ``"c"``, as in `numpy.memmap`: large values are not read but mapped into memory, read-only or
            copied when they are written on, and loaded as they are used. No digest is checked then (`verify` does),
            and the file must not be changed in place while an array lives: a page that is gone ends the process. Small
            and compressed values, strings, and all values of formats that cannot be mapped are read. In a TensorFlow
            bundle nothing is padded, so that an array may begin at any byte (``flags.aligned``).
        progress : callable, optional
            See `hdfsaver.files.progress.Callback`.

        Returns
        -------
        dict of str to ndarray
            In the order of ``names``.

        Raises
        ------
        ValueError
            ``mmap_mode`` is another.
        """
        if mmap_mode not in (None, "r", "c"):
            raise ValueError(f"mmap_mode must be 'r' or 'c', not {mmap_mode!r}.")
        wanted = list(dict.fromkeys(names))
        source = self._open()
        for name in wanted:
            if name not in self.variables:
                raise self._missing(name)
        with about(self.path):
            if mmap_mode is None:
                return source.read(wanted, progress)
            mapped = source.map(wanted, mmap_mode)
            found = {**mapped, **source.read([name for name in wanted if name not in mapped], progress)}
        return {name: found[name] for name in wanted}

    def read_slice(self, name: str, key: tuple[slice, ...]) -> Array:
        """A part of a tensor's value, read without the rest as far as the format allows it.

        Only the bytes of the part are read, and gaps between them that are not worth skipping; of a dataset in chunks
        those chunks that have some of the part, of a string tensor everything.

        Parameters
        ----------
        name : str
        key : tuple of slice
            One for each dimension, with step 1; bounds are those of Python's slicing.

        Returns
        -------
        ndarray
            Fresh and writable.

        Raises
        ------
        NotFoundError, DataLossError
            See `read`. Of a tensor that was saved in part, what was saved can be had.
        ValueError
            ``key`` is not as said.

        Notes
        -----
        A digest covers a value as a whole, so that of a part's bytes alone nothing is checked; `verify` checks all. Of
        a compressed value each chunk has a digest, and of a TensorFlow checkpoint each stored slice a checksum; these
        are checked.
        """
        source = self._open()
        entry = self.variables.get(name)
        if entry is None:
            raise self._missing(name)
        bounds = normalized(key, entry.shape, name)
        with about(self.path):
            return source.read_slice(name, bounds)

    def _missing(self, name: str) -> NotFoundError:
        return NotFoundError(None, None, f"There is no {name!r} in {self.path}.")

    # -- everything else -----------------------------------------------------------------------------------------

    def structure(self) -> Structure | None:
        """The graph that belongs to the tensors, in the file or in TensorFlow's file beside it; None without one.

        Raises
        ------
        DataLossError, InvalidArgumentError
            The graph is damaged, or names a dtype that does not exist.
        """
        source = self._open()
        with about(self.path):
            return source.structure()

    def metadata(self) -> dict[str, str]:
        """What the file says of itself; nothing for a format without metadata."""
        source = self._open()
        with about(self.path):
            return source.metadata()

    def groups(self) -> list[str]:
        """The groups of the file that have a model, the root, ``""``, first."""
        source = self._open()
        with about(self.path):
            return source.groups()

    def model(self, group: str) -> TensorFile:
        """The model of another group of the same file, to be closed by itself.

        What was checked when the file was opened, and holds for the whole of it, is not checked again.

        Raises
        ------
        NotFoundError
            The file has no such group.
        """
        source = self._open()
        with about(self.path):
            return TensorFile(self.path, source.of_group(group), group)

    def verify(self, *, progress: Callback | None = None) -> None:
        """Check every byte of the file that a digest or checksum covers; without these, that all values can be read.

        Parameters
        ----------
        progress : callable, optional
            See `hdfsaver.files.progress.Callback`.

        Raises
        ------
        DataLossError
            Something is not what was saved; all tensors that differ are named.
        NotFoundError
            A data file of a TensorFlow checkpoint is missing.
        """
        source = self._open()
        with about(self.path):
            source.verify(progress)

    def _open(self) -> TensorSource:
        if self._source is None:
            raise FailedPreconditionError(None, None, f"{self.path} is closed. Open it again to read it.")
        return self._source

    def close(self) -> None:
        """Close the file; a second time does nothing. Names, shapes and dtypes are still known then, values are not."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_source", None) is not None:
            self.close()


class TensorSlice:
    """One array in a file: ``part[2:5, ::2]`` reads what is between the first and the last element of the part.

    No digest covers a part; `TensorFile.verify` checks all.
    """

    def __init__(self, file: TensorFile, entry: TensorInfo) -> None:
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
