"""``tf.parse_example`` and its features: records of a data set as a dict of tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import dtype_name
from hdfsaver.shapes import Shape, TensorShape


class VarLenFeature(NamedTuple):
    """A feature with any number of values, as a sparse tensor.

    Attributes
    ----------
    dtype : DType
        float32, int64 or string.
    """

    dtype: Any


class FixedLenFeature(NamedTuple):
    """A feature with a fixed number of values, as a tensor.

    Attributes
    ----------
    shape : sequence of int
    dtype : DType
        float32, int64 or string.
    default_value : array_like, optional
        Where a record does not have it; without it each must.
    """

    shape: Any
    dtype: Any
    default_value: Any = None


class FixedLenSequenceFeature(NamedTuple):
    """A feature with any number of items of one shape, as a tensor.

    Attributes
    ----------
    shape : sequence of int
        Of an item.
    dtype : DType
        float32, int64 or string.
    allow_missing : bool
        Whether a record may be without it.
    default_value : scalar, optional
        Shorter ones are filled with it.
    """

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


class _Features:
    """The features of a call, sorted by their kinds."""

    def __init__(self, features: Mapping[str, Any]) -> None:
        self.sparse: dict[str, Any] = {}
        self.dense: dict[str, Any] = {}
        for key in sorted(features):
            feature = features[key]
            if isinstance(feature, VarLenFeature):
                self.sparse[key] = feature
            elif isinstance(feature, FixedLenFeature | FixedLenSequenceFeature):
                self.dense[key] = feature
            else:
                raise ValueError(
                    f"Unsupported {type(feature).__name__} {feature!r} for {key!r}: a feature is a VarLenFeature, a "
                    "FixedLenFeature or a FixedLenSequenceFeature."
                )
            if feature.dtype is None:
                raise ValueError(f"Missing type for feature {key}.")

    def shape(self, key: str) -> Shape:
        """The shape of a dense feature, with an unknown first size where it differs."""
        feature = self.dense[key]
        if feature.shape is None:
            raise ValueError(f"Missing shape for feature {key}.")
        inner = TensorShape(feature.shape).plain
        if isinstance(feature, FixedLenSequenceFeature):
            if not feature.allow_missing:
                raise ValueError(
                    f"Unsupported: FixedLenSequenceFeature {feature} requires allow_missing to be True, in {key}."
                )
            return (None, *(inner or ()))
        if inner is None or None in inner:
            raise ValueError(f"First dimension of shape for feature {key} unknown. Consider FixedLenSequenceFeature.")
        return inner

    def default(self, key: str) -> Tensor:
        """The default of a dense feature as a tensor."""
        feature, dtype = self.dense[key], dtypes.as_dtype(self.dense[key].dtype)
        value = feature.default_value
        if isinstance(feature, FixedLenSequenceFeature):
            usual = "" if dtype is dtypes.string else 0
            return convert_to_tensor(usual if value is None else value, dtype)
        if value is None:
            return convert_to_tensor(np.zeros(0, object if dtype is dtypes.string else dtype.as_numpy_dtype), dtype)
        label = "key_" + "".join(char if char.isalnum() or char in "_." else "_" for char in key)
        return apply("Reshape", convert_to_tensor(value, dtype, name=label), list(self.shape(key) or ()))


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
        `FixedLenFeature`, `VarLenFeature` and `FixedLenSequenceFeature` by their keys.
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
    sorted_features = _Features(features)
    with get_default_graph().name_scope(name or "ParseExample"):
        records = convert_to_tensor(serialized, dtypes.string, name="serialized")
        defaults = [sorted_features.default(key) for key in sorted_features.dense]
        names = np.zeros(0, object) if example_names is None else example_names
        found = apply_list(
            "ParseExampleV2",
            records,
            names,
            _strings(list(sorted_features.sparse)),
            _strings(list(sorted_features.dense)),
            _strings([]),
            defaults,
            num_sparse=len(sorted_features.sparse),
            sparse_types=[dtype_name(feature.dtype) for feature in sorted_features.sparse.values()],
            ragged_value_types=[],
            ragged_split_types=[],
            dense_shapes=[sorted_features.shape(key) for key in sorted_features.dense],
            name=name or "ParseExampleV2",
        )
        return _by_key(sorted_features, found)


def _strings(values: Any) -> Any:
    if isinstance(values, list):
        texts = np.empty(len(values), object)
        texts[:] = [value.encode() for value in values]
        return texts
    return values


def _by_key(features: _Features, found: Sequence[Tensor]) -> dict[str, Any]:
    count = len(features.sparse)
    made: dict[str, Any] = {
        key: SparseTensor(found[place], found[count + place], found[2 * count + place])
        for place, key in enumerate(features.sparse)
    }
    made.update(zip(features.dense, found[3 * count :], strict=True))
    return made


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
        `FixedLenFeature`, `VarLenFeature` and `FixedLenSequenceFeature` by their keys.
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
