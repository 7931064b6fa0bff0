"""Datasets of tensors, of functions of a program and of files, as operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdfsaver import dtypes
from hdfsaver.datasets import files_of, sources
from hdfsaver.datasets.dataset_elements import Dataset
from hdfsaver.datasets.dataset_op_base import (
    OF_ELEMENTS,
    MakesDataset,
    divided,
    integer,
)
from hdfsaver.graph.definition import register
from hdfsaver.ops.memory import own


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
    needed = {"init_func": "func", "next_func": "func", "finalize_func": "func", **OF_ELEMENTS}
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
        captured = divided(inputs, [len(attrs[f"T{kind}_func_args"]) for kind in kinds])
        return sources.GeneratorDataset([attrs[f"{kind}_func"] for kind in kinds], captured)


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
        sizes = (integer(header), integer(record), integer(footer))
        return files_of.FixedLengthRecordDataset(names, *sizes, *compression)


@register
class FixedLengthRecordDatasetV2(FixedLengthRecordDataset):
    """As `FixedLengthRecordDataset`, also of compressed files."""

    type = "FixedLengthRecordDatasetV2"
    signature = (
        "filenames: string, header_bytes: int64, record_bytes: int64, footer_bytes: int64, buffer_size: int64, "
        "compression_type: string -> handle: variant"
    )
