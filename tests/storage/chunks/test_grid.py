"""Grids of chunks: regular ones are the array's bytes in order, and every part is made up of overlaps."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.storage.chunks.grid import Grid, chunk_for

SHAPES = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple)


@given(shape=SHAPES, itemsize=st.sampled_from([1, 4, 8]), nbytes=st.integers(1, 400))
def test_chunks_are_the_array_in_order(shape, itemsize, nbytes):
    """The stretches of a regular grid follow one another from the first byte to the last; none is too long."""
    grid = Grid(shape, chunk_for(shape, itemsize, nbytes), itemsize)
    assert grid.is_regular
    assert grid.nbytes <= max(nbytes, itemsize)
    stretches = [grid.stretch(number) for number in range(grid.count)]
    assert [0, *(stop for _, stop in stretches)] == [*(start for start, _ in stretches), grid.size]
    values = np.arange(math.prod(shape)).reshape(shape)
    corners = [int(values[grid.corner(number)]) * itemsize for number in range(grid.count)]
    assert [start for start, _ in stretches] == corners


@given(shape=SHAPES, data=st.data())
def test_a_part_is_made_up_of_overlaps(shape, data):
    """In any grid, what is taken from the chunks fills a part exactly."""
    chunk = tuple(data.draw(st.integers(1, size + 2)) for size in shape)
    bounds = [sorted((data.draw(st.integers(0, size)), data.draw(st.integers(0, size)))) for size in shape]
    key = tuple(slice(*each) for each in bounds)
    grid = Grid(shape, chunk, 8)
    padded = np.full([-(-size // step) * step for size, step in zip(shape, chunk, strict=True)], -1)
    values = np.arange(math.prod(shape)).reshape(shape)
    padded[tuple(map(slice, shape))] = values
    part = np.full(values[key].shape, -2)
    for number, target, source in grid.overlaps(key):
        corner = grid.corner(number)
        whole = padded[tuple(slice(at, at + size) for at, size in zip(corner, chunk, strict=True))]
        part[target] = whole[source]
    np.testing.assert_array_equal(values[key], part)


def test_irregular_grids():
    """Chunks that are larger than the array, of other dimensions, without elements, or that cut two dimensions."""
    for chunk in [(5, 6), (4,), (4, 6, 1), (0, 6), (2, 3), (), (4, -6)]:
        assert not Grid((4, 6), chunk, 4).is_regular
    assert not Grid((), (), 4).is_regular
    for chunk in [(4, 6), (1, 6), (3, 6), (1, 5), (1, 1)]:
        assert Grid((4, 6), chunk, 4).is_regular


def test_the_last_chunk_of_a_row_is_nearly_full():
    """The padding, which is stored too, is less than one element of the cut dimension for each chunk."""
    assert (251,) == chunk_for((1001,), 4, 1024)
    assert (1, 251) == chunk_for((3, 1001), 4, 1024)
    assert (3, 10) == chunk_for((3, 10), 4, 1024)
    assert (1, 1) == chunk_for((3, 10), 4096, 1024)
