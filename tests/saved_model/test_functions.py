"""Functions of graphs that TensorFlow made: kept, run, differentiated; `make_golden_functions.py` recorded them."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.messages import message_classes

GOLDEN = Path(__file__).parent / "golden_functions"
RESULTS: dict[str, Any] = json.loads((GOLDEN / "results.json").read_text(encoding="utf-8"))


def recorded_graph() -> message_classes.GraphDef:
    """The graph with a call of every kind."""
    return message_classes.GraphDef.FromString(gzip.decompress((GOLDEN / "graph.pb.gz").read_bytes()))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The SavedModel of TensorFlow 2."""
    (tmp_path / "variables").mkdir()
    for name in ("variables.index", "variables.data-00000-of-00001"):
        shutil.copy(GOLDEN / name, tmp_path / "variables")
    (tmp_path / "saved_model.pb").write_bytes(gzip.decompress((GOLDEN / "saved_model.pb.gz").read_bytes()))
    return tmp_path


@pytest.mark.parametrize("case", RESULTS["graph"])
def test_calls_give_tensorflows_results(case: str) -> None:
    """Calls of every kind, and the derivatives that TensorFlow has made of them, give what they give there."""
    tf.import_graph_def(recorded_graph(), name="")
    name, at = case.split()
    with tf.Session() as session:
        feeds = {"x:0": [1.0, 2.0], "p:0": bool(int(at)), "k:0": int(at)}
        found = session.run(f"out_{name}:0", feeds)
    np.testing.assert_allclose(RESULTS["graph"][case], found, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "op_type"), [("nested", "SymbolicGradient"), ("call", "SymbolicGradient"), ("if", "Identity")]
)
def test_derivatives_are_made_as_in_tensorflow(name: str, op_type: str) -> None:
    """A call has a derivative by SymbolicGradient, and a branch by StatelessIf; they have TensorFlow's values."""
    tf.import_graph_def(recorded_graph(), name="")
    graph = tf.get_default_graph()
    (found,) = tf.gradients(graph.get_tensor_by_name(f"out_{name}:0"), graph.get_tensor_by_name("x:0"))
    assert found is not None
    assert op_type == found.op.type
    with tf.Session() as session:
        values = [session.run(found, {"x:0": [1.0, 2.0], "p:0": at}).tolist() for at in (False, True)]
    np.testing.assert_allclose([RESULTS["graph"][f"{name}_derivative {at}"] for at in range(2)], values, rtol=1e-6)


def test_functions_are_exported_whole(tmp_path: Path) -> None:
    """The library and the nodes that call its functions come back from a checkpoint, a meta graph and a message."""
    given = recorded_graph()
    tf.import_graph_def(given, name="")
    w = tf.Variable(1.0)
    with tf.Session() as session:
        session.run(w.initializer)
        path = tf.train.Saver().save(session, str(tmp_path / "model"))
    tf.train.export_meta_graph(str(tmp_path / "graph.meta"))
    for source in (path, str(tmp_path / "graph.meta")):
        with tf.Graph().as_default() as graph:
            tf.train.import_meta_graph(source)
            assert given.library == graph.as_graph_def().library
            assert "pair_fn" == graph.get_operation_by_name("pair_fn").type
            with tf.Session() as session:
                assert RESULTS["graph"]["direct 0"] == pytest.approx(
                    session.run("out_direct:0", {"x:0": [1.0, 2.0]}).tolist()
                )


def test_a_saved_model_of_tensorflow_2(model: Path) -> None:
    """Its signature runs with the values of its variables, which its functions change."""
    with tf.Session() as session:
        signature = tf.saved_model.loader.load(session, ["serve"], str(model)).signature_def["serving_default"]
        fetches = {key: info.name for key, info in signature.outputs.items()}
        x = {signature.inputs["x"].name: np.array(RESULTS["x"], np.float32)}
        first, second = session.run(fetches, x), session.run(fetches, x)
    assert RESULTS["model"]["y"] == first["y"].tolist() == second["y"].tolist()
    assert [1, 2] == [first["calls"], second["calls"]]
    assert 1 == RESULTS["model"]["calls"]
