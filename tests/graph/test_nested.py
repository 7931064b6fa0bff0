"""Nested structures, taken apart and put together as `tf.nest` does; the results were compared with TensorFlow's."""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph import nested


class Pair(NamedTuple):
    """Two fields."""

    a: Any
    b: Any


class Other(NamedTuple):
    """The same fields, of another name."""

    a: Any
    b: Any


STRUCTURE = [1, (2, {"b": 3, "a": [4]}), Pair(5, None)]


@pytest.mark.parametrize(
    ("structure", "values"),
    [
        (STRUCTURE, [1, 2, 4, 3, 5, None]),
        (7, [7]),
        ("abc", ["abc"]),
        ([], []),
        (collections.OrderedDict([("z", 1), ("y", 2)]), [2, 1]),
        ({1: 2}.keys(), [1]),
        (range(3), [0, 1, 2]),
        (collections.deque([1, 2]), [1, 2]),
    ],
)
def test_values_of_a_structure(structure: Any, values: list[Any]) -> None:
    """Strings are values, and the keys of dicts are sorted."""
    assert values == tf.nest.flatten(structure)


def test_a_structure_of_other_values() -> None:
    """Classes and the order of keys stay."""
    assert [0, (1, {"b": 3, "a": [2]}), Pair(4, 5)] == tf.nest.pack_sequence_as(STRUCTURE, range(6))
    packed = tf.nest.pack_sequence_as(collections.OrderedDict([("z", 1), ("y", [2])]), [10, 20])
    assert collections.OrderedDict([("z", 20), ("y", [10])]) == packed
    default = tf.nest.map_structure(lambda x: x + 1, collections.defaultdict(list, a=1))
    assert (list, 2) == (default.default_factory, default["a"])
    assert 3 == tf.nest.pack_sequence_as(1, [3])
    assert [11, (22,)] == tf.nest.map_structure(lambda x, y: x + y, [1, (2,)], [10, (20,)])
    array = np.ones(2)
    assert array is tf.nest.flatten([array])[0]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: tf.nest.flatten({1: 2, "a": 3}), TypeError),
        (lambda: tf.nest.pack_sequence_as(STRUCTURE, [1]), ValueError),
        (lambda: tf.nest.pack_sequence_as(1, [3, 4]), ValueError),
        (lambda: tf.nest.pack_sequence_as(1, 3), TypeError),
        (lambda: tf.nest.map_structure(max, [1, 2], [1]), ValueError),
        (lambda: tf.nest.map_structure(max, [1, 2], (1, 2)), TypeError),
        (lambda: tf.nest.map_structure(3, [1]), TypeError),
        (lambda: tf.nest.map_structure(abs), ValueError),
        (lambda: tf.nest.map_structure(abs, [1], other=1), ValueError),
        (lambda: tf.nest.assert_same_structure(Pair(1, 2), Other(1, 2)), TypeError),
        (lambda: tf.nest.assert_same_structure({"a": 1}, {"b": 1}), ValueError),
        (lambda: tf.nest.assert_same_structure([[3], 4], [3, [4]]), ValueError),
        (lambda: nested.flatten_up_to([0, 0], [1]), ValueError),
        (lambda: nested.flatten_up_to([0, 0], (1, 2)), TypeError),
        (lambda: nested.flatten_up_to([[0]], [1]), TypeError),
        (lambda: nested.assert_shallow_structure({"a": 0}, {"b": 1}), ValueError),
        (lambda: nested.flatten_dict_items({(4, 4): ("a", "b")}), ValueError),
        (lambda: nested.flatten_dict_items({(4, 5): ("a",)}), ValueError),
    ],
)
def test_what_is_refused(call: Any, kind: type[Exception]) -> None:
    """The class of the error is TensorFlow's."""
    with pytest.raises(kind):
        call()


def test_structures_that_are_alike() -> None:
    """Dicts of any class are one, and classes count only where they are asked for."""
    tf.nest.assert_same_structure({"a": 1}, collections.OrderedDict(a=2))
    tf.nest.assert_same_structure(Pair(1, 2), Other(1, 2), check_types=False)
    tf.nest.assert_same_structure({"a": 1}, {"b": 1}, check_types=False)


def test_paths() -> None:
    """Keys, names of fields and places."""
    expected = [("0", 1), ("1/0", 2), ("1/1/a/0", 4), ("1/1/b", 3), ("2/a", 5), ("2/b", None)]
    assert expected == nested.flatten_with_joined_string_paths(STRUCTURE)
    assert {"a": [(("a", 0), 1)]} == nested.map_structure_with_tuple_paths(lambda *both: both, {"a": [1]})
    assert {"a": [("a/0", 1)]} == nested.map_structure_with_paths(lambda *both: both, {"a": [1]})


def test_as_deep_as_another_structure() -> None:
    """Below its values anything stays whole."""
    assert [[1, 2], (3, 4)] == nested.flatten_up_to({"a": 0, "b": [0]}, {"a": [1, 2], "b": [(3, 4)]})
    assert [([1], "x"), (3, ["y"])] == nested.map_structure_up_to([0, 0], lambda *both: both, [[1], 3], ["x", ["y"]])
    found = nested.get_traverse_shallow_structure(lambda part: isinstance(part, list), [1, [2, (3, 4)]])
    assert [False, [False, False]] == found
    assert {4: "a", 6: "b", 1: 2} == nested.flatten_dict_items({(4, (6,)): ("a", ("b",)), 1: 2})
    assert (1, (2,)) == nested.list_to_tuple([1, [2]])


def test_sparse_tensors_are_values_or_parts() -> None:
    """As the caller asks."""
    sparse = tf.SparseTensor([[0]], [1.0], [3])
    assert [sparse] == tf.nest.flatten([sparse])
    parts = tf.nest.flatten([sparse], expand_composites=True)
    assert [sparse.indices, sparse.values, sparse.dense_shape] == parts
    (packed,) = tf.nest.pack_sequence_as([sparse], parts, expand_composites=True)
    assert packed.values is sparse.values
    assert (False, True) == (tf.nest.is_nested(sparse), nested.is_nested_or_composite(sparse))
