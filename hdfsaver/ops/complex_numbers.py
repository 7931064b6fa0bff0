"""Complex numbers and their parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.base import Grads, Unary, scope, sum_to_inputs
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_PARTS = frozenset({"float32", "float64"})
_WHOLE_BY_PART = {"float32": "complex64", "float64": "complex128"}


@register
class Conj(Unary):
    """The complex conjugate."""

    type = "Conj"
    signature = "input: T -> output: T"
    types = {"T": COMPLEX}
    default_types = {"T": "complex64"}
    further_types = {"T": frozenset({"variant"})}
    ufunc = np.conjugate

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Conj", grads[0])]


def conj(x: TensorLike, name: str | None = None) -> Tensor:
    """The complex conjugate; a real tensor is returned unchanged."""
    if is_tensor(x) and not x.dtype.is_complex:
        return convert_to_tensor(x)
    with scope(name, "Conj", x) as full:
        x = convert_to_tensor(x, name="x")
        return apply("Conj", x, name=full) if x.dtype.is_complex else x


@register
class Complex(OpDef):
    """A complex number made of its real and imaginary parts."""

    type = "Complex"
    signature = "real: T, imag: T -> out: Tout"
    types = {"T": _PARTS, "Tout": COMPLEX}
    default_types = {"T": "float32"}
    attrs = {"Tout": "complex64"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The broadcast shape of the inputs."""
        return [shapes.broadcast(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["Tout"])

        def join(real: Array, imag: Array) -> Array:
            whole = np.empty(np.broadcast_shapes(np.shape(real), np.shape(imag)), dtype)
            whole.real, whole.imag = real, imag
            return whole

        return join

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        real, imag = op.inputs
        part = real.dtype.base_dtype.name
        return sum_to_inputs(real, imag, apply("Real", grads[0], Tout=part), apply("Imag", grads[0], Tout=part))


def complex(real: TensorLike, imag: TensorLike, name: str | None = None) -> Tensor:
    """Make complex numbers of their real and imaginary parts.

    Parameters
    ----------
    real, imag : Tensor or array_like
        Both float32 or both float64, of shapes that broadcast together. Integers are not taken.
    name : str, optional
        Name of the operation, ``Complex`` by default.

    Returns
    -------
    Tensor
        complex64 for parts of float32, complex128 for float64; of the broadcast shape.

    Raises
    ------
    TypeError
        The parts are of other dtypes, or of two.
    ValueError
        The shapes do not broadcast together.
    """
    with graph_of([real, imag]).as_default():
        real = convert_to_tensor(real, name="real")
        imag = convert_to_tensor(imag, name="imag")
        part = real.dtype.base_dtype.name
        if part not in _WHOLE_BY_PART:
            raise TypeError(f"The parts of a complex number are float32 or float64, not {part}.")
        return apply("Complex", real, imag, name=name, Tout=_WHOLE_BY_PART[part])


class _Part(Unary):
    """A real number taken from a complex one."""

    signature = "input: T -> output: Tout"
    types = {"T": COMPLEX, "Tout": _PARTS}
    default_types = {"T": "complex64"}
    attrs = {"Tout": "float32"}


@register
class Real(_Part):
    """The real part."""

    type = "Real"
    ufunc = np.real

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [_whole(op, grads[0], apply("ZerosLike", grads[0]))]


@register
class Imag(_Part):
    """The imaginary part."""

    type = "Imag"
    ufunc = np.imag

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [_whole(op, apply("ZerosLike", grads[0]), grads[0])]


def _whole(op: Operation, real: Tensor | None, imag: Tensor | None) -> Tensor:
    return apply("Complex", real, imag, Tout=op.inputs[0].dtype.base_dtype.name)


def real(input: TensorLike, name: str | None = None) -> Tensor:
    """The real part, float32 or float64; a real tensor is returned unchanged."""
    with scope(name, "Real", input) as full:
        input = convert_to_tensor(input, name="input")
        if not input.dtype.is_complex:
            return input
        return apply("Real", input, name=full, Tout=input.dtype.real_dtype.name)


def imag(input: TensorLike, name: str | None = None) -> Tensor:
    """The imaginary part, float32 or float64; zeros for a real tensor."""
    with scope(name, "Imag", input) as full:
        input = convert_to_tensor(input, name="input")
        if not input.dtype.is_complex:
            return apply("ZerosLike", input, name="zeros_like")
        return apply("Imag", input, name=full, Tout=input.dtype.real_dtype.name)


@register
class ComplexAbs(Unary):
    """The absolute value of a complex number."""

    type = "ComplexAbs"
    signature = "x: T -> y: Tout"
    types = {"T": COMPLEX, "Tout": _PARTS}
    default_types = {"T": "complex64"}
    attrs = {"Tout": "float32"}
    ufunc = np.absolute

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        scaled = apply("Complex", grads[0], apply("ZerosLike", grads[0]), Tout=op.inputs[0].dtype.base_dtype.name)
        return [apply("Mul", scaled, apply("Sign", op.inputs[0]))]
