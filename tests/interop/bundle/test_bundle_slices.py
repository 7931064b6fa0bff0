"""Slices that make up a tensor, or do not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.interop.bundle.bundle_slices import box_of, check_tiling, overlap

BOX = st.tuples(*[st.tuples(st.integers(0, 3), st.integers(1, 3))] * 2).map(
    lambda bounds: tuple(slice(start, start + length) for start, length in bounds)
)


def covers(boxes: list, target: tuple) -> bool:
    """Whether boxes tile a target, found out by painting."""
    canvas = np.zeros([part.stop for part in target], dtype=int)
    for box in boxes:
        canvas[box] += 1
    return bool((canvas[target] == 1).all())


@given(st.lists(BOX, min_size=1, max_size=5))
def test_tiling_is_what_painting_says(found: list) -> None:
    """A set of boxes passes exactly if each element is painted once."""
    target = (slice(0, 4), slice(0, 4))
    boxes = [box for it in found if (box := overlap(it, target)) is not None]
    if covers(boxes, target):
        check_tiling(boxes, target, "v")
    else:
        with pytest.raises(DataLossError, match="do not cover"):
            check_tiling(boxes, target, "v")


def test_cut_along_every_dimension() -> None:
    """Eight corners of a cube make up the cube, seven do not."""
    halves = (slice(0, 2), slice(2, 5))
    boxes = list(itertools.product(halves, repeat=3))
    check_tiling(boxes, (slice(0, 5),) * 3, "v")
    with pytest.raises(DataLossError, match="the 7 slices of tensor 'v'"):
        check_tiling(boxes[1:], (slice(0, 5),) * 3, "v")


@pytest.mark.parametrize("rank", [20, 60])
def test_too_many_corners_are_refused(rank: int) -> None:
    """The corners of a slice that is cut along many dimensions are not counted, which would take forever."""
    with pytest.raises(InvalidArgumentError, match=f"divided along {rank} dimensions"):
        check_tiling([(slice(0, 1),) * rank], (slice(0, 2),) * rank, "v")


@pytest.mark.parametrize("extents", [((0, 5),), ((3, 2),), ((-1, 2),), ((0, -2),), (), ((0, 1), (0, 1))])
def test_slices_outside_of_their_tensor_are_refused(extents: tuple) -> None:
    """A slice must be within its tensor, and have its dimensions."""
    with pytest.raises(DataLossError, match="'v'"):
        box_of(extents, (4,), "v")
