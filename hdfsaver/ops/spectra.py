"""Functions that make Fourier and cosine transforms of signals."""

from __future__ import annotations

import math
from collections.abc import Callable

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import like, scope


def _complex_function(op_type: str) -> Callable[..., Tensor]:
    def transform(input: TensorLike, name: str | None = None) -> Tensor:
        return apply(op_type, input, name=name)

    transform.__name__ = transform.__qualname__ = op_type.lower()
    kind = "The inverse of the" if op_type.startswith("I") else "The"
    dimensions = {"2D": " two", "3D": " three"}.get(op_type[-2:], "")
    noun = "dimensions" if dimensions else "dimension"
    transform.__doc__ = f"{kind} discrete Fourier transform of complex numbers along the last{dimensions} {noun}."
    return transform


fft, ifft = _complex_function("FFT"), _complex_function("IFFT")
fft2d, ifft2d = _complex_function("FFT2D"), _complex_function("IFFT2D")
fft3d, ifft3d = _complex_function("FFT3D"), _complex_function("IFFT3D")


def _last_sizes(tensor: Tensor, rank: int) -> Tensor:
    return apply("StridedSlice", apply("Shape", tensor), [-rank], [0], [1], end_mask=1)


def _padded(tensor: Tensor, needed: Tensor, rank: int) -> Tensor:
    """The tensor, with zeros behind it where it is shorter than needed along its last dimensions."""
    outer = apply("Sub", apply("Rank", tensor), rank)
    missing = apply("Maximum", apply("Sub", needed, _last_sizes(tensor, rank)), 0)
    behind = apply("ConcatV2", [apply("Fill", apply("Pack", [outer]), 0), missing], 0)
    return apply("Pad", tensor, apply("Pack", [apply("ZerosLike", behind), behind], axis=1))


def _is_long_enough(tensor: Tensor, lengths: list[int] | None, rank: int) -> bool:
    """Whether it is known beforehand that nothing must be added."""
    if lengths is None or tensor.shape.ndims is None:
        return False
    known = [-1 if size is None else size for size in tensor.shape.as_list()[-rank:]]
    return 0 in known or all(size >= length for size, length in zip(known, lengths, strict=True))


def _plain(fft_length: TensorLike | None) -> list[int] | None:
    """The lengths where they are plain numbers."""
    if isinstance(fft_length, list | tuple) and all(isinstance(length, int) for length in fft_length):
        return [int(length) for length in fft_length]
    return None


def _of_real(op_type: str, tensor: TensorLike, fft_length: TensorLike | None, name: str | None) -> Tensor:
    rank = int(op_type[4]) if op_type[4:] else 1
    with scope(name, op_type.lower(), tensor, fft_length) as full:
        x = convert_to_tensor(tensor, preferred_dtype="float32")
        if x.dtype.base_dtype.name not in ("float32", "float64"):
            raise ValueError(f"RFFT requires tf.float32 or tf.float64 inputs, got: {x}")
        x.shape.with_rank_at_least(rank)
        known = x.shape.as_list()[-rank:] if x.shape.ndims is not None else [None]
        given = _last_sizes(x, rank) if None in known else convert_to_tensor([size or 0 for size in known], "int32")
        lengths = given if fft_length is None else convert_to_tensor(fft_length, "int32")
        if fft_length is not None and not _is_long_enough(x, _plain(fft_length), rank):
            x = _padded(x, lengths, rank)
        whole = "complex64" if x.dtype.base_dtype.name == "float32" else "complex128"
        return apply(op_type, x, lengths, Tcomplex=whole, name=full)


def _to_real(op_type: str, tensor: TensorLike, fft_length: TensorLike | None, name: str | None) -> Tensor:
    rank = int(op_type[5]) if op_type[5:] else 1
    with scope(name, op_type.lower(), tensor, fft_length) as full:
        x = convert_to_tensor(tensor, preferred_dtype="complex64")
        x.shape.with_rank_at_least(rank)
        if not x.dtype.is_complex:
            raise ValueError(f"IRFFT requires tf.complex64 or tf.complex128 inputs, got: {x}")
        known = x.shape.as_list()[-rank:] if x.shape.ndims is not None else [None]
        if fft_length is not None:
            lengths = convert_to_tensor(fft_length, "int32")
            halves = apply("AddV2", apply("FloorDiv", _from(lengths, -1), 2), 1)
            needed = apply("ConcatV2", [_until(lengths, -1), halves], 0)
            x = _padded(x, needed, rank)
        elif None in known:
            sizes = _last_sizes(x, rank)
            last = apply("Maximum", apply("Mul", apply("Sub", _from(sizes, -1), 1), 2), 0)
            lengths = apply("ConcatV2", [_until(sizes, -1), last], 0)
        else:
            lengths = convert_to_tensor([*known[:-1], max(0, 2 * ((known[-1] or 0) - 1))], "int32")
        return apply(op_type, x, lengths, Treal=x.dtype.real_dtype.name, name=full)


def _from(vector: Tensor, start: int) -> Tensor:
    return apply("StridedSlice", vector, [start], [0], [1], end_mask=1)


def _until(vector: Tensor, end: int) -> Tensor:
    return apply("StridedSlice", vector, [0], [end], [1], begin_mask=1)


def rfft(input_tensor: TensorLike, fft_length: TensorLike | None = None, name: str | None = None) -> Tensor:
    """The Fourier transform of real numbers along the last dimension, without negative frequencies.

    Parameters
    ----------
    input_tensor : TensorLike
        float32 or float64.
    fft_length : list of int or TensorLike, optional
        One length; the numbers are cut off there, or followed by zeros.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Complex numbers, half the length and one more.

    Raises
    ------
    ValueError
        The numbers are not real, or of too low a rank.
    """
    return _of_real("RFFT", input_tensor, fft_length, name)


def rfft2d(input_tensor: TensorLike, fft_length: TensorLike | None = None, name: str | None = None) -> Tensor:
    """The Fourier transform of real numbers along the last two dimensions, without negative frequencies.

    Parameters
    ----------
    input_tensor : TensorLike
        float32 or float64.
    fft_length : list of int or TensorLike, optional
        Two lengths; the numbers are cut off there, or followed by zeros.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Complex numbers, in the last dimension half the length and one more.

    Raises
    ------
    ValueError
        The numbers are not real, or of too low a rank.
    """
    return _of_real("RFFT2D", input_tensor, fft_length, name)


def rfft3d(input_tensor: TensorLike, fft_length: TensorLike | None = None, name: str | None = None) -> Tensor:
    """The Fourier transform of real numbers along the last three dimensions, without negative frequencies.

    Parameters
    ----------
    input_tensor : TensorLike
        float32 or float64.
    fft_length : list of int or TensorLike, optional
        Three lengths; the numbers are cut off there, or followed by zeros.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Complex numbers, in the last dimension half the length and one more.

    Raises
    ------
    ValueError
        The numbers are not real, or of too low a rank.
    """
    return _of_real("RFFT3D", input_tensor, fft_length, name)


def irfft(input_tensor: TensorLike, fft_length: TensorLike | None = None, name: str | None = None) -> Tensor:
    """The inverse of `rfft`.

    Parameters
    ----------
    input_tensor : TensorLike
        Complex numbers.
    fft_length : list of int or TensorLike, optional
        The length of the result; by default twice the number of frequencies, less 2.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Real numbers.

    Raises
    ------
    ValueError
        The numbers are not complex, or of too low a rank.
    """
    return _to_real("IRFFT", input_tensor, fft_length, name)


def irfft2d(input_tensor: TensorLike, fft_length: TensorLike | None = None, name: str | None = None) -> Tensor:
    """The inverse of `rfft2d`.

    Parameters
    ----------
    input_tensor : TensorLike
        Complex numbers.
    fft_length : list of int or TensorLike, optional
        The two lengths of the result; by default the last is twice the number of frequencies, less 2.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Real numbers.

    Raises
    ------
    ValueError
        The numbers are not complex, or of too low a rank.
    """
    return _to_real("IRFFT2D", input_tensor, fft_length, name)


def irfft3d(input_tensor: TensorLike, fft_length: TensorLike | None = None, name: str | None = None) -> Tensor:
    """The inverse of `rfft3d`.

    Parameters
    ----------
    input_tensor : TensorLike
        Complex numbers.
    fft_length : list of int or TensorLike, optional
        The three lengths of the result; by default the last is twice the number of frequencies, less 2.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Real numbers.

    Raises
    ------
    ValueError
        The numbers are not complex, or of too low a rank.
    """
    return _to_real("IRFFT3D", input_tensor, fft_length, name)


_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}
"""The type of the cosine transform that inverts another one."""


def _check_cosine(tensor: TensorLike, kind: int, n: int | None, axis: int, norm: str | None) -> None:
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if n is not None and n < 1:
        raise ValueError("n should be a positive integer or None")
    if kind not in _INVERSE:
        raise ValueError("Types I, II, III and IV (I)DCT are supported.")
    if kind == 1 and norm == "ortho":
        raise ValueError("Normalization is not supported for the Type-I DCT.")
    if kind == 1 and (convert_to_tensor(tensor).shape.as_list()[-1] or 2) < 2:
        raise ValueError("Type-I DCT requires the dimension to be greater than one.")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")


def _cut(x: Tensor, length: TensorLike, step: int = 1, start: int = 0) -> Tensor:
    """The first elements along the last dimension."""
    begin = apply("Pack", [0, start])
    end = apply("Pack", [0, length])
    return apply("StridedSlice", x, begin, end, [1, step], ellipsis_mask=1)


def _of_length(x: Tensor, n: int | None) -> Tensor:
    if n is None:
        return x
    return _cut(_padded(x, convert_to_tensor([n], "int32"), 1), n)


def _cosines(x: Tensor, kind: int, norm: str | None) -> Tensor:
    part = x.dtype.base_dtype.name
    whole = "complex64" if part == "float32" else "complex128"
    count = apply("Reshape", _last_sizes(x, 1), [])
    number = apply("Cast", count, DstT=part)
    if kind == 1:
        back = apply("StridedSlice", x, [0, -2], [0, 0], [1, -1], ellipsis_mask=1)
        axis = apply("Sub", apply("Rank", x), 1)
        return apply("Real", rfft(apply("ConcatV2", [x, back], axis)), Tout=part)
    if kind == 4:
        doubled = _cosines(_padded(x, apply("Mul", _last_sizes(x, 1), 2), 1), 2, None)
        odd = apply("StridedSlice", doubled, [0, 1], [0, 0], [1, 2], ellipsis_mask=1, end_mask=2)
        return odd if norm is None else apply("Mul", odd, apply("Mul", like(math.sqrt(0.5), x), apply("Rsqrt", number)))
    places = apply("Range", like(0, x), number, like(1, x))
    angles = apply("RealDiv", apply("Mul", places, like(math.pi / 2, x)), number)
    turned = angles if kind == 3 else apply("Neg", angles)
    turns = apply("Complex", apply("Cos", turned), apply("Sin", turned), Tout=whole)
    is_first = apply("Equal", places, like(0, x))
    if kind == 2:
        spread = rfft(x, apply("Pack", [apply("Mul", count, 2)]))
        found = apply("Real", apply("Mul", _cut(spread, count), turns), Tout=part)
        weights = apply("SelectV2", is_first, like(1, x), like(math.sqrt(2), x))
        weights = apply("Mul", weights, apply("Rsqrt", number))
        return apply("Mul", found, like(2, x) if norm is None else weights)
    weights = apply("SelectV2", is_first, like(1, x), like(math.sqrt(0.5), x))
    weights = number if norm is None else apply("Mul", weights, apply("Sqrt", number))
    scaled = apply("Mul", apply("Mul", x, weights), like(2, x))
    given = apply("Mul", turns, apply("Complex", scaled, apply("ZerosLike", scaled), Tout=whole))
    return _cut(irfft(given, apply("Pack", [apply("Mul", count, 2)])), count)


def dct(
    input: TensorLike,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The discrete cosine transform along the last dimension.

    Parameters
    ----------
    input : TensorLike
        float32 or float64.
    type : int
        1, 2, 3 or 4.
    n : int, optional
        The length: the numbers are cut off there, or followed by zeros.
    axis : int
        -1.
    norm : str, optional
        ``"ortho"`` for an orthonormal transform.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the dtype of the input.

    Raises
    ------
    NotImplementedError
        The axis is another one.
    ValueError
        The type, the length or the normalization is not one of these.
    """
    _check_cosine(input, type, n, axis, norm)
    with scope(name, "dct", input):
        return _cosines(_of_length(convert_to_tensor(input), n), type, norm)


def idct(
    input: TensorLike,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The inverse of `dct`, but for a factor where it is not orthonormal.

    Parameters
    ----------
    input : TensorLike
        float32 or float64.
    type : int
        The type of the transform that is inverted: 1, 2, 3 or 4.
    n : int, optional
        The length: the numbers are cut off there, or followed by zeros.
    axis : int
        -1.
    norm : str, optional
        ``"ortho"`` for an orthonormal transform.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the dtype of the input.

    Raises
    ------
    NotImplementedError
        The axis is another one.
    ValueError
        The type, the length or the normalization is not one of these.
    """
    _check_cosine(input, type, n, axis, norm)
    with scope(name, "dct", input):
        return _cosines(_of_length(convert_to_tensor(input), n), _INVERSE[type], norm)
