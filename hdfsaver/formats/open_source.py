"""Detecting the format of a file by its content, and opening it."""

from __future__ import annotations

import os
import zipfile

from hdfsaver.conversion import checkpoint_sources
from hdfsaver.conversion.archives import unpacking
from hdfsaver.conversion.npz import NpzSource
from hdfsaver.conversion.pytorch import TorchSource
from hdfsaver.conversion.safetensors import SafetensorsSource, is_safetensors
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.opening import open_any
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.reading.find_checkpoint import locate, resolve
from hdfsaver.reading.reader import open_checkpoint
from hdfsaver.storage.hdf5.superblock import SIGNATURE

_SAVED_MODELS = ("saved_model.pb", "saved_model.pbtxt")
_GRAPHS = (".meta", ".pb", ".pbtxt")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""The first bytes of archives, and of empty archives."""
_PICKLE = b"\x80\x02"
"""The first bytes of files of ``torch.save`` before PyTorch 1.6."""


def open_source(path: PathLike) -> TensorFile:
    """Open a file with arrays, of any known format.

    Parameters
    ----------
    path : path
        A checkpoint of hdfsaver or TensorFlow: its prefix, one of its files, or a folder, whose latest checkpoint is
        opened; the folder of a SavedModel; a TensorFlow graph (``.meta``, ``.pb``, ``.pbtxt``); or a file of NumPy
        (``.npz``), safetensors, Keras (``.h5``, ``.keras``) or PyTorch.

    Raises
    ------
    NotFoundError
        The path does not exist.
    InvalidArgumentError
        Its format is unknown.
    DataLossError
        It is damaged.
    ImportError
        A library for the format is not installed.
    """
    text = as_prefix(path)
    if os.path.isdir(text):
        return _of_folder(text)
    if not os.path.isfile(text):
        return open_checkpoint(text)
    opened = open_any(text)
    os.close(opened.fd)
    return _of_file(text, opened.head, opened.size)


def _of_folder(path: str) -> TensorFile:
    if any(os.path.isfile(os.path.join(path, name)) for name in _SAVED_MODELS):
        return checkpoint_sources.open_saved_model(path)
    # With a slash at its end, a folder may be the prefix of files whose names are only suffixes.
    unnamed = os.path.join(path, "")
    return open_checkpoint(unnamed if locate(unnamed) else resolve(path))


def _of_file(path: str, head: bytes, size: int) -> TensorFile:
    if head.startswith(SIGNATURE):
        found = open_checkpoint(path)
        is_keras = not found.sealed and checkpoint_sources.is_keras(found.variables)
        return checkpoint_sources.keras_weights(found) if is_keras else found
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
