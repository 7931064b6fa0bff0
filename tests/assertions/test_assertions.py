"""Comparisons and checks of ranks and shapes: at once where the graph knows enough, otherwise in the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

ONE, TWO, MORE = np.array([1, 2]), np.array([1, 3]), np.array([2, 3])


def unknown(value: Any) -> tf.Tensor:
    """A tensor whose value only a run knows."""
    array = np.asarray(value)
    return tf.placeholder_with_default(array, [None] * array.ndim)


@pytest.mark.parametrize(
    ("check", "holds", "fails", "message"),
    [
        (tf.assert_equal, (ONE, ONE.copy()), (ONE, TWO), "x == y did not hold"),
        (tf.assert_none_equal, (ONE, MORE), (ONE, TWO), "x != y did not hold"),
        (tf.assert_less, (ONE, MORE), (ONE, TWO), "x < y did not hold"),
        (tf.assert_less_equal, (ONE, TWO), (TWO, ONE), "x <= y did not hold"),
        (tf.assert_greater, (MORE, ONE), (TWO, ONE), "x > y did not hold"),
        (tf.assert_greater_equal, (TWO, ONE), (ONE, TWO), "x >= y did not hold"),
        (tf.assert_negative, ([-1],), ([0],), "x < 0 did not hold"),
        (tf.assert_positive, ([1],), ([0],), "x > 0 did not hold"),
        (tf.assert_non_negative, ([0],), ([-1],), "x >= 0 did not hold"),
        (tf.assert_non_positive, ([0],), ([1],), "x <= 0 did not hold"),
    ],
)
def test_comparisons(check: Callable[..., Any], holds: Any, fails: Any, message: str) -> None:
    """What holds runs; what does not fails when the operation is made if the values are known, otherwise in the run."""
    with tf.Session() as session:
        assert session.run(check(*holds)) is None
        assert session.run(check(*map(unknown, holds))) is None
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s)mine.*{message}"):
            check(*fails, message="mine")
        late = check(*map(unknown, fails), message="mine")
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s)mine.*{message}"):
            session.run(late)
        with pytest.raises(tf.errors.InvalidArgumentError, match="^this 7$"):
            check(*fails, data=["this 7"])


def test_only_plain_values_fail_at_once() -> None:
    """A value that is computed, other than by operations on shapes, is compared in the run, as in TensorFlow."""
    x = tf.constant(1)
    late = tf.assert_less(x + 1, x)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="did not hold"):
        session.run(late)
    with pytest.raises(TypeError):
        tf.assert_less(1.5, x)
    assert "assert_equal/NoOp" == tf.assert_equal(x, x).name
    tf.assert_equal(x, 1)
    assert "assert_equal_2/Equal" in [op.name for op in x.graph.get_operations()]


def test_near() -> None:
    """Numbers are compared with tolerances of their dtype, or with the given ones."""
    x = unknown(np.array([1.0, 2.0], np.float32))
    with tf.Session() as session:
        session.run(tf.assert_near(x, x + 1e-7))
        session.run(tf.assert_near(x, x + 0.5, rtol=0.0, atol=0.6))
        with pytest.raises(tf.errors.InvalidArgumentError, match="not equal to tolerance rtol = 0.0, atol = 0.25"):
            session.run(tf.assert_near(x, x + 0.5, rtol=0.0, atol=0.25))
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(tf.assert_near(x, x + 1e-4))
    with pytest.raises(ValueError, match="floating-point"):
        tf.assert_near(1, 1)


@pytest.mark.parametrize(
    ("check", "good", "bad", "message"),
    [
        (tf.assert_rank, 1, 2, "must have rank 2"),
        (tf.assert_rank_at_least, 1, 2, "must have rank at least 2"),
        (tf.assert_rank_in, (0, 1), (0, 2), r"must have rank in \(0, 2\)"),
    ],
)
def test_ranks(check: Callable[..., Any], good: Any, bad: Any, message: str) -> None:
    """A known rank is a ValueError, and an unknown one is checked by an operation."""
    known, late = tf.ones([3]), tf.placeholder_with_default(np.ones(3), None)
    assert "NoOp" == check(known, good).type
    with pytest.raises(ValueError, match=f"mine.*{message}"):
        check(known, bad, message="mine")
    with tf.Session() as session:
        session.run(check(late, good))
        with pytest.raises(tf.errors.InvalidArgumentError, match="must have rank"):
            session.run(check(late, bad))
    with pytest.raises(ValueError, match="Rank must be a scalar"):
        check(known, [[1]])
    with pytest.raises(TypeError, match="must be of type tf.int32"):
        check(known, [1.0] if check is tf.assert_rank_in else 1.0)


def test_a_rank_from_a_run() -> None:
    """The rank wanted may be a tensor, which must be a single number."""
    wanted = tf.placeholder(tf.int32)
    check = tf.assert_rank(tf.ones([3]), wanted)
    with tf.Session() as session:
        session.run(check, {wanted: 1})
        for wrong in (2, [1]):
            with pytest.raises(tf.errors.InvalidArgumentError, match="rank"):
                session.run(check, {wanted: wrong})


def test_shapes() -> None:
    """Symbols stand for the same sizes everywhere, and numbers for themselves."""
    x, y = tf.ones([2, 3]), tf.ones([3])
    tf.debugging.assert_shapes([(x, ("N", "D")), (y, ("D",)), (x, ("*", 3)), (x, (None, 3)), (tf.ones([]), (1,))])
    for wrong, message in [
        ({x: ("N", "N")}, "dimension 1 must have size 2.  Received size 3"),
        ({x: ("N", 4)}, "Specified explicitly.  Tensor .* dimension 1 must have size 4"),
        ({x: ("N",)}, "must have rank in"),
        ({x: ("N", ...)}, "only allowed as the first entry"),
        ({x: 2}, "must be an iterable"),
    ]:
        with pytest.raises(ValueError, match=message):
            tf.debugging.assert_shapes(wrong)
    late = tf.placeholder(tf.float32)
    check = tf.debugging.assert_shapes({late: ("D",), y: ("D",)})
    assert "NoOp" == check.type
    assert "/" not in check.name
    with tf.Session() as session:
        session.run(check, {late: [1, 2, 3]})
        for value in ([1, 2], 1, [[1, 2, 3]]):
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(check, {late: value})


def test_dtypes() -> None:
    """A wrong dtype is an error when the check is made."""
    x = tf.ones([2], name="x")
    assert "NoOp" == tf.assert_type(x, tf.float32).type == tf.assert_integer(tf.constant(1)).type
    with pytest.raises(TypeError, match="mine.  x:0 must be of type tf.int32; got tf.float32"):
        tf.assert_type(x, tf.int32, message="mine")
    with pytest.raises(TypeError, match=r'Expected "x" to be integer type.  Found: x:0 of dtype tf.float32'):
        tf.assert_integer(x)
    assert (tf.float32, tf.float64) == (tf.assert_same_float_dtype(), tf.assert_same_float_dtype(None, tf.float64))
    assert tf.float32 is tf.assert_same_float_dtype([x, None, tf.Variable(1.0)])
    for tensors, dtype in [([x, tf.constant(1)], None), ([x], tf.float64), ([tf.constant(1)], None)]:
        with pytest.raises(ValueError, match="dtype|type"):
            tf.assert_same_float_dtype(tensors, dtype)
    assert [True, False, False] == [tf.is_numeric_tensor(value) for value in (x, tf.constant("a"), 1.0)]


def test_order() -> None:
    """All elements of a tensor are compared with the one before, in row-major order."""
    values = [[], [1], [1, 2], [1, 1], [2, 1], [[1, 2], [3, 4]], [[1, 3], [2, 4]]]
    tensors = [unknown(np.array(value, np.int32)) for value in values]
    with tf.Session() as session:
        assert [1, 1, 1, 0, 0, 1, 0] == session.run([tf.is_strictly_increasing(x) for x in tensors])
        assert [1, 1, 1, 1, 0, 1, 0] == session.run([tf.math.is_non_decreasing(x) for x in tensors])
    with pytest.raises(TypeError, match="numeric"):
        tf.is_non_decreasing(["a"])


def test_single_values_and_iterables() -> None:
    """A tensor that is not known to be a single value is refused; so is a tensor where a list is meant."""
    assert 3 == tf.Session().run(tf.assert_scalar(3))
    for wrong in (tf.ones([1]), tf.placeholder(tf.float32)):
        with pytest.raises(ValueError, match="Expected scalar shape"):
            tf.assert_scalar(wrong)
    tf.assert_proper_iterable([1])
    for value in (tf.ones([1]), np.ones(1), "a", 1):
        with pytest.raises(TypeError, match="iterable"):
            tf.assert_proper_iterable(value)


def test_ensure_shape() -> None:
    """The static shape gets what is expected; a run with another shape stops. The derivative passes."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.ensure_shape(x, (3, None))
    assert [3, 2] == y.shape.as_list()
    (grad,) = tf.gradients(y * 2, x)
    with tf.Session() as session:
        assert 12 == session.run(grad, {x: np.ones((3, 2))}).sum()
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"Shape of tensor x \[1,2\] .* expected shape \[3,\?\]"
        ):
            session.run(y, {x: np.ones((1, 2))})
    with pytest.raises(ValueError, match="not compatible"):
        tf.ensure_shape(x, [None, 3])


def test_sparse_tensors() -> None:
    """Ranks, dtypes and sizes of sparse tensors are checked as well, and an identity of one is sparse."""
    x = tf.SparseTensor([[0, 1]], [1.0], [2, 3])
    tf.assert_rank(x, 2)
    tf.assert_type(x, tf.float32)
    tf.debugging.assert_shapes([(x, ("N", "D")), (tf.ones([3]), ("D",))])
    with pytest.raises(ValueError, match="must have rank 3"):
        tf.assert_rank(x, 3)
    late = tf.SparseTensor([[0, 1]], [1.0], tf.placeholder_with_default(np.array([2, 3]), [None]))
    with tf.Session() as session:
        session.run([tf.assert_rank(late, 2), tf.debugging.assert_shapes([(late, (2, 3))])])
        with pytest.raises(tf.errors.InvalidArgumentError, match="must have rank"):
            session.run(tf.assert_rank(late, 1))
        assert [2, 3] == session.run(tf.identity(x).dense_shape).tolist()
    assert isinstance(tf.identity(x), tf.SparseTensor)
