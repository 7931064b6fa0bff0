"""Detecting the format of a file by its content, and opening it."""

from __future__ import annotations

import os

from hdfsaver.files import file_kinds, kind_detection
from hdfsaver.files.error_context import about
from hdfsaver.files.file_kinds import FileKind
from hdfsaver.files.opening import Opened, end_reading, is_file, open_any
from hdfsaver.files.remote.names import RemoteName, sharing
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats import checkpoint_sources, sharded_files
from hdfsaver.formats.archives import Archive
from hdfsaver.formats.graph_source import open_graph
from hdfsaver.formats.npy import NpySource
from hdfsaver.formats.npz import NpzSource
from hdfsaver.formats.pytorch import TorchSource
from hdfsaver.formats.safetensors import SafetensorsSource
from hdfsaver.formats.saved_model import open_saved_model
from hdfsaver.reading.checkpoint_names import Source, as_source
from hdfsaver.reading.find_checkpoint import locate, resolve
from hdfsaver.reading.reader import open_checkpoint
from hdfsaver.storage.reading import open_file as open_hdf5_file

_SAVED_MODELS = ("saved_model.pb", "saved_model.pbtxt")
_GRAPHS = (".meta", ".pb", ".pbtxt")
"""The endings of graphs whose content does not tell that they are graphs."""

_ARCHIVES = (file_kinds.NPZ, file_kinds.TORCH, file_kinds.KERAS, file_kinds.TORCHSCRIPT, file_kinds.ZIP)
_PICKLES = (file_kinds.TORCH, file_kinds.PICKLE)
_CHECKPOINTS = (file_kinds.INDEX, file_kinds.FIRST_FORMAT, file_kinds.DATA, file_kinds.DATA_ALONE)
_MESSAGES = (file_kinds.GRAPH_DEF, file_kinds.META_GRAPH)


def open_source(path: Source, group: str = "") -> TensorFile:
    """Open a file with arrays, of any known format.

    Parameters
    ----------
    path : path, URL or binary file
        A checkpoint of hdfsaver or TensorFlow: its prefix, one of its files, or a folder, whose latest checkpoint is
        opened; the folder of a SavedModel; a TensorFlow graph (``.meta``, ``.pb``, ``.pbtxt``); or a file of NumPy
        (``.npy``, ``.npz``), safetensors, Keras (``.h5``, ``.keras``) or PyTorch; or an index of such files
        (``model.safetensors.index.json``), or their folder. Or one of these behind a URL, as far as no folder has to be
        listed, or as an open binary file.
    group : str
        The model to read, in a file that has several.

    Returns
    -------
    TensorFile

    Raises
    ------
    NotFoundError
        The path does not exist, or the file has no such group.
    InvalidArgumentError
        Its format is unknown.
    DataLossError
        It is damaged.
    ImportError
        A library for the format is not installed.
    """
    text = as_source(path)
    if isinstance(text, RemoteName):
        with sharing():
            whole = _open_regular(text, group) if is_file(text) else open_checkpoint(resolve(text), group)
    elif not os.path.isdir(text) and not os.path.isfile(text):
        return open_checkpoint(text, group)
    else:
        whole = _of_folder(text) if os.path.isdir(text) else _open_regular(text, group)
    if whole.group == group:
        return whole
    with whole:
        return whole.model(group)


def _open_regular(path: str, group: str = "") -> TensorFile:
    """Open a file; only an HDF5 file is opened at a group."""
    opened = open_any(path)
    try:
        with about(path):
            kind = kind_detection.kind_of(opened, path)
        if kind == file_kinds.HDF5_FILE:
            return open_hdf5_file(path, group) if group else _of_hdf5(path)
        return _of_file(path, opened, kind)
    finally:
        end_reading(opened.fd)


def _of_folder(path: str) -> TensorFile:
    if any(is_file(os.path.join(path, name)) for name in _SAVED_MODELS):
        return open_saved_model(path)
    # With a slash at its end, a folder may be the prefix of files whose names are only suffixes.
    unnamed = os.path.join(path, "")
    if not locate(unnamed) and not is_file(os.path.join(path, "checkpoint")):
        found = sharded_files.open_folder(path, _open_regular)
        if found is not None:
            return found
    return open_checkpoint(unnamed if locate(unnamed) else resolve(path))


def _of_hdf5(path: str) -> TensorFile:
    found = open_hdf5_file(path)
    is_keras = not found.sealed and checkpoint_sources.is_keras(found.variables)
    return checkpoint_sources.keras_weights(found) if is_keras else found


def _of_file(path: str, opened: Opened, kind: FileKind | None) -> TensorFile:
    if kind in _ARCHIVES and opened.head.startswith(b"PK"):
        return _of_archive(path)
    if kind in _PICKLES and opened.head.startswith(b"\x80"):
        return TensorFile(path, TorchSource(path))
    if kind == file_kinds.NPY:
        return TensorFile(path, NpySource(path))
    if kind == file_kinds.JSON and sharded_files.is_index(path, opened.head):
        return sharded_files.open_index(path, _open_regular)
    if kind == file_kinds.SAFETENSORS:
        return TensorFile(path, SafetensorsSource(path))
    if kind in _CHECKPOINTS:
        return open_checkpoint(path)
    if kind == file_kinds.SAVED_MODEL:
        return open_saved_model(path)
    if kind in _MESSAGES or (kind is None and path.endswith(_GRAPHS)):
        return open_graph(path)
    expected = "a TensorFlow graph" if path.endswith(_GRAPHS) else "a file with arrays"
    raise kind_detection.refusal(opened, path, expected)


def _of_archive(path: str) -> TensorFile:
    with about(path):
        archive = Archive(path)
    archive.close()
    names = [info.filename for info in archive.members]
    if checkpoint_sources.KERAS_WEIGHTS in names:
        return checkpoint_sources.open_keras_archive(path)
    if any(name.endswith("data.pkl") for name in names):
        return TensorFile(path, TorchSource(path))
    if not names or any(name.endswith(".npy") for name in names):
        return TensorFile(path, NpzSource(path))
    raise file_kinds.refusal_of(file_kinds.ZIP, path, "an archive of NumPy (.npz), PyTorch or Keras (.keras)")
