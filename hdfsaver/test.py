"""TensorFlow's ``tf.test``, as far as it is about derivatives."""

from __future__ import annotations

from hdfsaver.testing.gradient_checker import compute_gradient, compute_gradient_error

__all__ = ["compute_gradient", "compute_gradient_error"]


def __dir__() -> list[str]:
    return __all__
