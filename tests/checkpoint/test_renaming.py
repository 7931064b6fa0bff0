"""Names in the file that follow a rule."""

from __future__ import annotations

import re

import pytest

import hdfsaver as tf
from hdfsaver.checkpoint.renaming import renamed


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.removeprefix("teacher/").upper(),
        [("^teacher/", ""), (re.compile(".+"), lambda match: match[0].upper())],
        {"^teacher/": "", "w$": "W", "b$": "B"},
    ],
)
def test_functions_and_patterns(rename):
    """A function of the name, or patterns one after the other, say what a variable is called in the file."""
    assert {"W": 1, "B": 2} == renamed({"teacher/w": 1, "teacher/b": 2}, rename)


def test_without_a_rule_names_stay():
    """No rule, no change."""
    assert {"a": 1} == renamed({"a": 1}, None)


@pytest.mark.parametrize(
    ("rename", "error", "message"),
    [
        (lambda name: "same", ValueError, "both 'a' and 'b' the name 'same'"),
        (lambda name: None, TypeError, "None for 'a', but the name in the file must be a str"),
        ({"(": ""}, ValueError, "malformed regular expression"),
        *(({"a": text}, ValueError, "malformed replacement") for text in (r"\1", r"\g<x>", "\\")),
        ("^a", TypeError, "function, or pairs"),
        ([("a",)], TypeError, "function, or pairs"),
        (3, TypeError, "function, or pairs"),
    ],
)
def test_rules_that_do_not_work(rename, error, message):
    """Two variables with one name, an invalid name and an invalid rule give clear errors."""
    with pytest.raises(error, match=re.escape(message)):
        renamed({"a": 1, "b": 2}, rename)


def test_names_are_mapped_both_ways(tmp_path):
    """A Saver with a rule reads its own file; another Saver finds the names in the file."""
    with tf.variable_scope("teacher"):
        w = tf.get_variable("w", initializer=3.0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver(rename={"^teacher/": "student/"})
        path = saver.save(sess, tmp_path / "m")
        assert [("student/w", [])] == tf.train.list_variables(path)
        sess.run(w.assign(0.0))
        saver.restore(sess, path)
        assert 3.0 == sess.run(w)
        sess.run(w.assign(0.0))
        tf.train.Saver({"student/w": w}).restore(sess, path)
        assert 3.0 == sess.run(w)
