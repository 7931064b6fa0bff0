"""Calls and cases of sets, special functions, transforms and further functions of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list

Call = Callable[..., Any]

PLACES = np.array([[0, 0], [1, 0], [1, 2]], np.int64)
SHAPE = [2, 3]

SETS = ("DenseToDenseSetOperation", "DenseToSparseSetOperation", "SparseToSparseSetOperation", "SetSize")

CALLS: dict[str, Call] = {
    "DenseToDenseSetOperation": lambda x: apply_list("DenseToDenseSetOperation", x, x[:, :2], set_operation=b"a-b"),
    "DenseToSparseSetOperation": lambda x: apply_list(
        "DenseToSparseSetOperation", x, PLACES, x[0], SHAPE, set_operation=b"union"
    ),
    "SparseToSparseSetOperation": lambda x: apply_list(
        "SparseToSparseSetOperation", PLACES, x[0], SHAPE, PLACES, x[1], SHAPE, set_operation=b"b-a"
    ),
    "SetSize": lambda x: apply("SetSize", PLACES, x[0], SHAPE),
}
"""Of each operation a call; the tensor has shape (2, 3)."""

OPEN = SETS
"""Operations whose shapes depend on values."""

CASES: list[tuple[str, Call, tuple[Any, ...], int]] = []
"""Of each derivative the operation, a function, its inputs, and how often it is differentiable."""
