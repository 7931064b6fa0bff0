"""MNIST's images from files of this machine, in the order of TensorFlow 1's tutorials."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.examples.tutorials.mnist import input_data


def make(folder: Path, count: int = 12) -> None:
    """Write files of small images, one of them without compression."""
    for name, number in (("train", count), ("t10k", 4)):
        pixels = np.arange(number * 6, dtype=np.uint8).tobytes()
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">4I", 2051, number, 2, 3) + pixels)
        )
        labels = struct.pack(">2I", 2049, number) + bytes(place % 10 for place in range(number))
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(labels)


def test_sets_and_their_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first images are to choose by; vectors and fractions, or bytes in rows."""
    make(tmp_path)
    sets = input_data.read_data_sets(str(tmp_path), one_hot=True, validation_size=5)
    assert [7, 5, 4] == [each.num_examples for each in sets]
    assert (7, 6) == sets.train.images.shape
    assert np.float32(30 * np.float32(1 / 255)) == sets.train.images[0, 0]
    assert [0, 0, 0, 0, 0, 1, 0, 0, 0, 0] == sets.train.labels[0].tolist()
    assert f"Extracting {tmp_path / 'train-images-idx3-ubyte.gz'}\n" in capsys.readouterr().out
    plain = input_data.read_data_sets(tmp_path, dtype=tf.uint8, reshape=False, validation_size=0)
    assert (12, 2, 3, 1) == plain.train.images.shape
    assert [np.uint8] * 2 == [plain.train.images.dtype, plain.train.labels.dtype]


def test_batches_are_shuffled_by_numpy(tmp_path: Path) -> None:
    """In each epoch anew; a batch may have the end of one and the beginning of the next."""
    make(tmp_path)
    train = input_data.read_data_sets(tmp_path, validation_size=2).train
    np.random.seed(5)  # noqa: NPY002, that of the tutorials
    found = [train.next_batch(4)[1].tolist() for _ in range(3)]
    np.random.seed(5)  # noqa: NPY002, that of the tutorials
    first, second = np.arange(10), np.arange(10)
    np.random.shuffle(first)  # noqa: NPY002
    np.random.shuffle(second)  # noqa: NPY002
    labels = np.array([place % 10 for place in range(2, 12)])
    expected = [*labels[first], *labels[first][second][:2]]
    assert expected == [label for labels in found for label in labels]
    assert 1 == train.epochs_completed
    assert [[1] * 784, 0] == [each[0] for each in train.next_batch(1, fake_data=True)]


def test_files_that_are_missing_or_wrong(tmp_path: Path) -> None:
    """Each error names the file; nothing is downloaded."""
    with pytest.raises(tf.errors.NotFoundError, match="train-images-idx3-ubyte.gz is missing, and nothing is"):
        input_data.read_data_sets(tmp_path)
    make(tmp_path)
    with pytest.raises(ValueError, match="between 0 and 12. Received: 5000"):
        input_data.read_data_sets(tmp_path)
    labels = tmp_path / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1])
    with pytest.raises(tf.errors.DataLossError, match="ends too early: 11 of 12"):
        input_data.read_data_sets(tmp_path)
    labels.write_bytes(struct.pack(">2I", 2051, 1))
    with pytest.raises(ValueError, match="Invalid magic number 2051 in MNIST label file"):
        input_data.read_data_sets(tmp_path)
    assert 3 == len(input_data.read_data_sets("", fake_data=True))
