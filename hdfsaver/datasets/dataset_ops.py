"""Datasets as operations: each gives a dataset as a value, and nothing is read before an iterator asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.datasets import batches, changes, files_of, order, shuffled_datasets, sources
from hdfsaver.datasets.dataset_elements import Context, Dataset
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat
from hdfsaver.ops.memory import own
from hdfsaver.schema import AttrValue
from hdfsaver.session.inner_state import InnerState
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_OF_ELEMENTS = {"output_types": "list(type)", "output_shapes": "list(shape)"}
_AT_LEAST_ONE = {"output_types": 1, "output_shapes": 1}
_METADATA: Mapping[str, AttrValue] = {"metadata": b""}
_SPEED = "It does not run ahead or in parallel; the elements are those of TensorFlow, in the deterministic order."


def dataset_of(value: Any) -> Dataset:
    """The dataset that is the value of a tensor; `InvalidArgumentError` where it is none."""
    found = value[()] if isinstance(value, np.ndarray) and value.dtype == np.object_ and not value.ndim else value
    if not isinstance(found, Dataset):
        raise InvalidArgumentError(None, None, f"The value is not a dataset, but a {type(found).__name__}.")
    return found


class MakesDataset(Flat):
    """An operation whose value is a dataset."""

    needed: ClassVar[Mapping[str, str]] = _OF_ELEMENTS
    minimums: ClassVar[Mapping[str, int]] = _AT_LEAST_ONE
    attrs: ClassVar[Mapping[str, AttrValue]] = _METADATA

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        """The dataset of some inputs."""
        raise NotImplementedError

    def kernel(self, node: Node) -> Kernel:
        make, attrs, name = self.make, node.attrs, node.name

        def made(*inputs: Any) -> Dataset:
            dataset = make(attrs, *inputs)
            dataset.node = name
            dataset.made_of = (node, inputs)
            return dataset

        if self.stateful:
            return lambda state, *inputs: made(*inputs)
        return made


def _integer(value: Array) -> int:
    return int(np.asarray(value)[()])


# -- from tensors ------------------------------------------------------------------------------------------------------


@register
class TensorDataset(MakesDataset):
    """A dataset of one element."""

    type = "TensorDataset"
    signature = "components: [Toutput_types] -> handle: variant"
    needed = {"output_shapes": "list(shape)"}
    minimums = {"Toutput_types": 1, "output_shapes": 1}
    stateful = True

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return sources.TensorDataset([own(value) for value in inputs])


@register
class TensorSliceDataset(TensorDataset):
    """A dataset of the slices of tensors along their first dimension."""

    type = "TensorSliceDataset"
    attrs = {"is_files": False, "metadata": b"", "replicate_on_split": False}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return sources.TensorSliceDataset([own(value) for value in inputs])


@register
class SparseTensorSliceDataset(MakesDataset):
    """A dataset of the slices of a sparse tensor along its first dimension."""

    type = "SparseTensorSliceDataset"
    signature = "indices: int64, values: Tvalues, dense_shape: int64 -> handle: variant"
    needed = {}
    minimums = {}
    attrs = {}
    stateful = True

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return sources.SparseTensorSliceDataset(*(own(value) for value in inputs))


@register
class RangeDataset(MakesDataset):
    """A dataset of integers in steps."""

    type = "RangeDataset"
    signature = "start: int64, stop: int64, step: int64 -> handle: variant"
    attrs = {"metadata": b"", "replicate_on_split": False}
    stateful = True

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        start, stop, step = inputs
        return sources.RangeDataset(start, stop, step, dtypes.numpy_dtype(attrs["output_types"][0]))


@register
class GeneratorDataset(MakesDataset):
    """A dataset of what a function gives until it raises `OutOfRangeError`."""

    type = "GeneratorDataset"
    signature = (
        "init_func_other_args: [Tinit_func_args], next_func_other_args: [Tnext_func_args], "
        "finalize_func_other_args: [Tfinalize_func_args] -> handle: variant"
    )
    needed = {"init_func": "func", "next_func": "func", "finalize_func": "func", **_OF_ELEMENTS}
    minimums = {
        "Tinit_func_args": 0,
        "Tnext_func_args": 0,
        "Tfinalize_func_args": 0,
        "output_types": 1,
        "output_shapes": 1,
    }
    stateful = True

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        kinds = ("init", "next", "finalize")
        captured = _divided(inputs, [len(attrs[f"T{kind}_func_args"]) for kind in kinds])
        return sources.GeneratorDataset([attrs[f"{kind}_func"] for kind in kinds], captured)


def _divided(inputs: Sequence[Any], counts: Sequence[int]) -> list[Sequence[Any]]:
    ends = np.cumsum(counts)
    return [inputs[end - count : end] for end, count in zip(ends, counts, strict=True)]


# -- from files --------------------------------------------------------------------------------------------------------


class _OfFiles(MakesDataset):
    needed = {}
    minimums = {}
    stateful = True


@register
class TFRecordDataset(_OfFiles):
    """A dataset of the records of files."""

    type = "TFRecordDataset"
    signature = "filenames: string, compression_type: string, buffer_size: int64 -> handle: variant"

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return files_of.TFRecordDataset(inputs[0], inputs[1])


@register
class TFRecordDatasetV2(_OfFiles):
    """As `TFRecordDataset`, with the places to begin at."""

    type = "TFRecordDatasetV2"
    signature = (
        "filenames: string, compression_type: string, buffer_size: int64, byte_offsets: int64 -> handle: variant"
    )

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return files_of.TFRecordDataset(inputs[0], inputs[1], inputs[3])


@register
class TextLineDataset(_OfFiles):
    """A dataset of the lines of text files."""

    type = "TextLineDataset"
    signature = "filenames: string, compression_type: string, buffer_size: int64 -> handle: variant"

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return files_of.TextLineDataset(inputs[0], inputs[1])


@register
class FixedLengthRecordDataset(_OfFiles):
    """A dataset of records of one length."""

    type = "FixedLengthRecordDataset"
    signature = (
        "filenames: string, header_bytes: int64, record_bytes: int64, footer_bytes: int64, buffer_size: int64 "
        "-> handle: variant"
    )

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        names, header, record, footer, _, *compression = inputs
        sizes = (_integer(header), _integer(record), _integer(footer))
        return files_of.FixedLengthRecordDataset(names, *sizes, *compression)


@register
class FixedLengthRecordDatasetV2(FixedLengthRecordDataset):
    """As `FixedLengthRecordDataset`, also of compressed files."""

    type = "FixedLengthRecordDatasetV2"
    signature = (
        "filenames: string, header_bytes: int64, record_bytes: int64, footer_bytes: int64, buffer_size: int64, "
        "compression_type: string -> handle: variant"
    )


# -- with functions ----------------------------------------------------------------------------------------------------

_CALLING = {"f": "func", **_OF_ELEMENTS}
_CALLING_MINIMUMS = {"Targuments": 0, **_AT_LEAST_ONE}
_INTER_OP: Mapping[str, AttrValue] = {"use_inter_op_parallelism": True, "preserve_cardinality": False, "metadata": b""}


class _Calls(MakesDataset):
    needed = _CALLING
    minimums = _CALLING_MINIMUMS


@register
class MapDataset(_Calls):
    """A dataset of what a function gives for each element of another."""

    type = "MapDataset"
    signature = "input_dataset: variant, other_arguments: [Targuments] -> handle: variant"
    attrs = {**_INTER_OP, "force_synchronous": False}
    behind: ClassVar[int] = 0
    """How many inputs come behind the captured ones."""

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        captured = inputs[1 : len(inputs) - self.behind]
        keeps = attrs["preserve_cardinality"]
        return changes.MapDataset(dataset_of(inputs[0]), attrs["f"], captured, keeps)


@register
class ParallelMapDatasetV2(MapDataset):
    """As `MapDataset`."""

    type = "ParallelMapDatasetV2"
    differs = _SPEED
    signature = "input_dataset: variant, other_arguments: [Targuments], num_parallel_calls: int64 -> handle: variant"
    attrs = {**_INTER_OP, "deterministic": b"default", "use_unbounded_threadpool": False}
    behind = 1


@register
class ParallelMapDataset(MapDataset):
    """As `MapDataset`."""

    type = "ParallelMapDataset"
    differs = _SPEED
    signature = "input_dataset: variant, other_arguments: [Targuments], num_parallel_calls: int32 -> handle: variant"
    attrs = {**_INTER_OP, "sloppy": False}
    behind = 1


@register
class MapAndBatchDataset(_Calls):
    """A dataset of batches of what a function gives for each element of another."""

    type = "MapAndBatchDataset"
    differs = _SPEED
    signature = (
        "input_dataset: variant, other_arguments: [Targuments], batch_size: int64, num_parallel_calls: int64, "
        "drop_remainder: bool -> handle: variant"
    )
    attrs = {"preserve_cardinality": False, "metadata": b""}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        source, *captured, batch, _, drops = inputs
        mapped = changes.MapDataset(dataset_of(source), attrs["f"], captured, attrs["preserve_cardinality"])
        return batches.BatchDataset(mapped, _integer(batch), bool(drops))


@register
class ExperimentalMapAndBatchDataset(MapAndBatchDataset):
    """As `MapAndBatchDataset`."""

    type = "ExperimentalMapAndBatchDataset"
    attrs = {"preserve_cardinality": False}


@register
class FlatMapDataset(_Calls):
    """A dataset of the elements of the datasets that a function makes of each element of another."""

    type = "FlatMapDataset"
    signature = "input_dataset: variant, other_arguments: [Targuments] -> handle: variant"

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return changes.InterleaveDataset(dataset_of(inputs[0]), attrs["f"], inputs[1:])


_INTERLEAVED = "input_dataset: variant, other_arguments: [Targuments], cycle_length: int64, block_length: int64"


@register
class InterleaveDataset(_Calls):
    """As `FlatMapDataset`, with elements of several datasets in turn."""

    type = "InterleaveDataset"
    signature = f"{_INTERLEAVED} -> handle: variant"

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        count = 1 + len(attrs["Targuments"])
        cycle, block = map(_integer, inputs[count : count + 2])
        return changes.InterleaveDataset(dataset_of(inputs[0]), attrs["f"], inputs[1:count], max(cycle, -1), block)


class _ParallelInterleave(InterleaveDataset):
    differs = _SPEED

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        count = 1 + len(attrs["Targuments"])
        cycle, block = map(_integer, inputs[count : count + 2])
        cycle = _CYCLE if cycle == _AUTOTUNE else cycle
        return changes.InterleaveDataset(dataset_of(inputs[0]), attrs["f"], inputs[1:count], cycle, block)


_AUTOTUNE = -1
_CYCLE = 10
"""How many datasets are read at a time where TensorFlow is to find a number."""


@register
class ParallelInterleaveDatasetV2(_ParallelInterleave):
    """As `InterleaveDataset`."""

    type = "ParallelInterleaveDatasetV2"
    signature = f"{_INTERLEAVED}, num_parallel_calls: int64 -> handle: variant"
    attrs = {"sloppy": False, "metadata": b""}


@register
class ParallelInterleaveDatasetV3(_ParallelInterleave):
    """As `InterleaveDataset`."""

    type = "ParallelInterleaveDatasetV3"
    signature = f"{_INTERLEAVED}, num_parallel_calls: int64 -> handle: variant"
    attrs = {"deterministic": b"default", "metadata": b""}


@register
class ParallelInterleaveDatasetV4(_ParallelInterleave):
    """As `InterleaveDataset`."""

    type = "ParallelInterleaveDatasetV4"
    signature = (
        f"{_INTERLEAVED}, buffer_output_elements: int64, prefetch_input_elements: int64, num_parallel_calls: int64 "
        "-> handle: variant"
    )
    attrs = {"deterministic": b"default", "metadata": b""}


@register
class LegacyParallelInterleaveDatasetV2(_ParallelInterleave):
    """As `InterleaveDataset`."""

    type = "LegacyParallelInterleaveDatasetV2"
    signature = f"{_INTERLEAVED}, buffer_output_elements: int64, prefetch_input_elements: int64 -> handle: variant"
    attrs = {"deterministic": b"default", "metadata": b""}


@register
class ParallelInterleaveDataset(_ParallelInterleave):
    """As `InterleaveDataset`."""

    type = "ParallelInterleaveDataset"
    signature = (
        f"{_INTERLEAVED}, sloppy: bool, buffer_output_elements: int64, prefetch_input_elements: int64 "
        "-> handle: variant"
    )


@register
class ExperimentalParallelInterleaveDataset(ParallelInterleaveDataset):
    """As `InterleaveDataset`."""

    type = "ExperimentalParallelInterleaveDataset"
    attrs = {}


@register
class FilterDataset(_Calls):
    """A dataset of the elements for which a function is true."""

    type = "FilterDataset"
    signature = "input_dataset: variant, other_arguments: [Targuments] -> handle: variant"
    needed = {"predicate": "func", **_OF_ELEMENTS}
    until: ClassVar[bool] = False

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return changes.FilterDataset(dataset_of(inputs[0]), attrs["predicate"], inputs[1:], self.until)


@register
class TakeWhileDataset(FilterDataset):
    """A dataset of the elements before the first for which a function is not true."""

    type = "TakeWhileDataset"
    until = True


@register
class ScanDataset(_Calls):
    """A dataset of what a function gives for each element and a state that it hands on."""

    type = "ScanDataset"
    signature = "input_dataset: variant, initial_state: [Tstate], other_arguments: [Targuments] -> handle: variant"
    minimums = {"Tstate": 1, **_CALLING_MINIMUMS}
    attrs = {"preserve_cardinality": False, "use_default_device": True, "metadata": b""}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        count = 1 + len(attrs["Tstate"])
        return changes.ScanDataset(dataset_of(inputs[0]), attrs["f"], inputs[count:], inputs[1:count])


_GROUPED = ("key_func", "reduce_func", "window_size_func")


@register
class GroupByWindowDataset(MakesDataset):
    """A dataset of what a function makes of the elements of one key."""

    type = "GroupByWindowDataset"
    signature = (
        "input_dataset: variant, key_func_other_arguments: [Tkey_func_other_arguments], "
        "reduce_func_other_arguments: [Treduce_func_other_arguments], "
        "window_size_func_other_arguments: [Twindow_size_func_other_arguments] -> handle: variant"
    )
    needed = {**dict.fromkeys(_GROUPED, "func"), **_OF_ELEMENTS}
    minimums = {**dict.fromkeys([f"T{kind}_other_arguments" for kind in _GROUPED], 0), **_AT_LEAST_ONE}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        captured = _divided(inputs[1:], [len(attrs[f"T{kind}_other_arguments"]) for kind in _GROUPED])
        return batches.GroupByWindowDataset(dataset_of(inputs[0]), [attrs[kind] for kind in _GROUPED], captured)


@register
class ExperimentalGroupByWindowDataset(GroupByWindowDataset):
    """As `GroupByWindowDataset`."""

    type = "ExperimentalGroupByWindowDataset"
    attrs = {}


# -- elements together, apart, and in another order --------------------------------------------------------------------


class _ByNumbers(MakesDataset):
    """A dataset made of another one and of numbers."""

    build: ClassVar[Callable[..., Dataset]]

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        source, *numbers = inputs
        return type(self).build(dataset_of(source), *map(_integer, numbers))


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
        return batches.BatchDataset(dataset_of(inputs[0]), _integer(inputs[1]), bool(inputs[-1]))


@register
class ParallelBatchDataset(BatchDatasetV2):
    """As `BatchDatasetV2`."""

    type = "ParallelBatchDataset"
    differs = _SPEED
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
        return batches.PaddedBatchDataset(dataset_of(source), _integer(batch), rest[:count], values, drops)


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
        size, shift, stride = map(_integer, inputs[1:4])
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
    minimums = {"N": 1, **_AT_LEAST_ONE}

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
    minimums = {"N": 1, **_AT_LEAST_ONE}
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
        if _integer(inputs[1]) < _AUTOTUNE:
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
    needed = {**_OF_ELEMENTS, "optimization_configs": "list(string)"}
    attrs = {"optimization_configs": []}


@register
class OptionsDataset(_Same):
    """The same dataset."""

    type = "OptionsDataset"
    signature = "input_dataset: variant -> handle: variant"
    needed = {**_OF_ELEMENTS, "serialized_options": "string"}


class _Shuffles(MakesDataset):
    attrs = {"reshuffle_each_iteration": True, "metadata": b""}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        source, *numbers = inputs
        buffer, seed, seed2, *count = map(_integer, numbers)
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


# -- values of datasets ------------------------------------------------------------------------------------------------


class _Components(Flat):
    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of the attribute output_shapes."""
        return list(node.attrs["output_shapes"])


@register
class ReduceDataset(_Components):
    """What a function makes of a state and all elements of a dataset, one after the other."""

    type = "ReduceDataset"
    signature = (
        "input_dataset: variant, initial_state: [Tstate], other_arguments: [Targuments] -> components: [output_types]"
    )
    needed = {"f": "func", "output_shapes": "list(shape)"}
    minimums = {"Tstate": 1, "Targuments": 0, **_AT_LEAST_ONE}
    attrs = {"use_inter_op_parallelism": True, "metadata": b""}
    stateful = True

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        count = 1 + len(attrs["Tstate"])

        def reduce(state: Any, dataset: Any, *inputs: Any) -> Any:
            context = Context(InnerState(state))
            elements = dataset_of(dataset).elements(context)
            call = context.function(attrs["f"], inputs[count - 1 :])
            values = inputs[: count - 1]
            while (element := elements.next()) is not None:
                values = call((*values, *element))
                context.check_stopped()
            return values[0] if count == 2 else values

        return reduce


@register
class DatasetToSingleElement(_Components):
    """The only element of a dataset."""

    type = "DatasetToSingleElement"
    signature = "dataset: variant -> components: [output_types]"
    needed = {"output_shapes": "list(shape)"}
    minimums = _AT_LEAST_ONE
    attrs = _METADATA
    stateful = True

    def kernel(self, node: Node) -> Kernel:
        def single(state: Any, dataset: Any) -> Any:
            elements = dataset_of(dataset).elements(Context(InnerState(state)))
            element = elements.next()
            if element is None:
                raise InvalidArgumentError(None, None, "Dataset was empty.")
            if elements.next() is not None:
                raise InvalidArgumentError(None, None, "Dataset had more than one element.")
            return element[0] if len(element) == 1 else element

        return single


_UNKNOWN_SIZE = -2


@register
class DatasetCardinality(Flat):
    """The number of elements of a dataset where it is known without reading them; -1 without end, -2 unknown."""

    type = "DatasetCardinality"
    signature = "input_dataset: variant -> cardinality: int64"
    attrs = {"cardinality_options": b""}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        def count(dataset: Any) -> Array:
            size = dataset_of(dataset).size()
            return np.array(_UNKNOWN_SIZE if size is None else size, np.int64)

        return count
