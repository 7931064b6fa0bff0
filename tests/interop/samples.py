"""Values that TensorFlow has saved for these tests, and the tests compare: the same numbers each time they are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

GOLDEN = Path(__file__).parent / "golden"

NUMBERS = [
    *("float32", "float64", "int32", "uint8", "int16", "int8", "complex64", "int64", "bool", "bfloat16", "uint16"),
    *("complex128", "float16", "uint32", "uint64", "float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz"),
    *("float8_e4m3b11fnuz", "float8_e5m2fnuz", "int4", "uint4"),
]
"""TensorFlow's names of the dtypes of numbers, in the order of their numbers there."""

QUANTIZED = {"qint8": np.int8, "quint8": np.uint8, "qint16": np.int16, "quint16": np.uint16, "qint32": np.int32}

NOT_IN_V1 = {"uint32", "uint64", "bfloat16", "int4", "uint4", *(name for name in NUMBERS if name.startswith("float8"))}
"""Dtypes that TensorFlow cannot write as V1."""


def numbers(name: str) -> np.ndarray:
    """Bits of a dtype, none of which is a NaN, of shape (2, 3)."""
    dtype = np.dtype(getattr(ml_dtypes, name, None) or ("?" if name == "bool" else name))
    codes = np.arange(6 * dtype.itemsize, dtype=np.uint8) % {"bool": 2, "int4": 7, "uint4": 16}.get(name, 64)
    return codes.view(dtype).reshape(2, 3)


def every_dtype() -> dict[str, Any]:
    """A tensor of every dtype of numbers, texts, and shapes and names that are out of the ordinary."""
    texts = np.array([[b"a\0", b""], [b"\xff\xfe", b"hello" * 30]], dtype=object)
    return {name: numbers(name) for name in NUMBERS} | {
        "text": texts,
        "text/scalar": np.array(b"one", dtype=object),
        "scalar": np.array(3, dtype=np.float32),
        "empty": np.zeros((0, 3), dtype=np.float32),
        "beta": np.ones(3, dtype=np.float32),
        "beta/Adam": np.zeros(3, dtype=np.float32),
        "größe": np.arange(3, dtype=np.int64),
    }


def quantized() -> dict[str, Any]:
    """A tensor of every quantized dtype, as plain integers."""
    return {name: np.array([1, 2, 3], dtype=dtype) for name, dtype in QUANTIZED.items()}


def many() -> dict[str, Any]:
    """So many tensors that their index has several blocks."""
    return {f"layer_{number % 37}/block_{number}/kernel": np.full(3, number, np.float32) for number in range(9000)}


def partitioned() -> np.ndarray:
    """The variable ``part``, which is saved in three slices of rows."""
    return np.arange(60, dtype=np.float32).reshape(10, 6)


def grid() -> np.ndarray:
    """The tensor ``grid``, which is saved in four slices, cut along both dimensions."""
    return np.arange(35, dtype=np.int16).reshape(5, 7)


GRID_SLICES = ("5 7 0,2:0,3", "5 7 0,2:3,4", "5 7 2,3:0,3", "5 7 2,3:3,4")
"""How TensorFlow is told of the slices of ``grid``."""
