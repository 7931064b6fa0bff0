"""Runs in several parts."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture
def program():
    """A session with (a + b) and (a + b) * c, and the three placeholders."""
    a, b, c = (tf.placeholder(tf.float32, [], name=name) for name in "abc")
    total = tf.add(a, b, name="total")
    return tf.Session(), a, b, c, total, tf.multiply(total, c, name="product")


def test_each_part_goes_on_from_the_last(program):
    """In any structure; several runs of one session have nothing to do with each other."""
    sess, a, b, c, total, product = program
    first, second = (sess.partial_run_setup([total, product], [a, b, c]) for _ in range(2))
    assert first != second
    assert sess.partial_run(first, total, {a: 1, b: 2}) == 3
    assert sess.partial_run(second, {"x": [total, total]}, {(a, b): (10, 20)}) == {"x": [30, 30]}
    assert sess.partial_run(first, [product], {"c:0": 5}) == [15]
    assert sess.partial_run(second, [], {c: 2}) == []
    assert sess.partial_run(second, product) == 60


def test_an_operation_runs_once():
    """As soon as it can, whether it is fetched or not; variables keep what it did."""
    v = tf.Variable(0.0)
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    doubled = tf.assign_add(v, a) * 2
    total = doubled + b
    with tf.control_dependencies([total]):
        noted = v.assign(100.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        handle = sess.partial_run_setup([doubled, total, noted.op], [a, b])
        assert sess.partial_run(handle, doubled, {a: 3.0}) == 6
        assert sess.run(v) == 3
        assert sess.partial_run(handle, total, {b: 1.0}) == 7
        assert sess.run(v) == 100


def test_values_are_kept_as_they_were_fed():
    """The program may write on its array between two parts, and on what it got."""
    a, b = tf.placeholder(tf.float32, [1]), tf.placeholder(tf.float32, [1])
    same, total = tf.identity(a), a + b
    value = np.ones(1, np.float32)
    with tf.Session() as sess:
        handle = sess.partial_run_setup([same, total], [a, b])
        found = sess.partial_run(handle, same, {a: value})
        value[0] = found[0] = 50
        assert sess.partial_run(handle, total, {b: [1.0]}) == [2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, h, a, c, t, p: s.partial_run(h, t, {a: 1, c: 3}), "c:0 was not specified in partial_run_setup.$"),
        (lambda s, h, a, c, t, p: s.partial_run(h, p, {a: 1}), "product:0 was not specified in partial_run_setup.$"),
        (lambda s, h, a, c, t, p: s.partial_run(h, t, {a: 1}), "can't be computed .* so far: feed b:0.$"),
        (lambda s, h, a, c, t, p: [s.partial_run(h, [], {a: 1}) for _ in range(2)], "a:0 has already been fed.$"),
        (lambda s, h, a, c, t, p: s.partial_run("other", t), "Must run 'setup' before"),
    ],
)
def test_what_was_not_set_up(program, call, message):
    """Is an error, and the run can go on as it was set up."""
    sess, a, b, c, total, product = program
    handle = sess.partial_run_setup([total], [a, b])
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(sess, handle, a, c, total, product)
    fed = {} if "fed" in message and "already" in message else {a: 1}
    assert sess.partial_run(handle, total, {b: 2, **fed}) == 3


def test_a_run_that_is_over(program):
    """All was fed and fetched, or an operation failed: it has to be set up anew."""
    sess, a, b, c, total, _ = program
    handle = sess.partial_run_setup([total, a * 2], [a, b, c])
    sess.partial_run(handle, total, {a: 1, b: 2})
    with pytest.raises(tf.errors.InvalidArgumentError, match="total:0 has already been fetched.$"):
        sess.partial_run(handle, total, {c: 3})
    over = sess.partial_run_setup([total], [a, b])
    sess.partial_run(over, total, {a: 1, b: 2})
    unfed = sess.partial_run_setup([total], [a])
    with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value for placeholder tensor 'b'"):
        sess.partial_run(unfed, total, {a: 1})
    for ended in (over, unfed):
        with pytest.raises(tf.errors.InvalidArgumentError, match="Must run 'setup'"):
            sess.partial_run(ended, [])


def test_setups_that_make_no_sense(program):
    """Nothing to fetch, a tensor that is fed and fetched, or fed twice, and things that are not of the graph."""
    sess, a, b, _, total, product = program
    with pytest.raises(tf.errors.InvalidArgumentError, match="specify at least one target to fetch or execute"):
        sess.partial_run_setup([], [a])
    with pytest.raises(tf.errors.InvalidArgumentError, match="a:0 is both fed and fetched"):
        sess.partial_run_setup([a, total], [a, b])
    with pytest.raises(tf.errors.InvalidArgumentError, match='Endpoint "a:0" fed more than once'):
        sess.partial_run_setup(total, [a, a])
    with pytest.raises(TypeError, match="Cannot interpret feed_dict key as Tensor"):
        sess.partial_run_setup(total, "nope:0")
    with pytest.raises(ValueError, match="cannot be interpreted as a Tensor"):
        sess.partial_run_setup("nope:0")
    handle = sess.partial_run_setup([total, product.op], [a, b])
    with pytest.raises(RuntimeError, match=r"partial_run\(\) cannot run operations"):
        sess.partial_run(handle, product.op)
    sess.close()
    for call in (lambda: sess.partial_run(handle, total), lambda: sess.partial_run_setup(total, a)):
        with pytest.raises(RuntimeError, match="closed Session"):
            call()
