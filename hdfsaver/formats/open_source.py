"""Detecting the format of a file by its content, and opening it."""

from __future__ import annotations

import os
import zipfile

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.opening import open_any
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats import checkpoint_sources
from hdfsaver.formats.archives import unpacking
from hdfsaver.formats.npz import NpzSource
from hdfsaver.formats.pytorch import TorchSource
from hdfsaver.formats.safetensors import SafetensorsSource, is_safetensors
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.reading.find_checkpoint import locate, resolve
from hdfsaver.reading.reader import open_checkpoint
from hdfsaver.storage.hdf5.superblock import find_base
from hdfsaver.storage.reading import open_file as open_hdf5_file

_SAVED_MODELS = ("saved_model.pb", "saved_model.pbtxt")
_GRAPHS = (".meta", ".pb", ".pbtxt")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""The first bytes of archives, and of empty archives."""
_PICKLE = b"\x80\x02"
"""The first bytes of files of ``torch.save`` before PyTorch 1.6."""


def open_source(path: PathLike, group: str = "") -> TensorFile:
    """Open a file with arrays, of any known format.

    Parameters
    ----------
    path : path
        A checkpoint of hdfsaver or TensorFlow: its prefix, one of its files, or a folder, whose latest checkpoint is
        opened; the folder of a SavedModel; a TensorFlow graph (``.meta``, ``.pb``, ``.pbtxt``); or a file of NumPy
        (``.npz``), safetensors, Keras (``.h5``, ``.keras``) or PyTorch.
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
    text = as_prefix(path)
    if not os.path.isdir(text) and not os.path.isfile(text):
        return open_checkpoint(text, group)
    if os.path.isfile(text):
        opened = open_any(text)
        try:
            is_hdf5 = find_base(opened) is not None
        finally:
            os.close(opened.fd)
        if group and is_hdf5:
            return open_hdf5_file(text, group)
        whole = _of_hdf5(text) if is_hdf5 else _of_file(text, opened.head, opened.size)
    else:
        whole = _of_folder(text)
    if not group:
        return whole
    with whole:
        return whole.model(group)


def _of_folder(path: str) -> TensorFile:
    if any(os.path.isfile(os.path.join(path, name)) for name in _SAVED_MODELS):
        return checkpoint_sources.open_saved_model(path)
    # With a slash at its end, a folder may be the prefix of files whose names are only suffixes.
    unnamed = os.path.join(path, "")
    return open_checkpoint(unnamed if locate(unnamed) else resolve(path))


def _of_hdf5(path: str) -> TensorFile:
    found = open_hdf5_file(path)
    is_keras = not found.sealed and checkpoint_sources.is_keras(found.variables)
    return checkpoint_sources.keras_weights(found) if is_keras else found


def _of_file(path: str, head: bytes, size: int) -> TensorFile:
    if head.startswith(_ZIP):
        return _of_archive(path)
    if head.startswith(_PICKLE):
        return TensorFile(path, TorchSource(path))
    if is_safetensors(head, size):
        return TensorFile(path, SafetensorsSource(path))
    if path.endswith(_GRAPHS):
        return TensorFile(path, checkpoint_sources.GraphSource(path))
    return open_checkpoint(path)


def _of_archive(path: str) -> TensorFile:
    with unpacking(path), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if checkpoint_sources.KERAS_WEIGHTS in names:
        return checkpoint_sources.open_keras_archive(path)
    if any(name.endswith("data.pkl") for name in names):
        return TensorFile(path, TorchSource(path))
    if all(name.endswith(".npy") for name in names):
        return TensorFile(path, NpzSource(path))
    known = "archives of NumPy (.npz), PyTorch and Keras (.keras) are supported"
    raise InvalidArgumentError(None, None, f"{path} is an archive of another program; {known}.")
