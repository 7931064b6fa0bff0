"""The structures of fetches."""

from __future__ import annotations

import collections
import types

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


def test_kinds_of_mappings_and_lists():
    """A default dict keeps its factory; a list of a class of one's own gives a plain list, as in TensorFlow."""

    class Names(list):
        pass

    leaves, rebuild = flatten([collections.defaultdict(list, {"a": 1}), Names([2])])
    mapping, names = rebuild(iter(leaves))
    assert mapping == {"a": 1}
    assert mapping["new"] == []
    assert type(names) is list


def test_an_object_with_attrs_fields():
    """A class of the attrs library is taken apart by its fields."""

    class Point:
        """As the library makes one: the class knows its fields, and takes them in order."""

        __attrs_attrs__ = (types.SimpleNamespace(name="x"), types.SimpleNamespace(name="y"))

        def __init__(self, x, y):
            self.x, self.y = x, y

    leaves, rebuild = flatten({"p": Point([1], 2)})
    assert leaves == [1, 2]
    point = rebuild(iter(["a", "b"]))["p"]
    assert (Point, ["a"], "b") == (type(point), point.x, point.y)
