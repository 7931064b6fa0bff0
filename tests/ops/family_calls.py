"""Calls and cases of the families that `tests.ops.test_families` has programs of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list
from tests.ops.pool_calls import CALLS as POOL_CALLS
from tests.ops.pool_calls import CASES as POOL_CASES

Call = Callable[..., Any]


def image(x: Any) -> Any:
    """Six numbers twice, as one image with a height and a width of 2."""
    return apply("Reshape", apply("ConcatV2", [x, x], 0), [1, 2, 2, 3])


def deep(x: Any) -> Any:
    """Six numbers as one image with two channels for each pixel of a block."""
    return apply("Reshape", apply("ConcatV2", [x, x, x, x], 0), [1, 2, 3, 4])


def batch(x: Any) -> Any:
    """Six numbers four times, as a batch of four."""
    return apply("Reshape", apply("ConcatV2", [x, x, x, x], 0), [4, 2, 3, 1])


IDS = [0, 1]
PLACES = np.array([[0, 0], [1, 0], [1, 2]], np.int64)
SHAPE = [2, 3]


def bound(x: Any) -> Any:
    """0, of the dtype of the magnitudes of a tensor."""
    return np.zeros((), x.dtype.real_dtype.as_numpy_dtype)


TEXTS = "StringLength StringLower StringUpper StringStrip EncodeBase64"
SEGMENTS = ("SegmentSum", "SegmentMean", "SegmentProd", "SegmentMax", "SegmentMin")
UNSORTED = ("UnsortedSegmentProd", "UnsortedSegmentMax", "UnsortedSegmentMin")
OF_ROWS = ("SparseSegmentSum", "SparseSegmentMean", "SparseSegmentSqrtN")


def segmented(op_type: str) -> Call:
    """An operation of sorted segments."""
    return lambda x: apply(op_type, x, [0, 1])


def unsorted(op_type: str) -> Call:
    """An operation of unsorted segments."""
    return lambda x: apply(op_type, x, [1, 0], 3)


def of_rows(op_type: str, *others: Any) -> Call:
    """An operation of rows that are chosen by indices."""
    return lambda x: apply(op_type, x, [1, 0, 1], [0, 0, 1], *others)


def of_text(op_type: str) -> Call:
    """An operation of strings alone."""
    return lambda x: apply(op_type, x)


def of_parts(op_type: str) -> Call:
    """The derivative of an operation of rows."""
    return lambda x: apply(op_type, x, [1, 0, 1], [0, 0, 1], 2)


CALLS: dict[str, Call] = {
    **{name: segmented(name) for name in SEGMENTS},
    **{name: unsorted(name) for name in UNSORTED},
    **{name: of_rows(name) for name in OF_ROWS},
    **{f"{name}WithNumSegments": of_rows(f"{name}WithNumSegments", 2) for name in OF_ROWS},
    **{f"{name}Grad": of_parts(f"{name}Grad") for name in OF_ROWS},
    "SpaceToDepth": lambda x: apply("SpaceToDepth", image(x), block_size=2),
    "DepthToSpace": lambda x: apply("DepthToSpace", deep(x), block_size=2),
    "SpaceToBatch": lambda x: apply("SpaceToBatch", image(x), [[0, 0], [0, 0]], block_size=2),
    "BatchToSpace": lambda x: apply("BatchToSpace", batch(x), [[0, 1], [1, 0]], block_size=2),
    "SpaceToBatchND": lambda x: apply("SpaceToBatchND", x, [3], [[0, 0]]),
    "BatchToSpaceND": lambda x: apply("BatchToSpaceND", x, [2], [[0, 1]]),
    # texts
    "StringSplit": lambda x: apply_list("StringSplit", x[0], "b"),
    "StringSplitV2": lambda x: apply_list("StringSplitV2", x[0], ""),
    "StringJoin": lambda x: apply("StringJoin", [x, "-", x]),
    "ReduceJoin": lambda x: apply("ReduceJoin", x, [1]),
    "ReduceJoin to one": lambda x: apply("ReduceJoin", x, [1, 0], separator=b"."),
    "Substr": lambda x: apply("Substr", x, np.int32(0), np.int32(1)),
    "RegexReplace": lambda x: apply("RegexReplace", x, "a", "b"),
    "StaticRegexReplace": lambda x: apply("StaticRegexReplace", x, pattern=b"a", rewrite=b"b"),
    "RegexFullMatch": lambda x: apply("RegexFullMatch", x, "a"),
    "StaticRegexFullMatch": lambda x: apply("StaticRegexFullMatch", x, pattern=b"a"),
    "StringToNumber": lambda x: apply(
        "StringToNumber", apply("StringJoin", [apply("Substr", x, np.int32(0), np.int32(0)), "1"])
    ),
    "DecodeBase64": lambda x: apply("DecodeBase64", apply("EncodeBase64", x)),
    **{name: of_text(name) for name in TEXTS.split()},
    "StringToHashBucket": lambda x: apply("StringToHashBucket", x, num_buckets=7),
    "StringToHashBucketFast": lambda x: apply("StringToHashBucketFast", x, num_buckets=7),
    "StringNGrams": lambda x: apply_list(
        "StringNGrams",
        x[0],
        np.int64([0, 3]),
        ngram_widths=[2],
        separator=b"",
        left_pad=b"",
        right_pad=b"",
        pad_width=0,
        preserve_short_sequences=False,
    ),
    "Bincount": lambda x: apply("Bincount", np.int32([0, 1, 1]), np.int32(2), x[0]),
    # sparse tensors
    "SparseReorder": lambda x: apply_list("SparseReorder", PLACES[::-1], x[0], SHAPE),
    "SparseReshape": lambda x: apply_list("SparseReshape", PLACES, SHAPE, [3, -1]),
    "SparseConcat": lambda x: apply_list("SparseConcat", [PLACES] * 2, [x[0], x[1]], [SHAPE] * 2, concat_dim=1),
    "SparseSplit": lambda x: apply_list("SparseSplit", 1, PLACES, x[0], SHAPE, num_split=2),
    "SparseSlice": lambda x: apply_list("SparseSlice", PLACES, x[0], SHAPE, [0, 1], [2, 2]),
    "SparseSliceGrad": lambda x: apply("SparseSliceGrad", x[0], PLACES, [0, 0], PLACES),
    "SparseFillEmptyRows": lambda x: apply_list("SparseFillEmptyRows", PLACES, x[0], [3, 3], x[0, 0]),
    "SparseFillEmptyRowsGrad": lambda x: apply_list("SparseFillEmptyRowsGrad", [0, 2], x[0]),
    "SparseTensorDenseMatMul": lambda x: apply("SparseTensorDenseMatMul", [[0, 1], [2, 0]], x[0, :2], [3, 2], x),
    "SparseAdd": lambda x: apply_list("SparseAdd", PLACES, x[0], SHAPE, PLACES, x[1], SHAPE, bound(x)),
    "SparseAddGrad": lambda x: apply_list("SparseAddGrad", x[0], PLACES, PLACES[:2], PLACES),
    "SparseTensorDenseAdd": lambda x: apply("SparseTensorDenseAdd", PLACES, x[0], np.int64(SHAPE), x),
    "SparseDenseCwiseMul": lambda x: apply("SparseDenseCwiseMul", PLACES, x[0], SHAPE, x),
    "SparseDenseCwiseDiv": lambda x: apply("SparseDenseCwiseDiv", PLACES, x[0], SHAPE, x),
    "SparseReduceSum": lambda x: apply("SparseReduceSum", PLACES, x[0], SHAPE, [1]),
    "SparseReduceMax": lambda x: apply("SparseReduceMax", PLACES, x[0], SHAPE, [1], keep_dims=True),
    "SparseSoftmax": lambda x: apply("SparseSoftmax", PLACES, x[0], SHAPE),
    "SparseSparseMaximum": lambda x: apply_list("SparseSparseMaximum", PLACES, x[0], SHAPE, PLACES, x[1], SHAPE),
    "SparseSparseMinimum": lambda x: apply_list("SparseSparseMinimum", PLACES, x[0], SHAPE, PLACES, x[1], SHAPE),
    "UniqueWithCounts": lambda x: apply_list("UniqueWithCounts", x[1]),
    "ListDiff": lambda x: apply_list("ListDiff", x[0], x[1]),
}
"""Of each operation a call; the tensor has shape (2, 3)."""

OPEN = (
    *SEGMENTS,
    *OF_ROWS,
    *("StringSplit", "StringSplitV2", "StringNGrams"),
    *("SparseConcat", "SparseSplit", "SparseSlice", "SparseFillEmptyRows", "SparseAdd"),
    *("SparseSparseMaximum", "SparseSparseMinimum", "UniqueWithCounts", "ListDiff"),
)
"""Operations whose shapes depend on values."""

NUMBERS = np.random.default_rng(4).permutation(np.linspace(-2.0, 1.9, 24))
"""Different numbers, none of them zero."""


def numbers(*shape: int) -> Any:
    """Different numbers of both signs."""
    return NUMBERS[: int(np.prod(shape))].reshape(shape)


CASES: list[tuple[str, Call, tuple[Any, ...], int]] = [
    *[(name, lambda x, name=name: apply(name, x, [0, 0, 2, 2]), (numbers(4, 2),), 1) for name in SEGMENTS],
    *[(name, lambda x, name=name: apply(name, x, [2, -1, 2, 0], 3)[::2], (numbers(4, 2),), 1) for name in UNSORTED],
    *[(name, of_rows(name), (numbers(2, 3),), 2) for name in OF_ROWS],
    *[(f"{name}WithNumSegments", of_rows(f"{name}WithNumSegments", 3), (numbers(2, 3),), 2) for name in OF_ROWS],
    *[(f"{name}Grad", of_parts(f"{name}Grad"), (numbers(2, 3),), 1) for name in OF_ROWS],
    ("SpaceToDepth", lambda x: apply("SpaceToDepth", x, block_size=2), (numbers(1, 2, 4, 1),), 2),
    ("DepthToSpace", lambda x: apply("DepthToSpace", x, block_size=2), (numbers(1, 2, 1, 4),), 2),
    ("SpaceToBatch", lambda x: apply("SpaceToBatch", x, [[0, 1], [1, 0]], block_size=2), (numbers(1, 3, 3, 1),), 2),
    ("BatchToSpace", lambda x: apply("BatchToSpace", x, [[0, 1], [1, 0]], block_size=2), (numbers(4, 2, 1, 1),), 2),
    ("SpaceToBatchND", lambda x: apply("SpaceToBatchND", x, [2], [[0, 1]]), (numbers(2, 3),), 2),
    ("BatchToSpaceND", lambda x: apply("BatchToSpaceND", x, [2], [[0, 1]]), (numbers(2, 3),), 2),
    ("SparseReorder", lambda x: apply_list("SparseReorder", PLACES[::-1], x, SHAPE), (numbers(3),), 2),
    ("SparseSlice", lambda x: apply_list("SparseSlice", PLACES, x, SHAPE, [0, 1], [2, 2])[1], (numbers(3),), 1),
    (
        "SparseFillEmptyRows",
        lambda x, y: apply_list("SparseFillEmptyRows", PLACES, x, [4, 3], y)[1],
        (numbers(3), np.float64(0.7)),
        1,
    ),
    *[
        (
            "SparseTensorDenseMatMul",
            lambda x, y, a=a, b=b: apply("SparseTensorDenseMatMul", PLACES, x, SHAPE, y, adjoint_a=a, adjoint_b=b),
            (numbers(3), numbers(*((3, 2), (2, 3), (2, 4), (4, 2))[2 * a + b])),
            2,
        )
        for a in (False, True)
        for b in (False, True)
    ],
    (
        "SparseAdd",
        lambda x, y: apply_list("SparseAdd", PLACES, x, SHAPE, PLACES[1:], y, SHAPE, np.float64(0))[1],
        (numbers(3), numbers(2)),
        1,
    ),
    (
        "SparseTensorDenseAdd",
        lambda x, y: apply("SparseTensorDenseAdd", PLACES, x, np.int64(SHAPE), y),
        (numbers(3), numbers(2, 3)),
        2,
    ),
    *[
        (name, lambda x, y, name=name: apply(name, PLACES, x, SHAPE, y), (numbers(3), numbers(1, 3) + 4), 2)
        for name in ("SparseDenseCwiseMul", "SparseDenseCwiseDiv")
    ],
    ("SparseReduceSum", lambda x: apply("SparseReduceSum", PLACES, x, SHAPE, [-1]), (numbers(3),), 2),
    ("SparseSoftmax", lambda x: apply("SparseSoftmax", PLACES, x, SHAPE), (numbers(3),), 2),
]
"""Of each derivative the operation, a function, its inputs, and how often it is differentiable."""

CALLS |= POOL_CALLS
CASES += POOL_CASES
