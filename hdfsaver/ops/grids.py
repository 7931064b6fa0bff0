"""Tensors made of ranges: grids of coordinates, masks of sequences, and slices taken in each element of a batch."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.brackets import getitem
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor
from hdfsaver.ops.base import dtype_name, scope, static_int
from hdfsaver.ops.filling import ones
from hdfsaver.ops.joining import concat, stack, unstack
from hdfsaver.ops.shaping import expand_dims, rank, reshape, shape, size, transpose
from hdfsaver.ops.variable_values import of_handle
from hdfsaver.tensor_info import Array


def meshgrid(*args: TensorLike, indexing: str = "xy", name: str = "meshgrid") -> list[Tensor]:
    """The coordinates of all points of a grid.

    Parameters
    ----------
    *args : Tensor or array_like
        The coordinates along each axis: vectors of one dtype.
    indexing : str
        ``"ij"`` for results whose axes are in the order of the arguments, ``"xy"`` for the first two exchanged.
    name : str
        The name of the scope of the operations.

    Returns
    -------
    list of Tensor
        For each argument a tensor with as many axes as there are arguments.

    Raises
    ------
    ValueError
        ``indexing`` is something else.
    TypeError
        The dtypes differ.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` parameter must be either 'xy' or 'ij', got {indexing!r}.")
    with scope(name, "meshgrid", *args):
        if not args:
            return []
        count = len(args)
        axes = [reshape(convert_to_tensor(x, name="stack"), _along(axis, count)) for axis, x in enumerate(args)]
        sizes = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            axes[0], axes[1] = reshape(axes[0], _along(1, count)), reshape(axes[1], _along(0, count))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        whole = ones(sizes, dtype)
        return [x * whole for x in axes]


def _along(axis: int, count: int) -> Array:
    """The shape of a vector along one of several axes."""
    sizes = np.ones(count, np.int32)
    sizes[axis] = -1
    return sizes


def sequence_mask(
    lengths: TensorLike,
    maxlen: TensorLike | None = None,
    dtype: DTypeLike | None = dtypes.bool_,
    name: str | None = None,
) -> Tensor:
    """A row for each length, in which as many elements are true, those at the beginning.

    Parameters
    ----------
    lengths : Tensor or array_like
        Numbers, of any shape.
    maxlen : Tensor or int, optional
        The length of the rows; that of the longest sequence by default.
    dtype : DType
        The dtype of the result.
    name : str, optional
        The name of the scope of the operations, ``SequenceMask`` by default.

    Returns
    -------
    Tensor
        Of the shape of ``lengths`` with one more dimension.

    Raises
    ------
    ValueError
        ``maxlen`` is not a single number.
    """
    with scope(name, "SequenceMask", lengths, maxlen):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            greatest = apply("Max", lengths, _all_axes(lengths))
            maxlen = apply("Maximum", _number(0, greatest), greatest)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen.shape.rank not in (None, 0):
            raise ValueError(
                f"Argument `maxlen` must be scalar for sequence_mask, received `maxlen` = {maxlen} with shape "
                f"'{maxlen.shape}' instead."
            )
        places = apply("Range", _number(0, maxlen), maxlen, _number(1, maxlen))
        ends = apply("Cast", expand_dims(lengths, -1), DstT=dtype_name(maxlen.dtype))
        mask = apply("Less", places, ends)
        if dtype is None or mask.dtype.is_compatible_with(dtype):
            return mask
        return apply("Cast", mask, DstT=dtype_name(dtype))


def _number(value: int, like: Tensor) -> Tensor:
    name = dtype_name(like.dtype)
    return constant_node(np.array(value, dtypes.numpy_dtype(name)), name, "Const")


def _all_axes(tensor: Tensor) -> Tensor:
    known = tensor.shape.rank
    if known is not None:
        return constant_node(np.arange(known, dtype=np.int32), "int32", "Const")
    return apply("Range", 0, rank(tensor), 1, name="range")


def gather_nd(params: TensorLike, indices: TensorLike, name: str | None = None, batch_dims: int = 0) -> Tensor:
    """Take slices of a tensor by vectors of indices, one number for each of the first dimensions.

    Parameters
    ----------
    params : Tensor or array_like
        Of any dtype.
    indices : Tensor or array_like
        Of rank 1 or more; int16, int32 or int64. The last dimension holds the vectors, which may be shorter than the
        rank of ``params``.
    name : str, optional
        Name of the operation, ``GatherNd`` by default; with ``batch_dims`` of the scope of several operations.
    batch_dims : int
        How many of the first dimensions both have in common: slices are taken in each element of such a batch.

    Returns
    -------
    Tensor
        Of the dtype of ``params`` and shape
        ``indices.shape[:-1] + params.shape[batch_dims + indices.shape[-1]:]``.

    Raises
    ------
    TypeError
        The indices are of another dtype, or ``batch_dims`` is not an integer.
    ValueError
        The vectors are longer than the rank of ``params``, or ``indices`` has no dimension; or ``batch_dims`` is
        negative, or not less than a rank.
    InvalidArgumentError
        When run: an index is out of range.
    """
    count = static_int(batch_dims, "Argument `batch_dims`")
    if count == 0 and (variable := of_handle(params)) is not None:
        return variable.gather_nd(indices, name)
    if count == 0:
        return apply("GatherNd", params, indices, name=name)
    with scope(name, "BatchGatherND", params, indices):
        indices, params = convert_to_tensor(indices, name="indices"), convert_to_tensor(params, name="params")
        if count < 0:
            raise ValueError("tf.gather_nd does not allow negative batch_dims.")
        for argument, tensor in (("indices", indices), ("params", params)):
            if tensor.shape.rank is not None and count >= tensor.shape.rank:
                raise ValueError(
                    f"Argument `batch_dims` = {count} must be less than rank(`{argument}`) = {tensor.shape.rank}."
                )
        return _gather_nd_in_batches(params, indices, count)


def _gather_nd_in_batches(params: Tensor, indices: Tensor, count: int) -> Tensor:
    """Put the place of each element of the batch before the vectors of its indices."""
    of_params, of_indices = shape(params), shape(indices)
    batch = getitem(of_params, slice(None, count))
    batch_size = apply("Prod", batch, [0])
    inner_rank = rank(indices) - count - 1
    inner = getitem(of_indices, slice(count, -1))
    places = _places_in(batch, indices)
    of_places = shape(places)
    count_of_places = getitem(of_places, slice(None, 1))
    between = ones(inner_rank, of_places.dtype)
    column = concat([count_of_places, between, getitem(of_places, slice(1, None))], 0)
    places = apply("Tile", reshape(places, column), concat([(1,), inner, (1,)], 0))
    flat = reshape(indices, concat([[batch_size], getitem(of_indices, slice(count, None))], 0))
    found = apply("GatherNd", params, concat([places, flat], -1))
    return reshape(found, concat([batch, getitem(shape(found), slice(1, None))], 0))


def _places_in(batch: Tensor, like: Tensor) -> Tensor:
    """The indices of all elements of a batch, a row for each."""
    dtype = dtype_name(like.dtype)
    ranges = [
        apply("Cast", apply("Range", 0, apply("Cast", length, DstT="int32"), 1), DstT=dtype)
        for length in unstack(batch)
    ]
    return transpose(stack([reshape(x, (-1,)) for x in meshgrid(*ranges, indexing="ij")]))
