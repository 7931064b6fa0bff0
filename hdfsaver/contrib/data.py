"""``tf.contrib.data``: older names of what is in ``tf.data`` and ``tf.data.experimental``."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.checkpoint.saveables.iterator_saveable import make_saveable_from_iterator
from hdfsaver.datasets.dataset import Dataset
from hdfsaver.datasets.dataset_functions import (
    batch_and_drop_remainder,
    enumerate_dataset,
    get_single_element,
    group_by_window,
    ignore_errors,
    map_and_batch,
    parallel_interleave,
    scan,
    shuffle_and_repeat,
    unbatch,
)
from hdfsaver.datasets.file_datasets import FixedLengthRecordDataset, TextLineDataset, TFRecordDataset
from hdfsaver.datasets.iterators import Iterator

__all__ = [
    "Dataset",
    "FixedLengthRecordDataset",
    "Iterator",
    "TFRecordDataset",
    "TextLineDataset",
    "batch_and_drop_remainder",
    "enumerate_dataset",
    "get_single_element",
    "group_by_window",
    "ignore_errors",
    "make_saveable_from_iterator",
    "map_and_batch",
    "parallel_interleave",
    "scan",
    "shuffle_and_repeat",
    "unbatch",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, ())
