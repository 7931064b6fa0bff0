"""Calls and cases of sets, special functions, transforms and further functions of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list

Call = Callable[..., Any]

PLACES = np.array([[0, 0], [1, 0], [1, 2]], np.int64)
SHAPE = [2, 3]

UNARY = "Acosh Asinh Atanh Erfinv BesselI0 BesselI0e BesselI1 BesselI1e"
PAIRS = "Atan2 Xlogy Xlog1py Xdivy MulNoNan Igamma IgammaGradA Igammac RandomGammaGrad Zeta Polygamma NextAfter"
REMAINDERS = "TruncateMod Mod"

SETS = ("DenseToDenseSetOperation", "DenseToSparseSetOperation", "SparseToSparseSetOperation", "SetSize")

TRANSFORMS = ("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D")
LENGTHS = {"FFT": [3], "FFT2D": [2, 3], "FFT3D": [1, 2, 3]}


def of_frequencies(op_type: str) -> Call:
    """A transform of complex numbers."""
    return lambda x: apply(op_type, apply("ExpandDims", x, 0))


def of_reals(op_type: str, base: str) -> Call:
    """A transform of real numbers."""
    whole = {"float32": "complex64", "float64": "complex128"}
    return lambda x: apply(op_type, apply("ExpandDims", x, 0), LENGTHS[base], Tcomplex=whole[x.dtype.base_dtype.name])


def to_reals(op_type: str, base: str) -> Call:
    """A transform to real numbers."""
    return lambda x: apply(op_type, apply("ExpandDims", x, 0), LENGTHS[base], Treal=x.dtype.real_dtype.name)


CALLS: dict[str, Call] = {
    **{name: lambda x, name=name: apply(name, x) for name in UNARY.split()},
    **{name: lambda x, name=name: apply(name, x, x) for name in (PAIRS + " " + REMAINDERS).split()},
    "Betainc": lambda x: apply("Betainc", x, x[0, 0], x),
    "Einsum": lambda x: apply("Einsum", [x, x], equation=b"ij,kj->ik"),
    "Angle": lambda x: apply("Angle", x, Tout=x.dtype.real_dtype.name),
    **{name: of_frequencies(name) for name in TRANSFORMS},
    **{f"R{name}": of_reals(f"R{name}", name) for name in TRANSFORMS[:3]},
    **{f"IR{name}": to_reals(f"IR{name}", name) for name in TRANSFORMS[:3]},
    "CumulativeLogsumexp": lambda x: apply("CumulativeLogsumexp", x, 1, exclusive=True, reverse=True),
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

NUMBERS = np.random.default_rng(11).permutation(np.linspace(0.2, 0.9, 6)).reshape(2, 3)
"""Different numbers between 0 and 1."""

COMPLEX = NUMBERS + 1j * NUMBERS[::-1]


def of_one(op_type: str, x: Any, order: int = 2) -> tuple[str, Call, tuple[Any, ...], int]:
    """The case of an operation of one tensor."""
    return op_type, lambda x: apply(op_type, x), (x,), order


def of_two(op_type: str, x: Any, y: Any, order: int = 2) -> tuple[str, Call, tuple[Any, ...], int]:
    """The case of an operation of two tensors."""
    return op_type, lambda x, y: apply(op_type, x, y), (x, y), order


CASES: list[tuple[str, Call, tuple[Any, ...], int]] = [
    *[of_one(name, NUMBERS) for name in ("Asinh", "Atanh", "Erfinv", "Ndtri")],
    *[of_one(name, COMPLEX, 1) for name in ("Asinh", "Atanh", "Acosh")],
    ("Einsum", lambda x, y: apply("Einsum", [x, y], equation=b"ij,kj->ik"), (NUMBERS, NUMBERS[1:] + 1), 2),
    ("Einsum", lambda x, y: apply("Einsum", [x, y], equation=b"ij,k->j"), (NUMBERS, NUMBERS[1]), 2),
    *[of_one(name, NUMBERS + 1) for name in ("Acosh", "Digamma")],
    *[of_one(f"Bessel{name}", 4 * NUMBERS - 2.1) for name in ("I0", "I0e", "I1", "I1e")],
    *[of_two(name, NUMBERS, NUMBERS[1] + 0.2) for name in ("Atan2", "Xlogy", "Xlog1py", "Xdivy", "MulNoNan")],
    *[of_two(name, 3 * NUMBERS, NUMBERS[0] * 4, 1) for name in ("Igamma", "Igammac")],
    *[(name, of_frequencies(name), (COMPLEX,), 2) for name in TRANSFORMS],
    *[(f"R{name}", of_reals(f"R{name}", name), (NUMBERS,), 2) for name in TRANSFORMS[:3]],
    ("RFFT2D", of_reals("RFFT2D", "FFT2D"), (np.random.default_rng(5).uniform(-1, 1, (3, 5)),), 1),
    ("RFFT", lambda x: apply("RFFT", x, [2], Tcomplex="complex128"), (NUMBERS,), 2),
    *[(f"IR{name}", to_reals(f"IR{name}", name), (COMPLEX,), 2) for name in TRANSFORMS[:3]],
    ("IRFFT", lambda x: apply("IRFFT", x, [4], Treal="float64"), (COMPLEX,), 2),
    ("NextAfter", lambda x: apply("NextAfter", x, apply("ZerosLike", x)), (NUMBERS,), 1),
    ("Zeta", lambda x: apply("Zeta", NUMBERS + 2, x), (NUMBERS[1],), 2),
    ("Polygamma", lambda x: apply("Polygamma", np.array([[1.0], [2.0]]), x), (NUMBERS[1] - 3,), 2),
    ("Betainc", lambda x: apply("Betainc", np.float64(0.7), np.float64(1.5), x), (NUMBERS,), 2),
    ("Betainc", lambda x: apply("Betainc", 2 * NUMBERS, 5 * NUMBERS, x), (np.float64(0.3),), 1),
    *[
        (
            "CumulativeLogsumexp",
            lambda x, reverse=reverse: apply("CumulativeLogsumexp", x, -1, reverse=reverse),
            (NUMBERS,),
            1,
        )
        for reverse in (False, True)
    ],
    (
        "Angle",
        lambda x: apply("Angle", apply("Complex", x, apply("Sin", x), Tout="complex128"), Tout="float64"),
        (NUMBERS,),
        1,
    ),
]
"""Of each derivative the operation, a function, its inputs, and how often it is differentiable."""
