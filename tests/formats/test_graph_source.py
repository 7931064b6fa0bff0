"""The constants of TensorFlow graphs, as arrays of the file."""

from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file as load_safetensors
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.cli import app
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.interop.graphs.message_files import read_message, write_message
from hdfsaver.messages import message_classes
from hdfsaver.messages.tensor_protos import make_ndarray
from tests.files.kind_samples import GRAPHS, SAMPLES

SMALL = GRAPHS / "small.ckpt.meta"


def constant(graph: Any, name: str, **fields: Any) -> Any:
    """Add a constant with the fields of its ``TensorProto`` to a graph or a function, and return its value."""
    node = graph.node_def.add() if hasattr(graph, "node_def") else graph.node.add()
    node.name, node.op = name, "Const"
    shape = fields.pop("shape", ())
    tensor = node.attr["value"].tensor
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.MergeFrom(message_classes.TensorProto(**fields))
    node.attr["dtype"].type = tensor.dtype
    return tensor


def expected(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The constants of a ``.meta`` by another way: the function `make_ndarray`."""
    message = read_message(path, message_classes.MetaGraphDef)
    functions = message.graph_def.library.function
    nodes = {node.name: node for node in message.graph_def.node}
    nodes.update({f"{it.signature.name}/{node.name}": node for it in functions for node in it.node_def})
    return {name: make_ndarray(node.attr["value"].tensor) for name, node in nodes.items() if node.op == "Const"}


def test_the_constants_of_a_graph() -> None:
    """Every constant with its name, dtype and value, strings and repeated elements included."""
    values = expected(SMALL)
    with tf.open_file(SMALL) as file:
        assert "TensorFlow graph" == file.kind
        assert file.are_constants
        assert list(values) == list(file)
        for name, value in values.items():
            found = file.read(name)
            np.testing.assert_array_equal(value, found, strict=True)
            assert found.flags.writeable
            assert value.shape == file.variables[name].shape
        assert {"float16", "complex128", "bool", "string"} <= {entry.dtype for entry in file.variables.values()}
        assert 3 == file.variables["texts"].nbytes
        assert np.zeros((200, 300), np.float32).nbytes == file.variables["zeros"].nbytes
        assert (np.float32([[0, 0]]) == file.read_slice("zeros", np.s_[5:6, 1:3])).all()
        assert [3.0, 4.0] == file.get_slice("big")[3:5].tolist()
        file.verify()
        structure = file.structure()
        assert structure is not None
        assert "w" in structure.digraph
        assert file.structure() is not structure
        np.testing.assert_array_equal(values["big"], file["big"])


def test_a_frozen_graph_is_converted_to_its_weights(tmp_path: Path) -> None:
    """The arrays of a frozen graph are its weights, in each format for arrays, and by the command."""
    with tf.open_file(GRAPHS / "small.ckpt") as file:
        weights, bias = file["weights"], file["b"]
    for source in ("frozen.pb", "frozen.pbtxt"):
        done = tf.convert(GRAPHS / source, tmp_path / "w.npz", include=["w", "b"])
        assert {"w": "w", "b": "b"} == done.names
        with np.load(tmp_path / "w.npz") as found:
            np.testing.assert_array_equal(weights, found["w"])
            np.testing.assert_array_equal(bias, found["b"])
        tf.convert(GRAPHS / source, tmp_path / "w.safetensors")
        assert {"w", "b", "add_one/add/y"} == set(load_safetensors(tmp_path / "w.safetensors"))
    command = CliRunner().invoke(app, ["convert", str(GRAPHS / "frozen.pb"), str(tmp_path / "c.npz")])
    assert f"{tmp_path}/c.npz: 3 arrays" in command.stdout
    listed = CliRunner().invoke(app, ["ls", str(GRAPHS / "frozen.pb")])
    assert "add_one/add/y" in listed.stdout


def test_constants_are_not_written_beside_the_graph(tmp_path: Path) -> None:
    """A checkpoint with the graph has the constants in it; selected ones without the graph are variables."""
    done = tf.convert(GRAPHS / "frozen.pb", tmp_path / "x.h5")
    assert ({}, 0, True) == (done.names, done.nbytes, done.has_graph)
    assert {} == tf.load_file(tmp_path / "x.h5")
    done = tf.convert(GRAPHS / "frozen.pb", tmp_path / "y.h5", include=["w"])
    assert ({"w": "w"}, 24, False) == (done.names, done.nbytes, done.has_graph)
    assert ["w"] == list(tf.load_file(tmp_path / "y.h5"))


def test_constants_of_functions(tmp_path: Path) -> None:
    """They are below the name of their function, with a colon if an operation of the graph has that name."""
    graph = message_classes.GraphDef()
    function = graph.library.function.add()
    function.signature.name = "f"
    constant(function, "a", dtype="DT_INT32", int_val=[1])
    constant(function, "b", dtype="DT_INT32", int_val=[2])
    constant(graph, "f/b", dtype="DT_INT32", int_val=[3])
    write_message(tmp_path / "x.pb", graph)
    assert {"f/b": 3, "f/a": 1, "f:b": 2} == {
        name: int(value) for name, value in tf.load_file(tmp_path / "x.pb").items()
    }


def test_a_constant_that_cannot_be_read(tmp_path: Path) -> None:
    """The others are read; the error of each says why."""
    graph = message_classes.GraphDef()
    constant(graph, "good", dtype="DT_FLOAT", float_val=[1.5])
    constant(graph, "new", dtype=99)
    constant(graph, "handle", dtype="DT_RESOURCE")
    graph.node.add(name="empty", op="Const")
    constant(graph, "short", dtype="DT_FLOAT", shape=(3,), tensor_content=b"\0\0\0\0")
    write_message(tmp_path / "x.pb", graph)
    with tf.open_file(tmp_path / "x.pb") as file:
        assert ["good", "short"] == list(file)
        assert {"new", "handle", "empty"} == set(file.unreadable)
        assert 1.5 == file["good"]
        for name, kind, match in (
            ("new", errors.InvalidArgumentError, "dtype number 99"),
            ("handle", errors.UnimplementedError, "dtype resource"),
            ("empty", errors.DataLossError, "'empty' has no value"),
            ("short", errors.DataLossError, "'short' of shape .* has 3 elements; 1 are stored"),
        ):
            with pytest.raises(kind, match=rf"x\.pb: .*{match}"):
                file.read(name)
        with pytest.raises(errors.DataLossError, match="'short'"):
            file.verify()
    with pytest.raises(errors.OpError, match="can be read by their names"):
        tf.load_file(tmp_path / "x.pb")


@pytest.mark.parametrize("stored", [1, 2])
def test_repeated_elements_are_limited(tmp_path: Path, stored: int) -> None:
    """A shape beyond the limit is refused when it is read; a part of a repeated element takes the part's memory."""
    graph = message_classes.GraphDef()
    constant(graph, "huge", dtype="DT_FLOAT", shape=(1 << 20, 1 << 20), float_val=[2.5] * stored)
    constant(graph, "good", dtype="DT_FLOAT", float_val=[1.5])
    write_message(tmp_path / "x.pb", graph)
    tracemalloc.start()
    try:
        with tf.open_file(tmp_path / "x.pb") as file:
            assert 1.5 == file["good"]
            with pytest.raises(errors.ResourceExhaustedError, match="huge.*declared_bytes"):
                file.read("huge")
            with pytest.raises(errors.ResourceExhaustedError, match="huge.*declared_bytes"):
                file.read_slice("huge", np.s_[0 : 1 << 19, 0 : 1 << 19])
            if stored == 1:
                assert [[2.5, 2.5]] == file.read_slice("huge", np.s_[7:8, 7:9]).tolist()
                file.verify()
            else:
                with pytest.raises(errors.ResourceExhaustedError, match="huge.*declared_bytes"):
                    file.read_slice("huge", np.s_[7:8, 7:9])
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", [False, True])
def test_a_repeated_element_in_another_file(tmp_path: Path, text: bool) -> None:
    """An hdfsaver file has all elements of a constant: they count, and with a higher limit they are written."""
    graph = message_classes.GraphDef()
    values: dict[str, Any] = {"string_val": [b"x"]} if text else {"float_val": [2.5]}
    for name in "xy":
        constant(graph, name, dtype="DT_STRING" if text else "DT_FLOAT", shape=(1000,), **values)
    write_message(tmp_path / "x.pb", graph)
    each = 64_000 if text else 4000
    refused = rf"the constant 'y': .*take {2 * each} bytes.*`declared_bytes`"
    with tf.limits.use(declared_bytes=2 * each - 1), pytest.raises(errors.ResourceExhaustedError, match=refused):
        tf.convert(tmp_path / "x.pb", tmp_path / "x.h5")
    assert not (tmp_path / "x.h5").exists()
    with tf.limits.use(declared_bytes=2 * each):
        tf.convert(tmp_path / "x.pb", tmp_path / "x.h5")
    with tf.Graph().as_default() as imported:
        tf.train.import_meta_graph(tmp_path / "x.h5")
        with tf.Session() as sess:
            assert [b"x" if text else 2.5] * 1000 == sess.run(imported.get_tensor_by_name("y:0")).tolist()


def test_repeated_strings_are_limited(tmp_path: Path) -> None:
    """Elements that are one string count as elements; with a higher limit, they are read."""
    graph = message_classes.GraphDef()
    constant(graph, "x", dtype="DT_STRING", shape=(5000,), string_val=[b"text"])
    write_message(tmp_path / "x.pb", graph)
    with tf.limits.use(elements=4999), tf.open_file(tmp_path / "x.pb") as file:
        with pytest.raises(errors.ResourceExhaustedError, match=r"x\.pb: x: .*declares 5000 elements.*`elements`"):
            file.read("x")
        assert [b"text"] * 2 == file.read_slice("x", np.s_[7:9,]).tolist()
        file.verify()
    with tf.limits.use(elements=5000), tf.open_file(tmp_path / "x.pb") as file:
        assert [b"text"] * 5000 == file.read("x").tolist()


def test_many_values_below_the_limit_are_limited_together(tmp_path: Path) -> None:
    """The limit is for all values that are read at once."""
    graph = message_classes.GraphDef()
    for name in ("a", "b"):
        constant(graph, name, dtype="DT_FLOAT", shape=(1000,), float_val=[1.0])
    write_message(tmp_path / "x.pb", graph)
    with tf.limits.use(declared_bytes=6000, declared_ratio=1), tf.open_file(tmp_path / "x.pb") as file:
        assert 4000 == file.read("a").nbytes
        with pytest.raises(errors.ResourceExhaustedError, match="declared_bytes"):
            file.read_many(["a", "b"])


# -- graphs that are none ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".meta", ".pb", ".pbtxt"])
@pytest.mark.parametrize("sample", ["lfs", "html", "empty", "unknown", "png", "json", "text", "zeros"])
def test_listing_what_is_not_a_graph(tmp_path: Path, ending: str, sample: str) -> None:
    """The command ends with status 1 and names the file, instead of an empty table; so does a conversion."""
    path = tmp_path / f"x{ending}"
    path.write_bytes(SAMPLES[sample][1]())
    for words in (["ls", str(path)], ["convert", str(path), str(tmp_path / "out.npz")]):
        done = CliRunner().invoke(app, words)
        assert done.exit_code in (ExitCode.DIFFERS, ExitCode.NOT_READ)
        assert "" == done.stdout
        assert f"x{ending}" in done.stderr
        assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        b"\xaa\x06\x01\x00",  # a field that no graph has
        b"\x0a\x00",  # a node without anything
        b"\x0a\x03\x0a\x01a",  # a node without a type
        b"\x28\x01",
    ],
)
@pytest.mark.parametrize("ending", [".pb", ".meta"])
def test_bytes_that_happen_to_be_a_message(tmp_path: Path, content: bytes, ending: str) -> None:
    """A message with unknown fields alone, or with nodes that no graph has, is not taken for an empty graph."""
    (tmp_path / f"x{ending}").write_bytes(content)
    with pytest.raises(errors.DataLossError, match=rf"x\{ending}"):
        tf.open_file(tmp_path / f"x{ending}")


def test_a_graph_without_operations(tmp_path: Path) -> None:
    """A graph that has a version and nothing else is a graph."""
    graph = message_classes.GraphDef()
    graph.versions.producer = 1
    write_message(tmp_path / "x.pb", graph)
    with tf.open_file(tmp_path / "x.pb") as file:
        assert {} == dict(file)
        structure = file.structure()
        assert structure is not None
        assert 0 == len(structure.digraph)


def test_two_nodes_of_one_name(tmp_path: Path) -> None:
    """A graph in which a name means two constants is damaged."""
    graph = message_classes.GraphDef()
    constant(graph, "a", dtype="DT_INT32", int_val=[1])
    constant(graph, "a", dtype="DT_INT32", int_val=[2])
    write_message(tmp_path / "x.pb", graph)
    with pytest.raises(errors.DataLossError, match=r"x\.pb: two constants have the name 'a'"):
        tf.open_file(tmp_path / "x.pb")


def test_an_error_in_a_text_has_its_line(tmp_path: Path) -> None:
    """The place of the fault in a text is said."""
    text = (GRAPHS / "frozen.pbtxt").read_text(encoding="utf-8")
    broken = text.replace('op: "Const"', "op: Const", 1)
    line = broken[: broken.index("op: Const")].count("\n") + 1
    (tmp_path / "x.pbtxt").write_text(broken, encoding="utf-8")
    with pytest.raises(errors.DataLossError, match=rf"x\.pbtxt is not a GraphDef as text: {line}:\d+"):
        tf.open_file(tmp_path / "x.pbtxt")


def test_a_graph_under_any_name(tmp_path: Path) -> None:
    """The content tells a graph, and which message it is."""
    shutil.copy(GRAPHS / "frozen.pb", tmp_path / "frozen.meta")
    shutil.copy(SMALL, tmp_path / "small.pb")
    shutil.copy(SMALL, tmp_path / "small")
    assert {"w", "b", "add_one/add/y"} == set(tf.load_file(tmp_path / "frozen.meta"))
    assert (
        expected(SMALL).keys() == tf.load_file(tmp_path / "small.pb").keys() == tf.load_file(tmp_path / "small").keys()
    )


# -- SavedModels -------------------------------------------------------------------------------------------------------


def test_a_saved_model_by_its_file() -> None:
    """The file with the graphs names its folder: the variables, and the graph."""
    folder = GRAPHS / "saved"
    with tf.open_file(folder) as whole, tf.open_file(folder / "saved_model.pb") as file:
        assert "SavedModel" == file.kind
        assert not file.are_constants
        assert list(whole) == list(file)
        assert "b" in file
        structure = file.structure()
        assert structure is not None
        assert "y" in structure.digraph
        file.verify()


def test_a_saved_model_without_variables(tmp_path: Path) -> None:
    """A frozen graph in a SavedModel has its weights in constants, as in a file of its own."""
    model = message_classes.SavedModel(saved_model_schema_version=1)
    added = model.meta_graphs.add()
    added.meta_info_def.tags.append("serve")
    constant(added.graph_def, "w", dtype="DT_FLOAT", shape=(2,), float_val=[1.0, 2.0])
    write_message(tmp_path / "saved_model.pb", model)
    with tf.open_file(tmp_path) as file:
        assert file.are_constants
        assert [1.0, 2.0] == file["w"].tolist()
    (tmp_path / "variables").mkdir()
    shutil.copy(GRAPHS / "saved" / "variables" / "variables.data-00000-of-00001", tmp_path / "variables")
    with pytest.raises(errors.NotFoundError, match=r"variables/variables\.index"):
        tf.open_file(tmp_path)


def test_the_message_about_text_is_short(tmp_path: Path) -> None:
    """The parser repeats the line of an error, which may have megabytes."""
    (tmp_path / "x.pbtxt").write_text("node { name: 'x' op: 'F' attr { key: 'f' value { i: " + "9" * 10**6 + " } } }")
    with pytest.raises(errors.DataLossError, match=r"x\.pbtxt is not a GraphDef as text: 1:53") as caught:
        tf.open_file(tmp_path / "x.pbtxt")
    assert len(caught.value.message) < 1000
