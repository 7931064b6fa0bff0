"""``tf.data.experimental``: transformations for ``Dataset.apply``, and the state of iterators for a Saver."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.checkpoint.saveables.iterator_saveable import make_saveable_from_iterator
from hdfsaver.datasets.dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from hdfsaver.datasets.dataset_functions import (
    Counter,
    assert_cardinality,
    cardinality,
    copy_to_device,
    dense_to_sparse_batch,
    enumerate_dataset,
    get_single_element,
    group_by_window,
    ignore_errors,
    map_and_batch,
    parallel_interleave,
    prefetch_to_device,
    scan,
    shuffle_and_repeat,
    take_while,
    unbatch,
    unique,
)
from hdfsaver.datasets.dataset_options import DistributeOptions, OptimizationOptions, StatsOptions, ThreadingOptions
from hdfsaver.datasets.length_buckets import bucket_by_sequence_length
from hdfsaver.datasets.mixed_datasets import RandomDataset, choose_from_datasets, sample_from_datasets

__all__ = [
    "AUTOTUNE",
    "Counter",
    "DistributeOptions",
    "INFINITE_CARDINALITY",
    "OptimizationOptions",
    "RandomDataset",
    "StatsOptions",
    "ThreadingOptions",
    "UNKNOWN_CARDINALITY",
    "assert_cardinality",
    "bucket_by_sequence_length",
    "cardinality",
    "choose_from_datasets",
    "copy_to_device",
    "dense_to_sparse_batch",
    "enumerate_dataset",
    "get_single_element",
    "group_by_window",
    "ignore_errors",
    "make_saveable_from_iterator",
    "map_and_batch",
    "parallel_interleave",
    "prefetch_to_device",
    "sample_from_datasets",
    "scan",
    "shuffle_and_repeat",
    "take_while",
    "unbatch",
    "unique",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
