"""What waits for a change of a variable sees the change, whichever read it takes; values are TensorFlow's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture
def sess() -> Iterator[tf.Session]:
    """A session of the default graph."""
    with tf.Session() as session:
        yield session


def start(sess: tf.Session) -> None:
    """Give all variables their initial values."""
    sess.run(tf.global_variables_initializer())


def test_what_waits_sees_the_change(sess: tf.Session) -> None:
    """The read ``v/read`` was made before; what takes it after an assignment has the value behind it."""
    v = tf.Variable([1.0, 2.0])
    for change, wanted in ((v.assign_add([10.0, 10.0]), [11, 12]), (v.assign([7.0, 7.0]), [7, 7]), (v * 2.0, [1, 2])):
        with tf.control_dependencies([change]):
            copies = [tf.identity(v), v + 0.0, tf.identity(v.value())]
        start(sess)
        for copy in sess.run(copies):
            assert wanted == copy.tolist()


def test_what_does_not_wait_keeps_what_was_read(sess: tf.Session) -> None:
    """A value that the change itself is computed of is the old one, also where another operation takes both."""
    v = tf.Variable(5.0)
    before = v * 1.0
    with tf.control_dependencies([before]):
        change = v.assign(before + 4.0)
    with tf.control_dependencies([change]):
        both = before * 100.0 + v
    start(sess)
    assert 509.0 == sess.run(both)


def test_no_change_is_lost(sess: tf.Session) -> None:
    """An assignment computed from the variable continues from the change before it, though nothing orders the two."""
    v, w = tf.Variable(1.0), tf.Variable(2.0)
    optimizer = tf.train.AdamOptimizer(0.1)
    steps = [optimizer.minimize(tf.square(each), var_list=[each]) for each in (v, w)]
    decay = next(each for each in tf.global_variables() if each.op.name == "beta1_power")
    trained = tf.train.GradientDescentOptimizer(0.25).minimize(tf.square(v))
    clipped = tf.assign(v, tf.clip_by_value(v, -0.75, 0.75))
    start(sess)
    sess.run(tf.group(*steps))
    assert np.float32(0.9) ** 3 == pytest.approx(sess.run(decay))
    start(sess)
    sess.run([trained, clipped])
    assert 0.5 == sess.run(v)


def test_what_leads_to_no_assignment_keeps_what_was_read(sess: tf.Session) -> None:
    """A sum beside two assignments is of the value before them."""
    v = tf.Variable(1.0)
    changes = [tf.assign(v, v + 1.0), tf.assign(v, v * 10.0)]
    beside = v + 0.0
    start(sess)
    assert 1.0 == sess.run([beside, *(each.op for each in changes)])[0]
    assert 20.0 == sess.run(v)


def test_through_several_operations(sess: tf.Session) -> None:
    """The change may be far away, and of one variable only; a fed variable and a fed read keep what was fed."""
    v, w = tf.Variable(1.0), tf.Variable(1.0)
    with tf.control_dependencies([tf.group(v.assign(3.0))]):
        wait = tf.constant(0.0)
    sums = [v + wait, w + wait, v.value() * 1.0]
    start(sess)
    assert [3.0, 1.0] == sess.run(sums[:2])
    start(sess)
    assert 9.0 == sess.run(sums[0], {v.value(): 9.0})


def test_fetched_reads(sess: tf.Session) -> None:
    """A read that is fetched beside a change has the value at the end of the run; one that is fed is as it was."""
    v = tf.Variable([1.0])
    change = v.assign_add([1.0])
    start(sess)
    read, _, by_itself = sess.run([v.value(), change, v])
    assert [2.0, 2.0] == [*read, *by_itself]
    read[0] = 100.0
    assert [2.0] == sess.run(v).tolist()
    assert [7.0] == sess.run([v.value(), change], {v.value(): [7.0]})[0].tolist()


def test_many_changes_one_after_the_other(sess: tf.Session) -> None:
    """Each of a chain of operations sees the changes before it."""
    v = tf.Variable(0.0)
    seen: list[Any] = []
    waits: list[Any] = []
    for number in range(5):
        with tf.control_dependencies(waits):
            seen.append(v + 0.0)
        with tf.control_dependencies([seen[-1]]):
            waits = [v.assign_add(float(number))]
    start(sess)
    np.testing.assert_array_equal([0, 0, 1, 3, 6], sess.run(seen))


def test_in_a_branch(sess: tf.Session) -> None:
    """A branch sees what it has assigned itself, and a branch that is not taken gives nothing."""
    v = tf.Variable(1.0)
    taken = tf.placeholder(tf.bool, [])

    def changed() -> tf.Tensor:
        with tf.control_dependencies([v.assign_add(1.0)]):
            return tf.cond(v > 2.0, lambda: v * 10.0, lambda: v * 100.0)

    result = tf.cond(taken, changed, lambda: -v)
    start(sess)
    assert [200.0, -2.0, 30.0, -3.0] == [sess.run(result, {taken: choice}) for choice in (True, False) * 2]


def test_behind_a_change_before_the_branch(sess: tf.Session) -> None:
    """A read outside of a branch, or of a loop, is made again where these wait for a change."""
    v = tf.Variable(1.0)
    with tf.control_dependencies([v.assign(5.0)]):
        branch = tf.cond(v > 2.0, lambda: tf.square(v), lambda: tf.negative(v))
        loop = tf.while_loop(lambda i, x: i < 2, lambda i, x: (i + 1, x + v), [0, 0.0])[1]
    start(sess)
    assert 25.0 == sess.run(branch)
    start(sess)
    assert 10.0 == sess.run(loop)


def test_in_a_loop(sess: tf.Session) -> None:
    """The condition and the body see what the iteration before has assigned, so the loop ends."""
    v = tf.Variable(0)

    def body(i: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.control_dependencies([v.assign_add(1)]):
            return i + 1, x + tf.identity(v) * 10

    loop = tf.while_loop(lambda i, x: tf.logical_and(v < 3, i < 9), body, [0, 0], parallel_iterations=1)
    start(sess)
    assert [3, 60, 3] == sess.run([*loop, v])


@pytest.mark.parametrize(("changes", "expected"), [(True, 2.0), (False, 1.0)])
def test_a_branch_that_changes_and_one_that_reads(sess: tf.Session, changes: bool, expected: float) -> None:
    """Where one branch changes a variable and the other gives its value, the taken one decides what is there."""
    v = tf.Variable(1.0)
    read = v.value()
    pred = tf.placeholder(tf.bool)
    result = tf.cond(pred, lambda: tf.assign_add(v, 1.0), lambda: read)
    with tf.control_dependencies([result]):
        after = tf.constant(0.0) + tf.identity(read)
    start(sess)
    assert [expected, expected] == sess.run([result, after], {pred: changes})
