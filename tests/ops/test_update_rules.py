"""Operations that do a step of an optimizer, by themselves: what they change, what they refuse, and whose memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.ops import update_rules

WRONG = tf.errors.InvalidArgumentError

# As TensorFlow computed them: the variables of the step, in order.
LOOKING_AHEAD = [
    [0.9728087186813354, 2.003798246383667],
    [0.14000001549720764, 0.07999996840953827],
    [0.2995000183582306, 0.4059999883174896],
]
ADAMAX = [[0.7666667103767395, 1.9272727966308594], [0.14000001549720764, 0.07999996840953827], [0.5, 1.0]]
FURTHER = {
    "ApplyAddSign": [[0.9049999713897705, 2.009999990463257], [0.14000001549720764, 0.07999996840953827]],
    "ApplyPowerSign": [[0.8770198225975037, 2.0406570434570312], [0.14000001549720764, 0.07999996840953827]],
    "ApplyAdagradV2": [[0.9168894290924072, 2.090461254119873], [0.3499999940395355, 1.2000000476837158]],
    "ApplyFtrlV2": [
        [-0.1336781531572342, 0.8945086002349854],
        [0.3499999940395355, 1.2000000476837158],
        [0.08061978220939636, -0.984463095664978],
    ],
}
AMSGRAD = [
    [0.9783705472946167, 1.9900881052017212],
    [0.14000001549720764, 0.07999996840953827],
    [0.2995000183582306, 0.4059999883174896],
    [0.2995000183582306, 0.5],
]


def unknown(value: Any) -> Any:
    """A float32 tensor whose shape is not known before the run."""
    return tf.placeholder_with_default(np.asarray(value, np.float32), None)


def test_gives_the_variable() -> None:
    """The output is the variable itself, and what a session gave out before stays as it was."""
    v = tf.Variable([1.0, 2.0])
    step = apply("ApplyGradientDescent", v, 0.5, [2.0, 4.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        before = sess.run(v)
        kept = sess.state.variables["Variable"]
        assert [0.0, 0.0] == sess.run(step).tolist()
        assert [1.0, 2.0] == before.tolist() == kept.tolist()
        assert not sess.state.variables["Variable"].flags.writeable


def test_gradient_is_not_kept() -> None:
    """A variable never has the memory of what was fed or of a constant, even where a step leaves it unchanged."""
    v = tf.Variable([1.0, 2.0])
    fed = np.array([0.0, 0.0], np.float32)
    x = tf.placeholder(tf.float32, [2])
    step = apply("ApplyGradientDescent", v, 0.0, x)
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(step, {x: fed})
        fed[:] = 100.0
        assert [1.0, 2.0] == sess.run(v).tolist()


def test_behind_handles() -> None:
    """An operation on handles changes the same values, and has no output."""
    v = apply("VarHandleOp", dtype="float32", shape=(2,), shared_name=b"v")
    start = apply_op("AssignVariableOp", v, np.array([1.0, 2.0], np.float32))
    step = apply_op("ResourceApplyGradientDescent", v, 0.5, [2.0, 4.0])
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
            sess.run(step)
        sess.run(start)
        assert sess.run(step) is None
        assert [0.0, 0.0] == sess.run(apply("ReadVariableOp", v, dtype="float32")).tolist()


def test_shapes_before_the_run() -> None:
    """Shapes that cannot fit are refused when the operation is made, and the output has the variable's shape."""
    v, m = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0, 3.0])
    numbers = (0.9, 0.9, 0.1, 0.9, 0.9, 0.1)
    assert [2] == apply("ApplyAdam", v, v, v, *numbers, unknown([1.0, 1.0])).shape.as_list()
    for call in (
        lambda: apply("ApplyGradientDescent", v, 0.5, [1.0]),
        lambda: apply("ApplyGradientDescent", v, [0.5], [1.0, 1.0]),
        lambda: apply("ApplyAdam", v, m, v, *numbers, [1.0, 1.0]),
    ):
        with pytest.raises(ValueError, match="shape|rank"):
            call()


def test_shapes_in_the_run() -> None:
    """Shapes that were not known before are looked at in the run, and no variable has changed after an error."""
    v, m = tf.Variable([1.0, 2.0]), tf.Variable(unknown([1.0, 2.0, 3.0]), validate_shape=False)
    numbers = (0.9, 0.9, 0.1, 0.9, 0.9, 0.1)
    steps = [
        (apply("ApplyGradientDescent", v, 0.5, unknown([1.0])), "gradient of shape"),
        (apply("ApplyGradientDescent", v, unknown([0.5]), unknown([1.0, 1.0])), "scalars"),
        (apply("ApplyAdam", v, m, v, *numbers, unknown([1.0, 1.0])), "variables of one shape"),
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for step, words in steps:
            with pytest.raises(WRONG, match=words):
                sess.run(step)
        assert [1.0, 2.0] == sess.run(v).tolist()


def test_nesterov_and_largest_squares() -> None:
    """Adam that looks ahead, AdaMax and Amsgrad, whose numbers TensorFlow gave."""
    numbers = (0.9, 0.99, 0.1, 0.9, 0.99, 0.1)
    grad = [0.5, -1.0]
    variables = [tf.Variable([1.0, 2.0]), tf.Variable([0.1, 0.2]), tf.Variable([0.3, 0.4])]
    handles = [apply("VarHandleOp", dtype="float32", shape=(2,), shared_name=name.encode()) for name in "abcd"]
    starts = ([1.0, 2.0], [0.1, 0.2], [0.3, 0.4], [0.2, 0.5])
    given = [apply_op("AssignVariableOp", a, np.array(b, "f")) for a, b in zip(handles, starts, strict=True)]
    amsgrad = apply_op("ResourceApplyAdamWithAmsgrad", *handles, *numbers, grad)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(apply("ApplyAdam", *variables, *numbers, grad, use_nesterov=True))
        np.testing.assert_allclose(LOOKING_AHEAD, sess.run(variables), rtol=1e-6)
        sess.run(tf.global_variables_initializer())
        sess.run(apply("ApplyAdaMax", *variables, 0.9, 0.1, 0.9, 0.99, 0.1, grad))
        np.testing.assert_allclose(ADAMAX, sess.run(variables), rtol=1e-6)
        sess.run(given)
        sess.run(amsgrad)
        found = sess.run([apply("ReadVariableOp", handle, dtype="float32") for handle in handles])
        np.testing.assert_allclose(AMSGRAD, found, rtol=1e-6)


def test_large_variables_are_changed_in_pieces() -> None:
    """Every element gets what it would get alone, with a gradient in another order too, and inputs stay as they are."""
    random = np.random.RandomState(0)
    starts = [random.rand(450, 300).astype("f") for _ in range(3)]
    slopes = random.randn(300, 450).astype("f").T
    given = slopes.copy()
    chosen = ([0, 0, 109, 449, 211], [0, 299, 67, 299, 123])  # the first piece ends at [109, 67]

    def stepped(values: list[Any], slope: Any, looks_ahead: bool) -> list[Any]:
        with tf.Graph().as_default(), tf.Session() as sess:
            variables = [tf.Variable(value) for value in values]
            grad = tf.placeholder(tf.float32, slope.shape)
            sess.run(tf.global_variables_initializer())
            numbers = (0.9, 0.99, 0.1, 0.9, 0.99, 0.1)
            sess.run(apply("ApplyAdam", *variables, *numbers, grad, use_nesterov=looks_ahead), {grad: slope})
            found: list[Any] = sess.run(variables)
            return found

    assert starts[0].size > update_rules._WHOLE
    for looks_ahead in (False, True):
        few = stepped([value[chosen] for value in starts], slopes[chosen], looks_ahead)
        for whole, part in zip(stepped(starts, slopes, looks_ahead), few, strict=True):
            np.testing.assert_array_equal(whole[chosen], part)
    np.testing.assert_array_equal(slopes, given)


def test_rows() -> None:
    """Rows are changed one after the other, so one that is given twice is changed twice; others stay."""
    v, m = tf.Variable([[1.0], [2.0], [3.0]]), tf.Variable([[0.0], [0.0], [0.0]])
    step = apply("SparseApplyMomentum", v, m, 0.5, [[1.0], [1.0], [2.0]], [0, 0, 2], 0.5)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        assert [[[-0.25], [2.0], [2.0]], [[1.5], [0.0], [2.0]]] == [value.tolist() for value in sess.run([v, m])]


def test_rows_out_of_range() -> None:
    """A number of a row that is not there changes nothing."""
    v, m = tf.Variable([[1.0], [2.0]]), tf.Variable([[0.0], [0.0]])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for number in (2, -1):
            with pytest.raises(WRONG, match=rf"indices\[1\] = {number} is not in \[0, 2\)"):
                sess.run(apply("SparseApplyMomentum", v, m, 0.5, [[1.0], [1.0]], [0, number], 0.5))
        assert [[1.0], [2.0]] == sess.run(v).tolist()


def test_further_rules() -> None:
    """Rules that no optimizer here makes, which graphs from elsewhere have; the numbers are TensorFlow's."""
    grad = [0.5, -1.0]
    cases = {
        "ApplyAddSign": (2, (0.1, 1.0, 0.9, 0.9, grad)),
        "ApplyPowerSign": (2, (0.1, 1.0, 0.9, 0.9, grad)),
        "ApplyAdagradV2": (2, (0.1, 0.01, grad)),
        "ApplyFtrlV2": (3, (grad, 0.1, 0.01, 0.02, 0.03, -0.5)),
    }
    for name, (count, numbers) in cases.items():
        variables = [tf.Variable(start) for start in ([1.0, 2.0], [0.1, 0.2], [0.3, 0.4])[:count]]
        options = {"multiply_linear_by_lr": True} if "Ftrl" in name else {}
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(apply(name, *variables, *numbers, **options))
            np.testing.assert_allclose(FURTHER[name], sess.run(variables), rtol=1e-6, err_msg=name)
