"""Shared by the operations of datasets: each gives a dataset as a value, and nothing is read at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver.datasets.dataset_elements import Dataset
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.definition import Kernel, Node
from hdfsaver.ops.base import Flat
from hdfsaver.schema import AttrValue
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

OF_ELEMENTS = {"output_types": "list(type)", "output_shapes": "list(shape)"}
AT_LEAST_ONE = {"output_types": 1, "output_shapes": 1}
AUTOTUNE = -1
"""A number that TensorFlow is to find."""

METADATA: Mapping[str, AttrValue] = {"metadata": b""}
SPEED = "It does not run ahead or in parallel; the elements are those of TensorFlow, in the deterministic order."


def dataset_of(value: Any) -> Dataset:
    """The dataset that is the value of a tensor; `InvalidArgumentError` for another value."""
    found = value[()] if isinstance(value, np.ndarray) and value.dtype == np.object_ and not value.ndim else value
    if not isinstance(found, Dataset):
        raise InvalidArgumentError(None, None, f"The value is not a dataset, but a {type(found).__name__}.")
    return found


class MakesDataset(Flat):
    """An operation whose value is a dataset."""

    needed: ClassVar[Mapping[str, str]] = OF_ELEMENTS
    minimums: ClassVar[Mapping[str, int]] = AT_LEAST_ONE
    attrs: ClassVar[Mapping[str, AttrValue]] = METADATA

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


def integer(value: Array) -> int:
    """The number in an array of one element."""
    return int(np.asarray(value)[()])


def divided(inputs: Sequence[Any], counts: Sequence[int]) -> list[Sequence[Any]]:
    """The inputs in parts, of these numbers."""
    ends = np.cumsum(counts)
    return [inputs[end - count : end] for end, count in zip(ends, counts, strict=True)]
