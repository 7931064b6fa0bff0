"""Derivatives that a program gives itself, slices of tensors, second derivatives and the checks of all of them."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.testing.gradient_checker import max_error

_numbers = itertools.count()


def run(fetches: Any, feeds: Any = None) -> Any:
    """The values of tensors, all variables initialized."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feeds)


def fresh_name() -> str:
    """A name that no derivative has: they are registered for good."""
    return f"NameOfATest{next(_numbers)}"


def slices(shape: Any = (3, 1)) -> IndexedSlices:
    """Three slices, two of which are of one place."""
    dense_shape = None if shape is None else tf.constant(shape, tf.int32)
    return tf.IndexedSlices(tf.constant([[1.0], [2.0], [4.0]]), tf.constant([0, 2, 0]), dense_shape)


def test_registered_derivatives() -> None:
    """A function is found by its name, and takes zeros for an output that nothing depends on."""
    name, given = fresh_name(), []

    @tf.RegisterGradient(name)
    def ten_times(op: tf.Operation, *grads: Any) -> Any:
        given.extend(grads)
        return [None, tf.concat(grads, 0) * 10.0]

    x = tf.constant([1.0, 2.0])
    with tf.get_default_graph().gradient_override_map({"Split": name}):
        first, _ = tf.split(x, 2)
    assert [10.0, 0.0] == run(tf.gradients(first, x)[0]).tolist()
    assert ["Fill", "ZerosLike"] == [grad.op.type for grad in given]
    assert name.encode() == first.op.get_attr("_gradient_op_type")
    assert [1.0, 0.0] == run(tf.gradients(tf.split(x, 2)[0], x)[0]).tolist()


def test_no_derivative() -> None:
    """Nothing passes through what is registered as not differentiable, under both names of the function."""
    x = tf.constant([1.0, 2.0])
    for register in (tf.NotDifferentiable, tf.NoGradient):
        name = fresh_name()
        register(name)
        with tf.get_default_graph().gradient_override_map({"Exp": name}):
            assert [None] == tf.gradients(tf.exp(x), x)


def test_names_of_derivatives() -> None:
    """A name is registered once, also that of an operation type, and an unknown one is an error of the walk."""
    name = fresh_name()
    tf.RegisterGradient(name)(lambda op, grad: grad)
    for taken in (name, "MatMul", "StopGradient"):
        with pytest.raises(KeyError, match="Registering two gradient with name"):
            tf.RegisterGradient(taken)(lambda op, grad: grad)
        with pytest.raises(KeyError, match="Registering two gradient with name"):
            tf.NotDifferentiable(taken)
    for register in (tf.RegisterGradient, tf.NotDifferentiable):
        with pytest.raises(TypeError, match="op_type must be a string"):
            register(3)
    x = tf.constant([1.0])
    with tf.get_default_graph().gradient_override_map({"Exp": fresh_name()}):
        y = tf.exp(x)
    with pytest.raises(LookupError, match="No gradient defined for operation 'Exp'"):
        tf.gradients(y, x)


def test_overriding_ends() -> None:
    """Maps are nested, end with their blocks, also by an error, and hold strings."""
    graph = tf.get_default_graph()
    x = tf.constant([1.0])
    with graph.gradient_override_map({"Exp": "Outer", "Sin": "Outer"}):
        with graph.gradient_override_map({"Exp": "Inner"}):
            assert b"Inner" == tf.exp(x).op.get_attr("_gradient_op_type")
            assert b"Outer" == tf.sin(x).op.get_attr("_gradient_op_type")
        with pytest.raises(ValueError, match="not a valid"), graph.gradient_override_map({"Exp": "Inner"}):
            tf.exp(x, name="?")
        assert b"Outer" == tf.exp(x).op.get_attr("_gradient_op_type")
    assert "_gradient_op_type" not in tf.exp(x).op.node_def.attr
    for wrong in ([("Exp", "Outer")], {"Exp": 1}, {1: "Outer"}):
        with pytest.raises(TypeError, match="dictionary mapping strings to strings"):
            graph.gradient_override_map(wrong).__enter__()


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (lambda grad: [grad, grad], ValueError, "Num gradients 2 generated for op 'y'.*num inputs 1"),
        (lambda grad: 3.0, TypeError, "must be made of tensors and IndexedSlices, not of 3.0"),
        (lambda grad: tf.zeros([3]), ValueError, "Incompatible shapes between op input and calculated input gradient"),
    ],
)
def test_wrong_derivatives(made: Any, error: type[Exception], message: str) -> None:
    """What a registered function gives is checked: the number, what it is, and the shape."""
    name = fresh_name()
    tf.RegisterGradient(name)(lambda op, grad: made(grad))
    x = tf.constant([1.0, 2.0])
    with tf.get_default_graph().gradient_override_map({"Exp": name}):
        y = tf.exp(x, name="y")
    with pytest.raises(error, match=message):
        tf.gradients(y, x)


def test_custom_gradient_with_variables() -> None:
    """The derivative takes the variables that the function used, and gives those by them."""
    v, unused = tf.Variable(2.0, name="v"), tf.Variable(3.0, name="unused")
    fixed = tf.Variable(5.0, name="fixed", trainable=False)
    given = []

    @tf.custom_gradient
    def times(x: Any) -> Any:
        def grad(by_y: Any, variables: Any = None) -> Any:
            given.extend(variables)
            return by_y * 7.0, [tf.reduce_sum(by_y) * variables[0] * 10.0]

        return x * v * fixed + tf.stop_gradient(unused), grad

    x = tf.constant([1.0, 2.0])
    y = times(x)
    values, by_x, by_v = run([y, *tf.gradients(y, [x, v])])
    assert [13.0, 23.0] == values.tolist()
    assert [7.0, 7.0] == by_x.tolist()
    assert by_v == 40.0
    assert [v] == given


def test_custom_gradient_forms() -> None:
    """The decorator with parentheses, on a method, twice over, and the derivative of a derivative."""

    class Layer:
        scale = 3.0

        @tf.custom_gradient
        def call(self, x: Any) -> Any:
            return x * self.scale, lambda by_y: by_y * x * 5.0

    @tf.custom_gradient()
    def doubled(x: Any) -> Any:
        """Twice x."""
        return x * 2.0, lambda by_y: by_y * 5.0

    x = tf.constant([1.0, 2.0])
    (by_x,) = tf.gradients(Layer().call(x), x)
    assert [5.0, 10.0] == run(by_x).tolist()
    assert [5.0, 5.0] == run(tf.gradients(by_x, x)[0]).tolist()
    assert [25.0, 25.0] == run(tf.gradients(doubled(doubled(x)), x)[0]).tolist()
    assert ("doubled", "Twice x.") == (doubled.__name__, doubled.__doc__)
    passing = tf.grad_pass_through(lambda value: tf.floor(value) * 3.0)
    assert [[3.0, 6.0], [1.0, 1.0]] == [part.tolist() for part in run([passing(x), tf.gradients(passing(x), x)[0]])]


def test_custom_gradient_refuses() -> None:
    """Keyword arguments, a derivative that does not take variables, and too few derivatives by them."""
    v = tf.Variable(2.0, name="v")
    x = tf.constant([1.0])
    with pytest.raises(ValueError, match="keyword arguments only when eager"):
        tf.custom_gradient(lambda x: (x, lambda by_y: by_y))(x=x)
    with pytest.raises(TypeError, match="must accept keyword argument 'variables'.*v:0"):
        tf.custom_gradient(lambda x: (x * v, lambda by_y: by_y))(x)
    y = tf.custom_gradient(lambda x: (x * v, lambda by_y, variables: (by_y, [])))(x)
    with pytest.raises(ValueError, match="Must return gradient for each variable"):
        tf.gradients(y, x)


def test_slices_become_tensors() -> None:
    """Slices of one place are added; a wrong dtype, a missing shape and a large result are noticed."""
    assert [[5.0], [0.0], [2.0]] == run(tf.convert_to_tensor(slices(), tf.float32)).tolist()
    assert [[6.0], [1.0], [3.0]] == run(tf.add(1.0, slices())).tolist()
    assert [[-1.0], [-2.0], [-4.0]] == run((-slices()).values).tolist()
    with pytest.raises(ValueError, match="requested to `dtype` int32 for IndexedSlices"):
        tf.convert_to_tensor(slices(), tf.int32)
    with pytest.raises(ValueError, match="without dense_shape"):
        tf.convert_to_tensor(slices(None))
    with pytest.warns(UserWarning, match="dense Tensor with 100000000 elements"):
        tf.convert_to_tensor(slices((100_000_000, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tf.convert_to_tensor(slices((99_999_999, 1)))


def test_functions_of_slices() -> None:
    """Identities, casts and bounds of slices are slices."""
    given = slices()
    for made in (tf.identity(given), tf.cast(given, tf.float64), tf.clip_by_norm(given, 1.0), -given):
        assert isinstance(made, IndexedSlices)
        assert [3, 1] == made.shape.as_list()
    assert given is tf.cast(given, "float32")
    assert tf.float64 is tf.cast(given, tf.float64).dtype
    assert slices(None).shape.rank is None


def test_given_derivatives_that_are_slices() -> None:
    """The derivative of the result may be slices, which an identity keeps."""
    x = tf.constant([[1.0], [2.0], [3.0]])
    (kept,) = tf.gradients(tf.identity(x), x, grad_ys=[slices()])
    (whole,) = tf.gradients(x * 2.0, x, grad_ys=[slices()])
    assert isinstance(kept, IndexedSlices)
    assert isinstance(whole, tf.Tensor)
    assert [[10.0], [0.0], [4.0]] == run(whole).tolist()


def test_derivatives_on_devices() -> None:
    """A sum is where what it adds is, and with colocation a derivative where its operation is."""
    a, b = tf.constant([[1.0]], name="a"), tf.constant([[2.0]], name="b")
    x = tf.matmul(a, b, name="x")
    (by_b,) = tf.gradients(x, b, colocate_gradients_with_ops=True)
    (summed,) = tf.gradients([x, x * x], b)
    assert by_b is not None
    assert [b"loc:@x"] == by_b.op.colocation_groups()
    (total,) = [op for op in tf.get_default_graph().get_operations() if op.type == "AddN"]
    assert summed is not None
    assert total.inputs[0].op.colocation_groups() == total.colocation_groups()


def test_hessians() -> None:
    """Second derivatives need a known shape and something to be derived."""
    unknown = tf.placeholder(tf.float32, [None])
    with pytest.raises(ValueError, match="need its shape"):
        tf.hessians(unknown * unknown, unknown)
    x = tf.constant([1.0, 2.0])
    with pytest.raises(ValueError, match="None values not supported: no y"):
        tf.hessians(tf.constant(1.0), x)
    with pytest.raises(ValueError, match="does not change with it"):
        tf.hessians(x * 2.0, x)
    many = tf.zeros([100_001])
    with pytest.raises(ValueError, match="for at most 100000"):
        tf.hessians(many * many, many)
    v = tf.Variable(2.0)
    assert run(tf.hessians(v * v * v, v)) == [12.0]


def test_the_check_of_derivatives() -> None:
    """Both ways agree for numbers, complex ones and rows; a wrong derivative is seen."""
    with tf.Session():
        x = tf.constant([1.0, 2.0])
        by_rule, by_steps = tf.test.compute_gradient(x, [2], x * x, [2], x_init_value=[1.0, 2.0])
        assert [[2.0, 0.0], [0.0, 4.0]] == by_rule.tolist()
        np.testing.assert_allclose(by_rule, by_steps, atol=1e-2)
        z, rows = tf.constant([1j, 2.0], tf.complex64), tf.constant([[1.0, 2.0], [3.0, 4.0]])
        complex_x = tf.complex(x, x) * z
        both = tf.test.compute_gradient([x, z], [[2], [2]], complex_x, [2])
        assert [(2, 4), (4, 4)] == [pair[0].shape for pair in both]
        assert tf.test.compute_gradient_error([x, z], [[2], [2]], complex_x, [2]) < 1e-2
        assert tf.test.compute_gradient_error(rows, [2, 2], tf.gather(rows, [1, 1]), [2, 2]) < 1e-2
        empty = tf.placeholder(tf.float32)
        assert tf.test.compute_gradient_error(empty, [0, 2], empty * 2.0, [0, 2]) == 0.0
        with tf.get_default_graph().gradient_override_map({"Exp": "Identity"}):
            assert tf.test.compute_gradient_error(x, [2], tf.exp(x), [2], x_init_value=[1.0, 2.0]) > 1.0


def test_derivatives_of_a_function_by_its_arguments() -> None:
    """As TensorFlow 2 has them: a row for each number of the result; of what it does not depend on they are zeros."""
    with tf.Session():
        by_rule, by_steps = tf.test.compute_gradient(
            lambda x, y, z: tf.matmul(x, y), [[[1.0, 2.0]], [[3.0], [4.0]], [[5.0, 6.0]]]
        )
        assert [[[3.0, 4.0]], [[1.0, 2.0]], [[0.0, 0.0]]] == [found.tolist() for found in by_rule]
        assert max_error(by_rule, by_steps) < 1e-2
        by_rule, _ = tf.test.compute_gradient(tf.square, [np.array([1 + 2j])], 1e-3)
        np.testing.assert_allclose([[2.0, -4.0], [4.0, 2.0]], by_rule[0])
        by_rule, by_steps = tf.test.compute_gradient(lambda x: tf.gather(x, [1, 1])[:, :0], [np.ones((2, 1))])
        assert ((0, 2), 0.0) == (by_rule[0].shape, max_error(by_rule, by_steps))
        with tf.get_default_graph().gradient_override_map({"Exp": "Identity"}):
            assert max_error(*tf.test.compute_gradient(tf.exp, [[1.0, 2.0]])) > 1.0
        with pytest.raises(ValueError, match="must be a list or tuple of values"):
            tf.test.compute_gradient(tf.exp, np.ones(2))  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="must be floating or complex, not int32"):
            tf.test.compute_gradient(tf.identity, [1])
        with pytest.raises(TypeError, match="needs `y` and `y_shape`"):
            tf.test.compute_gradient(tf.constant(1.0), [])  # type: ignore[call-overload]


def test_the_check_of_derivatives_refuses() -> None:
    """No session, integers, another shape, and tensors that have nothing to do with each other."""
    x, n = tf.constant([1.0, 2.0]), tf.constant([1, 2])
    with pytest.raises(ValueError, match="no session is entered"):
        tf.test.compute_gradient(x, [2], x, [2])
    with tf.Session():
        with pytest.raises(TypeError, match="must be floating or complex, not int32"):
            tf.test.compute_gradient(n, [2], x, [2])
        with pytest.raises(ValueError, match=r"x_init_value has shape \(3,\)"):
            tf.test.compute_gradient(x, [2], x, [2], x_init_value=[1.0, 2.0, 3.0])
        with pytest.raises(ValueError, match="does not depend on"):
            tf.test.compute_gradient(x, [2], tf.constant(1.0), [])
