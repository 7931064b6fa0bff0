"""Calls and cases of the families that `tests.ops.test_families` has programs of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list

Call = Callable[[Any], Any]


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
    **{name: partial(apply, name) for name in TEXTS.split()},
    "StringToHashBucket": lambda x: apply("StringToHashBucket", x, num_buckets=7),
}
"""Of each operation a call; the tensor has shape (2, 3)."""

OPEN = (*SEGMENTS, *OF_ROWS, "StringSplit", "StringSplitV2")
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
]
"""Of each derivative the operation, a function, its inputs, and how often it is differentiable."""
