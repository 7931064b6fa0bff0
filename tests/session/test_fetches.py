"""The structures of fetches."""

from __future__ import annotations

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.session.fetches import flatten

STRUCTURES = st.recursive(
    st.integers(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(STRUCTURES)
def test_taking_apart_and_putting_together(structure):
    """Putting the leaves back gives the structure that was taken apart."""
    leaves, rebuild = flatten(structure)
    assert structure == rebuild(iter(leaves))


def test_named_tuples_and_mappings_keep_their_types():
    """A named tuple and an ordered dict come back as what they are."""
    Pair = collections.namedtuple("Pair", "left right")
    leaves, rebuild = flatten([Pair(1, 2), collections.OrderedDict(b=3, a=4)])
    pair, mapping = rebuild(iter(leaves))
    assert (Pair, collections.OrderedDict) == (type(pair), type(mapping))


def test_none_cannot_be_fetched():
    """None anywhere in the structure is refused."""
    with pytest.raises(TypeError, match="None"):
        flatten([1, (2, None)])
