"""`Graph.create_op` and its neighbours: what is refused leaves the graph as it was."""

import numpy as np
import pytest

import hdfsaver as tf


def names(graph):
    return [op.name for op in graph.get_operations()]


def test_an_operation_of_any_type(graph):
    """Attributes that inputs imply need not be given; names are made unique, or taken with a slash."""
    x, y = tf.constant([1.0, 2.0], name="x"), tf.constant([3.0, 4.0], name="y")
    first = graph.create_op("AddV2", [x, y], [tf.float32], name="q", attrs={"T": tf.AttrValue(type=1)})
    second = graph.create_op("AddV2", [x, y], name="q")
    packed = graph.create_op("Pack", [x, y], attrs={"axis": tf.AttrValue(i=1)}, name="p/")
    group = graph.create_op("NoOp", [], [], attrs={"_my": tf.AttrValue(s=b"z")})
    assert ["x", "y", "q", "q_1", "p", "NoOp"] == names(graph)
    assert (2, [2, 2], b"z") == (packed.get_attr("N"), packed.outputs[0].shape.as_list(), group.get_attr("_my"))
    with graph.device("/cpu:0"):
        devices = [graph.create_op("NoOp", [], compute_device=compute).device for compute in (True, False)]
    assert ["/device:CPU:0", ""] == devices
    with tf.Session() as sess:
        assert [[4.0, 6.0]] * 2 == [value.tolist() for value in sess.run([first.outputs[0], second.outputs[0]])]


def test_wrong_operations(graph):
    """TensorFlow's class for each, and nothing is added."""
    x, z = tf.constant([1.0, 2.0], name="x"), tf.constant([1.0, 2.0, 3.0], name="z")
    i = tf.constant([1, 2], name="i")
    with tf.Graph().as_default():
        foreign = tf.constant([1.0, 2.0])
    for error, text, arguments in (
        (RuntimeError, "Op type not registered 'Nope'", ("Nope", [x])),
        (TypeError, "Input #1 is not a tensor: 3.0", ("AddV2", [x, 3.0])),
        (ValueError, "not an element of this graph", ("AddV2", [x, foreign])),
        (ValueError, "do not match 1 inputs", ("AddV2", [x])),
        (ValueError, "broadcast", ("AddV2", [x, z])),
        (TypeError, "takes inputs", ("AddV2", [x, i])),
        (TypeError, "must be a variable", ("Assign", [x, x])),
        (ValueError, "missing attr 'value'", ("Const", [], None, None, "c", {"dtype": tf.AttrValue(type=1)})),
        (TypeError, "AttrValue message", ("NoOp", [], None, None, "n", {"_x": 3})),
        (ValueError, "not a valid name", ("NoOp", [], None, None, "_bad")),
        (ValueError, "Duplicate node name in graph: 'x'", ("NoOp", [], None, None, "x/")),
    ):
        with pytest.raises(error, match=text):
            graph.create_op(*arguments)
    assert ["x", "z", "i"] == names(graph)
    graph.finalize()
    with pytest.raises(RuntimeError, match="finalized"):
        graph.create_op("NoOp", [])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: tf.add(x, [1.0, 2.0, 3.0]),
        lambda x: tf.add(x, "text"),
        lambda x: tf.reshape(x, [3, 3]),
        lambda x: tf.concat([x, [[1.0]]], 0),
        lambda x: tf.stack([x, [1.0]]),
        lambda x: tf.reduce_sum(x, axis=4),
        lambda x: tf.cast("text", tf.float32),
        lambda x: tf.constant(1.0, name="x/"),
    ],
)
def test_a_call_that_fails_leaves_the_graph(graph, call):
    """Constants that were made for it are gone, and what follows works."""
    x = tf.constant([1.0, 2.0], name="x")
    before = graph.as_graph_def()
    with pytest.raises((ValueError, TypeError)):
        call(x)
    assert before == graph.as_graph_def()
    assert [] == x.consumers()
    with tf.Session() as sess:
        assert [2.0, 4.0] == sess.run(tf.add(x, x)).tolist()


def test_the_description_of_a_type(graph):
    """`op_def` has arguments, attributes with their defaults, and the state."""
    x = tf.constant([1.0], name="x")
    packed = tf.stack([x, x]).op.op_def
    assert ("Pack", ["values"], ["N"], "T") == (
        packed.name,
        [each.name for each in packed.input_arg],
        [each.number_attr for each in packed.input_arg],
        packed.output_arg[0].type_attr,
    )
    attrs = {each.name: each for each in packed.attr}
    assert (0, "int", 1) == (attrs["axis"].default_value.i, attrs["axis"].type, attrs["N"].minimum)
    assert [True, False] == [tf.Variable(1.0).op.op_def.is_stateful, packed.is_stateful]
    with pytest.raises(RuntimeError, match="not registered"):
        graph.op_def_for_type("Nope")


def test_elements_of_a_graph(graph):
    """Each wrong name says of which kind it is, as TensorFlow says it."""
    a = tf.constant(1.0, name="a")
    for name, kind, error, text in (
        ("a", "tensor", ValueError, "refers to an Operation, not a Tensor"),
        ("b", "tensor", ValueError, "looks like an .invalid. Operation name, not a Tensor"),
        ("a:0", "operation", ValueError, "appears to refer to a Tensor, not a Operation"),
        ("a:x", "tensor", ValueError, "looks a like a Tensor name, but is not a valid one"),
        ("a:0:0", "tensor", ValueError, "looks a like a Tensor name, but is not a valid one"),
        ("b", "operation", KeyError, "refers to an Operation not in the graph"),
        ("b:0", "tensor", KeyError, "refers to a Tensor which does not exist. The operation, 'b', does not exist"),
        ("a:1", "tensor", KeyError, "exists but only has 1 outputs"),
        (3, "tensor", TypeError, "Can not convert a int into a Tensor"),
    ):
        with pytest.raises(error, match=text):
            graph.as_graph_element(name, allow_tensor=kind == "tensor", allow_operation=kind == "operation")
    with pytest.raises(ValueError, match="cannot both be False"):
        graph.as_graph_element(a, allow_tensor=False, allow_operation=False)

    class Named:
        def _as_graph_element(self):
            return "a:0"

    assert a is graph.as_graph_element(Named())
    assert [a, a.op] == [graph.as_graph_element(b"a:0"), graph.as_graph_element("a")]


def test_feeds_and_fetches_can_be_refused(graph):
    """A tensor that may not be fed, and an operation that may not be fetched, are errors of the run."""
    a = tf.constant(1.0, name="a")
    b = tf.identity(a, name="b")
    with tf.Session() as sess:
        assert 2.0 == sess.run(b, {a: 2.0})
        graph.prevent_feeding(a)
        graph.prevent_fetching(b.op)
        assert [False, True, False] == [graph.is_feedable(a), graph.is_fetchable(a), graph.is_fetchable(b)]
        with pytest.raises(ValueError, match="Tensor a:0 may not be fed"):
            sess.run(a, {a: 2.0})
        with pytest.raises(ValueError, match="Operation 'b' has been marked as not fetchable"):
            sess.run(b)


def test_a_tensor_as_a_key_and_as_an_array(graph):
    """References compare as their tensors do; NumPy does not make an array of a tensor."""
    a, b = tf.constant(1.0), tf.constant(1.0)
    found = {a.ref(): 1, b.ref(): 2, a.ref(): 3}
    assert ({a.ref(): 3, b.ref(): 2}, a) == (found, next(iter(found)).deref())
    with pytest.raises(NotImplementedError, match="Cannot convert a symbolic tensor"):
        np.array(a)


def test_operations_can_be_changed(graph):
    """Programs set devices, attributes and control inputs by the methods that TensorFlow has for it."""
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    b.op._add_control_input(a.op)
    b.op._set_device("/cpu:0")
    b.op._set_attr("_x", tf.AttrValue(i=3))
    assert ([a.op], "/device:CPU:0", 3) == (b.op.control_inputs, b.device, b.op.get_attr("_x"))
    assert str(b.op).startswith('name: "b"\nop: "Const"\ninput: "^a"\ndevice: "/device:CPU:0"')


def test_functions_that_convert(graph):
    """Values of a registered type stand for tensors, alone, in lists and beside tensors; priorities count."""

    class Mine:
        pass

    class Wrong(Mine):
        pass

    tf.register_tensor_conversion_function(Mine, lambda value, dtype, name, as_ref: tf.constant(7.0, name=name))
    tf.register_tensor_conversion_function(Wrong, lambda value, dtype, name, as_ref: NotImplemented, priority=10)
    assert ["m:0", "Add:0", "stack:0"] == [
        tf.convert_to_tensor(Mine(), name="m").name,
        tf.add(Mine(), 1.0).name,
        tf.stack([Wrong(), 1.0]).name,  # type: ignore[list-item]  # which types are registered is not known to types
    ]
    with pytest.raises(RuntimeError, match="returned incompatible dtype: requested = int32, actual = float32"):
        tf.convert_to_tensor(Mine(), tf.int32)
    tf.register_tensor_conversion_function(Wrong, lambda value, dtype, name, as_ref: 3, priority=20)
    with pytest.raises(RuntimeError, match="returned non-Tensor: 3"):
        tf.convert_to_tensor(Wrong())
    for base, function, text in (
        (3, print, "must be a type"),
        (Mine, 3, "must be callable"),
        ((Mine, int), print, "Python numeric types"),
    ):
        with pytest.raises(TypeError, match=text):
            tf.register_tensor_conversion_function(base, function)
