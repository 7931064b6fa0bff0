"""``tf.contrib.learn.datasets``: small data sets from files of this machine."""

from __future__ import annotations

import typing

import hdfsaver.contrib.csv_datasets as base
import hdfsaver.contrib.mnist_data as mnist
from hdfsaver.absent_names import absent as _absent
from hdfsaver.contrib.csv_datasets import load_boston, load_dataset, load_iris

__all__ = [
    "base",
    "load_boston",
    "load_dataset",
    "load_iris",
    "mnist",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
