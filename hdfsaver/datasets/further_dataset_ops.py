"""Operations of datasets for ``Dataset.apply``: distinct elements, counted ones, sparse batches, random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hdfsaver.datasets import further_datasets
from hdfsaver.datasets.dataset_elements import Dataset
from hdfsaver.datasets.dataset_op_base import MakesDataset, dataset_of
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.definition import register

_COMPARED = ("int32", "int64", "string")


@register
class RandomDataset(MakesDataset):
    """A dataset of random numbers without end."""

    type = "RandomDataset"
    signature = "seed: int64, seed2: int64 -> handle: variant"
    stateful = True

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return further_datasets.RandomDataset(*(int(np.asarray(seed)[()]) for seed in inputs))


@register
class UniqueDataset(MakesDataset):
    """A dataset of the elements of another without those that came before."""

    type = "UniqueDataset"
    signature = "input_dataset: variant -> handle: variant"

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        if len(attrs["output_types"]) != 1 or attrs["output_types"][0] not in _COMPARED:
            said = "UniqueDataset only supports inputs with a single `tf.int32`, `tf.int64`, or `tf.string` component."
            raise InvalidArgumentError(None, None, said)
        return further_datasets.UniqueDataset(dataset_of(inputs[0]))


@register
class AssertCardinalityDataset(MakesDataset):
    """A dataset of the elements of another, which must be as many as is said."""

    type = "AssertCardinalityDataset"
    signature = "input_dataset: variant, cardinality: int64 -> handle: variant"
    attrs = {}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        return further_datasets.AssertCardinalityDataset(dataset_of(inputs[0]), int(inputs[1]))


@register
class DenseToSparseBatchDataset(MakesDataset):
    """A dataset of several elements of another together, of any sizes, as sparse tensors."""

    type = "DenseToSparseBatchDataset"
    signature = "input_dataset: variant, batch_size: int64, row_shape: int64 -> handle: variant"
    attrs = {}

    def make(self, attrs: Mapping[str, Any], *inputs: Any) -> Dataset:
        source, batch, row = inputs
        return further_datasets.SparseBatchDataset(dataset_of(source), int(batch), np.ravel(row).tolist())
