"""The functions of sparse tensors, made of their operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import IndexedSlices, SparseTensor, SparseTensorValue
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import dtype_name, filled, scope

Sparse = SparseTensor | SparseTensorValue
"""A sparse tensor, or the value of one."""


def as_sparse(value: Any) -> SparseTensor:
    """The sparse tensor; `TypeError` for other values."""
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError(f"Input must be a SparseTensor, not {value!r}.")
    return value


def _made(parts: Sequence[Tensor]) -> SparseTensor:
    indices, values, dense_shape = parts
    return SparseTensor(indices, values, dense_shape)


def _parts(sparse: SparseTensor) -> tuple[Tensor, Tensor, Tensor]:
    return sparse.indices, sparse.values, sparse.dense_shape


def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> SparseTensor | Tensor:
    """The sum of two tensors of which one is sparse, or both.

    Parameters
    ----------
    a, b : SparseTensor, SparseTensorValue or TensorLike
        Of one shape and dtype.
    threshold : number, optional
        Sums of sparse tensors with a lesser magnitude are left out; 0 by default.
    thresh : number, optional
        An older name of ``threshold``.

    Returns
    -------
    SparseTensor or Tensor
        A sparse tensor where both are.

    Raises
    ------
    TypeError
        Neither is sparse.
    """
    are_sparse = [isinstance(value, SparseTensor | SparseTensorValue) for value in (a, b)]
    if not any(are_sparse):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if all(are_sparse):
        first, second = as_sparse(a), as_sparse(b)
        least = (0 if thresh is None else thresh) if threshold is None else threshold
        real = first.values.dtype.real_dtype.base_dtype
        bound = convert_to_tensor(least, real, "threshold")
        return _made(apply_list("SparseAdd", *_parts(first), *_parts(second), bound))
    sparse, dense = (as_sparse(a), b) if are_sparse[0] else (as_sparse(b), a)
    return apply("SparseTensorDenseAdd", *_parts(sparse), dense)


def sparse_concat(
    axis: int,
    sp_inputs: Sequence[Sparse],
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: int | None = None,
    expand_nonconcat_dims: bool | None = None,
) -> SparseTensor:
    """Sparse tensors joined along an axis.

    Parameters
    ----------
    axis : int
        The axis, from the end if negative.
    sp_inputs : list of SparseTensor
        Of one rank.
    name : str, optional
        The name of the operation.
    expand_nonconcat_dim : bool
        Whether other axes may differ: each becomes as long as the longest.
    concat_dim : int, optional
        An older name of ``axis``.
    expand_nonconcat_dims : bool, optional
        Another name of ``expand_nonconcat_dim``.

    Returns
    -------
    SparseTensor
        In the order of rows.

    Raises
    ------
    InvalidArgumentError
        In the run: another axis differs.
    """
    along = axis if concat_dim is None else concat_dim
    inputs = [as_sparse(sparse) for sparse in sp_inputs]
    if len(inputs) == 1:
        return inputs[0]
    shapes = [sparse.dense_shape for sparse in inputs]
    if expand_nonconcat_dims or (expand_nonconcat_dims is None and expand_nonconcat_dim):
        longest = apply("Max", apply("Pack", shapes), [0])
        rank = apply("Size", longest)
        place = apply("FloorMod", apply("AddV2", rank, along), rank)
        is_along = apply("Equal", apply("Range", 0, rank, 1), place)
        shapes = [apply("SelectV2", is_along, shape, longest) for shape in shapes]
    indices, values = [sparse.indices for sparse in inputs], [sparse.values for sparse in inputs]
    return _made(apply_list("SparseConcat", indices, values, shapes, concat_dim=along, name=name))


def sparse_reorder(sp_input: Sparse, name: str | None = None) -> SparseTensor:
    """The places of a sparse tensor in the order of rows."""
    sparse = as_sparse(sp_input)
    indices, values = apply_list("SparseReorder", *_parts(sparse), name=name)
    return SparseTensor(indices, values, apply("Identity", sparse.dense_shape))


def sparse_reshape(sp_input: Sparse, shape: TensorLike, name: str | None = None) -> SparseTensor:
    """A sparse tensor in another shape.

    Parameters
    ----------
    sp_input : SparseTensor
        A sparse tensor.
    shape : TensorLike
        The new sizes; one may be -1.
    name : str, optional
        The name scope.

    Returns
    -------
    SparseTensor
        With the same values.

    Raises
    ------
    InvalidArgumentError
        In the run: the sizes have another product.
    """
    sparse = as_sparse(sp_input)
    sizes = convert_to_tensor(shape)
    if sizes.dtype.base_dtype != dtypes.int64:
        sizes = apply("Cast", sizes, DstT="int64")
    indices, new = apply_list("SparseReshape", sparse.indices, sparse.dense_shape, sizes, name=name)
    return SparseTensor(indices, apply("Identity", sparse.values), new)


def sparse_split(
    keyword_required: Any = None,
    sp_input: Sparse | None = None,
    num_split: int | None = None,
    axis: TensorLike | None = None,
    name: str | None = None,
    split_dim: TensorLike | None = None,
) -> list[SparseTensor]:
    """A sparse tensor cut into parts along an axis.

    Parameters
    ----------
    keyword_required : object
        Nothing: the arguments are given by name.
    sp_input : SparseTensor
        A sparse tensor.
    num_split : int
        How many parts.
    axis : int
        The axis.
    name : str, optional
        The name of the operation.
    split_dim : int, optional
        An older name of ``axis``.

    Returns
    -------
    list of SparseTensor
        The first ones are longer by one where the axis cannot be divided.

    Raises
    ------
    ValueError
        An argument is missing, or not given by name.
    """
    along = split_dim if axis is None else axis
    if keyword_required is not None:
        raise ValueError("Keyword arguments are required for this function.")
    if sp_input is None or num_split is None or along is None:
        raise ValueError("sp_input, num_split and axis are required.")
    parts = _parts(as_sparse(sp_input))
    found = apply_list("SparseSplit", convert_to_tensor(along, dtypes.int64), *parts, num_split=num_split, name=name)
    return [_made(found[number::num_split]) for number in range(num_split)]


def sparse_slice(sp_input: Sparse, start: TensorLike, size: TensorLike, name: str | None = None) -> SparseTensor:
    """A part of a sparse tensor.

    Parameters
    ----------
    sp_input : SparseTensor
        A sparse tensor.
    start, size : TensorLike
        Where the part begins along each axis, and how long it is at most.
    name : str, optional
        The name of the operation.

    Returns
    -------
    SparseTensor
        The part.

    Raises
    ------
    InvalidArgumentError
        In the run: there are more or fewer numbers than axes.
    """
    ends = [convert_to_tensor(value, dtypes.int64) for value in (start, size)]
    return _made(apply_list("SparseSlice", *_parts(as_sparse(sp_input)), *ends, name=name))


def sparse_retain(sp_input: Sparse, to_retain: TensorLike) -> SparseTensor:
    """A sparse tensor with the values that a vector of bools keeps."""
    sparse, keeps = as_sparse(sp_input), convert_to_tensor(to_retain, "bool")
    places = apply("Reshape", apply("Where", keeps), [-1])
    indices, values = (apply("GatherV2", part, places, 0) for part in (sparse.indices, sparse.values))
    return SparseTensor(indices, values, apply("Identity", sparse.dense_shape))


def sparse_softmax(sp_input: Sparse, name: str | None = None) -> SparseTensor:
    """The softmax of each row of the last dimension, over the places that have a value."""
    sparse = as_sparse(sp_input)
    with scope(name, "SparseSoftmax", sparse.indices, sparse.values):
        values = apply("SparseSoftmax", *_parts(sparse))
    return SparseTensor(sparse.indices, values, sparse.dense_shape)


def sparse_fill_empty_rows(
    sp_input: Sparse, default_value: TensorLike, name: str | None = None
) -> tuple[SparseTensor, Tensor]:
    """A sparse matrix with a value in each row that has none.

    Parameters
    ----------
    sp_input : SparseTensor
        A sparse tensor.
    default_value : TensorLike
        The value, at the first place of an empty row.
    name : str, optional
        The name scope.

    Returns
    -------
    tuple of (SparseTensor, Tensor)
        The matrix, and which rows were empty.

    Raises
    ------
    TypeError
        The input is not sparse.
    """
    sparse = as_sparse(sp_input)
    with scope(name, "SparseFillEmptyRows", sparse.indices, sparse.values):
        default = convert_to_tensor(default_value, sparse.values.dtype.base_dtype)
        indices, values, is_empty, _ = apply_list("SparseFillEmptyRows", *_parts(sparse), default)
    return SparseTensor(indices, values, sparse.dense_shape), is_empty


def sparse_tensor_dense_matmul(
    sp_a: Sparse, b: TensorLike, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The product of a sparse and a dense matrix.

    Parameters
    ----------
    sp_a : SparseTensor
        A matrix.
    b : TensorLike
        A matrix.
    adjoint_a, adjoint_b : bool
        Whether the matrix is transposed, and conjugated, before.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor
        A dense matrix.

    Raises
    ------
    ValueError
        The sizes are known and do not fit.
    InvalidArgumentError
        In the run: they do not fit, or a place is outside.
    """
    sparse = as_sparse(sp_a)
    with scope(name, "SparseTensorDenseMatMul", sparse.indices, sparse.values, b):
        dense = convert_to_tensor(b, sparse.values.dtype.base_dtype, "b")
        return apply("SparseTensorDenseMatMul", *_parts(sparse), dense, adjoint_a=adjoint_a, adjoint_b=adjoint_b)


def sparse_minimum(sp_a: Sparse, sp_b: Sparse, name: str | None = None) -> SparseTensor:
    """The lesser of two sparse tensors at each place where one has a value.

    Parameters
    ----------
    sp_a, sp_b : SparseTensor
        Of one shape.
    name : str, optional
        The name of the operation.

    Returns
    -------
    SparseTensor
        A missing value is 0.

    Raises
    ------
    InvalidArgumentError
        In the run: the shapes differ.
    """
    first = as_sparse(sp_a)
    found = apply_list("SparseSparseMinimum", *_parts(first), *_parts(as_sparse(sp_b)), name=name)
    return _made([*found, first.dense_shape])


def sparse_maximum(sp_a: Sparse, sp_b: Sparse, name: str | None = None) -> SparseTensor:
    """The greater of two sparse tensors at each place where one has a value.

    Parameters
    ----------
    sp_a, sp_b : SparseTensor
        Of one shape.
    name : str, optional
        The name of the operation.

    Returns
    -------
    SparseTensor
        A missing value is 0.

    Raises
    ------
    InvalidArgumentError
        In the run: the shapes differ.
    """
    first = as_sparse(sp_a)
    found = apply_list("SparseSparseMaximum", *_parts(first), *_parts(as_sparse(sp_b)), name=name)
    return _made([*found, first.dense_shape])


def _reduced(op_type: str, sp_input: Sparse, axis: Any, keeps: bool, name: str | None = None) -> Tensor:
    sparse = as_sparse(sp_input)
    axes = np.arange(sparse.shape.ndims) if axis is None and sparse.shape.ndims is not None else axis
    if axes is None:
        axes = apply("Range", 0, apply("Size", sparse.dense_shape), 1)
    listed = np.asarray(axes, np.int32) if not isinstance(axes, Tensor) else axes
    if axis is None:
        listed = convert_to_tensor(listed)
    return apply(op_type, *_parts(sparse), listed, keep_dims=keeps, name=name)


def sparse_reduce_sum(
    sp_input: Sparse,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    reduction_axes: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The sums of a sparse tensor along axes, as a dense tensor.

    Parameters
    ----------
    sp_input : SparseTensor
        A sparse tensor.
    axis : int or list of int, optional
        The axes, all by default.
    keepdims : bool, optional
        Whether the axes stay, with length 1.
    reduction_axes : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Dense.

    Raises
    ------
    ValueError
        An axis is out of range.
    """
    along = reduction_axes if axis is None else axis
    return _reduced("SparseReduceSum", sp_input, along, bool(keepdims or keep_dims))


def sparse_reduce_max(
    sp_input: Sparse,
    axis: TensorLike | None = None,
    keepdims: bool | None = None,
    reduction_axes: TensorLike | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The greatest values of a sparse tensor along axes, as a dense tensor.

    Parameters
    ----------
    sp_input : SparseTensor
        A sparse tensor.
    axis : int or list of int, optional
        The axes, all by default.
    keepdims : bool, optional
        Whether the axes stay, with length 1.
    reduction_axes : int or list of int, optional
        An older name of ``axis``.
    keep_dims : bool, optional
        An older name of ``keepdims``.

    Returns
    -------
    Tensor
        Dense; 0 where there is no value.

    Raises
    ------
    ValueError
        An axis is out of range.
    """
    along = reduction_axes if axis is None else axis
    return _reduced("SparseReduceMax", sp_input, along, bool(keepdims or keep_dims))


def sparse_transpose(sp_input: Sparse, perm: Sequence[int] | None = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor with its axes in another order.

    Parameters
    ----------
    sp_input : SparseTensor
        A sparse tensor.
    perm : list of int, optional
        For each new axis the old one; the opposite order by default.
    name : str, optional
        The name scope.

    Returns
    -------
    SparseTensor
        In the order of rows.

    Raises
    ------
    TypeError
        The input is not sparse.
    """
    sparse = as_sparse(sp_input)
    with scope(name, "SparseTranspose", sparse.indices, sparse.values):
        if perm is None:
            rank = apply("Size", sparse.dense_shape)
            order = apply("Sub", apply("Sub", rank, 1), apply("Range", 0, rank, 1))
        else:
            order = convert_to_tensor(perm, dtypes.int32)
        indices = apply("GatherV2", sparse.indices, order, 1)
        sizes = apply("GatherV2", sparse.dense_shape, order, 0)
        return sparse_reorder(SparseTensor(indices, sparse.values, sizes))


def sparse_to_indicator(sp_input: Sparse, vocab_size: int, name: str | None = None) -> Tensor:
    """Which numbers each row has, as a dense tensor of bools.

    Parameters
    ----------
    sp_input : SparseTensor
        Rows of numbers of int32 or int64, along the last axis.
    vocab_size : int
        How many numbers there are.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor
        The last axis has a bool for each number.

    Raises
    ------
    InvalidArgumentError
        In the run: a number is out of range.
    """
    sparse = as_sparse(sp_input)
    with scope(name, "SparseToIndicator", sparse.indices, sparse.values) as full:
        ones = apply("Fill", apply("Shape", sparse.values), True)
        merged = sparse_merge(sparse, sparse.with_values(ones), vocab_size)
        parts = (merged.indices, merged.dense_shape, merged.values, False)
        return apply("SparseToDense", *parts, validate_indices=False, name=full)


def sparse_merge(
    sp_ids: Sparse | Sequence[Sparse],
    sp_values: Sparse,
    vocab_size: int | Sequence[int],
    name: str | None = None,
    already_sorted: bool = False,
) -> SparseTensor:
    """Values at the numbers that each row has for them.

    Parameters
    ----------
    sp_ids : SparseTensor or list of SparseTensor
        Rows of numbers of int32 or int64, along the last axis.
    sp_values : SparseTensor
        A value for each number.
    vocab_size : int or list of int
        How many numbers there are, for each of ``sp_ids``.
    name : str, optional
        The name scope.
    already_sorted : bool
        Whether the numbers of a row are in order.

    Returns
    -------
    SparseTensor
        In place of the last axis, one that has a place for each number, for each of ``sp_ids``.

    Raises
    ------
    TypeError
        An input is not sparse.
    ValueError
        There is another number of sizes than of ``sp_ids``.
    """
    is_list = isinstance(sp_ids, list | tuple) and not isinstance(sp_ids, SparseTensorValue)
    columns: list[Any] = [*sp_ids] if is_list else [sp_ids]  # type: ignore[misc]
    sizes: list[Any] = [*vocab_size] if isinstance(vocab_size, list | tuple) else [vocab_size]
    if len(columns) != len(sizes):
        raise ValueError(f"sp_ids and vocab_size have to have equal lengths, not {len(columns)} and {len(sizes)}.")
    ids, values = [as_sparse(column) for column in columns], as_sparse(sp_values)
    with scope(name, "SparseMerge", *(item.indices for item in ids), values.values):
        numbers = []
        for item in ids:
            found = item.values
            if found.dtype.base_dtype != dtypes.int64:
                found = apply("Cast", found, DstT="int64")
            numbers.append(apply("ExpandDims", found, 1))
        counts = [apply("Cast", size, DstT="int64") for size in sizes]
        places = apply("ConcatV2", [ids[0].indices[:, :-1], *numbers], 1, name="concat")
        size = apply("ConcatV2", [ids[0].dense_shape[:-1], counts], 0, name="concat_1")
        merged = SparseTensor(places, values.values, size)
        if already_sorted:
            return merged
        ordered = sparse_reorder(merged)
        return SparseTensor(ordered.indices, ordered.values, size)


def sparse_mask(a: IndexedSlices, mask_indices: TensorLike, name: str | None = None) -> IndexedSlices:
    """Slices without those at some indices.

    Parameters
    ----------
    a : IndexedSlices
        Slices.
    mask_indices : TensorLike
        The indices that are left out.
    name : str, optional
        The name scope.

    Returns
    -------
    IndexedSlices
        The others.

    Raises
    ------
    TypeError
        The indices are of another dtype.
    """
    with scope(name, "sparse_mask", a.values, mask_indices) as full:
        left, places = apply_list("ListDiff", a.indices, mask_indices)
        return IndexedSlices(apply("GatherV2", a.values, places, 0, name=full), left, a.dense_shape)


def from_dense(tensor: TensorLike, name: str | None = None) -> SparseTensor:
    """The elements of a tensor that are not 0, as a sparse one."""
    with scope(name, "dense_to_sparse", tensor):
        dense = convert_to_tensor(tensor)
        zero = filled(0, [], dense.dtype.base_dtype, "zeros")
        places = apply("Where", apply("NotEqual", dense, zero))
        return SparseTensor(places, apply("GatherNd", dense, places), apply("Shape", dense, out_type="int64"))


def sparse_eye(
    num_rows: int, num_columns: int | None = None, dtype: DTypeLike = dtypes.float32, name: str | None = None
) -> SparseTensor:
    """A matrix with ones on the diagonal.

    Parameters
    ----------
    num_rows : int
        The height.
    num_columns : int, optional
        The width, the height by default.
    dtype : DTypeLike
        The dtype of the ones.
    name : str, optional
        The name scope.

    Returns
    -------
    SparseTensor
        The matrix.

    Raises
    ------
    TypeError
        There is no such dtype.
    """
    with scope(name, "eye", num_rows, num_columns):
        height = convert_to_tensor(num_rows, dtypes.int64)
        width = height if num_columns is None else convert_to_tensor(num_columns, dtypes.int64)
        count = apply("Minimum", height, width)
        steps = apply("Range", np.int64(0), count, np.int64(1))
        ones = filled(1, apply("Reshape", count, [1]), dtype_name(dtype), "ones")
        return SparseTensor(apply("Pack", [steps, steps], axis=1), ones, apply("Pack", [height, width]))
