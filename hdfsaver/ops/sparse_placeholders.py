"""Placeholders for sparse tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import SparseTensor, value_as_shape
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.shapes import Shape, TensorShape


def sparse_placeholder(
    dtype: DTypeLike,
    shape: TensorShape | Tensor | Sequence[SupportsIndex | None] | None = None,
    name: str | None = None,
) -> SparseTensor:
    """Make a sparse tensor whose parts are given in ``feed_dict`` at every run.

    Parameters
    ----------
    dtype : DType, str or NumPy dtype
        The dtype of the values.
    shape : Tensor or sequence of int or None, optional
        The shape of the tensor, None or -1 for an unknown length. Where it is fully known, it need not be fed.
    name : str, optional
        The names of the operations begin with it.

    Returns
    -------
    SparseTensor
        Its value in a ``feed_dict`` is a `SparseTensorValue`, or a tuple of indices, values and shape.

    Raises
    ------
    TypeError
        The dtype is unknown, or a length is not an integer.
    ValueError
        When run: a part of another shape is fed.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.sparse_placeholder(tf.float32, shape=[3, 4])
    >>> with tf.Session() as session:
    ...     session.run(x.values * 2, feed_dict={x: ([[0, 1], [2, 3]], [1.5, 2.5], [3, 4])})
    array([3., 5.], dtype=float32)
    """
    prefix = None if name is None else f"{name}/"
    rank: int | None = None
    known: Shape = None
    if shape is None:
        dense_shape = _placeholder(dtypes.int64, (None,), prefix, "shape")
    else:
        sizes, known = _sizes(shape, prefix)
        rank = None if sizes.shape.plain is None else sizes.shape.plain[0]
        dense_shape = apply("PlaceholderWithDefault", sizes, name=_joined(prefix, "shape"), shape=sizes.shape.plain)
    values = _placeholder(dtypes.as_dtype(dtype), (None,), prefix, "values")
    found = SparseTensor(_placeholder(dtypes.int64, (None, rank), prefix, "indices"), values, dense_shape)
    found.set_shape(known)
    return found


def _sizes(shape: TensorShape | Tensor | Sequence[SupportsIndex | None], prefix: str | None) -> tuple[Tensor, Shape]:
    """The shape as a tensor, with -1 for an unknown length, and as far as known before a run."""
    if isinstance(shape, Tensor):
        return shape, value_as_shape(shape).plain
    plain = tuple([shapes.as_dimension(None if size == -1 else size) for size in shape])
    numbers = [-1 if size is None else size for size in plain]
    return convert_to_tensor(np.array(numbers, np.int64), dtypes.int64, _joined(prefix, "shape_default")), plain


def _placeholder(dtype: dtypes.DType, shape: Shape, prefix: str | None, part: str) -> Tensor:
    return apply("Placeholder", name=_joined(prefix, part), dtype=dtype.base_dtype.name, shape=shape)


def _joined(prefix: str | None, part: str) -> str | None:
    return None if prefix is None else prefix + part
