"""``tf.math``: arithmetic and other functions of numbers."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.assertions.comparisons import is_non_decreasing, is_strictly_increasing
from hdfsaver.ops.activations import (
    log_sigmoid,
    sigmoid,
    softplus,
    tanh,
)
from hdfsaver.ops.arithmetic import (
    accumulate_n,
    add,
    add_n,
    div,
    div_no_nan,
    divide,
    floordiv,
    floormod,
    maximum,
    minimum,
    multiply,
    pow,
    scalar_mul,
    squared_difference,
    subtract,
    truediv,
)
from hdfsaver.ops.arithmetic import floormod as mod
from hdfsaver.ops.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
)
from hdfsaver.ops.complex_numbers import (
    complex,
    conj,
    imag,
    real,
)
from hdfsaver.ops.elementary import (
    abs,
    acos,
    asin,
    atan,
    cos,
    cosh,
    erf,
    exp,
    expm1,
    log,
    log1p,
    negative,
    sign,
    sin,
    sinh,
    square,
    tan,
)
from hdfsaver.ops.linalg_ops import (
    matmul,
)
from hdfsaver.ops.moment_sums import (
    zero_fraction,
)
from hdfsaver.ops.norms import (
    l2_normalize,
)
from hdfsaver.ops.ranking import (
    in_top_k,
    top_k,
)
from hdfsaver.ops.reduction import (
    count_nonzero,
    reduce_all,
    reduce_any,
    reduce_euclidean_norm,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from hdfsaver.ops.roots import (
    reciprocal,
    rsqrt,
    sqrt,
)
from hdfsaver.ops.rounding import (
    ceil,
    floor,
    is_finite,
    is_inf,
    is_nan,
    rint,
    round,
)
from hdfsaver.ops.scans import (
    argmax,
    argmin,
    cumprod,
    cumsum,
)
from hdfsaver.ops.segments import segment_max, segment_mean, segment_min, segment_prod, segment_sum
from hdfsaver.ops.special_functions import digamma, erfc, lgamma, ndtri
from hdfsaver.ops.unsorted_segments import (
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
    unsorted_segment_sum,
)

__all__ = [
    "abs",
    "accumulate_n",
    "acos",
    "add",
    "add_n",
    "argmax",
    "argmin",
    "asin",
    "atan",
    "ceil",
    "complex",
    "conj",
    "cos",
    "cosh",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "digamma",
    "div",
    "div_no_nan",
    "divide",
    "equal",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "floor",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "imag",
    "in_top_k",
    "is_finite",
    "is_inf",
    "is_nan",
    "is_non_decreasing",
    "is_strictly_increasing",
    "l2_normalize",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log1p",
    "log_sigmoid",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "matmul",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "ndtri",
    "negative",
    "not_equal",
    "pow",
    "real",
    "reciprocal",
    "reduce_all",
    "reduce_any",
    "reduce_euclidean_norm",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "rint",
    "round",
    "rsqrt",
    "scalar_mul",
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "squared_difference",
    "subtract",
    "tan",
    "tanh",
    "top_k",
    "truediv",
    "unsorted_segment_max",
    "unsorted_segment_mean",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "unsorted_segment_sqrt_n",
    "unsorted_segment_sum",
    "zero_fraction",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
