"""Graphs as definitions, and back. What is expected was found with TensorFlow 2.21, unless it says otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver import schema, shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.messages.attr_values import attr_value, same_value
from hdfsaver.messages.message_classes import FunctionDefLibrary
from hdfsaver.messages.node_defs import PRODUCER
from tests.growing import TOO_MUCH, growth
from tests.ops.make_programs import tensors_in
from tests.ops.programs import PROGRAMS

FLOAT = tf.AttrValue(type=1)


def const(name: str, value: Any = 1.0) -> tf.NodeDef:
    """A constant of float32."""
    return tf.NodeDef(
        name=name, op="Const", attr={"dtype": FLOAT, "value": tf.AttrValue(tensor=tf.make_tensor_proto(value))}
    )


def add(name: str, *inputs: str, dtype: int = 1) -> tf.NodeDef:
    """A sum."""
    return tf.NodeDef(name=name, op="AddV2", input=list(inputs), attr={"T": tf.AttrValue(type=dtype)})


def located(name: str, other: bytes) -> tf.NodeDef:
    """An operation that shares the device of another."""
    return tf.NodeDef(name=name, op="NoOp", attr={"_class": attr_value([b"loc:@" + other])})


def names(*nodes: tf.NodeDef, **arguments: Any) -> list[str]:
    """The names that the first operations of the definitions get."""
    elements = tf.import_graph_def(
        tf.GraphDef(node=list(nodes)), return_elements=[node.name for node in nodes], **arguments
    )
    return [element.name for element in elements]


def assert_same(expected: tf.Graph, found: tf.Graph) -> None:
    """Two graphs have the same nodes, in the same order, and edges that agree with them."""
    assert list(expected.data) == list(found.data)
    for name, data in expected.data.nodes.items():
        other = found.data.nodes[name]
        # Floats in attributes have 32 bits, as TensorFlow's do.
        attrs = {key: float(np.float32(it)) if type(it) is float else it for key, it in data["attrs"].items()}
        assert same_value(attrs, other["attrs"]), name
        assert {**data, "attrs": 0} == {**other, "attrs": 0}
    schema.validate(found.data)


def reimported(graph: tf.Graph) -> tf.Graph:
    """What a graph becomes as a definition and back."""
    with tf.Graph().as_default() as again:
        tf.import_graph_def(graph.as_graph_def(add_shapes=True), name="")
    return again


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_come_back(name):
    """`import_graph_def` is the inverse of `as_graph_def` for every program."""
    with tf.Graph().as_default() as graph:
        list(tensors_in(PROGRAMS[name](tf)))
    assert_same(graph, reimported(graph))
    assert graph.as_graph_def() == reimported(graph).as_graph_def()


@st.composite
def graphs(draw):
    """A graph of sums, splits, operations of unknown types, devices and control inputs."""
    with tf.Graph().as_default() as graph:
        tensors = [tf.placeholder(tf.float32, draw(st.sampled_from([None, [None, 2], [2, 2]])))]
        for _ in range(draw(st.integers(0, 8))):
            waits = draw(st.lists(st.sampled_from([tensor.op for tensor in tensors]), max_size=2))
            device = draw(st.sampled_from([None, "/cpu:0", "/job:a/task:1"]))
            pick = st.sampled_from(tensors)
            with graph.control_dependencies(waits), graph.device(device):
                kind = draw(st.sampled_from(["sum", "switch", "unknown"]))
                if kind == "sum":
                    tensors.append(apply("AddV2", draw(pick), draw(pick)))
                elif kind == "switch":
                    tensors += apply_list("Switch", draw(pick), tf.constant(True))
                else:
                    tensors += unknown(graph, draw(pick), draw(st.integers(0, 2)))
    return graph


def unknown(graph, tensor, outputs):
    """An operation of a type that has no definition, with outputs of another dtype."""
    name = graph.new_name("Mystery")
    schema.add_node(
        graph.data,
        name,
        op="Mystery",
        inputs=((tensor.op.name, tensor.value_index),),
        attrs={"mode": b"x", "levels": [0.5], "table": np.arange(3)},
        outputs=(("float32", (None, 2)),) * outputs,
    )
    graph.changed()
    return list(graph.get_operation_by_name(name).outputs)


@given(graphs())
def test_graphs_come_back(graph):
    """It is for any graph, operations of unknown types included; the order of the definitions does not matter."""
    assert_same(graph, reimported(graph))
    definition = graph.as_graph_def()
    definition.node.reverse()
    with tf.Graph().as_default() as again:
        tf.import_graph_def(definition, name="")
    assert {node.name: node for node in definition.node} == {node.name: node for node in again.as_graph_def().node}


def test_the_definition_of_an_operation(graph):
    """A definition says what an operation's attributes, inputs and outputs do."""
    x, y = tf.split(tf.placeholder(tf.float32, [None, 4], name="x"), 2, axis=1, name="s")
    with tf.device("/cpu:0"), tf.control_dependencies([x]):
        tf.add(y, x, name="z")
    node = graph.get_operation_by_name("z").node_def
    assert tf.NodeDef(name="z", op="AddV2", input=["s:1", "s"], device="/device:CPU:0", attr={"T": FLOAT}) == node
    definition = graph.as_graph_def(add_shapes=True)
    assert [node.name for node in definition.node] == list(graph.data)
    found = definition.node[-1].attr["_output_shapes"].list.shape
    assert [(None, 2)] == [shapes.of_proto(shape) for shape in found]
    assert PRODUCER == definition.versions.producer == graph.graph_def_versions.producer


def test_only_what_is_new(graph):
    """With an older version, the definition has the operations that were added since."""
    tf.constant(1.0, name="a")
    first = graph.version
    b = tf.placeholder(tf.float32, name="b")
    b.set_shape([2])
    second = graph.version
    tf.import_graph_def(tf.GraphDef(node=[const("c"), const("d")]), name="")
    third = graph.version
    tf.constant(1.0, name="e")
    new = [[node.name for node in graph.as_graph_def(version).node] for version in (0, first, second, third)]
    assert [["a", "b", "c", "d", "e"], ["b", "c", "d", "e"], ["c", "d", "e"], ["e"]] == new
    assert [] == graph.as_graph_def(from_version=graph.version).node


def test_names_and_scopes(graph):
    """The scope is `import` by default and unique; at the root, taken names get numbers, and case counts."""
    assert ["import/k"] == names(const("k"))
    assert ["import_1/k"] == names(const("k"))
    assert [["s/k"], ["s_1/k"], ["s/k_1"], ["s/k_2"]] == [
        names(const("k"), name=name) for name in ("s", "s", "s/", "s/")
    ]
    assert ["k"] == names(const("k"), name="")
    assert ["K", "k_1", "q"] == names(add("K", "k", "k"), const("k"), located("q", b"k"), name="")
    assert ["k_1", "k_1"] == [tensor.op.name for tensor in graph.get_operation_by_name("K").inputs]
    assert [b"loc:@k_1"] == graph.get_operation_by_name("q").get_attr("_class")
    assert ["import_2", "k_3", "k_2"] == names(const("import"), const("k"), const("k_2"), name="")
    assert ["k_4", "K_5", "s_2"] == [tf.constant(1.0, name=name).op.name for name in ("k", "K", "s")]


def test_what_is_around(graph):
    """Name scopes, devices and control inputs of the program reach what is imported."""
    k = tf.constant(1.0, name="k")
    with tf.name_scope("outer"), tf.device("/job:a/cpu:0"), tf.control_dependencies([k]):
        definition = tf.GraphDef(node=[const("c"), add("z", "c", "c"), located("q", b"c")])
        definition.node[0].device = "/device:CPU:1"
        c, z, q = tf.import_graph_def(definition, name="i", return_elements=["c", "z", "q"])
    assert ["outer/i/c", "outer/i/z"] == [c.name, z.name]
    assert [["^k"], ["outer/i/c", "outer/i/c", "^k"]] == [c.node_def.input, z.node_def.input]
    assert ["/job:a/device:CPU:1", "/job:a/device:CPU:0", "/job:a/device:CPU:1"] == [c.device, z.device, q.device]


def devices_of(text, *, name=""):
    """The devices of the operations of a definition after its import: written as ``"A /cpu:0 ; B @A"``."""
    definition = tf.GraphDef()
    for part in text.split(";"):
        called, *rest = part.split()
        others = [item[1:].encode() for item in rest if item[0] == "@"]
        node = located(called, *others) if others else tf.NodeDef(name=called, op="NoOp")
        node.device = next((item for item in rest if item[0] != "@"), "")
        definition.node.append(node)
    tf.import_graph_def(definition, name=name)
    return {operation.name: operation.device for operation in tf.get_default_graph().get_operations()}


def test_devices_of_imported_operations(graph):
    """Names of devices are written in full; an operation that shares the place of others has their device."""
    assert {"A": "/device:CPU:0", "B": "/device:CPU:0"} == devices_of("A /cpu:0 @A; B /job:w @A")
    found = devices_of("C @C; D /cpu:0 @C")
    assert ("", "", "/device:CPU:0") == (found["C"], found["D"], found["A"])
    found = devices_of("E @G; F /cpu:1; G @F")
    assert ("", "/device:CPU:1") == (found["E"], found["G"])
    with tf.device(lambda op: op.device + "/task:3" if op.device else "/cpu:2"):
        found = devices_of("H /gpu:1; I @H; J")
    assert ["/device:GPU:1/task:3", "/task:3/device:GPU:1", "/cpu:2"] == [found[name] for name in "HIJ"]
    with tf.colocate_with(tf.constant(1.0)):
        assert "" == devices_of("K /cpu:7")["K"]
    before = len(graph.data)
    with pytest.raises(ValueError, match="'nowhere' is encountered .* A device is named like"):
        devices_of("L nowhere")
    assert before == len(graph.data)


def test_what_is_not_imported_does_not_change_the_version(graph):
    """Plans and saved descriptions of a graph stay valid."""
    before = graph.version
    tf.import_graph_def(tf.GraphDef())
    assert before == graph.version


def test_attributes_of_later_releases():
    """Those that only the maker of the graph knows are left out where they have its defaults."""
    definition = tf.GraphDef(node=[const("c"), add("z", "c", "c")])
    definition.node[1].attr["later"].i = 3
    definition.node[1].attr["other"].i = 4
    ops = tf.MetaGraphDef().meta_info_def.stripped_op_list
    later = ops.op.add(name="AddV2")
    for name in ("later", "other"):
        later.attr.add(name=name, type="int").default_value.i = 3
    (z,) = tf.import_graph_def(definition, return_elements=["z"], producer_op_list=ops)
    assert ["T", "other"] == sorted(z.node_def.attr)
    message = tf.MetaGraphDef(graph_def=definition, meta_info_def={"stripped_op_list": ops})
    tf.train.import_meta_graph(message, import_scope="m")
    assert ["T", "other"] == sorted(tf.get_default_graph().get_operation_by_name("m/z").node_def.attr)
    assert 3 == definition.node[1].attr["later"].i
    with pytest.raises(TypeError, match="must be an OpList proto, not int"):
        tf.import_graph_def(definition, producer_op_list=3)  # type: ignore[call-overload]


def test_inputs_are_replaced(graph):
    """`input_map` replaces tensors by name, with or without output, and what is waited for."""
    k = tf.constant(5.0, name="k")
    definition = tf.GraphDef(node=[add("z", "x", "y", "^x"), const("y")])
    (z,) = tf.import_graph_def(definition, {"x": k, "^x": k}, ["z"])
    assert ["k", "import/y", "^k"] == z.node_def.input
    definition = tf.GraphDef(node=[add("z", "x", "y"), const("y")])
    z, x, y = tf.import_graph_def(definition, {"x:0": 2.0, b"y": k}, ["z:0", "x:0", "y"])
    assert ["import_1/_inputs/Const", "k"] == z.op.node_def.input
    assert (z.op.inputs[0], "import_1/y") == (x, y.name)
    with tf.Session() as sess:
        assert 7.0 == sess.run(z)


def test_shapes_follow_from_what_replaces_inputs():
    """What is known of shapes is inferred anew, and what the definition adds to that is kept."""
    x = tf.placeholder(tf.float32, [3, 2])
    (y,) = tf.import_graph_def(tf.GraphDef(node=[add("y", "x", "x")]), {"x": x}, ["y:0"])
    assert [3, 2] == y.shape.as_list()
    node = tf.NodeDef(name="p", op="Placeholder", attr={"dtype": FLOAT, "_output_shapes": attr_value([(2, 3)])})
    (p,) = tf.import_graph_def(tf.GraphDef(node=[node]), return_elements=["p"])
    assert [2, 3] == p.outputs[0].shape.as_list()
    assert ["dtype", "shape"] == sorted(p.node_def.attr)


FAULTS = [
    ([add("z", "x", "y"), const("y")], {}, "Node 'z': Unknown input node 'x'"),
    ([add("z", "y", "y", "^x"), const("y")], {}, r"Node 'z': Unknown input node '\^x'"),
    ([const("y"), const("y")], {}, "Node 'y' is not unique"),
    ([add("z", "w", "y"), add("w", "z", "y"), const("y")], {}, "2 nodes in a cycle: z, w"),
    ([const("_y")], {}, "Node '_y': Node name contains invalid characters. '_y' is not a valid name"),
    (
        [add("z", "y:1", "y"), const("y")],
        {},
        "Node 'z': Connecting to invalid output 1 of source node y which has 1 outputs",
    ),
    ([add("z", "x:0", "y"), const("y")], {}, "Node 'z': Unknown input node 'x:0'"),
    ([add("z", "x:01", "y"), const("y")], {}, "Node 'z': Unknown input node 'x:01'"),
    ([add("z", "y:x", "y"), const("y")], {}, "Node 'z': Unknown input node 'y:x'"),
    ([add("z", "y:x:0", "y"), const("y")], {}, "Node 'z': Unknown input node 'y:x:0'"),
    ([tf.NodeDef(name="q")], {}, "Node 'q' does not specify an operation"),
    (
        [tf.NodeDef(name="q", op="AddV2", input=["y", "y"]), const("y")],
        {},
        "NodeDef missing attr 'T' from Op<name=AddV2",
    ),
    ([tf.NodeDef(name="q", op="Const", attr={"dtype": FLOAT})], {}, "NodeDef missing attr 'value' from Op<name=Const"),
    ([add("q", "y"), const("y")], {}, "NodeDef expected inputs 'float, float' do not match 1 inputs specified"),
    (
        [add("q", "y", "y", dtype=3), const("y")],
        {},
        "Input 0 of node import/q was passed float from import/y:0 .* expected int32",
    ),
    ([add("q", "^y", "y", "y"), const("y")], {}, "Control dependencies must come after regular"),
    ([located("q", b"n")], {}, "Node 'q' expects to be colocated with unknown node 'n'"),
    ([const("y", [1.0, 2.0]), const("w", [1.0, 2.0, 3.0]), add("z", "y", "w")], {}, "cannot take shapes"),
    ([const("y")], {"input_map": {"nope": 1.0}}, r"Attempted to map inputs .* \[nope:0\]"),
    ([const("y")], {"input_map": {"y:1": 1.0}}, r"Attempted to map inputs .* \[y:1\]"),
    ([const("y")], {"input_map": {"^n": 1.0}}, r"Attempted to map inputs .* \[\^n\]"),
    ([add("z", "x", "x")], {"input_map": {"x": 2}}, "was passed int32 from .*Const:0 incompatible with expected float"),
    ([const("y")], {"input_map": {"y": 1.0}, "name": ""}, "requires a non-empty `name`"),
    ([const("y")], {"return_elements": ["n"]}, "Requested return node 'n' not found"),
    ([const("y")], {"return_elements": ["n:0"]}, "Requested return tensor 'n:0' not found"),
    ([const("y")], {"return_elements": ["y:3"]}, r"Invalid return output 3 of node 'y', which has 1 output\(s\)"),
    ([const("y")], {"return_elements": ["y:x"]}, "Cannot convert 'y:x' to a tensor name. .* should be an int. Got x"),
    ([const("y")], {"return_elements": ["y:x:0"]}, "Cannot convert 'y:x:0' to a tensor name. .* more than 1 `:`"),
    ([const("y")], {"input_map": {"y:x": 1.0}}, "Cannot convert 'y:x' to a tensor name"),
]


@pytest.mark.parametrize(("nodes", "arguments", "message"), FAULTS)
def test_bad_definitions(graph, nodes, arguments, message):
    """What is not well-formed is refused with TensorFlow's class of error, and the graph keeps what it had."""
    tf.constant(1.0, name="there")
    with pytest.raises(ValueError, match=message):
        tf.import_graph_def(tf.GraphDef(node=nodes), **arguments)
    assert {"there"} == {name for name in graph.data if "_inputs" not in name}
    schema.validate(graph.data)


def test_a_contradicting_shape():
    """A shape that the definition adds must agree with what is inferred."""
    node = const("c")
    node.attr["_output_shapes"].CopyFrom(attr_value([(2, 3)]))
    with pytest.raises(ValueError, match="'import/c' has an _output_shapes attribute inconsistent"):
        tf.import_graph_def(tf.GraphDef(node=[node]))


def test_values_that_cannot_be_read():
    """A constant of fewer bytes than its shape, or of an unknown dtype, is refused with the node and the attribute."""
    node = const("c", [1.0, 2.0])
    node.attr["value"].tensor.tensor_content = b"1234"
    with pytest.raises(ValueError, match="Node 'c': the value of attr 'value' cannot be read: .* has 2 elements; 1"):
        tf.import_graph_def(tf.GraphDef(node=[node]))
    node.attr["value"].tensor.dtype = 9999
    with pytest.raises(ValueError, match="'value' cannot be read: there is no dtype of number 9999"):
        tf.import_graph_def(tf.GraphDef(node=[node]))


def test_constants_that_would_fill_the_memory():
    """Elements that are not stored count before there is memory for them; one that stands for all does not."""
    tensor = tf.make_tensor_proto(1.0, shape=[2**28])
    (c,) = tf.import_graph_def(tf.GraphDef(node=[const("c", tensor)]), return_elements=["c:0"])
    assert [2**28] == c.shape.as_list()
    assert tensor == c.op.get_attr("value")
    tensor.float_val.append(2.0)
    with tf.limits.use(declared_bytes=2**20), pytest.raises(tf.errors.ResourceExhaustedError, match="declared_b"):
        tf.import_graph_def(tf.GraphDef(node=[const("c", tensor)]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x",), "must be a GraphDef proto, not str"),
        ((None,), "must be a GraphDef proto, not NoneType"),
        ((tf.GraphDef(), {1: 2}), r"must be strings. Obtained keys: \[1\]"),
        ((tf.GraphDef(), [1]), "must be a dictionary. Obtained list"),
        ((tf.GraphDef(), None, [3]), r"must be a list of strings. Obtained \[3\]"),
    ],
)
def test_bad_arguments(arguments, message):
    """Arguments of another type are refused."""
    with pytest.raises(TypeError, match=message):
        tf.import_graph_def(*arguments)


def test_replacements_belong_to_the_graph(graph):
    """A tensor of another graph replaces nothing."""
    with tf.Graph().as_default():
        other = tf.constant(1.0)
    with pytest.raises(ValueError, match="not an element of this graph"):
        tf.import_graph_def(tf.GraphDef(node=[add("z", "x", "x")]), {"x": other})
    graph.finalize()
    with pytest.raises(RuntimeError, match="finalized"):
        tf.import_graph_def(tf.GraphDef(node=[const("y")]), name="")


def test_operations_of_unknown_types():
    """They are kept as data, where TensorFlow refuses them; what takes their outputs tells the dtypes."""
    nodes = [tf.NodeDef(name="q", op="Nope", attr={"T": tf.AttrValue(type=3)}), add("z", "q:1", "q:1")]
    q, z = tf.import_graph_def(tf.GraphDef(node=nodes), return_elements=["q", "z:0"])
    assert [tf.int32, tf.float32] == [tensor.dtype for tensor in q.outputs]
    assert z.shape.rank is None
    with tf.Session() as sess, pytest.raises(tf.errors.OpError, match="Nope"):
        sess.run(z)
    assert [] == list(
        tf.import_graph_def(tf.GraphDef(node=[tf.NodeDef(name="q", op="Nope")]), return_elements=["q"])[0].outputs
    )


def test_loops_are_kept():
    """The end of a loop may come behind its beginning, which then knows dtypes but no shapes."""
    nodes = [
        tf.NodeDef(name="m", op="Merge", input=["c", "n"], attr={"T": FLOAT, "N": tf.AttrValue(i=2)}),
        tf.NodeDef(name="n", op="NextIteration", input=["s"], attr={"T": FLOAT}),
        add("s", "m", "c"),
        const("c"),
    ]
    m, n = tf.import_graph_def(tf.GraphDef(node=nodes), return_elements=["m", "n"], name="")
    assert ["c", "n"] == m.node_def.input
    assert [tf.float32, tf.int32] == [tensor.dtype for tensor in m.outputs]
    assert ["c", "m", "s", "n"] == list(m.graph.data)


def test_functions_stay_with_the_graph(graph):
    """Functions are kept, each once, and exported and saved with the graph."""
    library = FunctionDefLibrary()
    library.function.add().signature.name = "f"
    library.gradient.add(function_name="f", gradient_func="g")
    for _ in range(2):
        tf.import_graph_def(tf.GraphDef(library=library))
    assert library == graph.library == graph.as_graph_def().library
    assert library == tf.train.export_meta_graph().graph_def.library
    assert not tf.Graph().as_graph_def().HasField("library")


def test_defaults_are_filled_in():
    """Attributes that were left out get their default values; the definition itself is not changed."""
    x = tf.placeholder(tf.float32, [2, 2])
    node = tf.NodeDef(name="y", op="MatMul", input=["x", "x"], attr={"T": FLOAT})
    (y,) = tf.import_graph_def(tf.GraphDef(node=[node]), {"x": x}, ["y"])
    assert y.get_attr("transpose_a") is False
    assert ["T"] == list(node.attr)


def test_attributes_are_given_as_tensorflow_gives_them():
    """Dtypes are `DType` objects, shapes and arrays messages, in lists too."""
    x = tf.placeholder(tf.float32, [None, 2])
    assert (None, 2) == shapes.of_proto(x.op.get_attr("shape"))
    value = tf.constant([1, 2]).op.get_attr("value")
    assert [1, 2] == tf.make_ndarray(value).tolist()
    assert [tf.bool, tf.float32] == tf.identity_n([tf.constant(True), x])[0].op.get_attr("T")
    assert [0] == tf.squeeze(tf.ones([1, 2]), [0]).op.get_attr("squeeze_dims")
    assert [5] == tf.constant(5, tf.qint8).op.get_attr("value").int_val
    assert tf.int32 == value.dtype


def test_many_operations_of_unknown_types():
    """How many outputs of an unknown type are taken is found in proportion to the number of operations."""

    def chain(count):
        definition = tf.GraphDef()
        taken = [[f"n{number - 1}:1"] * bool(number) for number in range(count)]
        definition.node.extend(tf.NodeDef(name=f"n{n}", op="Mystery", input=inputs) for n, inputs in enumerate(taken))
        return definition

    def bring_in(definition):
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(definition, name="")
        assert [2, 2] == [len(graph.get_operation_by_name(name).outputs) for name in ("n0", "n9")]

    assert growth(chain, bring_in, 1000) < TOO_MUCH
