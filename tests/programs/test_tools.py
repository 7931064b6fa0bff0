"""TensorFlow's programs for checkpoints and graphs: frozen graphs, lists of tensors, parts of graphs."""

from __future__ import annotations

import sys

import pytest

import hdfsaver as tf
from hdfsaver.programs.tools import graph_freezing as freezing
from hdfsaver.programs.tools import saved_model_utils, strip_unused, strip_unused_lib, tensor_printing
from hdfsaver.programs.tools.options import truth


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A checkpoint, the files of its graph and a SavedModel, in the current folder."""
    monkeypatch.chdir(tmp_path)
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.Variable([[1.0], [2.0]], name="w")
        with tf.device("/device:GPU:0"):
            b = tf.Variable([3.0], name="b")
        y = tf.add(tf.matmul(x, w), b, name="y")
        sess.run(tf.global_variables_initializer())
        sess.run(tf.assign(b, [4.0]))
        saver = tf.train.Saver()
        saver.save(sess, "m.ckpt")
        hidden = tf.train.Saver({"other": w, "b": b})
        hidden.save(sess, "other.ckpt")
        tf.train.write_graph(graph, ".", "graph.pbtxt")
        tf.train.write_graph(graph, ".", "graph.pb", as_text=False)
        tf.convert("other.ckpt", "other.meta")
        tf.convert("m.ckpt", "m.meta")
        tf.saved_model.simple_save(sess, "saved", {"x": x}, {"y": y})


def freeze(**given):
    """A graph that is frozen with the arguments of the program's options."""
    names = "input_graph input_saver input_binary input_checkpoint output_node_names restore_op_name "
    names += "filename_tensor_name output_graph clear_devices initializer_nodes"
    first = {name: given.pop(name, "") for name in names.split()}
    return freezing.freeze_graph(*first.values(), **given)


@pytest.mark.usefixtures("model")
def test_tensors_are_printed(capsys):
    """All, one, or their names alone; an error is printed."""
    show = tensor_printing.print_tensors_in_checkpoint_file
    show("m.ckpt", None, all_tensors=True)
    assert "tensor: b (float32) [1]\n[4.]\ntensor: w (float32) [2, 1]\n[[1.]\n [2.]]\n" in capsys.readouterr().out
    show("m.ckpt", "b", all_tensors=False)
    assert "tensor: b (float32) [1]\n[4.]\n# Total number of params: 3\n" == capsys.readouterr().out
    show("m.ckpt", "", False, all_tensor_names=True, count_exclude_pattern="^w")
    said = "tensor: b (float32) [1]\ntensor: w (float32) [2, 1]\n"
    said += "# Excluding 1 tensors (2 params) that match ^w when counting.\n# Total number of params: 1\n"
    assert said == capsys.readouterr().out
    show("m.ckpt", "no", False)
    assert "Tensor no not found in checkpoint\n" == capsys.readouterr().out
    show("no.ckpt", "", False)
    assert "no.ckpt" in capsys.readouterr().out


@pytest.mark.usefixtures("model")
def test_a_part_of_a_graph(capsys):
    """Inputs become placeholders of the given dtype; what they needed is gone."""
    graph_def = freeze(input_graph="graph.pb", input_checkpoint="m.ckpt", output_node_names="y")
    part = strip_unused_lib.strip_unused(graph_def, ["MatMul"], ["y"], tf.float32.as_datatype_enum)
    assert {"MatMul": "Placeholder", "b": "Const", "b/read": "Identity", "y": "AddV2"} == {
        node.name: node.op for node in part.node
    }
    part = strip_unused_lib.strip_unused(graph_def, ["x", "b"], ["y"], [19, 1])
    assert [19, 1] == [node.attr["dtype"].type for node in part.node if node.op == "Placeholder"]
    with pytest.raises(KeyError, match="no"):
        strip_unused_lib.strip_unused(graph_def, ["no"], ["y"], 1)
    with pytest.raises(ValueError, match="'x:0' appears to refer to a Tensor"):
        strip_unused_lib.strip_unused(graph_def, ["x:0"], ["y"], 1)
    assert "5 ops" not in capsys.readouterr().out


@pytest.mark.usefixtures("model")
def test_the_graphs_of_a_saved_model():
    """By their tags."""
    assert [["serve"]] == saved_model_utils.get_saved_model_tag_sets("saved")
    assert ["y"] == list(
        saved_model_utils.get_meta_graph_def("saved", "serve").signature_def["serving_default"].outputs
    )
    with pytest.raises(OSError, match="SavedModel file does not exist at: no"):
        saved_model_utils.read_saved_model("no")


@pytest.mark.parametrize(
    ("program", "options", "said"),
    [
        (
            freezing,
            ["input_graph=graph.pb", "input_checkpoint=m.ckpt", "output_graph=new.pb", "output_node_names=y"],
            "",
        ),
        (tensor_printing, ["file_name=m.ckpt", "all_tensors"], "[4.]"),
        (
            strip_unused,
            ["input_graph=graph.pb", "output_graph=new.pb", "input_node_names=x", "output_node_names=x"],
            "1 ops in the final graph.",
        ),
    ],
    ids=["freeze", "inspect", "strip"],
)
@pytest.mark.usefixtures("model")
def test_the_programs(monkeypatch, capsys, program, options, said):
    """Their options are TensorFlow's."""
    monkeypatch.setattr(sys, "argv", ["program", *(f"--{option}" for option in options)])
    program.main()
    assert said in capsys.readouterr().out
    if "output_graph=new.pb" in options:
        graph_def = tf.GraphDef()
        with open("new.pb", "rb") as file:
            graph_def.ParseFromString(file.read())
        assert graph_def.node


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("True", True), ("false", False), ("0", False)])
def test_truth(text, expected):
    """Only the word true is true."""
    assert expected is truth("")["type"](text)
