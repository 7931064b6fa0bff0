"""``tf.math``: arithmetic and other functions of numbers."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.assertions.comparisons import is_non_decreasing, is_strictly_increasing
from hdfsaver.metrics.classes import confusion_matrix
from hdfsaver.ops.activations import (
    log_sigmoid,
    sigmoid,
    softplus,
    softsign,
    tanh,
)
from hdfsaver.ops.angles import angle
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
from hdfsaver.ops.arithmetic import div_no_nan as divide_no_nan
from hdfsaver.ops.arithmetic import floormod as mod
from hdfsaver.ops.bessel_functions import bessel_i0, bessel_i0e, bessel_i1, bessel_i1e
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
from hdfsaver.ops.gamma_functions import betainc, igamma, igammac, lbeta, polygamma, zeta
from hdfsaver.ops.guarded_products import multiply_no_nan, reciprocal_no_nan, xdivy, xlog1py, xlogy
from hdfsaver.ops.inverse_functions import acosh, asinh, atan2, atanh
from hdfsaver.ops.linalg_ops import (
    matmul,
)
from hdfsaver.ops.losses import log_softmax, softmax
from hdfsaver.ops.moment_sums import (
    zero_fraction,
)
from hdfsaver.ops.norms import (
    l2_normalize,
)
from hdfsaver.ops.polynomials import polyval
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
    nextafter,
    rint,
    round,
)
from hdfsaver.ops.scans import (
    argmax,
    argmin,
    cumprod,
    cumsum,
    cumulative_logsumexp,
)
from hdfsaver.ops.segments import segment_max, segment_mean, segment_min, segment_prod, segment_sum
from hdfsaver.ops.shaping import invert_permutation
from hdfsaver.ops.special_functions import digamma, erfc, erfinv, lgamma, ndtri
from hdfsaver.ops.unsorted_segments import (
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
    unsorted_segment_sum,
)
from hdfsaver.ops.variances import reduce_std, reduce_variance

__all__ = [
    "abs",
    "accumulate_n",
    "acos",
    "acosh",
    "add",
    "add_n",
    "angle",
    "argmax",
    "argmin",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bessel_i0",
    "bessel_i0e",
    "bessel_i1",
    "bessel_i1e",
    "betainc",
    "ceil",
    "complex",
    "confusion_matrix",
    "conj",
    "cos",
    "cosh",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "cumulative_logsumexp",
    "digamma",
    "div",
    "div_no_nan",
    "divide",
    "divide_no_nan",
    "equal",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "expm1",
    "floor",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "igamma",
    "igammac",
    "imag",
    "in_top_k",
    "invert_permutation",
    "is_finite",
    "is_inf",
    "is_nan",
    "is_non_decreasing",
    "is_strictly_increasing",
    "l2_normalize",
    "lbeta",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log1p",
    "log_sigmoid",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "matmul",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "multiply_no_nan",
    "ndtri",
    "negative",
    "nextafter",
    "not_equal",
    "polygamma",
    "polyval",
    "pow",
    "real",
    "reciprocal",
    "reciprocal_no_nan",
    "reduce_all",
    "reduce_any",
    "reduce_euclidean_norm",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_std",
    "reduce_sum",
    "reduce_variance",
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
    "softmax",
    "softplus",
    "softsign",
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
    "xdivy",
    "xlog1py",
    "xlogy",
    "zero_fraction",
    "zeta",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
