"""Functions of datasets: those of ``tf.data``, and transformations for ``Dataset.apply``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.datasets.dataset import Dataset, made_dataset, number_of, seeds_of
from hdfsaver.datasets.element_structures import Leaf
from hdfsaver.datasets.iterators import Iterator
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.composite_tensors import value_as_shape
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.shapes import TensorShape

Transformation = Callable[[Dataset], Dataset]
"""For ``Dataset.apply``."""


def make_one_shot_iterator(dataset: Dataset) -> Iterator:
    """An iterator that needs no initializer; see `Dataset.make_one_shot_iterator`."""
    return dataset.make_one_shot_iterator()


def make_initializable_iterator(dataset: Dataset, shared_name: str | None = None) -> Iterator:
    """An iterator that its initializer starts; see `Dataset.make_initializable_iterator`."""
    return dataset.make_initializable_iterator(shared_name)


def get_output_types(dataset_or_iterator: Dataset | Iterator) -> Any:
    """The dtypes of the components of an element, in its structure."""
    return dataset_or_iterator.output_types


def get_output_shapes(dataset_or_iterator: Dataset | Iterator) -> Any:
    """The shapes of the components of an element, in its structure."""
    return dataset_or_iterator.output_shapes


def get_output_classes(dataset_or_iterator: Dataset | Iterator) -> Any:
    """The classes of the components of an element, in its structure."""
    return dataset_or_iterator.output_classes


def cardinality(dataset: Dataset) -> Tensor:
    """The number of elements as far as it is known; see `Dataset.cardinality`."""
    return dataset.cardinality()


def get_single_element(dataset: Dataset) -> Any:
    """The only element of a dataset."""
    return dataset.get_single_element()


def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: int | None = None) -> Transformation:
    """Elements in a random order, several times; those of two epochs mix.

    Parameters
    ----------
    buffer_size : int or Tensor
    count : int or Tensor, optional
        Without end by default.
    seed : int, optional

    Returns
    -------
    callable
        For `Dataset.apply`.
    """

    def transform(dataset: Dataset) -> Dataset:
        buffer = number_of(buffer_size, "buffer_size")
        times = number_of(-1 if count is None else count, "count")
        given = (dataset._variant_tensor, buffer, *seeds_of(seed), times)
        return made_dataset("ShuffleAndRepeatDataset", dataset._structure, *given)

    return transform


def map_and_batch(
    map_func: Callable[..., Any],
    batch_size: Any,
    num_parallel_batches: Any = None,
    drop_remainder: Any = False,
    num_parallel_calls: Any = None,
) -> Transformation:
    """Batches of the results of a function.

    Parameters
    ----------
    map_func : callable
    batch_size : int or Tensor
    num_parallel_batches : int, optional
        Accepted.
    drop_remainder : bool or Tensor
        Whether the last ones are left out where there are fewer.
    num_parallel_calls : int or Tensor, optional
        Accepted.

    Returns
    -------
    callable
        For `Dataset.apply`.

    Raises
    ------
    ValueError
        Both numbers of calls are given.
    """
    if num_parallel_batches is not None and num_parallel_calls is not None:
        raise ValueError("`map_and_batch` allows only one of num_parallel_batches and num_parallel_calls to be set.")

    def transform(dataset: Dataset) -> Dataset:
        calls = num_parallel_calls
        if calls is None:
            calls = batch_size * num_parallel_batches if num_parallel_batches else batch_size
        return dataset._map_and_batch(map_func, batch_size, drop_remainder, calls)

    return transform


def parallel_interleave(
    map_func: Callable[..., Any],
    cycle_length: Any,
    block_length: Any = 1,
    sloppy: Any = False,
    buffer_output_elements: Any = None,
    prefetch_input_elements: Any = None,
) -> Transformation:
    """The elements of the datasets that a function makes, several datasets in turn.

    Parameters
    ----------
    map_func : callable
    cycle_length : int or Tensor
    block_length : int or Tensor
    sloppy : bool
        Accepted: the order is always the deterministic one.
    buffer_output_elements, prefetch_input_elements : int or Tensor, optional
        Accepted.

    Returns
    -------
    callable
        For `Dataset.apply`.
    """

    def transform(dataset: Dataset) -> Dataset:
        return dataset.interleave(map_func, cycle_length, block_length)

    return transform


def ignore_errors(log_warning: bool = False) -> Transformation:
    """The elements that can be made, for `Dataset.apply`."""
    return lambda dataset: dataset.ignore_errors(log_warning)


def unbatch() -> Transformation:
    """The slices of the elements, for `Dataset.apply`."""
    return lambda dataset: dataset.unbatch()


def enumerate_dataset(start: Any = 0) -> Transformation:
    """Pairs of a number and an element, for `Dataset.apply`."""
    return lambda dataset: dataset.enumerate(start)


def take_while(predicate: Callable[..., Any]) -> Transformation:
    """The elements before the first for which a function is not true, for `Dataset.apply`."""
    return lambda dataset: dataset.take_while(predicate)


def scan(initial_state: Any, scan_func: Callable[..., Any]) -> Transformation:
    """The results of a function that hands on a state, for `Dataset.apply`."""
    return lambda dataset: dataset.scan(initial_state, scan_func)


def group_by_window(
    key_func: Callable[..., Any],
    reduce_func: Callable[..., Any],
    window_size: Any = None,
    window_size_func: Callable[..., Any] | None = None,
) -> Transformation:
    """Groups of elements of one key; see `Dataset.group_by_window`.

    Parameters
    ----------
    key_func, reduce_func : callable
    window_size : int, optional
    window_size_func : callable, optional

    Returns
    -------
    callable
        For `Dataset.apply`.

    Raises
    ------
    ValueError
        Both sizes are given, or neither.
    """
    if (window_size is None) == (window_size_func is None):
        raise ValueError("Either the `window_size` argument or the `window_size_func` argument must be specified.")
    return lambda dataset: dataset.group_by_window(key_func, reduce_func, window_size, window_size_func)


def batch_and_drop_remainder(batch_size: Any) -> Transformation:
    """Batches that all have the same number of elements, for `Dataset.apply`."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def Counter(start: int = 0, step: int = 1, dtype: DTypeLike = dtypes.int64) -> Dataset:  # noqa: N802, its name in TensorFlow
    """A dataset that counts without end.

    Parameters
    ----------
    start, step : int
    dtype : DType

    Returns
    -------
    Dataset

    Raises
    ------
    TypeError
        There is no such dtype.
    """
    wanted = dtypes.as_dtype(dtype)
    first, add = (convert_to_tensor(value, wanted) for value in (start, step))
    return Dataset.from_tensors(0).repeat(None).scan(first, lambda state, _: (state + add, state))


def unique() -> Transformation:
    """The elements without those that came before, for `Dataset.apply`."""
    return lambda dataset: made_dataset("UniqueDataset", dataset._structure, dataset._variant_tensor)


def assert_cardinality(expected_cardinality: Any) -> Transformation:
    """The elements, which must be as many as is said, for `Dataset.apply`."""

    def transform(dataset: Dataset) -> Dataset:
        count = number_of(expected_cardinality, "expected_cardinality")
        return made_dataset("AssertCardinalityDataset", dataset._structure, dataset._variant_tensor, count)

    return transform


def dense_to_sparse_batch(batch_size: Any, row_shape: Any) -> Transformation:
    """Several tensors of any sizes together, as sparse tensors, for `Dataset.apply`.

    Parameters
    ----------
    batch_size : int or Tensor
    row_shape : shape or Tensor
        That of the elements; None, or -1, for the size of the largest.

    Returns
    -------
    callable
        It raises `TypeError` where elements are something else than one tensor.
    """

    def transform(dataset: Dataset) -> Dataset:
        if not isinstance(dataset._structure, Leaf) or dataset._structure.is_sparse:
            raise TypeError(
                "`dense_to_sparse_batch` requires an input dataset whose elements are a single dense tensor, not "
                f"{dataset.output_types!r}."
            )
        known = value_as_shape(convert_to_tensor(row_shape)) if is_tensor(row_shape) else TensorShape(row_shape)
        sizes = (
            None if known.plain is None else np.array([-1 if size is None else size for size in known.plain], np.int64)
        )
        row = number_of(row_shape if is_tensor(row_shape) else sizes, "row_shape")
        size = number_of(batch_size, "batch_size")
        shape = None if known.plain is None else (None, *known.plain)
        leaf = replace(dataset._structure, shape=shape, is_sparse=True)
        return made_dataset("DenseToSparseBatchDataset", leaf, dataset._variant_tensor, size, row)

    return transform


def copy_to_device(target_device: str, source_device: str = "/cpu:0") -> Transformation:
    """The same elements, for `Dataset.apply`: there is one device."""
    return lambda dataset: dataset.prefetch(1)


def prefetch_to_device(device: str, buffer_size: Any = None) -> Transformation:
    """The same elements, for `Dataset.apply`: there is one device, and nothing is made ahead."""
    return lambda dataset: dataset.prefetch(buffer_size)
