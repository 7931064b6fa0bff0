"""Derivatives of graphs: which tensors they reach, how they add up, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import lookup
from hdfsaver.graph.graph import Graph
from hdfsaver.training.gradients import gradients
from tests.growing import TOO_MUCH, growth


def run(fetches: Any, feeds: Any = None) -> Any:
    """The values of tensors."""
    return tf.Session().run(fetches, feeds)


def test_a_polynomial() -> None:
    """The derivative of x**3 + 2 x is 3 x**2 + 2, and that of it 6 x."""
    x = tf.constant(2.0)
    (first,) = gradients(x * x * x + 2.0 * x, x)
    (second,) = gradients(first, x)
    assert (14.0, 12.0) == tuple(run([first, second]))


def test_contributions_add_up() -> None:
    """What x does on several ways is added, by one AddN."""
    x = tf.constant([1.0, 2.0])
    (grad,) = gradients([x * 3.0, x * x, x], x)
    assert grad is not None
    assert "AddN" == grad.op.type
    np.testing.assert_array_equal([6.0, 8.0], run(grad))


def test_variables() -> None:
    """The derivative by a variable counts all its readings, also those made later."""
    v = tf.Variable([1.0, 2.0])
    loss = tf.reduce_sum(v * v) + tf.reduce_sum(3.0 * v.read_value())
    (grad,) = gradients(loss, [v])
    with tf.Session() as sess:
        sess.run(v.initializer)
        np.testing.assert_array_equal([5.0, 7.0], sess.run(grad))


def test_only_what_lies_between() -> None:
    """No operation is made for what does not lead from xs to ys."""
    x, other = tf.constant(1.0), tf.constant(2.0)
    y = x * 2.0
    apart = tf.exp(other * y)
    with tf.get_default_graph().name_scope(None):
        gradients(y, x, name="g")
    names = [operation.name for operation in tf.get_default_graph().get_operations()]
    assert [] == [name for name in names if name.startswith("g/") and "Exp" in name]
    assert [None] == gradients(y, apart)


def test_intermediate_tensors() -> None:
    """xs may depend on each other; each gets its whole derivative."""
    x = tf.constant(3.0)
    y = x * x
    z = y * y
    assert (108.0, 18.0, 1.0) == tuple(run(gradients(z, [x, y, z])))


def test_unconnected() -> None:
    """What no y depends on gives None, or zeros if asked for; so do integers and what stands behind them."""
    x, n = tf.constant([1.0, 2.0]), tf.constant([1, 2])
    y = tf.constant(1.0) + tf.cast(tf.cast(x, tf.int32), tf.float32)
    assert [None, None] == gradients(y, [x, n])
    zeros = gradients(y, [x, n], unconnected_gradients="zero")
    assert [[0.0, 0.0], [0, 0]] == [value.tolist() for value in run(zeros)]
    assert [None] == gradients(n * n, n)
    with pytest.raises(ValueError, match="'none' or 'zero'"):
        gradients(y, x, unconnected_gradients="nothing")


def test_integers_end_the_walk() -> None:
    """Behind a cast to integers nothing changes smoothly: no operation is made for what lies on either side of it."""
    x = tf.constant([1.0, 2.0])
    rounded = tf.cast(tf.exp(x), tf.int32)
    y = tf.sin(tf.cast(rounded * rounded, tf.float32))
    before = len(tf.get_default_graph().get_operations())
    assert [None] == gradients(y, x)
    made = [operation.name for operation in tf.get_default_graph().get_operations()[before:]]
    assert ["gradients/Shape", "gradients/grad_ys_0/Const", "gradients/grad_ys_0"] == made


def test_the_shape_of_a_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    """A derivative has the shape of what it is taken by: one that cannot is refused, an unknown one is known then."""
    x = tf.constant([1.0, 2.0, 3.0])
    y = tf.negative(x, name="y")
    unknown = tf.placeholder(tf.float32)
    monkeypatch.setattr(type(lookup("Neg")), "gradient", lambda self, op, grad: [unknown])
    (grad,) = gradients(y, x)
    assert grad is not None
    assert [3] == grad.shape.as_list()
    monkeypatch.setattr(type(lookup("Neg")), "gradient", lambda self, op, grad: [tf.zeros([2])])
    with pytest.raises(ValueError, match=r"operation: y \(Neg\). Input index: 0.* shape: \(3,\). .* shape: \(2,\)"):
        gradients(y, x)


def test_stop_gradients() -> None:
    """What is to be constant is, named as an argument or in the graph."""
    x = tf.constant(3.0)
    y = x * x
    assert 9.0 == run(gradients(y * x, x, stop_gradients=[y]))[0]
    assert 9.0 == run(gradients(tf.stop_gradient(y) * x, x))[0]


def test_grad_ys() -> None:
    """Each y counts as much as its grad_y says."""
    x = tf.constant([1.0, 2.0])
    (grad,) = gradients([x * x, x], x, grad_ys=[[1.0, 10.0], None])
    np.testing.assert_array_equal([3.0, 41.0], run(grad))


def test_wrong_grad_ys() -> None:
    """Their number, shape and dtype must fit."""
    x = tf.constant([1.0, 2.0])
    with pytest.raises(ValueError, match="Passed 1 grad_ys for 2 ys"):
        gradients([x, x], x, grad_ys=[x])
    with pytest.raises(ValueError, match="not compatible"):
        gradients(x, x, grad_ys=[tf.constant([1.0, 2.0, 3.0])])
    (shared,) = gradients(tf.reduce_max(x), x, grad_ys=[[5.0]])  # one element is one, of whatever rank
    assert [0.0, 5.0] == run(shared).tolist()
    with pytest.raises(TypeError, match="must be float32"):
        gradients(x, x, grad_ys=[tf.constant([1.0, 2.0], tf.float64)])
    with pytest.raises(TypeError, match="must set grad_ys"):
        gradients(tf.constant(1j), x)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("given", [None, [None]])
def test_none_is_no_tensor(place: int, given: Any) -> None:
    """A function of the program that forgets to return its loss is found at once, not by weights that never change."""
    arguments: list[Any] = [tf.constant(1.0), tf.constant(2.0)]
    arguments[place] = given
    with pytest.raises(ValueError, match="None values not supported"):
        gradients(*arguments)


def test_several_outputs() -> None:
    """An operation of which only one output is used, and one that is used twice."""
    x = tf.constant([[3.0, 1.0, 2.0]])
    first, _, last = tf.unstack(x, axis=1)
    (grad,) = gradients([first * first, last, last], x)
    np.testing.assert_array_equal([[6.0, 0.0, 2.0]], run(grad))


def test_one_tensor_twice_in_one_operation() -> None:
    """x * x takes the derivative by both of its inputs to x."""
    x = tf.constant(5.0)
    assert [10.0] == run(gradients(x * x, x))


def test_undefined() -> None:
    """An operation without a derivative is named; one that is not on the way does not matter."""
    x = tf.constant([[1.0, 2.0]])
    mirrored = tf.pad(x, [[0, 0], [1, 1]], mode="REFLECT")
    with pytest.raises(LookupError, match="No gradient defined for operation 'MirrorPad'"):
        gradients(mirrored, x)
    assert gradients(x + tf.stop_gradient(mirrored[:, 1:3]), x) != [None]


def test_an_unknown_type() -> None:
    """An operation that came from elsewhere, of a type that is not known, is named as such."""
    x = tf.constant(1.0)
    y = tf.identity(x, name="strange")
    tf.get_default_graph().data.nodes["strange"]["op"] = "NeverHeardOf"
    with pytest.raises(LookupError, match=r"'strange' \(op type: NeverHeardOf\)"):
        gradients(y, x)


def test_two_graphs() -> None:
    """ys and xs belong to one graph."""
    with Graph().as_default():
        y = tf.constant(1.0)
    with pytest.raises(ValueError, match="same graph"):
        gradients(y, tf.constant(1.0))


def test_another_graph_than_the_default_one() -> None:
    """The new operations go where ys and xs are."""
    with Graph().as_default() as graph:
        x = tf.constant(2.0)
        y = x * x
    (grad,) = gradients(y, x)
    assert grad is not None
    assert graph is grad.graph
    assert 4.0 == tf.Session(graph=graph).run(grad)


def test_names() -> None:
    """Derivatives stand under ``gradients/``, the operation's name and ``_grad``, as in TensorFlow."""
    x = tf.constant(2.0, name="x")
    tf.multiply(x, x, name="y")
    gradients(tf.get_default_graph().get_tensor_by_name("y:0"), x)
    names = [operation.name for operation in tf.get_default_graph().get_operations()]
    assert ["x", "y", "gradients/Shape", "gradients/grad_ys_0/Const", "gradients/grad_ys_0"] == names[:5]
    assert ["gradients/y_grad/Mul", "gradients/y_grad/Mul_1", "gradients/AddN"] == names[5:]


@pytest.mark.slow
def test_a_deep_graph() -> None:
    """Ten thousand operations in a row need neither Python's stack nor much time."""
    x = tf.constant(1.0)
    y = x
    for _ in range(10_000):
        y = apply("Neg", y)
    (grad,) = gradients(y, x)
    assert 1.0 == run(grad)


def test_a_wide_graph() -> None:
    """Ways that part and meet again and again are walked once each, not once for every route."""
    x = tf.constant(1.0)
    y = x
    for _ in range(200):
        y = 0.5 * (y + y)
    assert [1.0] == run(gradients(y, x))


def test_descent() -> None:
    """Steps against the gradient find the weights that made the data."""
    generator = np.random.default_rng(0)
    data = generator.standard_normal((50, 3)).astype(np.float32)
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 1])
    weights = tf.Variable(tf.zeros([3, 1]))
    bias = tf.Variable(tf.zeros([1]))
    loss = tf.reduce_mean(tf.squared_difference(tf.matmul(x, weights) + bias, y))
    by_weights, by_bias = gradients(loss, [weights, bias])
    assert isinstance(by_weights, tf.Tensor)
    assert isinstance(by_bias, tf.Tensor)
    step = tf.group(tf.assign_sub(weights, 0.1 * by_weights), tf.assign_sub(bias, 0.1 * by_bias))
    truth = np.array([[1.0], [-2.0], [0.5]], np.float32)
    with tf.Session() as sess:
        sess.run([weights.initializer, bias.initializer])
        for _ in range(200):
            sess.run(step, {x: data, y: data @ truth + 3.0})
        np.testing.assert_allclose(truth, sess.run(weights), atol=1e-4)
        np.testing.assert_allclose([3.0], sess.run(bias), atol=1e-4)


def test_many_outputs_of_one_operation() -> None:
    """What depends on many outputs of one operation is found in proportion to their number."""

    def parts(count: int) -> tuple[list[Any], list[Any]]:
        with Graph().as_default():
            xs = tf.unstack(tf.zeros([count, 2], tf.int32))
            return [tf.negative(x) for x in xs], xs

    def derive(made: tuple[list[Any], list[Any]]) -> None:
        ys, xs = made
        # Nothing flows through integers, so that the search alone is measured.
        assert [None] * len(xs) == gradients(ys[0], xs, grad_ys=ys[0])

    assert growth(parts, derive, 200) < TOO_MUCH


def test_sizes_beyond_int32() -> None:
    """A dimension may be greater than the integers that shapes are made of: it is known when the operation runs."""
    x = tf.placeholder(tf.float32, [2**31, 1])
    for y in (tf.reduce_sum(x), tf.reduce_mean(x, 0), tf.gather(x, [0]), tf.reshape(x, [-1]), x * tf.zeros([1, 2])):
        (grad,) = gradients(y, x)
        assert grad is not None
