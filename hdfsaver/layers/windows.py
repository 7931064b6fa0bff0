"""Arguments of layers with windows: sizes, padding, the place of the channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Sizes = int | Sequence[int]
"""A number for each axis of a window, or one for all."""


def sizes_of(value: Sizes, rank: int, argument: str) -> tuple[int, ...]:
    """A number for each axis.

    Parameters
    ----------
    value : int or sequence of int
    rank : int
        The number of axes.
    argument : str
        The name of the argument, for the message.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        There are too many or too few numbers, or one is not a positive integer.
    """
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iu" or numbers.shape not in ((), (rank,)) or (numbers < 1).any():
        raise ValueError(f"The argument {argument} must be a positive integer or {rank} of them, not {value!r}.")
    return tuple(np.broadcast_to(numbers, rank).tolist())


def checked_padding(padding: str, causal: bool = False) -> str:
    """The padding in lower case.

    Raises
    ------
    ValueError
        It is another word than ``"valid"``, ``"same"`` and, if that is allowed, ``"causal"``.
    """
    known = ("valid", "same", "causal") if causal else ("valid", "same")
    if not isinstance(padding, str) or padding.lower() not in known:
        raise ValueError(f"The padding must be one of {', '.join(map(repr, known))}, not {padding!r}.")
    return padding.lower()


def checked_format(data_format: str) -> str:
    """The place of the channels in lower case.

    Raises
    ------
    ValueError
        It is neither ``"channels_last"`` nor ``"channels_first"``.
    """
    if not isinstance(data_format, str) or data_format.lower() not in ("channels_last", "channels_first"):
        raise ValueError(f"The data_format must be 'channels_last' or 'channels_first', not {data_format!r}.")
    return data_format.lower()


def image_format(data_format: str) -> str:
    """The name that operations on images have for the place of the channels."""
    return "NCHW" if data_format == "channels_first" else "NHWC"


def volume_format(data_format: str) -> str:
    """The name that operations on volumes have for the place of the channels."""
    return "NCDHW" if data_format == "channels_first" else "NDHWC"


def transposed_length(length: Any, window: int, stride: int, padding: str) -> Any:
    """The length of an axis after a transposed convolution.

    Parameters
    ----------
    length : int or Tensor
    window, stride : int
    padding : {"valid", "same"}

    Returns
    -------
    int or Tensor
    """
    grown = length * stride
    return grown + max(window - stride, 0) if padding == "valid" else grown
