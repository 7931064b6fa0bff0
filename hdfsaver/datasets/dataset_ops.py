"""Datasets with the elements of others together, apart, and in another order, as operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from hdfsaver.datasets import batches, order, shuffled_datasets
from hdfsaver.datasets.dataset_elements import Dataset
from hdfsaver.datasets.dataset_op_base import (
    AT_LEAST_ONE,
    AUTOTUNE,
    OF_ELEMENTS,
    SPEED,
    MakesDataset,
    dataset_of,
    integer,
)
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.definition import register


class _ByNumbers(MakesDataset):
    """A dataset made of another one and of numbers."""

    build: ClassVar[Callable[..., Dataset]]

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        source, *numbers = inputs
        return type(self).build(dataset_of(source), *map(integer, numbers))


@register
class RepeatDataset(_ByNumbers):
    """A dataset of the elements of another, several times."""

    type = "RepeatDataset"
    signature = "input_dataset: variant, count: int64 -> handle: variant"
    build = order.RepeatDataset


@register
class TakeDataset(_ByNumbers):
    """A dataset of the first elements of another."""

    type = "TakeDataset"
    signature = "input_dataset: variant, count: int64 -> handle: variant"
    build = order.TakeDataset


@register
class SkipDataset(_ByNumbers):
    """A dataset without the first elements of another."""

    type = "SkipDataset"
    signature = "input_dataset: variant, count: int64 -> handle: variant"
    build = order.SkipDataset


@register
class ShardDataset(_ByNumbers):
    """A dataset of every n-th element of another."""

    type = "ShardDataset"
    signature = "input_dataset: variant, num_shards: int64, index: int64 -> handle: variant"
    attrs = {"require_non_empty": False, "metadata": b""}
    build = order.ShardDataset


@register
class BatchDataset(_ByNumbers):
    """A dataset of several elements of another together."""

    type = "BatchDataset"
    signature = "input_dataset: variant, batch_size: int64 -> handle: variant"

    @staticmethod
    def build(source: Dataset, size: int) -> Dataset:
        return batches.BatchDataset(source, size, False)


@register
class BatchDatasetV2(MakesDataset):
    """A dataset of several elements of another together; the last ones may be left out."""

    type = "BatchDatasetV2"
    signature = "input_dataset: variant, batch_size: int64, drop_remainder: bool -> handle: variant"
    attrs = {"parallel_copy": False, "metadata": b""}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return batches.BatchDataset(dataset_of(inputs[0]), integer(inputs[1]), bool(inputs[-1]))


@register
class ParallelBatchDataset(BatchDatasetV2):
    """As `BatchDatasetV2`."""

    type = "ParallelBatchDataset"
    differs = SPEED
    signature = (
        "input_dataset: variant, batch_size: int64, num_parallel_calls: int64, drop_remainder: bool -> handle: variant"
    )
    attrs = {"parallel_copy": False, "deterministic": b"default", "metadata": b""}


@register
class PaddedBatchDataset(MakesDataset):
    """A dataset of several elements of another together, made equally large."""

    type = "PaddedBatchDataset"
    signature = (
        "input_dataset: variant, batch_size: int64, padded_shapes: N * int64, padding_values: [Toutput_types] "
        "-> handle: variant"
    )
    needed = {"output_shapes": "list(shape)"}
    minimums = {"Toutput_types": 1, "output_shapes": 1, "N": 1}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        source, batch, *rest = inputs
        count = attrs["N"]
        drops = len(rest) > 2 * count and bool(rest[-1])
        values = rest[count : 2 * count]
        return batches.PaddedBatchDataset(dataset_of(source), integer(batch), rest[:count], values, drops)


@register
class PaddedBatchDatasetV2(PaddedBatchDataset):
    """As `PaddedBatchDataset`; the last elements may be left out."""

    type = "PaddedBatchDatasetV2"
    signature = (
        "input_dataset: variant, batch_size: int64, padded_shapes: N * int64, padding_values: [Toutput_types], "
        "drop_remainder: bool -> handle: variant"
    )
    attrs = {"parallel_copy": False, "metadata": b""}


@register
class WindowDataset(MakesDataset):
    """A dataset of datasets of some elements each."""

    type = "WindowDataset"
    signature = (
        "input_dataset: variant, size: int64, shift: int64, stride: int64, drop_remainder: bool -> handle: variant"
    )

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        size, shift, stride = map(integer, inputs[1:4])
        return batches.WindowDataset(dataset_of(inputs[0]), size, shift, stride, bool(inputs[4]))


@register
class UnbatchDataset(_ByNumbers):
    """A dataset of the slices of the elements of another."""

    type = "UnbatchDataset"
    signature = "input_dataset: variant -> handle: variant"
    build = batches.UnbatchDataset


@register
class ExperimentalUnbatchDataset(UnbatchDataset):
    """As `UnbatchDataset`."""

    type = "ExperimentalUnbatchDataset"
    attrs = {}


@register
class IgnoreErrorsDataset(_ByNumbers):
    """A dataset of the elements of another that can be made."""

    type = "IgnoreErrorsDataset"
    signature = "input_dataset: variant -> handle: variant"
    attrs = {"log_warning": False}
    build = order.IgnoreErrorsDataset


@register
class ExperimentalIgnoreErrorsDataset(IgnoreErrorsDataset):
    """As `IgnoreErrorsDataset`."""

    type = "ExperimentalIgnoreErrorsDataset"


@register
class ZipDataset(MakesDataset):
    """A dataset of the elements of several others beside each other."""

    type = "ZipDataset"
    signature = "input_datasets: N * variant -> handle: variant"
    minimums = {"N": 1, **AT_LEAST_ONE}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return order.ZipDataset([dataset_of(value) for value in inputs])


@register
class ConcatenateDataset(MakesDataset):
    """A dataset of the elements of one dataset, and then those of another."""

    type = "ConcatenateDataset"
    signature = "input_dataset: variant, another_dataset: variant -> handle: variant"

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return order.ConcatenateDataset(*map(dataset_of, inputs))


@register
class DirectedInterleaveDataset(MakesDataset):
    """A dataset of the elements of several others, which another dataset chooses."""

    type = "DirectedInterleaveDataset"
    signature = "selector_input_dataset: variant, data_input_datasets: N * variant -> handle: variant"
    minimums = {"N": 1, **AT_LEAST_ONE}
    attrs = {"stop_on_empty_dataset": False}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        selector, *others = map(dataset_of, inputs)
        return order.ChosenDataset(selector, others, attrs.get("stop_on_empty_dataset", False))


@register
class ExperimentalDirectedInterleaveDataset(DirectedInterleaveDataset):
    """As `DirectedInterleaveDataset`."""

    type = "ExperimentalDirectedInterleaveDataset"
    attrs = {}


@register
class CacheDataset(MakesDataset):
    """A dataset whose elements are made once, and then kept in memory."""

    type = "CacheDataset"
    differs = "A file is not written: with a name of a file, too, the elements are kept in memory."
    signature = "input_dataset: variant, filename: string -> handle: variant"

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return order.CacheDataset(dataset_of(inputs[0]))


class _Same(MakesDataset):
    """The same dataset: what the operation asks for is about speed."""

    differs = "Nothing is done: it is about speed in TensorFlow."

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return order.SameDataset(dataset_of(inputs[0]))


@register
class PrefetchDataset(_Same):
    """The same dataset."""

    type = "PrefetchDataset"
    signature = "input_dataset: variant, buffer_size: int64 -> handle: variant"
    attrs = {"slack_period": 0, "legacy_autotune": True, "buffer_size_min": 0, "metadata": b""}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        if integer(inputs[1]) < AUTOTUNE:
            raise InvalidArgumentError(
                None, None, "buffer_size must be >= 0 or set buffer_size to be -1 for auto-tuning."
            )
        return super().make(attrs, *inputs)


@register
class ModelDataset(_Same):
    """The same dataset."""

    type = "ModelDataset"
    signature = "input_dataset: variant -> handle: variant"
    attrs = {"algorithm": 0, "cpu_budget": 0, "ram_budget": 0}


@register
class OptimizeDataset(_Same):
    """The same dataset."""

    type = "OptimizeDataset"
    signature = "input_dataset: variant, optimizations: string -> handle: variant"
    needed = {**OF_ELEMENTS, "optimization_configs": "list(string)"}
    attrs = {"optimization_configs": []}


@register
class OptionsDataset(_Same):
    """The same dataset."""

    type = "OptionsDataset"
    signature = "input_dataset: variant -> handle: variant"
    needed = {**OF_ELEMENTS, "serialized_options": "string"}


class _Shuffles(MakesDataset):
    attrs = {"reshuffle_each_iteration": True, "metadata": b""}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        source, *numbers = inputs
        buffer, seed, seed2, *count = map(integer, numbers)
        again = attrs["reshuffle_each_iteration"]
        return shuffled_datasets.ShuffleDataset(dataset_of(source), buffer, seed, seed2, again, *count)


@register
class ShuffleDataset(_Shuffles):
    """A dataset of the elements of another in a random order."""

    type = "ShuffleDataset"
    signature = "input_dataset: variant, buffer_size: int64, seed: int64, seed2: int64 -> handle: variant"


@register
class ShuffleAndRepeatDataset(_Shuffles):
    """A dataset of the elements of another in a random order, several times."""

    type = "ShuffleAndRepeatDataset"
    signature = "input_dataset: variant, buffer_size: int64, seed: int64, seed2: int64, count: int64 -> handle: variant"
