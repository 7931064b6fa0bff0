"""`graph_io` and the command `graph`: inputs, outputs, operations by type, and what cannot run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver.cli import app
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.messages import message_classes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint, a SavedModel, and a graph with an operation that is not known."""
    x = tf.placeholder(tf.float32, [None, 2], "x")
    y = tf.multiply(x, tf.Variable([2.0, 3.0], name="w"), name="y")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "m.ckpt")
        tf.saved_model.simple_save(sess, str(tmp_path / "saved"), {"rows": x}, {"doubled": y})
    message = message_classes.GraphDef()
    message.CopyFrom(tf.get_default_graph().as_graph_def())
    message.node.add(name="z", op="Mystery", input=["y"]).attr["T"].type = 1
    message.node.add(name="end", op="Neg", input=["z"]).attr["T"].type = 1
    (tmp_path / "odd.pb").write_bytes(message.SerializeToString())
    return tmp_path


def test_a_checkpoint_and_a_saved_model(folder: Path) -> None:
    """Placeholders, and what nothing uses; or the signature, with its names."""
    found = tf.graph_io(folder / "m.ckpt")
    assert [("x:0", "x:0", "float32", (None, 2), True)] == [tuple(each) for each in found.inputs]
    assert [("y:0", "y:0", "float32", (None, 2), True)] == [tuple(each) for each in found.outputs]
    assert ({"Placeholder": 1, "Mul": 1, "Assign": 1}.items() <= found.operations.items(), []) == (
        True,
        found.obstacles,
    )
    served = tf.graph_io(folder / "saved")
    assert [("rows", "x:0"), ("doubled", "y:0")] == [each[:2] for each in (*served.inputs, *served.outputs)]


def test_what_cannot_run(folder: Path) -> None:
    """The operations, and the outputs that need them; the command says the same, also in JSON."""
    found = tf.graph_io(folder / "odd.pb")
    assert [("Mystery", ["z"])] == [each[:2] for each in found.obstacles]
    assert [("end:0", False)] == [(each.name, each.runs) for each in found.outputs]
    plain, as_json = (
        CliRunner().invoke(app, ["graph", str(folder / "odd.pb"), *option], env={"COLUMNS": "300"})
        for option in ((), ("--json",))
    )
    lines = plain.output.splitlines()
    assert ["Inputs:", "  x:0  float32  (?, 2)", "Outputs:"] == lines[:3]
    assert ["Cannot run here:", "  Mystery: z (operations of this type are not known here)"] == lines[-2:]
    assert lines[3].endswith("  cannot run here")
    said = json.loads(as_json.output)
    assert ([None, 2], ["z"]) == (said["inputs"][0]["shape"], said["obstacles"][0]["operations"])


def test_inputs_and_outputs_alone(folder: Path) -> None:
    """`--io` leaves out the operations; an output that cannot run still says so."""
    brief, whole = (
        CliRunner().invoke(app, ["graph", str(folder / "odd.pb"), *option], env={"COLUMNS": "300"}).output.splitlines()
        for option in (["--io"], [])
    )
    assert whole[:4] == brief
    assert "Cannot run here:" in whole
    found, said = (
        tf.graph_io(folder / "odd.pb", io=True),
        CliRunner().invoke(app, ["graph", str(folder / "odd.pb"), "--io", "--json"]),
    )
    assert ({}, [], False) == (found.operations, found.obstacles, found.outputs[0].runs)
    listed = json.loads(said.output)
    assert ({}, []) == (listed["operations"], listed["obstacles"])


def test_all_signatures(tmp_path: Path) -> None:
    """A SavedModel may have several; the one that is served comes first."""
    x = tf.placeholder(tf.float32, [None, 2], "x")
    infos = {key: tf.saved_model.build_tensor_info(value) for key, value in {"x": x, "y": x * 2, "z": -x}.items()}
    build = tf.saved_model.build_signature_def
    signatures = {
        "another": build({"rows": infos["x"]}, {"negative": infos["z"]}, "regress"),
        "serving_default": build({"rows": infos["x"]}, {"doubled": infos["y"]}, "predict"),
    }
    builder = tf.saved_model.Builder(str(tmp_path / "saved"))
    with tf.Session() as sess:
        builder.add_meta_graph_and_variables(sess, ["serve"], signature_def_map=signatures)
    builder.save()
    found = tf.graph_io(tmp_path / "saved")
    assert ["serving_default", "another"] == list(found.signatures)
    assert (["doubled"], "regress") == ([each.name for each in found.outputs], found.signatures["another"].method)
    lines = (
        CliRunner().invoke(app, ["graph", str(tmp_path / "saved"), "--io"], env={"COLUMNS": "300"}).output.splitlines()
    )
    assert ["Signature serving_default (predict):", "  Inputs:", "    rows  float32  (?, 2)  x:0"] == lines[:3]
    assert ["Signature another (regress):", "    negative  float32  (?, 2)  Neg:0"] == [lines[5], lines[-1]]


def test_a_file_without_a_graph(tmp_path: Path) -> None:
    """It says so."""
    tf.save_file({"a": np.ones(2)}, tmp_path / "a.h5")
    with pytest.raises(InvalidArgumentError, match=r"a\.h5 has no graph of operations"):
        tf.graph_io(tmp_path / "a.h5")
