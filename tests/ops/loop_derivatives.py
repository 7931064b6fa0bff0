"""Programs with derivatives of loops, written once for hdfsaver and TensorFlow; see `branches.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Program = tuple[Any, list[dict[str, bool]]]

ONCE: list[dict[str, bool]] = [{}]
BOTH = [{}, {"p:0": False}]


def given(tf: Any, value: Any = 1.25, shape: Any = (), name: str = "x") -> Any:
    """A tensor that may be fed."""
    return tf.placeholder_with_default(value, shape, name=name)


def repeated(tf: Any, number: int, step: Callable[[Any, Any], Any], first: Any, **options: Any) -> Any:
    """A loop over a number and one more loop variable, which it gives."""
    return tf.while_loop(lambda i, a: i < number, lambda i, a: (i + 1, step(i, a)), (0, first), **options)[1]


def derivative_of_a_loop(tf: Any) -> Program:
    """By the first value and by a value from outside, twice."""
    x = given(tf)
    y = repeated(tf, 3, lambda i, a: a * a * 0.5 + x, x)
    return [tf.gradients(y * x, x), tf.gradients(y, x)], ONCE


def derivative_of_unknown_sizes(tf: Any) -> Program:
    """Shapes are kept on stacks, which may swap memory."""
    x = given(tf, [1.0, 2.0], [None])
    y = repeated(tf, 3, lambda i, a: a * x * 0.5, x, parallel_iterations=4, swap_memory=True)
    return tf.gradients(y, x), ONCE


def derivative_of_nested_loops(tf: Any) -> Program:
    """The numbers of iterations of the inner loop are kept on a stack."""
    x = given(tf)
    return tf.gradients(repeated(tf, 3, lambda i, a: repeated(tf, i, lambda j, b: b * x, a) * 1.5, x), x), ONCE


def derivative_of_nested_unknown_sizes(tf: Any) -> Program:
    """The sum of the derivatives by a value from outside begins with zeros of its shape."""
    x = given(tf, [1.0, 2.0], [None])
    return tf.gradients(repeated(tf, 3, lambda i, a: repeated(tf, i, lambda j, b: b * x, a) * 1.5, x), x), ONCE


def derivative_of_a_branch_in_a_loop(tf: Any) -> Program:
    """Conditions are kept on stacks, and what a branch needs is kept there."""
    x = given(tf, [1.0, 2.0], [None])
    y = repeated(tf, 5, lambda i, a: tf.cond(tf.equal(i % 2, 0), lambda: a * x, lambda: a * a * 0.25), x)
    return tf.gradients(y, x), ONCE


def derivative_of_nested_branches_in_a_loop(tf: Any) -> Program:
    """A condition that is kept in some iterations only."""
    x = given(tf)

    def step(i: Any, a: Any) -> Any:
        return tf.cond(i > 1, lambda: tf.cond(i > 2, lambda: a * x, lambda: a * a), lambda: a + x)

    return tf.gradients(repeated(tf, 5, step, x), x), ONCE


def derivative_of_a_loop_in_a_branch(tf: Any) -> Program:
    """Both sides of the condition."""
    x, p = given(tf), given(tf, True, name="p")
    y = tf.cond(p, lambda: repeated(tf, 3, lambda i, a: a * x, x), lambda: x * 3.0)
    return tf.gradients(y, x), BOTH


def derivative_of_a_loop_in_a_branch_in_a_loop(tf: Any) -> Program:
    """The inner loop runs in some iterations only."""
    x = given(tf)

    def step(i: Any, a: Any) -> Any:
        return tf.cond(i > 1, lambda: repeated(tf, i, lambda j, b: b * x, a), lambda: a) * 1.5

    return tf.gradients(repeated(tf, 4, step, x), x), ONCE


def derivative_of_rows_in_a_loop(tf: Any) -> Program:
    """Slices of a tensor from outside are collected."""
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    y = repeated(tf, 2, lambda i, a: a + tf.reduce_sum(tf.gather(x, [i, 0]) * a), 1.0)
    found = tf.gradients(y, x)[0]
    return [found.values, found.indices], ONCE


def derivative_of_what_passes(tf: Any) -> Program:
    """Loop variables that do not change, that change places, and that do not depend on what was before."""
    x, z = given(tf), given(tf, 3.0, name="z")
    first = tf.while_loop(lambda i, a, b: i < 3, lambda i, a, b: (i + 1, a * 2.0, b), (0, x, z))
    second = tf.while_loop(lambda i, a, b: i < 3, lambda i, a, b: (i + 1, b * x, a), (0, x, z))
    third = repeated(tf, 3, lambda i, a: x * 2.0, x)
    return [tf.gradients([first[1], first[2]], [x, z]), tf.gradients(second[1], [x, z]), tf.gradients(third, x)], ONCE


def derivative_of_a_replaced_vector(tf: Any) -> Program:
    """A loop variable of unknown size that does not depend on what was before."""
    x = given(tf, [1.0], [None])
    return tf.gradients(repeated(tf, 3, lambda i, a: x * 2.0, x), x), ONCE


def derivative_of_no_iteration(tf: Any) -> Program:
    """1 by the first value, and 0 by what enters."""
    x, z = given(tf), given(tf, 3.0, name="z")
    return tf.gradients(repeated(tf, 0, lambda i, a: a * z, x), [x, z]), ONCE


def no_derivative_of_a_loop(tf: Any) -> Program:
    """A loop without derivatives, and one that ends early."""
    x = given(tf)
    kept = repeated(tf, 3, lambda i, a: a * x, x, back_prop=False)
    return [tf.gradients(kept + x, x), tf.gradients(repeated(tf, 3, lambda i, a: a * x, x, name="w"), x)], ONCE


def derivative_of_arrays(tf: Any) -> Program:
    """TensorArrays that are read and written in a loop."""
    x = given(tf, [[1.0, 2.0], [3.0, 4.0]], [None, 2])
    array = tf.TensorArray(tf.float32, tf.shape(x)[0]).unstack(x)
    y = repeated(tf, 2, lambda i, out: out.write(i, tf.square(array.read(i))), tf.TensorArray(tf.float32, 2))
    return tf.gradients(y.stack(), x), ONCE


def derivative_with_all_options(tf: Any) -> Program:
    """Colocated, gated and added one after the other."""
    x = given(tf)
    y = repeated(tf, 3, lambda i, a: a * x + tf.sin(a) * a, x)
    return tf.gradients(y, x, colocate_gradients_with_ops=True, gate_gradients=True, aggregation_method=1), ONCE


def derivative_within_a_loop(tf: Any) -> Program:
    """Each iteration computes a derivative, of a loop too."""
    x = given(tf)

    def step(i: Any, a: Any) -> Any:
        inner = repeated(tf, 2, lambda j, b: b * x, a * a)
        return a - 0.1 * tf.gradients(inner, a)[0]

    return repeated(tf, 3, step, 2.0), ONCE


LOOP_DERIVATIVES = (
    *(derivative_of_a_loop, derivative_of_unknown_sizes, derivative_of_nested_loops, derivative_of_rows_in_a_loop),
    *(derivative_of_nested_unknown_sizes, derivative_of_a_branch_in_a_loop, derivative_of_nested_branches_in_a_loop),
    *(derivative_of_a_loop_in_a_branch, derivative_of_a_loop_in_a_branch_in_a_loop, derivative_of_what_passes),
    *(derivative_of_a_replaced_vector, derivative_of_no_iteration, no_derivative_of_a_loop, derivative_of_arrays),
    *(derivative_with_all_options, derivative_within_a_loop),
)
