"""MNIST's images of digits, as TensorFlow 1's tutorials read them, from files on this machine."""

from __future__ import annotations

import gzip
import os
import struct
from typing import IO, Any, NamedTuple

import numpy as np

from hdfsaver import limits
from hdfsaver.dtypes import DTypeLike, as_dtype
from hdfsaver.errors import DataLossError, NotFoundError
from hdfsaver.ops.seeds import get_seed
from hdfsaver.tensor_info import Array

SOURCE = "https://storage.googleapis.com/cvdf-datasets/mnist/"
"""Where the files are; nothing is fetched from there."""

_IMAGES, _LABELS = 2051, 2049
_GZIP = b"\x1f\x8b"
_CLASSES = 10
_FAKE_EXAMPLES = 10000
_FAKE_PIXELS = 784
_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def _opened(folder: str | os.PathLike[str], name: str) -> tuple[IO[bytes], str]:
    """A file of the folder, compressed or not, and its path."""
    for ending in (".gz", ""):
        path = os.path.join(folder, name + ending)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                opened: Any = gzip.open if file.read(len(_GZIP)) == _GZIP else open
            return opened(path, "rb"), path
    path = os.path.join(folder, f"{name}.gz")
    said = f"{path} is missing, and nothing is downloaded here. Put the file there; it is at {SOURCE}{name}.gz."
    raise NotFoundError(None, None, said)


def _read(folder: str | os.PathLike[str], name: str, magic: int, kind: str) -> Array:
    """The numbers in a file, in the shape that its header says."""
    file, path = _opened(folder, name)
    print("Extracting", path)  # noqa: T201, as TensorFlow does
    with file:
        try:
            found, *sizes = struct.unpack(">2I", file.read(8))
            if found != magic:
                raise ValueError(f"Invalid magic number {found} in MNIST {kind} file: {path}")
            if magic == _IMAGES:
                sizes += struct.unpack(">2I", file.read(8))
            count = int(np.prod(sizes, dtype=object))
            if count > limits.get().elements:
                raise limits.refused(path, f"it has {count} numbers", "elements")
            data = file.read(count)
        except (EOFError, OSError, struct.error) as error:
            raise DataLossError(None, None, f"{path} is damaged: {error}") from None
    if len(data) < count:
        raise DataLossError(None, None, f"{path} ends too early: {len(data)} of {count} numbers are there.")
    return np.frombuffer(data, np.uint8).reshape(sizes)


def dense_to_one_hot(labels_dense: Array, num_classes: int) -> Array:
    """Labels as vectors with a one in the place of the label."""
    found = np.zeros((labels_dense.shape[0], num_classes))
    found[np.arange(labels_dense.shape[0]), labels_dense.ravel()] = 1
    return found


class DataSet:
    """Images and labels, which are given in batches.

    Parameters
    ----------
    images : ndarray
        Of shape (number, rows, columns, 1).
    labels : ndarray
    fake_data : bool
        Whether there are only ones.
    one_hot : bool
        Whether fake labels are vectors.
    dtype : DTypeLike
        ``float32`` scales the images from 0 to 1; ``uint8`` leaves them.
    reshape : bool
        Whether an image is a vector.
    seed : int, optional
        As in TensorFlow, it seeds NumPy's global generator, by which batches are shuffled; so does the graph's seed.

    Raises
    ------
    TypeError
        The dtype is another one.
    """

    def __init__(
        self,
        images: Array,
        labels: Array,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: DTypeLike = "float32",
        reshape: bool = True,
        seed: int | None = None,
    ) -> None:
        first, second = get_seed(seed)
        np.random.seed(first if seed is None else second)  # noqa: NPY002, TensorFlow's generator here
        name = as_dtype(dtype).base_dtype.name
        if name not in ("uint8", "float32"):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        self._fake_data, self._one_hot = fake_data, one_hot
        self._num_examples = _FAKE_EXAMPLES
        if not fake_data:
            if len(images) != len(labels):
                raise ValueError(f"images.shape: {images.shape} labels.shape: {labels.shape}")
            self._num_examples = len(images)
            if reshape:
                images = images.reshape(len(images), -1)
            if name == "float32":
                images = np.multiply(images.astype(np.float32), np.float32(1.0 / 255.0))
        self._images, self._labels = images, labels
        self._epochs_completed = self._index_in_epoch = 0

    @property
    def images(self) -> Array:
        """All images, in the order of this epoch."""
        return self._images

    @property
    def labels(self) -> Array:
        """All labels, in the order of this epoch."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many there are."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How many times all were given."""
        return self._epochs_completed

    def _shuffle(self) -> None:
        order = np.arange(self._num_examples)
        np.random.shuffle(order)  # noqa: NPY002
        self._images, self._labels = self._images[order], self._labels[order]

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True) -> tuple[Any, Any]:
        """The next images and labels.

        Parameters
        ----------
        batch_size : int
        fake_data : bool
            Give ones only.
        shuffle : bool
            Whether each epoch is shuffled, by NumPy's global generator.

        Returns
        -------
        images, labels : ndarray
            Lists, of fake data.
        """
        if fake_data:
            label: Any = [1] + [0] * (_CLASSES - 1) if self._one_hot else 0
            return [[1] * _FAKE_PIXELS] * batch_size, [label] * batch_size
        start = self._index_in_epoch
        if self._epochs_completed == 0 and start == 0 and shuffle:
            self._shuffle()
        if start + batch_size <= self._num_examples:
            self._index_in_epoch += batch_size
            return self._images[start : start + batch_size], self._labels[start : start + batch_size]
        self._epochs_completed += 1
        images, labels = self._images[start:], self._labels[start:]
        if shuffle:
            self._shuffle()
        self._index_in_epoch = end = batch_size - len(images)
        return np.concatenate((images, self._images[:end])), np.concatenate((labels, self._labels[:end]))


class Datasets(NamedTuple):
    """The images to train with, to choose by, and to test with."""

    train: DataSet
    validation: DataSet
    test: DataSet


def read_data_sets(
    train_dir: str | os.PathLike[str],
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: DTypeLike = "float32",
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str = SOURCE,
) -> Datasets:
    """Read MNIST from a folder of this machine; nothing is downloaded.

    Parameters
    ----------
    train_dir : path
        It has ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, and the two that begin with ``t10k``, each
        with or without ``.gz``.
    fake_data : bool
        Give ones only, without files.
    one_hot : bool
        Whether labels are vectors.
    dtype : DTypeLike
        ``float32`` scales the images from 0 to 1; ``uint8`` leaves them.
    reshape : bool
        Whether an image is a vector.
    validation_size : int
        How many of the first images to train with are to choose by instead.
    seed : int, optional
        See `DataSet`.
    source_url : str
        Accepted for programs that give it.

    Returns
    -------
    Datasets

    Raises
    ------
    NotFoundError
        A file is missing; the message says where it is to be had.
    ValueError
        A file is another one, or the validation size is larger than the number of images.
    DataLossError
        A file is damaged.
    """
    if fake_data:
        none = np.zeros((0,), np.uint8)
        return Datasets(*(DataSet(none, none, True, one_hot, dtype, seed=seed) for _ in range(3)))
    kinds = ((_IMAGES, "image"), (_LABELS, "label"))
    read = [_read(train_dir, name, *kinds[number % 2]) for number, name in enumerate(_NAMES)]
    images, labels, test_images, test_labels = read
    images, test_images = images[..., None], test_images[..., None]
    if one_hot:
        labels, test_labels = (dense_to_one_hot(each, _CLASSES) for each in (labels, test_labels))
    if not 0 <= validation_size <= len(images):
        raise ValueError(f"Validation size should be between 0 and {len(images)}. Received: {validation_size}.")
    parts = (
        (images[validation_size:], labels[validation_size:]),
        (images[:validation_size], labels[:validation_size]),
        (test_images, test_labels),
    )
    return Datasets(*(DataSet(*part, dtype=dtype, reshape=reshape, seed=seed) for part in parts))


def load_mnist(train_dir: str | os.PathLike[str] = "MNIST-data") -> Datasets:
    """The same of another folder by default."""
    return read_data_sets(train_dir)
