"""Products of matrices that several threads compute, of which only that of the run has subnormal numbers as 0.

The threads of OpenBLAS start with the process and keep their own modes; a run changes those of its own thread.
"""

from __future__ import annotations

import functools
import sys

import numpy as np

from hdfsaver.tensor_info import Array

_ONE_THREAD = 4096
"""OpenBLAS uses one thread where no factor and not the product has more elements: m * n * k is 64 cubed at most."""

_LEAST_NORMAL = sys.float_info.min


def as_in_one_thread(product: Array, a: Array, b: Array) -> Array:
    """A product with its subnormal numbers as this thread has them.

    Parameters
    ----------
    product : ndarray
        A new array, which is written on.
    a, b : ndarray
        Its factors, which are looked at for their sizes.

    Returns
    -------
    ndarray
        The product.
    """
    if product.size <= _ONE_THREAD >= a.size and b.size <= _ONE_THREAD:
        return product
    if not _LEAST_NORMAL * 0.5 and product.dtype.kind in "fc" and _others_keep_them():
        np.multiply(product, 1, out=product)
    return product


@functools.cache
def _others_keep_them() -> bool:
    """Whether other threads of the library keep what is 0 in this one."""
    factor = np.full((128, 128), 1e-21, np.float32)
    return bool(np.matmul(factor, factor).view(np.uint32).any())
