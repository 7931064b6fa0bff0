"""``tf.graph_util``. What is expected was found with TensorFlow 2.21."""

from __future__ import annotations

import pytest

import hdfsaver as tf
from hdfsaver.messages.graph_comparison import graph_defs_equal
from tests.growing import TOO_MUCH, growth


def program() -> tf.GraphDef:
    """Two results, one of a variable, with operations on the way that only training needs."""
    v = tf.Variable([1.0, 2.0], name="v")
    x = tf.identity(v * 2.0, name="passed")
    checked = tf.check_numerics(x, "bad", name="checked")
    tf.add(checked, tf.stop_gradient(checked, name="stopped"), name="y")
    tf.constant(3.0, name="other")
    return tf.get_default_graph().as_graph_def()


def test_what_leads_somewhere(graph):
    """A part is copied, in its order, and the definition is not shared."""
    definition = program()
    part = tf.graph_util.extract_sub_graph(definition, ["passed"])
    assert ["v", "v/read", "mul/y", "mul", "passed"] == [node.name for node in part.node]
    part.node[0].name = "changed"
    assert graph.as_graph_def() == definition
    assert [] == tf.graph_util.extract_sub_graph(definition, []).node
    with pytest.raises(AssertionError, match="nope is not in graph"):
        tf.graph_util.extract_sub_graph(definition, ["nope"])
    with pytest.raises(TypeError, match="must be an iterable of strings, but got type str"):
        tf.graph_util.extract_sub_graph(definition, "y")
    with pytest.raises(TypeError, match="must be a GraphDef"):
        tf.graph_util.extract_sub_graph(graph, ["y"])


def test_what_only_training_needs():
    """Checks and operations that pass their input on go, unless they are protected or others hold on to them."""
    definition = program()
    inputs = {node.name: node.input for node in tf.graph_util.remove_training_nodes(definition).node}
    assert ["mul", "mul"] == inputs["y"]
    assert ["v", "mul/y"] == inputs["mul"]
    assert not {"passed", "checked", "stopped", "v/read"} & set(inputs)
    kept = tf.graph_util.remove_training_nodes(definition, protected_nodes=["passed", "checked"])
    assert ["checked", "checked"] == {node.name: node.input for node in kept.node}["y"]


def test_what_others_wait_for_stays():
    """An operation that passes its input on stays if something waits for it, or it for something."""
    one = tf.constant(1.0)
    with tf.control_dependencies([tf.identity(one, name="a")]):
        tf.identity(one, name="b")
    definition = tf.graph_util.remove_training_nodes(tf.get_default_graph().as_graph_def())
    assert {"a", "b"} <= {node.name for node in definition.node}


def node(name: str, op: str, *inputs: str, **types: int) -> tf.NodeDef:
    """A node, with attributes that are dtypes by their numbers."""
    return tf.NodeDef(
        name=name, op=op, input=inputs, attr={key: tf.AttrValue(type=dtype) for key, dtype in types.items()}
    )


def test_chains_and_outputs_that_are_not_the_first():
    """What took the result of a chain takes that from which the chain begins; checks that are waited for just go."""
    chain = [node("a", "A", "b:0"), node("b", "Identity", "c"), node("c", "StopGradient", "d:1", "^e"), node("d", "D")]
    definition = tf.GraphDef(node=[*chain, node("e", "CheckNumerics", "d")])
    found = tf.graph_util.remove_training_nodes(definition)
    assert tf.GraphDef(node=[node("a", "A", "d:1"), node("d", "D")]) == found
    definition.versions.producer = 30
    definition.library.function.add().signature.name = "f"
    found = tf.graph_util.remove_training_nodes(definition)
    assert (30, "f") == (found.versions.producer, found.library.function[0].signature.name)


def test_what_only_a_cpu_runs():
    """Strings and indices are of the CPU, and variables if a program asks for it."""
    on_cpu = tf.graph_util.must_run_on_cpu
    for op, attr, numbers in [("Const", "dtype", {3, 7}), ("Cast", "SrcT", {3}), ("DynamicStitch", "T", {3})]:
        assert numbers == {number for number in (1, 3, 7, 9, 103) if on_cpu(node("a", op, **{attr: number}))}
    assert on_cpu(tf.constant("a").op)
    variable = tf.Variable(1.0)
    assert (False, True) == (on_cpu(variable.op), on_cpu(variable.op, pin_variables_on_cpu=True))
    assert not any(on_cpu(node("a", op), True) for op in ("Neg", "VarHandleOp", "Const", "ScatterMul"))
    with pytest.raises(AssertionError, match="an Operation or a NodeDef, not 'a'"):
        on_cpu("a")


def test_shapes_of_inputs(graph):
    """An input without a number is the first output."""
    tf.placeholder(tf.float32, [None, 3], name="p")
    shape_of = tf.graph_util.tensor_shape_from_node_def_name
    assert [None, 3] == shape_of(graph, "p").as_list() == shape_of(graph, "p:0").as_list()
    with pytest.raises(KeyError, match="only has 1 outputs"):
        shape_of(graph, "p:1")


def test_equal_graphs():
    """The order of operations and functions means nothing; NaN equals itself only where a program says so."""
    first = tf.GraphDef(node=[node("a", "A"), node("b", "B", "a", "^c"), node("c", "C", T=1)])
    first.library.function.add().node_def.extend([node("x", "X"), node("y", "Y")])
    other = tf.GraphDef(node=first.node[::-1])
    other.library.function.add().node_def.extend([node("y", "Y"), node("x", "X")])
    assert graph_defs_equal(first, other)
    other.node[0].attr["T"].type = 3
    assert not graph_defs_equal(first, other)
    other.CopyFrom(first)
    other.node[1].input.reverse()
    assert not graph_defs_equal(first, other)
    other.CopyFrom(first)
    other.node.append(first.node[0])
    assert not graph_defs_equal(first, other)
    first.node[0].attr["value"].tensor.float_val.extend([1.0, float("nan")])
    assert not graph_defs_equal(first, first)
    assert graph_defs_equal(first, first, treat_nan_as_equal=True)
    with pytest.raises(TypeError, match="graph_def_2 must be a GraphDef, but got type str"):
        graph_defs_equal(first, "b")


def test_variables_become_constants():
    """A frozen graph gives the same results without any variable."""
    definition = program()
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError):
            tf.graph_util.convert_variables_to_constants(sess, definition, ["y"])
        sess.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(sess, definition, ["y"])
        kept = tf.graph_util.convert_variables_to_constants(sess, definition, ["y"], variable_names_blacklist=["v"])
        white = tf.graph_util.convert_variables_to_constants(sess, definition, ["y"], variable_names_whitelist=[])
        simple = tf.graph_util.convert_variables_to_constants(sess, definition, ["other"])
    assert "VariableV2" not in {node.op for node in frozen.node}
    assert kept == white == tf.graph_util.extract_sub_graph(definition, ["y"])
    assert ["other"] == [node.name for node in simple.node]
    with tf.Graph().as_default(), tf.Session() as sess:
        (y,) = tf.import_graph_def(frozen, return_elements=["y:0"])
        assert [4.0, 8.0] == sess.run(y).tolist()


def test_long_chains_of_identities():
    """Operations that take from a long chain of identities find its beginning in proportion to its length."""

    def chain(count):
        nodes = [tf.NodeDef(name="x0", op="Placeholder")]
        for number in range(1, count + 1):
            nodes.append(tf.NodeDef(name=f"x{number}", op="Identity", input=[f"x{number - 1}"]))
            nodes.append(tf.NodeDef(name=f"y{number}", op="Neg", input=[f"x{number}"]))
        definition = tf.GraphDef()
        definition.node.extend(nodes)
        return definition

    def remove(definition):
        found = tf.graph_util.remove_training_nodes(definition)
        assert {"x0"} == {node.input[0] for node in found.node if node.op == "Neg"}

    assert growth(chain, remove, 250) < TOO_MUCH
