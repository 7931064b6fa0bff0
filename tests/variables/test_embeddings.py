"""Rows of tables: what is refused. Values are compared with TensorFlow's in `tests/layers`."""

from __future__ import annotations

from typing import Any

import pytest

import hdfsaver as tf


@pytest.mark.parametrize("params", [None, [], [None]])
def test_tables_are_needed(params: Any) -> None:
    """Without a table there are no rows."""
    with pytest.raises(ValueError, match="needs a table"):
        tf.nn.embedding_lookup(params, [0])


def test_what_is_refused() -> None:
    """Unknown strategies, and numbers out of range."""
    table = tf.zeros([3, 2])
    with pytest.raises(ValueError, match="'mod' or 'div', not 'row'"):
        tf.nn.embedding_lookup([table, table], [0], "row")
    words = r"3 is not in \[0, 3\)\. In operation 'embedding_lookup'"
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=words):
        session.run(tf.nn.embedding_lookup(table, tf.placeholder_with_default([3], [1])))


def test_arguments_that_are_missing() -> None:
    """Functions with two names for an argument ask for one of them."""
    with pytest.raises(ValueError, match="pos_weight"):
        tf.nn.weighted_cross_entropy_with_logits([1.0], [1.0])
    with pytest.raises(ValueError, match="variance_epsilon"):
        tf.nn.batch_norm_with_global_normalization([1.0], [1.0], [1.0])
    with pytest.raises(ValueError, match="same shape"):
        tf.nn.weighted_cross_entropy_with_logits([1.0], [1.0, 2.0], 1.0)
