"""``tensorflow.examples.tutorials.mnist.input_data``: images of digits from local files."""

from __future__ import annotations

from hdfsaver.contrib.mnist_data import DataSet, Datasets, dense_to_one_hot, load_mnist, read_data_sets

__all__ = ["DataSet", "Datasets", "dense_to_one_hot", "load_mnist", "read_data_sets"]


def __dir__() -> list[str]:
    return __all__
