"""Signals that do not fit a transform are refused, as in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: apply("RFFT", [1.0, 2.0], [3]), "must have length of at least"),
        (lambda: apply("IRFFT", tf.constant([1j], tf.complex64), [4]), "must have length of at least"),
        (lambda: apply("RFFT", [1.0], tf.placeholder_with_default([-1], [1])), "fft_length must be >= 0"),
        (lambda: tf.fft2d(tf.placeholder_with_default(tf.constant([1j], tf.complex64), None)), "rank of at least 2"),
    ],
)
def test_what_does_not_fit(make: Callable[[], Any], text: str) -> None:
    """The run says what is wrong, in TensorFlow's class."""
    with pytest.raises(tf.errors.InvalidArgumentError) as caught, tf.Session() as session:
        session.run(make())
    assert text in caught.value.message.splitlines()[0]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: tf.signal.rfft([1j]), ValueError),
        (lambda: tf.signal.irfft(tf.constant([1.0])), ValueError),
        (lambda: tf.signal.rfft2d([1.0]), ValueError),
        (lambda: tf.signal.dct([1.0], axis=0), NotImplementedError),
        (lambda: tf.signal.dct([1.0], type=5), ValueError),
        (lambda: tf.signal.dct([1.0, 2.0], type=1, norm="ortho"), ValueError),
        (lambda: tf.signal.hann_window(3, dtype=tf.int32), ValueError),
        (lambda: tf.signal.overlap_and_add([1.0], 1), ValueError),
        (lambda: tf.signal.linear_to_mel_weight_matrix(sample_rate=100), ValueError),
        (lambda: tf.signal.frame(1.0, 1, 1), ValueError),
    ],
)
def test_what_is_refused_at_once(make: Callable[[], Any], error: type[Exception]) -> None:
    """Dtypes, ranks and numbers are looked at while the graph is built."""
    with pytest.raises(error):
        make()


def test_nothing_is_transformed() -> None:
    """Empty signals have no frequencies, and nothing of no length is nothing."""
    empty = tf.zeros([2, 0])
    made = [tf.signal.rfft(empty), tf.fft(tf.complex(empty, empty)), tf.signal.rfft([1.0], [0])]
    assert [(2, 0), (2, 0), (0,)] == [value.shape for value in tf.Session().run(made)]
