"""Records of a data set, ``Example`` messages, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat
from hdfsaver.ops.example_values import KIND_TYPES, Wanted, keys_of, parsed
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_SPLITS = frozenset({"int32", "int64"})


def _batch(results: list[Array], single: bool, sparse: int, dense: int) -> list[Array]:
    """For one record without a dimension: the results without their first dimension."""
    if not single:
        return results
    indices = [item[:, 1:] for item in results[:sparse]]
    sizes = [item[1:] for item in results[2 * sparse : 3 * sparse]]
    whole = [item[0] for item in results[3 * sparse : 3 * sparse + dense]]
    rest = results[3 * sparse + dense :]
    return [*indices, *results[sparse : 2 * sparse], *sizes, *whole, *rest]


class _Parse(Flat):
    """Features of serialized Examples."""

    def _outputs(self, node: Node, prefix: Shape, sparse: int) -> list[Shape]:
        rank = None if prefix is None else len(prefix) + 1
        dense = [None if prefix is None or shape is None else (*prefix, *shape) for shape in node.attrs["dense_shapes"]]
        return [*[(None, rank)] * sparse, *[(None,)] * sparse, *[(rank,)] * sparse, *dense]


def _given(results: list[Array]) -> Any:
    return results[0] if len(results) == 1 else tuple(results)


@register
class ParseExample(_Parse):
    """Features of serialized Examples: for each sparse one indices, values and shape, then the dense ones."""

    type = "ParseExample"
    signature = (
        "serialized: string, names: string, sparse_keys: Nsparse * string, dense_keys: Ndense * string, "
        "dense_defaults: [Tdense] -> sparse_indices: Nsparse * int64, sparse_values: [sparse_types], "
        "sparse_shapes: Nsparse * int64, dense_values: [Tdense]"
    )
    types = {"sparse_types": KIND_TYPES, "Tdense": KIND_TYPES}
    minimums = {"Nsparse": 0, "Ndense": 0, "sparse_types": 0, "Tdense": 0, "dense_shapes": 0}
    needed = {"dense_shapes": "list(shape)"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Of the number of records, and then those of dense_shapes."""
        return self._outputs(node, node.input_shapes[0], node.attrs["Nsparse"])

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        sparse, dense = attrs["Nsparse"], attrs["Ndense"]

        def read(serialized: Array, names: Array, *inputs: Array) -> Any:
            keys: list[bytes] = [np.asarray(key).item() for key in inputs[: sparse + dense]]
            wanted = Wanted(
                list(zip(keys[:sparse], attrs["sparse_types"], strict=True)),
                list(zip(keys[sparse:], attrs["Tdense"], attrs["dense_shapes"], strict=True)),
            )
            return _given(parsed(keys_of(serialized), keys_of(names), wanted, inputs[sparse + dense :]))

        return read


@register
class ParseExampleV2(_Parse):
    """As `ParseExample`, with ragged features; of one Example without a dimension, too."""

    type = "ParseExampleV2"
    signature = (
        "serialized: string, names: string, sparse_keys: string, dense_keys: string, ragged_keys: string, "
        "dense_defaults: [Tdense] -> sparse_indices: num_sparse * int64, sparse_values: [sparse_types], "
        "sparse_shapes: num_sparse * int64, dense_values: [Tdense], ragged_values: [ragged_value_types], "
        "ragged_row_splits: [ragged_split_types]"
    )
    types = {
        "Tdense": KIND_TYPES,
        "sparse_types": KIND_TYPES,
        "ragged_value_types": KIND_TYPES,
        "ragged_split_types": _SPLITS,
    }
    minimums = {
        "Tdense": 0,
        "num_sparse": 0,
        "sparse_types": 0,
        "ragged_value_types": 0,
        "ragged_split_types": 0,
        "dense_shapes": 0,
    }
    needed = {"dense_shapes": "list(shape)"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Of the number of records, and then those of dense_shapes."""
        found = self._outputs(node, node.input_shapes[0], node.attrs["num_sparse"])
        return [*found, *[(None,)] * 2 * len(node.attrs["ragged_value_types"])]

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        sparse = attrs["num_sparse"]

        def read(serialized: Array, names: Array, *inputs: Array) -> Any:
            sparse_keys, dense_keys, ragged_keys = map(keys_of, inputs[:3])
            wanted = Wanted(
                list(zip(sparse_keys, attrs["sparse_types"], strict=True)),
                list(zip(dense_keys, attrs["Tdense"], attrs["dense_shapes"], strict=True)),
                list(zip(ragged_keys, attrs["ragged_value_types"], attrs["ragged_split_types"], strict=True)),
            )
            if wanted.ragged and not np.ndim(serialized):
                raise UnimplementedError(None, None, "Ragged features of an Example without a dimension.")
            results = parsed(keys_of(serialized), keys_of(names), wanted, inputs[3:])
            single = not np.ndim(serialized)
            return _given(_batch(results, single, sparse, len(wanted.dense)))

        return read


@register
class ParseSingleExample(_Parse):
    """Features of one serialized Example."""

    type = "ParseSingleExample"
    signature = (
        "serialized: string, dense_defaults: [Tdense] -> sparse_indices: num_sparse * int64, "
        "sparse_values: [sparse_types], sparse_shapes: num_sparse * int64, dense_values: [Tdense]"
    )
    types = {"sparse_types": KIND_TYPES, "Tdense": KIND_TYPES}
    minimums = {"num_sparse": 0, "sparse_keys": 0, "dense_keys": 0, "sparse_types": 0, "Tdense": 0, "dense_shapes": 0}
    needed = {"sparse_keys": "list(string)", "dense_keys": "list(string)", "dense_shapes": "list(shape)"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of dense_shapes."""
        return self._outputs(node, (), node.attrs["num_sparse"])

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        wanted = Wanted(
            list(zip(attrs["sparse_keys"], attrs["sparse_types"], strict=True)),
            list(zip(attrs["dense_keys"], attrs["Tdense"], attrs["dense_shapes"], strict=True)),
        )

        def read(serialized: Array, *defaults: Array) -> Any:
            results = parsed(keys_of(serialized), (), wanted, defaults)
            return _given(_batch(results, True, attrs["num_sparse"], len(wanted.dense)))

        return read
