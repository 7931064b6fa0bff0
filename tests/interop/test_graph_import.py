"""TensorFlow's graphs in programs: `import_meta_graph`, restore, run, save again, and files for TensorFlow."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.errors import FailedPreconditionError
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.graphs import graph_files
from hdfsaver.interop.graphs.message_files import read_message, write_message
from hdfsaver.messages import message_classes
from hdfsaver.schema import SaverDef
from tests.interop.graphs.test_graph_files import EXPECTED, FOLDER, structure_in

FED = {"x:0": [[1.0, 2.0, 3.0]]}
SMALL = FOLDER / "small.ckpt"
RESOURCE = FOLDER / "resource.ckpt"


def fresh() -> Any:
    """An empty default graph."""
    return tf.Graph().as_default()


@pytest.mark.parametrize("name", ["small.ckpt.meta", "small.ckpt"])
def test_import_restore_and_run(name: str) -> None:
    """TensorFlow's graph by its name or the prefix, its values, and the result that it had there."""
    with fresh(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(FOLDER / name)
        assert saver is not None
        saver.restore(sess, SMALL)
        np.testing.assert_allclose(EXPECTED["small"]["y"], sess.run("y:0", FED), rtol=1e-6)
        np.testing.assert_array_equal(np.arange(50, 100), sess.run("split:1"))
        assert ["w:0", "p/part_0:0", "p/part_1:0", "b:0"] == [item.name for item in tf.global_variables()][:4]
        assert [b"hello"] == tf.get_collection("texts")
        assert ["y:0"] == [item.name for item in tf.get_collection("things")]


def test_equal_constants_are_one_array_that_leaves_as_two(tmp_path: Path) -> None:
    """Memory is taken once, and writing on a fetched array changes neither the graph nor another result."""
    message = message_classes.MetaGraphDef()
    for name in "ab":
        node = message.graph_def.node.add(name=name, op="Const")
        node.attr["dtype"].type = node.attr["value"].tensor.dtype = 1
        node.attr["value"].tensor.tensor_shape.dim.add(size=4)
        node.attr["value"].tensor.float_val.append(1)
    write_message(tmp_path / "x.meta", message)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.train.import_meta_graph(tmp_path / "x.meta")
        nodes = graph.data.nodes
        assert nodes["a"]["attrs"]["value"] is nodes["b"]["attrs"]["value"]
        first, second = session.run(["a:0", "b:0"])
        first[:] = 5
        assert [1.0] * 8 == [*second, *session.run("a:0")]


def test_a_loop_of_tensorflow_runs() -> None:
    """Its operations are known, and its context comes with it."""
    with fresh(), tf.Session() as sess:
        tf.train.import_meta_graph(SMALL)
        assert ["while/Exit:0"] == [tensor.name for tensor in tf.get_collection("while_context")[0].exits[:1]]
        assert 3 == sess.run("while/Exit:0")


def test_import_into_a_scope_beside_itself() -> None:
    """Twice, under other names; contexts of loops have the names of their own operations."""
    with fresh(), tf.Session() as sess:
        first = tf.train.import_meta_graph(SMALL)
        second = tf.train.import_meta_graph(SMALL, import_scope="other")
        assert first is not None
        assert second is not None
        second.restore(sess, SMALL)
        np.testing.assert_allclose(EXPECTED["small"]["y"], sess.run("other/y:0", {"other/x:0": FED["x:0"]}), rtol=1e-6)
        assert [b"hello", "other/hello"] == tf.get_collection("texts")
        assert ["while/while_context", "other/while/while_context"] == [
            item.name for item in tf.get_collection("while_context")
        ]


def test_an_optimizer_and_a_function_run() -> None:
    """An imported step of Adam is done, and a function of the file gives its result."""
    with fresh() as graph, tf.Session() as sess:
        saver = tf.train.import_meta_graph(SMALL)
        assert saver is not None
        sess.run(tf.global_variables_initializer())
        saver.restore(sess, SMALL)
        adam = next(op for op in graph.get_operations() if op.type == "ApplyAdam")
        assert 10 == len(adam.inputs)
        sess.run("train", FED)
        assert pytest.approx(0.81) == sess.run("beta1_power:0")  # the moments have had a step
        called = graph.get_operation_by_name("called")
        given = sess.run(called.inputs[0], FED)
        assert (given + 1).tolist() == sess.run("called:0", FED).tolist()


def test_resource_variables_are_restored_run_and_saved(tmp_path: Path) -> None:
    """From TensorFlow's checkpoint, and then from ours: values of both kinds, collections, and the result."""
    for number, source in enumerate((RESOURCE, tmp_path / "x0", tmp_path / "x1.index")):
        with fresh(), tf.Session() as sess:
            saver = tf.train.import_meta_graph(source if number < 2 else tmp_path / "x1.meta")
            assert saver is not None
            assert [b"w", b"v"] == sess.run(tf.report_uninitialized_variables()).tolist()
            with pytest.raises(FailedPreconditionError, match="Could not find variable w"):
                sess.run("w/Read/ReadVariableOp:0")
            assert ("vv", "w") == tuple(sorted(saver.restore(sess, source).restored))
            assert [[7.0, 7.0]] == sess.run("y:0", FED).tolist()
            assert ["w:0", "v:0"] == [item.name for item in tf.global_variables()]
            assert [True, False] == [item.to_proto().is_resource for item in tf.trainable_variables()]
            saver.save(sess, tmp_path / f"x{number}")
            tf.convert(tmp_path / f"x{number}", tmp_path / f"x{number}.index")


def contexts_in(described: message_classes.MetaGraphDef) -> list[message_classes.CondContextDef]:
    """The branches of a graph, which are taken out: the items of their maps are written in any order."""
    found = [message_classes.CondContextDef.FromString(item) for item in _items(described)]
    described.collection_def["cond_context"].Clear()
    return found


def _items(described: message_classes.MetaGraphDef) -> list[bytes]:
    return list(described.collection_def["cond_context"].bytes_list.value)


@pytest.mark.parametrize("name", ["small", "resource"])
def test_imported_saved_and_exported_nothing_is_lost(tmp_path: Path, name: str) -> None:
    """By a program from ``.meta`` to HDF5 to ``.meta``: all is there but shapes of outputs, which TensorFlow infers."""
    with fresh(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(FOLDER / f"{name}.ckpt")
        assert saver is not None
        saver.restore(sess, FOLDER / f"{name}.ckpt")
        saver.save(sess, tmp_path / "x.ckpt")
    graph_files.write_meta_graph(structure_in(tmp_path / "x.ckpt"), tmp_path / "x.meta")
    expected = read_message(FOLDER / f"{name}.ckpt.meta", message_classes.MetaGraphDef)
    found = read_message(tmp_path / "x.meta", message_classes.MetaGraphDef)
    assert expected.graph_def.library == found.graph_def.library
    assert expected.meta_info_def == found.meta_info_def
    assert contexts_in(expected) == contexts_in(found)
    assert expected.collection_def == found.collection_def
    others = {node.name: node for node in found.graph_def.node}
    assert {node.name for node in expected.graph_def.node} == set(others)
    for node in expected.graph_def.node:
        other = others[node.name]
        assert (node.op, list(node.input), node.device) == (other.op, list(other.input), other.device)
        assert all(node.attr[key] == other.attr[key] for key in node.attr if key != "_output_shapes"), node.name


def test_functions_come_along_wherever_a_graph_goes(tmp_path: Path) -> None:
    """Into a scope, twice, beside other operations, by a message instead of a file: each function is there once."""
    with fresh():
        tf.train.import_meta_graph(SMALL)
        definition = tf.train.export_meta_graph()
    with fresh() as graph:
        tf.constant(1.0)
        for source in (SMALL, definition):
            tf.train.import_meta_graph(source, import_scope="s")
        exported = tf.train.export_meta_graph(tmp_path / "x.h5", graph_def=graph.as_graph_def())
        for name in ("a.meta", "b.meta"):
            graph_files.write_meta_graph(
                structure_in(tmp_path / "x.h5") if name == "a.meta" else exported, tmp_path / name
            )
            found = read_message(tmp_path / name, message_classes.MetaGraphDef).graph_def
            assert ["add_one"] == [function.signature.name for function in found.library.function]
            assert {"s/y", "s_1/y", "Const"} <= {node.name for node in found.node}


def test_functions_are_in_definitions_of_graphs(tmp_path: Path) -> None:
    """What came by ``.meta`` is in ``as_graph_def``, in frozen graphs, in their files and in what is made of them."""
    expected = read_message(SMALL.with_name("small.ckpt.meta"), message_classes.MetaGraphDef).graph_def.library
    with fresh() as graph, tf.Session() as sess:
        saver = tf.train.import_meta_graph(SMALL)
        assert saver is not None
        saver.restore(sess, SMALL)
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["y", "called"])
        for given, name in (
            (frozen, "f.pb"),
            (frozen, "f.pbtxt"),
            (graph, "g.pb"),
            (graph, "g.pbtxt"),
            (graph, "text"),
        ):
            tf.io.write_graph(given, tmp_path, name, as_text="t" in name)
            assert expected == read_message(tmp_path / name, message_classes.GraphDef).library, name
    with fresh() as other:
        for _ in range(2):
            tf.import_graph_def(frozen, name="again")
        assert frozen.library == other.as_graph_def().library
        tf.train.export_meta_graph(tmp_path / "again.h5")
    graph_files.write_meta_graph(structure_in(tmp_path / "again.h5"), tmp_path / "again.meta")
    assert expected == read_message(tmp_path / "again.meta", message_classes.MetaGraphDef).graph_def.library


def test_hdf5_comes_before_a_meta_file(tmp_path: Path) -> None:
    """Where a folder has both under one prefix, the prefix means ours; the name of the other still means that."""
    shutil.copy(FOLDER / "small.ckpt.meta", tmp_path / "x.ckpt.meta")
    with fresh():
        tf.placeholder(tf.float32, name="mine")
        tf.train.export_meta_graph(tmp_path / "x.ckpt")
    assert ["mine"] == list(structure_in(tmp_path / "x.ckpt").digraph)
    assert "y" in structure_in(tmp_path / "x.ckpt.meta").digraph


def test_the_graph_of_a_checkpoint_of_the_first_format(tmp_path: Path) -> None:
    """There the prefix is a file itself, which is no graph; the ``.meta`` beside it is."""
    shutil.copy(FOLDER.with_name("golden") / "v1", tmp_path / "v1")
    shutil.copy(FOLDER / "small.ckpt.meta", tmp_path / "v1.meta")
    assert "y" in structure_in(tmp_path / "v1").digraph


# -- files for TensorFlow ----------------------------------------------------------------------------------------------


def build() -> tuple[Any, Any]:
    """A model of ours with a partitioned variable and other names in the file; its Saver and its result."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", initializer=np.arange(6, dtype=np.float32).reshape(3, 2))
    parts = tf.get_variable(
        "p", [4, 2], partitioner=tf.fixed_size_partitioner(2), initializer=tf.constant_initializer(0.25)
    )
    tf.add_to_collection("result", tf.add(tf.matmul(x, w), tf.reduce_sum(parts.as_tensor()), name="y"))
    return tf.train.Saver({"weights": w, "p": parts}), [[18.0, 24.0]]


def write_for_tensorflow(folder: Path) -> list[list[float]]:
    """Write a graph in the ways that there are, and its values; the result that a run must give."""
    with fresh() as graph, tf.Session() as sess:
        saver, expected = build()
        sess.run(tf.global_variables_initializer())
        write_bundle(folder / "x.ckpt", {"weights": sess.run("w:0"), "p": np.full((4, 2), 0.25, np.float32)})
        graph_files.write_meta_graph(saver.export_meta_graph(), folder / "definition.meta")
        saver.save(sess, folder / "ours.ckpt")
        graph_files.write_meta_graph(structure_in(folder / "ours.ckpt"), folder / "structure.meta")
        graph_files.write_meta_graph(saver.export_meta_graph(), folder / "text.pbtxt")
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["y"])
        tf.io.write_graph(frozen, folder, "frozen.pb", as_text=False)
        tf.io.write_graph(graph, folder, "whole.pb", as_text=False)
    result: list[list[float]] = expected
    return result


@pytest.mark.parametrize("name", ["definition.meta", "structure.meta", "text.pbtxt"])
def test_what_we_write_we_read(tmp_path: Path, name: str) -> None:
    """The operations that save and restore for TensorFlow tell our Saver what it keeps."""
    expected = write_for_tensorflow(tmp_path)
    structure = graph_files.read_meta_graph(tmp_path / name)
    assert structure.saver is not None
    assert "NoOp" == structure.digraph.nodes[structure.saver.restore_op_name]["op"]
    assert ["p", "weights"] == sorted(structure.saved_names)
    with fresh(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(tmp_path / name)
        assert saver is not None
        saver.restore(sess, tmp_path / "x.ckpt")
        assert expected == sess.run(tf.get_collection("result")[0], FED).tolist()


def test_binary_graphs_are_what_the_text_is(tmp_path: Path) -> None:
    """``write_graph`` gives the same message in either form."""
    with fresh() as graph:
        build()
        for as_text in (False, True):
            path = tf.io.write_graph(graph, tmp_path, "g.pbtxt" if as_text else "g.pb", as_text=as_text)
            assert str(tmp_path / ("g.pbtxt" if as_text else "g.pb")) == path
    binary, text = (read_message(tmp_path / name, message_classes.GraphDef) for name in ("g.pb", "g.pbtxt"))
    assert text == binary


def test_the_path_of_a_written_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is folder and name joined, as in TensorFlow."""
    monkeypatch.chdir(tmp_path)
    for name, as_text in (("g.pbtxt", True), ("g.pb", False)):
        assert os.path.join(".", name) == tf.train.write_graph(tf.Graph(), ".", name, as_text)


def test_scalars_are_frozen_into_files(tmp_path: Path) -> None:
    """A run gives a number or bytes for a variable without dimensions: constants are arrays all the same."""
    values = {"number": np.float32(2.5), "flag": np.bool_(True), "text": b"ab", "half": tf.bfloat16.as_numpy_dtype(0.5)}
    with fresh() as graph, tf.Session() as sess:
        for name, value in values.items():
            tf.Variable(value, name=name)
        sess.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), list(values))
        tf.io.write_graph(frozen, tmp_path, "f.pb", as_text=False)
        tf.io.write_graph(frozen, tmp_path, "f.pbtxt")
    for file in ("f.pb", "f.pbtxt"):
        nodes = graph_files.read_graph_def(tmp_path / file).digraph.nodes
        assert values == {name: nodes[name]["attrs"]["value"][()] for name in values}
        assert {()} == {nodes[name]["attrs"]["value"].shape for name in values}


@pytest.mark.parametrize("scope", [None, "other"])
def test_a_graph_that_came_twice_is_saved_by_the_operations_of_each(tmp_path: Path, scope: str | None) -> None:
    """The second Saver names operations that restore what its names mean: in a scope of their own, the new ones."""
    with fresh(), tf.Session() as sess:
        tf.train.import_meta_graph(SMALL)
        saver = tf.train.import_meta_graph(SMALL, import_scope=scope)
        assert saver is not None
        saver.restore(sess, SMALL)
        saver.save(sess, tmp_path / "x.ckpt")
        definition = saver.as_saver_def()
    new = "other/save/restore_all" if scope else "save/restore_all"
    assert new == definition.restore_op_name
    structure = structure_in(tmp_path / "x.ckpt")
    graph_files.write_meta_graph(structure, tmp_path / "x.meta")
    found = graph_files.read_meta_graph(tmp_path / "x.meta")
    assert ("other/w" if scope else "w") == found.saved_names["weights"]
    assert structure.saved_names == found.saved_names
    assert set(structure.digraph) == set(found.digraph)


def test_a_saver_does_not_take_the_operations_of_another(tmp_path: Path) -> None:
    """Where operations of the names that a Saver gives keep other variables, it gets operations of its own."""
    with fresh(), tf.Session() as sess:
        first = tf.train.import_meta_graph(SMALL)
        assert first is not None
        first.restore(sess, SMALL)
        other = tf.train.Saver({"w": tf.global_variables()[3]}, saver_def=first.as_saver_def())
        graph_files.write_meta_graph(other.export_meta_graph(), tmp_path / "x.meta")
    assert {"w": "b"} == graph_files.read_meta_graph(tmp_path / "x.meta").saved_names


def test_a_saver_of_what_is_no_variable_is_refused(tmp_path: Path) -> None:
    """A name that is not of a variable of the graph is an error that names it, before anything is written."""
    structure = graph_files.read_meta_graph(SMALL.with_name("small.ckpt.meta"))
    structure.saver = SaverDef()
    structure.saved_names = {"a": "x"}
    with pytest.raises(ValueError, match="keeps 'x', which is not a variable"):
        graph_files.write_meta_graph(structure, tmp_path / "x.meta")
    assert [] == list(tmp_path.iterdir())
