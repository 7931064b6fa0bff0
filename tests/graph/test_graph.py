"""The graph: what it holds, how it is built, how things are found in it."""

import networkx as nx
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import schema
from hdfsaver.graph import Graph
from tests.growing import TOO_MUCH, growth


def add_program():
    a = tf.Variable(tf.constant(1.0, shape=[1]), name="a")
    b = tf.Variable(tf.constant(2.0, shape=[1]), name="b")
    return a + b


def listing(graph):
    return [(op.name, op.type, [tensor.name for tensor in op.inputs]) for op in graph.get_operations()]


def test_the_add_program_has_tensorflows_operations(graph):
    """The program that everything grew from makes the operations that TensorFlow makes, in its order."""
    add_program()
    tf.global_variables_initializer()
    assert [
        ("Const", "Const", []),
        ("a", "VariableV2", []),
        ("a/Assign", "Assign", ["a:0", "Const:0"]),
        ("a/read", "Identity", ["a:0"]),
        ("Const_1", "Const", []),
        ("b", "VariableV2", []),
        ("b/Assign", "Assign", ["b:0", "Const_1:0"]),
        ("b/read", "Identity", ["b:0"]),
        ("add", "AddV2", ["a/read:0", "b/read:0"]),
        ("init", "NoOp", []),
    ] == listing(graph)
    init = graph.get_operation_by_name("init")
    assert ["a/Assign", "b/Assign"] == [op.name for op in init.control_inputs]


def test_the_digraph_is_plain_and_valid(graph):
    """Node data are plain values that the schema accepts, and networkx's algorithms run on them."""
    result = add_program()
    schema.validate(graph.digraph)
    assert {"a", "b", "a/read", "b/read"} == nx.ancestors(graph.digraph, result.op.name)
    assert nx.is_directed_acyclic_graph(graph.digraph)
    assert "float32" == graph.digraph.nodes["add"]["attrs"]["T"]


def test_x_times_x_keeps_both_wires(graph):
    """A DiGraph has one edge per pair of nodes; the edge carries every wire between them."""
    x = tf.placeholder(tf.float32, name="x")
    y = tf.multiply(x, x, name="y")
    assert [(0, 0), (0, 1)] == graph.digraph.edges["x", "y"]["wires"]
    assert [x, x] == list(y.op.inputs)
    assert [y.op, y.op] == x.consumers()


def test_control_dependencies_are_edges(graph):
    """What is made inside waits for what was given, unless an input does already."""
    first = tf.no_op(name="first")
    with graph.control_dependencies([first]):
        inside = tf.constant(1.0, name="inside")
        after = tf.identity(inside, name="after")
        with graph.control_dependencies(None):
            free = tf.no_op(name="free")
    assert [first] == inside.op.control_inputs
    assert [] == after.op.control_inputs
    assert [] == free.control_inputs
    assert graph.digraph.edges["first", "inside"] == {"wires": [], "control": True}


def test_names_are_unique_whatever_their_case(graph):
    """A second operation of a name gets a number; `a+a` after a variable named add does too."""
    assert ["W:0", "w_1:0"] == [tf.constant(1.0, name=name).name for name in ("W", "w")]
    total = tf.constant(1.0) + tf.constant(1.0)
    assert ["add:0", "Add_1:0"] == [total.name, tf.add(total, total).name]


def test_name_scopes(graph):
    """Scopes nest, are made unique, are entered again with a slash, and are left with None."""
    with tf.name_scope("s") as scope:
        assert "s/" == scope
        assert "s/c:0" == tf.constant(1.0, name="c").name
        with tf.name_scope("t"):
            assert "s/t/c:0" == tf.constant(1.0, name="c").name
        with tf.name_scope(None):
            assert "c:0" == tf.constant(1.0, name="c").name
    with tf.name_scope("s") as other:
        assert "s_1/" == other
    with tf.name_scope(scope):
        assert "s/d:0" == tf.constant(1.0, name="d").name


@pytest.mark.parametrize(
    ("asked", "written"),
    [("/cpu:0", "/device:CPU:0"), ("/device:GPU:1", "/device:GPU:1"), ("/job:ps/task:0", "/job:ps/task:0")],
)
def test_devices(graph, asked, written):
    """Devices are kept in TensorFlow's full form."""
    with tf.device(asked):
        assert written == tf.constant(1.0).device


def test_devices_merge(graph):
    """An inner device adds to an outer one, part by part, and None forgets it."""
    with tf.device("/job:ps"), tf.device("/cpu:0"):
        assert "/job:ps/device:CPU:0" == tf.constant(1.0).device
        with tf.device(None):
            assert "" == tf.constant(1.0).device


def test_a_finalized_graph_takes_nothing(graph):
    """After finalize, making an operation is an error, and so is changing a collection."""
    graph.finalize()
    with pytest.raises(RuntimeError, match="finalized"):
        tf.constant(1.0)
    for change in (
        lambda: graph.add_to_collection("mine", 3),
        lambda: graph.add_to_collections(["mine", "yours"], 3),
        lambda: graph.clear_collection("mine"),
    ):
        with pytest.raises(RuntimeError, match="finalized"):
            change()
    assert [] == graph.get_collection("mine")


def test_collections(graph):
    """Collections are lists under any name; a scope is a pattern matched at the start of names."""
    one, two = tf.Variable(1.0, name="s/v"), tf.Variable(1.0, name="sv")
    graph.add_to_collection("mine", 3)
    assert [3] == graph.get_collection("mine")
    assert [one, two] == tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="s")
    assert [one] == tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="s/")
    graph.get_collection_ref("mine").append(4)
    assert [3, 4] == graph.get_collection("mine")
    graph.clear_collection("mine")
    assert "mine" not in graph.get_all_collection_keys()


def test_faces_are_the_same_each_time(graph):
    """Looking a thing up twice gives one object, so that tensors can be keys."""
    c = tf.constant(1.0, name="c")
    assert graph.get_tensor_by_name("c:0") is c
    assert graph.get_operation_by_name("c") is c.op
    assert graph.as_graph_element("c") is c.op
    assert graph.as_graph_element("c:0") is c


@pytest.mark.parametrize(
    ("name", "error"),
    [("nope:0", KeyError), ("c:1", KeyError), ("c", ValueError), ("nope", ValueError), (3, TypeError)],
)
def test_wrong_names_of_tensors(graph, name, error):
    """Each way to miss a tensor has the error that TensorFlow has for it."""
    tf.constant(1.0, name="c")
    with pytest.raises(error):
        graph.get_tensor_by_name(name)


@pytest.mark.parametrize(("name", "error"), [("nope", KeyError), ("c:0", ValueError), (3, TypeError)])
def test_wrong_names_of_operations(graph, name, error):
    """Each way to miss an operation has the error that TensorFlow has for it."""
    tf.constant(1.0, name="c")
    with pytest.raises(error):
        graph.get_operation_by_name(name)


def test_tensors_of_two_graphs_do_not_mix(graph):
    """An operation cannot take inputs of two graphs."""
    here = tf.constant(1.0)
    with Graph().as_default():
        there = tf.constant(1.0)
    with pytest.raises(ValueError, match="same graph"):
        here + there
    with pytest.raises(ValueError, match="not an element"):
        graph.as_graph_element(there)


def test_shapes_are_inferred_and_misfits_are_named(graph):
    """Static shapes come with the operation; what cannot fit is a ValueError that names operation and shapes."""
    x = tf.placeholder(tf.float32, [None, 3])
    assert [None, 3] == (x + tf.ones([1, 3])).shape.as_list()
    with pytest.raises(ValueError, match=r"'wrong' \(AddV2\).*\(2,\).*\(3,\)"):
        tf.add(tf.ones([2]), tf.ones([3]), name="wrong")
    with pytest.raises(TypeError, match="int32"):
        x + tf.constant(1)


def test_numbers_take_the_dtype_of_the_tensor(graph):
    """A Python number beside a tensor becomes a constant of the tensor's dtype, on either side."""
    x = tf.constant(1.0, tf.float64, name="x")
    assert [tf.float64, tf.float64] == [(2 * x).dtype, (x * 2).dtype]
    assert "mul/x" == (2 * x).op.graph.get_operation_by_name("mul/x").name


def test_set_shape_without_news(graph):
    """What is known already changes nothing: plans stay, and the outputs of an operation are not copied for each."""
    parts = tf.unstack(tf.zeros([3, 2]))
    version, outputs = graph.version, parts[0].op.data["outputs"]
    for part in parts:
        part.set_shape([2])
        part.set_shape([None])
    assert (version, True) == (graph.version, outputs is parts[0].op.data["outputs"])


def test_set_shape_adds_knowledge(graph):
    """set_shape narrows what is known, and refuses what contradicts it."""
    x = tf.placeholder(tf.float32, [None, 3])
    x.set_shape([2, None])
    assert [2, 3] == x.shape.as_list()
    with pytest.raises(ValueError, match="not compatible"):
        x.set_shape([5, 3])


def test_a_tensor_has_no_truth_value(graph):
    """Python cannot branch on a tensor, iterate over an unknown length or take its length."""
    x = tf.placeholder(tf.float32, [None])
    for attempt in (bool, len, iter):
        with pytest.raises(TypeError, match="Placeholder:0"):
            attempt(x)


def test_reset_inside_a_default_graph_is_refused(graph):
    """The default graph cannot be thrown away while a `with` block holds one."""
    with Graph().as_default(), pytest.raises(AssertionError, match="reset_default_graph"):
        tf.reset_default_graph()


def test_get_attr(graph):
    """Attributes are read by name; a missing one names those that are there."""
    c = tf.constant([1, 2], name="c")
    assert tf.int32 is c.op.get_attr("dtype")
    np.testing.assert_array_equal([1, 2], tf.make_ndarray(c.op.get_attr("value")))
    with pytest.raises(ValueError, match="dtype, value"):
        c.op.get_attr("nope")


def test_takers_of_many_outputs():
    """Who takes each output of an operation with many is found in proportion to their number."""

    def parts(count):
        with Graph().as_default():
            found = tf.unstack(tf.zeros([count, 2]))
            for part in found:
                tf.negative(part)
            return found

    def ask(found):
        assert {1} == {len(part.consumers()) for part in found}

    assert growth(parts, ask, 200) < TOO_MUCH
