"""`tensorflow.python.tools.freeze_graph`. What is expected was found with TensorFlow 2.21."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.conversion.freeze_graph import freeze_graph, freeze_graph_with_def_protos

GOLDEN = Path(__file__).parents[1] / "interop" / "golden_graphs"
RESTORE = ("save/restore_all", "save/Const:0")


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder with the graph and the checkpoints of a program, whose own graph is still there."""
    x = tf.placeholder(tf.float32, [None], name="x")
    with tf.device("/cpu:0"):
        w = tf.Variable(2.0, name="w")
    late = tf.Variable(7.0, name="late")
    tf.add(x * w, late, name="y")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(tf.assign(w, 3.0))
        tf.train.Saver([w]).save(sess, tmp_path / "w.ckpt")
        tf.train.Saver().save(sess, tmp_path / "all.ckpt")
        tf.train.Saver({"other": w, "late": late}).save(sess, tmp_path / "renamed.ckpt")
        tf.saved_model.simple_save(sess, str(tmp_path / "saved"), {"x": x}, {"y": tf.identity(late)})
    tf.train.write_graph(sess.graph, tmp_path, "graph.pbtxt")
    tf.train.write_graph(sess.graph, tmp_path, "graph.pb", as_text=False)
    return tmp_path


def freeze(folder: Path, graph: str = "graph.pb", checkpoint: str = "all.ckpt", **options: Any) -> tf.GraphDef:
    """Freeze as programs do, with some options in other ways."""
    path = str(folder / graph) if graph else ""
    return freeze_graph(
        path,
        options.pop("saver", ""),
        options.pop("binary", True),
        str(folder / checkpoint),
        options.pop("outputs", "y"),
        *RESTORE,
        str(options.pop("target", "")),
        options.pop("clear_devices", True),
        options.pop("initializers", ""),
        **options,
    )


def result(definition: tf.GraphDef, fed: dict[str, Any] | None = None) -> Any:
    """The value of ``y`` in a new session."""
    with tf.Graph().as_default(), tf.Session() as sess:
        (y,) = tf.import_graph_def(definition, return_elements=["y:0"], name="")
        return sess.run(y, {"x:0": [1.0, 2.0]} if fed is None else fed).tolist()


def test_a_graph_and_a_checkpoint(trained: Path) -> None:
    """Both formats of graphs give one frozen graph, which is written, and nothing is added to the default graph."""
    before = tf.get_default_graph().as_graph_def()
    frozen = freeze(trained, target=trained / "frozen.pb")
    assert [10.0, 13.0] == result(frozen)
    assert ["x", "w", "w/read", "late", "late/read", "mul", "y"] == [node.name for node in frozen.node]
    assert frozen == tf.GraphDef.FromString((trained / "frozen.pb").read_bytes())
    assert frozen == freeze(trained, "graph.pbtxt", binary=False)
    assert before == tf.get_default_graph().as_graph_def()
    kept = freeze(trained, clear_devices=False)
    assert ["", "/device:CPU:0"] == [node.device for node in kept.node if node.name in ("w", "w/read")]


def test_a_graph_of_a_checkpoint(trained: Path) -> None:
    """The name of the `.meta` file, which is not there, stands for the graph in the checkpoint, with its Saver."""
    for name in ("all.ckpt.meta", "all.ckpt"):
        assert [10.0, 13.0] == result(freeze(trained, "", input_meta_graph=str(trained / name)))
    frozen = freeze(trained, "", "renamed.ckpt", input_meta_graph=trained / "renamed.ckpt.meta")
    assert [10.0, 13.0] == result(frozen)


def test_variables_that_the_checkpoint_lacks(trained: Path) -> None:
    """They are initialized if a program says how; otherwise there is no value to freeze."""
    assert [10.0, 13.0] == result(freeze(trained, checkpoint="w.ckpt", initializers="late/Assign"))
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value late"):
        freeze(trained, checkpoint="w.ckpt")
    names = [node.op for node in freeze(trained, checkpoint="w.ckpt", variable_names_whitelist="w, x").node]
    assert names.count("VariableV2") == 1
    for option in ("variable_names_denylist", "variable_names_blacklist"):
        assert names == [node.op for node in freeze(trained, checkpoint="w.ckpt", **{option: "late"}).node]


def test_a_saved_model(trained: Path) -> None:
    """It has graph and values."""
    frozen = freeze(trained, "", "", outputs="Identity", input_saved_model_dir=str(trained / "saved"))
    assert ["late", "late/read", "Identity"] == [node.name for node in frozen.node]


def test_files_of_tensorflow() -> None:
    """Its checkpoint is frozen with its meta graph, and with its graph and the settings of its Saver."""
    message = tf.MetaGraphDef.FromString((GOLDEN / "small.ckpt.meta").read_bytes())
    prefix = str(GOLDEN / "small.ckpt")
    by_file = freeze(GOLDEN, "", "small.ckpt", input_meta_graph=prefix + ".meta")
    assert ("Const", "Softmax") == (by_file.node[1].op, by_file.node[-1].op)
    for node in by_file.node:  # a message that lists definitions is imported without the defaults that are not known
        for key in ("grad_a", "grad_b"):
            if key in node.attr:
                del node.attr[key]
    arguments = (prefix, "y", *RESTORE, None, True, "")
    before = message.graph_def.SerializeToString(deterministic=True)
    assert by_file == freeze_graph_with_def_protos(None, None, *arguments, "", "", message)
    by_parts = freeze_graph_with_def_protos(message.graph_def, message.saver_def, *arguments)
    assert [node.attr["value"] for node in by_file.node] == [node.attr["value"] for node in by_parts.node]
    assert before == message.graph_def.SerializeToString(deterministic=True)


def test_settings_of_a_saver_in_a_file(trained: Path) -> None:
    """They are read as text or binary."""
    saver_def = tf.train.Saver().as_saver_def()
    (trained / "saver.pbtxt").write_text(str(saver_def))
    (trained / "saver.pb").write_bytes(saver_def.SerializeToString())
    for name in ("saver.pbtxt", "saver.pb"):
        assert [10.0, 13.0] == result(freeze(trained, saver=str(trained / name)))


def test_a_partitioned_variable_needs_its_saver(tmp_path: Path) -> None:
    """A graph alone does not tell how its parts make a whole."""
    with tf.variable_scope("", partitioner=tf.fixed_size_partitioner(2)):
        tf.identity(tf.get_variable("v", [2], initializer=tf.ones_initializer()), name="y")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "all.ckpt")
    tf.train.write_graph(sess.graph, tmp_path, "graph.pb", as_text=False)
    with pytest.raises(ValueError, match="Models containing partition variables .* its Saver as input_meta_graph"):
        freeze(tmp_path)
    assert [1.0, 1.0] == result(freeze(tmp_path, "", input_meta_graph=str(tmp_path / "all.ckpt.meta")), {})


FAULTS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"checkpoint": "nope"}, ValueError, "Input checkpoint '.*nope' doesn't exist"),
    ({"outputs": ""}, ValueError, "supply the name of a node to --output_node_names"),
    ({"outputs": "y, nope"}, AssertionError, "nope is not in graph"),
    ({"graph": "nope.pb"}, OSError, "Input graph file '.*nope.pb' does not exist"),
    ({"saver": "nope.pb"}, OSError, "Input saver file 'nope.pb' does not exist"),
    ({"graph": "", "input_meta_graph": "nope.meta"}, OSError, "File nope.meta does not exist"),
    ({"graph": ""}, ValueError, "There is no graph"),
    ({"graph": "all.ckpt.h5"}, tf.OpError, "is not a GraphDef|GraphDef"),
    ({"target": "no/such/x.pb"}, tf.errors.NotFoundError, "no/such"),
]


def test_bad_arguments(trained: Path) -> None:
    """The classes are TensorFlow's."""
    for options, kind, match in FAULTS:
        with pytest.raises(kind, match=match):
            freeze(trained, **options)


def test_a_graph_that_is_frozen_already(trained: Path) -> None:
    """It is said so, where a checkpoint has the names of constants."""
    freeze(trained, target=trained / "frozen.pb")
    with pytest.raises(ValueError, match="You cannot freeze a graph twice"):
        freeze(trained, "frozen.pb")
