"""From one dtype to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.conversion import convert_to_tensor, is_tensor
from hdfsaver.graph.definition import COMPLEX, FLOATS, NUMBERS, Array, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, Grads, dtype_name, fold_by_kernel, like, scope
from hdfsaver.shapes import Shape

_QUANTIZED = frozenset({"qint8", "quint8", "qint16", "quint16", "qint32"})
_CASTABLE = frozenset(dtypes.ROW_BY_NAME) - {"string", "resource", "variant"}


@register
class Cast(OpDef):
    """The same numbers in another dtype, as near as that has them: towards zero where it has integers only."""

    type = "Cast"
    signature = "x: SrcT -> y: DstT"
    types = {"SrcT": _CASTABLE, "DstT": _CASTABLE}
    attrs = {"Truncate": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
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

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        source, target = op.get_attr("SrcT").name, op.get_attr("DstT").name
        is_smooth = {source, target} <= FLOATS | COMPLEX
        return [apply("Cast", grads[0], DstT=source) if is_smooth else None]


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """The same numbers in another dtype; a tensor that is of it already is given back itself.

    Raises
    ------
    TypeError
        Strings, or an unknown dtype.
    """
    target = dtype_name(dtype)
    if target not in _CASTABLE:
        raise TypeError(f"Numbers cannot be cast to {target}.")
    if is_tensor(x) and dtype_name(x.dtype) == target:
        return convert_to_tensor(x)
    with scope(name, "Cast", x) as full:
        x = convert_to_tensor(x, name="x")
        return x if dtype_name(x.dtype) == target else apply("Cast", x, name=full, DstT=target)


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """The same numbers in another dtype, its least and greatest standing for those beyond."""
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


def to_float(x: Any, name: str = "ToFloat") -> Any:
    """The numbers as float32."""
    return cast(x, dtypes.float32, name)


def to_double(x: Any, name: str = "ToDouble") -> Any:
    """The numbers as float64."""
    return cast(x, dtypes.float64, name)


def to_int32(x: Any, name: str = "ToInt32") -> Any:
    """The numbers as int32."""
    return cast(x, dtypes.int32, name)


def to_int64(x: Any, name: str = "ToInt64") -> Any:
    """The numbers as int64."""
    return cast(x, dtypes.int64, name)


def to_bfloat16(x: Any, name: str = "ToBFloat16") -> Any:
    """The numbers as bfloat16."""
    return cast(x, dtypes.bfloat16, name)


def to_complex64(x: Any, name: str = "ToComplex64") -> Any:
    """The numbers as complex64."""
    return cast(x, dtypes.complex64, name)


def to_complex128(x: Any, name: str = "ToComplex128") -> Any:
    """The numbers as complex128."""
    return cast(x, dtypes.complex128, name)


@register
class Bitcast(Flat):
    """The same bytes as numbers of another dtype."""

    type = "Bitcast"
    signature = "input: T -> output: type"
    types = {"T": NUMBERS | _QUANTIZED, "type": NUMBERS | _QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        shape = node.input_shapes[0]
        source, target = (dtypes.numpy_dtype(node.attrs[key]).itemsize for key in ("T", "type"))
        if shape is None or source == target:
            return [shape]
        if source > target:
            return [(*shape, source // target)]
        if not shape or shape[-1] not in (None, target // source):
            raise ValueError(
                f"The last dimension must be {target // source}, so that its bytes are those of one number."
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


def bitcast(input: Any, type: Any, name: str | None = None) -> Any:
    """The same bytes as numbers of another dtype; the last dimension grows or goes where their sizes differ."""
    return apply("Bitcast", input, name=name, type=dtype_name(type))
