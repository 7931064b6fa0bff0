"""From one file to another, array by array."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.checkpoint.renaming import Rename
from hdfsaver.conversion.array_selection import Selection, checked_dtype
from hdfsaver.conversion.npz import write_npz
from hdfsaver.conversion.open_source import open_source
from hdfsaver.conversion.pytorch import write_torch
from hdfsaver.conversion.safetensors import write_safetensors
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.lazy_arrays import Deferred
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.schema import Structure
from hdfsaver.storage.chunks.compression import Choices, by_name
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.writing import Model, WriteOptions, Writer
from hdfsaver.tensor_info import STRING, Array, TensorInfo

_TORCH = (".pt", ".pth", ".bin")
_GRAPHS = (".meta", ".pb", ".pbtxt")


class Conversion(NamedTuple):
    """What a conversion did.

    Attributes
    ----------
    names : dict of str to str
        The name in the source of each array, by its name in the target.
    nbytes : int
        Bytes of all arrays in the target, texts left out.
    has_graph : bool
        Whether a graph went along.
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
    """Write what is in one file into another of any kind, one array at a time.

    Parameters
    ----------
    source : path
        A file, a prefix or a folder of any kind that is known by its content: see
        `hdfsaver.conversion.open_source.open_source`.
    target : path
        Its ending says what is written: ``.h5`` or ``.hdf5`` a checkpoint of ours; ``.npz``; ``.safetensors``; ``.pt``,
        ``.pth`` or ``.bin`` a file of PyTorch; ``.meta``, ``.pb`` or ``.pbtxt`` the graph alone; anything else, or
        ``.index``, is the prefix of a TensorFlow checkpoint. What is there is replaced when the new file is whole.
    include, exclude : iterable of str
        Patterns as of the shell, in which ``*`` stands for slashes too: take only what fits one of the first and none
        of the second.
    drop_slots : bool
        Leave out what optimizers keep beside variables; see `hdfsaver.conversion.array_selection.is_slot`.
    rename : callable, or dict or list of pairs of regular expressions, optional
        Names in the target; see `Saver`.
    dtype : str, optional
        Convert real numbers to this dtype: ``"float16"``, ``"bfloat16"``, ...
    compression : optional
        For a checkpoint of ours; see `hdfsaver.Compression`.
    durable : bool
        Return only when the target is on the disk.
    progress : callable, optional
        Called with the bytes written and the bytes in total, now and then.

    Returns
    -------
    Conversion

    Raises
    ------
    NotFoundError
        There is no such source, or a pattern of ``include`` fits nothing.
    InvalidArgumentError
        The source is of no known kind, or the target cannot hold something in it.
    ValueError
        Source and target are the same, two arrays would get one name, or ``dtype`` is no dtype of real numbers.
    ImportError
        What reads or writes such files is not installed.
    DataLossError, OpError
        The source is damaged, or the target cannot be written.

    Notes
    -----
    No more than one array is in memory, but for PyTorch's files, and texts and small arrays of a checkpoint of ours.
    The graph goes along to checkpoints where all arrays do, under their names and with their dtypes; metadata go along
    where both sides have them.

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
        raise TypeError("include and exclude are lists of patterns, not one str.")
    selection = Selection(tuple(include), tuple(exclude), drop_slots, rename, dtype and checked_dtype(dtype))
    to = as_prefix(target)
    with open_source(source) as opened:
        _check_differ(opened, to)
        arrays = _Arrays(opened, selection, progress)
        structure = opened.structure() if arrays.is_everything and _may_have_graph(to) else None
        _write(to, arrays, structure, compression, durable)
    has_graph = structure is not None
    return Conversion({name: entry.name for name, entry in arrays.chosen.items()}, arrays.nbytes, has_graph)


def _check_differ(source: TensorFile, target: str) -> None:
    if os.path.realpath(source.path) == os.path.realpath(target.removesuffix(".index")):
        raise ValueError(f"{target} is the source itself; choose another name for what is to be written.")


class _Arrays(Mapping[str, Array]):
    """The arrays as the target is to have them, each read when it is asked for."""

    def __init__(self, source: TensorFile, selection: Selection, callback: Callback | None) -> None:
        self._source = source
        self._selection = selection
        self.chosen = selection.of(source.variables)
        self.entries = {name: selection.entry(name, entry) for name, entry in self.chosen.items()}
        self.nbytes = sum(entry.nbytes for entry in self.entries.values() if entry.dtype != STRING)
        self._progress = Progress(callback, self.nbytes)

    @property
    def is_everything(self) -> bool:
        """Whether all arrays are there, as they are in the source."""
        as_they_are = all(self.entries[name].dtype == entry.dtype for name, entry in self.chosen.items())
        return as_they_are and {name: entry.name for name, entry in self.chosen.items()} == {
            name: name for name in self._source.variables
        }

    def __getitem__(self, name: str) -> Array:
        array = self._source.read(self.chosen[name].name)
        entry = self.entries[name]
        if entry.dtype != self.chosen[name].dtype:
            with np.errstate(over="ignore"):  # too large for the dtype is an infinity
                array = array.astype(dtypes.numpy_dtype(entry.dtype))
        if entry.dtype != STRING:
            self._progress.advance(array.nbytes)
        return array

    def metadata(self) -> dict[str, str]:
        """What the source says of itself."""
        return self._source.metadata()

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def deferred(self, name: str) -> Array | Deferred:
        """An array that is read when it is written; texts, of which nothing is known before, are read now."""
        entry = self.entries[name]
        if entry.dtype == STRING:
            return self[name]
        return Deferred(entry.shape, dtypes.numpy_dtype(entry.dtype), lambda: self[name])


def _may_have_graph(target: str) -> bool:
    return not target.endswith((".npz", ".safetensors", *_TORCH))


def _write(target: str, arrays: _Arrays, structure: Structure | None, compression: Choices, durable: bool) -> None:
    if target.endswith((".h5", ".hdf5")):
        _write_ours(target, arrays, structure, compression, durable)
    elif compression is not None:
        raise ValueError(f"Only a checkpoint of ours (.h5) can be compressed, not {target}.")
    elif target.endswith(".npz"):
        write_npz(target, arrays, arrays, durable=durable)
    elif target.endswith(".safetensors"):
        write_safetensors(target, arrays.entries.values(), arrays, arrays.metadata(), durable=durable)
    elif target.endswith(_TORCH):
        write_torch(target, arrays.entries, arrays, durable=durable)
    elif target.endswith(_GRAPHS):
        _write_graph(target, structure)
    elif target.endswith(".keras"):
        raise InvalidArgumentError(None, None, f"{target}: files of Keras are read, not written.")
    else:
        _write_tensorflow(target.removesuffix(".index"), arrays, structure, durable)


def _write_ours(target: str, arrays: _Arrays, structure: Structure | None, compression: Choices, durable: bool) -> None:
    values = {name: arrays.deferred(name) for name in arrays} or None
    names = {name: entry.dtype for name, entry in arrays.entries.items()}
    model = Model(values, structure, names, by_name(compression, arrays))
    Writer().write(target, {ROOT: model}, metadata=arrays.metadata(), options=WriteOptions(durable=durable))


def _write_graph(target: str, structure: Structure | None) -> None:
    from hdfsaver.interop.graphs import graph_files

    if structure is None:
        raise InvalidArgumentError(None, None, f"There is no graph to write to {target}.")
    (graph_files.write_meta_graph if target.endswith(".meta") else graph_files.write_graph_def)(structure, target)


def _write_tensorflow(prefix: str, arrays: _Arrays, structure: Structure | None, durable: bool) -> None:
    from hdfsaver.interop.bundle.bundle_writing import write_bundle
    from hdfsaver.interop.graphs import graph_files

    write_bundle(prefix, arrays, _dtype_names(arrays.entries), durable=durable)
    if structure is not None:
        graph_files.write_meta_graph(structure, f"{prefix}.meta")


def _dtype_names(entries: Mapping[str, TensorInfo]) -> dict[str, str]:
    """The dtypes that NumPy's do not tell."""
    return {name: entry.dtype for name, entry in entries.items() if dtypes.as_dtype(entry.dtype).is_quantized}
