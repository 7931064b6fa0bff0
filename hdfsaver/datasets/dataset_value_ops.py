"""Values of datasets as operations: all elements reduced, the only one, their number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.datasets.dataset_elements import Context
from hdfsaver.datasets.dataset_op_base import (
    AT_LEAST_ONE,
    METADATA,
    dataset_of,
)
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat
from hdfsaver.session.inner_state import InnerState
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class _Components(Flat):
    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of the attribute output_shapes."""
        return list(node.attrs["output_shapes"])


@register
class ReduceDataset(_Components):
    """The state that a function makes of all elements of a dataset, one after the other."""

    type = "ReduceDataset"
    signature = (
        "input_dataset: variant, initial_state: [Tstate], other_arguments: [Targuments] -> components: [output_types]"
    )
    needed = {"f": "func", "output_shapes": "list(shape)"}
    minimums = {"Tstate": 1, "Targuments": 0, **AT_LEAST_ONE}
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
    minimums = AT_LEAST_ONE
    attrs = METADATA
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
