"""Making operations by the name of their type."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.definition import OpDef, register


def test_what_is_given_and_what_is_wanted_must_match():
    """The number of inputs, the attributes and the dtypes are checked, and named."""
    x = tf.constant(1.0)
    with pytest.raises(TypeError, match=r"Mul takes 2 inputs \(x, y\), not 1"):
        apply("Mul", x)
    with pytest.raises(TypeError, match="no attribute colour"):
        apply("Mul", x, x, colour="red")
    with pytest.raises(TypeError, match="string, which is not one of"):
        apply("Mul", "a", "b")
    with pytest.raises(TypeError, match="list of tensors"):
        apply("AddN", x)
    with pytest.raises(ValueError, match="'Nope' is not known; known are"):
        apply("Nope", x)


def test_each_kind_of_operation_has_its_function():
    """`apply` is for exactly one output and says what to use instead; a refused call adds nothing to the graph."""
    x = tf.constant([1.0, 2.0])
    before = len(tf.get_default_graph().get_operations())
    for op_type, inputs, wanted in (("Unpack", [x], "apply_list"), ("Switch", [x, True], "apply_list")):
        with pytest.raises(TypeError, match=f"{op_type} does not have exactly one output; use {wanted}"):
            apply(op_type, *inputs)
    with pytest.raises(TypeError, match="NoOp does not have exactly one output; use apply_op"):
        apply("NoOp")
    assert before == len(tf.get_default_graph().get_operations())
    assert [tf.float32] == [part.dtype for part in apply_list("Unpack", [1.0], num=1)]
    assert [] == apply_list("NoOp", name="nothing")
    assert "nothing_1" == apply_op("NoOp", name="nothing").name
    assert ["sum:0"] == [tensor.name for tensor in apply_op("AddV2", x, 1.0, name="sum").outputs]


def test_a_dtype_that_is_asked_for_must_be_one_of_the_operation():
    """A result of another dtype than TensorFlow's operation gives would come out of a run that nothing warns of."""
    with pytest.raises(TypeError, match="'out_type' of 'Shape' .* is the dtype float32, which is not one of int32"):
        tf.shape(tf.placeholder("float32"), out_type="float32")
    with pytest.raises(TypeError, match="'output_type' of 'ArgMax'"):
        tf.argmax([1.0], output_type="float32")
    with pytest.raises(TypeError, match="'out_type' of 'LowerBound'"):
        tf.searchsorted([1.0], [1.0], out_type="float32")


def test_tensors_decide_before_numbers():
    """A number takes the dtype of a tensor that stands behind it."""
    assert tf.float64 is apply("Mul", 2, tf.constant(1.0, tf.float64)).dtype


def test_constants_lie_below_the_operation():
    """A number becomes a constant named after the input that it is."""
    y = apply("Mul", tf.constant(1.0, name="x"), 2.0, name="scope/y")
    assert ["x", "scope/y/y"] == [tensor.op.name for tensor in y.op.inputs]


def test_a_type_is_registered_once():
    """Two definitions of one type are an error where the second is made."""

    class Again(OpDef):
        type = "Mul"
        signature = "x: T -> y: T"

    with pytest.raises(ValueError, match="Mul is registered twice"):
        register(Again)


def test_looking_for_constants_ends():
    """What is known before anything runs is looked up once per operation, and not through a whole deep graph."""
    x = tf.constant(1)
    for _ in range(40):
        x = x + x  # a walk that looked along every path would take 2**40 steps
    assert [None] == tf.fill([x], 1.0).shape.as_list()
    for _ in range(5_000):
        x = x + 1
    assert [None] == tf.fill([x], 1.0).shape.as_list()


@pytest.mark.parametrize(("op_type", "key"), [("Split", "num_split"), ("Unpack", "num")])
def test_numbers_of_outputs_are_limited(op_type, key):
    """Too many are refused before any is made, and nothing stays in the graph."""
    inputs = [0, tf.zeros([4])] if op_type == "Split" else [tf.placeholder(tf.float32)]
    before = tf.get_default_graph().get_operations()
    with tf.limits.use(elements=2**16):
        tracemalloc.start()
        try:
            with pytest.raises(tf.errors.ResourceExhaustedError, match=f"attribute '{key}': it is 262144, beyond"):
                apply_list(op_type, *inputs, **{key: 2**18})
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()
        assert before == tf.get_default_graph().get_operations()
        assert 4 == len(apply_list(op_type, *inputs, **{key: 4}))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: tf.count_up_to(tf.Variable(0), "3"), TypeError),
        (lambda: tf.count_up_to(tf.Variable(0), 2**63), ValueError),
        (lambda: tf.matmul([[1.0]], [[1.0]], transpose_a="yes"), TypeError),
        (lambda: tf.nn.top_k([1.0], sorted=1), TypeError),
        (lambda: tf.Assert([True], [1], summarize="all"), TypeError),
    ],
)
def test_options_of_another_kind(graph, make, error):
    """They are refused when the operation is made, as in TensorFlow, and not when the graph is written."""
    with pytest.raises(error, match="rgument '(limit|transpose_a|sorted|summarize)' of"):
        make()


def test_numbers_given_as_options_are_converted(graph):
    """NumPy's numbers and fractions become integers, as in TensorFlow, and can be written."""
    for number, limit in enumerate((2.5, True, np.int64(3), np.array(2), tf.Dimension(4))):
        tf.count_up_to(tf.Variable(0), limit, name=f"count_{number}")
    messages = {node.name: node for node in graph.as_graph_def().node}
    assert [2, 1, 3, 2, 4] == [messages[f"count_{number}"].attr["limit"].i for number in range(5)]
