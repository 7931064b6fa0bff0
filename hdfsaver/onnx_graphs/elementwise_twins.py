"""Numbers element by element: arithmetic, elementary functions, rounding, casts."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError, onnx_type
from hdfsaver.onnx_graphs.twins import Given, check_float, twin

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})

SAME = {
    "Abs": "Abs",
    "Acos": "Acos",
    "Acosh": "Acosh",
    "Add": "Add",
    "AddV2": "Add",
    "Asin": "Asin",
    "Asinh": "Asinh",
    "Atan": "Atan",
    "Atanh": "Atanh",
    "BitwiseAnd": "BitwiseAnd",
    "BitwiseOr": "BitwiseOr",
    "BitwiseXor": "BitwiseXor",
    "Ceil": "Ceil",
    "Cos": "Cos",
    "Cosh": "Cosh",
    "Div": "Div",
    "Erf": "Erf",
    "Exp": "Exp",
    "Floor": "Floor",
    "Inv": "Reciprocal",
    "Invert": "BitwiseNot",
    "Log": "Log",
    "Maximum": "Max",
    "Minimum": "Min",
    "Mul": "Mul",
    "Neg": "Neg",
    "Pow": "Pow",
    "RealDiv": "Div",
    "Reciprocal": "Reciprocal",
    "Rint": "Round",
    "Sigmoid": "Sigmoid",
    "Sign": "Sign",
    "Sin": "Sin",
    "Sinh": "Sinh",
    "Sqrt": "Sqrt",
    "Sub": "Sub",
    "Tan": "Tan",
    "Tanh": "Tanh",
    "TruncateDiv": "Div",
}
"""Operations for which there is an ONNX operator that does the same."""

_NEAR_0 = 0.5
"""Below it, log(1 + x) and exp(x) - 1 would lose digits."""


def same(onnx: str, op: Given, to: Emitter) -> str:
    """One node with all inputs."""
    return to.add(onnx, *op.all())


for _type, _onnx in SAME.items():
    twin(_type)(partial(same, _onnx))


def scalar(op: Given, to: Emitter, value: float) -> str:
    """A number as a constant of the dtype of the first input."""
    return to.constant(np.asarray(value, dtypes.numpy_dtype(op.dtypes[0])))


@twin("Round")
def rounded(op: Given, to: Emitter) -> str:
    """To the nearest even number; integers are unchanged."""
    return to.add("Round", op[0]) if op.dtypes[0] in FLOATS else op[0]


@twin("BiasAdd")
def bias_add(op: Given, to: Emitter) -> str:
    """A number for each channel, which is the last axis or the second one."""
    bias = op[1]
    if op.attrs.get("data_format") == b"NCHW":
        bias = to.reshape(bias, [-1] + [1] * (op.rank() - 2))
    return to.add("Add", op[0], bias)


@twin("AddN")
def add_all(op: Given, to: Emitter) -> str:
    """The sum of several values of one shape."""
    check_float(op) if len(op) > 2 else None
    return op[0] if len(op) == 1 else to.add("Sum" if op.dtypes[0] in FLOATS else "Add", *op.all())


@twin("Square")
def square(op: Given, to: Emitter) -> str:
    """x * x."""
    return to.add("Mul", op[0], op[0])


@twin("Rsqrt")
def rsqrt(op: Given, to: Emitter) -> str:
    """1 / sqrt(x)."""
    return to.add("Reciprocal", to.add("Sqrt", op[0]))


@twin("SquaredDifference")
def squared_difference(op: Given, to: Emitter) -> str:
    """The square of x - y."""
    difference = to.add("Sub", op[0], op[1])
    return to.add("Mul", difference, difference)


@twin("Erfc")
def erfc(op: Given, to: Emitter) -> str:
    """1 - erf(x), which loses digits where erf(x) is nearly 1."""
    return to.add("Sub", scalar(op, to, 1), to.add("Erf", op[0]))


@twin("Log1p")
def log1p(op: Given, to: Emitter) -> str:
    """log(1 + x), exact also for a small x."""
    x, one = op[0], scalar(op, to, 1)
    whole = to.add("Add", x, one)
    change = to.add("Sub", whole, one)
    exact = to.add("Mul", to.add("Log", whole), to.add("Div", x, change))
    small = to.add("Less", to.add("Abs", x), scalar(op, to, _NEAR_0))
    exact = to.add("Where", to.add("Equal", whole, one), x, exact)
    return to.add("Where", small, exact, to.add("Log", whole))


@twin("Expm1")
def expm1(op: Given, to: Emitter) -> str:
    """exp(x) - 1, exact also for a small x: 2 t / (1 - t) with t = tanh(x / 2)."""
    x, one, two = op[0], scalar(op, to, 1), scalar(op, to, 2)
    tanh = to.add("Tanh", to.add("Div", x, two))
    exact = to.add("Div", to.add("Mul", two, tanh), to.add("Sub", one, tanh))
    small = to.add("Less", to.add("Abs", x), scalar(op, to, _NEAR_0))
    return to.add("Where", small, exact, to.add("Sub", to.add("Exp", x), one))


@twin("DivNoNan")
def div_no_nan(op: Given, to: Emitter) -> str:
    """x / y, and 0 where y is 0."""
    zero = scalar(op, to, 0)
    return to.add("Where", to.add("Equal", op[1], zero), zero, to.add("Div", op[0], op[1]))


@twin("Xdivy")
def xdivy(op: Given, to: Emitter) -> str:
    """x / y, and 0 where x is 0."""
    zero = scalar(op, to, 0)
    return to.add("Where", to.add("Equal", op[0], zero), zero, to.add("Div", op[0], op[1]))


@twin("Xlogy")
def xlogy(op: Given, to: Emitter) -> str:
    """x * log(y), and 0 where x is 0."""
    zero = scalar(op, to, 0)
    return to.add("Where", to.add("Equal", op[0], zero), zero, to.add("Mul", op[0], to.add("Log", op[1])))


@twin("FloorDiv")
def floor_div(op: Given, to: Emitter) -> str:
    """The quotient, rounded down."""
    quotient = to.add("Div", op[0], op[1])
    if op.dtypes[0] in FLOATS:
        return to.add("Floor", quotient)
    if op.dtypes[0].startswith("uint"):
        return quotient
    rest = to.add("Sub", op[0], to.add("Mul", quotient, op[1]))
    return to.add("Sub", quotient, to.cast(_other_sign(op, to, rest), "bool", op.dtypes[0]))


def _other_sign(op: Given, to: Emitter, rest: str) -> str:
    """Where a rest is not 0 and has another sign than the divisor."""
    zero = scalar(op, to, 0)
    differ = to.add("Xor", to.add("Less", rest, zero), to.add("Less", op[1], zero))
    return to.add("And", differ, to.add("Not", to.add("Equal", rest, zero)))


@twin("FloorMod", "Mod")
def floor_mod(op: Given, to: Emitter) -> str:
    """The rest of a division, with the sign of the divisor."""
    if op.type == "Mod":  # TensorFlow's rest has the sign of the number that is divided
        return to.add("Mod", op[0], op[1], fmod=1)
    if op.dtypes[0] not in FLOATS:
        return to.add("Mod", op[0], op[1])
    rest = to.add("Mod", op[0], op[1], fmod=1)
    return to.add("Where", _other_sign(op, to, rest), to.add("Add", rest, op[1]), rest)


@twin("TruncateMod")
def truncate_mod(op: Given, to: Emitter) -> str:
    """The rest of a division, with the sign of the number that is divided."""
    return to.add("Mod", op[0], op[1], fmod=1)


@twin("LeftShift", "RightShift")
def shift(op: Given, to: Emitter) -> str:
    """Bits moved; ONNX has that for unsigned integers."""
    if not op.dtypes[0].startswith("uint"):
        raise NoTwinError(f"ONNX shifts the bits of unsigned integers alone, not of {op.dtypes[0]}")
    return to.add("BitShift", op[0], op[1], direction=b"LEFT" if op.type == "LeftShift" else b"RIGHT")


@twin("ClipByValue")
def clip(op: Given, to: Emitter) -> str:
    """Between two bounds, which may be arrays."""
    return to.add("Max", to.add("Min", op[0], op[2]), op[1])


@twin("Cast")
def cast(op: Given, to: Emitter) -> str:
    """Another dtype."""
    if "string" in (op.dtypes[0], op.dtypes_out[0]):
        raise NoTwinError("a cast of strings")
    return to.add("Cast", op[0], to=onnx_type(op.dtypes_out[0]))


@twin("ZerosLike", "OnesLike")
def filled_like(op: Given, to: Emitter) -> str:
    """Zeros or ones of the shape of the input."""
    value: Any = np.full(1, op.type == "OnesLike", dtypes.numpy_dtype(op.dtypes[0]))
    return to.add("ConstantOfShape", to.add("Shape", op[0]), value=value)


@twin("Cumsum")
def cumsum(op: Given, to: Emitter) -> str:
    """Sums along an axis."""
    axis = op.needed(1, "axis")
    flags = {"exclusive": int(op.attrs.get("exclusive", False)), "reverse": int(op.attrs.get("reverse", False))}
    return to.add("CumSum", op[0], to.constant(np.asarray(axis, np.int64)), **flags)
