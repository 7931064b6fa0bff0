"""Kernels at the edges of dtypes: NaN, infinities, zeros of both signs, the greatest numbers, empty arrays.

A case is a type, its inputs and its attributes. `make_edges.py` records TensorFlow, `test_edges.py` compares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

Array = Any


class Edge(NamedTuple):
    """One call of an operation."""

    op_type: str
    inputs: tuple[Any, ...]
    attrs: Mapping[str, Any] = MappingProxyType({})


FLOATS = ("float16", "bfloat16", "float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGERS = SIGNED + UNSIGNED
COMPLEX = ("complex64", "complex128")
NUMBERS = FLOATS + INTEGERS + COMPLEX


def dtype_of(name: str) -> Any:
    """The dtype of NumPy."""
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def values(dtype: str) -> Array:
    """The edges of a dtype, and a few numbers between them."""
    target = dtype_of(dtype)
    if dtype in FLOATS:
        greatest = float(ml_dtypes.finfo(target).max)
        listed = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 7.25, greatest, -greatest]
        return np.array(listed).astype(target)
    if dtype in INTEGERS:
        info = np.iinfo(target)
        low = [info.min, info.min + 1, -7, -2, -1] if info.min else []
        return np.array([*low, 0, 1, 2, 3, 7, info.max - 1, info.max], target)
    if dtype in COMPLEX:
        return np.array([0, 1, -1, 1j, 0.5 - 2j, -3 + 0.25j], target)
    return np.array([False, True])


def moderate(dtype: str) -> Array:
    """The values of a dtype without its greatest, whose reciprocals TensorFlow makes 0."""
    return values(dtype)[:-2] if dtype in FLOATS else values(dtype)


def pairs(dtype: str) -> tuple[Array, Array]:
    """All pairs of edges, as a column and a row that are broadcast."""
    found = values(dtype)
    return found[:, None], found[None, :]


def quotients(dtype: str) -> tuple[Array, Array]:
    """Pairs without a division by zero, and without the one quotient that is out of range."""
    x, y = pairs(dtype)
    if dtype not in INTEGERS:
        return x, y
    return x[1:] if dtype in SIGNED else x, y[y != 0][None, :]


OF_FLOATS = (
    "Sqrt Rsqrt Reciprocal Exp Expm1 Log Log1p Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Erf Erfc "
    "Lgamma Digamma Floor Ceil Rint Round IsNan IsInf IsFinite Relu Relu6 LeakyRelu Elu Selu Softplus Softsign Sigmoid "
    "Neg Abs Sign Square L2Loss Ndtri"
)
OF_SIGNED = "Neg Abs Sign Square Relu Relu6 Invert OnesLike ZerosLike Round"
OF_UNSIGNED = "Square Invert OnesLike ZerosLike"
OF_COMPLEX = "Neg Sign Square Sqrt Rsqrt Reciprocal Exp Expm1 Log Log1p Sin Cos Tan Tanh Sinh Cosh Sigmoid Conj"
BINARY = "AddV2 Sub Mul Maximum Minimum Equal NotEqual Less LessEqual Greater GreaterEqual SquaredDifference"
OF_PAIRS = "RealDiv Div DivNoNan FloorDiv FloorMod Pow"
OF_PAIRS_ALIKE = "ReluGrad Relu6Grad LeakyReluGrad SoftplusGrad SigmoidGrad TanhGrad SqrtGrad RsqrtGrad ReciprocalGrad"
QUOTIENTS = "FloorDiv FloorMod Div DivNoNan"
BITS = "BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift"
SINGLE = {"Ndtri": ("float32", "float64")}


def elementwise() -> Iterator[Edge]:
    """Functions of one number, and of two."""
    for names, dtypes in ((OF_FLOATS, FLOATS), (OF_SIGNED, SIGNED), (OF_UNSIGNED, UNSIGNED), (OF_COMPLEX, COMPLEX)):
        for name in names.split():
            for dtype in SINGLE.get(name, dtypes):
                yield Edge(name, (values(dtype),))
    for name in BINARY.split():
        for dtype in (*FLOATS, *INTEGERS, *(COMPLEX if name in ("AddV2", "Sub", "Mul", "Equal", "NotEqual") else ())):
            yield Edge(name, pairs(dtype))


def divisions() -> Iterator[Edge]:
    """Functions of two numbers that divide, and derivatives."""
    for name in OF_PAIRS.split():
        for dtype in FLOATS:
            found = moderate(dtype)
            yield Edge(name, (found[:, None], found))
    for name in OF_PAIRS_ALIKE.split():
        for dtype in FLOATS:
            found = moderate(dtype)
            yield Edge(name, tuple(np.broadcast_arrays(found[:, None], found)))
    for name in QUOTIENTS.split():
        for dtype in INTEGERS:
            yield Edge(name, quotients(dtype))
            yield Edge(name, (values(dtype), np.zeros((), dtype)))


def whole_numbers() -> Iterator[Edge]:
    """Functions of two integers."""
    for name in BITS.split():
        for dtype in INTEGERS:
            yield Edge(name, pairs(dtype))
    for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        x, y = pairs(dtype)
        yield Edge("Pow", (x, y[(y >= 0) & (y < 8)][None, :]))


def casts() -> Iterator[Edge]:
    """From each dtype to each other.

    What becomes of a float that an integer cannot hold depends in TensorFlow on its place in the array, except for
    int32 and int64.
    """
    for source in (*NUMBERS, "bool"):
        for target in (*NUMBERS, "bool"):
            x = values(source)
            if source in FLOATS and target in set(INTEGERS) - {"int32", "int64"}:
                info = np.iinfo(target)
                x = x[(x.astype(float) >= info.min) & (x.astype(float) <= min(info.max, 1e4))]
            if source != target:
                yield Edge("Cast", (x,), {"DstT": target})


def reductions() -> Iterator[Edge]:
    """Along whole tensors, along empty axes, and of nothing."""
    for name in ("Sum", "Prod", "Max", "Min", "Mean", "EuclideanNorm"):
        for dtype in (*FLOATS, *INTEGERS):
            if name == "EuclideanNorm" and dtype not in ("float32", "float64"):
                continue
            each = values(dtype)
            for x in (np.stack([each, np.roll(each, 1), each[::-1]]), np.zeros((0, 3), each.dtype)):
                yield Edge(name, (x, np.int32([0])), {"keep_dims": False})
            yield Edge(name, (np.zeros((2, 0), each.dtype), np.int32([1])), {"keep_dims": True})
            yield Edge(name, (each, np.int32([])), {"keep_dims": False})


def places_and_runs() -> Iterator[Edge]:
    """Places of extremes, running sums and products."""
    for name in ("ArgMax", "ArgMin"):
        for dtype in (*FLOATS, *INTEGERS):
            each = values(dtype)
            x = np.stack([np.roll(each, place) for place in (0, 1, 2, 5)] + [np.full_like(each, each[0])])
            yield Edge(name, (x, np.int32(1)))
            yield Edge(name, (np.zeros((0, 3), each.dtype), np.int32(1)))
            yield Edge(name, (np.zeros((0, 3), each.dtype), np.int32(0)))
    for name in ("Cumsum", "Cumprod"):
        for dtype in (*FLOATS, *INTEGERS):
            each = moderate(dtype)[::-1]
            for exclusive in (False, True):
                yield Edge(name, (each, np.int32(0)), {"exclusive": exclusive, "reverse": exclusive})
            yield Edge(name, (each[:0], np.int32(0)))
    for name in ("All", "Any"):
        yield Edge(name, (np.zeros((2, 0), bool), np.int32([1])))
        yield Edge(name, (np.array([[True, False], [True, True]]), np.int32([0])))


def segments() -> Iterator[Edge]:
    """Segments of which some are empty."""
    for dtype in (*FLOATS, *INTEGERS):
        x = np.stack([np.roll(values(dtype), place) for place in range(4)])
        yield Edge("UnsortedSegmentSum", (x, np.int32([3, -1, 0, 3]), np.int32(5)))
        yield Edge("UnsortedSegmentSum", (x[:0], np.int32([]), np.int32(2)))


def orders() -> Iterator[Edge]:
    """What is in order, found, chosen and counted."""
    for dtype in (*FLOATS, *INTEGERS):
        each = values(dtype)
        yield Edge("TopKV2", (np.tile(each[each == each], 2), np.int32(5)), {"sorted": True})
        yield Edge("TopKV2", (each[:0], np.int32(0)), {"sorted": True})
        yield Edge("InvertPermutation", (np.int32([]),))
        yield Edge("Unique", (np.tile(each[5:], 2),), {"out_idx": "int32"})
        yield Edge("Unique", (each[:0],), {"out_idx": "int64"})
        yield Edge("SelectV2", (each[:, None] == each, each, each[::-1]))
        if dtype != "float16":
            yield Edge("Where", (np.stack([each, each[::-1]]),))
        yield Edge("LowerBound", (np.sort(each[1:])[None], each[1:][None]))
        yield Edge("AddN", ([each, each[::-1], each],))
        yield Edge("GatherV2", (each[:0], np.int32([]), np.int32(0)))
        yield Edge("ConcatV2", ([each[:0], each], np.int32(0)))
        yield Edge("Tile", (each, np.int32([0])))
    for dtype in ("float32", "float64", "int32", "int64", "int8", "bool", "complex64"):
        yield Edge("AsString", (values(dtype),))
    for indices in ([0, 2, -1, 3], []):
        yield Edge("OneHot", (np.int64(indices), np.int32(3), np.float32(np.inf), np.float32(np.nan)))


def networks() -> Iterator[Edge]:
    """Softmax, losses, products and pools."""
    for dtype in FLOATS:
        each = values(dtype)
        finite = each[np.isfinite(each.astype(float))]
        rows = np.stack([each[3:10], each[2:9], np.roll(each, -6)[:7], finite[:7]])
        for name in ("Softmax", "LogSoftmax"):
            yield Edge(name, (rows,))
            yield Edge(name, (rows[:0],))
            yield Edge(name, (rows[:, :0],))
        labels = np.full_like(rows, 1 / 8)
        yield Edge("SoftmaxCrossEntropyWithLogits", (rows, labels))
        yield Edge("SoftmaxCrossEntropyWithLogits", (rows[:0], labels[:0]))
        yield Edge("SparseSoftmaxCrossEntropyWithLogits", (rows, np.int64([0, 6, 2, 3])))
        yield Edge("SparseSoftmaxCrossEntropyWithLogits", (rows, np.int64([0, 7, 2, -1])))
        if dtype == "float32":
            yield Edge("InTopKV2", (rows, np.int32([0, 6, 2, 3]), np.int32(2)))
        yield Edge("MatMul", (rows[:, :0], rows[:0]))
        yield Edge("MatMul", (rows[:0], rows.T))
        yield Edge("BatchMatMulV2", (rows[:, :0], rows[:0]))
        yield Edge("BiasAdd", (rows, rows[0]))
        yield Edge("BiasAddGrad", (rows[:0],))
        yield Edge("L2Loss", (rows[:0],))
        image = rows[None, :, :, None]
        window = {"ksize": [1, 2, 2, 1], "strides": [1, 1, 2, 1]}
        image = np.where(np.abs(image.astype(float)) < 1e3, image, 4).astype(each.dtype)
        for padding in ("SAME", "VALID"):
            yield Edge("AvgPool", (image,), {**window, "padding": padding})
            yield Edge("MaxPool", (image,), {**window, "padding": padding})
        yield Edge("Conv2D", (image[:0], image[:, :2].reshape(7, 2, 1, 1)), {"strides": [1] * 4, "padding": "SAME"})
    for dtype in INTEGERS:
        each = values(dtype)
        if dtype in ("int16", "int32", "int64"):
            yield Edge("MatMul", (each[:, None], each[None, :]))
        yield Edge("BiasAdd", (np.stack([each, each]), each))


def special() -> Iterator[Edge]:
    """Special functions of one to three numbers."""
    for dtype in FLOATS:
        each = moderate(dtype)
        for name in ("Acosh", "Asinh", "Atanh"):
            yield Edge(name, (each,))
        for name in ("Atan2", "Xlogy", "Xlog1py", "Xdivy", "MulNoNan"):
            yield Edge(name, (each[:, None], each))
    for dtype in COMPLEX:
        each = values(dtype)
        for name in ("Acosh", "Asinh", "Atanh"):
            yield Edge(name, (each[4:],))
        yield Edge("Angle", (each,), {"Tout": "float32" if dtype == "complex64" else "float64"})
        for name in ("Xlogy", "Xdivy"):
            yield Edge(name, (each[:, None], each[1:]))
    for dtype in ("float32", "float64"):
        each = moderate(dtype)
        for name in ("Erfinv", "BesselI0", "BesselI1", "BesselI0e", "BesselI1e"):
            yield Edge(name, (each,))
        near = np.concatenate([each[each != -2.5], np.array([np.nan, 1e-3, 0.2, 4, 9.5, 20], dtype)])
        for name in ("NextAfter", "Zeta", "Polygamma", "Igamma", "Igammac", "IgammaGradA"):
            yield Edge(name, (near[:, None], near))
        some = np.array([np.nan, -1, 0, 0.25, 1, 3, 9], dtype)
        share = np.array([np.nan, -0.5, 0, 0.125, 0.5, 0.875, 1, 2], dtype)
        grid = np.broadcast_arrays(some[:, None, None], some[:, None], share)
        yield Edge("Betainc", tuple(np.array(part) for part in grid))
        yield Edge("Betainc", (np.array(2, dtype), np.array(3, dtype), share))


def remainders_and_runs() -> Iterator[Edge]:
    """Remainders towards zero, and running logarithms of sums."""
    for dtype in FLOATS:
        each, x = moderate(dtype), np.array([1, -2, 3, 0.5], dtype_of(dtype))
        for turned in (False, True):
            yield Edge("CumulativeLogsumexp", (x, np.int32(0)), {"exclusive": turned, "reverse": turned})
            yield Edge("CumulativeLogsumexp", (x[:0], np.int32(0)), {"exclusive": turned, "reverse": turned})
        yield Edge("CumulativeLogsumexp", (np.array([-np.inf, 1, np.inf, 2, np.nan, 1], x.dtype), np.int32(-1)))
        yield Edge("TruncateMod", (each[:, None], each))
    for dtype in ("int32", "int64"):
        yield Edge("TruncateMod", quotients(dtype))


FAMILIES = (
    elementwise,
    divisions,
    whole_numbers,
    casts,
    reductions,
    places_and_runs,
    segments,
    orders,
    networks,
    special,
)


def cases() -> dict[str, Edge]:
    """All cases by a name: type, dtype and number."""
    found: dict[str, Edge] = {}
    counts: Counter[str] = Counter()
    for family in FAMILIES:
        for edge in family():
            first = edge.inputs[0][0] if isinstance(edge.inputs[0], list) else edge.inputs[0]
            name = " ".join([edge.op_type, first.dtype.name, *map(str, edge.attrs.values())])
            counts[name] += 1
            found[f"{name} {counts[name]}"] = edge
    return found
