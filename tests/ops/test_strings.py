"""Texts and patterns that do not fit are refused, as in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hdfsaver as tf


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tf.substr(["hello"], -9, 2), "pos -9 out of range for string"),
        (lambda: tf.regex_replace(["a"], "(", ""), "Invalid pattern: \\("),
        (lambda: tf.regex_replace(["a"], "(?=a)", ""), "Invalid pattern"),
        (lambda: tf.strings.regex_full_match(["a"], r"(a)\1"), "Invalid pattern"),
        (lambda: tf.strings.regex_full_match(["a"], r"\pL"), "Invalid pattern"),
        (lambda: tf.strings.regex_full_match(["a"], "[[:nothing:]]"), "Invalid pattern"),
        (lambda: tf.string_to_number("1.5", tf.int32), "StringToNumberOp could not correctly convert string: 1.5"),
        (lambda: tf.string_to_number("3000000000", tf.int32), "could not correctly convert string: 3000000000"),
        (lambda: tf.string_to_number("1_0"), "could not correctly convert string: 1_0"),
        (lambda: tf.string_to_number(""), "could not correctly convert string"),
        (lambda: tf.reduce_join([["a"]], [0, 0]), "Duplicate reduction dimension 0"),
        (lambda: tf.strings.lower(["a"], encoding="x"), "only utf-8 or ''"),
        (lambda: tf.decode_base64(["Y"]), "padding"),
        (lambda: tf.decode_base64(["+/"]), "Invalid character found in base64"),
    ],
)
def test_what_does_not_fit(make: Callable[[], Any], text: str) -> None:
    """The run says what is wrong, in TensorFlow's class."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=text), tf.Session() as session:
        session.run(make())


def test_before_a_run() -> None:
    """What is known to be wrong is an error before anything runs."""
    with pytest.raises(ValueError, match="not compatible|must be equal|Shapes"):
        tf.string_join([["a", "b"], ["c"]])
    with pytest.raises(ValueError, match="expects 2 tensors"):
        tf.strings.format("{} {}", [tf.constant(1)])
    with pytest.raises(ValueError, match="Only one of delimiter and sep"):
        tf.string_split(["a"], sep=",", delimiter=";")
    with pytest.raises(tf.errors.UnimplementedError, match="SparseTensor"):
        tf.strings.split(["a"], result_type="RaggedTensor")


def test_a_name_that_is_absent() -> None:
    """The error names it, and what is like it."""
    with pytest.raises(AttributeError, match=r"tf\.strings\.to_hash_bucket_strong is not in hdfsaver"):
        getattr(tf.strings, "to_hash_bucket_" + "strong")
