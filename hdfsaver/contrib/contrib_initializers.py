"""Initializers of ``tf.contrib.layers``: random numbers whose variance depends on the number of inputs and outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.sampling import random_uniform, truncated_normal

_MODES = ("FAN_IN", "FAN_OUT", "FAN_AVG")


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: DTypeLike = dtypes.float32
) -> Callable[..., Tensor]:
    """An initializer with variance ``2 / (inputs + outputs)`` (X. Glorot and Y. Bengio, 2010).

    Parameters
    ----------
    uniform : bool
        Whether the numbers have a uniform distribution rather than a truncated normal one.
    seed : int, optional
    dtype : DType
        Floating-point.

    Returns
    -------
    callable
        A function of a shape.

    Raises
    ------
    TypeError
        The dtype is not floating-point.
    """
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: DTypeLike = dtypes.float32,
) -> Callable[..., Tensor]:
    """An initializer with variance ``factor / n``; see also that of `hdfsaver`, which has other defaults.

    Parameters
    ----------
    factor : float
    mode : {"FAN_IN", "FAN_OUT", "FAN_AVG"}
        Whether n is the number of inputs, of outputs, or their mean.
    uniform : bool
        Whether the numbers have a uniform distribution rather than a truncated normal one.
    seed : int, optional
    dtype : DType
        Floating-point.

    Returns
    -------
    callable
        A function of a shape.

    Raises
    ------
    TypeError
        The dtype is not floating-point, or the mode is unknown.
    """
    own = _floating(dtype)
    if mode not in _MODES:
        raise TypeError(f"Unknown mode {mode!r} of an initializer: it is one of {', '.join(_MODES)}.")

    def initial(shape: Sequence[int], dtype: DTypeLike = own, partition_info: object = None) -> Tensor:
        dtype = _floating(dtype)
        sizes = [int(size) for size in shape]
        field = math.prod(sizes[:-2])
        inputs = field * (sizes[-2] if len(sizes) > 1 else sizes[-1] if sizes else 1)
        outputs = field * (sizes[-1] if sizes else 1)
        count = {"FAN_IN": inputs, "FAN_OUT": outputs, "FAN_AVG": (inputs + outputs) / 2}[mode]
        if uniform:
            limit = math.sqrt(3.0 * factor / count)
            return random_uniform(sizes, -limit, limit, dtype, seed=seed)
        # Without the numbers beyond two standard deviations the variance is smaller by this factor.
        return truncated_normal(sizes, 0.0, math.sqrt(1.3 * factor / count), dtype, seed=seed)

    return initial


def _floating(dtype: DTypeLike) -> Any:
    found = dtypes.as_dtype(dtype).base_dtype
    if not found.is_floating:
        raise TypeError(f"An initializer of random numbers is for floating-point dtypes, not {found.name}.")
    return found
