"""Sets: the rows of tensors, dense or sparse, without repeated values; their unions, differences and sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import (
    SparseTensor,
    SparseTensorValue,
    convert_to_tensor_or_sparse_tensor,
)
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Flat, at_least, invalid
from hdfsaver.ops.sparse_places import check_places, groups_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_TYPES = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "string"})

Rows = tuple[Array, Array, tuple[int, ...]]
"""For each value the indices of its row, the values, and the sizes of all dimensions."""

_OPERATIONS: dict[bytes, Callable[[Array, Array], Array]] = {
    b"a-b": lambda a, b: np.setdiff1d(a, b, assume_unique=True),
    b"b-a": lambda a, b: np.setdiff1d(b, a, assume_unique=True),
    b"intersection": lambda a, b: np.intersect1d(a, b, assume_unique=True),
    b"union": np.union1d,
}


def _dense(values: Array) -> Rows:
    if values.ndim < 2:
        raise invalid(f"Sets need a rank of at least 2; the shape {values.shape} has rank {values.ndim}.")
    outer = values.shape[:-1]
    rows = np.indices(outer, np.int64).reshape(len(outer), -1).T
    return np.repeat(rows, values.shape[-1], axis=0), values.reshape(-1), values.shape


def _sparse(indices: Array, values: Array, shape: Array, *, is_checked: bool) -> Rows:
    sizes = tuple(int(size) for size in shape)
    if len(sizes) < 2:
        raise invalid(f"Sets need a rank of at least 2; the shape {list(sizes)} has rank {len(sizes)}.")
    check_places(indices, values, sizes)
    if is_checked and len(indices) > 1:
        _check_order(indices)
    return indices[:, :-1], values, sizes


def _check_order(indices: Array) -> None:
    """Refuse places that are not in the order of rows, or are there twice."""
    steps = indices[1:] - indices[:-1]
    first = np.take_along_axis(steps, np.argmax(steps != 0, axis=1)[:, None], axis=1)[:, 0]
    if (first <= 0).any():
        row = int(np.argmax(first <= 0)) + 1
        fault = "out of order" if first[row - 1] < 0 else "repeated"
        raise invalid(f"indices[{row}] = {indices[row].tolist()} is {fault}; sort them with tf.sparse_reorder.")


def _numbered(rows: Array, values: Array) -> tuple[Array, Array, Array, Array]:
    """The different rows and values, and for each value the numbers of both."""
    found, codes = np.unique(values, return_inverse=True) if len(values) else (values, np.zeros(0, np.int64))
    different, numbers = groups_of(np.ascontiguousarray(rows))
    return different, numbers, found, codes.reshape(-1)


def _combine(a: Rows, b: Rows, function: Callable[[Array, Array], Array]) -> tuple[Array, Array, Array]:
    """The parts of the sparse tensor of sets: in each row the values in ascending order."""
    if a[2][:-1] != b[2][:-1]:
        raise invalid(
            f"Mismatched group shapes {list(a[2][:-1])} and {list(b[2][:-1])}; only the last size may differ."
        )
    rows, numbers, values, codes = _numbered(np.concatenate([a[0], b[0]]), np.concatenate([a[1], b[1]]))
    width = max(len(values), 1)
    keys = numbers * width + codes
    chosen = function(np.unique(keys[: len(a[1])]), np.unique(keys[len(a[1]) :])).astype(np.int64)
    row = chosen // width
    place = np.arange(len(chosen)) - np.searchsorted(row, row)
    indices = np.concatenate([rows[row], place[:, None]], axis=1)
    longest = int(place.max()) + 1 if len(place) else 0
    return indices, values[chosen % width], np.array([*a[2][:-1], longest], np.int64)


class _SetOperation(Flat, OpDef):
    """An operation of two tensors whose rows are sets."""

    types = {"T": _TYPES}
    attrs = {"validate_indices": True}
    needed = {"set_operation": "string"}

    def function(self, node: Node) -> Callable[[Array, Array], Array]:
        """The operation of two sets of numbers."""
        name = node.attrs["set_operation"].lower()
        if name not in _OPERATIONS:
            raise invalid(f"Invalid set_operation {name.decode()}; known are a-b, b-a, intersection and union.")
        return _OPERATIONS[name]


def _outputs(rank: int | None) -> list[Shape]:
    return [(None, rank), (None,), (rank,)]


def _same_rank(first: int | None, second: int | None) -> int | None:
    if first is not None and second is not None and first != second:
        raise ValueError(f"The ranks of both sets must be equal, not {first} and {second}.")
    rank = second if first is None else first
    if rank is not None and rank < 2:
        raise ValueError(f"Sets need a rank of at least 2, not {rank}.")
    return rank


@register
class DenseToDenseSetOperation(_SetOperation):
    """The union, the difference or the intersection of the rows of two tensors."""

    type = "DenseToDenseSetOperation"
    signature = "set1: T, set2: T -> result_indices: int64, result_values: T, result_shape: int64"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The parts of a sparse tensor of the rank of the inputs."""
        first, second = (at_least(shape, 2) for shape in node.input_shapes)
        if first is not None and second is not None and len(first) == len(second):
            shapes.merge(first[:-1], second[:-1])
        ranks = [None if shape is None else len(shape) for shape in (first, second)]
        return _outputs(_same_rank(*ranks))

    def kernel(self, node: Node) -> Kernel:
        function = self.function(node)
        return lambda first, second: _combine(_dense(first), _dense(second), function)


def _sparse_rank(node: Node, position: int) -> int | None:
    """The rank of a sparse tensor, given the position of its shape."""
    known = node.input_shapes[position]
    return None if known is None else known[0]


@register
class DenseToSparseSetOperation(_SetOperation):
    """The union, the difference or the intersection of the rows of a dense and of a sparse tensor."""

    type = "DenseToSparseSetOperation"
    signature = (
        "set1: T, set2_indices: int64, set2_values: T, set2_shape: int64 -> "
        "result_indices: int64, result_values: T, result_shape: int64"
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The parts of a sparse tensor of the rank of the inputs."""
        first = at_least(node.input_shapes[0], 2)
        return _outputs(_same_rank(None if first is None else len(first), _sparse_rank(node, 3)))

    def kernel(self, node: Node) -> Kernel:
        function, checked = self.function(node), node.attrs["validate_indices"]

        def combine(first: Array, indices: Array, values: Array, shape: Array) -> tuple[Array, Array, Array]:
            return _combine(_dense(first), _sparse(indices, values, shape, is_checked=checked), function)

        return combine


@register
class SparseToSparseSetOperation(_SetOperation):
    """The union, the difference or the intersection of the rows of two sparse tensors."""

    type = "SparseToSparseSetOperation"
    signature = (
        "set1_indices: int64, set1_values: T, set1_shape: int64, set2_indices: int64, set2_values: T, "
        "set2_shape: int64 -> result_indices: int64, result_values: T, result_shape: int64"
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The parts of a sparse tensor of the rank of the inputs."""
        return _outputs(_same_rank(_sparse_rank(node, 2), _sparse_rank(node, 5)))

    def kernel(self, node: Node) -> Kernel:
        function, checked = self.function(node), node.attrs["validate_indices"]

        def combine(*parts: Array) -> tuple[Array, Array, Array]:
            first, second = ((parts[start], parts[start + 1], parts[start + 2]) for start in (0, 3))
            return _combine(_sparse(*first, is_checked=checked), _sparse(*second, is_checked=checked), function)

        return combine


@register
class SetSize(Flat, OpDef):
    """The numbers of different values in the rows of a sparse tensor."""

    type = "SetSize"
    signature = "set_indices: int64, set_values: T, set_shape: int64 -> size: int32"
    types = {"T": _TYPES}
    attrs = {"validate_indices": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Not known before the run."""
        return [None]

    def kernel(self, node: Node) -> Kernel:
        checked = node.attrs["validate_indices"]

        def sizes(indices: Array, values: Array, shape: Array) -> Array:
            rows, values, whole = _sparse(indices, values, shape, is_checked=checked)
            different, numbers, found, codes = _numbered(rows, values)
            width = max(len(found), 1)
            counts = np.bincount(np.unique(numbers * width + codes) // width, minlength=len(different))
            result = np.zeros(whole[:-1], np.int32)
            result[tuple(different.T)] = counts
            return result

        return sizes


SetLike: TypeAlias = "TensorLike | SparseTensor | SparseTensorValue"
"""A tensor whose rows are sets, dense or sparse."""


def _checked_type(value: Tensor | SparseTensor, name: str) -> Tensor | SparseTensor:
    if value.dtype.base_dtype.name not in _TYPES:
        raise TypeError(f"'{name}' has invalid dtype `{value.dtype.name}` not in supported dtypes: {sorted(_TYPES)}.")
    return value


def set_size(a: SetLike, validate_indices: bool = True) -> Tensor:
    """The numbers of different values in the rows of a sparse tensor.

    Parameters
    ----------
    a : SparseTensor
        With indices in the order of rows.
    validate_indices : bool
        Whether the order of the indices is checked in the run.

    Returns
    -------
    Tensor
        int32, of the shape of ``a`` without its last dimension.

    Raises
    ------
    TypeError
        The tensor is not sparse, or of a dtype that is neither a string nor an integer of at most 64 bits.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> a = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], [5, 5, 7], [3, 2])
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.sets.size(a)))
    [1 0 1]
    """
    sparse = convert_to_tensor_or_sparse_tensor(a, name="a")
    if not isinstance(sparse, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {sparse}.")
    _checked_type(sparse, "a")
    return apply("SetSize", sparse.indices, sparse.values, sparse.dense_shape, validate_indices=validate_indices)


def _set_operation(a: SetLike, b: SetLike, operation: str, turned: str, validate_indices: bool) -> SparseTensor:
    first = _checked_type(convert_to_tensor_or_sparse_tensor(a, name="a"), "a")
    second = convert_to_tensor_or_sparse_tensor(b, name="b")
    if first.dtype.base_dtype != second.dtype.base_dtype:
        raise TypeError(f"Types don't match, {first.dtype} vs {second.dtype}.")
    if isinstance(first, SparseTensor) and not isinstance(second, SparseTensor):
        first, second, operation = second, first, turned
    kinds = ["Sparse" if isinstance(each, SparseTensor) else "Dense" for each in (first, second)]
    parts: list[Tensor] = []
    for each in (first, second):
        parts += [each.indices, each.values, each.dense_shape] if isinstance(each, SparseTensor) else [each]
    op_type = f"{kinds[0]}To{kinds[1]}SetOperation"
    made = apply_list(op_type, *parts, set_operation=operation.encode(), validate_indices=validate_indices)
    return SparseTensor(*made)


def set_intersection(a: SetLike, b: SetLike, validate_indices: bool = True) -> SparseTensor:
    """The values that the rows of two tensors share.

    Parameters
    ----------
    a, b : Tensor or SparseTensor
        Of one dtype, and of one shape but for the last dimension; the indices of sparse ones in the order of rows.
    validate_indices : bool
        Whether the order of the indices is checked in the run.

    Returns
    -------
    SparseTensor
        In each row the values in ascending order.

    Raises
    ------
    TypeError
        The dtypes differ, or are neither a string nor an integer of at most 64 bits.
    ValueError
        The shapes are known and do not fit each other.
    """
    return _set_operation(a, b, "intersection", "intersection", validate_indices)


def set_difference(a: SetLike, b: SetLike, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
    """The values that the rows of one tensor have, and those of another do not.

    Parameters
    ----------
    a, b : Tensor or SparseTensor
        Of one dtype, and of one shape but for the last dimension; the indices of sparse ones in the order of rows.
    aminusb : bool
        Whether the values of ``a`` are wanted, otherwise those of ``b``.
    validate_indices : bool
        Whether the order of the indices is checked in the run.

    Returns
    -------
    SparseTensor
        In each row the values in ascending order.

    Raises
    ------
    TypeError
        The dtypes differ, or are neither a string nor an integer of at most 64 bits.
    ValueError
        The shapes are known and do not fit each other.
    """
    operation, turned = ("a-b", "b-a") if aminusb else ("b-a", "a-b")
    return _set_operation(a, b, operation, turned, validate_indices)


def set_union(a: SetLike, b: SetLike, validate_indices: bool = True) -> SparseTensor:
    """The values that the rows of two tensors have together.

    Parameters
    ----------
    a, b : Tensor or SparseTensor
        Of one dtype, and of one shape but for the last dimension; the indices of sparse ones in the order of rows.
    validate_indices : bool
        Whether the order of the indices is checked in the run.

    Returns
    -------
    SparseTensor
        In each row the values in ascending order.

    Raises
    ------
    TypeError
        The dtypes differ, or are neither a string nor an integer of at most 64 bits.
    ValueError
        The shapes are known and do not fit each other.
    """
    return _set_operation(a, b, "union", "union", validate_indices)
