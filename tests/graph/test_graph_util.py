"""``tf.graph_util``. What is expected was found with TensorFlow 2.21."""

from __future__ import annotations

import pytest

import hdfsaver as tf
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
    with pytest.raises(TypeError, match="but got one string"):
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
