"""Programs with loops, written once for hdfsaver and TensorFlow; see `branches.py`."""

from __future__ import annotations

from typing import Any

Program = tuple[Any, list[dict[str, bool]]]

ONCE: list[dict[str, bool]] = [{}]
TWO = [{"p:0": True}, {"p:0": False}]


def counts(tf: Any) -> Program:
    """One loop variable."""
    return tf.while_loop(lambda i: tf.less(i, 10), lambda i: [tf.add(i, 1)], [tf.constant(0, name="i")]), ONCE


def captures_in_a_loop(tf: Any) -> Program:
    """A value from outside enters once."""
    x, i = tf.constant(2.0, name="x"), tf.constant(0, name="i")
    return tf.while_loop(lambda i, a: tf.less(i, 10), lambda i, a: (i + 1, a * x), [i, 1.0]), ONCE


def grows(tf: Any) -> Program:
    """A shape that changes."""
    x = tf.placeholder_with_default([1.0], [None], name="x")
    invariants = [tf.TensorShape([]), tf.TensorShape([None])]
    return tf.while_loop(
        lambda i, a: i < 3, lambda i, a: (i + 1, tf.concat([a, x], 0)), [0, x], invariants, 3, name="lp"
    ), ONCE


def counts_at_most(tf: Any) -> Program:
    """The most iterations as a tensor and as a number."""
    most = tf.placeholder_with_default(4, [], name="n")
    endless = tf.while_loop(lambda i: True, lambda i: i + 2, [0], maximum_iterations=most)
    return [endless, tf.while_loop(lambda i: i < 7, lambda i: i + 2, [0], maximum_iterations=3)], ONCE


def loop_in_a_loop(tf: Any) -> Program:
    """A value from outside enters both loops."""
    x = tf.constant(2.0, name="x")

    def body(i: Any, a: Any) -> Any:
        b = tf.while_loop(lambda j, b: j < i, lambda j, b: (j + 1, b + x), [0, a])[1]
        return i + 1, b * 1.5

    return tf.while_loop(lambda i, a: i < 4, body, [0, 0.0]), ONCE


def branch_in_a_loop(tf: Any) -> Program:
    """A branch is taken in some iterations."""
    x = tf.constant(2.0, name="x")

    def body(i: Any, a: Any) -> Any:
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: a + x, lambda: a)

    return tf.while_loop(lambda i, a: i < 3, body, [0, 0.0]), ONCE


def loop_in_a_branch(tf: Any) -> Program:
    """A loop runs only where its branch is taken."""
    x, p = tf.constant(2.0, name="x"), tf.placeholder(tf.bool, [], name="p")

    def on_true() -> Any:
        return tf.while_loop(lambda a: a < x * 8.0, lambda a: a + x, [x * 2.0])

    return tf.cond(p, on_true, lambda: x), TWO


def waits_in_a_loop(tf: Any) -> Program:
    """Control dependencies around a loop and in it."""
    first, v = tf.no_op(name="first"), tf.Variable(0.0, name="v")

    def body(i: Any) -> Any:
        with tf.control_dependencies([v.assign_add(1.0)]):
            return i + tf.constant(1)

    with tf.control_dependencies([first]):
        return tf.while_loop(lambda i: i < 3, body, [0]), ONCE


def passes_round(tf: Any) -> Program:
    """The body gives a value from outside, and its loop variables in another order."""
    z = tf.constant(5, name="z")
    swapped = tf.while_loop(lambda i, j: i < 3, lambda i, j: (j, i), [0, z])
    return [tf.while_loop(lambda i: i < 3, lambda i: z, [0]), swapped], ONCE


def variables_in_a_loop(tf: Any) -> Program:
    """The value of a variable, and the variable itself as a loop variable."""
    v = tf.Variable(0.0, name="v")
    value = tf.while_loop(lambda a: a < 3.0, lambda a: a + v + 1.0, [v])
    with tf.control_dependencies([value]):
        return [value, tf.while_loop(lambda a: a < 3.0, lambda a: v.assign_add(1.0), [v._ref()])], ONCE


def nested_loop_variables(tf: Any) -> Program:
    """Loop variables in a dict."""
    found = tf.while_loop(
        lambda i, d: i < 3, lambda i, d: (i + 1, {"a": d["b"], "b": d["a"] + 1}), (0, {"a": 1, "b": 2})
    )
    return [found[0], found[1]["a"], found[1]["b"]], ONCE


def no_iteration(tf: Any) -> Program:
    """The first values, and a list of one."""
    none = tf.while_loop(lambda i, x: i < 0, lambda i, x: (i + 1, x * 2.0), (0, 3.0))
    return [none, tf.while_loop(lambda i: i < 2, lambda i: i + 1, [0], return_same_structure=True)], ONCE


def arrays(tf: Any) -> Program:
    """TensorArrays that are written and read in several ways, and their derivatives."""
    x = tf.placeholder_with_default([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [3, 2], name="x")
    first = tf.TensorArray(tf.float32, size=3, clear_after_read=False, name="ta").unstack(x)
    read = first.read(1)
    second = tf.TensorArray(tf.float32, size=0, dynamic_size=True).write(0, read)
    parts = tf.TensorArray(tf.float32, size=2, infer_shape=False).split(x, [1, 2])
    read_all = [second.stack(), second.size(), first.gather([0, 2]), first.identity().stack(), parts.concat()]
    y = [tf.reduce_sum(read_all[0]) + tf.reduce_sum(read_all[2]), read_all[4]]
    some = tf.TensorArray(tf.int32, 2, element_shape=[], infer_shape=False).scatter([1, 0], [5, 6])
    return [read_all, tf.gradients(y, x), tf.gradients(y, x), some.read(0)], ONCE


def array_in_a_loop(tf: Any) -> Program:
    """A TensorArray as a loop variable, and one that is captured."""
    x = tf.placeholder_with_default([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [None, 2], name="x")
    given = tf.TensorArray(tf.float32, size=3).unstack(x)
    _, found = tf.while_loop(
        lambda i, out: i < 3,
        lambda i, out: (i + 1, out.write(i, given.read(i) * 2.0)),
        [0, tf.TensorArray(tf.float32, size=3)],
    )
    return found.stack(), ONCE


def array_of_a_branch(tf: Any) -> Program:
    """A TensorArray that branches write."""
    p = tf.placeholder(tf.bool, [], name="p")
    array = tf.TensorArray(tf.float32, size=2, element_shape=[])
    return tf.cond(p, lambda: array.write(0, 1.0), lambda: array.write(1, 2.0)).stack(), TWO


LOOPS = (
    *(counts, captures_in_a_loop, grows, counts_at_most, loop_in_a_loop, branch_in_a_loop, loop_in_a_branch),
    *(waits_in_a_loop, passes_round, variables_in_a_loop, nested_loop_variables, no_iteration),
    *(arrays, array_in_a_loop, array_of_a_branch),
)
