"""Sequences of a data set, ``SequenceExample`` messages, as tensors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hdfsaver.errors import DataLossError, UnimplementedError
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.ops.base import Flat, blank, invalid
from hdfsaver.ops.example_values import (
    KIND_TYPES,
    Feature,
    Rows,
    Wanted,
    check_count,
    keys_of,
    label,
    taken_apart,
    values_of,
)
from hdfsaver.ops.sparse_places import joined_sparse
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_SPLITS = frozenset({"int32", "int64"})

Lists = Mapping[str, Any]
"""Lists of features by name, messages."""


@dataclass(frozen=True)
class _Asked:
    """All that is wanted of the records.

    Attributes
    ----------
    context, lists : Wanted
        Of the features of a record, and of its lists of features.
    may_miss : collection of bytes
        Dense lists that records may be without.
    defaults : sequence of ndarray
        Of the dense features of a record.
    """

    context: Wanted
    lists: Wanted
    may_miss: Collection[bytes]
    defaults: Sequence[Array]


def _read(data: bytes, where: str) -> tuple[Mapping[str, Feature], Lists]:
    try:
        message = parse(message_classes.SequenceExample, data, "a SequenceExample")
    except DataLossError:
        raise invalid(f"{where}Could not parse example input, value: '{data[:60]!r}'") from None
    return message.context.feature, message.feature_lists.feature_list


def _results(serialized: Array, names: Array, asked: _Asked) -> tuple[list[Array], list[list[Array]]]:
    """The tensors of the features, and of the lists: indices, values, shapes, dense ones, lengths of dense ones."""
    single, labels = not np.ndim(serialized), keys_of(names)
    wheres = [label(labels, place) for place in range(int(np.size(serialized)))]
    records = [_read(data, where) for data, where in zip(keys_of(serialized), wheres, strict=True)]
    context = taken_apart(
        [(features, where) for (features, _), where in zip(records, wheres, strict=True)], asked.context, asked.defaults
    )
    read = [(lists, where) for (_, lists), where in zip(records, wheres, strict=True)]
    sparse = [_sparse_list(read, key, dtype) for key, dtype in asked.lists.sparse]
    dense = [_dense_list(read, wanted, asked.may_miss) for wanted in asked.lists.dense]
    if single:
        count = len(asked.context.sparse)
        context = [*_without_records(context, count), *(item[0] for item in context[3 * count :])]
        sparse = [(indices[:, 1:], values, size[1:]) for indices, values, size in sparse]
        dense = [(values[0], lengths[0]) for values, lengths in dense]
    parts = [[item[place] for item in sparse] for place in range(3)]
    return context, [*parts, [values for values, _ in dense], [np.asarray(lengths) for _, lengths in dense]]


def _without_records(results: Sequence[Array], count: int) -> list[Array]:
    indices, values, sizes = (results[place * count : (place + 1) * count] for place in range(3))
    return [*(item[:, 1:] for item in indices), *values, *(item[1:] for item in sizes)]


def _sparse_list(read: Sequence[tuple[Lists, str]], key: bytes, dtype: str) -> tuple[Array, Array, Array]:
    name = key.decode("utf-8", "surrogateescape")
    found = []
    for lists, where in read:
        items = lists[name].feature if name in lists else ()
        rows = Rows([_item(item, dtype, name, place, where) for place, item in enumerate(items)], dtype)
        found.append((rows.indices, rows.values, rows.shape))
    if not found:
        return np.zeros((0, 3), np.int64), blank((0,), dtype), np.zeros(3, np.int64)
    return joined_sparse(found, (len(found),), dtype)


def _item(item: Feature, dtype: str, name: str, place: int, where: str) -> Array:
    return values_of(item, dtype, str(place).encode(), f"{where}Feature list: {name}, Index: ")


def _dense_list(
    read: Sequence[tuple[Lists, str]], wanted: tuple[bytes, str, tuple[int | None, ...]], may_miss: Collection[bytes]
) -> tuple[Array, Array]:
    """The values of a list with items of one shape, filled up with zeros, and how many each record has."""
    key, dtype, shape = wanted
    name = key.decode("utf-8", "surrogateescape")
    inner = tuple(size for size in shape if size is not None)
    rows = []
    for lists, where in read:
        if name not in lists and key not in may_miss:
            raise invalid(
                f"{where}Feature list '{name}' is required but could not be found.  Did you mean to include it in "
                "feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"
            )
        items = [
            _item(item, dtype, name, place, where)
            for place, item in enumerate(lists[name].feature if name in lists else ())
        ]
        for place, values in enumerate(items):
            check_count(values, dtype, inner, f"{where}Key: {name}, Index: {place}.")
        rows.append(items)
    lengths = np.array([len(items) for items in rows], np.int64)
    whole = blank((len(rows), int(lengths.max(initial=0)), *inner), dtype)
    for place, items in enumerate(rows):
        for step, values in enumerate(items):
            whole[place, step] = values.reshape(inner)
    return whole, lengths


def _given(results: Sequence[Any]) -> Any:
    return results[0] if len(results) == 1 else tuple(results)


class _ParseSequence(Flat):
    """Features and lists of features of serialized SequenceExamples."""

    def outputs(self, node: Node, prefix: Shape) -> tuple[list[Shape], list[Shape], list[Shape]]:
        """The shapes of features, of lists, and of lengths of lists.

        Parameters
        ----------
        node : Node
        prefix : tuple or None
            The shape of the records.

        Returns
        -------
        (list, list, list)
        """
        attrs = node.attrs
        rank = None if prefix is None else len(prefix)

        def parts(count: int, more: int) -> list[Shape]:
            whole = None if rank is None else rank + more
            return [*[(None, whole)] * count, *[(None,)] * count, *[(whole,)] * count]

        def dense(shapes: Sequence[Shape], *between: None) -> list[Shape]:
            return [None if prefix is None or shape is None else (*prefix, *between, *shape) for shape in shapes]

        context = [*parts(len(attrs["context_sparse_types"]), 1), *dense(attrs["context_dense_shapes"])]
        lists = [
            *parts(len(attrs["feature_list_sparse_types"]), 2),
            *dense(attrs["feature_list_dense_shapes"], None),
        ]
        return context, lists, [prefix] * len(attrs["feature_list_dense_types"])

    @staticmethod
    def asked(node: Node, keys: Sequence[Sequence[bytes]], may_miss: Collection[bytes], defaults: Any) -> _Asked:
        """The features and lists that an operation wants.

        Parameters
        ----------
        node : Node
        keys : sequence of sequences of bytes
            Sparse and dense ones of features, sparse and dense ones of lists.
        may_miss : collection of bytes
        defaults : sequence of ndarray

        Returns
        -------
        _Asked
        """
        attrs = node.attrs
        context_sparse, context_dense, list_sparse, list_dense = keys
        return _Asked(
            Wanted(
                list(zip(context_sparse, attrs["context_sparse_types"], strict=True)),
                list(zip(context_dense, attrs["Tcontext_dense"], attrs["context_dense_shapes"], strict=True)),
            ),
            Wanted(
                list(zip(list_sparse, attrs["feature_list_sparse_types"], strict=True)),
                list(
                    zip(list_dense, attrs["feature_list_dense_types"], attrs["feature_list_dense_shapes"], strict=True)
                ),
            ),
            may_miss,
            defaults,
        )


_DENSE_TYPES = {
    "context_sparse_types": KIND_TYPES,
    "Tcontext_dense": KIND_TYPES,
    "feature_list_dense_types": KIND_TYPES,
    "feature_list_sparse_types": KIND_TYPES,
}
_LISTED = {"context_dense_shapes": "list(shape)", "feature_list_dense_shapes": "list(shape)"}


def _empty(types: Iterable[str], *counts: str) -> dict[str, Any]:
    """The defaults of the attributes: no features of any kind."""
    return {**{key: [] for key in (*_LISTED, *types)}, **dict.fromkeys(counts, 0)}


@register
class ParseSequenceExampleV2(_ParseSequence):
    """Features and lists of features of serialized SequenceExamples, of a vector of them or of one."""

    type = "ParseSequenceExampleV2"
    signature = (
        "serialized: string, debug_name: string, context_sparse_keys: string, context_dense_keys: string, "
        "context_ragged_keys: string, feature_list_sparse_keys: string, feature_list_dense_keys: string, "
        "feature_list_ragged_keys: string, feature_list_dense_missing_assumed_empty: bool, "
        "context_dense_defaults: [Tcontext_dense] -> context_sparse_indices: Ncontext_sparse * int64, "
        "context_sparse_values: [context_sparse_types], context_sparse_shapes: Ncontext_sparse * int64, "
        "context_dense_values: [Tcontext_dense], context_ragged_values: [context_ragged_value_types], "
        "context_ragged_row_splits: [context_ragged_split_types], "
        "feature_list_sparse_indices: Nfeature_list_sparse * int64, "
        "feature_list_sparse_values: [feature_list_sparse_types], "
        "feature_list_sparse_shapes: Nfeature_list_sparse * int64, "
        "feature_list_dense_values: [feature_list_dense_types], "
        "feature_list_dense_lengths: Nfeature_list_dense * int64, "
        "feature_list_ragged_values: [feature_list_ragged_value_types], "
        "feature_list_ragged_outer_splits: [feature_list_ragged_split_types], "
        "feature_list_ragged_inner_splits: [feature_list_ragged_split_types]"
    )
    types = {
        **_DENSE_TYPES,
        "context_ragged_value_types": KIND_TYPES,
        "context_ragged_split_types": _SPLITS,
        "feature_list_ragged_value_types": KIND_TYPES,
        "feature_list_ragged_split_types": _SPLITS,
    }
    needed = _LISTED
    attrs = _empty(types, "Ncontext_sparse", "Nfeature_list_dense", "Nfeature_list_sparse")
    minimums = dict.fromkeys([*types, *_LISTED, "Ncontext_sparse", "Nfeature_list_sparse", "Nfeature_list_dense"], 0)

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Of the number of records, of items in lists, and then those of the attributes."""
        context, lists, lengths = self.outputs(node, node.input_shapes[0])
        first = 2 * len(node.attrs["context_ragged_value_types"])
        second = 3 * len(node.attrs["feature_list_ragged_value_types"])
        return [*context, *[(None,)] * first, *lists, *lengths, *[(None,)] * second]

    def kernel(self, node: Node) -> Kernel:
        if node.attrs["context_ragged_value_types"] or node.attrs["feature_list_ragged_value_types"]:
            raise UnimplementedError(None, None, "Ragged features of a SequenceExample.")

        def read(serialized: Array, names: Array, *inputs: Array) -> Any:
            context_sparse, context_dense, _, list_sparse, list_dense, _ = map(keys_of, inputs[:6])
            may_miss = {key for key, is_free in zip(list_dense, np.ravel(inputs[6]), strict=True) if is_free}
            keys = (context_sparse, context_dense, list_sparse, list_dense)
            context, lists = _results(serialized, names, self.asked(node, keys, may_miss, inputs[7:]))
            return _given([*context, *(item for part in lists for item in part)])

        return read


@register
class ParseSingleSequenceExample(_ParseSequence):
    """Features and lists of features of one serialized SequenceExample."""

    type = "ParseSingleSequenceExample"
    signature = (
        "serialized: string, feature_list_dense_missing_assumed_empty: string, "
        "context_sparse_keys: Ncontext_sparse * string, context_dense_keys: Ncontext_dense * string, "
        "feature_list_sparse_keys: Nfeature_list_sparse * string, "
        "feature_list_dense_keys: Nfeature_list_dense * string, "
        "context_dense_defaults: [Tcontext_dense], debug_name: string "
        "-> context_sparse_indices: Ncontext_sparse * int64, context_sparse_values: [context_sparse_types], "
        "context_sparse_shapes: Ncontext_sparse * int64, context_dense_values: [Tcontext_dense], "
        "feature_list_sparse_indices: Nfeature_list_sparse * int64, "
        "feature_list_sparse_values: [feature_list_sparse_types], "
        "feature_list_sparse_shapes: Nfeature_list_sparse * int64, "
        "feature_list_dense_values: [feature_list_dense_types]"
    )
    types = _DENSE_TYPES
    needed = _LISTED
    attrs = _empty(types, "Ncontext_dense", "Ncontext_sparse", "Nfeature_list_dense", "Nfeature_list_sparse")
    minimums = dict.fromkeys(
        [*types, *_LISTED, "Ncontext_sparse", "Ncontext_dense", "Nfeature_list_sparse", "Nfeature_list_dense"], 0
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Of the number of items in lists, and then those of the attributes."""
        context, lists, _ = self.outputs(node, ())
        return [*context, *lists]

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        counts = [
            attrs[name] for name in ("Ncontext_sparse", "Ncontext_dense", "Nfeature_list_sparse", "Nfeature_list_dense")
        ]
        ends = np.cumsum(counts).tolist()

        def read(serialized: Array, may_miss: Array, *inputs: Array) -> Any:
            named = [np.asarray(key).item() for key in inputs[: ends[-1]]]
            keys = [named[end - count : end] for end, count in zip(ends, counts, strict=True)]
            asked = self.asked(node, keys, set(keys_of(may_miss)), inputs[ends[-1] : -1])
            context, lists = _results(np.asarray(serialized).reshape(()), inputs[-1], asked)
            return _given([*context, *(item for part in lists[:-1] for item in part)])

        return read
