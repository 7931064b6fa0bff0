"""Functions of ``tf.compat``: text and bytes, dimensions, and the date that new operations may be used from."""

from __future__ import annotations

import codecs
import contextlib
import datetime as dt
import numbers
import os
from collections.abc import Iterator

import numpy as np

from hdfsaver.shapes import Dimension, TensorShape

bytes_or_text_types = (bytes, str)
complex_types = (numbers.Complex, np.number)
integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)

_horizon = dt.date(2026, 1, 16)
"""The date of the TensorFlow release whose operations are here, which is 2.21."""


def as_bytes(bytes_or_text: bytes | bytearray | str, encoding: str = "utf-8") -> bytes:
    """Text as bytes; bytes unchanged.

    Raises
    ------
    TypeError
        The value is neither.
    LookupError
        The encoding is unknown.
    """
    codecs.lookup(encoding)  # also where it is not needed, as in TensorFlow
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes | bytearray):
        return bytes(bytes_or_text)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text: bytes | str, encoding: str = "utf-8") -> str:
    """Bytes as text; text unchanged.

    Raises
    ------
    TypeError
        The value is neither.
    LookupError
        The encoding is unknown.
    """
    codecs.lookup(encoding)
    if isinstance(bytes_or_text, str):
        return str(bytes_or_text)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value: object, encoding: str = "utf-8") -> str:
    """Any value as text: bytes are decoded, other values are given to `str`."""
    return as_str(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path: str | os.PathLike[str]) -> str:
    """A path as text; a value that is not a path is returned unchanged, as in TensorFlow."""
    if not hasattr(path, "__fspath__"):
        return path
    return as_str_any(os.fspath(path))


def dimension_value(dimension: Dimension | int | None) -> int | None:
    """The number of a dimension; None for an unknown one. A number is returned unchanged."""
    return dimension.value if isinstance(dimension, Dimension) else dimension


def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """A dimension of a shape; an unknown one where the rank is unknown.

    Raises
    ------
    IndexError
        The shape has fewer dimensions.
    """
    return Dimension(None) if shape.dims is None else shape.dims[index]


def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether operations that TensorFlow had at a date may be used: those of TensorFlow 2.21 may.

    Parameters
    ----------
    year, month, day : int
        The date.

    Returns
    -------
    bool
        Whether the date is before that of TensorFlow 2.21, or of the enclosing `forward_compatibility_horizon`.
    """
    return _horizon > dt.date(year, month, day)


@contextlib.contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Iterator[None]:
    """Within a ``with`` block, let `forward_compatible` answer as on that date.

    Parameters
    ----------
    year, month, day : int
        The date.

    Yields
    ------
    None
        Nothing.
    """
    global _horizon  # noqa: PLW0603, one for the whole process, as in TensorFlow
    before, _horizon = _horizon, dt.date(year, month, day)
    try:
        yield
    finally:
        _horizon = before
