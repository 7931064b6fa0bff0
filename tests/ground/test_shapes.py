"""Static shapes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import shapes
from hdfsaver.shapes import Dimension, TensorShape

SIZES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def forget(shape, mask):
    """The shape with some dimensions unknown."""
    return tuple(None if hidden else size for size, hidden in zip(shape, mask, strict=False))


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (None, None),
        (3, (3,)),
        ([], ()),
        ((None, 2), (None, 2)),
        (np.array([2, 3]), (2, 3)),
        (TensorShape([1]), (1,)),
        ([Dimension(2), Dimension(None)], (2, None)),
    ],
)
def test_many_things_are_shapes(given, plain):
    """Every accepted form of a shape is read as one plain value."""
    assert plain == shapes.as_shape(given)


@pytest.mark.parametrize(("given", "error"), [("23", TypeError), ([1.5], TypeError), ([-1], ValueError)])
def test_not_a_shape(given, error):
    """Text, fractions and negative sizes are refused."""
    with pytest.raises(error):
        shapes.as_shape(given)


@given(SIZES, SIZES, st.lists(st.booleans(), min_size=8, max_size=8))
def test_broadcasting_agrees_with_numpy(first, second, mask):
    """Known shapes broadcast as NumPy's do; with unknown dimensions the result is still compatible with it."""
    try:
        expected = np.broadcast_shapes(first, second)
    except ValueError:
        with pytest.raises(ValueError, match="broadcast"):
            shapes.broadcast(first, second)
        return
    assert expected == shapes.broadcast(first, second)
    partial = shapes.broadcast(forget(first, mask[:4]), forget(second, mask[4:]))
    assert shapes.compatible(partial, expected)


@given(SIZES, st.lists(st.booleans(), min_size=4, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_merging_knows_what_either_knows(shape, first, second):
    """Two partial views of one shape merge to what both together know."""
    merged = shapes.merge(forget(shape, first), forget(shape, second))
    assert forget(shape, [a and b for a, b in zip(first, second, strict=True)]) == merged
    assert shapes.merge(None, shape) == shapes.merge(shape, None) == shape


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [((None,), (3,), (3,)), ((3,), (None,), (3,)), ((None,), (1,), (None,)), ((None, 2), (None,), (None, 2))],
)
def test_broadcasting_unknown_sizes(first, second, expected):
    """Beside a known size that is not 1 an unknown one can only be that or 1; beside 1 it stays unknown."""
    assert expected == shapes.broadcast(first, second)


def test_contradictions():
    """Shapes that no array can have both of do not merge."""
    with pytest.raises(ValueError, match=r"\(2, \?\) and \(3, \?\)"):
        shapes.merge((2, None), (3, None))
    assert not shapes.compatible((1,), (1, 1))


def test_the_face():
    """TensorShape has TensorFlow's methods."""
    shape = TensorShape([None, 3])
    assert (2, 2, [None, 3], None, False) == (
        shape.rank,
        len(shape),
        shape.as_list(),
        shape.num_elements(),
        shape.is_fully_defined(),
    )
    assert 6 == TensorShape([2, 3]).num_elements()
    assert Dimension(3) == shape[1]
    assert TensorShape([3]) == shape[1:]
    assert [None, 3] == shape
    assert shape.concatenate([4]).as_list() == [None, 3, 4]
    assert shape.with_rank(2).merge_with([2, None]).as_list() == [2, 3]
    assert shape.is_compatible_with([5, 3])
    assert ("(?, 3)", "TensorShape([Dimension(None), Dimension(3)])") == (str(shape), repr(shape))
    assert hash(shape) == hash(TensorShape([None, 3]))
    assert [None, 3] == [dimension.value for dimension in shape]


def test_arithmetic_of_dimensions():
    """A dimension counts as an integer on either side; with an unknown one the result is unknown."""
    d, unknown = Dimension(7), Dimension(None)
    computed = [d + 1, 1 + d, d - 2, 9 - d, d * 2, 2 * d, d // 2, 15 // d, d % 4, 10 % d]
    assert [8, 8, 5, 2, 14, 14, 3, 2, 3, 3] == [int(each) for each in computed]
    for each in (d + unknown, unknown - 1, 2 * unknown, unknown // d, d % unknown, d + None):
        assert each.value is None
    assert (6, (2, 3)) == (int(np.prod([Dimension(2), Dimension(3)])), np.zeros([Dimension(2), Dimension(3)]).shape)
    with pytest.raises(ValueError, match="must be >= 0"):
        d - 8
    for divide in (lambda: d / 2, lambda: 2 / d):
        with pytest.raises(TypeError, match="please use // instead"):
            divide()


def test_comparisons_of_dimensions():
    """With an unknown dimension the answer is None, which counts as false, also for the same unknown one."""
    d, unknown = Dimension(3), Dimension(None)
    assert [True, False, True, True, False] == [d == 3, d != 3, d > 2, d >= 3, d < 3]
    assert d != "three"
    for answer in (unknown == unknown, unknown != 3, d == None, d < unknown, unknown >= 1):  # noqa: E711
        assert answer is None
    assert [False, False, True] == [bool(unknown), bool(Dimension(0)), bool(d)]
    assert 3 == d.merge_with(None).value == unknown.merge_with(3).value
    with pytest.raises(ValueError, match="Dimensions 3 and 4 are not compatible"):
        d.merge_with(4)


def test_shapes_are_joined_and_checked():
    """Shapes are added, also to lists, and say whether they have a rank."""
    shape = TensorShape([None, 3])
    assert [None, 3, 4] == shape.__add__([4]).as_list()
    assert [4, None, 3] == TensorShape.__radd__(shape, [4]).as_list()
    assert [None, 3, 5] == shape.concatenate(Dimension(5)).as_list()
    assert TensorShape(None) == shape + None
    assert [None, 3] == shape.most_specific_compatible_shape([2, 3]).as_list()
    assert TensorShape(None) == shape.most_specific_compatible_shape([3])
    assert shape is shape.with_rank_at_least(2) is shape.with_rank_at_most(2)
    assert [None, None] == TensorShape(None)[1:3].as_list()
    assert pickle.loads(pickle.dumps(shape)) == shape
    for message, check in [
        ("must have rank 3", lambda: shape.with_rank(3)),
        ("must have rank 3", lambda: shape.assert_has_rank(3)),
        ("rank at least 3", lambda: shape.with_rank_at_least(3)),
        ("rank at most 1", lambda: shape.with_rank_at_most(1)),
        ("the same rank", lambda: shape.assert_same_rank([1])),
        ("are incompatible", lambda: shape.assert_is_compatible_with([1, 2])),
        ("are not compatible", lambda: shape.merge_with([1, 2])),
        ("Steps", lambda: TensorShape(None)[::2]),
    ]:
        with pytest.raises(ValueError, match=message):
            check()


def test_the_face_of_an_unknown_rank():
    """An unknown rank has no list, no length and no truth."""
    shape = TensorShape(None)
    assert (None, "<unknown>", False) == (shape.rank, str(shape), bool(shape))
    for attempt in (shape.as_list, shape.__len__, shape.__iter__, shape.assert_is_fully_defined):
        with pytest.raises(ValueError, match="unknown|defined"):
            attempt()
    assert shapes.unknown_shape(2).as_list() == [None, None]


def test_an_unknown_dimension_is_not_an_integer():
    """A dimension counts as an integer only where it is known."""
    assert 3 == int(Dimension(3))
    with pytest.raises(TypeError, match="unknown"):
        int(Dimension(None))


def test_subtypes():
    """A shape is a subtype of those that know less; a supertype knows what all have in common."""
    full, partial, unknown = TensorShape([1, 2]), TensorShape([1, None]), TensorShape(None)
    assert [True, True, True] == [full.is_subtype_of(other) for other in (full, partial, unknown)]
    assert [False, False, False] == [full.is_subtype_of(other) for other in (TensorShape([1]), TensorShape([1, 3]), 1)]
    assert [False, False] == [partial.is_subtype_of(full), unknown.is_subtype_of(partial)]
    assert full == full.most_specific_common_supertype([])
    assert [1, None] == full.most_specific_common_supertype([TensorShape([1, 3])]).as_list()
    assert unknown == full.most_specific_common_supertype([TensorShape([1])])
    assert full.most_specific_common_supertype([[1, 2]]) is None


def test_a_rank_that_is_not_asked_for():
    """with_rank(None) is the shape itself, as in TensorFlow."""
    assert [1, 2] == TensorShape([1, 2]).with_rank(None).as_list()
    assert TensorShape(None).with_rank(None).rank is None
