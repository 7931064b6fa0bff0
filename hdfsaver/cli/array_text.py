"""The values of an array as text."""

from __future__ import annotations

import numpy as np

from hdfsaver.tensor_info import Array

_SHOWN = 1000
"""Arrays of more elements are shown without their middle, as in NumPy."""


def lines(value: Array) -> list[str]:
    """The values of an array as NumPy shows them, without the middle of a large one."""
    with np.printoptions(threshold=_SHOWN):
        return str(value).split("\n")
