"""Graphs as ONNX models: what a file or a session has, what comes out, and what is refused."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver
import hdfsaver as tf
import hdfsaver.onnx
from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError, OpError, UnimplementedError

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

FUNCTIONS = Path(__file__).parents[1] / "saved_model" / "golden_functions"
ROWS = np.array([[1, 2], [-3, 4], [5, -6]], np.float32)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoints, graphs and SavedModel of one network, trained for a step or two."""
    folder = tmp_path_factory.mktemp("trained")
    with tf.Graph().as_default():
        _train(folder)
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of that."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def _train(tmp_path: Path) -> None:
    x = tf.placeholder(tf.float32, [None, 2], "x")
    training = tf.placeholder(tf.bool, [], "training")
    hidden = tf.layers.dense(x, 3, activation=tf.nn.relu, name="hidden")
    dropped = tf.cond(training, lambda: tf.nn.dropout(hidden, rate=0.5), lambda: hidden, name="dropped")
    y = tf.nn.softmax(tf.layers.dense(dropped, 2, name="last"), name="y")
    step = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_mean(y[:, 0]))
    plain = tf.layers.dense(hidden, 2, name="last", reuse=True)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step, {x: ROWS, training: True})
        saver = tf.train.Saver()
        saver.save(sess, tmp_path / "m.ckpt", 1)
        np.save(tmp_path / "y.npy", sess.run(y, {x: ROWS, training: False}))
        sess.run(step, {x: ROWS, training: True})
        saver.save(sess, tmp_path / "m.ckpt", 2)
        np.save(tmp_path / "y2.npy", sess.run(y, {x: ROWS, training: False}))
        tf.saved_model.simple_save(sess, str(tmp_path / "saved"), {"rows": x}, {"scores": tf.nn.softmax(plain)})
        frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph_def, ["y"])
        tf.train.write_graph(frozen, tmp_path, "frozen.pb", as_text=False)
    hdfsaver.convert(tmp_path / "m.ckpt-1.h5", tmp_path / "tf.ckpt")


def results(path: Path, **feeds: Any) -> list[np.ndarray]:
    """What ONNX Runtime computes; names are given without their ``:0``."""
    session = runtime.InferenceSession(str(path))
    names = {each.name.partition(":")[0]: each.name for each in session.get_inputs()}
    return session.run(None, {names[name]: value for name, value in feeds.items()})


@pytest.mark.parametrize("source", ["m.ckpt-1", "m.ckpt-1.h5", "tf.ckpt", "frozen.pb"])
def test_every_kind_of_file_with_a_graph(folder: Path, source: str) -> None:
    """The model computes what the graph computes, and has only the variables that it needs."""
    wanted = np.load(folder / ("y2.npy" if source == "frozen.pb" else "y.npy"))
    options: dict[str, Any] = {"outputs": ["y"], "fixed": {"training": False}}
    done = hdfsaver.convert(folder / source, folder / "m.onnx", **options)
    assert np.allclose(wanted, results(folder / "m.onnx", x=ROWS)[0], 1e-6)
    names = [] if source == "frozen.pb" else ["hidden/bias", "hidden/kernel", "last/bias", "last/kernel"]
    assert (names, [str(folder / "m.onnx")], True) == (sorted(done.names), done.files, done.has_graph)
    message = onnx.load(folder / "m.onnx")
    assert (18, "x:0", "y:0") == (
        message.opset_import[0].version,
        message.graph.input[0].name,
        message.graph.output[0].name,
    )


def test_shapes_that_a_file_says_wrongly(folder: Path) -> None:
    """Those of known operations are inferred: graphs of older versions have others for some derivatives."""
    graph = tf.GraphDef.FromString((folder / "frozen.pb").read_bytes())
    (node,) = (each for each in graph.node if each.name == "y")
    node.attr["_output_shapes"].list.shape.add().dim.add(size=0)
    (folder / "frozen.pb").write_bytes(graph.SerializeToString())
    hdfsaver.convert(folder / "frozen.pb", folder / "m.onnx", outputs=["y"], fixed={"training": False})
    assert np.allclose(np.load(folder / "y2.npy"), results(folder / "m.onnx", x=ROWS)[0], 1e-6)


def test_the_signature_of_a_saved_model(folder: Path) -> None:
    """It names inputs and outputs, unless others are asked for."""
    hdfsaver.convert(folder / "saved", folder / "m.onnx")
    found = results(folder / "m.onnx", rows=ROWS)[0]
    assert np.allclose(np.load(folder / "y2.npy"), found, 1e-6)
    assert "scores" == onnx.load(folder / "m.onnx").graph.output[0].name
    hdfsaver.convert(folder / "saved", folder / "n.onnx", outputs={"h": "hidden/Relu"}, inputs=["hidden/BiasAdd"])
    given = np.linspace(-1, 1, 3, dtype=np.float32)[np.newaxis]
    assert np.array_equal(np.maximum(given, 0), results(folder / "n.onnx", **{"hidden/BiasAdd": given})[0])


def test_names_of_variables(tmp_path: Path) -> None:
    """No other value of the model has them: not a constant, and not an output, which needs another name."""
    x, w = tf.placeholder(tf.float32, [2], "x"), tf.get_variable("const", initializer=[1.0, 2.0])
    y = tf.add(tf.reduce_sum(tf.expand_dims(x, 0) * [3.0, 4.0], 0), w, name="y")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(
            InvalidArgumentError, match=r"'const' is the name of an .*output.* another name \(NEW=TENSOR\)"
        ):
            hdfsaver.onnx.save_model(sess, tmp_path / "m.onnx", {"const": y.name})
        hdfsaver.onnx.save_model(sess, tmp_path / "m.onnx", {"sum": y.name})
    assert [4.0, 6.0] == results(tmp_path / "m.onnx", x=np.ones(2, np.float32))[0].tolist()


def test_without_names_the_tensors_that_nothing_uses(tmp_path: Path) -> None:
    """Computed from the placeholders that they need."""
    x, _ = tf.placeholder(tf.float32, [2], "x"), tf.placeholder(tf.float32, [2], "other")
    tf.add(x, 1, "y")
    tf.multiply(x, tf.constant([2.0, 3]), "z")
    tf.train.write_graph(tf.get_default_graph(), tmp_path, "g.pb", as_text=False)
    done = hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx")
    found = results(tmp_path / "g.onnx", x=np.array([1, 2], np.float32))
    assert [[2, 3], [2, 6]] == [value.tolist() for value in found]
    assert ["ONNX with opset 18. Inputs: x:0 float32 [2]. Outputs: y:0 float32 [2], z:0 float32 [2]."] == done.remarks


def test_a_condition_that_is_fed_chooses_a_branch(tmp_path: Path) -> None:
    """Only that one runs, one in the other too."""
    x, k = tf.placeholder(tf.float32, [None], "x"), tf.placeholder(tf.int32, [], "k")
    inner = lambda: tf.cond(k > 5, lambda: x[:1] * 2, lambda: tf.constant([7.0]))  # noqa: E731
    y = tf.cond(k > 0, inner, lambda: x + tf.cast(10 // k, tf.float32))
    z = y + 1
    with tf.Session() as sess:
        hdfsaver.onnx.save_model(sess, tmp_path / "c.onnx", {"y": y.name, "z": z.name}, {"x": "x", "k": "k"})
        for number in (9, 3, -4):
            expected = sess.run([y, z], {x: [1.0, 2], k: number})
            found = results(tmp_path / "c.onnx", x=np.array([1, 2], np.float32), k=np.array(number, np.int32))
            assert [value.tolist() for value in expected] == [value.tolist() for value in found]


def test_functions_branches_and_loops(tmp_path: Path) -> None:
    """Functions become a part of the model; what is expected was recorded with TensorFlow."""
    (tmp_path / "f.pb").write_bytes(gzip.decompress((FUNCTIONS / "graph.pb.gz").read_bytes()))
    recorded = json.loads((FUNCTIONS / "results.json").read_text(encoding="utf-8"))["graph"]
    names = ("direct", "nested", "call", "stateful", "while", "loops", "if", "case")
    hdfsaver.convert(tmp_path / "f.pb", tmp_path / "f.onnx", outputs={name: f"out_{name}" for name in names})
    for at in range(4):
        feeds = {"p": np.array(bool(at)), "k": np.array(at, np.int32)}
        found = results(tmp_path / "f.onnx", x=np.array([1, 2], np.float32), **feeds)
        for name, value in zip(names, found, strict=True):
            assert np.allclose(recorded[f"{name} {at}"], value, 1e-6), name


def test_a_saved_model_of_tensorflow_2(tmp_path: Path) -> None:
    """Its variables are taken by functions; a result that is read behind a change of its variable has no twin."""
    (tmp_path / "variables").mkdir()
    for name in ("variables.index", "variables.data-00000-of-00001"):
        shutil.copy(FUNCTIONS / name, tmp_path / "variables")
    (tmp_path / "saved_model.pb").write_bytes(gzip.decompress((FUNCTIONS / "saved_model.pb.gz").read_bytes()))
    recorded = json.loads((FUNCTIONS / "results.json").read_text(encoding="utf-8"))
    with pytest.raises(UnimplementedError, match=r"reads what .* \(AssignAddVariableOp\) has changed before"):
        hdfsaver.convert(tmp_path, tmp_path / "f.onnx")
    hdfsaver.convert(tmp_path, tmp_path / "f.onnx", outputs={"y": "StatefulPartitionedCall:1"})
    given = {"serving_default_x": np.array(recorded["x"], np.float32)}
    assert np.allclose(recorded["model"]["y"], results(tmp_path / "f.onnx", **given)[0])


def test_transposes_between_convolutions_are_left_out(tmp_path: Path) -> None:
    """One before the first and one behind the last are enough, also around additions, paddings and means."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 3], "x")
    h = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu6)
    other = tf.layers.conv2d(tf.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]]), 4, 3)
    h = tf.layers.batch_normalization(tf.nn.relu(h + other) * tf.constant([1.0, 2, 3, 4]))
    h = tf.concat([tf.layers.max_pooling2d(h, 2, 2), tf.layers.average_pooling2d(h, 2, 2)], -1)
    y, mean = tf.layers.conv2d(h, 2, 1), tf.reduce_mean(h, [1, 2])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        images = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype(np.float32)
        hdfsaver.onnx.save_model(sess, tmp_path / "m.onnx", [y.name, mean.name])
        found = results(tmp_path / "m.onnx", x=images)
        assert all(np.allclose(a, b, 1e-4, 1e-5) for a, b in zip(sess.run([y, mean], {x: images}), found, strict=True))
    types = [node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node]
    assert (2, 0) == (types.count("Transpose"), types.count("Identity"))


# -- values that stay in a checkpoint ---------------------------------------------------------------------------------


def test_one_model_serves_every_checkpoint(folder: Path) -> None:
    """The values stay in the checkpoint's own bytes, so that another one of the same program may take its place."""
    options: dict[str, Any] = {"outputs": ["y"], "fixed": {"training": False}}
    first, model = folder / "m.ckpt-1.h5", folder / "m.onnx"
    done = hdfsaver.convert(first, model, weights_in=first, **options)
    assert (0, 4) == (done.nbytes, len(done.names))
    assert np.allclose(np.load(folder / "y.npy"), results(model, x=ROWS)[0], 1e-6)
    hdfsaver.onnx.check_weights(model, folder / "m.ckpt-2.h5")
    os.replace(folder / "m.ckpt-2.h5", first)
    assert np.allclose(np.load(folder / "y2.npy"), results(model, x=ROWS)[0], 1e-6)


def test_the_layout_of_checkpoints_of_one_graph(tmp_path: Path) -> None:
    """It is the same for other steps, metrics and lengths of strings, once the random operations have drawn."""
    w, text = tf.Variable(np.ones((3, 4), np.float32), name="w"), tf.Variable("a", name="text")
    step = tf.assign_add(w, tf.random.uniform([3, 4]))
    longer = tf.assign(text, "a" * 99)
    saver = tf.train.Saver(keep=tf.train.keep_any(tf.train.keep_latest(9), tf.train.keep_best(9)))
    places = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for number in (1, 20, 123456):
            sess.run([step, longer] if number > 20 else step)
            saver.save(sess, tmp_path / "m.ckpt", number, metric=0.5 * number)
            with hdfsaver.open_file(tmp_path / f"m.ckpt-{number}.h5") as file:
                places.append((file.extent("w"), file.extent("text")))
    assert 1 == len(set(places))
    weights, strings = places[0]
    assert weights is not None
    assert (48, None) == (weights[1], strings)


def test_a_checkpoint_with_another_layout_is_noticed(folder: Path) -> None:
    """`check_weights` names the variables whose bytes are elsewhere; the error's remedy is followed."""
    options: dict[str, Any] = {"outputs": ["y"], "fixed": {"training": False}}
    first, model = folder / "m.ckpt-1.h5", folder / "m.onnx"
    hdfsaver.convert(first, model, weights_in=first, **options)
    hdfsaver.convert(folder / "m.ckpt-2.h5", folder / "small.h5", drop_slots=True)
    with pytest.raises(FailedPreconditionError, match=r"hidden/bias.*weights_in"):
        hdfsaver.onnx.check_weights(model, folder / "small.h5")
    hdfsaver.convert(first, model, weights_in=folder / "small.h5", **options)
    hdfsaver.onnx.check_weights(model, folder / "small.h5")
    assert np.allclose(np.load(folder / "y2.npy"), results(model, x=ROWS)[0], 1e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: hdfsaver.convert(path / "m.ckpt-1.h5", path / "w.npz"), "a NumPy archive|NPZ|npz"),
        (lambda path: (path / "w.h5").symlink_to(path / "m.ckpt-1.h5"), "symbolic link"),
    ],
)
def test_values_that_cannot_stay(folder: Path, make: Any, words: str) -> None:
    """They are named, with what to do; no model is written."""
    make(folder)
    (weights,) = folder.glob("w.*")
    with pytest.raises(InvalidArgumentError, match=words):
        hdfsaver.convert(
            folder / "m.ckpt-1.h5", folder / "m.onnx", outputs=["y"], fixed={"training": False}, weights_in=weights
        )
    assert not (folder / "m.onnx").exists()


@pytest.mark.parametrize(
    ("variables", "kind", "words"),
    [
        ({}, NotFoundError, r"w\.h5 has no variable 'hidden/.*another model.*weights_in"),
        (
            {"hidden/kernel": np.ones((4, 9), np.float32)},
            InvalidArgumentError,
            r"of shape \(4, 9\).* of shape \(2, 3\)",
        ),
        ({"hidden/kernel": np.ones((2, 3))}, InvalidArgumentError, "of dtype float64.* of dtype float32"),
    ],
    ids=["absent", "another shape", "another dtype"],
)
def test_values_of_another_model(folder: Path, variables: Any, kind: type[Exception], words: str) -> None:
    """The variable is named, with what the graph has instead; no model is written."""
    hdfsaver.save_file({"other": np.ones(3), **variables}, folder / "w.h5")
    options: dict[str, Any] = {"outputs": ["hidden/MatMul"], "fixed": {"training": False}}
    with pytest.raises(kind, match=words):
        hdfsaver.convert(folder / "m.ckpt-1.h5", folder / "m.onnx", weights_in=folder / "w.h5", **options)
    assert not (folder / "m.onnx").exists()


def test_inputs_of_any_number_of_axes(tmp_path: Path) -> None:
    """A model cannot have them; the error says how to give a shape, of an output too, and following it helps."""
    x, y = tf.placeholder(tf.float32, None, "x"), tf.placeholder(tf.int32, [None], "sizes")
    tf.reshape(tf.nn.softmax(x), y, name="y")
    tf.train.write_graph(tf.get_default_graph(), tmp_path, "g.pb", as_text=False)
    options: dict[str, Any] = {"outputs": ["y"]}
    with pytest.raises(InvalidArgumentError, match=r"'x:0' is not known.*--shape NAME="):
        hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", **options)
    with pytest.raises(InvalidArgumentError, match=r"'y:0' is not known.*--shape NAME="):
        hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", shapes={"x": [None, 4]}, **options)
    with pytest.raises(InvalidArgumentError, match=r"sizes has the shape \(\?,\), with which \(2, 3\) .--shape"):
        hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", shapes={"sizes": [2, 3]}, **options)
    assert ["g.pb"] == [each.name for each in tmp_path.iterdir()]
    hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", shapes={"x": [None, 4], "y": [None, None]}, **options)
    found = results(tmp_path / "g.onnx", x=np.zeros((3, 4), np.float32), sizes=np.array([2, 6], np.int32))
    assert np.allclose(np.full((2, 6), 0.25), found[0])


def test_compressed_values_cannot_stay(tmp_path: Path) -> None:
    """The error's remedy is followed."""
    x = tf.placeholder(tf.float32, [None, 300], "x")
    tf.matmul(x, tf.Variable(np.ones((300, 300), np.float32), name="w"), name="y")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver(compression="gzip").save(sess, tmp_path / "m.ckpt")
    packed, whole = tmp_path / "m.ckpt.h5", tmp_path / "whole.h5"
    with pytest.raises(InvalidArgumentError, match=r"'w' are not .* compress.*hdfsaver convert SOURCE NEW.h5"):
        hdfsaver.convert(packed, tmp_path / "m.onnx", weights_in=packed)
    hdfsaver.convert(packed, whole)
    hdfsaver.convert(packed, tmp_path / "m.onnx", weights_in=whole)
    assert 300 == results(tmp_path / "m.onnx", x=np.ones((1, 300), np.float32))[0][0, 0]


def test_the_checkpoint_is_beside_the_model(folder: Path) -> None:
    """Programs for ONNX do not look above the folder of a model."""
    (folder / "models").mkdir()
    with pytest.raises(InvalidArgumentError, match="Write the model beside the checkpoint"):
        hdfsaver.convert(
            folder / "m.ckpt-1.h5",
            folder / "models" / "m.onnx",
            outputs=["y"],
            fixed={"training": False},
            weights_in=folder / "m.ckpt-1.h5",
        )


# -- what is refused --------------------------------------------------------------------------------------------------


def test_operations_without_twins(tmp_path: Path) -> None:
    """They are named with their places, and so is what can be written instead; the file that was there is kept."""
    x = tf.placeholder(tf.float32, [None], "x")
    h = tf.sqrt(tf.abs(x), "h")
    tf.identity(tf.unique(h)[0] + tf.strings.to_number(tf.as_string(x)), "y")
    tf.train.write_graph(tf.get_default_graph(), tmp_path, "g.pb", as_text=False)
    (tmp_path / "g.onnx").write_bytes(b"before")
    with pytest.raises(UnimplementedError) as caught:
        hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", outputs=["y"])
    missing = [f"{each} (operation '{each}')" for each in ("AsString", "StringToNumber", "Unique")]
    assert "; ".join(missing) in caught.value.message
    assert "(--outputs): h:0." in caught.value.message
    assert (b"before", 2) == ((tmp_path / "g.onnx").read_bytes(), len(list(tmp_path.iterdir())))
    hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", outputs=["h:0"])
    assert [2.0] == results(tmp_path / "g.onnx", x=np.array([-4], np.float32))[0].tolist()


def test_what_comes_before_a_loop(tmp_path: Path) -> None:
    """An operation in a loop or a branch that has no twin: what the loop takes from outside can be written."""
    x = tf.placeholder(tf.float32, [None], "x")
    h = tf.sqrt(tf.abs(x), "h")
    y = tf.while_loop(lambda i, _: i < 2, lambda i, y: (i + 1, y + tf.reduce_sum(tf.unique(y)[0])), [0, h])[1]
    tf.identity(tf.cond(y[0] > 1, lambda: y, lambda: h), "y")
    tf.train.write_graph(tf.get_default_graph(), tmp_path, "g.pb", as_text=False)
    with pytest.raises(UnimplementedError, match=r"Unique \(operation 'while/Unique'\).*outputs \(--outputs\): h:0\."):
        hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", outputs=["y"])
    assert ["g.pb"] == [each.name for each in tmp_path.iterdir()]
    hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", outputs=["h:0"])
    assert [2.0] == results(tmp_path / "g.onnx", x=np.array([-4], np.float32))[0].tolist()


def test_values_of_any_size_are_not_computed(tmp_path: Path) -> None:
    """A value that a graph says to be large is left to the run."""
    tf.fill(tf.constant([1 << 15, 1 << 25]), 1.0, name="y")
    tf.train.write_graph(tf.get_default_graph(), tmp_path, "g.pb", as_text=False)
    hdfsaver.convert(tmp_path / "g.pb", tmp_path / "g.onnx", outputs=["y"])
    assert ["Cast", "Expand"] == [node.op_type for node in onnx.load(tmp_path / "g.onnx").graph.node]


def test_a_function_that_calls_itself(tmp_path: Path) -> None:
    """It has no twin, and is not followed without end."""
    message = tf.GraphDef()
    x = message.node.add(name="x", op="Placeholder")
    x.attr["dtype"].type = 1
    x.attr["shape"].shape.dim.add(size=2)
    message.node.add(name="y", op="again", input=["x"])
    function = message.library.function.add()
    function.signature.name = "again"
    function.signature.input_arg.add(name="a", type=1)
    function.signature.output_arg.add(name="b", type=1)
    function.node_def.add(name="inner", op="again", input=["a"])
    function.ret["b"] = "inner:b:0"
    (tmp_path / "f.pb").write_bytes(message.SerializeToString())
    with pytest.raises(UnimplementedError, match=r"again \(operation 'y/again/inner', function 'again' calls itself\)"):
        hdfsaver.convert(tmp_path / "f.pb", tmp_path / "f.onnx", outputs=["y"])


def test_a_branch_without_a_twin(folder: Path) -> None:
    """The error says that a value for the condition leaves it out."""
    with pytest.raises(UnimplementedError, match=r"RandomUniform.*\(--fix\): training:0"):
        hdfsaver.convert(folder / "m.ckpt-1.h5", folder / "m.onnx", outputs=["y"])


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"outputs": ["nothing"]}, NotFoundError, "no tensor 'nothing:0'"),
        ({"outputs": ["y"], "inputs": ["hidden/kernel"]}, UnimplementedError, "Give a placeholder with inputs"),
        ({"include": ["hidden/*"], "outputs": ["y"]}, ValueError, "include choose or change arrays"),
        ({"compression": "gzip", "outputs": ["y"]}, ValueError, "Only an hdfsaver checkpoint"),
    ],
)
def test_options_that_do_not_fit(folder: Path, options: dict[str, Any], kind: type[Exception], words: str) -> None:
    """The message names them."""
    with pytest.raises(kind, match=words):
        hdfsaver.convert(folder / "m.ckpt-1.h5", folder / "m.onnx", **options)
    with pytest.raises(ValueError, match="Only an ONNX model"):
        hdfsaver.convert(folder / "m.ckpt-1.h5", folder / "m.npz", outputs=["y"])


@pytest.mark.parametrize(("arrays", "words"), [({"a": np.ones(2)}, "has no graph of operations")], ids=["arrays alone"])
def test_a_file_without_a_graph(tmp_path: Path, arrays: dict[str, np.ndarray], words: str) -> None:
    """It says so."""
    hdfsaver.save_file(arrays, tmp_path / "a.h5")
    with pytest.raises(InvalidArgumentError, match=words):
        hdfsaver.convert(tmp_path / "a.h5", tmp_path / "a.onnx")


def test_a_graph_without_values(folder: Path) -> None:
    """A graph alone has no values of variables."""
    hdfsaver.convert(folder / "m.ckpt-1.h5", folder / "m.meta")
    with pytest.raises(OpError, match="it is a variable without a value"):
        hdfsaver.convert(folder / "m.meta", folder / "m.onnx", outputs=["y"], fixed={"training": False})
