"""Records of a data set, ``Example`` messages, as tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import DataLossError, UnimplementedError
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.ops.base import Flat, blank, invalid
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array

_KINDS = {"float32": "float_list", "int64": "int64_list", "string": "bytes_list"}
_KIND_TYPES = frozenset(_KINDS)
_SPLITS = frozenset({"int32", "int64"})

Feature = Any
"""One feature of a record, a message."""


@dataclass(frozen=True)
class Wanted:
    """The features that are wanted of each record.

    Attributes
    ----------
    sparse : list of (bytes, str)
        Names and dtypes of those of any length.
    dense : list of (bytes, str, tuple)
        Names, dtypes and shapes; of a shape that begins with None the first size differs from record to record.
    ragged : list of (bytes, str, str)
        Names, dtypes, and dtypes of row splits.
    """

    sparse: Sequence[tuple[bytes, str]]
    dense: Sequence[tuple[bytes, str, tuple[int | None, ...]]]
    ragged: Sequence[tuple[bytes, str, str]] = ()


def features_of(data: bytes, where: str) -> Mapping[str, Feature]:
    """The features in a serialized ``Example``; `InvalidArgumentError` where it is not one."""
    try:
        return parse(message_classes.Example, data, "an Example").features.feature
    except DataLossError:
        raise invalid(f"Could not parse example input, value: '{data[:60]!r}'{where}") from None


def values_of(feature: Feature, dtype: str, key: bytes, where: str) -> Array:
    """The values of a feature, a vector; empty where it has none.

    Parameters
    ----------
    feature : Feature
    dtype : str
    key : bytes
        Its name, for messages.
    where : str
        The record, for messages.

    Returns
    -------
    ndarray

    Raises
    ------
    InvalidArgumentError
        They are of another kind.
    """
    kind = feature.WhichOneof("kind")
    if kind is None:
        return blank((0,), dtype)
    if kind != _KINDS[dtype]:
        raise invalid(
            f"{where}Key: {key.decode('utf-8', 'replace')}.  Data types don't match. Expected type: {dtype}, but it "
            f"has a {kind}."
        )
    values = getattr(feature, kind).value
    found = blank((len(values),), dtype)
    found[:] = values[:]
    return found


def parsed(records: Sequence[bytes], names: Sequence[bytes], wanted: Wanted, defaults: Sequence[Array]) -> list[Array]:
    """The tensors of some records.

    Parameters
    ----------
    records : sequence of bytes
    names : sequence of bytes
        Of the records, for messages; may be empty.
    wanted : Wanted
    defaults : sequence of ndarray
        For each dense feature; without elements where there is no default.

    Returns
    -------
    list of ndarray
        Indices, values and shapes of sparse features, then dense ones, then values and row splits of ragged ones.

    Raises
    ------
    InvalidArgumentError
        A record is not an Example, lacks a feature, or has it with other values.
    """
    read = []
    for place, record in enumerate(records):
        where = f"Name: {names[place].decode('utf-8', 'replace') if names else '<unknown>'}, "
        read.append((features_of(record, f" ({where}record {place})"), where))
    sparse = [
        _Sparse([_found(features, key, dtype, where) for features, where in read], dtype)
        for key, dtype in wanted.sparse
    ]
    dense = [
        _dense(read, key, dtype, shape, default)
        for (key, dtype, shape), default in zip(wanted.dense, defaults, strict=True)
    ]
    ragged = [
        (_Sparse([_found(features, key, dtype, where) for features, where in read], dtype), splits)
        for key, dtype, splits in wanted.ragged
    ]
    return [
        *(item.indices for item in sparse),
        *(item.values for item in sparse),
        *(item.shape for item in sparse),
        *dense,
        *(item.values for item, _ in ragged),
        *(item.splits.astype(dtypes.numpy_dtype(splits)) for item, splits in ragged),
    ]


def _found(features: Mapping[str, Feature], key: bytes, dtype: str, where: str) -> Array:
    name = key.decode("utf-8", "surrogateescape")
    return values_of(features[name], dtype, key, where) if name in features else blank((0,), dtype)


class _Sparse:
    """Vectors of any lengths as one sparse matrix."""

    def __init__(self, rows: Sequence[Array], dtype: str) -> None:
        lengths = np.array([len(row) for row in rows], np.int64)
        self.splits = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        self.values = np.concatenate(rows) if rows else blank((0,), dtype)
        first = np.repeat(np.arange(len(rows)), lengths)
        second = np.arange(len(self.values)) - np.repeat(self.splits[:-1], lengths)
        self.indices = np.stack([first, second], axis=1).astype(np.int64)
        self.shape = np.array([len(rows), lengths.max(initial=0)], np.int64)


def _dense(
    read: Sequence[tuple[Mapping[str, Feature], str]],
    key: bytes,
    dtype: str,
    shape: tuple[int | None, ...],
    default: Array,
) -> Array:
    name = key.decode("utf-8", "surrogateescape")
    varies = bool(shape) and shape[0] is None
    inner = tuple(size for size in shape[varies:] if size is not None)
    size = int(np.prod(inner, dtype=np.int64))
    rows: list[Array] = []
    for place, (features, where) in enumerate(read):
        feature = features.get(name)
        if feature is None or feature.WhichOneof("kind") is None:
            if varies:
                rows.append(blank((0,), dtype))
                continue
            if np.size(default) != size or not np.size(default):
                said = f"Feature: {name} (data type: {dtype}) is required but could not be found."
                raise invalid(f"{where}{said}")
            rows.append(np.asarray(default).reshape(-1))
            continue
        values = values_of(feature, dtype, key, where)
        if (len(values) % size if varies and size else len(values) != size) and not (varies and not size):
            raise invalid(
                f"{where}Key: {name}, Index: {place}.  Number of {dtype} values != expected.  Values size: "
                f"{len(values)} but output shape: {shape_text(shape)}"
            )
        rows.append(values)
    if not varies:
        return np.stack(rows).reshape(len(rows), *inner) if rows else blank((0, *inner), dtype)
    longest = max((len(row) for row in rows), default=0)
    whole = blank((len(rows), longest), dtype)
    if np.size(default):
        whole[...] = np.ravel(default)[0]
    for place, row in enumerate(rows):
        whole[place, : len(row)] = row
    return whole.reshape(len(rows), longest // size if size else 0, *inner)


def _keys(value: Array) -> list[bytes]:
    return list(np.ravel(np.asarray(value, object)).tolist())


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
    types = {"sparse_types": _KIND_TYPES, "Tdense": _KIND_TYPES}
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
            return _given(parsed(_keys(serialized), _keys(names), wanted, inputs[sparse + dense :]))

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
        "Tdense": _KIND_TYPES,
        "sparse_types": _KIND_TYPES,
        "ragged_value_types": _KIND_TYPES,
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
            sparse_keys, dense_keys, ragged_keys = map(_keys, inputs[:3])
            wanted = Wanted(
                list(zip(sparse_keys, attrs["sparse_types"], strict=True)),
                list(zip(dense_keys, attrs["Tdense"], attrs["dense_shapes"], strict=True)),
                list(zip(ragged_keys, attrs["ragged_value_types"], attrs["ragged_split_types"], strict=True)),
            )
            if wanted.ragged and not np.ndim(serialized):
                raise UnimplementedError(None, None, "Ragged features of an Example without a dimension.")
            results = parsed(_keys(serialized), _keys(names), wanted, inputs[3:])
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
    types = {"sparse_types": _KIND_TYPES, "Tdense": _KIND_TYPES}
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
            results = parsed(_keys(serialized), (), wanted, defaults)
            return _given(_batch(results, True, attrs["num_sparse"], len(wanted.dense)))

        return read
