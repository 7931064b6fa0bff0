"""Tensors made of a rule: all alike, evenly spaced, one-hot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply, graph_of
from hdfsaver.graph.conversion import as_array, convert_to_tensor, is_tensor
from hdfsaver.graph.definition import COMPLEX, FLOATS, INDICES, REALS, Array, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
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
from hdfsaver.shapes import Shape


@register
class Fill(OpDef):
    """A tensor of one value throughout."""

    type = "Fill"
    signature = "dims: index_type, value: T -> output: T"
    types = {"index_type": INDICES}
    default_types = {"index_type": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
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


def fill(dims: Any, value: Any, name: str | None = None) -> Any:
    """A tensor of one value throughout; ``dims`` is its shape."""
    return apply("Fill", dims, value, name=name)


def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """Zeros, False or empty strings; the shape may be a tensor."""
    return _alike(0, shape, dtype, name, "zeros")


def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """Ones, or True; the shape may be a tensor."""
    if dtype_name(dtype) == "string":
        raise TypeError("There is no 1 among strings.")
    return _alike(1, shape, dtype, name, "ones")


def _alike(value: int, shape: Any, dtype: Any, name: str | None, default: str) -> Any:
    parts = list(shape) if isinstance(shape, list | tuple) else [shape]
    with scope(name, default, parts) as full:
        return filled(value, shape, dtype, full)


class _Like(Flat):
    """A tensor of the shape of another."""

    signature = "x: T -> y: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        return node.input_shapes


@register
class ZerosLike(_Like):
    """Zeros, False or empty strings in the shape of a tensor."""

    type = "ZerosLike"

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]
        return lambda values: blank(np.shape(values), dtype)


@register
class OnesLike(_Like):
    """Ones or True in the shape of a tensor."""

    type = "OnesLike"
    types = {"T": REALS | COMPLEX | {"bool"}}

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])
        return lambda values: np.ones(np.shape(values), dtype)


def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Any:
    """Zeros in the shape of a tensor, of its dtype or another."""
    with scope(name, "zeros_like", tensor) as full:
        tensor = convert_to_tensor(tensor, name="tensor")
        if optimize and tensor.shape.is_fully_defined():
            return filled(0, tensor.shape, dtype or tensor.dtype, full)
        if dtype is not None and not tensor.dtype.is_compatible_with(dtype):
            return filled(0, apply("Shape", tensor), dtype, full)
        return apply("ZerosLike", tensor, name=full)


def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Any:
    """Ones in the shape of a tensor, of its dtype or another."""
    with scope(name, "ones_like", tensor) as full:
        tensor = convert_to_tensor(tensor, name="tensor")
        if optimize and tensor.shape.is_fully_defined():
            return filled(1, tensor.shape, dtype or tensor.dtype, full)
        alike = filled(1, apply("Shape", tensor), dtype or tensor.dtype, full)
        alike.set_shape(tensor.shape)
        return alike


@register
class Range(Flat):
    """Numbers from a start up to, but without, a limit, evenly spaced."""

    type = "Range"
    signature = "start: Tidx, limit: Tidx, delta: Tidx -> output: Tidx"
    types = {"Tidx": REALS - {"uint8"}}
    default_types = {"Tidx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
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
    """A number as Python's own, which computes with more digits than narrow dtypes."""
    number = np.reshape(value, ())
    return int(number) if np.asarray(value).dtype.kind in "iu" else float(number)


def _count(start: Any, limit: Any, delta: Any) -> int:
    first, last, step = _exact(start), _exact(limit), _exact(delta)
    if step == 0:
        raise ValueError("A range needs a delta that is not 0.")
    if (last - first) * step < 0:
        sign = "<=" if step > 0 else ">="
        raise ValueError(f"A range with delta {step} needs start {sign} limit, but they are {first} and {last}.")
    steps = -((first - last) // step) if isinstance(step, int) else math.ceil((last - first) / step)
    return max(0, int(steps))


_RANGE_DTYPES = ("int32", "int64", "float16", "bfloat16", "float32", "float64")


def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Any:
    """``range(limit)``, or from ``start`` up to, but without, ``limit`` by steps of ``delta`` (``tf.range``).

    Raises
    ------
    ValueError
        ``delta`` is 0 or leads away from the limit.
    """
    if limit is None:
        start, limit = 0, start
    with scope(name, "Range", start, limit, delta) as full:
        bounds = [
            value if is_tensor(value) else convert_to_tensor(value, dtype, name=label)
            for value, label in ((start, "start"), (limit, "limit"), (delta, "delta"))
        ]
        names = [dtype_name(bound.dtype) for bound in bounds]
        wanted = max(names, key=_RANGE_DTYPES.index) if dtype is None else dtype_name(dtype)
        cast = [
            bound if found == wanted else apply("Cast", bound, DstT=wanted)
            for bound, found in zip(bounds, names, strict=True)
        ]
        return apply("Range", *cast, name=full)


@register
class LinSpace(Flat):
    """A number of values from a start to a stop, both included, evenly spaced."""

    type = "LinSpace"
    signature = "start: T, stop: T, num: Tidx -> output: T"
    types = {"T": FLOATS, "Tidx": INDICES}
    default_types = {"Tidx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        number = static_integer(node, 2)
        if number is not None and number < 1:
            raise ValueError(f"At least one value is needed, not {number}.")
        return [(number,)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])

        def spaced(start: Array, stop: Array, number: Array) -> Array:
            if integer(number) < 1:
                raise invalid(f"At least one value is needed, not {integer(number)}.")
            return np.linspace(_exact(start), _exact(stop), integer(number)).astype(dtype)

        return spaced


def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Any:
    """``num`` values from ``start`` to ``stop``, both included, evenly spaced."""
    return apply("LinSpace", start, stop, num, name=name)


@register
class OneHot(OpDef):
    """For each index a vector with one value at its place, and another elsewhere."""

    type = "OneHot"
    signature = "indices: TI, depth: int32, on_value: T, off_value: T -> output: T"
    types = {"TI": INDICES | {"uint8", "int8"}}
    default_types = {"TI": "int64"}
    attrs = {"axis": -1}

    def shapes(self, node: Node) -> Sequence[Shape]:
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
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """For each index a vector of length ``depth``: ``on_value`` (1) at its place, ``off_value`` (0) elsewhere.

    Parameters
    ----------
    axis : int, optional
        Where the new dimension is in the result, the last by default.
    dtype : DType, optional
        float32 where no value tells otherwise.

    Raises
    ------
    TypeError
        The values are not of one dtype, or not of ``dtype``.
    """
    with graph_of([indices, on_value, off_value]).as_default(), scope(name, "one_hot", indices) as full:
        wanted = _value_dtype(on_value, off_value, dtype)
        on_tensor = convert_to_tensor(1 if on_value is None else on_value, wanted, name="on_value")
        off_tensor = convert_to_tensor(0 if off_value is None else off_value, wanted, name="off_value")
        return apply("OneHot", indices, depth, on_tensor, off_tensor, name=full, axis=-1 if axis is None else axis)


def _value_dtype(on_value: Any, off_value: Any, dtype: Any) -> Any:
    for value in (on_value, off_value):
        if value is not None and (is_tensor(value) or dtype is None):
            found = value.dtype.base_dtype if is_tensor(value) else dtypes.as_dtype(as_array(value)[1])
            if dtype is not None and found is not dtypes.as_dtype(dtype):
                raise TypeError(f"A value of dtype {found.name} is not of dtype {dtypes.as_dtype(dtype).name}.")
            return found
    return dtypes.as_dtype(dtype or dtypes.float32)
