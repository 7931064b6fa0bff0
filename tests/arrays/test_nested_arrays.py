"""Nested dicts, lists and tuples of arrays are saved under flat names, and none is lost."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest

import hdfsaver
from hdfsaver.arrays.nested_arrays import flattened


class Moments(NamedTuple):
    """The state of an optimizer, as optax has it."""

    step: object
    mu: object


def test_a_nested_structure(tmp_path):
    """Keys, positions and fields are joined with slashes."""
    tree = {
        "layer": {"w": np.ones((2, 3)), "b": OrderedDict(x=np.zeros(2))},
        "list": [np.array(1), (np.array(2), {"deep": np.array(3)})],
        "state": (Moments(np.int32(7), {0: np.arange(2.0), 1: np.arange(3.0)}), Moments((), [])),
        "rates": [0.1, 0.01],
        "words": ("one", "two\0"),
        "text": "three\0",
        "mixed": [1, 2.5],
        "flat/name": np.array(4),
    }
    hdfsaver.save_file(tree, tmp_path / "x.h5", compression={"layer/w": "gzip"})
    found = hdfsaver.load_file(tmp_path / "x.h5")
    assert {
        "layer/w": [[1.0] * 3] * 2, "layer/b/x": [0.0, 0.0], "list/0": 1, "list/1/0": 2, "list/1/1/deep": 3,
        "state/0/step": 7, "state/0/mu/0": [0.0, 1.0], "state/0/mu/1": [0.0, 1.0, 2.0], "rates": [0.1, 0.01],
        "words": [b"one", b"two\0"], "text": b"three\0", "mixed/0": 1, "mixed/1": 2.5, "flat/name": 4,
    } == {name: value.tolist() for name, value in found.items()}  # fmt: skip
    assert np.int32 == found["state/0/step"].dtype


@pytest.mark.parametrize(
    "tree",
    [{"a": {"b": 1}, "a/b": 2}, {"a": {0: 1, "0": 2}}, {"a": {"0": 1}, "a/0": 2}, {"x": [{"y": 1}], "x/0": {"y": 2}}],
)
def test_names_that_meet(tmp_path, tree):
    """Two arrays of one name are refused, with the places of both, and nothing is written."""
    with pytest.raises(ValueError, match=r"Two arrays would have the name .*: those at tensors\[.* and tensors\["):
        hdfsaver.save_file(tree, tmp_path / "x.h5")
    assert [] == list(tmp_path.iterdir())


def test_what_is_not_an_array(tmp_path):
    """It is refused with the name that it would have."""
    for tree, match in (
        ({"a": {"b": None}}, "'a/b' is not an array"),
        ({"a": [np.ones(1), {1, 2}]}, "'a/1' is not an array"),
        ({"a": {1.5: np.ones(1)}}, r"the dict at tensors\['a'\] must be a str or int, not 1.5"),
        ({"a": {True: np.ones(1)}}, "must be a str or int, not True"),
        ({1: np.ones(1)}, "must be a str, not 1"),
        ([np.ones(1)], "A dict of arrays by name was expected, not list"),
    ):
        with pytest.raises(TypeError, match=match):
            hdfsaver.save_file(tree, tmp_path / "x.h5")
    assert [] == list(tmp_path.iterdir())


def test_a_structure_that_contains_itself():
    """It has no end, and is refused before the stack ends."""
    tree = {"a": []}
    tree["a"].append(tree)
    with pytest.raises(ValueError, match="nested more than 100 levels deep"):
        flattened(tree)


def _deep(leaf, make):
    for _ in range(5000):
        leaf = make(leaf)
    return leaf


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: (inner,), lambda inner: {"a": inner}])
@pytest.mark.parametrize("leaf", [1.0, np.ones(1)], ids=["number", "array"])
def test_what_is_nested_too_deeply(tmp_path, make, leaf):
    """It is an error of its own wherever it is given, never Python's of too deep a recursion."""
    value = _deep(leaf, make)
    with pytest.raises(ValueError, match="nested more than 100 levels deep"):
        hdfsaver.save_file({"x": value}, tmp_path / "x.h5")
    with pytest.raises((TypeError, ValueError), match=r"Slices must all be Variables|is not a Variable|not an array"):
        hdfsaver.train.Saver({"x": value})
    element = np.empty(1, object)
    element[0] = value
    with pytest.raises(TypeError, match="An element of a string tensor must be bytes or str"):
        hdfsaver.save_file({"x": element}, tmp_path / "x.h5")
    with pytest.raises(TypeError, match="metadata must map str to str"):
        hdfsaver.save_file({"x": np.ones(1)}, tmp_path / "x.h5", metadata={"m": value})
    assert [] == list(tmp_path.iterdir())


def test_keys_that_are_nested_too_deeply():
    """A tuple of tuples is no key, however deep it is."""
    with pytest.raises(TypeError, match=r"The name of an array must be a str, not \(\(\("):
        flattened({_deep(1, lambda inner: (inner,)): np.ones(1)})
