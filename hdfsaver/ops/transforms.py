"""Fourier transforms along the last one, two or three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Grads, at_least, invalid, like
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_REAL = frozenset({"float32", "float64"})


def _size(tensor: Tensor, rank: int) -> Tensor:
    """The number of elements in the last dimensions, an integer."""
    return apply("Prod", apply("StridedSlice", apply("Shape", tensor), [-rank], [0], [1], end_mask=1), [0])


def _real_size(tensor: Tensor, rank: int) -> Tensor:
    return apply("Cast", _size(tensor, rank), DstT=tensor.dtype.base_dtype.real_dtype.name)


class _Complex(OpDef):
    """A transform of complex numbers."""

    signature = "input: Tcomplex -> output: Tcomplex"
    types = {"Tcomplex": COMPLEX}
    default_types = {"Tcomplex": "complex64"}
    rank: ClassVar[int]
    is_inverse: ClassVar[bool]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return [at_least(node.input_shapes[0], self.rank)]

    def kernel(self, node: Node) -> Kernel:
        axes = tuple(range(-self.rank, 0))
        transform = np.fft.ifftn if self.is_inverse else np.fft.fftn
        dtype = dtypes.numpy_dtype(node.attrs["Tcomplex"])

        def compute(x: Array) -> Array:
            if np.ndim(x) < len(axes):
                raise invalid(f"Input must have rank of at least {len(axes)} but got: {np.ndim(x)}.")
            return np.asarray(transform(x, axes=axes), dtype) if x.size else np.zeros(x.shape, dtype)

        return compute

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad = grads[0]
        assert grad is not None
        size = apply("Cast", _size(grad, self.rank), DstT=grad.dtype.base_dtype.name)
        other = apply(self.type.removeprefix("I") if self.is_inverse else f"I{self.type}", grad)
        return [apply("RealDiv" if self.is_inverse else "Mul", other, size)]


@register
class FFT(_Complex):
    """The discrete Fourier transform along the last dimension."""

    type = "FFT"
    rank, is_inverse = 1, False


@register
class FFT2D(_Complex):
    """The discrete Fourier transform along the last two dimensions."""

    type = "FFT2D"
    rank, is_inverse = 2, False


@register
class FFT3D(_Complex):
    """The discrete Fourier transform along the last three dimensions."""

    type = "FFT3D"
    rank, is_inverse = 3, False


@register
class IFFT(_Complex):
    """The inverse discrete Fourier transform along the last dimension."""

    type = "IFFT"
    rank, is_inverse = 1, True


@register
class IFFT2D(_Complex):
    """The inverse discrete Fourier transform along the last two dimensions."""

    type = "IFFT2D"
    rank, is_inverse = 2, True


@register
class IFFT3D(_Complex):
    """The inverse discrete Fourier transform along the last three dimensions."""

    type = "IFFT3D"
    rank, is_inverse = 3, True


def _half(length: int | None) -> int | None:
    """How many frequencies of a real signal are kept."""
    return None if length is None else length // 2 + 1 if length else 0


def _lengths(node: Node, rank: int) -> list[int | None]:
    known = node.constant(1)
    if known is None:
        return [None] * rank
    if np.shape(known) != (rank,):
        raise ValueError(f"fft_length must have {rank} elements, not the shape {np.shape(known)}.")
    return [int(length) for length in known]


def _check_lengths(x: Array, needed: Sequence[int], lengths: Array) -> None:
    if np.ndim(x) < len(needed) or np.shape(lengths) != (len(needed),):
        raise invalid(f"Input of rank {np.ndim(x)} and fft_length {np.asarray(lengths).tolist()} do not fit.")
    if (np.asarray(lengths) < 0).any():
        raise invalid(f"fft_length must be >= 0, but got: {np.asarray(lengths).tolist()}.")
    sizes = x.shape[-len(needed) :]
    if any(size < least for size, least in zip(sizes, needed, strict=True)):
        raise invalid(f"Input dimensions {sizes} must have length of at least {tuple(needed)}.")


def _padded(grad: Tensor, x: Tensor) -> Tensor:
    """The derivative, with zeros where the input was cut off."""
    if grad.shape.is_fully_defined() and grad.shape == x.shape:
        return grad
    missing = apply("Sub", apply("Shape", x), apply("Shape", grad))
    return apply("Pad", grad, apply("Pack", [apply("ZerosLike", missing), missing], axis=1))


class _OfReal(OpDef):
    """A transform of real numbers, whose frequencies are half as many."""

    signature = "input: Treal, fft_length: int32 -> output: Tcomplex"
    types = {"Treal": _REAL, "Tcomplex": COMPLEX}
    default_types = {"Treal": "float32"}
    attrs = {"Tcomplex": "complex64"}
    rank: ClassVar[int]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the input, with the given lengths; the last one is half as long."""
        shape = at_least(node.input_shapes[0], self.rank)
        *outer, last = _lengths(node, self.rank)
        return [None if shape is None else (*shape[: -self.rank], *outer, _half(last))]

    def kernel(self, node: Node) -> Kernel:
        axes = tuple(range(-self.rank, 0))
        dtype = dtypes.numpy_dtype(node.attrs["Tcomplex"])

        def compute(x: Array, lengths: Array) -> Array:
            if x.size == 0:
                sizes = [int(length) for length in lengths]
                return np.zeros((*x.shape[: -len(axes)], *sizes[:-1], _half(sizes[-1]) or 0), dtype)
            _check_lengths(x, lengths.tolist(), lengths)
            if not lengths.all():
                return np.zeros((*x.shape[: -len(axes)], *lengths[:-1], _half(int(lengths[-1])) or 0), dtype)
            return np.asarray(np.fft.rfftn(x, s=lengths.tolist(), axes=axes), dtype)

        return compute

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        """The frequencies that were left out get zeros, so that the inverse transform is that of complex numbers."""
        grad, (x, length) = grads[0], op.inputs
        assert grad is not None
        whole = apply("StridedSlice", length, [-1], [0], [1], end_mask=1)
        kept = apply("StridedSlice", apply("Shape", grad), [-1], [0], [1], end_mask=1)
        rank = apply("Rank", grad)
        before = apply("Fill", apply("Pack", [apply("Sub", rank, 1)]), 0)
        missing = apply("ConcatV2", [before, apply("Sub", whole, kept)], 0)
        spread = apply("Pad", grad, apply("Pack", [apply("ZerosLike", missing), missing], axis=1))
        turned = apply("I" + self.type.removeprefix("R"), spread)
        real = apply("Real", turned, Tout=x.dtype.base_dtype.name)
        return [_padded(apply("Mul", real, _real_size(spread, self.rank)), x), None]


@register
class RFFT(_OfReal):
    """The discrete Fourier transform of real numbers along the last dimension, without negative frequencies."""

    type = "RFFT"
    rank = 1


@register
class RFFT2D(_OfReal):
    """The discrete Fourier transform of real numbers along the last two dimensions, without negative frequencies."""

    type = "RFFT2D"
    rank = 2


@register
class RFFT3D(_OfReal):
    """The discrete Fourier transform of real numbers along the last three dimensions, without negative frequencies."""

    type = "RFFT3D"
    rank = 3


class _ToReal(OpDef):
    """The inverse transform of frequencies to real numbers."""

    signature = "input: Tcomplex, fft_length: int32 -> output: Treal"
    types = {"Treal": _REAL, "Tcomplex": COMPLEX}
    default_types = {"Tcomplex": "complex64"}
    attrs = {"Treal": "float32"}
    rank: ClassVar[int]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the input, with the given lengths."""
        shape = at_least(node.input_shapes[0], self.rank)
        return [None if shape is None else (*shape[: -self.rank], *_lengths(node, self.rank))]

    def kernel(self, node: Node) -> Kernel:
        axes = tuple(range(-self.rank, 0))
        dtype = dtypes.numpy_dtype(node.attrs["Treal"])

        def compute(x: Array, lengths: Array) -> Array:
            if x.size == 0 or not lengths.all():
                return np.zeros((*x.shape[: -len(axes)], *(int(length) for length in lengths)), dtype)
            needed = [*lengths[:-1].tolist(), _half(int(lengths[-1])) or 0]
            _check_lengths(x, needed, lengths)
            return np.asarray(np.fft.irfftn(x, s=lengths.tolist(), axes=axes), dtype)

        return compute

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        """All frequencies but the first and, of an even length, the last are there for two."""
        grad, (x, length) = grads[0], op.inputs
        assert grad is not None
        whole = apply("RFFT" + self.type.removeprefix("IRFFT"), grad, length, Tcomplex=x.dtype.base_dtype.name)
        last = apply("StridedSlice", length, [-1], [0], [1], end_mask=1)
        places = apply("Range", 0, apply("Reshape", apply("AddV2", apply("FloorDiv", last, 2), 1), []), 1)
        is_single = apply("LogicalOr", apply("Equal", places, 0), apply("Equal", apply("Mul", places, 2), last))
        weights = apply("SelectV2", is_single, like(1, grad), like(2, grad))
        scaled = apply("RealDiv", weights, _real_size(grad, self.rank))
        return [_padded(apply("Mul", whole, apply("Cast", scaled, DstT=x.dtype.base_dtype.name)), x), None]


@register
class IRFFT(_ToReal):
    """The inverse of `RFFT`."""

    type = "IRFFT"
    rank = 1


@register
class IRFFT2D(_ToReal):
    """The inverse of `RFFT2D`."""

    type = "IRFFT2D"
    rank = 2


@register
class IRFFT3D(_ToReal):
    """The inverse of `RFFT3D`."""

    type = "IRFFT3D"
    rank = 3
