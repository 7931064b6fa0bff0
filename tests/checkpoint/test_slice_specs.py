"""Slice specifications: strings that describe a part of a tensor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.checkpoint import slice_specs


def test_the_empty_text_is_the_whole():
    """Nothing said means the whole tensor, of whatever shape."""
    assert slice_specs.parse("") is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("4 2 -:-", [[0, 1], [2, 3], [4, 5], [6, 7]]),
        ("4 2 0,2:-", [[0, 1], [2, 3]]),
        ("4 2 2,2:1,1", [[5], [7]]),
        ("4 2 -:0,1", [[0], [2], [4], [6]]),
    ],
)
def test_parts(spec, expected):
    """A part is a start and a length in each dimension, or all of it."""
    part = slice_specs.parse(spec)
    assert ((4, 2), np.shape(expected)) == (part.full_shape, part.shape)
    np.testing.assert_array_equal(expected, np.arange(8).reshape(4, 2)[part.key])


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 8), st.integers(1, 9)), min_size=1, max_size=4))
def test_any_part(dimensions):
    """A text made from sizes, starts and lengths is read as these, or refused where the part is not inside."""
    spec = " ".join(str(size) for size, _, _ in dimensions)
    spec += " " + ":".join(f"{start},{length}" for _, start, length in dimensions)
    if any(start + length > size for size, start, length in dimensions):
        with pytest.raises(ValueError, match="is not a part of a dimension"):
            slice_specs.parse(spec)
        return
    part = slice_specs.parse(spec)
    assert tuple(size for size, _, _ in dimensions) == part.full_shape
    assert tuple(slice(start, start + length) for _, start, length in dimensions) == part.key


@pytest.mark.parametrize(
    "spec", [" ", "x", "4", "4 2", "0,2:-", "4 2 -1,2:-", "4 2 0,2 :-", "4 2 0,2:", "4 2 a:-", "٤ -x"]
)
def test_malformed_specifications(spec):
    """Any other text is a ValueError that shows how one is written."""
    with pytest.raises(ValueError, match="is not a slice specification such as '4 2 0,2:-'"):
        slice_specs.parse(spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [("4 2 0,2", "2 dimensions, but 1 extents"), ("4 2 0,9:-", "dimension of 4"), ("4 2 0,0:-", "dimension of 4")],
)
def test_what_fits_no_tensor(spec, message):
    """Extents that are too few, too long or empty are ValueErrors."""
    with pytest.raises(ValueError, match=message):
        slice_specs.parse(spec)
