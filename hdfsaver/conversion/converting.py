"""Conversion from one file to another, array by array."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.checkpoint.renaming import Rename
from hdfsaver.conversion.array_selection import Selection, checked_dtype
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.lazy_arrays import Deferred
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.npz import write_npz
from hdfsaver.formats.open_source import open_source
from hdfsaver.formats.pytorch import write_torch
from hdfsaver.formats.safetensors import write_safetensors
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.schema import Structure
from hdfsaver.storage.chunks.compression import Choices, by_name
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.writing import Model, WriteOptions, Writer
from hdfsaver.tensor_info import STRING, Array, TensorInfo

_TORCH = (".pt", ".pth", ".bin")
_GRAPHS = (".meta", ".pb", ".pbtxt")


class Conversion(NamedTuple):
    """The result of a conversion.

    Attributes
    ----------
    names : dict of str to str
        The name in the source of each array, by its name in the target.
    nbytes : int
        Bytes of all arrays in the target, except strings.
    has_graph : bool
        Whether a graph was written.
    """

    names: dict[str, str]
    nbytes: int
    has_graph: bool


def convert(
    source: PathLike,
    target: PathLike,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    drop_slots: bool = False,
    rename: Rename | None = None,
    dtype: str | None = None,
    compression: Choices = None,
    durable: bool = True,
    progress: Callback | None = None,
) -> Conversion:
    """Convert a file to another format, one array at a time.

    Parameters
    ----------
    source : path
        A file, a prefix or a folder; its content tells the format, see `hdfsaver.formats.open_source.open_source`.
    target : path
        Its ending tells the format: ``.h5`` or ``.hdf5`` an hdfsaver checkpoint; ``.npz``; ``.safetensors``; ``.pt``,
        ``.pth`` or ``.bin`` a PyTorch file; ``.meta``, ``.pb`` or ``.pbtxt`` the graph alone; anything else, or
        ``.index``, the prefix of a TensorFlow checkpoint. An existing file is replaced when the new one is complete.
    include, exclude : iterable of str
        Shell patterns, in which ``*`` also matches slashes: take only arrays that match a pattern of ``include`` and no
        pattern of ``exclude``.
    drop_slots : bool
        Leave out the slots of optimizers; see `hdfsaver.conversion.array_selection.is_slot`.
    rename : callable, or dict or list of pairs of regular expressions, optional
        Names in the target; see `Saver`.
    dtype : str, optional
        Convert real numbers to this dtype: ``"float16"``, ``"bfloat16"``, ...
    compression : optional
        For an hdfsaver checkpoint; see `hdfsaver.Compression`.
    durable : bool
        Return only when the target is on the disk.
    progress : callable, optional
        Called repeatedly with the bytes written and the bytes in total.

    Returns
    -------
    Conversion

    Raises
    ------
    NotFoundError
        The source does not exist, or a pattern of ``include`` matches no array.
    InvalidArgumentError
        The format of the source is unknown, or the target format does not support its content.
    ValueError
        Source and target are the same, two arrays would get the same name, or ``dtype`` is not a dtype of real numbers.
    ImportError
        A library for the format is not installed.
    DataLossError, OpError
        The source is damaged, or the target cannot be written.

    Notes
    -----
    At most one array is in memory, except for PyTorch files, and for strings and small arrays of an hdfsaver
    checkpoint. The graph is converted if all arrays are, with unchanged names and dtypes, and the target is a
    checkpoint; metadata are converted if both formats have them.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> hdfsaver.save_file({"dense/w": np.ones((2, 3)), "step": np.int64(7)}, "arrays.h5")
    >>> hdfsaver.convert("arrays.h5", "arrays.npz", include=["dense/*"], dtype="float16")
    Conversion(names={'dense/w': 'dense/w'}, nbytes=12, has_graph=False)
    >>> np.load("arrays.npz")["dense/w"].dtype
    dtype('float16')
    """
    if isinstance(include, str) or isinstance(exclude, str):
        raise TypeError("include and exclude must be lists of patterns, not a str.")
    selection = Selection(tuple(include), tuple(exclude), drop_slots, rename, dtype and checked_dtype(dtype))
    to = as_prefix(target)
    with open_source(source) as opened:
        _check_differ(opened, to)
        arrays = _Arrays(opened, selection, progress)
        structure = opened.structure() if arrays.is_everything and _may_have_graph(to) else None
        if structure is not None and opened.are_constants:
            arrays = _Arrays(opened, Selection((), ("*",), False, None, None), progress)  # the graph has them
        _write(to, arrays, structure, compression, durable)
    has_graph = structure is not None
    return Conversion({name: entry.name for name, entry in arrays.chosen.items()}, arrays.nbytes, has_graph)


def _check_differ(source: TensorFile, target: str) -> None:
    if os.path.realpath(source.path) == os.path.realpath(target.removesuffix(".index")):
        raise ValueError(f"{target} is the source itself; choose another name for the target.")


class _Arrays(Mapping[str, Array]):
    """The arrays of the target, each read when it is requested."""

    def __init__(self, source: TensorFile, selection: Selection, callback: Callback | None) -> None:
        self._source = source
        self._selection = selection
        self.chosen = selection.of(source.variables)
        self.entries = {name: selection.entry(name, entry) for name, entry in self.chosen.items()}
        self.nbytes = sum(entry.nbytes for entry in self.entries.values() if entry.dtype != STRING)
        self._progress = Progress(callback, self.nbytes)

    @property
    def is_everything(self) -> bool:
        """Whether all arrays are selected, with unchanged names and dtypes."""
        as_they_are = all(self.entries[name].dtype == entry.dtype for name, entry in self.chosen.items())
        return as_they_are and {name: entry.name for name, entry in self.chosen.items()} == {
            name: name for name in self._source.variables
        }

    def __getitem__(self, name: str) -> Array:
        array = self._source.read(self.chosen[name].name)
        entry = self.entries[name]
        if entry.dtype != self.chosen[name].dtype:
            with np.errstate(over="ignore"):  # a number that is too large for the dtype becomes an infinity
                array = array.astype(dtypes.numpy_dtype(entry.dtype))
        if entry.dtype != STRING:
            self._progress.advance(array.nbytes)
        return array

    def metadata(self) -> dict[str, str]:
        """The metadata of the source."""
        return self._source.metadata()

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def deferred(self, name: str) -> Array | Deferred:
        """An array that is read when it is written; strings, whose size is not known in advance, are read now."""
        entry = self.entries[name]
        if entry.dtype == STRING:
            return self[name]
        return Deferred(entry.shape, dtypes.numpy_dtype(entry.dtype), lambda: self[name])


def _may_have_graph(target: str) -> bool:
    return not target.endswith((".npz", ".safetensors", *_TORCH))


def _write(target: str, arrays: _Arrays, structure: Structure | None, compression: Choices, durable: bool) -> None:
    if target.endswith((".h5", ".hdf5")):
        _write_hdf5(target, arrays, structure, compression, durable)
    elif compression is not None:
        raise ValueError(f"Only an hdfsaver checkpoint (.h5) can be compressed, not {target}.")
    elif target.endswith(".npz"):
        write_npz(target, arrays, arrays, durable=durable)
    elif target.endswith(".safetensors"):
        write_safetensors(target, arrays.entries.values(), arrays, arrays.metadata(), durable=durable)
    elif target.endswith(_TORCH):
        write_torch(target, arrays.entries, arrays, durable=durable)
    elif target.endswith(_GRAPHS):
        _write_graph(target, structure)
    elif target.endswith(".keras"):
        raise InvalidArgumentError(None, None, f"{target}: Keras files can only be read, not written.")
    else:
        _write_tensorflow(target.removesuffix(".index"), arrays, structure, durable)


def _write_hdf5(target: str, arrays: _Arrays, structure: Structure | None, compression: Choices, durable: bool) -> None:
    values = {name: arrays.deferred(name) for name in arrays} or None
    names = {name: entry.dtype for name, entry in arrays.entries.items()}
    model = Model(values, structure, names, by_name(compression, arrays))
    Writer().write(target, {ROOT: model}, metadata=arrays.metadata(), options=WriteOptions(durable=durable))


def _write_graph(target: str, structure: Structure | None) -> None:
    from hdfsaver.interop.graphs import graph_files

    if structure is None:
        raise InvalidArgumentError(None, None, f"The source has no graph to write to {target}.")
    (graph_files.write_meta_graph if target.endswith(".meta") else graph_files.write_graph_def)(structure, target)


def _write_tensorflow(prefix: str, arrays: _Arrays, structure: Structure | None, durable: bool) -> None:
    from hdfsaver.interop.bundle.bundle_writing import write_bundle
    from hdfsaver.interop.graphs import graph_files

    write_bundle(prefix, arrays, _dtype_names(arrays.entries), durable=durable)
    if structure is not None:
        graph_files.write_meta_graph(structure, f"{prefix}.meta")


def _dtype_names(entries: Mapping[str, TensorInfo]) -> dict[str, str]:
    """The dtypes that NumPy does not have."""
    return {name: entry.dtype for name, entry in entries.items() if dtypes.as_dtype(entry.dtype).is_quantized}
