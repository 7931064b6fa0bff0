"""Programs about signals; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]

NUMBERS = np.random.default_rng(6).uniform(-1, 1, (2, 2, 3, 10)).astype(np.float32)


def in_a_graph(tf: Any) -> list[Any]:
    """Names and types of the operations that are made alone."""
    x = tf.constant(NUMBERS[0], tf.complex64)
    return [
        tf.fft(x),
        tf.ifft(x),
        tf.signal.fft2d(x),
        tf.spectral.ifft2d(x),
        tf.fft3d(x),
        tf.spectral.ifft3d(x, name="y"),
    ]


def transforms(tf: Any) -> list[Any]:
    """Transforms of real numbers, of several lengths, with derivatives."""
    x, found = tf.constant(NUMBERS), []
    y = tf.complex(x, x * x)
    signal = tf.signal
    calls = [(signal.rfft, signal.irfft, [8], [13]), (signal.rfft2d, signal.irfft2d, [3, 5], [4, 12])]
    calls += [(signal.rfft3d, signal.irfft3d, [2, 3, 8], [2, 3, 11])]
    for forward, back, shorter, longer in calls:
        for length in (None, shorter, longer):
            a, b = forward(x, length), back(y, length)
            found += [a, b]
            if forward is not signal.rfft3d and length is not shorter:  # where TensorFlow's derivatives are errors
                found += tf.gradients(tf.real(a) * tf.imag(a), x)
                found += tf.gradients(b * b, x) if length is None else []
    return found


def cosines(tf: Any) -> list[Any]:
    """Cosine transforms of all types, and their inverses."""
    x, found = tf.constant(NUMBERS[0, 0]), []
    for kind in (1, 2, 3, 4):
        for norm in (None, "ortho")[: 1 if kind == 1 else 2]:
            for n in (None, 6, 12):
                y = tf.signal.dct(x, type=kind, n=n, norm=norm)
                found += [y, tf.spectral.idct(x, type=kind, n=n, norm=norm), *tf.gradients(y * y, x)]
    return found


def frames(tf: Any) -> list[Any]:
    """Frames, windows and spectrograms."""
    x = tf.constant(NUMBERS[0])
    open_one = tf.placeholder_with_default(x, [None, 3, None])
    signal = tf.signal
    found = []
    for each in (x, open_one):
        found += [signal.frame(each, 4, 3), signal.frame(each, 4, 3, pad_end=True, pad_value=7.0)]
        found += [signal.frame(each, 2, 1, axis=1), signal.overlap_and_add(each, 4), signal.overlap_and_add(each, 12)]
        found += [signal.frame(each, 20, 3), signal.stft(each, 5, 2), signal.stft(each, 4, 2, 6, None, pad_end=True)]
        spectra = signal.stft(each, 6, 3)
        found += [signal.inverse_stft(spectra, 6, 3), signal.inverse_stft(spectra, 9, 3, 8)]
        window = signal.inverse_stft_window_fn(3)
        back = signal.inverse_stft(spectra, 6, 3, window_fn=window)
        found += [back, *tf.gradients(back * back, each), signal.mfccs_from_log_mel_spectrograms(each)]
        found += [signal.fftshift(each), signal.ifftshift(each, [1, 2]), signal.fftshift(each, 2)]
    for length in (1, 4, 5):
        for periodic in (False, True):
            found += [signal.hann_window(length, periodic), signal.hamming_window(length, periodic, tf.float64)]
    return [
        *found,
        signal.linear_to_mel_weight_matrix(dtype=tf.float64),
        signal.linear_to_mel_weight_matrix(5, 17, 16000, 50.0, 7000.0),
    ]


PROGRAMS: dict[str, Program] = {"transforms in a graph": in_a_graph}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {"transforms": transforms, "cosines": cosines, "frames": frames}
"""Programs whose results are TensorFlow's."""
