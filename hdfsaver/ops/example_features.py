"""Features of records, of four kinds, and the tensors that are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.sparse_functions import sparse_merge
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


class SparseFeature(NamedTuple):
    """Two or more features as one sparse tensor: one has the values, the others say their places.

    Attributes
    ----------
    index_key : str or list of str
        Of the features of int64 with the places, for each axis one.
    value_key : str
        Of the feature with the values.
    dtype : DType
        float32, int64 or string: that of the values.
    size : int or list of int
        For each axis.
    already_sorted : bool
        Whether the places are in order.
    """

    index_key: Any
    value_key: str
    dtype: Any
    size: Any
    already_sorted: bool = False


EXAMPLES = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)
"""The kinds of the features of records."""


class Features:
    """The features of a call, sorted by their kinds.

    Parameters
    ----------
    features : mapping or None
        Features by their keys.
    kinds : tuple of type
        Those that may be among them.
    of_lists : bool
        Whether they are lists of features: each item has the shape, and there may be any number of them.

    Attributes
    ----------
    sparse : dict
        Dtypes by the keys of features with any number of values.
    dense : dict
        Features with shapes.

    Raises
    ------
    ValueError
        A feature is not as it must be.
    """

    def __init__(
        self, features: Mapping[str, Any] | None, kinds: tuple[Any, ...] = EXAMPLES, of_lists: bool = False
    ) -> None:
        self.given = features or {}
        self.sparse: dict[str, Any] = {}
        self.dense: dict[str, Any] = {}
        self._of_lists = of_lists
        for key in sorted(self.given):
            feature = self.given[key]
            if not isinstance(feature, kinds):
                raise ValueError(f"Unsupported {type(feature).__name__} {feature} for key '{key}'")
            self._add(key, feature)
        both = set(self.sparse) & set(self.dense)
        if both:
            raise ValueError(
                f"Dense and sparse keys must not intersect; dense_keys: {list(self.dense)}, sparse_keys: "
                f"{list(self.sparse)}, intersection: {both}"
            )

    def _add(self, key: str, feature: Any) -> None:
        if isinstance(feature, SparseFeature):
            for part in ("index_key", "value_key"):
                if not getattr(feature, part):
                    raise ValueError(f"Missing {part} for SparseFeature {feature}.")
        if not feature.dtype:
            raise ValueError(f"Missing type for feature {key}. Received feature={feature}.")
        if isinstance(feature, SparseFeature):
            for index_key in sorted(index_keys(feature)):
                self._add_sparse(index_key, dtypes.int64)
            self._add_sparse(feature.value_key, feature.dtype)
        elif isinstance(feature, VarLenFeature):
            self._add_sparse(key, feature.dtype)
        else:
            self.dense[key] = feature
            self.shape(key)

    def _add_sparse(self, key: str, dtype: Any) -> None:
        wanted = dtypes.as_dtype(dtype)
        before = self.sparse.setdefault(key, wanted)
        if before != wanted:
            raise ValueError(f"Conflicting type {before!r} vs {wanted!r} for feature {key}.")

    def shape(self, key: str) -> Shape:
        """The shape of a dense feature, with an unknown first size where it differs; of lists that of an item."""
        feature = self.dense[key]
        if feature.shape is None:
            raise ValueError(f"Missing shape for feature {key}. Received feature={feature}.")
        inner = TensorShape(feature.shape).plain
        if isinstance(feature, FixedLenSequenceFeature):
            if self._of_lists:
                return inner
            if not feature.allow_missing:
                raise ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.")
            return (None, *(inner or ()))
        if inner and inner[0] is None:
            raise ValueError(
                f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature. Received "
                f"feature={feature}."
            )
        if inner is None or None in inner:
            raise ValueError(
                f"All dimensions of shape for feature {key} need to be known but received {feature.shape!s}."
            )
        return inner

    def default(self, key: str) -> Tensor:
        """The default of a dense feature as a tensor."""
        feature, dtype = self.dense[key], dtypes.as_dtype(self.dense[key].dtype)
        value = feature.default_value
        is_string = dtype is dtypes.string
        label = "".join(char if char.isalnum() or char in "_.-/" else "_" for char in key)
        if isinstance(feature, FixedLenSequenceFeature):
            if value is None:
                return convert_to_tensor("" if is_string else 0, dtype)
            return apply("Reshape", convert_to_tensor(value, dtype, name=f"padding_{label}"), np.zeros(0, np.int32))
        if value is None:
            return convert_to_tensor(np.zeros(0, object if is_string else dtype.as_numpy_dtype), dtype)
        if is_tensor(value):
            return convert_to_tensor(value)
        return apply("Reshape", convert_to_tensor(value, dtype, name=f"key_{label}"), list(self.shape(key) or ()))

    def by_key(self, sparse: Sequence[Tensor], dense: Sequence[Tensor]) -> dict[str, Any]:
        """The tensors by the keys of the features that were given.

        Parameters
        ----------
        sparse : sequence of Tensor
            Indices, values and shapes.
        dense : sequence of Tensor

        Returns
        -------
        dict
        """
        count = len(self.sparse)
        made: dict[str, Any] = {
            key: SparseTensor(sparse[place], sparse[count + place], sparse[2 * count + place])
            for place, key in enumerate(self.sparse)
        }
        made.update(zip(self.dense, dense, strict=True))
        merged = {
            key: sparse_merge(
                made[feature.index_key]
                if isinstance(feature.index_key, str)
                else [made[index_key] for index_key in feature.index_key],
                made[feature.value_key],
                feature.size,
                already_sorted=feature.already_sorted,
            )
            for key, feature in sorted(self.given.items())
            if isinstance(feature, SparseFeature)
        }
        made.update(merged)
        return {key: value for key, value in made.items() if key in self.given}


def index_keys(feature: SparseFeature) -> list[str]:
    """The keys of the places of a sparse feature."""
    return [feature.index_key] if isinstance(feature.index_key, str) else list(feature.index_key)


def strings(values: Sequence[str]) -> Any:
    """Keys as a vector."""
    texts = np.empty(len(values), object)
    texts[:] = [value.encode() for value in values]
    return texts
