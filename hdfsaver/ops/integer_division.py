"""Divisions that refuse to divide an integer by zero."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import REALS, Kernel, Node
from hdfsaver.ops.base import Binary, invalid
from hdfsaver.tensor_info import Array


class IntegerDivision(Binary):
    """A division that raises an error where an integer is divided by zero."""

    types = {"T": REALS}

    def kernel(self, node: Node) -> Kernel:
        divide_unchecked = type(self).ufunc
        if not dtypes.as_dtype(node.attrs["T"]).is_integer:
            return divide_unchecked

        def divide_checked(x: Array, y: Array) -> Array:
            is_divisible = bool(y) if y.ndim == 0 else y.all()
            if not is_divisible and np.size(x):  # of nothing there is no quotient that could be wrong
                raise invalid("Integer division by zero.")
            quotient: Array = divide_unchecked(x, y)
            return quotient

        return divide_checked
