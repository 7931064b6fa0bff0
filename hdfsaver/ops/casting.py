"""Conversion from one dtype to another.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.definition import ALL, COMPLEX, FLOATS, NUMBERS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.base import Flat, Gradient, Grads, dtype_name, fold_by_kernel, like, scope
from hdfsaver.ops.indexed_slices import on_values
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_QUANTIZED = frozenset({"qint8", "quint8", "qint16", "quint16", "qint32"})
_CASTABLE = dtypes.IN_GRAPHS - {"string", "resource", "variant"}


@register
class Cast(OpDef):
    """The same numbers in another dtype; floats become integers by rounding towards zero."""

    type = "Cast"
    signature = "x: SrcT -> y: DstT"
    types = {"SrcT": _CASTABLE, "DstT": _CASTABLE}
    further_types = {"SrcT": ALL, "DstT": ALL}
    attrs = {"Truncate": False}
    differs = (
        "NaN and floats out of range become the least number of int32 and int64, as in TensorFlow; of other integers "
        "they become any number, which in TensorFlow depends on the place in the tensor too."
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        target = dtypes.numpy_dtype(node.attrs["DstT"])
        loses_imaginary = dtypes.as_dtype(node.attrs["SrcT"]).is_complex and target.kind != "c"
        if loses_imaginary:
            return lambda values: np.real(values).astype(target)
        return lambda values: values.astype(target, copy=False)

    def fold(self, node: Node) -> Array | None:
        return fold_by_kernel(self, node)

    def sizes(self, node: Node) -> Shape:
        return node.sizes(0) if dtypes.as_dtype(node.attrs["DstT"]).is_integer else super().sizes(node)

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        source, target = op.get_attr("SrcT").name, op.get_attr("DstT").name
        is_smooth = {source, target} <= FLOATS | COMPLEX
        return [on_values(grads[0], lambda values: apply("Cast", values, DstT=source)) if is_smooth else None]


@overload
def cast(x: IndexedSlices, dtype: DTypeLike, name: str | None = None) -> IndexedSlices: ...
@overload
def cast(x: TensorLike, dtype: DTypeLike, name: str | None = None) -> Tensor: ...
def cast(x: TensorLike | IndexedSlices, dtype: DTypeLike, name: str | None = None) -> Tensor | IndexedSlices:
    """Convert numbers to another dtype; a tensor of that dtype already is returned itself.

    Parameters
    ----------
    x : Tensor, array_like or IndexedSlices
        Of any shape and any dtype but string. Of slices the values are converted.
    dtype : DType, str or NumPy dtype
        Any dtype but string.
    name : str, optional
        Name of the operation, ``Cast`` by default.

    Returns
    -------
    Tensor
        Of the shape of ``x``. Floats become integers by rounding towards zero, complex numbers lose their imaginary
        part, and everything but zero becomes True. Integers that do not fit wrap around; for floats that do not fit an
        integer dtype the result depends on the machine (see `saturate_cast`). Derivatives pass between floats and
        complex numbers only.

    Raises
    ------
    TypeError
        Either dtype is string, or ``dtype`` is unknown.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.cast([1.8, -1.8], tf.int32))
    array([ 1, -1], dtype=int32)
    """
    target = dtype_name(dtype)
    if target not in _CASTABLE:
        raise TypeError(f"Numbers cannot be cast to {target}.")
    if is_tensor(x) and dtype_name(x.dtype) == target:
        return convert_to_tensor(x)
    if isinstance(x, IndexedSlices) and dtype_name(x.dtype) == target:
        return x
    with scope(name, "Cast", x) as full:
        if isinstance(x, IndexedSlices):
            values = apply("Cast", x.values, name=full, DstT=target)
            return IndexedSlices(values, x.indices, x.dense_shape)
        x = convert_to_tensor(x, name="x")
        return x if dtype_name(x.dtype) == target else apply("Cast", x, name=full, DstT=target)


def saturate_cast(value: TensorLike, dtype: DTypeLike, name: str | None = None) -> Tensor:
    """Convert numbers to another dtype, clipped to the least and greatest value of that dtype.

    Parameters
    ----------
    value : Tensor or array_like
        Of any float or integer dtype.
    dtype : DType, str or NumPy dtype
        Any float or integer dtype.
    name : str, optional
        Name of the last operation, and scope of the others, ``saturate_cast`` by default.

    Returns
    -------
    Tensor
        Of the shape of ``value``.

    Raises
    ------
    TypeError
        A dtype has no least and greatest value: bool, string and complex.
    """
    with scope(name, "saturate_cast", value) as full:
        value = convert_to_tensor(value, name="value")
        source, target = value.dtype.base_dtype, dtypes.as_dtype(dtype).base_dtype
        if float(source.min) < float(target.min):
            value = apply("Maximum", value, like(_nearest_inside(target.min, source), value))
        if float(source.max) > float(target.max):
            value = apply("Minimum", value, like(_nearest_inside(target.max, source), value))
        return cast(value, target, name=full)


def _nearest_inside(limit: Any, dtype: dtypes.DType) -> Any:
    """The number of a dtype that is nearest to a limit without going beyond it."""
    if dtype.is_integer:
        return int(limit)
    number = np.array(float(limit), dtype.as_numpy_dtype)
    beyond = abs(int(number)) > abs(int(limit)) if np.isfinite(number) else True
    return np.nextafter(number, np.zeros_like(number)) if beyond else number


def to_float(x: TensorLike, name: str = "ToFloat") -> Tensor:
    """Cast to float32; see `cast`."""
    return cast(x, dtypes.float32, name)


def to_double(x: TensorLike, name: str = "ToDouble") -> Tensor:
    """Cast to float64; see `cast`."""
    return cast(x, dtypes.float64, name)


def to_int32(x: TensorLike, name: str = "ToInt32") -> Tensor:
    """Cast to int32; see `cast`."""
    return cast(x, dtypes.int32, name)


def to_int64(x: TensorLike, name: str = "ToInt64") -> Tensor:
    """Cast to int64; see `cast`."""
    return cast(x, dtypes.int64, name)


def to_bfloat16(x: TensorLike, name: str = "ToBFloat16") -> Tensor:
    """Cast to bfloat16; see `cast`."""
    return cast(x, dtypes.bfloat16, name)


def to_complex64(x: TensorLike, name: str = "ToComplex64") -> Tensor:
    """Cast to complex64; see `cast`."""
    return cast(x, dtypes.complex64, name)


def to_complex128(x: TensorLike, name: str = "ToComplex128") -> Tensor:
    """Cast to complex128; see `cast`."""
    return cast(x, dtypes.complex128, name)


@register
class Bitcast(Flat):
    """The same bytes as numbers of another dtype."""

    type = "Bitcast"
    differs = "Constant to derivatives, where TensorFlow raises LookupError."
    signature = "input: T -> output: type"
    types = {"T": NUMBERS | _QUANTIZED, "type": NUMBERS | _QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input; with one more dimension for a smaller type, without the last one for a larger type."""
        shape = node.input_shapes[0]
        source, target = (dtypes.numpy_dtype(node.attrs[key]).itemsize for key in ("T", "type"))
        if shape is None or source == target:
            return [shape]
        if source > target:
            return [(*shape, source // target)]
        if not shape or shape[-1] not in (None, target // source):
            raise ValueError(
                f"The last dimension must have length {target // source}, so that its bytes make one number."
            )
        return [shape[:-1]]

    def kernel(self, node: Node) -> Kernel:
        source, target = (dtypes.numpy_dtype(node.attrs[key]) for key in ("T", "type"))

        def reinterpret(values: Array) -> Array:
            shape = np.shape(values)
            flat = np.ascontiguousarray(values).reshape(-1).view(target)
            if source.itemsize > target.itemsize:
                return flat.reshape(*shape, source.itemsize // target.itemsize)
            return flat.reshape(shape if source.itemsize == target.itemsize else shape[:-1])

        return reinterpret


def bitcast(input: TensorLike, type: DTypeLike, name: str | None = None) -> Tensor:
    """Read the bytes of a tensor as numbers of another dtype, without converting them.

    Parameters
    ----------
    input : Tensor or array_like
        Of any float, complex, integer or quantized dtype.
    type : DType, str or NumPy dtype
        The dtype of the result, among the same.
    name : str, optional
        Name of the operation, ``Bitcast`` by default.

    Returns
    -------
    Tensor
        Of the shape of ``input`` if both dtypes have one size; with one more dimension at the end if ``type`` is
        smaller, and without the last one if it is larger. Bytes are little-endian on the usual machines. It is constant
        to derivatives.

    Raises
    ------
    TypeError
        The input is of bool or string, or ``type`` is unknown.
    ValueError
        The bytes of the last dimension do not make exactly one number.
    """
    return apply("Bitcast", input, name=name, type=dtype_name(type))
