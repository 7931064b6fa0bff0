"""An open file with tensors by name, of any format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DType
from hdfsaver.errors import DataLossError, FailedPreconditionError, NotFoundError, OpError, without_secrets
from hdfsaver.files.basic_indexing import select
from hdfsaver.files.error_context import about
from hdfsaver.files.lazy_arrays import Pending
from hdfsaver.files.partial_reads import normalized, part_of
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.remote.names import is_remote
from hdfsaver.html_tables import Table, html_of
from hdfsaver.optimizer_slots import optimizer_variables
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import Array, Key, TensorInfo, native

PIECE = 1 << 20
"""About the bytes of a piece of a tensor."""


class TensorSource(ABC):
    """Reads the tensors of one format; `TensorFile` asks it only for names that it has.

    Attributes
    ----------
    kind : str
        The kind of file, for messages: ``"hdfsaver checkpoint"``.
    entries : dict of str to TensorInfo
        The tensors by name, in the order of the file.
    unreadable : mapping of str to OpError
        The elements of the file that cannot be read, by name: the error with the reason.
    left_out : mapping of str to str
        The elements of the file that are not arrays, by name: what each is.
    files : sequence of str
        Other files that the tensors are in, by their paths: the shards of an index.
    sealed : bool
        Whether the file has an index and a seal.
    checksums : str
        The digests or checksums that `verify` compares, in the plural, for messages; empty if the format has none.
    are_constants : bool
        Whether the tensors are constants of the graph, so that a target with the graph has them already.
    is_native : bool
        Whether every value is read in row-major order and this machine's byte order; other values are converted.
    others : sequence of str
        See `other_content`.
    has_random_places : bool
        Whether the file may have what `random_places` gives.
    """

    kind: str
    entries: dict[str, TensorInfo]
    unreadable: Mapping[str, OpError] = MappingProxyType({})
    left_out: Mapping[str, str] = MappingProxyType({})
    files: Sequence[str] = ()
    sealed: bool = False
    checksums: str = ""
    are_constants: bool = False
    is_native: bool = False
    others: Sequence[str] = ()
    has_random_places: bool = False

    @abstractmethod
    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of tensors, in the order of ``names``."""

    def read_unchecked(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of tensors without their digests where that saves time; by default they are checked."""
        return self.read(names, callback)

    def read_one(self, name: str) -> Array:
        """Read the value of one tensor."""
        return self.read([name])[name]

    def map(self, names: Sequence[str], mode: str) -> dict[str, Array]:
        """Map tensors into memory, as far as possible; none by default."""
        return {}

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a tensor; by default the whole tensor is read."""
        return part_of(self.read([name])[name], key)

    def pieces(self, name: str) -> Iterator[Array]:
        """The elements of a tensor in order, as flat arrays; by default the whole tensor is read first.

        Damage is an error before the last piece comes.
        """
        flat = native(self.read([name])[name]).reshape(-1)
        step = max(1, PIECE // max(1, flat.itemsize))
        for start in range(0, flat.size, step):
            yield flat[start : start + step]

    def stored(self, name: str, *, unpacked: bool) -> Pending | None:
        """The stored bytes of a tensor, for another file of the same format; by default None."""
        return None

    def digest(self, name: str) -> int | None:
        """The XXH3-64 digest of a tensor's bytes that the file has; by default None."""
        return None

    def extent(self, name: str) -> tuple[int, int] | None:
        """Offset and length of a tensor's bytes in the file, in row-major order and little-endian; by default None."""
        return None

    def verify(self, callback: Callback | None = None) -> None:
        """Check every byte that a digest covers; by default, that every value can be read."""
        progress = Progress(callback, sum(entry.nbytes for entry in self.entries.values()))
        damaged = []
        for name, entry in self.entries.items():
            try:
                self.read([name])
            except DataLossError as error:
                damaged.append(error.message)
            progress.advance(entry.nbytes)
        if damaged:
            raise DataLossError(None, None, " ".join(damaged))

    def structure(self) -> Structure | None:
        """The graph of the file; None by default."""
        return None

    def has_graph(self) -> bool:
        """Whether the file has a graph; formats that can tell it without reading the graph do so."""
        return self.structure() is not None

    def graph_size(self) -> int:
        """The number of operations of the graph, 0 without one; formats that can tell it without reading it do so."""
        structure = self.structure()
        return 0 if structure is None else len(structure.digraph)

    def optimizer_names(self) -> frozenset[str] | None:
        """The tensors that are an optimizer's, by default according to the graph; None if the file does not say it."""
        structure = self.structure()
        found = None if structure is None else optimizer_variables(structure)
        return None if found is None else found & self.entries.keys()

    def metadata(self) -> dict[str, str]:
        """The metadata of the file; empty by default."""
        return {}

    def origin(self) -> dict[str, str]:
        """The version of the file's format, ``"format"``, and what has written it, ``"writer"``, if the file tells."""
        return {}

    def random_places(self) -> dict[str, tuple[int, int]]:
        """Where each random operation would draw next: a key and the number of a block; empty by default."""
        return {}

    def other_content(self) -> list[str]:
        """The content of the file that nothing here reads, in short: ``["attributes of 3 objects"]``."""
        return list(self.others)

    def groups(self) -> list[str]:
        """The groups of the file that have a model; the root, ``""``, comes first; by default only the root."""
        return [""]

    def of_group(self, group: str) -> TensorSource:
        """The source of another group of the same file, which the caller closes."""
        raise NotFoundError(None, None, f"A {self.kind} has no groups; {group!r} was asked for.")

    def close(self) -> None:  # noqa: B027 - many formats keep nothing open
        """Close the files of the source."""


class TensorFile(Mapping[str, Array]):
    """An open file: a read-only mapping from names to arrays, read when they are asked for; a context manager.

    Attributes
    ----------
    path : str
        The file, or the prefix of a checkpoint of several files.
    kind : str
        The kind of file, for messages.
    variables : mapping of str to TensorInfo
        Name, dtype and shape of its tensors, in the order of the file.
    unreadable : mapping of str to OpError
        The elements of the file that cannot be read, by name: the error that reading one raises.
    left_out : mapping of str to str
        The elements of the file that are not arrays, by name: what each is, such as ``"None"``.
    group : str
        The group of the model that is read; empty for the root.
    files : sequence of str
        Other files that the tensors are in, by their paths: the shards of an index.
    sealed : bool
        Whether the file has an index and a seal; files of other programs have neither.
    checksums : str
        The digests or checksums that `verify` compares, in the plural, for messages; empty if the format has none.
    are_constants : bool
        Whether the tensors are constants of the graph, so that a target with the graph has them already.
    """

    def __init__(self, path: str, source: TensorSource, group: str = "") -> None:
        self.path = path
        self.group = group
        self.kind = source.kind
        self.files = tuple(source.files)
        self.sealed = source.sealed
        self.checksums = source.checksums
        self.are_constants = source.are_constants
        self.variables: Mapping[str, TensorInfo] = MappingProxyType(source.entries)
        self.unreadable: Mapping[str, OpError] = MappingProxyType(dict(source.unreadable))
        self.left_out: Mapping[str, str] = MappingProxyType(dict(source.left_out))
        self._source: TensorSource | None = source
        self._about = about(path)

    # -- a mapping -----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Array:
        """The array of that name, compared with its digest; `KeyError` for an unknown name."""
        self._present(name)
        return self.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    # An open file is equal only to itself: comparing it as a mapping would read all of it.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {without_secrets(self.path)!r} with {len(self)} arrays>"

    def _repr_html_(self) -> str:
        return file_html(self, type(self).__name__)

    def get_tensor(self, name: str) -> Array:
        """The array of that name, under safetensors' method name; `KeyError` for an unknown name."""
        return self[name]

    def get_slice(self, name: str) -> TensorSlice:
        """An array whose parts can be read; `KeyError` for an unknown name."""
        return TensorSlice(self, self._present(name))

    def _present(self, name: str) -> TensorInfo:
        if name not in self.variables and name not in self.unreadable:
            raise KeyError(f"{without_secrets(self.path)} has no array {name!r}.")
        return self._entry(name)

    def _entry(self, name: str) -> TensorInfo:
        """The description of a tensor; for one that cannot be read, the error that says why is raised."""
        entry = self.variables.get(name)
        if entry is not None:
            return entry
        why = self.unreadable.get(name)
        if why is None:
            raise NotFoundError(None, None, f"There is no tensor {name!r} in {self.path}.")
        with self._about:
            raise type(why)(None, None, why.message, why.error_code)

    def check_readable(self) -> None:
        """Check that every tensor can be read; otherwise raise the error that says why one cannot."""
        for why in self.unreadable.values():
            rest = f"{len(self.variables)} other tensors can be read by their names (hdfsaver.open_file)."
            with self._about:
                raise type(why)(None, None, f"{why.message} {rest}", why.error_code)

    # -- values --------------------------------------------------------------------------------------------------

    def read(self, name: str) -> Array:
        """Read the value of a tensor.

        Returns
        -------
        ndarray
            A new, writable array of the tensor's shape (``()`` for a scalar), in row-major order and this machine's
            byte order, in whichever order the file has them; string tensors are of dtype object and hold bytes.

        Raises
        ------
        NotFoundError
            The file has no such tensor, or a data file of a TensorFlow checkpoint is missing.
        InvalidArgumentError
            It has a type that is not read; `unreadable` lists these.
        DataLossError
            Its bytes differ from those that were saved, or only a part of it was saved.
        UnimplementedError
            It has dtype ``resource`` or ``variant``, which have no values.
        FailedPreconditionError
            The file is closed.
        """
        source = self._source or self._open()
        if name not in self.variables:
            self._entry(name)
        with self._about:
            value = source.read_one(name)
        return value if source.is_native else native(value)

    def read_many(
        self,
        names: Iterable[str],
        *,
        mmap_mode: str | None = None,
        progress: Callback | None = None,
        digests: bool = True,
    ) -> dict[str, Array]:
        """Read the values of several tensors in parallel, and check each digest; see `read`.

        Parameters
        ----------
        names : iterable of str
        mmap_mode : str, optional
            ``"r"`` or ``"c"``, as in `numpy.memmap`: large values are not read but mapped into memory, read-only or
            copy-on-write, and loaded when they are used. Their digests are not checked (`verify` does that), and the
            file must not be changed in place while an array is used: a missing page ends the process. Small and
            compressed values, strings, and all values of formats that cannot be mapped are read. In a TensorFlow bundle
            an array may be unaligned (``flags.aligned``).
        progress : callable, optional
            See `hdfsaver.files.progress.Callback`.
        digests : bool
            With False, the values of a checkpoint of hdfsaver are not compared with their digests, so that a value that
            was damaged comes back as if it were right. The structure and the index are still checked, and so are
            compressed values and files of other formats.

        Returns
        -------
        dict of str to ndarray
            In the order of ``names``.

        Raises
        ------
        ValueError
            ``mmap_mode`` is neither ``"r"`` nor ``"c"``, or the file is remote.
        """
        if mmap_mode not in (None, "r", "c"):
            raise ValueError(f"mmap_mode must be 'r' or 'c', not {mmap_mode!r}.")
        if mmap_mode is not None and is_remote(self.path):
            where = without_secrets(self.path)
            raise ValueError(f"mmap_mode needs a file of this machine, not {where}: download it, or omit mmap_mode.")
        wanted = list(dict.fromkeys(names))
        source = self._open()
        for name in wanted:
            if name not in self.variables:
                self._entry(name)
        read = source.read if digests else source.read_unchecked
        with self._about:
            if mmap_mode is None and source.is_native:
                return read(wanted, progress)
            mapped = {} if mmap_mode is None else source.map(wanted, mmap_mode)
            found = {**mapped, **read([name for name in wanted if name not in mapped], progress)}
        return {name: native(found[name]) for name in wanted}

    def read_slice(self, name: str, key: tuple[slice, ...]) -> Array:
        """Read a part of a tensor's value, without the rest as far as the format allows.

        Only the bytes of the part are read, with small gaps between them. A chunked dataset is read by whole chunks, a
        string tensor as a whole.

        Parameters
        ----------
        name : str
        key : tuple of slice
            One slice for each dimension, with step 1; bounds work as in Python.

        Returns
        -------
        ndarray
            A new, writable array.

        Raises
        ------
        NotFoundError, DataLossError
            See `read`. The saved parts of an incomplete tensor can be read.
        ValueError
            ``key`` is not such a tuple.

        Notes
        -----
        A digest covers a whole value, so it cannot check a part; `verify` checks all. The chunks of a compressed value
        and the stored slices of a TensorFlow checkpoint have digests of their own, which are checked.
        """
        source = self._open()
        bounds = normalized(key, self._entry(name).shape, name)
        with self._about:
            return native(source.read_slice(name, bounds))

    def pieces(self, name: str) -> Iterator[Array]:
        """Read a tensor piece by piece, so that it is never in memory as a whole.

        Only checkpoints of hdfsaver and of TensorFlow (the second format) are read so; of another format, and of
        strings, the whole tensor is read before the first piece comes.

        Parameters
        ----------
        name : str

        Yields
        ------
        ndarray
            Flat arrays of about 1 MiB that together have the elements in row-major order.

        Raises
        ------
        NotFoundError, InvalidArgumentError, DataLossError
            See `read`; that bytes differ from those that were saved is an error before the last piece comes.
        """
        source = self._open()
        self._entry(name)
        with about(self.path):
            for piece in source.pieces(name):
                yield native(piece)

    def stored(self, name: str, *, unpacked: bool = False) -> Pending | None:
        """The stored bytes of a tensor, which another file of the same format gets without decoding them.

        Parameters
        ----------
        name : str
        unpacked : bool
            Not the chunks of a compressed value, but the value.

        Returns
        -------
        Pending or None
            None where the file has another format.

        Raises
        ------
        NotFoundError
            The file has no such tensor.
        """
        source = self._open()
        self._entry(name)
        with about(self.path):
            return source.stored(name, unpacked=unpacked)

    def digest(self, name: str) -> int | None:
        """The XXH3-64 digest of a tensor's stored bytes, uncompressed, that the file has; None without one.

        Two tensors of numbers with one dtype, shape and digest have the same values.

        Raises
        ------
        NotFoundError
            The file has no such tensor.
        """
        self._entry(name)
        return self._open().digest(name)

    def extent(self, name: str) -> tuple[int, int] | None:
        """Where the bytes of a tensor's value are in the file, so that other programs can map them.

        Parameters
        ----------
        name : str

        Returns
        -------
        tuple of int or None
            Offset and length, of a value in row-major order and little-endian; None where the file does not have such
            bytes: the value is compressed or of strings, or the file is not a checkpoint of hdfsaver.

        Raises
        ------
        NotFoundError
            The file has no such tensor.
        """
        self._entry(name)
        return self._open().extent(name)

    # -- everything else -----------------------------------------------------------------------------------------

    def structure(self) -> Structure | None:
        """The graph of the checkpoint, from the file itself or from TensorFlow's ``.meta`` file; None without a graph.

        Raises
        ------
        DataLossError, InvalidArgumentError
            The graph is damaged, or has an unknown dtype.
        """
        source = self._open()
        with self._about:
            return source.structure()

    def has_graph(self) -> bool:
        """Whether the checkpoint has a graph; it is not read where the format can tell."""
        source = self._open()
        with self._about:
            return source.has_graph()

    def graph_size(self) -> int:
        """The number of operations of the graph, 0 without one; it is not read where the format can tell."""
        source = self._open()
        with about(self.path):
            return source.graph_size()

    def optimizer_names(self) -> frozenset[str] | None:
        """The names of the tensors that belong to an optimizer, according to the file.

        Returns
        -------
        frozenset of str or None
            None where the file does not say which tensors are an optimizer's.

        Raises
        ------
        DataLossError, InvalidArgumentError
            See `structure`.
        """
        source = self._open()
        with self._about:
            return source.optimizer_names()

    def metadata(self) -> dict[str, str]:
        """The metadata of the file; empty for a format without metadata."""
        source = self._open()
        with self._about:
            return source.metadata()

    def origin(self) -> dict[str, str]:
        """The description that the file has of itself.

        Returns
        -------
        dict of str to str
            ``"format"``, the version of its format, and ``"writer"``, the program that has written it, as far as the
            file tells.
        """
        source = self._open()
        with about(self.path):
            return source.origin()

    def random_places(self) -> dict[str, tuple[int, int]]:
        """Where each random operation would draw next; empty for a file without such a state.

        Raises
        ------
        DataLossError
            The file is damaged.
        """
        source = self._open()
        if not source.has_random_places:
            return {}
        with self._about:
            return source.random_places()

    def other_content(self) -> list[str]:
        """The content of the file that nothing here reads, in short: ``["attributes of 3 objects"]``.

        Raises
        ------
        DataLossError
            The file is damaged.
        """
        source = self._open()
        with self._about:
            return source.other_content()

    def groups(self) -> list[str]:
        """The groups of the file that have a model; the root, ``""``, comes first."""
        source = self._open()
        with self._about:
            return source.groups()

    def model(self, group: str) -> TensorFile:
        """The model of another group of the same file, which the caller closes.

        The checks of the whole file, made when it was opened, are not repeated.

        Raises
        ------
        NotFoundError
            The file has no such group.
        """
        source = self._open()
        with self._about:
            return TensorFile(self.path, source.of_group(group), group)

    def verify(self, *, progress: Callback | None = None) -> None:
        """Check every byte that a digest or checksum covers; without these, check that all values can be read.

        Parameters
        ----------
        progress : callable, optional
            See `hdfsaver.files.progress.Callback`.

        Raises
        ------
        DataLossError
            Some bytes differ from those that were saved; the message names all such tensors. Or, if none differ, an
            element could not be read from the beginning because of damage; the message names all such elements.
        NotFoundError
            A data file of a TensorFlow checkpoint is missing.
        """
        source = self._open()
        with self._about:
            source.verify(progress)
            damaged = [why.message for why in self.unreadable.values() if isinstance(why, DataLossError)]
            if damaged:
                raise DataLossError(None, None, " ".join(damaged))

    def _open(self) -> TensorSource:
        if self._source is None:
            raise FailedPreconditionError(None, None, f"{self.path} is closed. Open it again to read it.")
        return self._source

    def close(self) -> None:
        """Close the file, if it is open; names, shapes and dtypes stay known."""
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
    """One array in a file: ``part[2:5, ::2]`` reads the bytes between the first and the last selected element.

    A part has no digest; `TensorFile.verify` checks whole values.
    """

    def __init__(self, file: TensorFile, entry: TensorInfo) -> None:
        self._file = file
        self._entry = entry

    def __getitem__(self, index: Any) -> Array | np.generic:
        """Read a part, selected by integers, slices and an Ellipsis as in NumPy; `IndexError` beyond the bounds."""
        selection = select(index, self._entry.shape)
        found = self._file.read_slice(self._entry.name, selection.box)[selection.rest]
        return found.copy() if isinstance(found, np.ndarray) and found.base is not None else found

    def get_shape(self) -> list[int]:
        """The sizes of the whole array."""
        return list(self._entry.shape)

    def get_dtype(self) -> DType:
        """The dtype of the array."""
        return dtypes.as_dtype(self._entry.dtype)

    def __repr__(self) -> str:
        entry = self._entry
        where = without_secrets(self._file.path)
        return f"<{type(self).__name__} {entry.name!r} shape={entry.shape} dtype={entry.dtype} in {where!r}>"

    def _repr_html_(self) -> str:
        entry = self._entry
        facts = {"dtype": entry.dtype, "shape": entry.shape, "bytes": f"{entry.nbytes:,}"}
        return html_of(f"{type(self).__name__} {entry.name!r}", {**facts, "file": without_secrets(self._file.path)})


def file_html(file: TensorFile, kind: str) -> str:
    """An open file as HTML for notebooks: its arrays by name, dtype and shape; no value is read.

    Parameters
    ----------
    file : TensorFile
    kind : str
        The class of the object that is shown.

    Returns
    -------
    str
    """
    entries = file.variables.values()
    rows = ((it.name, it.dtype, it.shape, f"{it.nbytes:,}") for it in entries)
    facts = {
        "file": without_secrets(file.path),
        "group": file.group,
        "arrays": f"{len(entries):,}",
        "bytes": f"{sum(it.nbytes for it in entries):,}",
        "unreadable": f"{len(file.unreadable):,}" if file.unreadable else "",
    }
    return html_of(kind, facts, [Table("Arrays", ("name", "dtype", "shape", "bytes"), rows, len(entries))])
