"""Names of TensorFlow's graphs that are not public, but that older programs use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors, schema
from hdfsaver.graph.default_graph_functions import get_current_name_scope, has_default_graph
from hdfsaver.graph.op_names import prepend_name_scope, strip_name_scope
from hdfsaver.graph.tensor_conversion import convert_to_tensor


def test_a_finalized_graph_is_opened_again() -> None:
    """Programs that change the graph of a Supervisor call it."""
    graph = tf.get_default_graph()
    graph.finalize()
    with pytest.raises(RuntimeError, match="finalized"):
        tf.constant(1.0)
    graph._unsafe_unfinalize()
    assert not graph.finalized
    tf.constant(1.0)


def test_inputs_are_replaced() -> None:
    """The tensors that an operation takes, those that take a tensor, the edges and the values follow."""
    x, y = tf.constant(1), tf.constant(2)
    z = x + y
    for index, tensor, inputs, value in ((0, y, [y, y], 4), (1, x, [y, x], 3), (0, x, [x, x], 2), (1, y, [x, y], 3)):
        z.op._update_input(index, tensor)
        assert inputs == list(z.op.inputs)
        assert [z.op] * inputs.count(x) == x.consumers()
        assert value == tf.Session().run(z)
        schema.validate(z.graph.digraph)


@pytest.mark.parametrize(
    ("index", "make", "error", "said"),
    [
        (2, lambda: tf.constant(1), errors.OutOfRangeError, r"Input index \[2\] is greater than .* \[2\]"),
        (
            0,
            lambda: tf.constant("a"),
            errors.InvalidArgumentError,
            "passed string from Const_2:0 incompatible .* int32",
        ),
        (0, lambda: tf.constant([[1, 2]]), errors.InvalidArgumentError, r"incompatible shapes: \[1,2\] and \[\]"),
        (0, lambda: "x", TypeError, "is a tensor"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(index: int, make: Any, error: type[Exception], said: str) -> None:
    """The operation stays as it was."""
    x, y = tf.constant(1), tf.constant(2)
    z = x + y
    value = make()
    with pytest.raises(error, match=said):
        z.op._update_input(index, value)
    assert [x, y] == list(z.op.inputs)


def test_inputs_are_of_the_same_graph() -> None:
    """A tensor of another graph is refused."""
    z = tf.constant(1) + 2
    with tf.Graph().as_default(), pytest.raises(ValueError, match="must be from the same graph"):
        z.op._update_input(0, tf.constant(1))


def test_control_inputs_are_removed() -> None:
    """The inputs stay; what waited is no longer listed."""
    a, b = tf.constant(1), tf.constant(2)
    with tf.control_dependencies([a, b]):
        c = tf.identity(a)
        d = tf.constant(3)
    assert [c.op, d.op] == b.op._control_outputs
    c.op._remove_all_control_inputs()
    assert ([], [a], [d.op]) == (c.op.control_inputs, list(c.op.inputs), b.op._control_outputs)
    schema.validate(c.graph.digraph)


def test_a_cycle_is_told() -> None:
    """With TensorFlow's words, and the names of the operations."""
    x, y = tf.constant(1), tf.constant(2)
    y.op._add_control_input(x.op)
    x.op._add_control_input(y.op)
    with pytest.raises(errors.InvalidArgumentError, match="contains a cycle with 2 nodes.*: Const, Const_1"):
        tf.Session().run(x)


def test_labels_of_kernels() -> None:
    """An inner block adds to an outer one; outside of them nothing is labelled."""
    graph = tf.get_default_graph()
    with graph._kernel_label_map({"Exp": "fast"}), graph._kernel_label_map({"Log": "exact"}):
        made = [tf.exp(1.0), tf.log(1.0), tf.sin(1.0)]
    assert [b"fast", b"exact", None] == [dict(t.op.data["attrs"]).get("_kernel") for t in made]
    assert "_kernel" not in tf.exp(1.0).op.data["attrs"]
    with pytest.raises(TypeError, match="op_to_kernel_label_map"), graph._kernel_label_map({"Exp": 1}):  # type: ignore[dict-item]
        pass


def test_names_in_scopes() -> None:
    """The scope of this moment, and names without a scope and within one, with the marks before them."""
    with tf.name_scope("a", skip_on_eager=False), tf.name_scope("b"):
        assert "a/b" == get_current_name_scope()
    assert "" == get_current_name_scope()
    for name, without in (("s/x", "x"), ("s///s/x", "s/x"), ("^s/x", "^x"), ("loc:@s/x", "loc:@x"), ("ss/x", "ss/x")):
        assert without == strip_name_scope(name, "s")
    for name, within in (("x", "t/x"), ("^x", "^t/x"), ("loc:@x", "loc:@t/x")):
        assert within == prepend_name_scope(name, "t/")
    assert ("s/x", "x") == (strip_name_scope("s/x", None), prepend_name_scope(b"x", ""))


def test_whether_the_default_graph_is_a_nested_one() -> None:
    """In TensorFlow's sense: two blocks are open."""
    with tf.Graph().as_default(), tf.Graph().as_default():
        assert has_default_graph()


def test_what_a_tensor_and_an_operation_say() -> None:
    """Shapes as tuples, and the operation that another one was made for, as those of a derivative are."""
    x = tf.placeholder(tf.float32, [None, 2])
    assert ((None, 2), None) == (x._shape_tuple(), tf.placeholder(tf.float32)._shape_tuple())
    (grad,) = tf.gradients(tf.exp(x), x)
    assert isinstance(grad, tf.Tensor)
    with pytest.raises(AttributeError, match="no setter"):
        x.op.name = "y"  # type: ignore[misc]
    assert ("Exp", None) == (grad.op._original_op and grad.op._original_op.type, x.op._original_op)


@pytest.mark.parametrize("name", ["T", "astype", "clip", "data", "ravel", "reshape", "size", "tolist", "transpose"])
def test_a_tensor_is_not_an_array(name: str) -> None:
    """What programs look for on arrays is missing, and the error says what there is instead."""
    x = tf.constant([1.0])
    assert not hasattr(x, name)
    with pytest.raises(AttributeError, match=f"'Tensor' .* '{name}'. If you are looking for numpy-related"):
        getattr(x, name)


class Convertible:
    """Makes a tensor of itself."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        return self.value if isinstance(self.value, tf.Tensor | str) else tf.constant(self.value, dtype, name=name)


def test_values_that_make_tensors_of_themselves() -> None:
    """By TensorFlow's protocol, alone and in lists, in the dtype that is needed; another result is an error."""
    value: Any = Convertible(3)
    made = [convert_to_tensor(value, tf.float64, name="n"), tf.constant(1.5) * value, tf.stack([value, 4])]
    assert [3.0, 4.5, [3, 4]] == [np.asarray(found).tolist() for found in tf.Session().run(made)]
    assert ("n:0", "float64", "int32") == (made[0].name, made[0].dtype.name, made[2].dtype.name)
    with pytest.raises(RuntimeError, match="returned non-Tensor: 'x'"):
        convert_to_tensor(Convertible("x"))
    with pytest.raises(RuntimeError, match="incompatible dtype: requested = int32, actual = float32"):
        convert_to_tensor(Convertible(tf.constant(1.0)), tf.int32)
