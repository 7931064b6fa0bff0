"""``tf.parse_single_sequence_example`` and its relative: sequences of a data set as dicts of tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import dtype_name
from hdfsaver.ops.example_features import (
    Features,
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
    strings,
)

_OF_CONTEXT = (VarLenFeature, FixedLenFeature, SparseFeature)
_OF_LISTS = (VarLenFeature, FixedLenSequenceFeature, SparseFeature)

FeatureDict = Mapping[str, Any] | None
"""Features by their keys."""


def _sorted(context: FeatureDict, sequence: FeatureDict) -> tuple[Features, Features]:
    if not context and not sequence:
        raise ValueError("Both context_features and sequence_features are None, but at least one should have values.")
    return Features(context, _OF_CONTEXT), Features(sequence, _OF_LISTS, of_lists=True)


def _parsed(
    serialized: Tensor, names: TensorLike | None, context: Features, lists: Features, name: str | None
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Features, lists, and lengths of lists.

    Parameters
    ----------
    serialized : Tensor
    names : Tensor or None
    context, lists : Features
    name : str or None

    Returns
    -------
    (dict, dict, dict)

    Raises
    ------
    ValueError
        A list of features has a default.
    """
    for key, feature in lists.dense.items():
        if feature.default_value is not None:
            raise ValueError(f"Value feature_list.dense_defaults[{key}] must be None")
    may_miss = [bool(feature.allow_missing) for feature in lists.dense.values()]
    with get_default_graph().name_scope(name or "ParseSequenceExample"):
        records = convert_to_tensor(serialized, dtypes.string, name="serialized")
        found = apply_list(
            "ParseSequenceExampleV2",
            records,
            np.zeros(0, object) if names is None else names,
            strings(list(context.sparse)),
            strings(list(context.dense)),
            strings([]),
            strings(list(lists.sparse)),
            strings(list(lists.dense)),
            strings([]),
            np.array(may_miss, bool),
            [context.default(key) for key in context.dense],
            Ncontext_sparse=len(context.sparse),
            Nfeature_list_sparse=len(lists.sparse),
            Nfeature_list_dense=len(lists.dense),
            context_sparse_types=[dtype_name(dtype) for dtype in context.sparse.values()],
            context_ragged_value_types=[],
            context_ragged_split_types=[],
            feature_list_dense_types=[dtype_name(feature.dtype) for feature in lists.dense.values()],
            feature_list_sparse_types=[dtype_name(dtype) for dtype in lists.sparse.values()],
            feature_list_ragged_value_types=[],
            feature_list_ragged_split_types=[],
            context_dense_shapes=[context.shape(key) for key in context.dense],
            feature_list_dense_shapes=[lists.shape(key) for key in lists.dense],
            name=name,
        )
    ends = np.cumsum([3 * len(context.sparse), len(context.dense), 3 * len(lists.sparse), len(lists.dense)]).tolist()
    sparse, dense, list_sparse, list_dense, lengths = (
        found[first:last] for first, last in zip([0, *ends], [*ends, None], strict=True)
    )
    return (
        context.by_key(sparse, dense),
        lists.by_key(list_sparse, list_dense),
        dict(zip(lists.dense, lengths, strict=True)),
    )


def parse_single_sequence_example(
    serialized: TensorLike,
    context_features: FeatureDict = None,
    sequence_features: FeatureDict = None,
    example_name: TensorLike | None = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features and lists of features of one serialized ``SequenceExample``.

    Parameters
    ----------
    serialized : Tensor or array_like
        One string.
    context_features : dict, optional
        `FixedLenFeature`, `VarLenFeature` and `SparseFeature` by their keys.
    sequence_features : dict, optional
        `FixedLenSequenceFeature`, `VarLenFeature` and `SparseFeature` by the keys of lists.
    example_name : Tensor or array_like, optional
        Its name, for messages.
    name : str, optional
        Scope of the operations.

    Returns
    -------
    (dict, dict)
        Tensors and sparse tensors of the features, and of the lists.

    Raises
    ------
    ValueError
        There are no features, one is not as it must be, or there is more than one record.
    InvalidArgumentError
        When run: the record is not a SequenceExample, lacks a feature, or has it with other values.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> record = tf.train.SequenceExample()
    >>> for number in (3, 4):
    ...     record.feature_lists.feature_list["x"].feature.add().int64_list.value.append(number)
    >>> lists = {"x": tf.FixedLenSequenceFeature([], tf.int64)}
    >>> _, found = tf.parse_single_sequence_example(record.SerializeToString(), sequence_features=lists)
    >>> tf.Session().run(found["x"])
    array([3, 4])
    """
    context, lists = _sorted(context_features, sequence_features)
    with get_default_graph().name_scope(name or "ParseSingleSequenceExample"):
        with get_default_graph().name_scope(name or "ParseSingleExample"):
            record = convert_to_tensor(serialized, dtypes.string, name="serialized")
            if record.shape.plain not in ((), None):
                raise ValueError(f"Input serialized must be a scalar, not of shape {record.shape}.")
        return _parsed(record, example_name, context, lists, name)[:2]


def parse_sequence_example(
    serialized: TensorLike,
    context_features: FeatureDict = None,
    sequence_features: FeatureDict = None,
    example_names: TensorLike | None = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Features and lists of features of serialized ``SequenceExample`` messages.

    Parameters
    ----------
    serialized : Tensor or array_like
        A vector of strings.
    context_features : dict, optional
        `FixedLenFeature`, `VarLenFeature` and `SparseFeature` by their keys.
    sequence_features : dict, optional
        `FixedLenSequenceFeature`, `VarLenFeature` and `SparseFeature` by the keys of lists.
    example_names : Tensor or array_like, optional
        Names of the records, for messages.
    name : str, optional
        Scope of the operations.

    Returns
    -------
    (dict, dict, dict)
        Tensors and sparse tensors of the features, those of the lists, which are filled up with zeros, and the numbers
        of items in the lists.

    Raises
    ------
    ValueError
        There are no features, or one is not as it must be.
    InvalidArgumentError
        When run: a record is not a SequenceExample, lacks a feature, or has it with other values.
    """
    context, lists = _sorted(context_features, sequence_features)
    with get_default_graph().name_scope(name or "ParseSequenceExample"):
        return _parsed(serialized, example_names, context, lists, name)  # type: ignore[arg-type]
