"""Named values of a training, changed by texts as in `tf.contrib.training.HParams`."""

from __future__ import annotations

from typing import Any

import pytest

import hdfsaver as tf


def make() -> tf.contrib.training.HParams:
    """A value of each class."""
    return tf.contrib.training.HParams(count=1, rate=0.5, use=True, name="x", sizes=[1, 2])


def test_values_from_a_text() -> None:
    """Each is read as the class that its name has."""
    values = make().parse("rate=2, count=3,use=false,name=b c,sizes=[4, 5 6]")
    assert {"count": 3, "rate": 2.0, "use": False, "name": "b c", "sizes": [4, 5, 6]} == values.values()
    assert "count=3,rate=2.0,use=False,name=b c,sizes=[4, 5, 6]" == str(values)
    assert '{"count": 3, "name": "b c", "rate": 7.0, "sizes": [4, 5, 6], "use": false}' == values.parse_json(
        '{"rate": 7}'
    ).to_json(sort_keys=True)
    assert "HParams([('a', 1)])" == repr(tf.contrib.training.HParams(a=1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("count=1.5", "Could not parse hparam 'count' of type 'int' with value '1.5' in count=1.5"),
        ("other=1", "Unknown hyperparameter type for other"),
        ("count=1,count=2", "Multiple assignments to variable 'count'"),
        ("sizes[0]=1,sizes[0]=2", r"Multiple assignments to variable 'sizes\[0\]'"),
        ("sizes[0]=[1]", "Assignment of a list to a list index"),
        ("=1", "Malformed hyperparameter value: =1"),
        ("use=maybe", "Could not parse hparam 'use'"),
        ("count=[1]", "Must not pass a list for single-valued parameter: count"),
        ("sizes=1", "Must pass a list for multi-valued parameter: sizes"),
    ],
)
def test_texts_that_are_refused(text: str, said: str) -> None:
    """The message says which part."""
    with pytest.raises(ValueError, match=said):
        make().parse(text)


@pytest.mark.parametrize(("name", "value"), [("count", 1.5), ("count", True), ("use", 1), ("name", 1), ("rate", "1")])
def test_values_of_another_class(name: str, value: Any) -> None:
    """An integer may become a float; nothing else changes its class."""
    with pytest.raises(ValueError, match=f"Could not cast hparam '{name}'"):
        make().set_hparam(name, value)


def test_names_are_added_and_removed() -> None:
    """A name that is there is not added again, and one that is not there not changed."""
    values = make()
    values.add_hparam("none", None)
    values.set_hparam("none", 5)
    values.del_hparam("count")
    assert ("count" in values, values.get("count", 8), values.get("rate", 1.0)) == (False, 8, 0.5)
    for name, value in (("rate", 1.0), ("parse", 1), ("empty", [])):
        with pytest.raises(ValueError, match=name):
            values.add_hparam(name, value)
    with pytest.raises(KeyError):
        values.set_hparam("count", 1)
    with pytest.raises(ValueError, match="is incompatible with default=x"):
        values.get("rate", "x")
    assert {"a": {1: 3}, "b": [1.0]} == tf.contrib.training.parse_values(
        "a[1]=3,b=[1],c=1", {"a": int, "b": float}, ignore_unknown=True
    )
