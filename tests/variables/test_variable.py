"""Variables: what they are made of, and what can be done with them."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf


def test_an_initial_value_may_be_plain():
    """A Python number becomes a constant inside the variable's scope, float32 or int32."""
    v = tf.Variable(3.0, name="v")
    assert ["v/initial_value", "v", "v/Assign", "v/read"] == [op.name for op in tf.get_default_graph().get_operations()]
    assert [tf.float32, tf.int32] == [v.dtype.base_dtype, tf.Variable(3).dtype.base_dtype]
    assert v.dtype is tf.as_dtype("float32_ref")


def test_a_callable_initial_value_has_a_scope_of_its_own():
    """Operations that a callable makes are under `v/Initializer/`, and with the variable on one device."""
    v = tf.Variable(lambda: tf.zeros([2]), name="v")
    initial = v.initial_value
    assert initial.op.name.startswith("v/Initializer/")
    assert [b"loc:@v"] == initial.op.colocation_groups()
    assert [b"loc:@v"] == v.initializer.colocation_groups()


def test_names_are_made_unique():
    """A second variable of a name gets a number, with all its operations."""
    names = [tf.Variable(1.0, name="v").name for _ in range(2)]
    assert ["v:0", "v_1:0"] == names
    assert tf.get_default_graph().get_operation_by_name("v_1/Assign")


def test_no_initial_value_is_an_error():
    """A variable needs an initial value of known shape, unless the shape is not to be validated."""
    with pytest.raises(ValueError, match="initial_value must be specified"):
        tf.Variable()
    unknown = tf.placeholder(tf.float32, [None])
    with pytest.raises(ValueError, match="shape"):
        tf.Variable(unknown)
    assert tf.Variable(unknown, validate_shape=False).shape.rank is None


def test_collections():
    """Variables are listed where they say, trainable ones among the trainable."""
    a = tf.Variable(1.0, name="a")
    b = tf.Variable(1.0, name="b", trainable=False)
    c = tf.Variable(1.0, name="c", trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    assert [a, b] == tf.global_variables()
    assert [a] == tf.trainable_variables()
    assert [c] == tf.local_variables()


def test_initializers_run_as_one():
    """One operation initializes all; report_uninitialized_variables tells which are missing."""
    a, b = tf.Variable([1.0, 2.0], name="a"), tf.Variable(3, name="b")
    missing = tf.report_uninitialized_variables()
    has_a = tf.is_variable_initialized(a)
    init = tf.global_variables_initializer()
    with tf.Session() as sess:
        sess.run(b.initializer)
        assert [b"a"] == sess.run(missing).tolist()
        assert not sess.run(has_a)
        sess.run(init)
        assert [] == sess.run(missing).tolist()
        assert sess.run(has_a)


def test_a_variable_initialized_from_another():
    """The initializer of all gives a variable that depends on another the right value."""
    a = tf.Variable(2.0, name="a")
    b = tf.Variable(a * 3.0, name="b")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert 6.0 == sess.run(b)


def test_operators_use_the_value():
    """A variable stands for its value on either side of an operator."""
    v = tf.Variable([1.0, 2.0], name="v")
    results = [v + 1.0, 1.0 - v, v * v, v / 2.0, -v, v[1], v**2.0, v > 1.5]
    with tf.Session() as sess:
        sess.run(v.initializer)
        found = sess.run(results)
    expected = [[2, 3], [0, -1], [1, 4], [0.5, 1], [-1, -2], 2, [1, 4], [False, True]]
    for want, have in zip(expected, found, strict=True):
        np.testing.assert_array_equal(want, have)


def test_load_and_eval():
    """A value can be given from outside, of the right shape only."""
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.Session() as sess:
        v.load([3, 4])
        np.testing.assert_array_equal([3, 4], v.eval())
        with pytest.raises(ValueError, match=r"Variable 'v:0' has shape \(2,\), the value \(1,\)"):
            v.load([1.0], sess)


def test_assigning_another_shape():
    """A value of another shape is refused, when the graph is made or when it runs."""
    v = tf.Variable([1.0, 2.0], name="v")
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        v.assign([1.0, 2.0, 3.0])
    x = tf.placeholder(tf.float32)
    store = v.assign(x)
    loose = tf.assign(v, x, validate_shape=False)
    with tf.Session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError, match="'v'"):
            sess.run(store, {x: [1, 2, 3]})
        np.testing.assert_array_equal([1, 2, 3], sess.run(loose, {x: [1, 2, 3]}))


def test_scatter():
    """Rows of a variable are replaced, added to and subtracted from by index; an index outside is an error."""
    v = tf.Variable(tf.zeros([3, 2]), name="v")
    update = tf.scatter_update(v, [0], [[1.0, 1.0]])
    add = tf.scatter_add(v, [2, 2], [[1.0, 1.0], [1.0, 1.0]])
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(update)
        np.testing.assert_array_equal([[1, 1], [0, 0], [2, 2]], sess.run(add))
        with pytest.raises(tf.errors.InvalidArgumentError, match="indices"):
            sess.run(tf.scatter_sub(v, [3], [[1.0, 1.0]]))


def test_only_variables_can_be_assigned():
    """Assigning to a tensor that is not a variable is a TypeError."""
    with pytest.raises(TypeError, match="must be a variable"):
        tf.assign(tf.constant(1.0), 2.0)


def test_definitions_go_out_and_in():
    """A variable's definition names its operations, and finds them again."""
    v = tf.Variable(1.0, name="s/v", trainable=False)
    again = tf.Variable.from_proto(v.to_proto())
    assert (v.name, v.initializer, v.value(), v.trainable) == (
        again.name,
        again.initializer,
        again.value(),
        again.trainable,
    )
    assert "v:0" == v.to_proto(export_scope="s").variable_name
    assert v.to_proto(export_scope="t") is None
    inner = tf.Variable(variable_def=v.to_proto(export_scope="s"), import_scope="s")
    assert (v.op, v.trainable) == (inner.op, inner.trainable)
    for wrong in (3, "v", v):
        with pytest.raises(AssertionError, match="must be a VariableDef"):
            tf.Variable(variable_def=wrong)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"initial_value": [1.0, 2.0], "shape": [3]}, ValueError),
        ({"initial_value": lambda: tf.placeholder(tf.float32)}, ValueError),
        ({"initial_value": 1.0, "collections": [["unhashable"]]}, TypeError),
        ({"initial_value": 1.0, "caching_device": "no device"}, ValueError),
        ({"initial_value": "text", "dtype": tf.float32}, TypeError),
    ],
)
def test_a_variable_that_fails_adds_nothing(options, error):
    """No operation of a variable that cannot be made stays, but for those that the program's own function made."""
    with tf.Graph().as_default() as graph:
        with pytest.raises(error):
            tf.Variable(**options)
        assert ["Placeholder"][: len(graph.digraph)] == [op.type for op in graph.get_operations()]
        assert not callable(options["initial_value"]) or len(graph.digraph) == 1
        assert [] == tf.global_variables() + tf.trainable_variables()
        tf.Variable(1.0)
        tf.get_default_graph().as_graph_def()


def test_an_initial_value_of_another_graph():
    """It is refused, and neither graph has a part of the variable."""
    with tf.Graph().as_default() as other:
        value = tf.constant(1.0)
    with tf.Graph().as_default() as graph, pytest.raises(ValueError, match="graph"):
        tf.Variable(value)
    assert ([], ["Const"]) == (list(graph.digraph), list(other.digraph))


# As TensorFlow 2.21 writes them.
WHOLE = b"\n\x03w:0\x12\x08w/Assign\x1a\x08w/read:02\x11w/initial_value:0@\x03H\x01"
PART = (
    b"\n\nw/part_1:0\x12\x0fw/part_1/Assign\x1a\x0fw/part_1/read:0"
    b'"\x0f\n\x01w\x12\x02\x04\x02\x1a\x02\x02\x00"\x02\x02\x022\x1cw/part_1/Initializer/zeros:08\x01'
)
STEP = b"\n\rglobal_step:0\x12\x12global_step/Assign\x1a\x12global_step/read:02\x1fglobal_step/Initializer/zeros:0H\x03"


def test_definitions_are_messages():
    """A definition is TensorFlow's message, byte for byte, and the collections of variables have it."""
    on_read, of_sum = tf.VariableSynchronization.ON_READ, tf.VariableAggregation.SUM
    whole = tf.Variable(3.0, name="w", trainable=False, synchronization=on_read, aggregation=of_sum)
    assert WHOLE == whole.to_proto().SerializeToString()
    assert "VARIABLE_SYNCHRONIZATION_ON_READ" in str(whole.to_proto())
    assert STEP == tf.train.create_global_step().to_proto().SerializeToString()
    with tf.Graph().as_default():
        halves, zeros = tf.fixed_size_partitioner(2), tf.zeros_initializer()
        *_, part = tf.get_variable("w", [4, 2], partitioner=halves, initializer=zeros)
        assert PART == part.to_proto().SerializeToString()
        assert [PART] == tf.train.export_meta_graph().collection_def["variables"].bytes_list.value[1:]
        again = tf.Variable.from_proto(part.to_proto())
        assert part._get_save_slice_info().spec == again._get_save_slice_info().spec


def test_a_shape_of_its_own():
    """The static shape may be less definite than that of the initial value."""
    v = tf.Variable([[1.0]], shape=tf.TensorShape(None))
    assign = v.assign([[1.0, 2.0]])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert [[1.0, 2.0]] == sess.run(assign).tolist()


def test_copies():
    """How copies would be brought together is kept; what is read from each is not trained by default."""
    v = tf.Variable(1.0, synchronization=tf.VariableSynchronization.ON_READ, aggregation=tf.VariableAggregation.SUM)
    assert (False, tf.VariableSynchronization.ON_READ, tf.VariableAggregation.SUM) == (
        v.trainable,
        v.synchronization,
        v.aggregation,
    )
    assert tf.Variable(1.0, synchronization=tf.VariableSynchronization.ON_READ, trainable=True).trainable
    with pytest.raises(ValueError, match="aggregation mode"):
        tf.Variable(1.0, aggregation="sum")
    with pytest.raises(ValueError, match="synchronization mode"):
        tf.Variable(1.0, synchronization=1)
    with pytest.raises(ValueError, match="must be a callable"):
        tf.Variable(1.0, constraint=1)


def test_the_device_of_the_operation_that_reads():
    """A caching device is that of the operation which other operations take the value from."""
    v = tf.Variable(1.0, caching_device="/device:CPU:0")
    assert ("", "/device:CPU:0") == (v.device, v.value().device)


def test_asserting_that_variables_have_values():
    """The operation fails where one has none; without variables there is none."""
    assert tf.assert_variables_initialized() is None
    v, w = tf.Variable([1.0]), tf.Variable([2.0])
    check = tf.assert_variables_initialized()
    assert check is not None
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(check)
        sess.run(w.initializer)
        sess.run(check)
        sess.run(tf.assert_variables_initialized([v]))


def test_references():
    """A reference to a variable is a key that is equal for the same variable."""
    v, tensor = tf.Variable(1.0), tf.constant(1.0)
    assert {v.ref(): "v", tensor.ref(): "t"} == {v.experimental_ref(): "v", tensor.experimental_ref(): "t"}
    assert v.ref().deref() is v
    assert v.ref() != tf.Variable(1.0).ref()


def test_exclusive_or():
    """``^`` is there for bools, from both sides, in TensorFlow's operations."""
    b = tf.Variable([True, False], name="b")
    made = [b ^ [True, True], [True, False] ^ ~b]
    assert ["xor:0", "xor_1:0"] == [tensor.name for tensor in made]
    with tf.Session() as sess:
        sess.run(b.initializer)
        assert [[False, True], [True, True]] == [value.tolist() for value in sess.run(made)]


@pytest.mark.parametrize(
    ("options", "message"), [({"constraint": 3}, "must be a callable"), ({"collections": "x"}, "list, tuple, or set")]
)
def test_wrong_options(options, message):
    """Options of another kind are refused before anything is added to the graph."""
    with pytest.raises(ValueError, match=message):
        tf.Variable(1.0, **options)
    assert [] == tf.get_default_graph().get_operations()


def test_definitions_keep_how_copies_are_brought_together():
    """Settings for distribution are in messages, and in TensorFlow's files of graphs."""
    settings = (tf.VariableAggregation.MEAN, tf.VariableSynchronization.ON_READ)
    v = tf.Variable(1.0, aggregation=settings[0], synchronization=settings[1])
    kept = tf.train.export_meta_graph().SerializeToString()
    with tf.Graph().as_default():
        tf.train.import_meta_graph(tf.MetaGraphDef.FromString(kept))
        found = [tf.global_variables()[0], tf.Variable.from_proto(v.to_proto())]
        assert [settings] * 2 == [(variable.aggregation, variable.synchronization) for variable in found]


def test_a_definition_with_an_unknown_setting():
    """A number that stands for nothing is named, with the variable."""
    definition = tf.Variable(1.0, name="v").to_proto()
    definition.aggregation = 9
    with pytest.raises(ValueError, match="variable 'v:0' is not valid: 9 is not a valid VariableAggregation"):
        tf.Variable.from_proto(definition)


def test_definitions_are_no_new_variables():
    """Creators take no part when a variable is found by its operations."""
    v = tf.Variable(1.0)

    def refuse(next_creator, **_):
        raise AssertionError(f"{next_creator} is called")

    with tf.variable_creator_scope(refuse):
        assert tf.Variable.from_proto(v.to_proto()).op is v.op


def test_the_older_names_of_initializers():
    """The older functions make the same operations; averages are a collection of their own."""
    v, x = tf.Variable(1.0), tf.Variable(1.0, collections=["local_variables", "moving_average_variables"])
    made = [tf.initialize_variables([v]), tf.initialize_local_variables()]
    assert [[v.initializer], [x.initializer]] == [operation.control_inputs for operation in made]
    assert [x] == tf.moving_average_variables()
