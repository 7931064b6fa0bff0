"""Attributes of nodes from outside are compared with the definitions of their types, before anything is added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import hdfsaver as tf
from hdfsaver import schema
from hdfsaver.errors import InvalidNodeError
from hdfsaver.graph.attr_defs import AttrDef, fault
from hdfsaver.interop.graphs.graph_files import read_meta_graph, write_graph_def
from hdfsaver.storage.writing import write_file

DTYPE = 'attr { key: "dtype" value { type: DT_FLOAT } } '
X = 'node { name: "x" op: "Placeholder" ' + DTYPE + "} "
T = 'attr { key: "T" value { type: DT_FLOAT } } '
POOL = (
    'node { name: "y" op: "MaxPool" input: "x" '
    'attr { key: "ksize" value { %s } } attr { key: "strides" value { list { i: [1, 1, 1, 1] } } } '
    'attr { key: "padding" value { s: "%s" } } }'
)
FOUR = "list { i: [1, 1, 1, 1] }"


def neg(attrs: str) -> str:
    """A node of one input."""
    return f'node {{ name: "y" op: "Neg" input: "x" {attrs} }}'


def const(name: str, dtype: str, tensor: str) -> str:
    """A constant."""
    value = f'attr {{ key: "value" value {{ tensor {{ {tensor} }} }} }}'
    return f'node {{ name: "{name}" op: "Const" attr {{ key: "dtype" value {{ type: {dtype} }} }} {value} }} '


def add_n(attrs: str) -> str:
    """A node of a number of inputs."""
    return f'node {{ name: "y" op: "AddN" input: "x" {T} {attrs} }}'


# TensorFlow 2.21 raises a ValueError for each, but for the last four: it does not look at these attributes, or gives
# them to Python, which raises a TypeError or a UnicodeDecodeError.
WRONG = [
    (
        neg('attr { key: "T" value { s: "a" } }'),
        "AttrValue had value with type 'string' when 'type' expected for attr 'T': .a., in node 'y' .Neg.",
    ),
    (
        neg('attr { key: "T" value { list { type: DT_FLOAT } } }'),
        "had value with type 'list.type.' when 'type' expected for attr 'T'",
    ),
    (
        neg('attr { key: "T" value { placeholder: "T" } }'),
        "had value with type 'placeholder' when 'type' expected for attr 'T'",
    ),
    (
        neg('attr { key: "T" value { type: DT_STRING } }'),
        "Value for attr 'T' of string is not in the list of allowed values: .*double, float, half.*int8",
    ),
    (neg('attr { key: "T" value { type: DT_FLOAT_REF } }'), "'T' is the dtype 'float32_ref'"),
    (neg(""), "missing attr 'T' from Op<name=Neg>, in node 'y'"),
    (
        neg('attr { key: "T" value { } }'),
        "missing attr 'T' from Op<name=Neg>, in node 'y'|'T' has a value that cannot be read",
    ),
    (
        add_n('attr { key: "N" value { i: 0 } }'),
        "Value for attr 'N' of 0 must be at least minimum 1, in node 'y' .AddN.",
    ),
    (add_n('attr { key: "N" value { i: -1 } }'), "Value for attr 'N' of -1 must be at least minimum 1"),
    (add_n('attr { key: "N" value { b: true } }'), "had value with type 'bool' when 'int' expected for attr 'N': True"),
    (add_n('attr { key: "N" value { f: 1 } }'), "had value with type 'float' when 'int' expected for attr 'N'"),
    (
        add_n('attr { key: "N" value { i: 2 } }'),
        "NodeDef expected inputs 'float, float' do not match 1 inputs specified, in node 'y' .AddN.",
    ),
    (POOL % ("list { i: [1] }", "SAME"), "Length for attr 'ksize' of 1 must be at least minimum 4"),
    (
        POOL % ("list { i: [1, 1, 1, 1] f: 3 }", "SAME"),
        "had value with type 'list.float and int.' when 'list.int.' expected for attr 'ksize'",
    ),
    (POOL % ("i: 1", "SAME"), "had value with type 'int' when 'list.int.' expected for attr 'ksize'"),
    (
        POOL % (FOUR, "OTHER"),
        'attr .padding. of "OTHER" is not in the list of allowed values: "EXPLICIT", "SAME", "VALID"',
    ),
    (
        'node { name: "y" op: "Const" ' + DTYPE + 'attr { key: "value" value { i: 2 } } }',
        "had value with type 'int' when 'tensor' expected for attr 'value': 2",
    ),
    (
        'node { name: "y" op: "Const" attr { key: "value" value { tensor { dtype: DT_INT32 } } } }',
        "missing attr 'dtype'",
    ),
    (
        'node { name: "y" op: "Placeholder" ' + DTYPE + 'attr { key: "shape" value { i: 1 } } }',
        "had value with type 'int' when 'shape' expected for attr 'shape': 1",
    ),
    (
        neg('attr { key: "T" value { type: DT_INT32 } }'),
        "Input 0 of node .*y was passed float from .*x:0 incompatible with expected int32.",
    ),
    (add_n('attr { key: "N" value { i: 100000000 } }'), "expected 100000000 inputs do not match"),
    (add_n('attr { key: "N" value { i: 1000000 } }'), "expected 1000000 inputs do not match 1 inputs"),
    (
        neg(T + 'attr { key: "_class" value { type: DT_FLOAT } }'),
        "had value with type 'type' when 'list.string.' expected for attr '_class': float",
    ),
    (neg(T + 'attr { key: "_class" value { list { s: "loc:@\\xff" } } }'), "'_class' has the name .*not UTF-8"),
    (
        neg(T + 'attr { key: "_output_shapes" value { i: 3 } }'),
        "had value with type 'int' when 'list.shape.' expected for attr '_output_shapes': 3",
    ),
    (
        neg(T + 'attr { key: "_output_shapes" value { list { i: 3 } } }'),
        "had value with type 'list.int.' when 'list.shape.' expected for attr '_output_shapes'",
    ),
]


def graph_def(text: str) -> tf.GraphDef:
    """A definition from its text."""
    return text_format.Parse(text, tf.GraphDef())


@pytest.mark.parametrize(("node", "match"), WRONG)
def test_a_node_that_contradicts_its_definition(graph: tf.Graph, node: str, match: str) -> None:
    """The error names node, attribute, the value and the expectation; it is TensorFlow's ValueError, too."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"'y'.*{match}|{match}") as caught:
        tf.import_graph_def(graph_def(X + node), name="")
    assert isinstance(caught.value, ValueError)
    assert "y" in str(caught.value)
    assert not graph.digraph


@pytest.mark.parametrize(("node", "match"), WRONG)
@pytest.mark.parametrize("scope", ["", "inner"])
def test_the_same_in_a_file_of_tensorflow(tmp_path: Path, graph: tf.Graph, node: str, match: str, scope: str) -> None:
    """A graph is not taken as it is where it contradicts definitions."""
    message = tf.MetaGraphDef(graph_def=graph_def(X + node))
    (tmp_path / "x.meta").write_bytes(message.SerializeToString())
    with pytest.raises(tf.errors.InvalidArgumentError, match=match):
        tf.train.import_meta_graph(tmp_path / "x.meta", import_scope=scope)
    assert not graph.digraph


def test_a_value_that_cannot_be_read_is_not_a_missing_one(tmp_path: Path, graph: tf.Graph) -> None:
    """A dtype of an unknown number stays in the file's message; the default must not take its place."""
    node = 'node { name: "y" op: "Shape" input: "x" attr { key: "out_type" value { type: DT_INT64 } } ' + T + "}"
    message = tf.MetaGraphDef(graph_def=graph_def(X + node))
    message.graph_def.node[1].attr["out_type"].type = 999
    (tmp_path / "x.meta").write_bytes(message.SerializeToString())
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Node 'y' .Shape.: attr 'out_type' has a value that cannot"
    ):
        tf.train.import_meta_graph(tmp_path / "x.meta")
    assert not graph.digraph


def nodes() -> dict[str, dict[str, Any]]:
    """A small graph as a file of this format has it."""
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    tf.reduce_sum(tf.add_n([x, x], name="n"), axis=[1], name="y")
    found = {
        name: {**data, "attrs": dict(data["attrs"])} for name, data in tf.get_default_graph().digraph.nodes.items()
    }
    tf.reset_default_graph()
    return found


@pytest.mark.parametrize(
    ("name", "key", "value", "match"),
    [
        (
            "y",
            "keep_dims",
            b"no",
            'had value with type .string. when .bool. expected for attr .keep_dims.: "no", in node .y. .Sum.',
        ),
        (
            "y",
            "T",
            {"name": "f", "attr": {}},
            "had value with type 'func' when 'type' expected for attr 'T'.*, in node 'y' .Sum.",
        ),
        ("y", "Tidx", "float32", "attr 'Tidx' of float is not in the list of allowed values: int32, int64"),
        ("n", "N", 3, "expected inputs 'float, float, float' do not match 2 inputs specified, in node 'n' .AddN."),
        (
            "n",
            "_class",
            7,
            "had value with type 'int' when 'list.string.' expected for attr '_class': 7, in node 'n' .AddN.",
        ),
        (
            "x",
            "shape",
            b"x",
            "had value with type 'string' when 'shape' expected for attr 'shape'.*, in node 'x' .Placeholder.",
        ),
    ],
)
@pytest.mark.parametrize("scope", ["", "inner"])
def test_the_same_in_a_file_of_this_format(
    tmp_path: Path, name: str, key: str, value: Any, match: str, scope: str
) -> None:
    """The outputs in the file do not stand for a check: no node is taken over with other attributes."""
    changed = nodes()
    changed[name]["attrs"][key] = value
    write_file(tmp_path / "x.h5", variables=None, structure=schema.Structure(schema.build(changed)))
    with tf.Graph().as_default() as graph, pytest.raises(tf.errors.InvalidArgumentError, match=match):
        tf.train.import_meta_graph(tmp_path / "x.h5", import_scope=scope)
    assert not graph.digraph


def test_outputs_in_a_file_are_those_of_the_definition(tmp_path: Path) -> None:
    """Others would be taken by operations that the definition does not make."""
    changed = nodes()
    changed["y"]["outputs"] = (("float32", ()), ("float32", ()))
    write_file(tmp_path / "x.h5", variables=None, structure=schema.Structure(schema.build(changed)))
    match = "Node 'y' .Sum.: outputs 'float32, float32' are not those of the definition, 'float32'"
    with tf.Graph().as_default(), pytest.raises(tf.errors.InvalidArgumentError, match=match):
        tf.train.import_meta_graph(tmp_path / "x.h5")


def test_the_same_in_a_digraph() -> None:
    """A graph around a DiGraph is checked, and gets the attributes that were left out."""
    changed = nodes()
    del changed["y"]["attrs"]["keep_dims"]
    assert tf.Graph.from_digraph(schema.build(changed)).get_operation_by_name("y").get_attr("keep_dims") is False
    changed["y"]["attrs"]["keep_dims"] = 1
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="had value with type 'int' when 'bool' expected for attr 'keep_dims': 1"
    ):
        tf.Graph.from_digraph(schema.build(changed))


@pytest.mark.parametrize(
    ("op_type", "inputs", "match"),
    [
        ("Transpose", (np.int32(1),), "rank 1 is needed"),
        ("Sum", (np.array([[1]], np.int32),), "at most rank 1"),
        ("SplitV", (np.array([[1]], np.int32), np.int32(0)), "rank 1 is needed"),
    ],
)
def test_constants_of_another_rank_than_a_shape_rule_needs(op_type: str, inputs: Any, match: str) -> None:
    """Their values are not taken for vectors; the error has the name of the operation."""
    x = tf.placeholder(tf.float32, [2, 3])
    attrs = {"num_split": 1} if op_type == "SplitV" else {}
    with pytest.raises(ValueError, match=f"Operation '{op_type}' .*{match}"):
        tf.graph.apply.apply_op(op_type, x, *inputs, **attrs)


def test_defaults_are_those_of_tensorflow() -> None:
    """Also of dtypes that inputs depend on."""
    node = 'node { name: "y" op: "Sum" input: "x" input: "axis" ' + T + "}"
    axis = const("axis", "DT_INT32", "dtype: DT_INT32 tensor_shape { } int_val: 0")
    (y,) = tf.import_graph_def(graph_def(X + axis + node), return_elements=["y"])
    assert isinstance(y, tf.Operation)
    assert (tf.int32, False) == (y.get_attr("Tidx"), y.get_attr("keep_dims"))


def test_more_than_the_definition_has_is_kept() -> None:
    """Attributes of later versions, those of a program, and everything of an unknown type."""
    node = neg(T + 'attr { key: "later" value { i: 1 } } attr { key: "_x" value { list { f: 1 } } }')
    other = 'node { name: "z" op: "Nothing" input: "y" attr { key: "T" value { s: "a" } } }'
    y, z = tf.import_graph_def(graph_def(X + node + other), return_elements=["y", "z"])
    assert isinstance(y, tf.Operation)
    assert isinstance(z, tf.Operation)
    assert (1, [1.0], b"a") == (y.get_attr("later"), y.get_attr("_x"), z.get_attr("T"))


def test_a_file_whose_own_definition_does_not_fit(tmp_path: Path) -> None:
    """Outputs are not made of the letters of an attribute that is a dtype where the definition has a list of them."""
    message = tf.MetaGraphDef(graph_def=graph_def('node { name: "z" op: "Nothing" ' + T + "}"))
    definition = message.meta_info_def.stripped_op_list.op.add(name="Nothing")
    definition.output_arg.add(name="o", type_list_attr="T")
    (tmp_path / "x.meta").write_bytes(message.SerializeToString())
    assert (("float32", None),) == read_meta_graph(tmp_path / "x.meta").digraph.nodes["z"]["outputs"]


def test_shapes_of_another_number_than_outputs() -> None:
    """Too few are refused with both numbers; of too many the first count."""
    shapes = 'attr { key: "_output_shapes" value { list { %s } } }'
    with pytest.raises(ValueError, match="'y' has 1 outputs but the _output_shapes .* shapes for 0 outputs"):
        tf.import_graph_def(graph_def(X + neg(T + shapes % "")), name="")
    many = shapes % "shape { dim { size: 3 } } shape { }"
    (y,) = tf.import_graph_def(graph_def(X + neg(T + many)), name="", return_elements=["y:0"])
    assert [3] == y.shape.as_list()


def test_an_unknown_type_may_give_another_dtype_than_assumed(tmp_path: Path) -> None:
    """A file without definitions does not tell the outputs of unknown types; a wrong guess refuses no graph."""
    node = 'node { name: "z" op: "Nothing" attr { key: "T" value { type: DT_INT32 } } } '
    message = tf.MetaGraphDef(graph_def=graph_def(node + neg(T).replace('"x"', '"z"')))
    (tmp_path / "x.meta").write_bytes(message.SerializeToString())
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(tmp_path / "x.meta")
    assert ["z", "y"] == list(graph.digraph)


def test_only_defaults_are_stripped(tmp_path: Path) -> None:
    """An attribute that TensorFlow needs stays, and older files, which lack it, are read."""
    tf.placeholder(tf.float32, name="p")
    tf.check_numerics(tf.constant(1.0, name="c"), "", name="n")
    message = tf.train.export_meta_graph(strip_default_attrs=True)
    kept = {node.name: sorted(key for key in node.attr if key[0] != "_") for node in message.graph_def.node}
    assert {"p": ["dtype"], "c": ["dtype", "value"], "n": ["T", "message"]} == kept
    digraph = tf.get_default_graph().digraph.copy()
    for name, key in (("p", "dtype"), ("c", "dtype"), ("n", "message")):
        data = digraph.nodes[name]
        data["attrs"] = {other: value for other, value in data["attrs"].items() if other != key}
    write_file(tmp_path / "old.h5", variables=None, structure=schema.Structure(digraph))
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(tmp_path / "old.h5")
        assert 1.0 == sess.run("n:0")
        assert tf.float32 == sess.graph.get_operation_by_name("p").get_attr("dtype")


# -- runs --------------------------------------------------------------------------------------------------------------


def test_a_constant_of_another_dtype_than_its_attribute() -> None:
    """As in TensorFlow the import takes it, and the run says so."""
    node = const("c", "DT_INT32", "dtype: DT_COMPLEX64 tensor_shape { dim { size: 1 } } scomplex_val: [1, 0]")
    made = 'node { name: "y" op: "InvertPermutation" input: "c" }'
    (c,) = tf.import_graph_def(graph_def(node + made), return_elements=["c:0"], name="")
    match = "The value has the dtype complex64, but attr 'dtype' is int32. In operation 'c'"
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match=match):
        sess.run(c)


def test_a_dtype_that_only_tensorflow_computes() -> None:
    """It is imported as in TensorFlow; the run names the operation and the dtype instead of giving other numbers."""
    x = tf.placeholder(tf.int32, [2], name="x")
    node = 'node { name: "y" op: "RealDiv" input: "x" input: "x" attr { key: "T" value { type: DT_INT32 } } }'
    (y,) = tf.import_graph_def(graph_def(node), {"x": x}, ["y:0"], name="")
    with tf.Session() as sess, pytest.raises(tf.errors.UnimplementedError, match="'y' .RealDiv. .*T=int32"):
        sess.run(y, {x: [1, 2]})


def test_attributes_that_a_kernel_cannot_use_are_errors_of_the_operation() -> None:
    """Also those that are seen when a run is prepared."""
    x = tf.placeholder(tf.float32, name="x")
    (y,) = tf.import_graph_def(graph_def(POOL % (FOUR, "SAME")), {"x": x}, ["y:0"], name="")
    assert isinstance(y, tf.Tensor)
    y.op.data["attrs"]["ksize"] = [2, 1, 1, 1]
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="'y' .MaxPool.*ksize must be 1"):
        sess.run(y, {x: np.ones((1, 2, 2, 1))})


def test_an_attribute_that_no_message_holds() -> None:
    """A program's own node may have a list of lists; an export says which node has it."""
    tf.constant(1.0, name="c").op.data["attrs"]["deep"] = [[1]]
    with pytest.raises(InvalidNodeError, match="Node 'c' .Const.: attr 'deep' has no message: .*cannot contain"):
        tf.get_default_graph().as_graph_def()


def test_a_graph_is_not_written_with_a_value_that_no_message_holds(tmp_path: Path) -> None:
    """An integer of more than 64 bits is refused with the node and the attribute, and no file is made."""
    digraph = schema.build({"c": {**nodes()["x"], "attrs": {"big": 2**70}}})
    with pytest.raises(InvalidNodeError, match="Node 'c' .Placeholder.: attr 'big' has no message"):
        write_graph_def(schema.Structure(digraph), tmp_path / "x.pb")
    assert [] == list(tmp_path.iterdir())


def test_a_missing_attribute_of_a_new_operation() -> None:
    """`apply` needs what TensorFlow's definition needs."""
    with pytest.raises(TypeError, match="'CheckNumerics' .* needs the attribute message"):
        tf.graph.apply.apply("CheckNumerics", [1.0])


@pytest.mark.parametrize(
    ("kind", "value", "is_good"),
    [
        ("int", 3, True),
        ("int", True, False),
        ("bool", 1, False),
        ("float", 1, False),
        ("shape", None, True),
        ("shape", (None, 3), True),
        ("shape", (-1,), False),
        ("list(int)", [], True),
        ("list(int)", 1, False),
        ("list(shape)", [None, (1,)], True),
        ("list(type)", ["float32", "nothing"], False),
        ("func", {"name": "f", "attr": {}}, True),
        ("func", {"placeholder": "T"}, False),
        ("tensor", np.zeros(2), True),
        ("tensor", [1.0], False),
        ("string", "text", False),
    ],
)
def test_kinds(kind: str, value: Any, is_good: bool) -> None:
    """Each Python value has one kind; a bool is no number."""
    assert is_good == (not fault(AttrDef("a", kind), value))
