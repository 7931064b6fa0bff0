"""``tf.parse_example`` and its features: records of a data set as a dict of tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import dtype_name
from hdfsaver.ops.example_features import Features, strings


def parse_example(
    serialized: TensorLike,
    features: Mapping[str, Any],
    name: str | None = None,
    example_names: TensorLike | None = None,
) -> dict[str, Any]:
    """Features of serialized ``Example`` messages.

    Parameters
    ----------
    serialized : Tensor or array_like
        A vector of strings.
    features : dict
        `FixedLenFeature`, `VarLenFeature`, `SparseFeature` and `FixedLenSequenceFeature` by their keys.
    name : str, optional
        Scope of the operations.
    example_names : Tensor or array_like, optional
        Names of the records, for messages.

    Returns
    -------
    dict
        Tensors and sparse tensors by the keys.

    Raises
    ------
    ValueError
        There are no features, or one is not as it must be.
    InvalidArgumentError
        When run: a record is not an Example, lacks a feature, or has it with other values.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> record = tf.train.Example()
    >>> record.features.feature["x"].float_list.value.extend([1.0, 2.0])
    >>> parsed = tf.parse_example([record.SerializeToString()], {"x": tf.FixedLenFeature([2], tf.float32)})
    >>> tf.Session().run(parsed["x"])
    array([[1., 2.]], dtype=float32)
    """
    if not features:
        raise ValueError("Missing: features was None or empty.")
    sorted_features = Features(features)
    with get_default_graph().name_scope(name or "ParseExample"):
        records = convert_to_tensor(serialized, dtypes.string, name="serialized")
        defaults = [sorted_features.default(key) for key in sorted_features.dense]
        names = np.zeros(0, object) if example_names is None else example_names
        found = apply_list(
            "ParseExampleV2",
            records,
            names,
            strings(list(sorted_features.sparse)),
            strings(list(sorted_features.dense)),
            strings([]),
            defaults,
            num_sparse=len(sorted_features.sparse),
            sparse_types=[dtype_name(dtype) for dtype in sorted_features.sparse.values()],
            ragged_value_types=[],
            ragged_split_types=[],
            dense_shapes=[sorted_features.shape(key) for key in sorted_features.dense],
            name=name or "ParseExampleV2",
        )
    count = 3 * len(sorted_features.sparse)
    return sorted_features.by_key(found[:count], found[count:])


def parse_single_example(
    serialized: TensorLike,
    features: Mapping[str, Any],
    name: str | None = None,
    example_names: TensorLike | None = None,
) -> dict[str, Any]:
    """Features of one serialized ``Example``; see `parse_example`.

    Parameters
    ----------
    serialized : Tensor or array_like
        One string.
    features : dict
        `FixedLenFeature`, `VarLenFeature`, `SparseFeature` and `FixedLenSequenceFeature` by their keys.
    name : str, optional
        Scope of the operations.
    example_names : Tensor or array_like, optional
        Its name, for messages.

    Returns
    -------
    dict
        Tensors and sparse tensors by the keys, without the dimension of records.

    Raises
    ------
    ValueError
        There are no features, one is not as it must be, or there is more than one record.
    InvalidArgumentError
        When run: the record is not an Example, lacks a feature, or has it with other values.
    """
    if not features:
        raise ValueError("Missing features.")
    with get_default_graph().name_scope(name or "ParseSingleExample"):
        record = convert_to_tensor(serialized, dtypes.string, name="serialized")
        if record.shape.plain not in ((), None):
            raise ValueError(f"Input serialized must be a scalar, not of shape {record.shape}.")
        return parse_example(record, features, example_names=example_names)
