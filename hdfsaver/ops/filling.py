"""Tensors made by a rule: one value throughout, evenly spaced, one-hot.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, INDICES, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import as_array, constant_node, convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.base import (
    FOLDED_SIZE,
    Flat,
    Grads,
    blank,
    dtype_name,
    filled,
    integer,
    invalid,
    normal_axis,
    scope,
    static_integer,
    with_rank,
)
from hdfsaver.ops.tensor_list_values import zeros_of
from hdfsaver.shapes import Shape, ShapeLike
from hdfsaver.tensor_info import Array


@register
class Fill(OpDef):
    """A tensor that holds one value throughout."""

    type = "Fill"
    signature = "dims: index_type, value: T -> output: T"
    types = {"index_type": INDICES}
    default_types = {"index_type": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of dims; value is ()."""
        with_rank(node.input_shapes[0], 1)
        with_rank(node.input_shapes[1], 0)
        dims = node.constant(0)
        if dims is not None and (dims < 0).any():
            raise ValueError(f"Sizes must not be negative: {dims.tolist()}.")
        return [node.sizes(0)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])
        return lambda dims, value: np.full(dims.tolist(), value, dtype)

    def fold(self, node: Node) -> Array | None:
        dims, value = node.constant(0), node.constant(1)
        if dims is None or value is None or math.prod(dims.tolist()) > FOLDED_SIZE:
            return None
        return np.full(dims.tolist(), value, dtypes.numpy_dtype(node.attrs["T"]))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None, apply("Sum", grads[0], apply("Range", 0, apply("Rank", grads[0]), 1))]


def fill(dims: TensorLike, value: TensorLike, name: str | None = None) -> Tensor:
    """Make a tensor that holds one value throughout.

    Parameters
    ----------
    dims : Tensor or array_like
        The shape, a vector of int32 or int64.
    value : Tensor or array_like
        A single value of any dtype.
    name : str, optional
        Name of the operation, ``Fill`` by default.

    Returns
    -------
    Tensor
        Of the shape and the dtype of ``value``. The derivative by ``value`` is the sum.

    Raises
    ------
    TypeError
        ``dims`` is not of int32 or int64.
    ValueError
        A length is negative, ``dims`` is not a vector or ``value`` not a single value.
    """
    return apply("Fill", dims, value, name=name)


def zeros(shape: ShapeLike | TensorLike, dtype: DTypeLike = dtypes.float32, name: str | None = None) -> Tensor:
    """Make a tensor of zeros, False or empty strings.

    Parameters
    ----------
    shape : int, TensorShape, sequence of int or Tensor
        The shape; a tensor, or a list with tensors in it, is int32 or int64.
    dtype : DType, str or NumPy dtype
        Any dtype.
    name : str, optional
        Name of the operation, ``zeros`` by default.

    Returns
    -------
    Tensor
        A constant if it is small (below 1,000 elements) and the shape is known, otherwise a ``Fill``.

    Raises
    ------
    TypeError
        The dtype is unknown, or a tensor for the shape is not of int32 or int64.
    ValueError
        A length is negative or None.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.zeros([2, 3], tf.int32, name="empty")
    <tf.Tensor 'empty:0' shape=(2, 3) dtype=int32>
    """
    return _alike(0, shape, dtype, name, "zeros")


def ones(shape: ShapeLike | TensorLike, dtype: DTypeLike = dtypes.float32, name: str | None = None) -> Tensor:
    """Make a tensor of ones, or of True.

    Parameters
    ----------
    shape : int, TensorShape, sequence of int or Tensor
        The shape; a tensor, or a list with tensors in it, is int32 or int64.
    dtype : DType, str or NumPy dtype
        Any dtype but string.
    name : str, optional
        Name of the operation, ``ones`` by default.

    Returns
    -------
    Tensor
        A constant if it is small (below 1,000 elements) and the shape is known, otherwise a ``Fill``.

    Raises
    ------
    TypeError
        The dtype is string or unknown, or a tensor for the shape is not of int32 or int64.
    ValueError
        A length is negative or None.
    """
    if dtype_name(dtype) == "string":
        raise TypeError("tf.ones cannot make strings; use tf.fill.")
    return _alike(1, shape, dtype, name, "ones")


def _alike(value: int, shape: ShapeLike | TensorLike, dtype: DTypeLike, name: str | None, default: str) -> Tensor:
    parts = list(shape) if isinstance(shape, list | tuple) else [shape]
    with scope(name, default, parts) as full:
        return filled(value, shape, dtype, full)


class _Like(Flat):
    """A tensor of the shape of another."""

    signature = "x: T -> y: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes


@register
class ZerosLike(_Like):
    """Zeros, False or empty strings in the shape of a tensor."""

    type = "ZerosLike"

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]
        return zeros_of if dtype == "variant" else lambda values: blank(np.shape(values), dtype)


@register
class OnesLike(_Like):
    """Ones or True in the shape of a tensor."""

    type = "OnesLike"
    types = {"T": REALS | COMPLEX | {"bool"}}

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])
        return lambda values: np.ones(np.shape(values), dtype)

    def fold(self, node: Node) -> Array | None:
        shape = node.input_shapes[0]
        if shape is None or None in shape or math.prod(size or 0 for size in shape) > FOLDED_SIZE:
            return None
        return np.ones([size or 0 for size in shape], dtypes.numpy_dtype(node.attrs["T"]))


def zeros_like(
    tensor: TensorLike, dtype: DTypeLike | None = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Make a tensor of zeros, False or empty strings in the shape of another.

    Parameters
    ----------
    tensor : Tensor or array_like
        Of any dtype; only its shape is used, and its dtype if no other is given.
    dtype : DType, str or NumPy dtype, optional
        The dtype of the result.
    name : str, optional
        Name of the operation, ``zeros_like`` by default.
    optimize : bool
        Make the zeros without the tensor if its shape is known.

    Returns
    -------
    Tensor
        Of the shape of ``tensor``; constant to derivatives.

    Raises
    ------
    TypeError
        The dtype is unknown.
    """
    with scope(name, "zeros_like", tensor) as full:
        tensor = convert_to_tensor(tensor, name="tensor")
        if optimize and tensor.shape.is_fully_defined():
            return filled(0, tensor.shape, dtype or tensor.dtype, full)
        if dtype is not None and not tensor.dtype.is_compatible_with(dtype):
            return filled(0, apply("Shape", tensor), dtype, full)
        return apply("ZerosLike", tensor, name=full)


def ones_like(
    tensor: TensorLike, dtype: DTypeLike | None = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Make a tensor of ones, or of True, in the shape of another.

    Parameters
    ----------
    tensor : Tensor or array_like
        Of any dtype; only its shape is used, and its dtype if no other is given.
    dtype : DType, str or NumPy dtype, optional
        The dtype of the result.
    name : str, optional
        Name of the operation, ``ones_like`` by default.
    optimize : bool
        Make the ones without the tensor if its shape is known.

    Returns
    -------
    Tensor
        Of the shape of ``tensor``; constant to derivatives.

    Raises
    ------
    TypeError
        The dtype is unknown.
    """
    with scope(name, "ones_like", tensor) as full:
        tensor = convert_to_tensor(tensor, name="tensor")
        sizes = tensor.shape.plain
        if optimize and sizes is not None and None not in sizes:
            with scope(None, "Shape"):
                dims = constant_node(np.array(sizes, np.int32), "int32", "shape_as_tensor")
            return filled(1, dims, dtype or tensor.dtype, full)
        alike = filled(1, apply("Shape", tensor), dtype or tensor.dtype, full)
        alike.set_shape(tensor.shape)
        return alike


@register
class Range(Flat):
    """Evenly spaced numbers from a start up to, but without, a limit."""

    type = "Range"
    differs = "float16, int8, uint16 and uint32 are computed; TensorFlow refuses them."
    signature = "start: Tidx, limit: Tidx, delta: Tidx -> output: Tidx"
    types = {"Tidx": REALS - {"uint8"}}
    default_types = {"Tidx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(max(0, ceil((limit - start) / delta)),); all inputs are ()."""
        for shape in node.input_shapes:
            with_rank(shape, 0)
        known = [node.constant(position) for position in range(3)]
        return [(None if any(value is None for value in known) else _count(*known),)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["Tidx"])

        def spaced(start: Array, limit: Array, delta: Array) -> Array:
            steps = np.arange(_count(start, limit, delta))
            # The engine's own rounding of each number must not add up along the way.
            wide = steps if dtypes.as_dtype(node.attrs["Tidx"]).is_integer else steps.astype(np.float64)
            return np.asarray(_exact(start) + wide * _exact(delta), dtype)

        return spaced

    def fold(self, node: Node) -> Array | None:
        shape = self.shapes(node)[0]
        if shape is None or shape[0] is None or shape[0] > FOLDED_SIZE:
            return None
        values: Array = self.kernel(node)(*(node.constant(position) for position in range(3)))
        return values


def _exact(value: Any) -> Any:
    """A number as Python's int or float, which has more digits than narrow dtypes."""
    number = np.reshape(value, ())
    return int(number) if np.asarray(value).dtype.kind in "iu" else float(number)


def _count(start: Any, limit: Any, delta: Any) -> int:
    first, last, step = _exact(start), _exact(limit), _exact(delta)
    if step == 0:
        raise ValueError("The delta of a range must not be 0.")
    if (last - first) * step < 0:
        sign = "<=" if step > 0 else ">="
        raise ValueError(f"A range with delta {step} needs start {sign} limit, but they are {first} and {last}.")
    steps = -((first - last) // step) if isinstance(step, int) else math.ceil((last - first) / step)
    return max(0, int(steps))


_RANGE_DTYPES = ("int32", "int64", "float16", "bfloat16", "float32", "float64")


def range_(
    start: TensorLike,
    limit: TensorLike | None = None,
    delta: TensorLike = 1,
    dtype: DTypeLike | None = None,
    name: str = "range",
) -> Tensor:
    """Make evenly spaced numbers from a start up to, but without, a limit (``tf.range``).

    Parameters
    ----------
    start : Tensor or array_like
        The first number; the limit if it is the only argument, and the first number is 0 then.
    limit : Tensor or array_like, optional
        The end, which is not included.
    delta : Tensor or array_like
        The step, which may be negative.
    dtype : DType, str or NumPy dtype, optional
        The dtype of the result, any float or integer dtype but uint8. By default it is the last of the three in the
        order int32, int64, float16, bfloat16, float32, float64, and the others are cast to it.
    name : str
        Name of the operation.

    Returns
    -------
    Tensor
        A vector; each number is computed from the start in float64 and rounded once, so that errors do not add up.

    Raises
    ------
    TypeError
        The dtype is unknown or not among those above, or a number is not of the dtype.
    ValueError
        ``delta`` is 0 or points away from the limit, an argument is not a single number, or without ``dtype`` a tensor
        is of another dtype than the six above.
    InvalidArgumentError
        When run: ``delta`` is 0 or points away from the limit, if the numbers are not known before.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.range(3, 18, 5))
    array([ 3,  8, 13], dtype=int32)
    """
    if limit is None:
        start, limit = 0, start
    with scope(name, "Range", start, limit, delta) as full:
        bounds = [
            value if is_tensor(value) else convert_to_tensor(value, dtype, name=label)
            for value, label in ((start, "start"), (limit, "limit"), (delta, "delta"))
        ]
        names = [dtype_name(bound.dtype) for bound in bounds]
        wanted = _widest(names) if dtype is None else dtype_name(dtype)
        cast = [
            bound if found == wanted else apply("Cast", bound, DstT=wanted)
            for bound, found in zip(bounds, names, strict=True)
        ]
        return apply("Range", *cast, name=full)


def _widest(names: Sequence[str]) -> str:
    other = next((name for name in names if name not in _RANGE_DTYPES), None)
    if other is not None:
        raise ValueError(f"tf.range needs dtype= for {other}; without it, it takes {', '.join(_RANGE_DTYPES)}.")
    return max(names, key=_RANGE_DTYPES.index)


@register
class LinSpace(Flat):
    """Evenly spaced values from a start to a stop, both included."""

    type = "LinSpace"
    differs = "float16 and bfloat16 are computed in float64 and rounded once."
    signature = "start: T, stop: T, num: Tidx -> output: T"
    types = {"T": FLOATS, "Tidx": INDICES}
    default_types = {"Tidx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(num,)."""
        number = static_integer(node, 2)
        if number is not None and number < 1:
            raise ValueError(f"linspace makes at least one value, not {number}.")
        return [(number,)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])

        def spaced(start: Array, stop: Array, number: Array) -> Array:
            if integer(number) < 1:
                raise invalid(f"linspace makes at least one value, not {integer(number)}.")
            return np.linspace(_exact(start), _exact(stop), integer(number)).astype(dtype)

        return spaced


def linspace(start: TensorLike, stop: TensorLike, num: TensorLike, name: str | None = None) -> Tensor:
    """Make a number of evenly spaced values from a start to a stop, both included.

    Parameters
    ----------
    start, stop : Tensor or array_like
        Single numbers of float16, bfloat16, float32 or float64; Python's integers are not taken.
    num : Tensor or array_like
        How many values, a single int32 or int64 of at least 1.
    name : str, optional
        Name of the operation, ``LinSpace`` by default.

    Returns
    -------
    Tensor
        A vector of length ``num`` and the dtype of ``start``, computed in float64 and rounded once. It is constant to
        derivatives.

    Raises
    ------
    TypeError
        The dtypes are not those above.
    ValueError
        ``num`` is below 1.
    InvalidArgumentError
        When run: the same, for values that are not known before; or ``start`` or ``stop`` is not a single number.
    """
    return apply("LinSpace", start, stop, num, name=name)


@register
class OneHot(OpDef):
    """A vector for each index: one value at the position of the index, another elsewhere."""

    type = "OneHot"
    differs = "Has derivatives by on_value and off_value."
    signature = "indices: TI, depth: int32, on_value: T, off_value: T -> output: T"
    types = {"TI": INDICES | {"uint8", "int8"}}
    default_types = {"TI": "int64"}
    attrs = {"axis": -1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of indices, with depth inserted at axis."""
        indices, depth = node.input_shapes[0], static_integer(node, 1)
        if depth is not None and depth < 0:
            raise ValueError(f"The depth must not be negative, but is {depth}.")
        if indices is None:
            return [None]
        place = normal_axis(node.attrs["axis"], len(indices) + 1)
        return [(*indices[:place], depth, *indices[place:])]

    def kernel(self, node: Node) -> Kernel:
        axis = node.attrs["axis"]

        def spread(indices: Array, depth: Array, on_value: Array, off_value: Array) -> Array:
            place = normal_axis(axis, np.ndim(indices) + 1)
            if depth < 0:
                raise ValueError(f"depth must be non-negative, got: {depth}")
            numbers = np.arange(integer(depth)).reshape((-1,) + (1,) * (np.ndim(indices) - place))
            return np.where(np.expand_dims(indices, place) == numbers, on_value, off_value)

        return spread

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        is_on = apply("OneHot", op.inputs[0], op.inputs[1], True, False, axis=op.get_attr("axis"))
        nothing = apply("ZerosLike", grads[0])
        everything = apply("Range", 0, apply("Rank", grads[0]), 1)
        by_on = apply("Sum", apply("SelectV2", is_on, grads[0], nothing), everything)
        return [None, None, by_on, apply("Sum", apply("SelectV2", is_on, nothing, grads[0]), everything)]


def one_hot(
    indices: TensorLike,
    depth: TensorLike,
    on_value: TensorLike | None = None,
    off_value: TensorLike | None = None,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    name: str | None = None,
) -> Tensor:
    """Make a vector for each index: ``on_value`` at the position of the index, ``off_value`` elsewhere.

    Parameters
    ----------
    indices : Tensor or array_like
        Of any shape; uint8, int8, int32 or int64. An index outside [0, depth) gives ``off_value`` throughout.
    depth : Tensor or array_like
        The length of the vectors, a single int32.
    on_value, off_value : Tensor or array_like, optional
        Single values of one dtype, 1 and 0 by default.
    axis : int, optional
        Position of the new dimension in the result, the last by default.
    dtype : DType, str or NumPy dtype, optional
        The dtype of the result: by default that of the values, and float32 without values.
    name : str, optional
        Name of the operation, ``one_hot`` by default.

    Returns
    -------
    Tensor
        Of the shape of ``indices`` with ``depth`` inserted at ``axis``.

    Raises
    ------
    TypeError
        The indices are of another dtype, or the values not of one dtype, or not of ``dtype``.
    ValueError
        ``depth`` is negative, or ``axis`` is out of range.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.one_hot([2, 0], 3))
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    with graph_of([indices, on_value, off_value]).as_default(), scope(name, "one_hot", indices) as full:
        wanted = _value_dtype(on_value, off_value, dtype)
        on_tensor = convert_to_tensor(1 if on_value is None else on_value, wanted, name="on_value")
        off_tensor = convert_to_tensor(0 if off_value is None else off_value, wanted, name="off_value")
        return apply("OneHot", indices, depth, on_tensor, off_tensor, name=full, axis=-1 if axis is None else axis)


def _value_dtype(on_value: TensorLike | None, off_value: TensorLike | None, dtype: DTypeLike | None) -> dtypes.DType:
    for value in (on_value, off_value):
        if value is not None and (is_tensor(value) or dtype is None):
            found = value.dtype.base_dtype if is_tensor(value) else dtypes.as_dtype(as_array(value)[1])
            if dtype is not None and found is not dtypes.as_dtype(dtype):
                raise TypeError(f"A value of dtype {found.name} is given where dtype={dtypes.as_dtype(dtype).name}.")
            return found
    return dtypes.as_dtype(dtype or dtypes.float32)
