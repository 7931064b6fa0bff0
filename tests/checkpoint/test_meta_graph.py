"""Meta graphs: graphs with their collections, whole and in parts. What is expected was found with TensorFlow 2.21."""

from __future__ import annotations

from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver import schema, shapes
from hdfsaver.messages.attr_values import attr_value
from hdfsaver.messages.message_classes import VariableDef
from hdfsaver.schema import CollectionDef
from hdfsaver.train import SaverDef

UNBOUND = "$unbound_inputs_"


def scoped_program() -> None:
    """A graph whose scope `s` takes two tensors and an operation from outside; `sv` only looks like it."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    c = tf.constant(2.0, name="c")
    with tf.name_scope("sv"):
        other = tf.constant(1.0, name="o")
    with tf.name_scope("s"), tf.device("/cpu:0"):
        w = tf.Variable(tf.ones([2, 2]), name="w")
        with tf.control_dependencies([other]):
            h = tf.matmul(x, w, name="h")
        y = tf.add(tf.multiply(h, c, name="m"), h, name="y")
        tf.multiply(y, c, name="z")
    for key, value in [("outs", y), ("outs", c), ("txt", "s/hello"), ("txt", "hello"), ("n", 3)]:
        tf.add_to_collection(key, value)


def replacements() -> dict[str, Any]:
    """What takes the place of the inputs from outside, in another graph."""
    a, k = tf.placeholder(tf.float32, [5, 2], name="a"), tf.constant(3.0, name="k")
    return {f"{UNBOUND}x": a, f"{UNBOUND}c": k, f"^{UNBOUND}sv/o": k}


def found_in(graph: Any, key: str) -> list[Any]:
    """The names of the items of a collection, or the items."""
    return [getattr(item, "name", item) for item in graph.get_collection(key)]


def saved_names(saver: Any) -> dict[str, str]:
    """The operation of the variable that a Saver keeps under each name."""
    return {name: saved.op_name for name, saved in saver.export_meta_graph().saved_names.items()}


@pytest.fixture(params=["message", "file"])
def part(request, tmp_path):
    """The scope `s` of `scoped_program`, as a message or in a file."""
    with tf.Graph().as_default():
        scoped_program()
        message = tf.train.export_meta_graph(tmp_path / "part", export_scope="s")
    return message if request.param == "message" else tmp_path / "part"


def test_a_scope_is_exported():
    """The operations of a scope lose its name; what they take from outside, each once, is listed."""
    scoped_program()
    message = tf.train.export_meta_graph(export_scope="s", clear_devices=True)
    nodes = {node.name: node for node in message.graph_def.node}
    assert ["ones", "w", "w/Assign", "w/read", "h", "m", "y", "z"] == list(nodes)
    assert [f"{UNBOUND}x", "w/read", f"^{UNBOUND}sv/o"] == nodes["h"].input
    assert ["h", f"{UNBOUND}c"] == nodes["m"].input
    assert [b"loc:@w"] == nodes["w/read"].attr["_class"].list.s
    assert [(None, 2)] == [shapes.of_proto(shape) for shape in nodes["y"].attr["_output_shapes"].list.shape]
    assert {""} == {node.device for node in nodes.values()}
    found = {key: definition.bytes_list.value for key, definition in message.collection_def.items()}
    assert [b"$unbound_inputs_x", b"^$unbound_inputs_sv/o", b"$unbound_inputs_c"] == found["unbound_inputs"]
    assert [b"s/hello"] == found["txt"]
    assert ["y:0"] == message.collection_def["outs"].node_list.value
    assert [3] == message.collection_def["n"].int64_list.value
    assert [] == message.collection_def["n"].float_list.value
    variable = VariableDef(
        variable_name="w:0",
        initial_value_name="ones:0",
        initializer_name="w/Assign",
        snapshot_name="w/read:0",
        trainable=True,
    )
    assert [variable] == [VariableDef.FromString(item) for item in found["variables"]]
    assert "bytes_list" == message.collection_def["variables"].WhichOneof("kind")


def test_a_scope_is_imported_elsewhere(part):
    """With what takes the place of its inputs, the part of a graph computes in another graph."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        variables, elements = tf.train.import_scoped_meta_graph_with_return_elements(
            part, input_map=replacements(), import_scope="q", return_elements=["y:0", "w"]
        )
        schema.validate(graph.digraph)
        assert {"w:0": "q/w:0"} == {name: variable.name for name, variable in variables.items()}
        assert ["q/y:0", "q/w"] == [element.name for element in elements]
        assert [5, 2] == elements[0].shape.as_list()
        assert ["a", "q/w/read", "^k"] == graph.get_operation_by_name("q/h").node_def.input
        assert [["q/y:0"], ["q/s/hello"], [3], ["q/w:0"]] == [
            found_in(graph, key) for key in ("outs", "txt", "n", "variables")
        ]
        assert [] == graph.get_collection("unbound_inputs")
        sess.run(variables["w:0"].initializer)
        assert [[12.0, 12.0]] * 5 == sess.run("q/y:0", {"a:0": [[1.0, 2.0]] * 5}).tolist()


def test_collections_can_be_left_out(part):
    """A predicate decides which collections come back."""
    with tf.Graph().as_default() as graph:
        found = tf.train.import_scoped_meta_graph(
            part, input_map=replacements(), restore_collections_predicate=lambda key: key == "variables"
        )
        assert ["w:0"] == list(found)
        assert ["variables"] == graph.get_all_collection_keys()


def test_a_scope_around(part):
    """Without a scope of its own, a graph is imported into the scope around."""
    with tf.Graph().as_default(), tf.name_scope("outer"):
        found = [tf.train.import_scoped_meta_graph(part, input_map=replacements(), import_scope=s) for s in (None, "e")]
    assert ["outer/w:0", "outer/e/w:0"] == [variables["w:0"].name for variables in found]


def test_unbound_inputs_must_be_bound(part):
    """Inputs from outside must be replaced, all of them and nothing else; otherwise the graph stays as it was."""
    with tf.Graph().as_default() as graph:
        with pytest.raises(ValueError, match=r"Graph contains unbound inputs: \$unbound_inputs_x, "):
            tf.train.import_meta_graph(part)
        given = replacements()
        del given[f"{UNBOUND}c"]
        with pytest.raises(ValueError, match=r"unbound inputs: \$unbound_inputs_c\. Must provide exactly"):
            tf.train.import_meta_graph(part, input_map=given)
        with pytest.raises(ValueError, match="unbound inputs: more"):
            tf.train.import_meta_graph(part, input_map={**replacements(), "more": given[f"{UNBOUND}x"]})
        assert {"a", "k"} == {name.partition("_")[0] for name in graph.digraph}


def test_the_name_of_the_list_of_inputs():
    """The collection of inputs from outside can have another name, or none, and inputs are then just missing."""
    scoped_program()
    message = tf.train.export_meta_graph(export_scope="s", unbound_inputs_col_name="missing")
    assert 3 == len(message.collection_def["missing"].bytes_list.value)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="unbound inputs"):
        tf.train.import_meta_graph(message, unbound_inputs_col_name="missing")
    message = tf.train.export_meta_graph(export_scope="s", unbound_inputs_col_name=None)
    assert "unbound_inputs" not in message.collection_def
    with tf.Graph().as_default(), pytest.raises(ValueError, match="Unknown input node"):
        tf.train.import_meta_graph(message)


def test_a_message_is_what_the_graph_was():
    """A message stays as it is when the graph grows, and says what was given for it."""
    tf.Variable(1.0, name="v")
    info = tf.MetaGraphDef.MetaInfoDef(tags=["serve"], stripped_default_attrs=False)
    saver_def = SaverDef(max_to_keep=3)
    message = tf.train.export_meta_graph(meta_info_def=info, saver_def=saver_def, strip_default_attrs=True)
    count = len(message.graph_def.node)
    tf.constant(1.0)
    saver_def.max_to_keep = 9
    assert (4, 4) == (count, len(message.graph_def.node))
    assert (["serve"], True, False) == (
        list(message.meta_info_def.tags),
        message.meta_info_def.stripped_default_attrs,
        info.stripped_default_attrs,
    )
    assert 3 == message.saver_def.max_to_keep
    with tf.Graph().as_default():
        assert 3 == tf.train.import_meta_graph(message).as_saver_def().max_to_keep


def test_another_definition_of_the_graph():
    """Operations can come from a definition instead of the graph, collections are the graph's."""
    result = tf.add(1.0, 2.0, name="sum")
    tf.add_to_collection("outs", result)
    definition = tf.get_default_graph().as_graph_def()
    definition.node[0].device = "/cpu:0"
    message = tf.train.export_meta_graph(graph_def=definition)
    assert ["/cpu:0", "", ""] == [node.device for node in message.graph_def.node]
    assert ["sum:0"] == message.collection_def["outs"].node_list.value
    with pytest.raises(ValueError, match="not unique"):
        tf.train.export_meta_graph(graph_def=tf.GraphDef(node=[*definition.node] * 2))


def test_saver_operations_can_be_left_out():
    """Operations of another Saver, as TensorFlow adds them, go with their scope; those of the given one stay."""
    a = tf.constant(1.0, name="a")
    inputs = {"prefix": tf.constant(b"p"), "names": tf.constant([b"a"]), "slices": tf.constant([b""]), "a": a}
    nodes = [
        node
        for scope in ("save", "save_1")
        for node in (
            tf.NodeDef(name=f"{scope}/SaveV2", op="SaveV2", input=inputs, attr={"dtypes": attr_value(["float32"])}),
            tf.NodeDef(name=f"{scope}/all", op="NoOp"),
        )
    ]
    tf.import_graph_def(tf.GraphDef(node=nodes), inputs, name="")
    tf.add_to_collection("ops", tf.get_default_graph().get_operation_by_name("save/all"))
    tf.add_to_collection("ops", a)
    saver_def = SaverDef(save_tensor_name="save_1/control_dependency:0", restore_op_name="save_1/restore_all")
    message = tf.train.export_meta_graph(saver_def=saver_def, clear_extraneous_savers=True)
    assert ["save_1/SaveV2", "save_1/all"] == [node.name for node in message.graph_def.node][-2:]
    assert 4 + 2 == len(message.graph_def.node)
    assert ["a:0"] == message.collection_def["ops"].node_list.value


def test_variables_of_a_scope():
    """`export_scoped_meta_graph` gives the variables described, by their names without the scope."""
    scoped_program()
    tf.Variable(1.0, name="elsewhere")
    message, variables = tf.train.export_scoped_meta_graph(export_scope="s")
    assert {"w:0": "s/w:0"} == {name: variable.name for name, variable in variables.items()}
    assert 1 == len(message.collection_def["variables"].bytes_list.value)


def test_two_imports_beside_each_other():
    """A second import into one graph gets other names; its collections and its Saver mean what had the names before."""
    a = tf.Variable(1.0, name="a")
    tf.add_to_collection("results", tf.add(a, 1.0, name="r"))
    message = tf.train.Saver({"x": a}).export_meta_graph()
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(message)
        saver = tf.train.import_meta_graph(message)
        assert ["a:0", "a:0"] == found_in(graph, "variables")
        assert ["r:0", "r:0"] == found_in(graph, "results")
        assert {"x": "a"} == saved_names(saver)
        assert ["a/read_1", "r/y_1"] == graph.get_operation_by_name("r_1").node_def.input
        assert [b"loc:@a_1"] == graph.get_operation_by_name("a/Assign_1").get_attr("_class")


def test_an_import_into_the_graph_that_was_saved(tmp_path):
    """A program that imports what it has just saved, beside it, goes on with its own variables."""
    total = tf.Variable(1.0, name="a") + tf.Variable([2.0], name="b")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, tmp_path / "model.ckpt")
    saver = tf.train.import_meta_graph(path)
    with tf.Session() as session:
        saver.restore(session, path)
        assert [3.0] == session.run(total)
        assert [3.0] == session.run("add:0")


def test_a_name_that_another_variable_had(tmp_path):
    """Where a variable of the name has another shape, the imported variables are the new ones."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.Variable([1.0, 2.0], name="a")
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, tmp_path / "model.ckpt")
    tf.Variable(3.0, name="a")
    saver = tf.train.import_meta_graph(path)
    assert ["a:0", "a_1:0"] == found_in(tf.get_default_graph(), "variables")
    with tf.Session() as session:
        saver.restore(session, path)
        assert [1.0, 2.0] == session.run("a_1:0").tolist()


def test_an_import_without_a_saver():
    """Without settings of a Saver, one for the imported variables is made; without variables there is none."""
    tf.Variable(1.0, name="a")
    message = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        tf.Variable(2.0, name="b")
        saver = tf.train.import_meta_graph(message, import_scope="s")
        assert {"a": "s/a"} == saved_names(saver)
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(tf.MetaGraphDef()) is None


def test_collections_that_name_nothing():
    """A collection that names operations which are nowhere is refused before anything is imported."""
    message = tf.MetaGraphDef()
    message.collection_def["x"].node_list.value.append("gone:0")
    message.graph_def.node.append(tf.NodeDef(name="n", op="NoOp"))
    with tf.Graph().as_default() as graph:
        with pytest.raises(KeyError, match="'x' lists 'gone:0'"):
            tf.train.import_meta_graph(message)
        assert [] == list(graph.digraph)


def test_messages_of_savers():
    """Settings of a Saver pass through their message; in a scope, they are for its variables."""
    with tf.name_scope("s"):
        tf.Variable(1.0, name="a")
    tf.Variable(2.0, name="b")
    definition = tf.train.Saver(max_to_keep=2).to_proto()
    assert {"s/a": "s/a", "b": "b"} == saved_names(tf.train.Saver.from_proto(definition))
    assert {"s/a": "s/a", "b": "b"} == saved_names(tf.train.Saver.from_proto(None))
    with pytest.raises(ValueError, match="must be a SaverDef: 'settings'"):
        tf.train.Saver.from_proto("settings")
    inside = tf.train.Saver.from_proto(SaverDef(max_to_keep=2), import_scope="s")
    assert {"a": "s/a"} == saved_names(inside)
    assert 2 == inside.as_saver_def().max_to_keep
    definition = SaverDef(
        filename_tensor_name="s/save/Const:0", save_tensor_name="s/save/x:0", restore_op_name="s/save/restore_all"
    )
    named = tf.train.Saver(saver_def=definition)
    assert "save/restore_all" == named.to_proto(export_scope="s").restore_op_name
    assert named.to_proto(export_scope="other") is None
    assert (0, 1, 2) == (SaverDef.LEGACY, SaverDef.V1, SaverDef.V2)


def test_messages_of_collections():
    """The plain data of a collection can be put together, and looked at, as TensorFlow's message."""
    made = CollectionDef(node_list=CollectionDef.NodeList(["a"]))
    made.node_list.value.append("b")
    assert CollectionDef("node_list", ["a", "b"]) == made
    assert ("node_list", None) == (made.WhichOneof("kind"), CollectionDef().WhichOneof("kind"))
    with pytest.raises(TypeError, match="has one of node_list"):
        CollectionDef("node_list", int64_list=CollectionDef.Int64List([1]))
    with pytest.raises(ValueError, match="the group 'kind'"):
        made.WhichOneof("value")
    with pytest.raises(AttributeError, match="no attribute 'nodes'"):
        made.nodes  # noqa: B018
