"""Datasets that call functions of the graph, as operations: map, filter, interleave and others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hdfsaver.datasets import batches, changes
from hdfsaver.datasets.dataset_elements import Dataset
from hdfsaver.datasets.dataset_op_base import (
    AT_LEAST_ONE,
    AUTOTUNE,
    OF_ELEMENTS,
    SPEED,
    MakesDataset,
    dataset_of,
    divided,
    integer,
)
from hdfsaver.graph.definition import register
from hdfsaver.schema import AttrValue

_CALLING = {"f": "func", **OF_ELEMENTS}
_CALLING_MINIMUMS = {"Targuments": 0, **AT_LEAST_ONE}
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
    differs = SPEED
    signature = "input_dataset: variant, other_arguments: [Targuments], num_parallel_calls: int64 -> handle: variant"
    attrs = {**_INTER_OP, "deterministic": b"default", "use_unbounded_threadpool": False}
    behind = 1


@register
class ParallelMapDataset(MapDataset):
    """As `MapDataset`."""

    type = "ParallelMapDataset"
    differs = SPEED
    signature = "input_dataset: variant, other_arguments: [Targuments], num_parallel_calls: int32 -> handle: variant"
    attrs = {**_INTER_OP, "sloppy": False}
    behind = 1


@register
class MapAndBatchDataset(_Calls):
    """A dataset of batches of what a function gives for each element of another."""

    type = "MapAndBatchDataset"
    differs = SPEED
    signature = (
        "input_dataset: variant, other_arguments: [Targuments], batch_size: int64, num_parallel_calls: int64, "
        "drop_remainder: bool -> handle: variant"
    )
    attrs = {"preserve_cardinality": False, "metadata": b""}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        source, *captured, batch, _, drops = inputs
        mapped = changes.MapDataset(dataset_of(source), attrs["f"], captured, attrs["preserve_cardinality"])
        return batches.BatchDataset(mapped, integer(batch), bool(drops))


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
        cycle, block = map(integer, inputs[count : count + 2])
        return changes.InterleaveDataset(dataset_of(inputs[0]), attrs["f"], inputs[1:count], max(cycle, -1), block)


class _ParallelInterleave(InterleaveDataset):
    differs = SPEED

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        count = 1 + len(attrs["Targuments"])
        cycle, block = map(integer, inputs[count : count + 2])
        cycle = _CYCLE if cycle == AUTOTUNE else cycle
        return changes.InterleaveDataset(dataset_of(inputs[0]), attrs["f"], inputs[1:count], cycle, block)


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
    needed = {"predicate": "func", **OF_ELEMENTS}
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
    needed = {**dict.fromkeys(_GROUPED, "func"), **OF_ELEMENTS}
    minimums = {**dict.fromkeys([f"T{kind}_other_arguments" for kind in _GROUPED], 0), **AT_LEAST_ONE}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        captured = divided(inputs[1:], [len(attrs[f"T{kind}_other_arguments"]) for kind in _GROUPED])
        return batches.GroupByWindowDataset(dataset_of(inputs[0]), [attrs[kind] for kind in _GROUPED], captured)


@register
class ExperimentalGroupByWindowDataset(GroupByWindowDataset):
    """As `GroupByWindowDataset`."""

    type = "ExperimentalGroupByWindowDataset"
    attrs = {}
