"""Rows of tables taken together by sparse numbers: ``embedding_lookup_sparse``."""

from __future__ import annotations

from typing import Any

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.sparse_functions import as_sparse, sparse_fill_empty_rows, sparse_reshape, sparse_retain
from hdfsaver.variables.embeddings import embedding_lookup

_COMBINERS = ("mean", "sqrtn", "sum")


def embedding_lookup_sparse(
    params: Any,
    sp_ids: SparseTensor,
    sp_weights: SparseTensor | None,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: float | None = None,
) -> Tensor:
    """Rows of a table, taken together for each row of sparse numbers.

    Parameters
    ----------
    params : Tensor, Variable, PartitionedVariable, or a list of tensors or variables
        The table, or its parts.
    sp_ids : SparseTensor
        Rows of numbers of the table.
    sp_weights : SparseTensor or None
        A weight for each number; None for 1.
    partition_strategy : {"mod", "div"}
        See `embedding_lookup`.
    name : str, optional
        The name scope.
    combiner : {"mean", "sqrtn", "sum"}
        The sum with weights, by default divided by the sum of the weights, or by the root of that of their squares.
    max_norm : float, optional
        Rows with a greater norm are scaled down to it.

    Returns
    -------
    Tensor
        A row for each row of numbers up to the last one that is not empty; 0 for an empty one.

    Raises
    ------
    ValueError
        There is no such combiner.
    TypeError
        The numbers or the weights are not sparse.
    """
    kind = "mean" if combiner is None else combiner
    if kind not in _COMBINERS:
        raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}")
    ids = as_sparse(sp_ids)
    weights = None if sp_weights is None else as_sparse(sp_weights)
    with scope(name, "embedding_lookup_sparse", ids.indices, ids.values) as full:
        segments = apply(
            "StridedSlice", ids.indices, [0, 0], [0, 1], [1, 1], begin_mask=1, end_mask=1, shrink_axis_mask=2
        )
        if segments.dtype.base_dtype != dtypes.int32:
            segments = apply("Cast", segments, DstT="int32")
        different, places = apply_list("Unique", ids.values)
        rows = embedding_lookup(params, different, partition_strategy, max_norm=max_norm)
        if weights is None:
            kinds = {"sum": "SparseSegmentSum", "mean": "SparseSegmentMean", "sqrtn": "SparseSegmentSqrtN"}
            return apply(kinds[kind], rows, places, segments, name=full)
        factors = weights.values
        if factors.dtype.base_dtype != rows.dtype.base_dtype:
            factors = apply("Cast", factors, DstT=rows.dtype.base_dtype.name)
        rows = apply("GatherV2", rows, places, 0)
        return _combined(rows, factors, segments, kind, full)


def _combined(rows: Tensor, factors: Tensor, segments: Tensor, kind: str, name: str) -> Tensor:
    ones = apply("Fill", apply("ExpandDims", apply("Sub", apply("Rank", rows), 1), 0), 1)
    column = apply("Reshape", factors, apply("ConcatV2", [apply("Shape", factors), ones], 0))
    rows = apply("Mul", rows, column)
    if kind == "sum":
        return apply("SegmentSum", rows, segments, name=name)
    total = apply("SegmentSum", rows, segments)
    if kind == "mean":
        return apply("DivNoNan", total, apply("SegmentSum", column, segments), name=name)
    two = convert_to_tensor(2, column.dtype)
    root = apply("Sqrt", apply("SegmentSum", apply("Pow", column, two), segments))
    return apply("DivNoNan", total, root, name=name)


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: SparseTensor,
    sparse_weights: SparseTensor | None = None,
    combiner: str = "mean",
    default_id: int | None = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: float | None = None,
) -> Tensor:
    """Rows of a table taken together, without numbers that are negative and weights that are not positive.

    Parameters
    ----------
    embedding_weights : Tensor, Variable, PartitionedVariable, or a list of tensors or variables
        The table, or its parts.
    sparse_ids : SparseTensor
        Rows of numbers, of two or more dimensions.
    sparse_weights : SparseTensor, optional
        A weight for each number.
    combiner : {"mean", "sqrtn", "sum"}
        See `embedding_lookup_sparse`.
    default_id : int, optional
        The row for rows without numbers; zeros by default.
    name : str, optional
        The name scope.
    partition_strategy : {"div", "mod"}
        See `embedding_lookup`.
    max_norm : float, optional
        Rows with a greater norm are scaled down to it.

    Returns
    -------
    Tensor
        A row for each row of numbers.

    Raises
    ------
    ValueError
        There is no table, or no such combiner.
    """
    if embedding_weights is None or (isinstance(embedding_weights, list | tuple) and not embedding_weights):
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    ids = as_sparse(sparse_ids)
    weights = None if sparse_weights is None else as_sparse(sparse_weights)
    with scope(name, "embedding_lookup", ids.indices, ids.values) as full:
        before = apply("StridedSlice", ids.dense_shape, [0], [-1], [1], begin_mask=1)
        last = apply("StridedSlice", ids.dense_shape, [-1], [0], [1], end_mask=1)
        flat = apply("ConcatV2", [apply("Prod", before, [0], keep_dims=True), last], 0)
        shape = ids.shape.ndims
        ids = sparse_reshape(ids, flat)
        weights = None if weights is None else ids.with_values(weights.values)
        keeps = apply("GreaterEqual", ids.values, convert_to_tensor(0, ids.values.dtype.base_dtype))
        if weights is not None:
            zero = convert_to_tensor(0, weights.values.dtype.base_dtype)
            if combiner != "sum":
                keeps = apply("LogicalAnd", keeps, apply("Greater", weights.values, zero))
            weights = sparse_retain(weights, keeps)
        ids = sparse_retain(ids, keeps)
        ids, is_empty = sparse_fill_empty_rows(ids, default_id or 0)
        if weights is not None:
            weights, _ = sparse_fill_empty_rows(weights, 1.0)
        found = embedding_lookup_sparse(
            embedding_weights,
            ids,
            weights,
            partition_strategy,
            None if default_id is None else full,
            combiner,
            max_norm,
        )
        if default_id is None:
            column = apply("Reshape", is_empty, [-1, *[1] * ((found.shape.ndims or 2) - 1)])
            found = apply("SelectV2", column, apply("ZerosLike", found), found)
        inner = apply("StridedSlice", apply("Shape", found), [1], [0], [1], end_mask=1)
        sizes = apply("ConcatV2", [apply("Cast", before, DstT="int32"), inner], 0)
        result = apply("Reshape", found, sizes)
        if shape is not None:
            result.set_shape([*[None] * (shape - 1), *(found.shape.as_list()[1:] if found.shape.ndims else [])])
        return result
