"""Shared by the operations that take serialized examples apart: features as arrays, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import DataLossError
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.ops.base import blank, invalid
from hdfsaver.tensor_info import Array

_KINDS = {"float32": "float_list", "int64": "int64_list", "string": "bytes_list"}
_TYPE_NAMES = {"float32": "float", "int64": "int64", "string": "string"}
_VALUE_NAMES = {"float32": "float", "int64": "int64", "string": "bytes"}
KIND_TYPES = frozenset(_KINDS)
"""The dtypes that features have."""

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
        The record and what `key` is, for messages.

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
            f"{where}{key.decode('utf-8', 'replace')}.  Data types don't match. Expected type: {_TYPE_NAMES[dtype]}, "
            f"but it has a {kind}."
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
        where = label(names, place)
        read.append((features_of(record, f" ({where}record {place})"), where))
    return taken_apart(read, wanted, defaults)


def label(names: Sequence[bytes], place: int) -> str:
    """The beginning of messages about a record."""
    return f"Name: {names[place].decode('utf-8', 'replace') if names else '<unknown>'}, "


Read = Sequence[tuple[Mapping[str, Feature], str]]
"""Features of records by name, and the beginning of messages about each record."""


def taken_apart(read: Read, wanted: Wanted, defaults: Sequence[Array]) -> list[Array]:
    """The tensors of the features of some records.

    Parameters
    ----------
    read : sequence of (mapping, str)
        Features by name, and the beginning of messages.
    wanted : Wanted
    defaults : sequence of ndarray
        For each dense feature; without elements where there is no default.

    Returns
    -------
    list of ndarray
        See `parsed`.

    Raises
    ------
    InvalidArgumentError
        A record lacks a feature, or has it with other values.
    """
    sparse = [
        Rows([_found(features, key, dtype, where) for features, where in read], dtype) for key, dtype in wanted.sparse
    ]
    dense = [
        _dense(read, key, dtype, shape, default)
        for (key, dtype, shape), default in zip(wanted.dense, defaults, strict=True)
    ]
    ragged = [
        (Rows([_found(features, key, dtype, where) for features, where in read], dtype), splits)
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
    return values_of(features[name], dtype, key, f"{where}Key: ") if name in features else blank((0,), dtype)


class Rows:
    """Vectors of any lengths as one sparse matrix.

    Parameters
    ----------
    rows : sequence of ndarray
    dtype : str
        That of the values.
    """

    def __init__(self, rows: Sequence[Array], dtype: str) -> None:
        lengths = np.array([len(row) for row in rows], np.int64)
        self.splits = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        self.values = np.concatenate(rows) if rows else blank((0,), dtype)
        first = np.repeat(np.arange(len(rows)), lengths)
        second = np.arange(len(self.values)) - np.repeat(self.splits[:-1], lengths)
        self.indices = np.stack([first, second], axis=1).astype(np.int64)
        self.shape = np.array([len(rows), lengths.max(initial=0)], np.int64)


def check_count(values: Array, dtype: str, shape: Sequence[int], where: str) -> None:
    """Check how many values a feature has.

    Parameters
    ----------
    values : ndarray
    dtype : str
    shape : sequence of int
        The shape that they fill.
    where : str
        The beginning of the message.

    Raises
    ------
    InvalidArgumentError
        There are more or fewer.
    """
    if len(values) != np.prod(shape, dtype=np.int64):
        raise invalid(
            f"{where}  Number of {_VALUE_NAMES[dtype]} values != expected.  values size: {len(values)} but output "
            f"shape: [{','.join(map(str, shape))}]"
        )


def _dense(
    read: Read,
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
                said = f"Feature: {name} (data type: {_TYPE_NAMES[dtype]}) is required but could not be found."
                raise invalid(f"{where}{said}")
            rows.append(np.asarray(default).reshape(-1))
            continue
        values = values_of(feature, dtype, key, f"{where}Key: ")
        if varies and size and len(values) % size:
            raise invalid(
                f"{where}Key: {name}, Index: {place}.  Number of {_VALUE_NAMES[dtype]} values is not a multiple of "
                f"stride length. Saw {len(values)} values but output shape is: [{','.join(map(str, inner))}]"
            )
        if not varies:
            check_count(values, dtype, inner, f"{where}Key: {name}, Index: {place}.")
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


def keys_of(value: Array) -> list[bytes]:
    """The strings of a tensor."""
    return list(np.ravel(np.asarray(value, object)).tolist())
