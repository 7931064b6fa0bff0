"""Programs with branches, written once for hdfsaver and TensorFlow.

Each takes the package and gives what to fetch, and with what to feed the placeholders of the bools ``p`` and ``q``.
`make_control_flow.py` records the graphs that TensorFlow makes of them and the results.
"""

from __future__ import annotations

from typing import Any

Program = tuple[Any, list[dict[str, bool]]]

TWO = [{"p:0": True}, {"p:0": False}]
FOUR = [{"p:0": p, "q:0": q} for p in (True, False) for q in (True, False)]


def given(tf: Any) -> tuple[Any, Any, Any, Any]:
    """Two numbers and two conditions."""
    x, y = tf.constant(1.0, name="x"), tf.constant(2.0, name="y")
    return x, y, tf.placeholder(tf.bool, [], name="p"), tf.placeholder(tf.bool, [], name="q")


def captures(tf: Any) -> Program:
    """Values from outside come in through a Switch."""
    x, y, p, _ = given(tf)
    return tf.cond(p, lambda: x + y, lambda: x * 3.0), TWO


def passes_on(tf: Any) -> Program:
    """Values from outside are results as they are."""
    x, y, p, _ = given(tf)
    return tf.cond(p, lambda: x, lambda: y), TWO


def gives_several(tf: Any) -> Program:
    """Results in lists, with operations among them."""
    x, _, p, _ = given(tf)
    results = tf.cond(
        p,
        lambda: (x + 1.0, [x, tf.no_op(name="n1")]),
        lambda: (x, [x - 1.0, tf.no_op(name="n2")]),
    )
    return results, TWO


def gives_one(tf: Any) -> Program:
    """Lists of one item, and dicts."""
    x, y, p, _ = given(tf)
    alone = tf.cond(p, lambda: (x,), lambda: (y,))
    strict = tf.cond(p, lambda: [x], lambda: [y], strict=True)
    return [alone, strict, tf.cond(p, lambda: {"b": x, "a": y}, lambda: {"a": x, "b": y}, name="named")], TWO


def gives_operations(tf: Any) -> Program:
    """An operation as a result becomes a bool."""
    _, _, p, _ = given(tf)
    v = tf.Variable(1.0, name="v")
    return tf.cond(p, lambda: v.assign(2.0).op, tf.no_op), TWO


def assigns(tf: Any) -> Program:
    """Variables by reference, and their values."""
    _, _, p, _ = given(tf)
    v = tf.Variable(1.0, name="v")
    assigned = tf.cond(p, lambda: v.assign(2.0), lambda: v.assign_add(5.0))
    return [assigned, tf.cond(p, lambda: tf.constant(0.0), lambda: tf.constant(1.0))], TWO


def reads(tf: Any) -> Program:
    """A variable as a result, and a new one that is made outside of the branch."""
    x, _, p, _ = given(tf)
    v = tf.Variable(1.0, name="v")

    def on_true() -> Any:
        return tf.get_variable("w", [], initializer=tf.ones_initializer()) * x

    return [tf.cond(p, lambda: v, lambda: v + 1.0), tf.cond(p, on_true, lambda: x)], TWO


def nested(tf: Any) -> Program:
    """A branch of a branch."""
    x, _, p, q = given(tf)
    return tf.cond(p, lambda: tf.cond(q, lambda: x + 1.0, lambda: x), lambda: x * 3.0), FOUR


def waits(tf: Any) -> Program:
    """Control dependencies around a cond, and within a branch."""
    x, _, p, _ = given(tf)
    first = tf.no_op(name="first")
    with tf.control_dependencies([first]):
        around = tf.cond(p, lambda: x + 1.0, lambda: tf.constant(4.0))

    def on_true() -> Any:
        with tf.control_dependencies([first]):
            return tf.identity(x)

    def on_false() -> Any:
        with tf.control_dependencies([first]):
            c = tf.constant(3.0)
        with tf.control_dependencies([c]):
            return tf.constant(4.0)

    return [around, tf.cond(p, on_true, on_false)], TWO


def cases(tf: Any) -> Program:
    """The first condition that is true."""
    x, _, p, q = given(tf)
    pairs = [(p, lambda: x + 1.0), (q, lambda: x + 2.0)]
    return tf.case(pairs, default=lambda: x), FOUR


def cases_without_default(tf: Any) -> Program:
    """The last function, guarded."""
    x, _, p, q = given(tf)
    return tf.case([(p, lambda: x + 1.0), (q, lambda: x + 2.0)]), FOUR


def exclusive_cases(tf: Any) -> Program:
    """No two conditions are true."""
    x, _, p, q = given(tf)
    pairs = [(p, lambda: x + 1.0), (q, lambda: x + 2.0)]
    return tf.case(pairs, default=lambda: x, exclusive=True, name="k"), FOUR


def one_case(tf: Any) -> Program:
    """One pair without a default."""
    x, _, p, _ = given(tf)
    return tf.case([(p, lambda: x + 1.0)]), TWO


def derivative_of_one_use(tf: Any) -> Program:
    """Zeros on the branch that does not use a tensor."""
    x, y, p, _ = given(tf)
    return tf.gradients(tf.cond(p, lambda: x * x, lambda: y * 3.0), [x, y]), TWO


def derivative_of_two_uses(tf: Any) -> Program:
    """Both branches use a tensor; a second derivative."""
    x, y, p, _ = given(tf)
    first = tf.gradients(tf.cond(p, lambda: x * x * x, lambda: x * y), x)[0]
    return [first, tf.gradients(first, x)], TWO


def derivative_of_nested(tf: Any) -> Program:
    """A branch of a branch, and a constant."""
    x, y, p, q = given(tf)
    inner = tf.cond(p, lambda: tf.cond(q, lambda: x * x, lambda: x + y), lambda: tf.constant(1.0))
    return tf.gradients(inner, [x, y]), FOUR


def derivative_of_several(tf: Any) -> Program:
    """One of two results is used."""
    x, y, p, _ = given(tf)
    results = tf.cond(p, lambda: (x * x, x), lambda: (y * 3.0, x))
    return tf.gradients(results[0], [x, y]), TWO


def derivative_of_rows(tf: Any) -> Program:
    """Rows of a tensor on one branch, and all of it on the other."""
    _, _, p, _ = given(tf)
    m = tf.placeholder_with_default([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [None, 2])
    rows = tf.cond(p, lambda: tf.gather(m, [0, 1]), lambda: m * 2.0)
    other = tf.cond(p, lambda: tf.gather(m, [0, 1]), lambda: tf.ones([2, 2]))
    return [tf.gradients(rows, m), tf.convert_to_tensor(tf.gradients(other, m)[0])], TWO


def used_outside(tf: Any) -> Program:
    """A tensor of a branch is used outside of it, and in the same branch of another cond."""
    x, y, p, _ = given(tf)
    made = []

    def on_true() -> Any:
        made.append(x * y)
        return made[0]

    tf.cond(p, on_true, lambda: x)
    outside = made[0] + 1.0
    return tf.cond(p, lambda: outside, lambda: x), TWO


def asserted(tf: Any) -> Program:
    """An assertion makes its message on a branch, except of strings and int32."""
    x, _, p, _ = given(tf)
    checks = [tf.Assert(p, ["no", x], name="check"), tf.Assert(p, ["no", 1]), tf.Assert(True, [1.0])]
    with tf.control_dependencies(checks):
        return tf.identity(x), TWO


def shapes(tf: Any) -> Program:
    """The sizes that both branches agree on."""
    x, _, p, _ = given(tf)
    one = tf.placeholder_with_default([[1.0, 2.0]], [1, 2])
    some = tf.placeholder_with_default([[1.0, 2.0]], [None, 2])
    return [tf.cond(p, lambda: one, lambda: some), tf.cond(p, lambda: one, lambda: x)], TWO


BRANCHES = (
    *(captures, passes_on, gives_several, gives_one, gives_operations, assigns, reads, nested, waits, cases),
    *(cases_without_default, exclusive_cases, one_case, derivative_of_one_use, derivative_of_two_uses),
    *(derivative_of_nested, derivative_of_several, derivative_of_rows, used_outside, asserted, shapes),
)
