"""An index in two steps: what is read, and what is done to it then."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hdfsaver.files.basic_indexing import select


@st.composite
def shapes_and_indices(draw):
    """A shape, and a basic index of it that NumPy accepts."""
    shape = draw(npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6))
    index = draw(npst.basic_indices(shape, allow_newaxis=False, allow_ellipsis=True))
    return shape, index


@given(shapes_and_indices())
def test_both_steps_together_are_numpys(shape_and_index):
    """The block has step 1, and the rest of the index picks from it what NumPy would pick from all."""
    shape, index = shape_and_index
    array = np.arange(np.prod(shape)).reshape(shape)
    selection = select(index, shape)
    assert all(part.step is None and 0 <= part.start <= part.stop for part in selection.box)
    found = array[selection.box][selection.rest]
    np.testing.assert_array_equal(array[index], found)
    assert array[index].shape == found.shape


def test_only_the_block_is_read():
    """The block ends with the last element that is selected, whichever way the index goes."""
    assert (slice(2, 9), slice(3, 4)) == select((slice(8, 1, -3), 3), (10, 5)).box
    assert (slice(0, 0),) == select(slice(4, 4), (10,)).box


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        ((1, 2, 3), IndexError, "3 indices, but only 2 dimensions"),
        ((..., ...), IndexError, "only one Ellipsis"),
        (4, IndexError, "Index 4 is out of bounds for a dimension of 4"),
        (-5, IndexError, "Index -5 is out of bounds"),
        ("a", TypeError, "not with 'a'"),
        (1.0, TypeError, "not with 1.0"),
        (None, TypeError, "not with None"),
        (True, TypeError, "truth values"),
        ([0, 1], TypeError, r"not with \[0, 1\]"),
    ],
)
def test_not_a_basic_index(index, error, message):
    """Everything else is refused, with NumPy's kinds of errors."""
    with pytest.raises(error, match=message):
        select(index, (4, 5))
