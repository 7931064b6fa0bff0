"""Signals cut into frames and put together again, windows, spectrograms, and the scale of heard pitch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hdfsaver import dtypes
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import like, normal_axis, scope
from hdfsaver.ops.filling import zeros_like
from hdfsaver.ops.spectra import dct, irfft, rfft

Window = Callable[..., Tensor]
"""A function of a length, and of ``dtype``, that makes a window."""


def _plain(value: Any) -> int | None:
    return int(value) if isinstance(value, int) else None


def _last(tensor: Tensor) -> Tensor:
    """The length of the last dimension."""
    return apply("StridedSlice", apply("Shape", tensor), [-1], [0], [1], shrink_axis_mask=1)


def _single(value: TensorLike, name: str) -> Tensor:
    tensor = convert_to_tensor(value, "int32", name=name)
    tensor.shape.assert_has_rank(0)
    return tensor


def frame(
    signal: TensorLike,
    frame_length: TensorLike,
    frame_step: TensorLike,
    pad_end: bool = False,
    pad_value: TensorLike = 0,
    axis: int = -1,
    name: str | None = None,
) -> Tensor:
    """Parts of a signal that overlap.

    Parameters
    ----------
    signal : TensorLike
        Of any dtype and a rank of at least 1.
    frame_length, frame_step : TensorLike
        How long a part is, and how far it is from the beginning of one part to that of the next; integers.
    pad_end : bool
        Whether parts that begin before the end and end after it are there too.
    pad_value : TensorLike
        The value behind the end.
    axis : int
        The dimension of time.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        With two dimensions in the place of the axis: the parts, and the places in them.

    Raises
    ------
    ValueError
        A number is not a single one, or the rank is 0 or not known.
    """
    with scope(name, "frame", signal, frame_length, frame_step, pad_value):
        tensor = convert_to_tensor(signal, name="signal")
        length, step = _single(frame_length, "frame_length"), _single(frame_step, "frame_step")
        rank = tensor.shape.with_rank_at_least(1).ndims
        if rank is None:
            raise ValueError("The rank of the signal must be known to cut it into frames.")
        along = normal_axis(axis, rank)
        known = tensor.shape.as_list()[along]
        total = apply("StridedSlice", apply("Shape", tensor), [along], [along + 1], [1], shrink_axis_mask=1)
        if pad_end:
            count = apply("Neg", apply("FloorDiv", apply("Neg", total), step))
            missing = apply("Sub", apply("AddV2", apply("Mul", apply("Sub", count, 1), step), length), total)
            rows: list[Any] = [[0, 0]] * rank
            rows[along] = apply("Pack", [0, apply("Maximum", missing, 0)])
            value = convert_to_tensor(pad_value, tensor.dtype.base_dtype)
            tensor = apply("PadV2", tensor, apply("Pack", rows), value)
        else:
            whole = apply("AddV2", apply("FloorDiv", apply("Sub", total, length), step), 1)
            count = apply("Maximum", whole, 0)
        starts = apply("Mul", apply("Range", 0, count, 1), step)
        places = apply("AddV2", apply("ExpandDims", starts, 1), apply("Range", 0, length, 1))
        found = apply("GatherV2", tensor, places, along)
        found.set_shape(
            _frame_shape(tensor.shape.as_list(), along, known, _plain(frame_length), _plain(frame_step), pad_end)
        )
        return found


def _frame_shape(
    sizes: list[Any], along: int, known: int | None, length: int | None, step: int | None, pad_end: bool
) -> list[Any]:
    count = None
    if known is not None and step is not None and pad_end:
        count = -(-known // step)
    elif known is not None and step is not None and length is not None:
        count = max(0, (known - length + step) // step)
    return [*sizes[:along], count, length, *sizes[along + 1 :]]


def overlap_and_add(signal: TensorLike, frame_step: TensorLike, name: str | None = None) -> Tensor:
    """The signal whose overlapping parts are given; the inverse of `frame` but that what overlaps is added.

    Parameters
    ----------
    signal : TensorLike
        The last dimensions are the parts and the places in them.
    frame_step : TensorLike
        How far it is from the beginning of one part to that of the next, an integer.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        With one dimension in the place of the last two.

    Raises
    ------
    ValueError
        The rank is less than 2, or the step is not a single integer.
    """
    with scope(name, "overlap_and_add", signal, frame_step):
        tensor = convert_to_tensor(signal, name="signal")
        tensor.shape.with_rank_at_least(2)
        given = convert_to_tensor(frame_step, name="frame_step")
        if not given.dtype.is_integer:
            raise ValueError(f"frame_step must be an integer. Got {given.dtype}")
        step = _single(given, "frame_step")
        sizes = apply("Shape", tensor)
        outer = apply("StridedSlice", sizes, [0], [-2], [1], begin_mask=1)
        count = apply("StridedSlice", sizes, [-2], [-1], [1], shrink_axis_mask=1)
        length = _last(tensor)
        starts = apply("Mul", apply("Range", 0, count, 1), step)
        places = apply("AddV2", apply("ExpandDims", starts, 1), apply("Range", 0, length, 1))
        total = apply("AddV2", apply("Mul", apply("Sub", count, 1), step), length)
        columns = apply("Transpose", apply("Reshape", tensor, apply("Pack", [-1, apply("Size", places)])), [1, 0])
        added = apply("UnsortedSegmentSum", columns, apply("Reshape", places, [-1]), apply("Maximum", total, 0))
        whole = apply("ConcatV2", [outer, apply("Pack", [total])], 0)
        found = apply("Reshape", apply("Transpose", added, [1, 0]), whole)
        known = tensor.shape.as_list() if tensor.shape.ndims is not None else None
        if known is not None:
            plain = _plain(frame_step)
            parts, places_each = known[-2:]
            is_known = plain is not None and parts is not None and places_each is not None
            size = ((parts or 0) - 1) * (plain or 0) + (places_each or 0) if is_known else None
            found.set_shape([*known[:-2], size])
        return found


def _raised_cosine(
    length: TensorLike, periodic: bool, dtype: DTypeLike, name: str | None, default: str, a: float, b: float
) -> Tensor:
    kind = dtypes.as_dtype(dtype)
    if not kind.is_floating:
        raise ValueError(f"dtype must be a floating point type. Found {kind}")
    with scope(name, default, length, periodic):
        count = _single(length, "window_length")
        is_periodic = apply("Cast", convert_to_tensor(periodic, "bool", name="periodic"), DstT="int32")
        is_even = apply("Sub", 1, apply("FloorMod", count, 2))
        period = apply("Sub", apply("AddV2", count, apply("Mul", is_periodic, is_even)), 1)
        places = apply("Cast", apply("Range", 0, count, 1), DstT=kind.name)
        around = apply("Mul", like(2 * math.pi, places), places)
        angles = apply("RealDiv", around, apply("Cast", apply("Maximum", period, 1), DstT=kind.name))
        window = apply("Sub", like(a, places), apply("Mul", like(b, places), apply("Cos", angles)))
        if _plain(length) != 1 and _plain(length) is not None:
            return window
        return apply("SelectV2", apply("Equal", count, 1), like(1, places), window)


def hann_window(
    window_length: TensorLike, periodic: bool = True, dtype: DTypeLike = dtypes.float32, name: str | None = None
) -> Tensor:
    """Hann's window: a cosine raised to between 0 and 1.

    Parameters
    ----------
    window_length : TensorLike
        The number of places.
    periodic : bool
        Whether the window is that of a period, otherwise it is symmetric.
    dtype : DTypeLike
        A float dtype.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        A vector.

    Raises
    ------
    ValueError
        The dtype is not a float, or the length is not a single number.
    """
    return _raised_cosine(window_length, periodic, dtype, name, "hann_window", 0.5, 0.5)


def hamming_window(
    window_length: TensorLike, periodic: bool = True, dtype: DTypeLike = dtypes.float32, name: str | None = None
) -> Tensor:
    """Hamming's window: a cosine raised to between 0.08 and 1.

    Parameters
    ----------
    window_length : TensorLike
        The number of places.
    periodic : bool
        Whether the window is that of a period, otherwise it is symmetric.
    dtype : DTypeLike
        A float dtype.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        A vector.

    Raises
    ------
    ValueError
        The dtype is not a float, or the length is not a single number.
    """
    return _raised_cosine(window_length, periodic, dtype, name, "hamming_window", 0.54, 0.46)


def _enclosing_power(length: TensorLike) -> TensorLike:
    """The least power of 2 that is not less."""
    plain = _plain(length)
    if plain is not None:
        return int(2 ** math.ceil(math.log2(plain)))
    number = apply("Cast", _single(length, "length"), DstT="float32")
    power = apply("Ceil", apply("RealDiv", apply("Log", number), like(math.log(2), number)))
    return apply("Cast", apply("Pow", like(2, number), power), DstT="int32")


def _lengths(length: TensorLike) -> TensorLike:
    plain = _plain(length)
    return [plain] if plain is not None else apply("Pack", [length])


def stft(
    signals: TensorLike,
    frame_length: TensorLike,
    frame_step: TensorLike,
    fft_length: TensorLike | None = None,
    window_fn: Window | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """The Fourier transforms of overlapping parts of signals.

    Parameters
    ----------
    signals : TensorLike
        Real numbers; the last dimension is time.
    frame_length, frame_step : TensorLike
        How long a part is, and how far it is from the beginning of one part to that of the next; integers.
    fft_length : TensorLike, optional
        The length of a transform; by default the least power of 2 that is not less than a part.
    window_fn : callable, optional
        Given a length and ``dtype``, makes the weights of the places of a part; None for none.
    pad_end : bool
        Whether parts that begin before the end and end after it are there too.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Complex numbers; the last two dimensions are the parts and their frequencies.

    Raises
    ------
    ValueError
        A number is not a single one, or the rank is 0 or not known.
    """
    with scope(name, "stft", signals, frame_length, frame_step):
        tensor = convert_to_tensor(signals, name="signals")
        size = _enclosing_power(frame_length) if fft_length is None else fft_length
        frames = frame(tensor, frame_length, frame_step, pad_end=pad_end)
        if window_fn is not None:
            frames = apply("Mul", frames, window_fn(frame_length, dtype=frames.dtype), name="mul")
        return rfft(frames, _lengths(size))


def inverse_stft_window_fn(
    frame_step: TensorLike, forward_window_fn: Window = hann_window, name: str | None = None
) -> Window:
    """The window with which `inverse_stft` gives the signal of `stft` again.

    Parameters
    ----------
    frame_step : TensorLike
        How far it is from the beginning of one part to that of the next.
    forward_window_fn : callable
        The window that was used forward.
    name : str, optional
        The name of the scope.

    Returns
    -------
    callable
        Given a length and ``dtype``, makes the window.

    Raises
    ------
    ValueError
        The step is not a single number.
    """

    def window(frame_length: TensorLike, dtype: DType) -> Tensor:
        with scope(name, "inverse_stft_window_fn", frame_step, frame_length):
            step, length = _single(frame_step, "frame_step"), _single(frame_length, "frame_length")
            forward = forward_window_fn(frame_length, dtype=dtype)
            overlaps = apply("Neg", apply("FloorDiv", apply("Neg", length), step))
            whole = apply("Mul", overlaps, step)
            behind = apply("Pack", [apply("Pack", [0, apply("Sub", whole, length)])])
            rows = apply("Reshape", apply("Pad", apply("Square", forward), behind), apply("Pack", [overlaps, step]))
            total = apply("Tile", apply("Sum", rows, [0]), apply("Pack", [overlaps]))
            total = apply("Slice", total, [0], apply("Pack", [length]))
            is_nothing = apply("Equal", total, like(0, total))
            return apply("SelectV2", is_nothing, zeros_like(forward), apply("RealDiv", forward, total))

    return window


def inverse_stft(
    stfts: TensorLike,
    frame_length: TensorLike,
    frame_step: TensorLike,
    fft_length: TensorLike | None = None,
    window_fn: Window | None = hann_window,
    name: str | None = None,
) -> Tensor:
    """The signals of Fourier transforms of overlapping parts.

    Parameters
    ----------
    stfts : TensorLike
        Complex numbers; the last two dimensions are the parts and their frequencies.
    frame_length, frame_step : TensorLike
        How long a part is, and how far it is from the beginning of one part to that of the next; integers.
    fft_length : TensorLike, optional
        The length of a transform; by default the least power of 2 that is not less than a part.
    window_fn : callable, optional
        Given a length and ``dtype``, makes the weights of the places of a part; None for none.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Real numbers; the last dimension is time.

    Raises
    ------
    ValueError
        A number is not a single one, or the rank is less than 2.
    """
    with scope(name, "inverse_stft", stfts):
        tensor = convert_to_tensor(stfts, name="stfts")
        tensor.shape.with_rank_at_least(2)
        size = _enclosing_power(frame_length) if fft_length is None else fft_length
        frames, length = irfft(tensor, _lengths(size)), _single(frame_length, "frame_length")
        frames = apply("StridedSlice", frames, [0, 0], apply("Pack", [0, length]), [1, 1], ellipsis_mask=1)
        missing = apply("Maximum", apply("Sub", length, _last(frames)), 0)
        outer = apply("Fill", apply("Pack", [apply("Sub", apply("Rank", frames), 1), 2]), 0)
        behind = apply("ConcatV2", [outer, apply("Pack", [apply("Pack", [0, missing])])], 0)
        frames = apply("Pad", frames, behind)
        if tensor.shape.ndims is not None:
            frames.set_shape([*tensor.shape.as_list()[:-1], _plain(frame_length)])
        if window_fn is not None:
            frames = apply("Mul", frames, window_fn(frame_length, dtype=tensor.dtype.real_dtype), name="mul")
        return overlap_and_add(frames, frame_step)


_BREAK = 700.0
"""The frequency, in hertz, below which heard pitch grows in proportion to it."""

_QUALITY = 1127.0
"""The factor of the logarithm in the scale of heard pitch."""


def _pitch(frequencies: Tensor) -> Tensor:
    relative = apply("AddV2", like(1, frequencies), apply("RealDiv", frequencies, like(_BREAK, frequencies)))
    return apply("Mul", like(_QUALITY, frequencies), apply("Log", relative))


def _check_bands(bins: int, rate: Any, lower: float, upper: float, dtype: DType) -> None:
    if bins <= 0:
        raise ValueError(f"num_mel_bins must be positive. Got: {bins}")
    if lower < 0.0:
        raise ValueError(f"lower_edge_hertz must be non-negative. Got: {lower}")
    if lower >= upper:
        raise ValueError(f"lower_edge_hertz {lower:.1f} >= upper_edge_hertz {upper:.1f}")
    if not isinstance(rate, Tensor) and rate <= 0.0:
        raise ValueError(f"sample_rate must be positive. Got: {rate}")
    if not isinstance(rate, Tensor) and upper > rate / 2:
        raise ValueError(f"upper_edge_hertz must not be larger than the Nyquist frequency, {rate / 2}. Got {upper}.")
    if not dtype.is_floating:
        raise ValueError(f"dtype must be a floating point type. Got: {dtype}")


def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: int = 129,
    sample_rate: TensorLike = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: DTypeLike = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """The matrix that makes bands of heard pitch of the frequencies of a spectrogram.

    Parameters
    ----------
    num_mel_bins : int
        The number of bands.
    num_spectrogram_bins : int
        The number of frequencies, from 0 to half the rate.
    sample_rate : TensorLike
        How often in a second a number was taken.
    lower_edge_hertz, upper_edge_hertz : float
        Where the lowest band begins and the highest one ends.
    dtype : DTypeLike
        A float dtype.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A row for each frequency and a column for each band.

    Raises
    ------
    ValueError
        A number is out of its range.
    """
    kind = dtypes.as_dtype(dtype)
    with scope(name, "linear_to_mel_weight_matrix", sample_rate) as full:
        _check_bands(num_mel_bins, sample_rate, lower_edge_hertz, upper_edge_hertz, kind)
        given = convert_to_tensor(sample_rate)
        rate = given if given.dtype.base_dtype == kind else apply("Cast", given, DstT=kind.name, name="sample_rate")
        lower = convert_to_tensor(lower_edge_hertz, kind, name="lower_edge_hertz")
        upper = convert_to_tensor(upper_edge_hertz, kind, name="upper_edge_hertz")
        highest = apply("RealDiv", rate, like(2, rate))
        frequencies = apply("LinSpace", like(0, rate), highest, num_spectrogram_bins)
        heard = apply("ExpandDims", _pitch(apply("Slice", frequencies, [1], [-1])), 1)
        edges = apply("LinSpace", _pitch(lower), _pitch(upper), num_mel_bins + 2)
        below, center, above = (apply("Slice", edges, [start], [num_mel_bins]) for start in range(3))
        rising = apply("RealDiv", apply("Sub", heard, below), apply("Sub", center, below))
        falling = apply("RealDiv", apply("Sub", above, heard), apply("Sub", above, center))
        weights = apply("Maximum", like(0, rate), apply("Minimum", rising, falling))
        return apply("Pad", weights, [[1, 0], [0, 0]], name=full)


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: TensorLike, name: str | None = None) -> Tensor:
    """The cepstral coefficients of logarithms of bands of heard pitch, which are the last dimension."""
    with scope(name, "mfccs_from_log_mel_spectrograms", log_mel_spectrograms):
        tensor = convert_to_tensor(log_mel_spectrograms)
        if tensor.shape.ndims and tensor.shape.as_list()[-1] == 0:
            raise ValueError(f"num_mel_bins must be positive. Got: {tensor}")
        cosines = dct(tensor, type=2)
        count = apply("Cast", _last(tensor), DstT=cosines.dtype.base_dtype.name)
        return apply("Mul", cosines, apply("Rsqrt", apply("Mul", count, like(2, count))), name="mul")


def _moved(x: TensorLike, axes: Any, name: str | None, default: str, back: bool) -> Tensor:
    with scope(name, default, x):
        tensor = convert_to_tensor(x)
        rank = tensor.shape.ndims
        if axes is None and rank is None:
            raise ValueError("The rank must be known where no axes are given.")
        along = list(range(rank or 0)) if axes is None else [axes] if isinstance(axes, int) else list(axes)
        for axis in along:
            sizes = apply("Shape", tensor)
            place = normal_axis(axis, rank) if rank is not None else axis
            size = apply("StridedSlice", sizes, [place], [place + 1], [1], shrink_axis_mask=1)
            half = apply("FloorDiv", size, 2)
            first = half if back else apply("Sub", size, half)
            parts = apply("Pack", [first, apply("Sub", size, first)])
            before, behind = apply_list("SplitV", tensor, parts, place, num_split=2)
            whole = apply("ConcatV2", [behind, before], place)
            whole.set_shape(tensor.shape)
            tensor = whole
        return tensor


def fftshift(x: TensorLike, axes: Any = None, name: str | None = None) -> Tensor:
    """Move the frequency 0 to the center.

    Parameters
    ----------
    x : TensorLike
        Frequencies.
    axes : int or list of int, optional
        The dimensions; by default all.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the same shape and dtype.

    Raises
    ------
    ValueError
        The rank is not known and no axes are given, or an axis is out of range.
    """
    return _moved(x, axes, name, "fftshift", back=False)


def ifftshift(x: TensorLike, axes: Any = None, name: str | None = None) -> Tensor:
    """Move the frequency 0 from the center to the beginning again.

    Parameters
    ----------
    x : TensorLike
        Frequencies.
    axes : int or list of int, optional
        The dimensions; by default all.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the same shape and dtype.

    Raises
    ------
    ValueError
        The rank is not known and no axes are given, or an axis is out of range.
    """
    return _moved(x, axes, name, "ifftshift", back=True)
